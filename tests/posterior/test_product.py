"""The product of likelihoods: sums, gradients, subsets, links, and input that is refused."""

import jax
import numpy as np
import pytest
from product_input import SOUTH, TEXT

from jaxlike.errors import JaxlikeError, ParameterError
from jaxlike.inference import with_chi2s
from jaxlike.inference.runs.parameter_space import chains_of

OTHERS = {"ngc": "SGC_", "sgc": "NGC_"}


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


def test_keywords_are_for_all_or_for_one(load_product, product_folder):
    other = str(product_folder / "other.fits")
    everywhere = load_product(data_file=other)
    assert {part.data.source for part in everywhere.likelihoods.values()} == {other}
    one = load_product(data_file={"sgc": other}, probes={"ngc": ("gamma_t", "w")})
    sources = [part.data.source.rpartition("/")[2] for part in one.likelihoods.values()]
    assert sources == ["small.fits", "other.fits"]
    assert one.likelihoods["ngc"].data.statistics == ("gamma_t", "w")
    assert one.likelihoods["sgc"].data.statistics == ("xi_plus", "xi_minus")
    defaults = load_product(
        TEXT.replace("    params: {}\n", ""), survey={"sgc": "des_y1"}, likelihoods="sgc"
    )
    assert "SGC_DzS2" in defaults.parameters
    assert "SGC_DzS3" not in defaults.parameters
    dotted = load_product(**{"sgc.data_file": other, "likelihoods": ["sgc"]})
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
def test_what_is_wrong_is_one_sentence(load_product, text, overrides, message):
    with pytest.raises(JaxlikeError, match=message) as error:
        load_product(text, **overrides)
    assert "in.yaml" in str(error.value)
    assert "\n" not in str(error.value)


LINKED = TEXT.replace("{prior: [-5, 5], ref: 0.5}", "'lambda SGC_A_IA: SGC_A_IA'").replace(
    "SGC_AIA: {prior", "SGC_A_IA: {prior"
)


def test_links_are_functions(load_product, product):
    """The south's alignment is that of the north by one line of the input."""
    linked = load_product(LINKED)
    assert linked.parameters == ("omegam", "NGC_b1", "SGC_A_IA")
    x = np.array([0.31, 1.5, 0.7])
    same = np.array([0.31, 1.5, 0.7, 0.7])
    value, slope = linked.value_and_gradient(x)
    chi2 = -2 * (float(value) - float(linked.log_prior(x)))
    _, both = product.value_and_gradient(same)  # of chi^2, for all priors are flat
    assert chi2 == pytest.approx(float(product.chi2(same)), rel=1e-9)
    assert float(slope[2]) == pytest.approx(float(both[2] + both[3]), rel=1e-7)


@pytest.mark.parametrize("name", ["ngc", "sgc"])
def test_a_subset_of_linked_likelihoods(load_product, name):
    """What a function takes stays, though its likelihood is not there; what nothing takes goes."""
    prior = "prior:\n  tie: 'lambda SGC_A_IA, omegam: -SGC_A_IA**2'\n"
    alone = load_product(LINKED + prior, likelihoods=name)
    sampled = {"ngc": ("omegam", "NGC_b1", "SGC_A_IA"), "sgc": ("omegam", "SGC_A_IA")}
    assert alone.parameters == sampled[name]
    x = alone.reference
    assert np.isfinite(float(alone.log_posterior(x)))
    assert float(alone.log_priors(x)[1]) == pytest.approx(-(x[-1] ** 2))
    gone = load_product(
        TEXT + prior.replace("SGC_A_IA", "SGC_AIA").replace(", omegam", ""), likelihoods=name
    )
    assert gone.external_priors == (() if name == "ngc" else ("tie",))


def test_chi2s_of_draws_are_computed_once(product):
    """Of the new draws alone, also where there are none, as where a run is saved at its end."""
    draws = product.reference + 0.01 * np.arange(6)[None, :, None]

    def chains(n):
        density = np.zeros((1, n))
        return chains_of(product, draws=draws[:, :n], log_posterior=density, log_prior=density)

    first = with_chi2s(product, chains(4))
    assert float(first.chi2s["sgc"][0, 2]) == pytest.approx(
        float(product.chi2s(draws[0, 2])["sgc"])
    )
    marked = with_chi2s(product, chains(4))
    marked.chi2s["ngc"][:] = -1.0
    more = with_chi2s(product, chains(6), marked)
    assert (more.chi2s["ngc"] > 0).tolist() == [[False] * 4 + [True] * 2]
    again = with_chi2s(product, chains(6), more)
    np.testing.assert_array_equal(again.chi2s["ngc"], more.chi2s["ngc"])
