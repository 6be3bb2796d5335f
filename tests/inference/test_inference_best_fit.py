"""The best fit: closed forms, ends of priors, several starts, and its files."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest
from getdist.types import BestFit as GetDistBestFit

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference import best_fit, check_unused_best_fit, write_best_fit
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal, Uniform

MU = np.array([1.0, -0.5])
PRECISION = np.array([[8.0, 3.0], [3.0, 5.0]])


@dataclass(frozen=True)
class Toy:
    """Priors times a Gaussian likelihood; `broken` where there is no posterior."""

    priors: tuple
    broken: bool = False
    start: tuple = (0.0, 0.0)
    parameters = ("a", "b")

    @property
    def specs(self):
        pairs = zip(self.parameters, self.priors, strict=True)
        return tuple(Parameter(name, prior=prior) for name, prior in pairs)

    @property
    def reference(self):
        return np.array(self.start)

    def from_unconstrained(self, u):
        return jnp.stack([p.from_unit_normal(u[i]) for i, p in enumerate(self.priors)])

    def log_prior(self, x):
        return sum(p.log_density(x[i]) for i, p in enumerate(self.priors))

    def log_posterior(self, x):
        y = jnp.asarray(x) - MU
        value = -0.5 * y @ PRECISION @ y + self.log_prior(x)
        return jnp.where(self.broken, -jnp.inf, value)


def test_a_gaussian():
    fit = best_fit(Toy((Normal(0.0, 1.0), Normal(0.0, 2.0))), starts=3)
    hessian = PRECISION + np.diag([1.0, 0.25])
    expected = np.linalg.solve(hessian, PRECISION @ MU)
    np.testing.assert_allclose(fit.x, expected, atol=1e-6)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(hessian), rtol=1e-6)
    np.testing.assert_allclose(fit.ends, fit.log_posterior, atol=1e-9)
    residual = expected - MU
    assert fit.chi2 == pytest.approx(residual @ PRECISION @ residual, rel=1e-6)
    assert fit.at_edge == ()
    assert fit.n_gradients > 3


def test_the_end_of_a_prior():
    """The first parameter stops at its bound, the second adapts to it."""
    fit = best_fit(Toy((Uniform(-1.0, 0.4), Uniform(-3.0, 3.0))), starts=2)
    assert fit.at_edge == ("a",)
    np.testing.assert_allclose(fit.x, [0.4, -0.5 - 3.0 / 5.0 * (0.4 - 1.0)], atol=1e-6)
    assert np.all(np.diag(fit.covariance) > 0)


def test_a_flat_direction_is_as_wide_as_the_prior():
    fit = best_fit(Toy((Uniform(1.0 - 1e-3, 1.0 + 1e-3), Uniform(-3.0, 3.0))))
    prior = 1e-3 * 2 * 0.3413
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(prior, rel=1e-2)


def test_bad_starts():
    """A reference outside the prior is replaced by a draw; nowhere finite is an error."""
    fit = best_fit(Toy((Uniform(0.0, 3.0), Uniform(-3.0, 3.0)), start=(-5.0, 0.0)))
    np.testing.assert_allclose(fit.x, MU, atol=1e-6)
    with pytest.raises(JaxlikeError, match="no starting point"):
        best_fit(Toy((Uniform(0.0, 3.0), Uniform(-3.0, 3.0)), broken=True))


class Told(Toy):
    """A posterior that says why it is zero."""

    def reason_of_failure(self, x):
        return f"it needs more than {x[0]:g}"


def test_the_reason_is_told_where_there_is_no_start():
    nowhere = Told((Uniform(0.0, 3.0), Uniform(-3.0, 3.0)), broken=True, start=(2.0, 0.0))
    with pytest.raises(JaxlikeError, match=r"the prior \(at the reference point it needs .* 2\)"):
        best_fit(nowhere)


def test_files(tmp_path):
    """GetDist reads the best fit back; Cobaya's matrix names its parameters."""
    fit = best_fit(Toy((Normal(0.0, 1.0), Normal(0.0, 2.0))))
    prefix = tmp_path / "new" / "run"
    files = write_best_fit(
        fit,
        prefix,
        names=("a", "b"),
        latex=("a", r"\beta"),
        chi2s={"toy": fit.chi2},
        fixed={"c": 3.0},
        derived={"d": (2.0, "d")},
    )
    assert [f.name for f in files] == ["run.minimum", "run.minimum.txt", "run.covmat"]
    read = GetDistBestFit(str(files[0]), want_fixed=True)
    assert read.parWithName("b").best_fit == pytest.approx(fit.x[1], rel=1e-8)
    assert read.parWithName("b").label == r"\beta"
    assert read.parWithName("c").isFixed
    assert read.parWithName("d").best_fit == 2.0
    assert read.logLike == pytest.approx(-fit.log_posterior)
    header = files[2].read_text().splitlines()[0]
    assert header == "# a b"
    np.testing.assert_allclose(np.loadtxt(files[2]), fit.covariance, rtol=1e-9)
    columns = files[1].read_text().split("\n")[0][2:].split()
    row = dict(zip(columns, np.loadtxt(files[1]), strict=True))
    assert row["chi2__toy"] == pytest.approx(fit.chi2)
    assert row["a"] == pytest.approx(fit.x[0])

    with pytest.raises(ConfigError, match=r"run\.minimum exists already"):
        check_unused_best_fit(prefix)
    with pytest.raises(ConfigError, match="is a folder"):
        check_unused_best_fit(tmp_path)
