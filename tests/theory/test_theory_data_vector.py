"""From bins and angles to a data vector: each point its own C_ell, any selection of probes."""

import jax
import numpy as np
import pytest
from three_by_two import Prediction, angular, flat

from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.universe.line_of_sight import N_LATTICE, z_nodes

ARCMIN = np.pi / 180 / 60
THETA = np.geomspace(5, 200, 6) * ARCMIN
EDGES = np.linspace(0, 1.8, 91)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2
PAIRS = {
    "xi_plus": [(0, 0), (0, 1), (1, 1)],
    "xi_minus": [(0, 0), (1, 1)],
    "gamma_t": [(0, 0), (0, 1), (1, 1)],
    "w": [(0, 0), (1, 1)],
}
NUISANCE = {
    "b1": 1.5, "b2": 1.8, "m1": 0.01, "m2": -0.02, "A_IA": 0.5, "alpha_IA": 0.3, "z0_IA": 0.62,
    "dz_lens1": 0.003, "dz_lens2": -0.004, "dz_source1": 0.01, "dz_source2": -0.01,
}  # fmt: skip


def gaussian_bins(centres, width):
    return Histogram(EDGES, np.stack([np.exp(-0.5 * ((MIDDLE - c) / width) ** 2) for c in centres]))


LENS, SOURCE = redshift.build(
    [gaussian_bins((0.3, 0.5), 0.04), gaussian_bins((0.6, 0.95), 0.15)], "kde", 0.006
)


def build(statistics=tuple(PAIRS), lens=LENS, source=SOURCE, **options):
    blocks = [angular(s, PAIRS[s], THETA) for s in statistics]
    defaults = {"n_z": 24, "z_max": 1.5, "ell_lattice": np.arange(0, 212, 4)}
    return Prediction.build(blocks, lens, source, **defaults | {"nonlinear": "linear"} | options)


THEORY = build()


@pytest.fixture(scope="module")
def compute():
    """Function from a cosmology and parameters to the whole data vector; one compilation."""
    return jax.jit(THEORY.data_vector)


@pytest.fixture(scope="module")
def vector(universe, compute):
    """The whole data vector."""
    return np.asarray(compute(universe(), NUISANCE))


def test_shape_and_sizes(vector):
    assert vector.shape == (6 * sum(len(pairs) for pairs in PAIRS.values()),)
    assert np.all(np.isfinite(vector))
    w = vector[-12:-6]
    assert np.all(np.diff(w) < 0)  # clustering falls with angle
    assert 0.01 < w[0] < 2


@pytest.fixture(scope="module")
def spectra(universe):
    """C_ell of every pair at the nodes."""

    @jax.jit
    def compute(cosmo, nuisance):
        return THEORY.spectra(THEORY.universe(cosmo), nuisance)

    return jax.tree.map(np.asarray, compute(universe(), NUISANCE))


def test_every_point_is_a_projection_of_its_own_spectrum(vector, spectra):
    groups = {"w": 0, "gamma_t": 1, "xi_plus": 2, "xi_minus": 2}
    expected = []
    for statistic, pairs in PAIRS.items():
        matrix = flat(statistic, THETA, THEORY.nodes.ell)
        known = THEORY.survey.groups[groups[statistic]].bins
        rows = spectra[groups[statistic]].E
        expected += [matrix @ rows[known.index(pair)] for pair in pairs]
    np.testing.assert_allclose(vector, np.concatenate(expected), rtol=1e-10)


def test_points_on_spectra_say_the_same(vector, spectra):
    stacked = np.concatenate([group.E for group in spectra])
    weights, rows = THEORY.survey.points_on_spectra(THEORY.theory)
    np.testing.assert_allclose(np.sum(weights * stacked[rows], axis=1), vector, rtol=1e-10)


@pytest.mark.parametrize(
    "statistics", [("xi_plus", "xi_minus"), ("gamma_t", "w"), ("w",), ("gamma_t",), ("xi_minus",)]
)
def test_selections_are_parts_of_the_whole(universe, vector, statistics):
    counts = {s: 6 * len(pairs) for s, pairs in PAIRS.items()}
    ends = dict(zip(PAIRS, np.cumsum(list(counts.values())), strict=True))
    lens = LENS if {"w", "gamma_t"} & set(statistics) else LENS.without_bins()
    source = SOURCE if set(statistics) - {"w"} else SOURCE.without_bins()
    theory = build(statistics, lens, source)
    nuisance = {
        name: value
        for name, value in NUISANCE.items()
        if not (name[0] in "b" or "lens" in name) or lens.n_bin
    }
    found = jax.jit(theory.data_vector)(universe(), nuisance)
    expected = [vector[ends[s] - counts[s] : ends[s]] for s in PAIRS if s in statistics]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-9)


def test_order_of_bins_of_one_field_is_free(universe, vector):
    """xi_21 is xi_12."""
    blocks = [angular("xi_plus", [(1, 0)], THETA)]
    theory = Prediction.build(
        blocks, LENS.without_bins(), SOURCE, n_z=24, z_max=1.5,
        ell_lattice=np.arange(0, 212, 4), nonlinear="linear",
    )  # fmt: skip
    found = jax.jit(theory.data_vector)(universe(), NUISANCE)
    np.testing.assert_allclose(found, vector[6:12], rtol=1e-10)


def test_bias_and_calibration(universe, vector, compute):
    biased = compute(universe(), NUISANCE | {"b1": 3.0})
    np.testing.assert_allclose(biased[-12:-6], 4 * vector[-12:-6], rtol=1e-12)
    np.testing.assert_allclose(biased[-6:], vector[-6:], rtol=1e-12)
    calibrated = compute(universe(), NUISANCE | {"m1": 1.02})
    np.testing.assert_allclose(calibrated[:6], 4 * vector[:6], rtol=1e-12)


def test_prefactors_act_on_shear_alone(universe, vector):
    """They are 1 - O(1 / ell^2): per cents of shear at 200 arcmin, less below; nothing of w."""
    found = jax.jit(build(prefactors=True).data_vector)(universe(), NUISANCE)
    ratio = np.asarray(found) / vector
    np.testing.assert_array_equal(ratio[-12:], 1)
    assert 1e-5 < np.abs(ratio[:18] - 1).max() < 0.06


def test_missing_nuisance_parameter(universe):
    with pytest.raises(KeyError, match="b2"):
        jax.eval_shape(
            THEORY.data_vector, universe(), {k: v for k, v in NUISANCE.items() if k != "b2"}
        )


@pytest.fixture(scope="module")
def fine(universe):
    """Theory on dense nodes, its vector, and a covariance of one per cent errors."""
    theory = build(n_z=96, ell_lattice=None)
    truth = np.asarray(jax.jit(theory.data_vector)(universe(), NUISANCE))
    return theory, truth, np.diag(1 / (0.01 * np.abs(truth) + 1e-3 * np.abs(truth).min()))


@pytest.fixture(scope="module")
def chosen(universe, fine):
    """Tolerance -> theory on the nodes chosen for it, and the error estimate."""
    theory, _, whiten = fine
    points = [(universe(Omega_m=x), NUISANCE) for x in (0.3, 0.35)]
    return {t: theory.on_chosen_nodes(points, whiten, t) for t in (0.3, 1e-3, 0.0)}


@pytest.mark.parametrize("tolerance", [0.3, 1e-3])
def test_nodes_are_chosen_by_their_error(universe, fine, chosen, tolerance):
    """The estimate is within the tolerance, the actual error within a factor 3 of it."""
    theory, truth, whiten = fine
    coarse, choice = chosen[tolerance]
    found = np.asarray(jax.jit(coarse.data_vector)(universe(), NUISANCE))
    actual = np.sum((whiten @ (found - truth)) ** 2)
    assert choice.error < tolerance
    assert actual < 3 * tolerance
    assert coarse.nodes.z.size < theory.nodes.z.size
    assert coarse.nodes.ell.size < theory.nodes.ell.size


def test_a_smaller_tolerance_needs_more_nodes(chosen):
    loose, tight = (chosen[t][0].nodes for t in (0.3, 1e-3))
    assert tight.z.size > loose.z.size
    assert tight.ell.size > loose.ell.size


def test_no_tolerance_keeps_every_node(fine, chosen):
    """Every multipole, and the most redshifts that there may be; what they cost is estimated."""
    theory, _, _ = fine
    kept, choice = chosen[0.0]
    assert choice.error > 0
    assert kept.nodes.ell.size == theory.nodes.ell.size == N_LATTICE
    assert kept.nodes.z.size == choice.n_z == 192
    np.testing.assert_allclose(kept.nodes.z, z_nodes(192, kept.nodes.z[-1]))


def test_with_nodes_changes_the_nodes_alone(fine):
    theory, _, _ = fine
    other = theory.with_nodes(n_z=20, z_max=1.2, ell_lattice=np.arange(0, 200, 5))
    assert other.nodes.z[-1] == pytest.approx(1.2)
    np.testing.assert_array_equal(other.theory.point, theory.theory.point)
    assert other.survey.blocks == theory.survey.blocks
    # the projection onto the new nodes is that onto the old ones, spline for spline
    smooth = 1e-6 / (1 + (other.nodes.ell / 30) ** 1.4)
    between = cl_matrix(theory.nodes.ell, other.nodes.ell) @ smooth
    np.testing.assert_allclose(
        other.theory.projections[0] @ smooth, theory.theory.projections[0] @ between, rtol=2e-3
    )
