"""MOPED: its vectors, what they keep, and the option in every input."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.config import TheoryOptions, read_config
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.forecast import moped
from jaxlike.forecast.moped import compressed, expansion, moped_vectors, uncompressed, vectors_of

RNG = np.random.default_rng(2)
ROOT = RNG.normal(size=(9, 9))
COVARIANCE = ROOT @ ROOT.T + np.eye(9)
DERIVATIVES = RNG.normal(size=(9, 4)) * np.array([1e9, 1.0, 1e-3, 5.0])
NAMES = ("a", "b", "c", "d")


def gram_schmidt(derivatives, covariance):
    """Eq. 14 of arXiv:2302.05163, vector by vector."""
    inverse = np.linalg.inv(covariance)
    information = derivatives.T @ inverse @ derivatives
    vectors: list[np.ndarray] = []
    for i, mu in enumerate(derivatives.T):
        along = np.array([mu @ b for b in vectors])
        rest = inverse @ mu - sum((c * b for c, b in zip(along, vectors, strict=True)), 0.0)
        vectors.append(rest / np.sqrt(information[i, i] - np.sum(along**2)))
    return np.stack(vectors, axis=1)


def test_the_papers_recursion():
    vectors = moped_vectors(DERIVATIVES, COVARIANCE, NAMES)
    np.testing.assert_allclose(vectors, gram_schmidt(DERIVATIVES, COVARIANCE), rtol=1e-9)
    np.testing.assert_allclose(vectors.T @ COVARIANCE @ vectors, np.eye(4), atol=1e-13)
    information = DERIVATIVES.T @ np.linalg.solve(COVARIANCE, DERIVATIVES)
    kept = (vectors.T @ DERIVATIVES).T @ (vectors.T @ DERIVATIVES)
    np.testing.assert_allclose(kept, information, rtol=1e-12)


def test_nearly_degenerate_parameters_keep_their_vectors_apart():
    close = DERIVATIVES.copy()
    close[:, 2] = close[:, 1] * (1 + 1e-5 * RNG.normal(size=9))
    vectors = moped_vectors(close, COVARIANCE, NAMES)
    np.testing.assert_allclose(vectors.T @ COVARIANCE @ vectors, np.eye(4), atol=1e-12)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (0.0, "'c' has no effect on the data where they are best fit"),
        (2.0, "'c' is degenerate with those before it"),
    ],
)
def test_parameters_without_a_vector(column, words):
    wrong = DERIVATIVES.copy()
    wrong[:, 2] = column * wrong[:, 1]
    with pytest.raises(ParameterError, match=words):
        moped_vectors(wrong, COVARIANCE, NAMES)


@pytest.fixture(scope="module")
def short(small_folder):
    return jaxlike.load(small_folder / "pipeline.ini", compression="moped")


def test_the_option_compresses(short, small_model):
    n = len(short.parameters)
    vectors = np.asarray(short.likelihood.arrays.vectors)
    assert vectors.shape == (small_model.data.n_data, n)
    assert (short.likelihood.n_points, short.likelihood.log_det_of_points) == (n, 0.0)
    covariance = small_model.data.covariance
    np.testing.assert_allclose(vectors.T @ covariance @ vectors, np.eye(n), atol=1e-10)
    x = short.reference + 0.01
    residual = vectors.T @ (small_model.data.value - np.asarray(small_model.mean(x)))
    assert float(short.chi2(short.params_dict(x))) == pytest.approx(residual @ residual, rel=1e-10)
    np.testing.assert_array_equal(short.mean(x), small_model.mean(x))
    assert uncompressed(short).likelihood.n_points == small_model.data.n_data


def test_no_information_is_lost(short, small_model):
    here = expansion(small_model)
    derivatives = jnp.asarray(here.derivatives)
    full, less = (np.asarray(m.information(derivatives)) for m in (small_model, short))
    scale = np.sqrt(np.diag(full))
    np.testing.assert_allclose(
        less / np.outer(scale, scale), full / np.outer(scale, scale), atol=1e-8
    )
    # near that point the whole likelihood of data without noise is the same
    x = here.x
    step = 0.3 / scale
    noiseless = [m.with_context(here.mean) for m in (small_model, short)]
    values = [float(m.log_likelihood(m.params_dict(x + step))) for m in noiseless]
    assert values[0] < -0.01
    assert values[0] == pytest.approx(values[1], rel=0.1)


def test_the_mean_is_expanded_at_the_mode(small_model, monkeypatch):
    """Of the posterior over u, from the edge of a prior as well; or where it is told to."""
    reference = small_model.reference
    noise = np.linalg.cholesky(small_model.data.covariance) @ RNG.normal(size=72)
    model = small_model.with_context(np.asarray(small_model.mean(reference)) + noise)
    first, *others = model.config.parameters
    edge = (replace(first, ref_loc=first.prior.support[0]), *others)
    here = expansion(replace(model, config=replace(model.config, parameters=edge)))
    mode = np.asarray(model.to_unconstrained(here.x))
    gradient = np.asarray(jax.jit(jax.grad(model.log_density))(mode))
    assert np.abs(gradient).max() < 0.3  # of a posterior of width one or less
    np.testing.assert_allclose(here.mean, model.mean(here.x), rtol=1e-10)
    there = expansion(small_model, reference)
    np.testing.assert_array_equal(there.x, reference)
    asked = []

    def expanded(*arguments):  # which `there` is already
        asked.append(arguments)
        return there

    monkeypatch.setattr(moped, "expansion", expanded)
    vectors = vectors_of(small_model, reference)
    assert asked == [(small_model, reference)]
    found = compressed(small_model, vectors).likelihood.arrays.vectors
    np.testing.assert_array_equal(found, vectors)


def test_the_posterior_has_its_gradient(short):
    x = short.reference
    value, gradient = short.value_and_gradient(x)
    assert np.isfinite(float(value))
    step = 1e-4 * np.abs(x).max() * np.eye(x.size)[0]
    up, down = (float(short.value_and_gradient(x + s * step)[0]) for s in (1, -1))
    assert float(gradient[0]) == pytest.approx((up - down) / (2 * step[0]), rel=1e-3)


def test_blocks_and_dense_have_the_same_vectors(cl_data):
    from jaxlike.likelihoods.two_point import build_likelihood

    options = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
    likelihood = build_likelihood(cl_data, options)
    assert likelihood.arrays.rows is not None
    jacobian = RNG.normal(size=(cl_data.n_data, 3))
    expected = jacobian.T @ np.linalg.solve(cl_data.covariance, jacobian)
    found = likelihood.information(jnp.asarray(jacobian))
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    vectors = moped_vectors(jacobian, cl_data.covariance, NAMES[:3])
    kept = likelihood.with_vectors(vectors).information(jnp.asarray(jacobian))
    np.testing.assert_allclose(kept, expected, rtol=1e-8)


def test_inputs(small_folder, tmp_path, repository):
    text = (small_folder / "pipeline.ini").read_text() + "compression = moped\n"
    (small_folder / "moped.ini").write_text(text)
    assert read_config(small_folder / "moped.ini").theory.compression == "moped"
    info = yaml.safe_load((repository / "cobaya_yaml" / "paper_3x2pt.yaml").read_text())
    info["likelihood"]["jaxlike.cobaya.3x2pt"]["compression"] = "moped"
    path = tmp_path / "moped.yaml"
    path.write_text(yaml.safe_dump(info))
    assert read_config(path).theory.compression == "moped"
    with pytest.raises(ConfigError, match="'compression' is 'zip'; accepted are none, moped"):
        read_config(path, compression="zip")
    with pytest.raises(ConfigError, match="need power = jaxlike"):
        read_config(path, power="host")
    assert TheoryOptions().compression == "none"
