"""Straightening: a bijection, found where a posterior is curved or widens, and harmless."""

from functools import partial
from itertools import combinations_with_replacement
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from jaxlike.inference import complaints, run_nuts, summarise
from jaxlike.inference.geometry.straightening import (
    Straightening,
    from_straight,
    log_thickness,
    log_volume,
    no_straightening,
    offset,
    straightened,
    to_straight,
)
from jaxlike.inference.geometry.straightening_fit import Sample, fit_straightening, roughness
from jaxlike.posterior.priors import Uniform

PRIOR = Uniform(0.5, 3.0)
MONOMIALS = [
    index for order in range(4) for index in combinations_with_replacement(range(3), order)
]  # of three variables


class Valley:
    """Data that fix x0 x1^2 to `width`, and say nothing else about parameters with flat priors."""

    def __init__(self, width=0.1, n=3):
        self.width = width
        self.parameters = tuple(f"p{i}" for i in range(n))
        self.specs = tuple(SimpleNamespace(latex=p, prior=PRIOR) for p in self.parameters)
        self.reference = np.full(n, 1.2)

    @property
    def context(self):
        """So that one compilation serves all widths."""
        return self.width

    def in_context(self, width):
        return type(self)(width, len(self.parameters))

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
    return Valley(0.02).sample(400)


class Funnel(Valley):
    """Data whose error of x0 is exp(slope (x1 - x2)): an amplitude and what it is multiplied by."""

    slope = 1.5

    def log_likelihood(self, x):
        log_error = self.slope * (x[1] - x[2])
        return -0.5 * ((x[0] - 1.75) * jnp.exp(-log_error) / self.width) ** 2 - log_error

    def sample(self, m, seed=0):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0.5, 3.0, (40 * m, 3))
        error = self.width * np.exp(self.slope * (x[:, 1] - x[:, 2]))
        x[:, 0] = 1.75 + error * rng.standard_normal(len(x))
        x = x[(np.abs(x[:, 0] - 1.75) < 1.2) & (error < 0.4)]
        return sample_at(self.log_density, x[:m])

    def moments(self):
        """Those of x0 and x1: x0 is a normal within its limits, the others by quadrature."""
        x = np.linspace(0.5, 3.0, 2000)
        x1, x2 = x, x[:, None]
        error = self.width * np.exp(self.slope * (x1 - x2))
        edge = 1.25 / error
        mass = 2 * norm.cdf(edge) - 1
        spread = error**2 * (1 - 2 * edge * norm.pdf(edge) / mass)
        mean, square = (np.average(x1**k + 0 * x2, weights=mass) for k in (1, 2))
        std = np.sqrt([np.average(spread, weights=mass), square - mean**2])
        return np.array([1.75, mean]), std


@pytest.fixture(scope="module")
def widening():
    return Funnel(0.02).sample(400)


@pytest.mark.parametrize("which", ["sample", "widening"])
def test_the_straightening_is_a_bijection_of_known_volume(which, request):
    sample = request.getfixturevalue(which)
    straightening = fit_straightening(sample, [0, 1, 2])
    back = partial(from_straight, straightening, PRIOR.from_unit_normal)

    @jax.jit
    def there_and_back(u):
        v = to_straight(straightening, PRIOR.from_unit_normal, u)
        volume = log_volume(straightening, PRIOR.from_unit_normal, v)
        return v, volume, back(v), jax.jacfwd(back)(v)

    for u, x in zip(sample.u[:5], sample.x[:5], strict=True):
        v, volume, again, jacobian = there_and_back(u)
        assert not np.allclose(u, v)
        np.testing.assert_allclose(again, u, atol=1e-12)
        np.testing.assert_allclose(straightened(straightening, u, x), v, atol=1e-12)
        assert np.log(np.linalg.det(jacobian)) == pytest.approx(float(volume), abs=1e-12)
        assert abs(volume) > 0.01


def test_a_sheet_that_widens_is_found_and_made_less_rough(widening):
    straightening = fit_straightening(widening, [0, 1, 2])
    assert straightening.scaled.tolist() == [True, False, False]
    none = no_straightening(3)
    assert roughness(none, widening) > 20 > 8 * roughness(straightening, widening)
    other = Funnel(0.02).sample(400, seed=1)
    assert roughness(straightening, other) < 0.1 * roughness(none, other)
    ratio = log_thickness(straightening, other.u, other.x)[:, 0] - 1.5 * (
        other.x[:, 1] - other.x[:, 2]
    )
    assert np.std(ratio) < 0.2


def test_a_curved_sheet_is_found_and_made_less_rough(sample):
    straightening = fit_straightening(sample, [0, 1, 2])
    assert np.flatnonzero(straightening.bent).tolist() in ([0], [1])
    assert roughness(straightening, sample) < 0.05 * roughness(no_straightening(3), sample)
    other = Valley(0.02).sample(400, seed=1)
    assert roughness(straightening, other) < 0.05 * roughness(no_straightening(3), other)


def test_a_flat_posterior_is_left_alone():
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((4, 4))
    u = rng.standard_normal((500, 4)) @ factor.T
    gradient = -u @ np.linalg.inv(factor @ factor.T)
    flat = Sample(u, u, np.ones_like(u), gradient)
    assert roughness(no_straightening(4), flat) == pytest.approx(1.0, abs=1.5)
    found = fit_straightening(flat, [0, 1, 2, 3])
    assert not (found.bent | found.scaled).any()


@pytest.mark.parametrize(("m", "bounded"), [(5, [0, 1, 2]), (400, []), (400, [2])])
def test_without_enough_to_go_by_there_is_no_straightening(sample, m, bounded):
    found = fit_straightening(Sample(*(a[:m] for a in sample)), bounded)
    assert not (found.bent | found.scaled).any()


def test_offset_and_thickness_take_one_point_or_many(sample):
    rng = np.random.default_rng(0)
    weights, widening = rng.standard_normal((20, 3)), rng.standard_normal((3, 3))
    of_x, of_u = np.zeros((2, 3, 3))
    of_x[0, 2] = of_u[1, 0] = 1.0
    centre, scale = np.array([1.0, 0.5, 0.0]), np.full(3, 2.0)
    straightening = Straightening(of_x, of_u, centre, scale, weights, widening)
    many, thick = (f(straightening, sample.u, sample.x) for f in (offset, log_thickness))
    assert isinstance(many, np.ndarray)
    assert isinstance(thick, np.ndarray)
    s = (np.column_stack([sample.x[:, 2], sample.u[:, 0]]) - centre[:2]) / 2.0
    s = s / (1 + (s / 3.5) ** 6) ** (1 / 6)
    there = [
        (list(index), w) for index, w in zip(MONOMIALS, weights, strict=True) if 2 not in index
    ]
    expected = sum(np.prod(s[:, index], axis=1)[:, None] * w for index, w in there)
    np.testing.assert_allclose(many, expected, atol=1e-12)
    point = jnp.asarray(sample.u[7]), jnp.asarray(sample.x[7])
    np.testing.assert_allclose(offset(straightening, *point), expected[7], atol=1e-12)
    np.testing.assert_allclose(log_thickness(straightening, *point), (s @ widening[:2])[7])
    np.testing.assert_allclose(thick, s @ widening[:2])


@pytest.mark.parametrize("which", ["sample", "widening"])
def test_roughness_is_that_of_the_density_over_straight_coordinates(which, request):
    sample = request.getfixturevalue(which)
    model = Valley(0.02) if which == "sample" else Funnel(0.02)
    straightening, transform = fit_straightening(sample, [0, 1, 2]), PRIOR.from_unit_normal

    def over_v(v):
        u = from_straight(straightening, transform, v)
        return model.log_density(u) + log_volume(straightening, transform, v)

    @jax.jit
    def straight_sample(u):
        v = jax.vmap(lambda u: to_straight(straightening, transform, u))(u)
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


@pytest.mark.parametrize(
    "model", [pytest.param(Valley(0.1), marks=pytest.mark.slow), Valley(0.02), Funnel(0.05)]
)
def test_nuts_has_the_right_moments(model):
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
    found = fit_straightening(rough, [0, 1, 2])
    assert not (found.bent | found.scaled).any()
    on_the_way = fit_straightening(rough, [0, 1, 2], last=False)
    assert roughness(on_the_way, rough) < 0.1 * roughness(no_straightening(3), rough)


def test_what_changes_much_at_the_edge_of_a_prior_is_fitted_where_it_is_wide():
    """Data that fix x0 by the logarithm of what is left of x1 below the edge of its prior."""

    def density(u):
        x = PRIOR.from_unit_normal(u)
        return -0.5 * ((x[0] - 1.8 - 0.1 * jnp.log(3.0 - x[1])) / 0.02) ** 2 - 0.5 * u @ u

    rng = np.random.default_rng(0)
    left = np.exp(rng.uniform(np.log(1e-3), np.log(0.5), 400))
    x0 = 1.8 + 0.1 * np.log(left) + 0.02 * rng.standard_normal(400)
    x = np.column_stack([x0, 3.0 - left, rng.uniform(1.0, 2.5, 400)])
    near = sample_at(density, x)
    found = fit_straightening(near, [0, 1, 2])
    assert np.flatnonzero(found.of_u.any(axis=0)).tolist() == [1]
    assert roughness(found, near) < 0.2 * roughness(no_straightening(3), near)
