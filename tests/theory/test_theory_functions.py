"""Every public function of the theory: finite value and gradient, the same under jit and vmap."""

from dataclasses import replace
from functools import cache, cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import three_by_two

from jaxlike.theory.power import (
    collapse,
    fields,
    limber_grid,
    limber_power,
    linear,
    nfw,
    nonlinear,
    one_loop,
    power_table,
    transfer,
    validity,
    wiggles,
)
from jaxlike.theory.spectra import limber
from jaxlike.theory.spectra.weights import lattice_rules, weights_of
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers import (
    alignment,
    bias,
    convergence,
    counts,
    redshift,
    redshift_space,
    shapes,
    tatt,
    terms,
)
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.universe import background, growth, line_of_sight
from jaxlike.theory.universe.cosmology import Cosmology, from_parameters

Z = np.array([0.0, 0.5, 2.0])
A = 1 / (1 + Z)
K = np.array([1e-3, 0.05, 0.3, 5.0])
CENTRE = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9, "omega_nu": 1e-3,
    "Omega_k": 0.0, "w0": -0.95, "wa": 0.1, "N_eff": 3.046,
    "b": 1.5, "m": 0.01, "A_IA": 0.5, "alpha_IA": 0.3, "dz": 0.004,
}  # fmt: skip
STEPS = {name: 0.02 * abs(value) or 0.01 for name, value in CENTRE.items()}
COSMOLOGICAL = tuple(CENTRE)[:10]

EDGES = np.linspace(0, 1.5, 76)
SHAPE = np.exp(-0.5 * ((EDGES[1:] - 0.6) / 0.1) ** 2)[None]
NZ = redshift.build([Histogram(EDGES, SHAPE)], "kde", 0.01)[0]
NODES = line_of_sight.Nodes.build(NZ.z, 12, np.arange(0, 212, 20))
GRID = limber_grid.PowerGrid.build(NODES)
TABLE_Z, TABLE_K = np.linspace(0, 2, 25), np.geomspace(1e-4, 50, 60)
TABLES = power_table.PowerTableGrid.build(NODES, TABLE_Z, TABLE_K, TABLE_Z)
CMB_NODES = line_of_sight.Nodes.build(
    NZ.z, 12, NODES.ell_lattice, z_max=50.0, z_source=line_of_sight.Z_LAST_SCATTERING
)
RULES = lattice_rules(NODES.lattices[0], NZ.weights)
VELOCITIES = redshift_space.VelocityGrid.build(NODES, 0, NZ.z.size)
GROUPS = three_by_two.all_pairs(1, 1).groups()


class Straight:
    """Functions of a cosmology to first order around the centre, where others start from them.

    They have slopes along all parameters all the same, and less to compile.
    """

    def __init__(self, *functions):
        self.functions = functions
        self.centre = np.array([CENTRE[name] for name in COSMOLOGICAL])

    @cached_property
    def expansions(self):
        """Slopes and values at the centre, not to be computed while others are traced."""

        @jax.jit
        @partial(jax.jacfwd, has_aux=True)
        def expand(x):
            cosmo = cosmology(dict(zip(COSMOLOGICAL, x, strict=True)))
            found = [function(cosmo) for function in self.functions]
            return found, found

        slopes, values = jax.tree.map(np.asarray, expand(self.centre))
        return dict(zip(self.functions, zip(slopes, values, strict=True), strict=True))

    def __call__(self, function, cosmo):
        slopes, values = self.expansions[function]
        away = jnp.stack([getattr(cosmo, name) for name in COSMOLOGICAL]) - self.centre
        return jax.tree.map(lambda value, slope: value + slope @ away, values, slopes)


def cosmology(p) -> Cosmology:
    return from_parameters({name: p[name] for name in COSMOLOGICAL}, radiation=True)


def line(cosmo, nodes=NODES):
    growth_there = growth.growth_factor(cosmo, nodes.z)
    return line_of_sight.LineOfSight.of(cosmo, nodes, growth_there)


def loop_spectra(cosmo):
    power = linear.linear_power(cosmo, linear.K, 0.0, model="eisenstein_hu_no_wiggle")
    return LOOPS.spectra(power[0])


def table(cosmo):
    power = linear.linear_power(cosmo, TABLE_K, TABLE_Z, model="eisenstein_hu_no_wiggle")
    return power_table.PowerTable(
        power,
        background.comoving_distance(cosmo, TABLE_Z),
        background.hubble(cosmo, TABLE_Z),
        growth.growth_factor(cosmo, TABLE_Z),
        cosmo.Omega_m,
        cosmo.Omega_k,
        P_lin=power[0],
    )


LOOPS = one_loop.OneLoopGrid.build(("galaxies", "tides"))
STRAIGHT = Straight(line, loop_spectra, table)


@pytest.fixture(scope="module", autouse=True)
def expansions():
    """Those that functions are tested with."""
    return STRAIGHT.expansions


def sight(p, cosmo):
    return line_of_sight.Sight.of(NODES, STRAIGHT(line, cosmo))


def dndz(p):
    """The bin's shape both shifted and stretched."""
    return NZ.dndz(p["dz"][None], p["b"][None] / 1.5)


def alignment_parameters(p):
    one = {"A_IA": p["A_IA"], "alpha_IA": p["alpha_IA"], "z0_IA": 0.62}
    more = {"A2_IA": -2 * p["A_IA"], "alpha2_IA": 0.5, "bTA_IA": p["b"]}
    masses = {"f_r": jnp.array([0.2]), "log10_M_pivot": 13.5}
    masses |= {"beta_IA": p["alpha_IA"], "log10_M1": 13.0 + p["m"]}
    return one | more | masses | {"A_IA1": p["A_IA"]}


def aligned(p, cosmo, model="nla"):
    return alignment.alignment_terms(model, sight(p, cosmo), dndz(p), alignment_parameters(p))


def seen(p, cosmo, model="nla", *, prefactors=False, **options):
    """One lens and one source bin."""
    there, n, m = sight(p, cosmo), dndz(p), p["m"][None]
    lens = counts.counts_seen(there, n, p["b"][None], prefactors=prefactors, **options)
    source = shapes.shapes_seen(there, n, m, aligned(p, cosmo, model), prefactors=prefactors)
    return lens, source


def weights(p, cosmo, **options):
    """What is seen of the lens bin, and weights."""
    ends = seen(p, cosmo, **options)
    return ends[0], weights_of(sight(p, cosmo), RULES, ends, (1, 1), GROUPS)


def magnified(p, cosmo):
    return weights(p, cosmo, magnification=p["b"][None])


def with_rsd(p, cosmo):
    return weights(p, cosmo, magnification=p["b"][None], velocities=VELOCITIES, prefactors=True)


def powers(p, cosmo):
    """P_XY with that of matter one."""
    pk = jnp.ones((NODES.z.size, NODES.ell.size))
    return fields.field_power(
        pk, STRAIGHT(line, cosmo), NODES.ell_lattice, STRAIGHT(loop_spectra, cosmo)
    )


def spectra(p, cosmo, model="nla"):
    """Weights and spectra, with the factors of the curved sky."""
    ends = seen(p, cosmo, model, prefactors=True)
    there = weights_of(sight(p, cosmo), RULES, ends, (1, 1), GROUPS)
    return totals(there), limber.spectra_of(GROUPS, ends, there, powers(p, cosmo))


ELL = np.array([30.0, 300.0, 2000.0])
EVERYTHING = three_by_two.Prediction.build(
    [
        three_by_two.block(f"C_ell_{field}", [(0, 0)], 3, lambda nodes: cl_matrix(ELL, nodes))
        for field in three_by_two.FIELDS
    ],
    NZ,
    NZ,
    n_z=12,
    ell_lattice=NODES.ell_lattice,
    bias="power_law",
    alignment="tatt",
    magnification=True,
    rsd=True,
    prefactors=True,
)


def nuisance(p):
    """One lens and one source bin with everything that there may be."""
    lens = {"b1": p["b"], "alpha_b": p["m"], "alpha_mag1": p["b"], "dz_lens1": p["dz"]}
    source = {"m1": p["m"], "dz_source1": -p["dz"], "sz_source1": p["b"] / 1.5}
    return lens | source | alignment_parameters(p)


def everything(p, universe):
    """What is seen in a universe, with the steps to it: power of matter, and of all fields."""
    power = universe.matter, universe.los
    return power, totals(universe.power), EVERYTHING.theory.data_vector(universe, [nuisance(p)] * 2)


def tatt_parameters(p):
    return tatt.TattParameters(p["A_IA"], p["alpha_IA"], -2 * p["A_IA"], 0.5, p["b"], 0.62)


def intrinsic(p, cosmo):
    """The power of all fields, and of intrinsic shear from it."""
    amplitudes = tatt.tatt_amplitudes(
        cosmo.Omega_m, sight(p, cosmo).los.growth, NODES.z, tatt_parameters(p)
    )
    power = powers(p, cosmo)
    return totals(power), totals(tatt.intrinsic_power(power, amplitudes))


def loops(p, cosmo):
    """At three wavenumbers: where terms are tiny, beside their peak, all digits are rounding."""
    terms = loop_spectra(cosmo)
    at = np.searchsorted(linear.K, [0.02, 0.1, 1.0])
    return jnp.stack(list(terms.values()))[:, at]


def totals(tree):
    """Sums, for single entries may be rounding alone: lensing behind the last source, B modes."""
    return jax.tree.map(jnp.sum, tree)


def with_feedback(p, cosmo):
    return replace(cosmo, log_T_AGN=7.5 + 0.3 * p["b"])


FUNCTIONS = {
    "E_squared": lambda p, c: background.E_squared(c, A),
    "hubble": lambda p, c: background.hubble(c, Z),
    "Omega_m_of_a": lambda p, c: background.Omega_m_of_a(c, A),
    "dark_energy_w": lambda p, c: background.dark_energy_w(c, A),
    "comoving_distance": lambda p, c: background.comoving_distance(c, Z),
    "transverse_distance": lambda p, c: background.transverse_distance(c, Z),
    "angular_diameter_distance": lambda p, c: background.angular_diameter_distance(c, Z),
    "growth_factor": lambda p, c: growth.growth_factor(c, Z),
    "growth_rate": lambda p, c: growth.growth_rate(c, Z),
    "eisenstein_hu": lambda p, c: transfer.eisenstein_hu(c, K),
    "eisenstein_hu_no_wiggle": lambda p, c: transfer.eisenstein_hu_no_wiggle(c, K),
    "neutrino_suppression": lambda p, c: transfer.ln_neutrino_suppression(
        c, jnp.asarray(K), jnp.asarray(A)
    ),
    "linear_power": lambda p, c: linear.linear_power(c, K, Z),
    "sigma8": lambda p, c: linear.sigma8(c, Z),
    "nonlinear_power": lambda p, c: nonlinear.nonlinear_power(c, K, Z),
    "hmcode2020": lambda p, c: nonlinear.nonlinear_power(
        with_feedback(p, c), K, Z, linear="eisenstein_hu_no_wiggle", model="hmcode2020"
    ),
    "nfw_window": lambda p, c: nfw.nfw_window(jnp.asarray(K), 4 * p["b"] * jnp.ones(K.shape)),
    "wiggles": lambda p, c: wiggles.wiggles(c, linear.linear_power(c, linear.K, Z)),
    "collapse": lambda p, c: collapse.CollapseGrid.build(Z).collapse(c),
    "dndz": lambda p, c: NZ.dndz(p["dz"][None]),
    "dndz stretched": lambda p, c: NZ.dndz(p["dz"][None], p["b"][None] / 1.5),
    "galaxy_bias": lambda p, c: [
        bias.galaxy_bias(p["b"][None], sight(p, c).los.growth, NODES.z, model=model, alpha_b=p["m"])
        for model in ("constant", "power_law", "inverse_growth")
    ],
    "lensing_weight": lambda p, c: terms.lensing_weight(sight(p, c), dndz(p)),
    "convergence_kernel": lambda p, c: convergence.convergence_kernel(
        line_of_sight.Sight.of(CMB_NODES, line(c, CMB_NODES))
    ),
    "velocity_counts": lambda p, c: redshift_space.velocity_counts(
        sight(p, c), VELOCITIES, NZ.dndz(p["dz"][None])
    ),
    "shapes_seen": lambda p, c: seen(p, c)[1],
    "linear_term": lambda p, c: alignment.linear_term(
        sight(p, c), dndz(p), p["A_IA"], p["alpha_IA"], 0.62
    ),
    "alignment_terms": lambda p, c: [aligned(p, c, model) for model in alignment.ALIGNMENTS],
    "nla_amplitude": lambda p, c: alignment.nla_amplitude(
        c.Omega_m, jnp.asarray(A), Z, p["A_IA"], p["alpha_IA"], 0.62
    ),
    "tatt_amplitudes": lambda p, c: tatt.tatt_amplitudes(
        c.Omega_m, jnp.asarray(A), Z, tatt_parameters(p)
    ),
    "tatt_power": lambda p, c: tatt.tatt_power(
        c, K, Z, tatt_parameters(p), linear="eisenstein_hu_no_wiggle", nonlinear="linear"
    ),
    "one_loop": loops,
    "limber_spectra": lambda p, c: limber.limber_spectra(weights(p, c)[1], powers(p, c)),
    "line_of_sight": lambda p, c: line(c),
    "limber_power hmcode2020": lambda p, c: limber_power.limber_power(
        with_feedback(p, c),
        NODES,
        GRID,
        linear="eisenstein_hu_no_wiggle",
        nonlinear="hmcode2020",
    ),
}
STEPS_OF = {  # steps, the last of which have the others in them: compiled once for all of them
    (
        "counts_seen", "weights_of", "counts_seen magnified", "weights_of magnified",
        "counts_seen rsd", "weights_of rsd", "field_power", "intrinsic_power",
        "weights_of curved", "spectra_of", "weights_of tatt", "spectra_of tatt",
    ): lambda p, c: [
        *weights(p, c), *magnified(p, c), *with_rsd(p, c), *intrinsic(p, c),
        *spectra(p, c), *spectra(p, c, "tatt"),
    ],
    ("limber_power", "universe", "data_vector"): lambda p, c: everything(p, EVERYTHING.universe(c)),
    ("power from tables", "universe from tables", "data_vector from tables"): (
        lambda p, c: everything(p, EVERYTHING.grid.universe_of_tables(TABLES, STRAIGHT(table, c)))
    ),
}  # fmt: skip
ALIKE = [  # functions that share steps, or are small: compiled as one program
    ("E_squared", "hubble", "Omega_m_of_a", "dark_energy_w", "comoving_distance",
     "transverse_distance", "angular_diameter_distance", "growth_factor", "growth_rate",
     "eisenstein_hu_no_wiggle", "neutrino_suppression", "nfw_window", "collapse",
     "nla_amplitude", "tatt_amplitudes", "line_of_sight"),
    ("eisenstein_hu", "linear_power", "sigma8", "nonlinear_power", "wiggles", "one_loop",
     "tatt_power"),
    ("dndz", "dndz stretched", "galaxy_bias", "lensing_weight", "convergence_kernel",
     "velocity_counts", "shapes_seen", "linear_term", "alignment_terms", "limber_spectra"),
]  # fmt: skip
ALIKE += [(name,) for name in FUNCTIONS if not any(name in names for names in ALIKE)]
PROGRAMS = {
    names: lambda p, c, names=names: [FUNCTIONS[name](p, c) for name in names] for names in ALIKE
}
PROGRAMS |= STEPS_OF
PROGRAM_OF = {name: names for names in PROGRAMS for name in names}


def flat(names):
    """Those functions of a vector of parameters, as one vector each."""

    @jax.jit
    def compute(x):
        p = dict(zip(CENTRE, x, strict=True))
        found = zip(names, PROGRAMS[names](p, cosmology(p)), strict=True)
        return {
            name: jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)])
            for name, tree in found
        }

    return compute


POINTS = np.array(list(CENTRE.values())) + np.outer([0.0, 1.0, -1.0], list(STEPS.values()))


DIRECTION = 1e-3 * np.array(list(STEPS.values()))


@cache
def computed(names):
    """Values and slopes at the points as a batch, values one by one, and half their difference."""
    compute = flat(names)
    both = jax.jit(jax.vmap(lambda x: jax.jvp(compute, (x,), (DIRECTION,))))
    beside = POINTS[1] + np.outer([1, -1], DIRECTION)
    plain = [compute(x) for x in (*POINTS, *beside)]
    return jax.tree.map(np.asarray, (*both(POINTS), plain))


@pytest.mark.parametrize("name", PROGRAM_OF)
def test_value_gradient_jit_and_vmap(name):
    """A batch of three points is the loop over them, and slopes are those of the values.

    The slope is along all parameters together: a NaN in the derivative to any one would show.
    """
    every, slope, one_by_one = computed(PROGRAM_OF[name])
    values, slopes, plain = every[name], slope[name], [one[name] for one in one_by_one]
    assert np.all(np.isfinite(values))
    assert np.all(np.isfinite(slopes))
    size = np.abs(values).max(axis=0)
    floor = 1e-15 * size.max() + 1e-300  # what vanishes but for rounding
    for value, alone in zip(values, plain[:3], strict=True):
        np.testing.assert_array_less(np.abs(alone - value), 1e-10 * size + floor)
    difference = (plain[3] - plain[4]) / 2
    np.testing.assert_allclose(slopes[1], difference, rtol=1e-4, atol=1e-9 * size.max())


def test_validity_under_jit_and_vmap():
    def possible(x):
        return validity.has_solution(cosmology(dict(zip(CENTRE, x, strict=True))))

    assert jax.jit(jax.vmap(possible))(POINTS).tolist() == [True, True, True]
