"""Any number of samples in one survey, and one program for all surveys of a structure."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from three_by_two import angular, survey_of

from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics.data_vector import Survey
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.counts import Counts
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.shapes import Shapes
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

THETA = np.geomspace(5, 200, 4) * np.pi / 180 / 60
EDGES = np.linspace(0, 1.8, 91)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2
OPTIONS = {
    "bias": "constant", "magnification": True, "rsd": False, "ell_prefactors": True,
    "alignment": "nla_per_bin",
}  # fmt: skip


def gaussian_bins(*shapes):
    rows = [np.exp(-0.5 * ((MIDDLE - middle) / width) ** 2) for middle, width in shapes]
    return Histogram(EDGES, np.stack(rows))


NEAR, FAR = ((0.3, 0.05), (0.5, 0.05)), ((0.4, 0.06), (0.7, 0.06), (0.8, 0.07))
WIDE, DEEP = ((0.6, 0.15), (0.95, 0.15)), ((0.8, 0.2),)
TABLES = {"near": NEAR, "far": FAR, "wide": WIDE, "deep": DEEP, "both": WIDE + DEEP}
FOUND = redshift.build([gaussian_bins(*shapes) for shapes in TABLES.values()], "kde", 0.006)
NZ = dict(zip(TABLES, FOUND, strict=True))
OF_LENS = {"b": (1.2, 1.5, 1.9), "alpha_mag": (1.4, 2.0, 2.3), "dz_lens": (0.004, -0.003, 0.002)}
OF_SOURCE = {"A_IA": (0.7, -0.4, 1.1), "m": (0.01, -0.02, 0.03), "dz_source": (0.01, -0.01, 0.02)}


def numbered(values, which=slice(None)):
    """Parameters of the bins that a sample has of a table's."""
    return {
        f"{stem}{i + 1}": value
        for stem, row in values.items()
        for i, value in enumerate(row[which])
    }


LENS = {"near": numbered(OF_LENS), "far": numbered(OF_LENS, slice(None, None, -1))}
EVOLUTION = {"alpha_IA": 0.3, "z0_IA": 0.62}
SOURCE = {
    "wide": EVOLUTION | numbered(OF_SOURCE, slice(2)),
    "deep": EVOLUTION | numbered(OF_SOURCE, slice(2, 3)),
    "both": EVOLUTION | numbered(OF_SOURCE),
}
PARAMETERS = LENS | SOURCE
AUTO, SHEAR = [(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 1)]
CROSS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def survey(names, *blocks):
    """Samples of these names, in that order."""
    kinds = {name: Counts if name in LENS else Shapes for name in names}
    tracers = tuple(kind.of(NZ[name], OPTIONS) for name, kind in kinds.items())
    return Survey(tracers, blocks, NZ["both"].z, NZ["both"].weights)


NODES = Nodes.build(NZ["both"].z, 20, np.arange(0, N_LATTICE, 5), z_max=1.6)
MODELS = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
GRID = UniverseGrid.build(NODES, **MODELS)


@pytest.fixture(scope="module")
def vector(universe):
    """Function from samples and blocks to the data vector and to the C_ell by pairs of samples."""
    sight = jax.jit(GRID.universe)(universe())

    def compute(names, *blocks):
        theory = survey(names, *blocks).on(NODES)

        @jax.jit
        def both(parameters):
            spectra = theory.spectra(sight, parameters)
            return spectra, theory.project(spectra)

        spectra, whole = both([PARAMETERS[name] for name in names])
        cl = {
            (names[group.first], i, names[group.second], j): np.asarray(row)
            for group, found in zip(theory.groups, spectra, strict=True)
            for (i, j), row in zip(group.bins, found.E, strict=True)
        }
        return np.asarray(whole), cl

    return compute


def assert_same(found, expected):
    """C_ell to rounding, of a spectrum that may cross zero."""
    size = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * size)


def test_two_samples_of_lenses(vector):
    """Each with the sources is what it is alone; both have cross spectra of their own."""
    far_cross, far_auto = [*CROSS, (2, 1)], [*AUTO, (2, 2)]
    whole, cl = vector(
        ("near", "far", "wide"),
        angular("xi_plus", SHEAR, THETA, (2, 2)),
        angular("gamma_t", CROSS, THETA, (0, 2)),
        angular("gamma_t", far_cross, THETA, (1, 2)),
        angular("w", AUTO, THETA, (0, 0)),
        angular("w", far_auto, THETA, (1, 1)),
        angular("w", [(1, 0), (0, 2)], THETA, (0, 1)),
    )
    ends = np.cumsum([3, 4, 5, 2, 3]) * THETA.size
    xi_plus, of_near, of_far, w_near, w_far, w_both = np.split(whole, ends)
    for name, cross, auto, parts in (
        ("near", CROSS, AUTO, (xi_plus, of_near, w_near)),
        ("far", far_cross, far_auto, (xi_plus, of_far, w_far)),
    ):
        alone, one = vector(
            (name, "wide"),
            angular("xi_plus", SHEAR, THETA, (1, 1)),
            angular("gamma_t", cross, THETA, (0, 1)),
            angular("w", auto, THETA, (0, 0)),
        )
        np.testing.assert_allclose(np.concatenate(parts), alone, rtol=1e-9)
        for pair, row in one.items():
            assert_same(cl[pair], row)
    # the second bin of `near` is where the first of `far` is
    assert np.all(w_both[: THETA.size] > 0)
    assert ("near", 1, "far", 0) in cl


@pytest.mark.parametrize("samples", [(0, 1), (1, 0)])
def test_two_samples_of_sources(vector, samples):
    """Two with a cross spectrum are what one sample of all their bins is, in any order."""
    one_order = [(0, 0), (1, 0)]
    pairs = one_order if samples == (0, 1) else [(j, i) for i, j in one_order]
    whole, cl = vector(
        ("wide", "deep"),
        angular("xi_plus", SHEAR, THETA, (0, 0)),
        angular("xi_plus", [(0, 0)], THETA, (1, 1)),
        angular("xi_minus", pairs, THETA, samples),
    )
    expected, one = vector(
        ("both",),
        angular("xi_plus", [*SHEAR, (2, 2)], THETA, (0, 0)),
        angular("xi_minus", [(0, 2), (1, 2)], THETA, (0, 0)),
    )
    np.testing.assert_allclose(whole, expected, rtol=1e-9)
    where = {0: ("wide", 0), 1: ("wide", 1), 2: ("deep", 0)}
    for (_, i, _, j), row in one.items():
        assert_same(cl[*where[i], *where[j]], row)
    alone, one = vector(("deep",), angular("xi_plus", [(0, 0)], THETA, (0, 0)))
    assert_same(cl["deep", 0, "deep", 0], one["deep", 0, "deep", 0])
    np.testing.assert_allclose(whole[3 * THETA.size : 4 * THETA.size], alone, rtol=1e-9)


@cache
def other_data(shift):
    """Surveys of one structure whose n(z), angles and C_ell at them are not the same."""
    wave = 1 + shift * np.sin(9 * MIDDLE)
    bins = [Histogram(EDGES, wave * gaussian_bins(*s).counts) for s in (NEAR, WIDE)]
    lens, source = redshift.build(bins, "kde", 0.006)
    blocks = [
        angular("xi_plus", SHEAR, THETA * (1 + shift)),
        angular("gamma_t", CROSS, THETA * (1 + shift)),
        angular("w", AUTO, THETA * (1 + shift)),
    ]
    options = {"magnification": True, "rsd": True, "alignment": "tatt", "prefactors": True}
    one = survey_of(blocks, lens, source, **options)
    nodes = Nodes.build(one.z, 16, np.arange(0, N_LATTICE, 8), z_max=1.302 + shift / 2)
    grid = UniverseGrid.build(nodes, **MODELS, loops=("tides",))
    return one.on(nodes), grid


def test_one_program_serves_all_surveys_of_a_structure(universe):
    """Arrays are arguments: other ones compile nothing, and mean what closing over them means."""
    cosmo, traced = universe(), []
    parameters = {**LENS["near"], **SOURCE["wide"], "A_IA": 0.5, "A2_IA": -1.0}

    @jax.jit
    def total(theory, grid, cosmo, parameters):
        traced.append(1)
        vector = theory.data_vector(grid.universe(cosmo), [parameters] * 2)
        return jnp.sum(jnp.log(jnp.abs(vector)))

    with_slope = jax.jit(jax.value_and_grad(total, argnums=3))
    found = []
    for shift in (0.0, 0.01):
        theory, grid = other_data(shift)
        value, slopes = with_slope(theory, grid, cosmo, parameters)
        found.append((value, theory, grid))
        assert np.all(np.isfinite(list(slopes.values())))
    assert with_slope._cache_size() == 1
    assert len(traced) == 1
    assert abs(float(found[0][0] - found[1][0])) > 1e-3
    for value, theory, grid in found:
        closed = jax.jit(lambda p, t=theory, g=grid: total(t, g, cosmo, p))
        assert float(closed(parameters)) == pytest.approx(float(value), rel=1e-9)


def test_another_structure_is_another_program():
    """Bins, statistics and options are structure; n(z), angles and nodes are not."""
    one, other = (jax.tree.structure(other_data(shift)) for shift in (0.0, 0.01))
    assert one == other
    assert hash(one) == hash(other)
    theory, _ = other_data(0.0)
    fewer = survey(("near", "wide"), angular("w", AUTO, THETA, (0, 0))).on(NODES)
    assert jax.tree.structure(fewer) != jax.tree.structure(theory)


def test_memory_of_a_point_grows_with_nodes_haloes_and_loops():
    finer = Nodes.build(NZ["both"].z, 40, np.arange(0, N_LATTICE, 5), z_max=1.6)
    larger = [
        UniverseGrid.build(finer, **MODELS),
        UniverseGrid.build(NODES, linear=MODELS["linear"], nonlinear="hmcode2020"),
        UniverseGrid.build(NODES, **MODELS, loops=("tides",)),
    ]
    assert all(one.temporary > GRID.temporary for one in larger)
