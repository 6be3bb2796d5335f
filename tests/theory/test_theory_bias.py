"""Galaxy bias and its evolution, and amplitudes of alignment for each bin."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two

from jaxlike.theory.tracers.bias import galaxy_bias
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes

STEP = 0.005
Z = STEP * np.arange(400)
RULE = np.full(Z.size, STEP)
SHAPES = np.stack([np.exp(-0.5 * ((Z - z0) / 0.02) ** 2) for z0 in (0.4, 0.7)])
NDZ = jnp.asarray(SHAPES / (SHAPES @ RULE)[:, None])
B = jnp.array([1.2, 1.9])


@pytest.fixture(scope="module")
def sight(universe):
    nodes = Nodes.build(Z, 60, np.arange(0, 200, 40), z_max=1.5)
    sight = jax.jit(lambda c: LineOfSight.of(c, nodes, growth_factor(c, nodes.z)))
    return nodes, sight(universe())


def test_models(sight):
    nodes, los = sight
    z, growth = nodes.z, los.growth
    assert galaxy_bias(B, growth, z, model="constant") is B
    found = galaxy_bias(B, growth, z, model="power_law", alpha_b=1.3, z0_b=0.4)
    np.testing.assert_allclose(found, B[:, None] * ((1 + z) / 1.4) ** 1.3)
    np.testing.assert_allclose(
        galaxy_bias(B, growth, z, model="power_law", alpha_b=0.0), B[:, None] * np.ones(z.size)
    )
    found = galaxy_bias(B, growth, z, model="inverse_growth")
    np.testing.assert_allclose(found, B[:, None] / growth)


def test_evolution_enters_at_the_galaxies_redshifts(sight):
    """In narrow bins a bias that evolves is the constant one of the bin's mean redshift."""
    nodes, los = sight
    pairs = three_by_two.all_pairs(2, 2)
    nuisance = three_by_two.Nuisance(B, jnp.zeros(2), 0.5, 0.0, 0.62)
    evolving = galaxy_bias(B, los.growth, nodes.z, model="power_law", alpha_b=1.5)
    there = B * (1 + np.array([0.4, 0.7])) ** 1.5
    one, other = (
        three_by_two.pair_weights(nodes, los, pairs, NDZ, NDZ, RULE, replace(nuisance, bias=b))
        for b in (evolving, there)
    )
    smooth = np.exp(-nodes.z)
    for field, rows in (("counts", [0, 2]), ("cross", [0, 1, 3])):  # of bins that meet
        first, second = (getattr(w, field)[np.array(rows)] @ smooth for w in (one, other))
        np.testing.assert_allclose(first, second, rtol=3e-3)
    np.testing.assert_array_equal(one.shear, other.shear)


def test_alignment_of_each_bin(sight):
    """Equal amplitudes are one amplitude; each enters its own bin's spectra and no other."""
    nodes, los = sight
    pairs = three_by_two.all_pairs(2, 2)

    def found(A_IA):
        nuisance = three_by_two.Nuisance(B, jnp.zeros(2), jnp.asarray(A_IA), 0.4, 0.62)
        return three_by_two.pair_weights(nodes, los, pairs, NDZ, NDZ, RULE, nuisance)

    one, same, first, second = found(0.8), found([0.8, 0.8]), found([0.8, 0.0]), found([0.0, 0.8])
    none = found(0.0)
    for field in ("counts", "cross", "shear"):
        size = np.abs(np.asarray(getattr(one, field))).max()
        np.testing.assert_allclose(
            getattr(same, field), getattr(one, field), rtol=1e-12, atol=1e-14 * size
        )
    source = pairs.cross[:, 1]
    expected = jnp.where((source == 0)[:, None], one.cross, none.cross)
    np.testing.assert_allclose(first.cross, expected, rtol=1e-12)
    np.testing.assert_allclose(first.shear[0], one.shear[0], rtol=1e-12)
    np.testing.assert_allclose(second.shear[0], none.shear[0], rtol=1e-12)
    np.testing.assert_allclose(second.shear[2], one.shear[2], rtol=1e-12)
