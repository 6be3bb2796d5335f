"""Magnification and redshift-space distortions of counts, against CCL and their definitions."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two
from three_by_two import limber_spectra

from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.tracers.redshift_space import VelocityGrid, velocity_counts
from jaxlike.theory.universe.growth import growth_factor, growth_rate
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes, Sight

STEP = 0.0025
Z = STEP * np.arange(800)
RULE = np.full(Z.size, STEP)


def gaussians(*shapes):
    n = np.stack([np.exp(-0.5 * ((Z - mean) / sigma) ** 2) for mean, sigma in shapes])
    return n / (n @ RULE)[:, None]


LENS = gaussians((0.35, 0.08), (0.6, 0.1), (0.5, 0.012))
SOURCE = gaussians((0.6, 0.15), (1.0, 0.2))
PAIRS = three_by_two.all_pairs(3, 2)
BIAS, ALPHA, A_IA = np.array([1.3, 1.7, 1.5]), np.array([1.6, 2.2, 1.9]), np.array([0.7, -0.4])
NUISANCE = three_by_two.Nuisance(jnp.asarray(BIAS), jnp.zeros(2), jnp.asarray(A_IA), 0.0, 0.62)


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    """Multipoles from 2 to 1900."""
    return Nodes.build(Z, 120, np.arange(26, 148, 8), z_max=1.9)


@pytest.fixture(scope="module")
def cosmo(universe):
    return universe(radiation=False, T_cmb=2.726)


@pytest.fixture(scope="module")
def power_and_sight(cosmo, nodes):
    """Linear P at the Limber points, and the line of sight."""
    grid = PowerGrid.build(nodes)
    model = {"linear": "eisenstein_hu", "nonlinear": "linear"}
    return jax.jit(lambda c: limber_power(c, nodes, grid, **model))(cosmo)


def weights(nodes, los, nuisance=NUISANCE, lens=LENS, pairs=PAIRS, **options):
    """Weights without and with what the options add."""

    @jax.jit
    def compute(los, nuisance, lens):
        given = nodes, los, pairs, lens, jnp.asarray(SOURCE), RULE, nuisance
        plain = three_by_two.pair_weights(*given)
        return plain, three_by_two.pair_weights(*given, **options)

    return compute(los, nuisance, jnp.asarray(lens))


@pytest.fixture(scope="module")
def ccl_spectra(cosmo, nodes):
    """Function from the terms of the counts to CCL's spectra (counts, cross), same linear power."""
    ccl = pytest.importorskip("pyccl", reason="CCL is not installed")
    universe = ccl.Cosmology(
        Omega_c=cosmo.Omega_m - cosmo.Omega_b, Omega_b=cosmo.Omega_b, h=cosmo.h, n_s=cosmo.n_s,
        sigma8=cosmo.sigma8, Omega_g=0, Neff=0, T_CMB=2.726,
        transfer_function="eisenstein_hu", matter_power_spectrum="linear",
    )  # fmt: skip
    z, same = Z[1:], np.ones(Z.size - 1)

    def spectra(magnification, rsd):
        lens = [
            ccl.NumberCountsTracer(
                universe, has_rsd=rsd, dndz=(z, n[1:]), bias=(z, b * same), n_samples=1000,
                mag_bias=(z, alpha / 2.5 * same) if magnification else None,
            )
            for n, b, alpha in zip(LENS, BIAS, ALPHA, strict=True)
        ]  # fmt: skip
        source = [
            ccl.WeakLensingTracer(universe, dndz=(z, n[1:]), ia_bias=(z, A * same), n_samples=1000)
            for n, A in zip(SOURCE, A_IA, strict=True)
        ]
        counts = [ccl.angular_cl(universe, lens[i], lens[j], nodes.ell) for i, j in PAIRS.counts]
        cross = [ccl.angular_cl(universe, lens[i], source[j], nodes.ell) for i, j in PAIRS.cross]
        return np.stack(counts), np.stack(cross)

    return spectra


@pytest.mark.parametrize(("magnification", "rsd"), [(False, False), (True, False), (True, True)])
def test_ccl_has_the_same_spectra(nodes, power_and_sight, ccl_spectra, magnification, rsd):
    """To 1e-3 of a spectrum, or of a tenth of its geometric mean where bins hardly overlap."""
    power, los = power_and_sight
    _, found = weights(
        nodes,
        los,
        magnification=jnp.asarray(2 * (ALPHA - 1)) if magnification else None,
        rsd=rsd,
        prefactors=True,
    )
    spectra = limber_spectra(nodes, found, power, prefactors=True)
    counts, cross = ccl_spectra(magnification, rsd)
    auto = counts[np.flatnonzero(PAIRS.counts[:, 0] == PAIRS.counts[:, 1])]
    i, j = PAIRS.counts.T
    size = np.maximum(np.abs(counts), 0.1 * np.sqrt(auto[i] * auto[j]))
    assert np.max(np.abs(spectra.counts - counts) / size) < 1e-3
    assert np.max(np.abs(spectra.cross - cross) / np.abs(cross)) < 1e-3


def test_they_matter(nodes, power_and_sight):
    """Magnification correlates distant bins, and velocities the large scales of narrow ones."""
    power, los = power_and_sight
    plain, both = weights(nodes, los, magnification=jnp.asarray(2 * (ALPHA - 1)), rsd=True)
    one, other = (np.asarray(limber_spectra(nodes, w, power).counts) for w in (plain, both))
    ratio = other / one
    assert ratio[5, 0] > 1.3
    assert abs(ratio[0, -1] - 1) < 0.01


def test_neither_is_the_plain_weights(nodes, power_and_sight):
    _, los = power_and_sight
    nuisance = replace(NUISANCE, m=jnp.array([0.1, -0.05]))
    plain, same = weights(nodes, los, nuisance)
    for field in ("counts", "cross"):
        one, other = (np.asarray(getattr(w, field)) for w in (plain, same))
        np.testing.assert_allclose(one, other, atol=1e-11 * np.abs(one).max())
    np.testing.assert_array_equal(plain.shear, same.shear)


def test_an_evolving_bias_is_the_same_on_lattice_and_nodes(nodes, power_and_sight):
    power, los = power_and_sight
    evolving = replace(NUISANCE, bias=jnp.asarray(BIAS)[:, None] * (1 + nodes.z) ** 1.5)
    plain, same = (limber_spectra(nodes, w, power) for w in weights(nodes, los, evolving))
    for field in ("counts", "cross"):
        np.testing.assert_allclose(getattr(plain, field), getattr(same, field), rtol=1e-4)


def test_a_selection_of_pairs_and_a_shorter_lattice(nodes, power_and_sight):
    _, los = power_and_sight
    options = {"magnification": jnp.asarray(2 * (ALPHA - 1)), "rsd": True}
    every = weights(nodes, los, **options)[1]
    some = three_by_two.Pairs(
        np.array([[0, 0], [1, 1], [2, 2]]), np.array([[0, 1], [2, 0]]), PAIRS.shear
    )
    found = weights(nodes, los, lens=LENS[:, :480], pairs=some, **options)[1]
    for field in ("counts", "cross"):
        known = getattr(PAIRS, field).tolist()
        rows = [known.index(pair) for pair in getattr(some, field).tolist()]
        whole, part = (np.asarray(getattr(w, field)) for w in (every, found))
        np.testing.assert_allclose(part, whole[rows], atol=2e-5 * np.abs(whole).max())


def test_velocities_of_a_wide_survey_cancel(nodes, power_and_sight):
    """f n minus itself a little further away: a derivative along the line of sight."""
    _, los = power_and_sight
    grid = VelocityGrid.build(nodes, 0, Z.size)
    compute = jax.jit(lambda los, lens: velocity_counts(Sight.of(nodes, los), grid, lens))
    found = np.asarray(compute(los, jnp.asarray(LENS)))
    assert found.shape == (3, nodes.ell.size, Z.size)
    size = np.abs(found).max(axis=(0, 2))
    assert np.all(np.diff(size) < 0)
    assert size[-1] < 3e-3 * size[0]


def test_growth_rate_from_growth_at_the_nodes(cosmo, nodes, power_and_sight):
    def found(nodes, los):
        return VelocityGrid.build(nodes, 0, Z.size).rate @ np.log(los.growth)

    _, los = power_and_sight
    expected = jax.jit(lambda c: growth_rate(c, Z[1:750]))(cosmo)
    np.testing.assert_allclose(found(nodes, los)[1:750], expected, rtol=2e-4)
    coarse = Nodes.build(Z, 24, nodes.ell_lattice, z_max=1.9)
    los = jax.jit(lambda c: LineOfSight.of(c, coarse, growth_factor(c, coarse.z)))(cosmo)
    np.testing.assert_allclose(found(coarse, los)[1:750], expected, rtol=2e-3)
