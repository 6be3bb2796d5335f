"""The product of likelihoods: sums, gradients, subsets, links, and what compiles anew."""

import gc
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.data import write_two_point_fits
from jaxlike.errors import JaxlikeError, ParameterError

THEORY = """\
theory:
  jaxlike.cobaya.Theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
"""
UNIVERSE = """\
params:
  omegam: {prior: {min: 0.1, max: 0.9}, ref: 0.3}
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
"""
NORTH = """\
  NGC_b1: {prior: [0.8, 3], ref: 1.4}
  NGC_b2: 1.6
  NGC_AIA: {prior: [-5, 5], ref: 0.5}
"""
SOUTH = """\
  SGC_AIA: {prior: [-5, 5], ref: -0.3}
  SGC_m1: 0.01
"""
OWN = """\
    class: jaxlike.cobaya.{probes}
    data_file: {file}
    scale_cuts: none
    prefix: {prefix}
    params: {{}}
"""


def block(name, probes, prefix, file="small.fits"):
    return f"  {name}:\n" + OWN.format(probes=probes, prefix=prefix, file=file)


BOTH = "likelihood:\n" + block("ngc", "3x2pt", "NGC_") + block("sgc", "shear", "SGC_")
OTHERS = {"ngc": "SGC_", "sgc": "NGC_"}
TEXT = THEORY + BOTH + UNIVERSE + NORTH + SOUTH


@pytest.fixture(scope="module")
def folder(small_data, tmp_path_factory):
    """Files of two data sets of one layout."""
    folder = tmp_path_factory.mktemp("product")
    write_two_point_fits(small_data, folder / "small.fits")
    more = tuple(replace(m, value=1.05 * m.value) for m in small_data.measurements)
    tables = tuple(
        replace(table, dndz=table.dndz * (1 + 0.02 * np.sin(9 * table.z_mid)))
        for table in small_data.nz
    )
    other = replace(
        small_data, measurements=more, nz=tables, covariance=0.999 * small_data.covariance
    )
    write_two_point_fits(other, folder / "other.fits")
    return folder


@pytest.fixture(scope="module")
def load(folder) -> Callable[..., jaxlike.Model]:
    """From the text of an input to its posterior."""

    def load(text=TEXT, **overrides):
        (folder / "in.yaml").write_text(text)
        return jaxlike.load(folder / "in.yaml", **overrides)

    return load


@pytest.fixture(scope="module")
def product(load):
    return load()


@pytest.fixture(scope="module")
def alone(load):
    """The posterior of each likelihood, on nodes of its own."""
    return {name: load(likelihoods=name) for name in ("ngc", "sgc")}


def test_parameters_belong_to_their_likelihoods(product):
    assert product.parameters == ("omegam", "NGC_b1", "NGC_AIA", "SGC_AIA")
    assert list(product.parts) == list(product.likelihoods) == ["ngc", "sgc"]
    assert [one.data.n_data for one in product.likelihoods.values()] == [72, 36]
    assert product.n_points == product.value.size == len(product.covariance) == 108
    with pytest.raises(ParameterError, match="has the likelihoods ngc, sgc: take one of them"):
        product.likelihood
    grids = {id(one.grid) for one in product.parts.values()}
    assert len(grids) == 1  # one universe for all


def test_chi2_is_the_sum(product, alone):
    """Of the likelihoods apart from each other, whose nodes are others, and of its own parts."""
    product = product.with_context(product.mean(product.reference))
    x = product.reference + np.array([0.01, 0.1, -0.2, 0.3])
    values = dict(zip(product.parameters, x, strict=True))
    parts = {name: float(chi2) for name, chi2 in product.chi2s(x).items()}
    assert float(product.chi2(x)) == pytest.approx(sum(parts.values()), rel=1e-12)
    for name, part in product.likelihoods.items():
        assert (part.name, part.data) == (name, product.parts[name].data)
        assert float(part.chi2(x)) == pytest.approx(parts[name], rel=1e-10)
        apart = alone[name].with_context(product.parts[name].arrays.value)
        own = {k: v for k, v in values.items() if k in apart.parameters}
        assert parts[name] > 1
        assert float(apart.chi2(own)) == pytest.approx(parts[name], abs=0.05)
        canonical = product.canonical(x)
        own = {k: v for k, v in canonical.items() if not k.startswith(OTHERS[name])}
        assert float(product.parts[name].chi2(own)) == pytest.approx(parts[name], rel=1e-10)
    vectors = [part.theory_vector(x) for part in product.likelihoods.values()]
    np.testing.assert_allclose(np.concatenate(vectors), product.mean(x), rtol=1e-10)
    assert float(product.chi2_of(product.mean(x))) == pytest.approx(float(product.chi2(x)))
    r = np.asarray(product.value - product.mean(x))
    expected = r @ np.linalg.solve(product.covariance, r)
    assert float(product.chi2(x)) == pytest.approx(expected, rel=1e-9)
    log_posterior = -0.5 * sum(parts.values()) + float(product.log_prior(x))
    assert float(product.log_posterior(x)) == pytest.approx(log_posterior, rel=1e-10)


def test_gradient_is_that_of_the_values(product):
    x = product.reference + 0.01
    value, gradient = product.value_and_gradient(x)
    assert float(value) == pytest.approx(float(product.log_posterior(x)), rel=1e-12)
    step = 1e-4
    offsets = step * np.array([1, -1, 2, -2])[:, None, None] * np.eye(x.size)
    found = np.asarray(product.log_posterior_batch((x + offsets).reshape(-1, x.size)))
    up, down, up2, down2 = found.reshape(4, -1)
    numeric = (8 * (up - down) - (up2 - down2)) / (12 * step)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6)
    jacobian = jax.jit(jax.jacfwd(product.mean))(x)
    fisher = np.asarray(product.information(jacobian))
    expected = jacobian.T @ np.linalg.solve(product.covariance, jacobian)
    np.testing.assert_allclose(fisher, expected, rtol=1e-8)


def test_a_subset_has_its_own_parameters(alone):
    assert alone["ngc"].parameters == ("omegam", "NGC_b1", "NGC_AIA")
    assert alone["sgc"].parameters == ("omegam", "SGC_AIA")
    assert alone["sgc"].likelihood.data.statistics == ("xi_plus", "xi_minus")


def test_keywords_are_for_all_or_for_one(load, folder):
    other = str(folder / "other.fits")
    everywhere = load(data_file=other)
    assert {part.data.source for part in everywhere.likelihoods.values()} == {other}
    one = load(data_file={"sgc": other}, probes={"ngc": ("gamma_t", "w")})
    sources = [part.data.source.rpartition("/")[2] for part in one.likelihoods.values()]
    assert sources == ["small.fits", "other.fits"]
    assert one.likelihoods["ngc"].data.statistics == ("gamma_t", "w")
    assert one.likelihoods["sgc"].data.statistics == ("xi_plus", "xi_minus")
    defaults = load(
        TEXT.replace("    params: {}\n", ""), survey={"sgc": "des_y1"}, likelihoods="sgc"
    )
    assert "SGC_DzS2" in defaults.parameters
    assert "SGC_DzS3" not in defaults.parameters
    dotted = load(**{"sgc.data_file": other, "likelihoods": ["sgc"]})
    assert dotted.data.source == other


REFUSED = {
    "unknown likelihood": (
        TEXT, {"likelihoods": "egc"}, "'likelihoods' has 'egc', which is no .*ngc, sgc",
    ),
    "no likelihood": (TEXT, {"likelihoods": ()}, r"'likelihoods' is \(\).*ngc, sgc"),
    "data of nobody": (
        TEXT,
        {"data_file": {"egc": "small.fits"}},
        "'data_file' is given for 'egc', which is no likelihood here; they are ngc, sgc",
    ),
    "option of nobody": (
        TEXT, {"egc.probes": ("w",)}, "'probes' is given for 'egc', which is no likelihood",
    ),
    "unknown option": (TEXT, {"ngc.probe": ("w",)}, "unknown keyword 'probe'"),
    "a name that is none": (
        TEXT.replace("  ngc:\n", "  'north cap':\n"), {}, "called 'north cap'; accepted are names",
    ),
    "a number as a name": (TEXT.replace("  ngc:\n", "  12:\n"), {}, "called 12; accepted are"),
    "the same prefix": (
        TEXT.replace("prefix: SGC_", "prefix: NGC_").replace(SOUTH, ""),
        {},
        "'ngc' and 'sgc' both take 'NGC_.*give each a prefix",
    ),
    "a prefix that is no word": (
        TEXT.replace("prefix: SGC_", "prefix: S-"), {}, "'prefix' is 'S-'; accepted are letters",
    ),
    "another universe": (
        TEXT, {"nonlinear": {"sgc": "smith"}}, "'nonlinear' is linear for ngc and smith for sgc",
    ),
    "a bare name": (
        TEXT + "  m2: 0.01\n", {}, "unknown parameter 'm2'.*'NGC_m2' or 'SGC_m2'",
    ),
    "a bin that is not there": (
        TEXT + "  SGC_m3: 0.01\n", {}, "'SGC_m3' is for source bin 3, but the data have 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "overrides", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_is_one_sentence(load, text, overrides, message):
    with pytest.raises(JaxlikeError, match=message) as error:
        load(text, **overrides)
    assert "in.yaml" in str(error.value)
    assert "\n" not in str(error.value)


LINKED = TEXT.replace("{prior: [-5, 5], ref: 0.5}", "'lambda SGC_A_IA: SGC_A_IA'").replace(
    "SGC_AIA: {prior", "SGC_A_IA: {prior"
)


def test_links_are_functions(load, product):
    """The south's alignment is that of the north by one line of the input."""
    linked = load(LINKED)
    assert linked.parameters == ("omegam", "NGC_b1", "SGC_A_IA")
    x = np.array([0.31, 1.5, 0.7])
    same = np.array([0.31, 1.5, 0.7, 0.7])
    assert float(linked.chi2(x)) == pytest.approx(float(product.chi2(same)), rel=1e-9)
    slope = np.asarray(jax.jit(jax.grad(linked.chi2))(x))
    both = np.asarray(jax.jit(jax.grad(product.chi2))(same))
    assert slope[2] == pytest.approx(both[2] + both[3], rel=1e-7)


@pytest.mark.parametrize("name", ["ngc", "sgc"])
def test_a_subset_of_linked_likelihoods(load, name):
    """What a function takes stays, though its likelihood is not there; what nothing takes goes."""
    prior = "prior:\n  tie: 'lambda SGC_A_IA, omegam: -SGC_A_IA**2'\n"
    alone = load(LINKED + prior, likelihoods=name)
    sampled = {"ngc": ("omegam", "NGC_b1", "SGC_A_IA"), "sgc": ("omegam", "SGC_A_IA")}
    assert alone.parameters == sampled[name]
    x = alone.reference
    assert np.isfinite(float(alone.log_posterior(x)))
    assert float(alone.log_priors(x)[1]) == pytest.approx(-(x[-1] ** 2))
    gone = load(
        TEXT + prior.replace("SGC_A_IA", "SGC_AIA").replace(", omegam", ""), likelihoods=name
    )
    assert gone.external_priors == (() if name == "ngc" else ("tie",))


FUNCTIONS = (
    "chi2", "chi2s", "log_likelihood", "theory_vector", "mean", "log_prior", "log_priors",
    "log_posterior", "value_and_gradient", "derived", "canonical", "params_dict",
    "to_unconstrained", "reason_of_failure",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_point_is_a_vector_or_a_dictionary(product, name):
    x = product.reference
    function = getattr(product, name)
    expected = jax.tree.leaves(function(x))
    forms = (jnp.asarray(x), x.tolist(), dict(zip(product.parameters, x.tolist(), strict=True)))
    for form in forms:
        for one, other in zip(jax.tree.leaves(function(form)), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


WRONG = {
    "short": (np.zeros(3), "a point has shape .3,., but must be .4,."),
    "many": (np.zeros((2, 4)), "many points go to the functions named _batch"),
    "a number": (0.3, "a point has shape"),
    "text": (["a", 1, 2, 3], "must be numbers"),
    "nothing": (None, "a point"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_points_are_one_sentence(product, name, wrong, message):
    with pytest.raises(ParameterError, match=message) as error:
        getattr(product, name)(wrong)
    assert "\n" not in str(error.value)


def test_wrong_dictionaries_and_batches(product):
    values = dict(zip(product.parameters, product.reference, strict=True))
    for wrong, message in (
        ({k: v for k, v in values.items() if k != "omegam"}, "'omegam' is missing"),
        (values | {"tau": 0.1}, "'tau' is unknown"),
        (values | {"omegam": "a"}, "'omegam' is 'a', but must be a real number"),
        (values | {"omegam": np.ones(2)}, "'omegam' has shape"),
    ):
        with pytest.raises(ParameterError, match=message):
            product.log_posterior(wrong)
    for wrong, message in (
        (values | {"NGC_b1": "a"}, "'NGC_b1' is 'a', but must be a real number"),
        (values | {"NGC_m9": 0.1}, "'NGC_m9' is for source bin 9"),
        (values | {"b1": 0.1}, "unknown parameter 'b1'.*'NGC_b1'"),
    ):
        with pytest.raises(ParameterError, match=message):
            product.chi2(wrong)
        with pytest.raises(ParameterError, match=message):
            product.likelihoods["sgc"].chi2(wrong)
    for wrong in (product.reference, np.zeros((3, 5)), [["a"] * 4]):
        with pytest.raises(ParameterError, match=r"points (have shape|are)"):
            product.value_and_gradient_batch(wrong)
    with pytest.raises(ParameterError, match=r"vector of shape \(107,\).* 108 points"):
        product.with_context(np.ones(107))


@contextmanager
def compilations():
    """Names of what XLA is asked to compile meanwhile."""
    found: list[str] = []

    def listen(event: str, duration: float, **more: object) -> None:
        if event.endswith("backend_compile_duration"):
            found.append(f"{more.get('fun_name', '')}")

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def use(model):
    """Values of a posterior's functions at a point and a batch of points."""
    x = model.reference
    found = [model.log_posterior(x), *model.value_and_gradient(x), model.chi2(x), model.mean(x)]
    found += [model.log_density(np.zeros(x.size)), model.derived(x), *model.chi2s(x).values()]
    found += [model.log_posterior_batch(np.stack([x, x])), model.likelihoods["ngc"].chi2(x)]
    return [np.asarray(one) for one in found]


CHANGES = {
    "nothing": ("", ""),
    "a prior's numbers": ("{prior: [0.8, 3], ref: 1.4}", "{prior: [0.7, 2], ref: 1}"),
    "a fixed value": ("NGC_b2: 1.6", "NGC_b2: 1.7"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES.keys())
def test_another_posterior_of_the_same_structure_compiles_nothing(load, product, old, new):
    expected = use(product)
    model = load(TEXT.replace(old, new))
    model.density, model.value  # eager pieces of assembly are not what is compiled
    with compilations() as found:
        values = use(model)
    assert not found
    same = all(np.array_equal(*pair) for pair in zip(values, expected, strict=True))
    assert same == (old == "")


def test_other_data_compile_nothing(product):
    use(product)
    other = product.with_context(1.1 * np.asarray(product.value))
    with compilations() as found:
        values = use(other)
    assert not found
    assert float(values[0]) != float(use(product)[0])


def test_another_file_of_the_same_layout_compiles_nothing(load, alone):
    """Where as many nodes are chosen, which the numbers of the file decide."""
    one, other = load(likelihoods="ngc"), load(likelihoods="ngc", data_file="other.fits")
    shapes = [[leaf.shape for leaf in jax.tree.leaves(m.density)] for m in (one, other)]
    assert shapes[0] == shapes[1]
    first = use(one)
    with compilations() as found:
        second = use(other)
    assert not found
    assert float(first[0]) != float(second[0])


def test_a_deleted_posterior_frees_its_memory(load):
    use(load())
    gc.collect()
    before = sum(array.nbytes for array in jax.live_arrays())
    model = load()
    use(model)
    held = sum(array.nbytes for array in jax.live_arrays()) - before
    assert held > 2e5
    del model
    gc.collect()
    left = sum(array.nbytes for array in jax.live_arrays()) - before
    assert left < 0.02 * held
