"""The door of notebooks: load, sample, minimise, fisher, plot, and posteriors of other things."""

import pickle
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.data import write_two_point_fits
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.inference import with_derived
from jaxlike.inference.runs.parameter_space import chains_of
from jaxlike.likelihoods.sample_nz import bandwidth_of, histograms_of
from jaxlike.mocks.making import with_vector
from jaxlike.posterior.priors import Normal
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.tracers import redshift

LENS, SOURCE = "NZ_LENS", "NZ_SOURCE"


@pytest.fixture(scope="module")
def information(tmp_path_factory, small_data):
    """A Cobaya input as a mapping, with a function of Python and one in text."""
    path = tmp_path_factory.mktemp("notebook") / "small.fits"
    write_two_point_fits(small_data, path)
    models = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
    options = {"data_file": str(path), "scale_cuts": "none", "params": {}}
    return {
        "theory": {"jaxlike.cobaya.Theory": models},
        "likelihood": {"jaxlike.cobaya.3x2pt": options},
        "params": {
            "omegam": [0.1, 0.9, 0.3, 0.01],
            "logA": {"prior": [1.6, 3.9], "ref": 3.0, "drop": True},
            "As": {"value": "lambda logA: 1e-10 * np.exp(logA)"},
            **{"H0": 70, "omegab": 0.046, "ns": 0.96, "b2": 1.6},
            "b1": {"prior": {"dist": "norm", "loc": 1.4, "scale": 0.2}},
            "dz_source1": {"prior": {"dist": "norm", "loc": 0, "scale": 0.02}},
        },
    }


@pytest.fixture(scope="module")
def model(information):
    """The posterior of that input."""
    return jaxlike.load(information)


@pytest.fixture(scope="module")
def draws(model):
    """A few draws of it."""
    return jaxlike.sample(model, chains=2, warmup=10, samples=12, seed=3, progress=False)


def counted(function, monkeypatch):
    """What a function returns, and how often XLA compiled one of the posterior's functions."""
    from jax._src import compiler

    names, before = [], compiler.compile_or_get_cached

    def compile(backend, computation, *rest, **more):
        names.append(computation.operation.attributes["sym_name"].value)
        return before(backend, computation, *rest, **more)

    monkeypatch.setattr(compiler, "compile_or_get_cached", compile)
    found = function()
    return found, [name for name in names if name == "jit_method"]


def test_public_names_are_listed():
    assert {"load", "sample", "minimise", "fisher", "plot"} <= set(dir(jaxlike))
    for name in ("load", "sample", "minimise", "fisher", "plot"):
        assert ">>> " in getattr(jaxlike, name).__doc__


def test_a_mapping_is_an_input(model, information):
    assert model.parameters == ("omegam", "logA", "b1", "dz_source1")
    assert np.isfinite(model.log_posterior(model.reference))
    with pytest.raises(ParameterError, match=r"^input: .*nonsense"):
        jaxlike.load({**information, "params": {**information["params"], "nonsense": 1.0}})


def test_functions_of_python_are_functions_too(model, information):
    params = {**information["params"], "As": {"value": lambda logA: 1e-10 * jnp.exp(logA)}}
    other = jaxlike.load({**information, "params": params})
    x = model.reference
    assert float(other.log_likelihood(x)) == pytest.approx(float(model.log_likelihood(x)))


def test_single_precision_is_warned_about(tmp_path):
    jax.config.update("jax_enable_x64", False)
    try:
        with (
            pytest.warns(UserWarning, match=r"single precision.*jax_enable_x64") as warned,
            pytest.raises(ConfigError, match="absent"),
        ):
            jaxlike.load(tmp_path / "absent.yaml")
        with (
            pytest.warns(UserWarning, match="single precision") as built,
            pytest.raises(AttributeError),
        ):
            jaxlike.build_likelihood(None, jaxlike.TheoryOptions())
    finally:
        jax.config.update("jax_enable_x64", True)
    assert len(warned) == len(built) == 1
    assert {Path(one[0].filename).name for one in (warned, built)} == {Path(__file__).name}


def test_what_is_shown_is_short(model):
    shown = (model, model.density, model.likelihood, model.data, model.held, model.likelihoods)
    for one in (*shown, model.density.likelihoods[0], *model.data.nz, *model.data.measurements):
        lines = repr(one).splitlines()
        assert len(lines) <= 10, lines
        assert sum(map(len, lines)) < 1000
    text = repr(model)
    for word in ("72 points", "18 xi_plus", "2 lens bins", "omegam", "H0 = 70", "small.fits"):
        assert word in text


def test_a_pickled_model_is_the_same(model):
    again = pickle.loads(pickle.dumps(model))
    x = model.reference + 1e-3
    assert float(again.log_posterior(x)) == float(model.log_posterior(x))
    assert again.derived_parameters == model.derived_parameters
    np.testing.assert_array_equal(again.derived(x), model.derived(x))
    assert again.held.structure == model.held.structure


def test_other_priors_of_the_same_kinds_compile_nothing(model, monkeypatch):
    x = model.reference
    model.log_posterior(x)
    priors = {"omegam": [0.2, 0.4], "b1": Normal(1.3, 0.1)}
    other, compiled = counted(lambda: model.with_priors(priors), monkeypatch)
    value, more = counted(lambda: float(other.log_posterior(x)), monkeypatch)
    assert not compiled + more
    change = np.log(0.8 / 0.2) + float(Normal(1.3, 0.1).log_density(1.4))
    change -= float(Normal(1.4, 0.2).log_density(1.4))
    assert value == pytest.approx(float(model.log_posterior(x)) + change)
    assert other.log_posterior(x + np.array([0.15, 0, 0, 0])) == -np.inf
    moved = model.with_priors({"omegam": {"min": 0.5, "max": 0.7}})
    assert moved.reference[0] == pytest.approx(0.6)
    with pytest.raises(ParameterError, match=r"'b2' is not sampled.*omegam"):
        model.with_priors({"b2": [0, 1]})
    with pytest.raises(ConfigError, match="'b1': prior"):
        model.with_priors({"b1": 3})


def test_other_nz_are_those_of_a_file_with_them(model, small_data, information, tmp_path):
    x = model.reference
    z = small_data.distribution(SOURCE).z_mid
    nz = np.exp(-0.5 * ((z - np.array([[0.62], [0.9]])) / 0.16) ** 2)
    changed = model.with_nz({SOURCE.lower(): 3.0 * nz})
    tables = tuple(replace(t, dndz=nz) if t.name == SOURCE else t for t in small_data.nz)
    write_two_point_fits(replace(small_data, nz=tables), tmp_path / "other.fits")
    loaded = jaxlike.load(information, data_file=str(tmp_path / "other.fits"))
    assert float(changed.chi2(x)) == pytest.approx(float(loaded.chi2(x)), rel=2e-4)
    assert float(changed.chi2(x)) != pytest.approx(float(model.chi2(x)), rel=1e-2)
    np.testing.assert_array_equal(changed.data.distribution(SOURCE).dndz, 3.0 * nz)
    same = model.with_nz({LENS: small_data.distribution(LENS).dndz})
    assert float(same.log_posterior(x)) == pytest.approx(float(model.log_posterior(x)), rel=1e-12)


@pytest.mark.parametrize("nz", ["kde", "histogram", "spline"])
def test_slopes_in_nz_are_those_of_differences(model, small_data, nz):
    """By the posterior for the smoothed histogram; by its curves for all models."""
    counts = small_data.distribution(SOURCE).dndz
    direction = np.zeros_like(counts)
    direction[0, 31] = 1.0
    if nz == "kde":
        x = model.reference

        def function(counts):
            return model.with_nz({SOURCE: counts}).log_posterior(x)
    else:
        table = histograms_of(small_data)[1]
        width = bandwidth_of([table], TheoryOptions())
        built = redshift.build([table], nz, width)[0]

        def function(counts):
            changed = redshift.with_counts(built, table, width, counts)
            return changed.dndz(jnp.array([0.01, -0.02]))[0, 30] + changed.mean[0]

    both = jax.jit(jax.value_and_grad(function))
    slope = float(np.sum(both(counts)[1] * direction))
    ends = [float(both(counts + h * direction)[0]) for h in (1e-4, -1e-4)]
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-5)
    assert slope != 0


def test_bad_nz_are_one_sentence(model, small_data):
    nz = small_data.distribution(SOURCE).dndz
    with pytest.raises(ParameterError, match=r"'nz_other' is no n\(z\) table.*NZ_LENS, NZ_SOURCE"):
        model.with_nz({"nz_other": nz})
    with pytest.raises(ParameterError, match=r"shape \(2, 3\), but must be \(2, 90\)"):
        model.with_nz({SOURCE: nz[:, :3]})
    with pytest.raises(ParameterError, match="negative"):
        model.with_nz({SOURCE: nz - 0.5})
    far = np.where(np.arange(nz.shape[1]) > 88, 1.0, 0.0) * np.ones((2, 1))
    with pytest.raises(ParameterError, match=r"100 % of the galaxies of bin 1 lie beyond"):
        model.with_nz({LENS: far})


def test_other_data(model, small_data, monkeypatch):
    x = model.reference
    theory = np.asarray(model.mean(x))
    other, compiled = counted(lambda: model.with_data(theory), monkeypatch)
    assert not compiled
    assert float(other.chi2(x)) == pytest.approx(0.0, abs=1e-12)
    name = model.likelihood_names[0]
    assert float(model.with_data({name: theory}).chi2(x)) == pytest.approx(0.0, abs=1e-12)
    whole = model.with_data(with_vector(small_data, theory, 4 * small_data.covariance))
    assert float(whole.chi2(x)) == pytest.approx(0.0, abs=1e-2)
    np.testing.assert_allclose(whole.covariance, 4 * model.covariance)
    slope = jax.jit(jax.grad(lambda value: model.with_data(value).log_posterior(x)))(theory)
    np.testing.assert_allclose(slope, 0.0, atol=1e-6)
    with pytest.raises(ParameterError, match=r"shape \(3,\)"):
        model.with_data({name: np.zeros(3)})
    with pytest.raises(ParameterError, match="no likelihood 'ngc'"):
        model.with_data({"ngc": theory})
    with pytest.raises(ParameterError, match="other samples of galaxies"):
        model.with_data(small_data.with_probes(("xi_plus", "xi_minus")))


def test_draws_are_arviz_s(draws, model):
    posterior, statistics = draws.posterior, draws.sample_stats
    assert list(posterior) == [*model.parameters, "As", "sigma8", "S8"]
    name = model.likelihood_names[0]
    assert {"lp", "diverging", f"chi2_{name}"} <= set(statistics)
    assert posterior["omegam"].shape == (2, 12)
    assert posterior["omegam"].attrs["latex"] == r"\Omega_\mathrm{m}"
    point = np.array([float(posterior[p][0, 5]) for p in model.parameters])
    assert float(statistics["lp"][0, 5]) == pytest.approx(float(model.log_posterior(point)))
    chi2 = float(model.chi2(point))
    assert float(statistics[f"chi2_{name}"][0, 5]) == pytest.approx(chi2)
    with pytest.raises(ConfigError, match="accepted are nuts"):
        jaxlike.sample(model, "gibbs")
    with pytest.raises(ConfigError, match="option steps has no effect"):
        jaxlike.sample(model, steps=3)


def test_derived_parameters_of_many_draws(model):
    """Several batches of draws: sigma8 computed twice in a program once stopped XLA for ever."""
    many = np.broadcast_to(model.reference, (1, 60, 4))
    chains = chains_of(
        model, draws=many, log_posterior=np.zeros((1, 60)), log_prior=np.zeros((1, 60))
    )
    found = with_derived(model, chains).derived
    np.testing.assert_allclose(found[0], np.tile(model.derived(model.reference), (60, 1)))


def test_minimise_and_fisher(model):
    fit = jaxlike.minimise(model, starts=1)
    assert fit.log_posterior >= float(model.log_posterior(model.reference))
    found = jaxlike.fisher(model, fixed=["dz_source1"], at={"omegam": 0.28})
    assert found.names == ("omegam", "logA", "b1")
    assert np.all(found.errors > 0)
    with pytest.raises(ConfigError, match="starts is 0"):
        jaxlike.minimise(model, starts=0)


def test_plots(draws, model, tmp_path):
    one = jaxlike.plot(draws, tmp_path / "one.png", names=["omegam", "S8"])
    two = jaxlike.plot({"a": draws, "b": draws}, tmp_path / "two.png", names=["omegam", "b1"])
    at = dict(zip(model.parameters, model.reference, strict=True))
    three = jaxlike.plot(model, tmp_path / "data.png", at=at)
    for path in (one, two, three):
        assert path.stat().st_size > 5000
    with pytest.raises(ConfigError, match="a SimpleNamespace cannot be plotted"):
        jaxlike.plot(SimpleNamespace(), tmp_path / "no.png")
    with pytest.raises(ConfigError, match="no effect on the plot of draws"):
        jaxlike.plot(draws, tmp_path / "no.png", residuals=True)
    with pytest.raises(ConfigError, match="no effect on the plot of a data vector"):
        jaxlike.plot(model, tmp_path / "no.png", names=["omegam"])


@pytest.mark.parametrize("name", ["sample", "minimise", "fisher", "numpyro_model"])
@pytest.mark.parametrize(("given", "said"), [({"likelihood": {}}, "dict"), ("in.yaml", "str")])
def test_what_is_no_model_is_told_so(name, given, said):
    message = f"jaxlike.{name} takes a Model, as jaxlike.load returns it .* was given a {said}$"
    with pytest.raises(ConfigError, match=message):
        getattr(jaxlike, name)(given)
