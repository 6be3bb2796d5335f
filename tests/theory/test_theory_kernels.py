"""Kernels against direct integrals, and how nuisance parameters enter the Limber weights."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two
from scipy.interpolate import make_interp_spline

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.tracers.alignment import nla_amplitude
from jaxlike.theory.tracers.terms import lensing_weight
from jaxlike.theory.universe.background import comoving_distance, curvature_functions
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes, Sight

STEP = 0.0025
Z = STEP * np.arange(800)
WEIGHTS = np.full(Z.size, STEP)
LENS = np.stack([np.exp(-0.5 * ((Z - z0) / 0.08) ** 2) for z0 in (0.35, 0.6)])
SOURCE = np.stack([np.exp(-0.5 * ((Z - z0) / 0.15) ** 2) for z0 in (0.5, 0.8, 1.1)])
LENS, SOURCE = (n / (n @ WEIGHTS)[:, None] for n in (LENS, SOURCE))
PLAIN = three_by_two.Nuisance(jnp.ones(2), jnp.zeros(3), 0.0, 0.0, 0.62)


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    return Nodes.build(Z, 40, np.arange(0, 200, 10), z_max=1.9)


@pytest.fixture(scope="module")
def sight(universe, nodes):
    """Function from a curvature to the line of sight."""

    @jax.jit
    def compute(c):
        return LineOfSight.of(c, nodes, growth_factor(c, nodes.z))

    return lambda Omega_k=0.0: compute(universe(Omega_k=Omega_k))


@jax.jit
def efficiency(nodes, los):
    return lensing_weight(Sight.of(nodes, los), SOURCE)


def weights(nodes, los, nuisance=PLAIN, pairs=None, lens=LENS, source=SOURCE):
    pairs = three_by_two.all_pairs(2, 3) if pairs is None else pairs
    found = three_by_two.pair_weights(nodes, los, pairs, lens, source, WEIGHTS, nuisance)
    return jax.tree.map(np.asarray, found)


@pytest.mark.parametrize("Omega_k", [0.0, 0.15, -0.15])
def test_lensing_efficiency_is_the_double_integral(universe, nodes, sight, Omega_k):
    """(3/2) Omega_m H0^2 (1 + z) int n f_k(chi' - chi) / f_k(chi') dz', with sin or sinh itself."""
    c = universe(Omega_k=Omega_k)
    found = efficiency(nodes, sight(Omega_k))
    fine = np.linspace(1e-4, Z[-1], 6001)
    n = np.stack([np.interp(fine, Z, row) for row in SOURCE])

    @jax.jit  # Omega_k = 0 is a number, which says beforehand that space is flat
    def closeness():
        chi, chi_node = comoving_distance(c, fine), comoving_distance(c, nodes.z)
        between = jnp.maximum(chi - chi_node[:, None], 0.0)
        return curvature_functions(Omega_k, between)[0] / curvature_functions(Omega_k, chi)[0]

    ratio = np.asarray(closeness())
    integral = np.trapezoid(n[:, None] * ratio, fine)
    expected = 1.5 * 0.3 / HUBBLE_DISTANCE**2 * (1 + nodes.z) * integral
    np.testing.assert_allclose(found, expected, atol=3e-5 * expected.max())


def test_curvature_changes_the_lensing_efficiency(nodes, sight):
    """An Omega_k that is accepted is used: at a fixed chi it moves the efficiency itself."""
    flat, curved = sight(), sight(0.1)
    same_distances = replace(curved, chi=flat.chi)
    one, two = (np.asarray(efficiency(nodes, los)) for los in (flat, same_distances))
    assert np.abs(two / one - 1)[:, 10:20].max() > 0.01


def test_counts_are_the_overlap_of_the_distributions(nodes, sight):
    """sum_q w_q G(z_q) = int n_i n_j H / f_k^2 G dz."""
    los = sight()
    found = weights(nodes, los).counts
    smooth = np.exp(-nodes.z)
    density = np.asarray(los.hubble / los.f_k**2)
    fine = np.exp(make_interp_spline(nodes.z, np.log(density), k=3)(Z[4:]))
    for (i, j), row in zip(three_by_two.all_pairs(2, 3).counts, found, strict=True):
        overlap = np.asarray(LENS[i] * LENS[j] * WEIGHTS)[4:]
        expected = float(np.sum(overlap * np.exp(-Z[4:]) * fine))
        assert float(row @ smooth) == pytest.approx(expected, rel=2e-4)


def test_bias_and_calibration_are_factors(nodes, sight):
    los, pairs = sight(), three_by_two.all_pairs(2, 3)
    nuisance = three_by_two.Nuisance(
        np.array([1.5, 2.0]), np.array([0.1, -0.2, 0.0]), 0.7, 0.4, 0.62
    )
    plain = weights(nodes, los, replace(nuisance, bias=np.ones(2), m=np.zeros(3)))
    found = weights(nodes, los, nuisance)
    b, response = nuisance.bias, 1 + nuisance.m
    for field, first, second in (
        ("counts", b, b),
        ("cross", b, response),
        ("shear", response, response),
    ):
        i, j = getattr(pairs, field).T
        factor = (first[i] * second[j])[:, None]
        np.testing.assert_allclose(getattr(found, field), factor * getattr(plain, field))


def test_alignment_enters_as_its_definition_says(nodes, sight):
    """Shear responds with q + F n H / f_k: linear in GI, quadratic in II, absent in counts."""
    los = sight()
    none, plus, minus = (
        weights(nodes, los, replace(PLAIN, A_IA=a, alpha_IA=0.5)) for a in (0.0, 1.0, -1.0)
    )
    np.testing.assert_array_equal(plus.counts, none.counts)
    size = np.abs(none.cross).max()
    np.testing.assert_allclose(plus.cross + minus.cross, 2 * none.cross, atol=1e-12 * size)
    intrinsic = (plus.shear + minus.shear) / 2 - none.shear
    F = np.asarray(nla_amplitude(0.3, los.growth, nodes.z, 1.0, 0.5, 0.62))
    # II is the overlap of two source bins with F^2, as counts are that of two lens bins
    as_lenses = three_by_two.Nuisance(jnp.ones(3), jnp.zeros(0), 0.0, 0.0, 0.62)
    overlap = three_by_two.pair_weights(
        nodes, los, three_by_two.all_pairs(3, 0), SOURCE, SOURCE[:0], WEIGHTS, as_lenses
    ).counts
    overlap = np.asarray(overlap)
    scale = np.abs(overlap * F**2).max()
    np.testing.assert_allclose(intrinsic, overlap * F**2, atol=1e-12 * scale)


def test_a_selection_of_pairs_is_that_of_all(nodes, sight):
    los, every = sight(), three_by_two.all_pairs(2, 3)
    everything = weights(nodes, los)
    some = three_by_two.Pairs(
        counts=np.array([[0, 0], [1, 1]]),
        cross=np.array([[0, 2], [1, 0]]),
        shear=np.array([[0, 1], [2, 2]]),
    )
    found = weights(nodes, los, pairs=some)
    for field in ("counts", "cross", "shear"):
        known = getattr(every, field).tolist()
        rows = [known.index(pair) for pair in getattr(some, field).tolist()]
        np.testing.assert_allclose(
            getattr(found, field), getattr(everything, field)[np.array(rows)]
        )


def test_every_pair_once():
    pairs = three_by_two.all_pairs(5, 4)
    assert [len(x) for x in (pairs.counts, pairs.cross, pairs.shear)] == [15, 20, 10]
    assert np.all(pairs.counts[:, 0] <= pairs.counts[:, 1])


def test_no_lenses_and_no_sources(nodes, sight):
    los = sight()
    shear = three_by_two.pair_weights(
        nodes,
        los,
        three_by_two.all_pairs(0, 3),
        LENS[:0],
        SOURCE,
        WEIGHTS,
        replace(PLAIN, bias=LENS[:0, 0]),
    )
    np.testing.assert_allclose(shear.shear, weights(nodes, los).shear)
    assert shear.counts.shape == shear.cross.shape == (0, nodes.z.size)


@pytest.mark.parametrize("z_max", [Z[-1], 0.7])
def test_galaxies_beyond_the_last_node(universe, z_max):
    """They are sources behind all that is nearer; their own clustering is left out, no error."""
    short = Nodes.build(Z, 40, np.arange(0, 200, 10), z_max=z_max)
    los = jax.jit(lambda c: LineOfSight.of(c, short, growth_factor(c, short.z)))(universe())
    found = weights(short, los, replace(PLAIN, A_IA=1.0))
    assert all(bool(np.all(np.isfinite(x))) for x in jax.tree.leaves(found))
    nearer = efficiency(short, los)
    assert np.all(np.asarray(nearer)[1:, -1] > 0) == (z_max < 1)


def test_a_shorter_lattice_for_the_lenses(nodes, sight):
    """Lenses may be given on the first part of the lattice alone."""
    los = sight()
    short = weights(nodes, los, lens=LENS[:, :450])
    whole = weights(nodes, los)
    for field in ("counts", "cross", "shear"):
        one, two = getattr(short, field), getattr(whole, field)
        np.testing.assert_allclose(one, two, atol=1e-6 * np.abs(np.asarray(two)).max())


def test_multipole_prefactors():
    """sqrt((ell+2)!/(ell-2)!)/(ell+1/2)^2: zero below the quadrupole, near one far above."""
    once, twice = three_by_two.ell_prefactors(np.array([0.1, 1.0, 2.0, 10.0, 1000.0]))
    np.testing.assert_allclose(once[:2], 0)
    assert float(once[2]) == pytest.approx(np.sqrt(24) / 2.5**2)
    assert float(once[3]) == pytest.approx(np.sqrt(12 * 11 * 10 * 9) / 10.5**2)
    assert float(once[4]) == pytest.approx(1 - 1.25 / 1000.5**2, abs=1e-11)
    np.testing.assert_allclose(twice, once**2)
