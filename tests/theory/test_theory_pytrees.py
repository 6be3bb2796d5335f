"""Containers of fixed arrays are pytrees: arguments of compiled functions, not constants."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.theory.power.collapse import CollapseGrid
from jaxlike.theory.power.halo_model import halo_model
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.universe.background import DistanceGrid
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import K

COSMO = Cosmology(Omega_m=0.3, Omega_b=0.05, h=0.7, n_s=0.96, A_s=2.1e-9, omega_nu=6e-4)
Z, Z_OTHER = np.linspace(0.1, 2.0, 5), np.linspace(0.2, 12.0, 5)
POWER = np.asarray(jax.jit(lambda c: linear_power(c, K, Z, model="eisenstein_hu_no_wiggle"))(COSMO))
EDGES = np.linspace(0.0, 1.2, 61)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2
DZ, WIDTH, U = np.array([0.013, -0.02]), np.array([1.1, 0.93]), np.array([0.7])


def distributions(model, centres, modes=False):
    """Two bins around `centres` on a lattice that ends at the same redshift for any."""
    counts = 1e-2 + np.exp(-0.5 * ((MIDDLE - np.array(centres)[:, None]) / 0.1) ** 2)
    wave = 0.05 * np.sin(9 * MIDDLE) * np.ones((1, 2, 1)) if modes else None
    return redshift.build([Histogram(EDGES, counts, wave)], model, 0.01)[0]


class Case(NamedTuple):
    """A function of a container, and two containers of one structure."""

    function: object
    one: object
    other: object


def shifted(found):
    return found.dndz(DZ)


def stretched(found):
    return found.dndz(DZ, WIDTH, U)


BINS, OTHER_BINS = (0.3, 0.6), (0.4, 0.7)
LOOPS = OneLoopGrid.build(("galaxies", "tides"))
CASES = {
    "distance": Case(
        lambda grid: grid.comoving_distance(COSMO),
        DistanceGrid.build(Z),
        DistanceGrid.build(Z_OTHER),
    ),
    "growth": Case(lambda grid: grid.growth(COSMO), GrowthGrid.build(Z), GrowthGrid.build(Z_OTHER)),
    "collapse and haloes": Case(
        lambda grid: halo_model(COSMO, grid, POWER, POWER, log_T_AGN=7.8),
        CollapseGrid.build(Z),
        CollapseGrid.build(Z_OTHER),
    ),
    "one loop": Case(
        lambda grid: grid.spectra(POWER[0]), LOOPS, jax.tree.map(lambda leaf: 1.1 * leaf, LOOPS)
    ),
    "kde": Case(shifted, distributions("kde", BINS), distributions("kde", OTHER_BINS)),
    "kde with modes": Case(
        stretched, distributions("kde", BINS, True), distributions("kde", OTHER_BINS, True)
    ),
    "histogram": Case(
        shifted, distributions("histogram", BINS), distributions("histogram", OTHER_BINS)
    ),
    "histogram with modes": Case(
        stretched,
        distributions("histogram", BINS, True),
        distributions("histogram", OTHER_BINS, True),
    ),
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_taken_apart_and_put_together(case):
    leaves, structure = jax.tree.flatten(case.one)
    again, same = jax.tree.flatten(structure.unflatten(leaves))
    assert all(isinstance(leaf, np.ndarray | float) for leaf in leaves)
    assert all(a is b for a, b in zip(leaves, again, strict=True))
    assert structure == same == jax.tree.structure(case.other)
    assert hash(structure) == hash(same)


def test_one_program_serves_all_of_a_structure(case):
    # a function of its own: JAX shares the programs of one
    compiled = jax.jit(lambda container: case.function(container))
    for container in (case.one, case.other):
        # closed over, where the container is constants
        found, wanted = compiled(container), jax.jit(partial(case.function, container))()
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12 * np.abs(b).max())
    assert compiled._cache_size() == 1


@pytest.mark.parametrize("model", ["kde", "histogram"])
def test_gradients_reach_the_curves(model):
    distribution = distributions(model, BINS, True)
    grow = np.random.default_rng(2).normal(size=EDGES.size)

    def mean(amount):
        """Mean redshift of the first bin with curves that are changed by an amount."""
        tilt = 1 + amount * jnp.asarray(grow[0]) * jnp.linspace(0, 1, distribution.curve.shape[1])
        changed = jax.tree.map(jnp.asarray, distribution)
        changed = redshift.replace(changed, curve=changed.curve * tilt)
        dndz = changed.dndz(DZ, WIDTH, U)[0]
        return dndz @ (changed.weights * changed.z)

    step = 1e-5
    both = jax.jit(jax.value_and_grad(mean))
    numeric = (float(both(step)[0]) - float(both(-step)[0])) / (2 * step)
    assert abs(numeric) > 1e-4
    assert float(both(0.0)[1]) == pytest.approx(numeric, rel=1e-6)
