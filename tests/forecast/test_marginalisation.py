"""Nuisance parameters marginalised in closed form: the integral that it is, and what is refused."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from conftest import PRIORS, VALUES

import jaxlike
from jaxlike import multiplied
from jaxlike.config import TheoryOptions, read_config
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.forecast.marginalisation import chosen_of, marginalised
from jaxlike.forecast.moped import expansion
from jaxlike.likelihoods.assembly import covariance_of, precision_of
from jaxlike.likelihoods.linearised import Linearised, with_linearised
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.closed_form import check_host

pytestmark = pytest.mark.slow

MEAN, SIGMA = 0.01, 0.02
M = ("shear_calibration_parameters--m1", "shear_calibration_parameters--m2")


@pytest.fixture(scope="module")
def folder(small_folder, tmp_path_factory):
    """The small pipeline with calibrations m1, m2 and a Gaussian prior of h."""
    made = tmp_path_factory.mktemp("calibrated")
    text = (small_folder / "pipeline.ini").read_text()
    for name in ("values", "priors"):
        text = text.replace(f"{small_folder}/{name}.ini", f"{made}/{name}.ini")
    (made / "pipeline.ini").write_text(text + "probes = gamma_t\n")
    section = "[shear_calibration_parameters]\n"
    values = VALUES.replace("h0 = 0.7\n", "h0 = 0.5 0.7 0.9\n").replace(
        "n_s = 0.87 0.96 1.07", "n_s = 0.96"
    )
    values += section + "m1 = -0.1 0.0 0.1\nm2 = -0.1 0.0 0.1\n"
    gaussian = f"gaussian {MEAN} {SIGMA}\n"
    priors = PRIORS + section + f"m1 = {gaussian}m2 = {gaussian}"
    (made / "values.ini").write_text(values)
    (made / "priors.ini").write_text(
        priors
        + "[cosmological_parameters]\nh0 = gaussian 0.7 0.02\n[bin_bias]\nb2 = gaussian 1.6 0.5\n"
    )
    return made


@pytest.fixture(scope="module")
def full(folder):
    """gamma_t is linear in m1 and m2, at any point."""
    return jaxlike.load(folder / "pipeline.ini")


@pytest.fixture(scope="module")
def less(full):
    return marginalised(full, ["m"], full.reference)


@pytest.fixture(scope="module")
def linear(full):
    """The data vector around the reference, where m1 = m2 = 0."""
    here = expansion(full, full.reference)
    at = chosen_of(full, M)
    return SimpleNamespace(mean=here.mean, T=here.derivatives[:, at], all=here.derivatives, at=at)


def test_it_is_the_integral_over_the_parameters(full, less, linear):
    """By quadrature, determinants and all, of what is linear in them."""
    x = full.reference.copy()
    x[linear.at] = 0.02, -0.01
    moved = linear.mean + linear.T @ x[linear.at]
    np.testing.assert_allclose(full.mean(x), moved, rtol=1e-10)

    nodes, weights = np.polynomial.legendre.leggauss(96)
    u, w = 9 * nodes, 9 * weights * np.exp(-0.5 * (9 * nodes) ** 2) / np.sqrt(2 * np.pi)
    m = MEAN + SIGMA * np.stack(np.meshgrid(u, u, indexing="ij"), axis=-1).reshape(-1, 2)
    residual = full.data.value - linear.mean - m @ linear.T.T
    chi2 = np.einsum("pi,ij,pj->p", residual, np.linalg.inv(full.data.covariance), residual)
    integral = np.outer(w, w).ravel() @ np.exp(-0.5 * (chi2 - chi2.min()))
    constant = full.likelihood.log_det_of_points + full.data.n_data * np.log(2 * np.pi)
    expected = np.log(integral) - 0.5 * (chi2.min() + constant)

    assert less.parameters == tuple(name for name in full.parameters if name not in M)
    there = less.canonical(less.reference)
    assert not any(there[f"m{i}"] for i in (1, 2))  # the point, not the mean of the prior
    found = float(less.likelihood.log_likelihood(there, normalised=True))
    assert found == pytest.approx(expected, rel=1e-10)
    rest = np.delete(full.reference, linear.at)
    np.testing.assert_array_equal(less.reference, rest)
    np.testing.assert_allclose(less.mean(rest), linear.mean + linear.T @ [MEAN, MEAN], rtol=1e-12)


def test_information_is_what_is_left_beside_the_parameters(full, less, linear):
    """The Schur complement of the Fisher matrix with their prior."""
    F = np.asarray(full.information(jnp.asarray(linear.all)))
    rest = np.delete(np.arange(len(F)), linear.at)
    own = F[np.ix_(linear.at, linear.at)] + np.eye(2) / SIGMA**2
    cross = F[np.ix_(rest, linear.at)]
    expected = F[np.ix_(rest, rest)] - cross @ np.linalg.solve(own, cross.T)
    found = np.asarray(less.information(jnp.asarray(linear.all[:, rest])))
    size = np.sqrt(np.diag(F)[rest])
    np.testing.assert_allclose(
        found / np.outer(size, size), expected / np.outer(size, size), atol=1e-9
    )
    P = SIGMA**2 * np.eye(2)
    np.testing.assert_allclose(
        less.covariance, full.covariance + linear.T @ P @ linear.T.T, rtol=1e-10, atol=1e-20
    )
    np.testing.assert_allclose(
        precision_of(less.likelihood.arrays, full.data.n_data) @ less.covariance,
        np.eye(full.data.n_data), atol=1e-8,
    )  # fmt: skip


def test_gradient_is_that_of_finite_differences(less):
    x = less.reference
    value, gradient = less.value_and_gradient(x)
    assert np.isfinite(float(value))
    for i in (0, len(x) - 1):
        step = 1e-4 * max(abs(x[i]), 0.01) * np.eye(x.size)[i]
        up, down = (float(less.log_posterior(x + s * step)) for s in (1, -1))
        assert float(gradient[i]) == pytest.approx((up - down) / (2 * step[i]), rel=1e-5)


def test_beside_point_masses(small_data):
    """Both kinds of templates are in one covariance, and in its determinant."""
    options = TheoryOptions(
        linear="eisenstein_hu_no_wiggle", nonlinear="linear", point_mass="marginalised"
    )
    before = build_likelihood(small_data, options)
    rng = np.random.default_rng(4)
    T = 1e-6 * rng.normal(size=(small_data.n_data, 3))
    P = np.diag([1.0, 4.0, 0.25]) + 0.2
    plain = covariance_of(small_data, options, None)
    found = with_linearised(before.arrays, plain, Linearised.build(T, P, np.zeros(3)))
    whole = covariance_of(small_data, options, before.arrays.marginal) + T @ P @ T.T
    found_there, expected = precision_of(found, small_data.n_data) @ T, np.linalg.solve(whole, T)
    # point masses are of deviations so large that digits are lost
    np.testing.assert_allclose(found_there, expected, rtol=0, atol=1e-3 * np.abs(expected).max())
    log_det = np.linalg.slogdet(whole)[1]
    assert float(found.log_det) == pytest.approx(log_det, abs=1e-4)


def test_the_option_in_every_input(folder, tmp_path, repository):
    text = (folder / "pipeline.ini").read_text()
    (folder / "less.ini").write_text(
        text + "marginalise = m dz_source\nmarginalise_at = reference\n"
    )
    model = jaxlike.load(folder / "less.ini")
    assert not {*M, "wl_photoz_errors--bias_1"} & {*model.parameters}
    assert model.likelihood.arrays.marginal is not None
    info = yaml.safe_load((repository / "cobaya_yaml" / "paper_3x2pt.yaml").read_text())
    info["likelihood"]["jaxlike.cobaya.3x2pt"]["marginalise"] = ["m", "DES_DzS1"]
    path = tmp_path / "less.yaml"
    path.write_text(yaml.safe_dump(info))
    theory = read_config(path).theory
    assert (theory.marginalise, theory.marginalise_at) == (("m", "DES_DzS1"), "best_fit")
    for wrong, words in (
        ({"marginalise": 3}, "'marginalise' is 3; accepted are names"),
        ({"marginalise": None, "marginalise_at": "reference"}, "'marginalise_at' has no effect"),
        ({"compression": "moped"}, "need compression = none"),
        ({"power": "host"}, "need power = jaxlike"),
    ):
        with pytest.raises(ConfigError, match=words):
            read_config(path, **wrong)


def test_what_is_written_asks_for_the_same(folder, full, less):
    """With the priors of what was marginalised, under names that both hosts take."""
    assert less.config.asked == full.config
    written = as_cobaya(less.config)
    assert written == as_cobaya(full.config)
    assert written["params"]["m1"]["prior"]["scale"] == SIGMA
    config = read_config(folder / "pipeline.ini", marginalise=[*M])
    (likelihood,) = as_cobaya(config)["likelihood"].values()
    assert likelihood["marginalise"] == ["m1", "m2"]
    tighter = {"cosmological_parameters--h0": {"dist": "norm", "loc": 0.7, "scale": 0.01}}
    found = as_cobaya(less.with_priors(tighter).config)["params"]["h"]
    assert found["prior"]["scale"] == 0.01


def test_which_parameters_are_meant(full):
    for words in (["m"], ["m1", "m2"], ["DES_m"], [*M], ["m", "m1"]):
        assert [full.parameters[i] for i in chosen_of(full, words)] == [*M]
    with pytest.raises(ParameterError, match=r"'m3' is to be marginalised, but is neither"):
        chosen_of(full, ["m", "m3"])


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["b1"], "'bin_bias--b1' is to be .* needs a Gaussian prior .*, but its prior is min 0.8"),
        (["b2"], "'bin_bias--b2' is to be .* without limits within 3 deviations.*truncnorm"),
        (["cosmological_parameters--h0"], "'h' depends on it, which is no parameter of a sample"),
    ],
)
def test_what_is_refused(full, names, words):
    with pytest.raises(ParameterError, match=words):
        marginalised(full, names, full.reference)


def test_other_data_and_other_nodes_are_others(full, less, small_data):
    value = 1.01 * less.data.value
    assert float(less.with_data(value).log_posterior(less.reference)) != float(
        less.log_posterior(less.reference)
    )
    with pytest.raises(ParameterError, match="marginalised in closed form, with derivatives for"):
        less.with_data(small_data)
    with pytest.raises(ParameterError, match="in closed form, for the nodes of its own model"):
        multiplied._on_common_nodes([{"a": less.likelihood}, {"b": full.likelihood}])


def test_other_programs_sample_all_parameters(folder):
    check_host(None)
    theory = read_config(folder / "pipeline.ini", marginalise="m").theory
    with pytest.raises(ConfigError, match="this program does not: take a command of jaxlike"):
        check_host(theory.marginalise)
