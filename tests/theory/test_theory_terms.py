"""What comes from outside the package: a tracer, a statistic, a model of alignment."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two
from three_by_two import Prediction, angular, block

from jaxlike.theory.declarations import Declared
from jaxlike.theory.power.fields import WEIGHTED_TIDE
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics import STATISTICS, Statistic, angular_spectra
from jaxlike.theory.statistics.data_vector import Survey
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.statistics.registry import Points
from jaxlike.theory.tracers import TRACERS, Seen, Term, redshift
from jaxlike.theory.tracers.alignment import ALIGNMENTS, linear_term
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.tracers.terms import dndz_of
from jaxlike.theory.universe.background import hubble, transverse_distance
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

ELL = np.array([20.0, 100.0, 600.0])
THETA = np.geomspace(5, 200, 4) * np.pi / 180 / 60
EDGES = np.linspace(0, 1.8, 91)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2


def gaussian_bins(centres, width):
    rows = [np.exp(-0.5 * ((MIDDLE - c) / width) ** 2) for c in centres]
    return Histogram(EDGES, np.stack(rows))


SHAPES = ((0.3, 0.5), 0.05), ((0.4, 0.7), 0.06), ((0.6, 0.95), 0.15)
NEAR, FAR, WIDE = redshift.build([gaussian_bins(*shape) for shape in SHAPES], "kde", 0.006)
LENS = {"b1": 1.4, "b2": 1.9, "dz_lens1": 0.004, "dz_lens2": -0.003}
SOURCE = {
    "A_IA": 0.5, "alpha_IA": 0.3, "z0_IA": 0.62, "m1": 0.01, "m2": -0.02,
    "dz_source1": 0.01, "dz_source2": -0.01,
}  # fmt: skip
FEW = {"n_z": 24, "z_max": 1.305, "ell_lattice": np.arange(0, N_LATTICE, 4), "nonlinear": "linear"}


def spectra_block(statistic, pairs, samples=None):
    """C_ell at three multipoles."""
    return block(statistic, pairs, ELL.size, lambda nodes: cl_matrix(ELL, nodes), samples)


def grid_of(survey, *, n_z=24, step=4, **options):
    nodes = Nodes.build(survey.z, n_z, np.arange(0, N_LATTICE, step), z_max=FEW["z_max"])
    return UniverseGrid.build(nodes, nonlinear="linear", **options)


def assert_slope(function, point, rtol=1e-5):
    """The gradient along all of a dictionary of numbers, against finite differences."""
    compute = jax.jit(jax.value_and_grad(function))
    _, slopes = compute(point)
    for name, slope in slopes.items():
        step = 1e-4 * (abs(point[name]) or 1.0)
        high, low = (float(compute({**point, name: point[name] + s * step})[0]) for s in (1, -1))
        difference = (high - low) / (2 * step)
        assert abs(difference) > 0, name
        assert float(slope) == pytest.approx(difference, rel=rtol), name


@jax.jit
def in_universe(grid, cosmo):
    """What all that is asked for there has in common."""
    return grid.universe(cosmo)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Glow:
    """Light of galaxies that brighten with redshift, and of a haze before them."""

    distributions: ShiftedDistributions
    kind: ClassVar[str] = "glow"
    word: ClassVar[str] = "light"
    parameters: ClassVar[tuple[Declared, ...]] = (
        Declared("haze", (), default=0.0),
        Declared("brightening", (), default=0.0),
        Declared("dz_light", (), per="bin", default=0.0),
    )

    @classmethod
    def of(cls, distributions, options):
        return cls(distributions)

    @property
    def n_bin(self):
        return self.distributions.n_bin

    @property
    def n_z(self):
        return int(np.size(self.distributions.z))

    def plain(self):
        return self

    def seen(self, sight, parameters):
        z = jnp.asarray(sight.nodes.z)
        dndz = dndz_of(self.distributions, parameters, "light")
        haze = parameters["haze"] * jnp.exp(-2 * z) * jnp.ones((self.n_bin, 1))
        return Seen((Term(dndz, (1 + z)[None] ** parameters["brightening"], haze),))


GLOW = {"haze": 1e-6, "brightening": 1.5, "dz_light1": 0.0, "dz_light2": 0.01}


@pytest.fixture
def glow_and_counts(monkeypatch):
    """Counts, and the tracer that only this test knows, with all their spectra."""
    monkeypatch.setitem(TRACERS, "glow", Glow)
    operator = angular_spectra.C_ELL_COUNTS.operator
    for name, kinds in {"glow": ("glow", "glow"), "counts_glow": ("counts", "glow")}.items():
        monkeypatch.setitem(STATISTICS, name, Statistic(name, kinds, "ell", operator))
    options = {"bias": "constant", "magnification": False, "rsd": False, "ell_prefactors": False}
    kinds = {"counts": NEAR, "glow": FAR}
    tracers = tuple(TRACERS[kind].of(bins, options) for kind, bins in kinds.items())
    square = [(0, 0), (0, 1), (1, 0), (1, 1)]
    blocks = (
        spectra_block("C_ell_counts", [(0, 0), (1, 1)], (0, 0)),
        spectra_block("counts_glow", square, (0, 1)),
        spectra_block("glow", [(0, 0), (0, 1), (1, 1)], (1, 1)),
    )
    return Survey(tracers, blocks, NEAR.z, NEAR.weights)


@jax.jit
def along_the_lattice(cosmo):
    """H, f_k (n,) and P at k = (ell + 1/2) / f_k (n_ell, n) behind z = 0."""
    z = NEAR.z[1:]
    f_k = transverse_distance(cosmo, z)
    k = (ELL[:, None] + 0.5) / f_k
    P = linear_power(cosmo, k.ravel(), 0.0)[0].reshape(k.shape) * growth_factor(cosmo, z) ** 2
    return hubble(cosmo, z), f_k, P


def direct_sum(cosmo, first, second):
    """sum dz / H (l_i H / f_k + s_i) (l_j H / f_k + s_j) P((ell + 1/2) / f_k, z), (n_ell,)."""
    H, f_k, P = (np.asarray(x) for x in along_the_lattice(cosmo))
    one, other = (local * H / f_k + smooth for local, smooth in (first, second))
    return P @ (NEAR.weights[1:] / H * one * other)


def test_a_tracer_from_outside(universe, glow_and_counts):
    """Its C_ell are those of a sum over redshifts, beside counts; its parameters have slopes."""
    survey, cosmo = glow_and_counts, universe()
    grid = grid_of(survey, n_z=64, step=1)
    theory = survey.on(grid.nodes)
    there = in_universe(grid, cosmo)

    @jax.jit
    def vector(p):
        own = [{**LENS, "b1": p["b1"]}, {**GLOW, **{k: v for k, v in p.items() if k in GLOW}}]
        return theory.data_vector(there, own)

    point = {"b1": LENS["b1"], **GLOW}
    found = vector(point)

    z = NEAR.z[1:]
    shifted = jax.jit(lambda distributions, dz: distributions.dndz(dz)[:, 1:])
    lens = np.asarray(shifted(NEAR, np.array([LENS["dz_lens1"], LENS["dz_lens2"]])))
    light = np.asarray(shifted(FAR, np.array([GLOW["dz_light1"], GLOW["dz_light2"]])))
    light = light * (1 + z) ** GLOW["brightening"]
    # structure beyond the last node, half-way between two points, is left out
    haze = np.where(z < FEW["z_max"], GLOW["haze"] * np.exp(-2 * z), 0.0)
    counts = [(LENS[f"b{i + 1}"] * row, 0.0) for i, row in enumerate(lens)]
    glow = [(row, haze) for row in light]
    expected = [
        *(direct_sum(cosmo, one, one) for one in counts),
        *(direct_sum(cosmo, one, other) for one in counts for other in glow),
        *(direct_sum(cosmo, glow[i], glow[j]) for i, j in ((0, 0), (0, 1), (1, 1))),
    ]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=5e-4)

    assert_slope(lambda p: jnp.sum(jnp.log(vector(p))), point)
    assert survey.plain().tracers[1] is survey.tracers[1]


def test_a_statistic_from_outside(universe, monkeypatch):
    """The mean of xi_+ under a hat between two angles: its own operator, B modes included."""

    def operator(points, ell):
        low, high = points.edges
        fine = np.linspace(low, high, 9)
        hat = 1 - np.abs(np.linspace(-1, 1, 9))
        rows = [three_by_two.flat("xi_plus", theta, ell) for theta in fine.T]
        return np.stack([hat @ matrix / hat.sum() for matrix in rows])

    hat = Statistic("hat", ("shear", "shear"), "theta", operator, b_modes=1)
    monkeypatch.setitem(STATISTICS, "hat", hat)
    points = Points(np.sqrt(THETA[1:] * THETA[:-1]), (THETA[:-1], THETA[1:]))
    pairs = [(0, 0), (0, 1), (1, 1)]
    inside = np.linspace(points.edges[0], points.edges[1], 9).T.ravel()
    blocks = [
        block("hat", pairs, 3, lambda ell: STATISTICS["hat"].operator(points, ell)),
        angular("xi_plus", pairs, inside),
    ]
    one = Prediction.build(blocks, NEAR.without_bins(), WIDE, alignment="tatt", **FEW)
    there = in_universe(one.grid, universe())

    @jax.jit
    def vector(p):
        return one.theory.data_vector(there, [SOURCE | p] * 2)

    point = {"A2_IA": -1.2, "m1": 0.01, "dz_source2": -0.01}
    found = np.asarray(vector(SOURCE | {"A2_IA": -1.2}))
    hats, xi_plus = found[:9].reshape(3, 3), found[9:].reshape(3, 3, 9)
    weights = 1 - np.abs(np.linspace(-1, 1, 9))
    np.testing.assert_allclose(hats, xi_plus @ weights / weights.sum(), rtol=1e-10)
    assert np.all(hats[0] < xi_plus[0].max(axis=1))
    assert np.all(hats[0] > xi_plus[0].min(axis=1))

    assert_slope(lambda p: jnp.sum(jnp.log(vector(p)[:9])), point)


def test_an_alignment_from_outside(universe, monkeypatch):
    """Tides that turn with redshift, and as they are weighted with density: NLA without both."""

    def turning(sight, dndz, parameters):
        A_IA = parameters["A_IA"]
        linear = linear_term(sight, dndz, A_IA, parameters["alpha_IA"], parameters["z0_IA"])
        turned = linear.amplitude * (1 + parameters["turn"] * jnp.asarray(sight.nodes.z))
        weighted = Term(dndz, parameters["weight"] * linear.amplitude, field=WEIGHTED_TIDE)
        return replace(linear, amplitude=turned), weighted

    monkeypatch.setitem(ALIGNMENTS, "turning", turning)
    blocks = [spectra_block("C_ell_cross", [(0, 1)]), spectra_block("C_ell_shear", [(0, 1)])]
    survey, nla = (
        three_by_two.survey_of(blocks, NEAR, WIDE, alignment=model) for model in ("turning", "nla")
    )
    grid = grid_of(survey, loops=("tides",))
    theory, plain = survey.on(grid.nodes), nla.on(grid.nodes)

    there = in_universe(grid, universe())

    @jax.jit
    def vector(p):
        return theory.data_vector(there, [LENS, SOURCE | p])

    expected = jax.jit(lambda: plain.data_vector(there, [LENS, SOURCE]))()
    without = vector({"turn": 0.0, "weight": 0.0})
    np.testing.assert_allclose(without, expected, rtol=1e-12)
    # bias of the galaxies that tides are weighted with: TATT without torques
    tatt = three_by_two.survey_of(blocks, NEAR, WIDE, alignment="tatt").on(grid.nodes)
    weighted = SOURCE | {"bTA_IA": 0.8, "A2_IA": 0.0}
    expected = jax.jit(lambda: tatt.data_vector(there, [LENS, weighted]))()
    found = vector({"turn": 0.0, "weight": 0.8})
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert_slope(lambda p: jnp.sum(jnp.log(vector(p))), {"turn": 0.4, "weight": 0.8, "A_IA": 0.5})
