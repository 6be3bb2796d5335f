"""Straightening: a bijection of unit Jacobian, found where a posterior is curved, and harmless."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.inference import complaints, run_nuts, summarise
from jaxlike.inference.geometry.straightening import (
    Sample,
    Straightening,
    bend,
    fit_straightening,
    no_straightening,
    offset,
    roughness,
    straighten,
)
from jaxlike.posterior.priors import Uniform

PRIOR = Uniform(0.5, 3.0)


class Valley:
    """Data that fix x0 x1^2 to `width`, and say nothing else about parameters with flat priors."""

    def __init__(self, width=0.1, n=3):
        self.width = width
        self.parameters = tuple(f"p{i}" for i in range(n))
        self.specs = tuple(SimpleNamespace(latex=p, prior=PRIOR) for p in self.parameters)
        self.reference = np.full(n, 1.2)

    def from_unconstrained(self, u):
        return PRIOR.from_unit_normal(u)

    def to_unconstrained(self, x):
        return PRIOR.to_unit_normal(x)

    def log_prior(self, x):
        return jnp.sum(PRIOR.log_density(x))

    def log_likelihood(self, x):
        return -0.5 * ((jnp.log(x[0] * x[1] ** 2) - jnp.log(4.0)) / self.width) ** 2

    def log_posterior(self, x):
        return self.log_prior(x) + self.log_likelihood(x)

    def log_density(self, u):
        return self.log_likelihood(self.from_unconstrained(u)) + self.log_reference(u)

    def log_reference(self, u):
        return -0.5 * u @ u

    def moments(self):
        """Mean and standard deviation of x0 and x1, by quadrature."""
        x1 = np.linspace(0.5, 3.0, 2001)
        x0 = np.linspace(0.5, 3.0, 2001)[:, None]
        weight = np.exp(-0.5 * (np.log(x0 * x1**2 / 4.0) / self.width) ** 2)
        weight /= weight.sum()
        means = (weight * x0).sum(), (weight * x1).sum()
        squares = (weight * x0**2).sum(), (weight * x1**2).sum()
        return np.array(means), np.sqrt(np.array(squares) - np.array(means) ** 2)

    def sample(self, m, seed=0):
        """Draws from the sheet, away from the ends that the priors' limits give it."""
        rng = np.random.default_rng(seed)
        x = rng.uniform(0.5, 3.0, (40 * m, len(self.parameters)))
        x[:, 0] = 4.0 * np.exp(self.width * rng.standard_normal(len(x))) / x[:, 1] ** 2
        x = x[(x[:, 0] > 0.7) & (x[:, 0] < 2.4)]
        return sample_at(self.log_density, x[:m])


def sample_at(log_density, x):
    """Draws with all that goes with them, from parameters x (m, n)."""

    @jax.jit
    def rest(x):
        u = PRIOR.to_unit_normal(x)
        slope = jax.vmap(jax.vmap(jax.grad(PRIOR.from_unit_normal)))(u)
        return u, slope, jax.vmap(jax.grad(log_density))(u)

    u, slope, gradient = map(np.asarray, rest(x))
    return Sample(u, x, slope, gradient)


@pytest.fixture(scope="module")
def sample():
    return Valley().sample(400)


def test_the_straightening_is_a_bijection_of_unit_jacobian(sample):
    straightening = fit_straightening(sample, [0, 1, 2])
    back = partial(bend, straightening, PRIOR.from_unit_normal)

    @jax.jit
    def there_and_back(u):
        v = straighten(straightening, PRIOR.from_unit_normal, u)
        return v, back(v), jax.jacfwd(back)(v)

    for u in sample.u[:5]:
        v, again, jacobian = there_and_back(u)
        assert not np.allclose(u, v)
        np.testing.assert_allclose(again, u, atol=1e-12)
        assert np.linalg.det(jacobian) == pytest.approx(1.0)


def test_a_curved_sheet_is_found_and_made_less_rough(sample):
    straightening = fit_straightening(sample, [0, 1, 2])
    assert np.flatnonzero(straightening.bent).tolist() in ([0], [1])
    assert roughness(straightening, sample) < 0.5 * roughness(no_straightening(3), sample)
    other = Valley().sample(400, seed=1)
    assert roughness(straightening, other) < 0.5 * roughness(no_straightening(3), other)


def test_a_flat_posterior_is_left_alone():
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((4, 4))
    u = rng.standard_normal((500, 4)) @ factor.T
    gradient = -u @ np.linalg.inv(factor @ factor.T)
    flat = Sample(u, u, np.ones_like(u), gradient)
    assert roughness(no_straightening(4), flat) == pytest.approx(1.0, abs=1.5)
    assert not fit_straightening(flat, [0, 1, 2, 3]).bent.any()


@pytest.mark.parametrize(("m", "bounded"), [(5, [0, 1, 2]), (400, []), (400, [2])])
def test_without_enough_to_go_by_there_is_no_straightening(sample, m, bounded):
    assert not fit_straightening(Sample(*(a[:m] for a in sample)), bounded).bent.any()


def test_offset_takes_one_point_or_many(sample):
    rng = np.random.default_rng(0)
    linear, quadratic = rng.standard_normal((3, 3)), rng.standard_normal((3, 3, 3))
    straightening = Straightening(np.ones(3), np.full(3, 2.0), linear, quadratic)
    many = offset(straightening, sample.x)
    assert isinstance(many, np.ndarray)
    s = (sample.x - 1.0) / 2.0
    expected = s @ linear + np.einsum("mi,mj,ija->ma", s, s, quadratic)
    np.testing.assert_allclose(many, expected)
    np.testing.assert_allclose(offset(straightening, jnp.asarray(sample.x[7])), expected[7])


def test_roughness_is_that_of_the_density_over_straight_coordinates(sample):
    straightening = fit_straightening(sample, [0, 1, 2])
    model, transform = Valley(), PRIOR.from_unit_normal

    def over_v(v):
        return model.log_density(bend(straightening, transform, v))

    @jax.jit
    def straight_sample(u):
        v = jax.vmap(lambda u: straighten(straightening, transform, u))(u)
        return v, jax.vmap(jax.grad(over_v))(v)

    v, gradient = straight_sample(sample.u)
    straight = Sample(np.asarray(v), sample.x, sample.dx_du, np.asarray(gradient))
    assert roughness(straightening, sample) == pytest.approx(
        roughness(no_straightening(3), straight)
    )


def test_several_coordinates_are_bent_at_once():
    """Data that fix x_a x_2^2 for a = 0 and 1, near the upper edge of x_2's prior."""
    n, width = 3, 0.1

    def density(u):
        x = PRIOR.from_unit_normal(u)
        return -0.5 * jnp.sum((x[:2] * x[2] ** 2 - 8.0) ** 2) / width**2 - 0.5 * u @ u

    rng = np.random.default_rng(0)
    x2 = rng.uniform(2.4, 3.0, 400)
    x = np.column_stack([(8.0 + width * rng.standard_normal((2, 400))).T / x2[:, None] ** 2, x2])
    near = sample_at(density, x)
    straightening = fit_straightening(near, [0, 1, 2])
    assert straightening.bent.tolist() == [True, True, False]
    assert roughness(no_straightening(n), near) > 50 > 10 * roughness(straightening, near)


@pytest.mark.parametrize("width", [0.1, 0.02])
def test_nuts_on_a_curved_posterior_has_the_right_moments(width):
    model = Valley(width)
    chains = run_nuts(model, warmup=500, samples=2500, seed=2, progress=False)
    summary = summarise(chains)
    assert complaints(chains, summary) == ()
    mean, std = model.moments()
    error = std / np.sqrt(summary.ess_bulk[:2])
    assert np.all(np.abs(summary.mean[:2] - mean) < 4.0 * error)
    np.testing.assert_allclose(summary.std[:2], std, rtol=0.1)


def test_a_posterior_that_stays_rough_is_left_alone():
    rough = Valley(0.02).sample(400)
    rough = rough._replace(gradient=rough.gradient * (1 + 5 * (rough.x[:, :1] > 2.2)))
    assert roughness(no_straightening(3), rough) > 50
    assert not fit_straightening(rough, [0, 1, 2]).bent.any()
