"""Fisher matrices: known ones, the two methods against each other, and what is refused."""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import JaxlikeError, ParameterError
from jaxlike.forecast.fisher import (
    Fisher,
    choose,
    covariance_term,
    fisher,
    information,
    inverted,
)
from jaxlike.forecast.fisher_files import write_fisher
from jaxlike.inference.results.text_files import check_unused_texts
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal, Uniform

RNG = np.random.default_rng(8)
MATRIX = RNG.normal(size=(12, 3))
SIGMA = RNG.uniform(0.5, 2.0, 12)
SPECS = (
    Parameter("b1", prior=Uniform(0.0, 5.0), ref_loc=1.0),
    Parameter("h", prior=Normal(0.7, 0.05), ref_loc=0.7),
    Parameter("w0", prior=Uniform(-2.0, 0.0), ref_loc=-1.0),
)


@dataclass(frozen=True, eq=False)
class Linear:
    """Independent data whose mean is A x + curve (A x)^2."""

    matrix: np.ndarray
    curve: float = 0.1
    value: object = None
    specs: tuple = SPECS

    parameters = property(lambda self: tuple(spec.name for spec in self.specs))
    reference = property(lambda self: np.array([spec.ref_loc for spec in self.specs]))

    def mean(self, x):
        y = jnp.asarray(self.matrix) @ x
        return y + self.curve * y**2

    def information(self, jacobian):
        return (jacobian / SIGMA[:, None] ** 2).T @ jacobian

    def with_context(self, value):
        return replace(self, value=value)

    def log_prior(self, x):
        pairs = zip(self.specs, x, strict=True)
        return sum(spec.prior.log_density(value) for spec, value in pairs)

    def log_posterior(self, x):
        return -0.5 * jnp.sum(((self.value - self.mean(x)) / SIGMA) ** 2) + self.log_prior(x)


MODEL = Linear(MATRIX)


def by_hand(model=MODEL):
    slope = (1 + 2 * model.curve * model.matrix @ model.reference)[:, None] * model.matrix
    return (slope / SIGMA[:, None] ** 2).T @ slope


def test_both_methods_have_the_known_matrix():
    expected = by_hand()
    for method in ("jacobian", "hessian"):
        found = fisher(MODEL, method=method, priors=False)
        np.testing.assert_allclose(found.matrix, expected, rtol=1e-12)
    with_priors = fisher(MODEL).matrix
    np.testing.assert_allclose(with_priors - expected, np.diag([0, 400, 0]), atol=1e-10)
    with pytest.raises(ParameterError, match="accepted are jacobian, hessian"):
        fisher(MODEL, method="guess")


def test_it_is_a_pure_function_of_the_point():
    columns, x = choose(MODEL)
    function = jax.jit(partial(information, MODEL, columns, priors=False))
    points = jnp.stack([x, x + 0.1])
    batch = jax.jit(jax.vmap(function))(points)
    np.testing.assert_allclose(batch, [function(p) for p in points], rtol=1e-12)
    slope = jax.jit(jax.jacfwd(function))(x)
    step = 1e-5 * jnp.eye(3)[1]
    difference = (function(x + step) - function(x - step)) / 2e-5
    np.testing.assert_allclose(slope[..., 1], difference, rtol=1e-7)


def test_errors_merit_and_what_is_taken_out():
    found = fisher(MODEL, priors=False)
    matrix, covariance = by_hand(), np.linalg.inv(by_hand())
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-10)
    np.testing.assert_allclose(found.errors, np.sqrt(np.diag(covariance)), rtol=1e-10)
    np.testing.assert_allclose(found.conditional_errors, np.diag(matrix) ** -0.5, rtol=1e-12)
    pair = covariance[np.ix_([0, 2], [0, 2])]
    merit = found.figure_of_merit("b1", "w0")
    assert merit == pytest.approx(np.linalg.det(pair) ** -0.5, rel=1e-10)
    kept = found.marginalised(["w0", "b1"])
    assert (kept.names, kept.at.tolist()) == (("w0", "b1"), [-1.0, 1.0])
    np.testing.assert_allclose(kept.covariance, pair[::-1, ::-1], rtol=1e-9)
    np.testing.assert_allclose(found.fixed(["h"]).matrix, matrix[np.ix_([0, 2], [0, 2])])
    assert found.error_of([0, 2, 0]) == pytest.approx(2 * found.errors[1])
    # fixing one before is the same as after
    before = fisher(MODEL, fixed=["h"], priors=False)
    np.testing.assert_allclose(before.matrix, found.fixed(["h"]).matrix, rtol=1e-12)
    assert fisher(MODEL, parameters=["w0", "b1"]).names == ("w0", "b1")
    moved = fisher(MODEL, at={"b1": 2.0}, priors=False)
    assert moved.at[0] == 2.0
    assert not np.allclose(moved.matrix, matrix)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"parameters": ["h", "b1"], "fixed": ["h"]}, "'h' is fixed and varied at once"),
        ({"parameters": ["h0"]}, "'h0' is not a parameter that the configuration samples"),
        ({"fixed": ["nothing"]}, "accepted are b1, h, w0"),
        ({"at": {"nothing": 1.0}}, "accepted are b1, h, w0"),
        ({"parameters": ["h", "h"]}, "'h' is given twice"),
        ({"fixed": ["h", "b1", "w0"]}, "all parameters are fixed"),
        ({"at": {"w0": 1.0}}, r"'w0' = 1 is outside its prior \[-2, 0\]"),
    ],
)
def test_bad_choices(arguments, words):
    with pytest.raises(ParameterError, match=words):
        fisher(MODEL, **arguments)


def test_names_of_a_fisher_matrix():
    with pytest.raises(ParameterError, match="'A' is not a parameter of the Fisher matrix"):
        fisher(MODEL).figure_of_merit("A", "h")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (np.zeros(12), "singular: h has no effect on the data"),
        (2.5 * MATRIX[:, 0], "a change of (b1, h|h, b1) together leaves"),
        (np.full(12, np.nan), "not finite"),
    ],
)
def test_a_singular_matrix_names_its_direction(column, words, tmp_path):
    matrix = np.stack([MATRIX[:, 0], column, MATRIX[:, 2]], axis=1)
    model = Linear(matrix, curve=0.0)
    found = fisher(model, priors=False)
    with pytest.raises(JaxlikeError, match=words):
        write_fisher(found, tmp_path / "x")
    assert not list(tmp_path.iterdir())
    if np.isfinite(column).all():  # a prior mends it
        assert np.isfinite(fisher(model).errors).all()


def test_units_do_not_make_a_matrix_singular():
    scale = np.array([1e-9, 1.0, 1e6])
    found = inverted(by_hand() / np.outer(scale, scale), ("A_s", "h", "H0"))
    np.testing.assert_allclose(found, np.linalg.inv(by_hand()) * np.outer(scale, scale), rtol=1e-9)


def test_the_term_of_the_covariance():
    """N numbers of variance exp(x0) and M of (1 + x1)^2: N / 2, and 2 M at x1 = 0."""

    def covariance(x):
        sizes = jnp.exp(x[0]) * jnp.eye(3), (1 + x[1]) ** 2 * jnp.eye(3)
        return jnp.stack([sizes[0], sizes[1], sizes[0]])

    found = jax.jit(partial(covariance_term, covariance))(jnp.zeros(2))
    np.testing.assert_allclose(found, np.diag([3.0, 6.0]), atol=1e-12)
    more = fisher(MODEL, priors=False, covariance=lambda x: covariance(x - MODEL.reference))
    np.testing.assert_allclose(more.matrix - by_hand(), np.diag([3.0, 6.0, 0.0]), atol=1e-9)


def test_files(tmp_path):
    found = fisher(MODEL)
    endings = (".covmat", ".fisher.txt")
    check_unused_texts(tmp_path / "new" / "a", endings)
    files = write_fisher(found, tmp_path / "new" / "a")
    assert [f.name for f in files] == ["a.covmat", "a.fisher.txt"]
    assert files[0].read_text().splitlines()[0] == "# b1 h w0"
    np.testing.assert_allclose(np.loadtxt(files[0]), found.covariance, rtol=1e-9)
    np.testing.assert_allclose(np.loadtxt(files[1]), found.matrix, rtol=1e-9)
    with pytest.raises(JaxlikeError, match=r"a\.covmat exists already"):
        check_unused_texts(tmp_path / "new" / "a", endings)


@pytest.mark.slow
def test_a_model_of_real_space(small_folder):
    """Both methods agree, and with differences of the data vector."""
    model = jaxlike.load(small_folder / "pipeline.ini", probes=("gamma_t", "w"))
    both = [fisher(model, method=m, priors=False) for m in ("jacobian", "hessian")]
    assert isinstance(both[0], Fisher)
    scale = np.sqrt(np.diag(both[0].matrix))
    unit = both[0].matrix / np.outer(scale, scale)
    np.testing.assert_allclose(both[1].matrix / np.outer(scale, scale), unit, atol=1e-6)
    x, step = model.reference, 1e-3 / scale
    slopes = [
        (model.mean(x + h * e) - model.mean(x - h * e)) / (2 * h)
        for h, e in zip(step, np.eye(x.size), strict=True)
    ]
    differences = model.information(jnp.stack(slopes, axis=1))
    np.testing.assert_allclose(differences / np.outer(scale, scale), unit, atol=1e-5)
    # the only Gaussian prior is that of a shift
    at = model.parameters.index("wl_photoz_errors--bias_1")
    more = np.diag(fisher(model).matrix - both[0].matrix)
    np.testing.assert_allclose(more[at], 1 / 0.016**2, rtol=1e-6)
