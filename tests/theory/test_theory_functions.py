"""Every public function of the theory: finite value and gradient, the same under jit and vmap."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.theory.power import (
    collapse,
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
from jaxlike.theory.spectra import tatt_cl
from jaxlike.theory.spectra.limber import limber_spectra
from jaxlike.theory.tracers import (
    alignment,
    bias,
    kernels,
    observed_counts,
    redshift,
    redshift_space,
    tatt,
)
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
NZ = redshift.build([redshift.Histogram(EDGES, SHAPE)], "kde", 0.01)[0]
NODES = line_of_sight.Nodes.build(NZ.z, 12, np.arange(0, 212, 20))
GRID = limber_power.PowerGrid.build(NODES)
TABLE_Z, TABLE_K = np.linspace(0, 2, 25), np.geomspace(1e-4, 50, 60)
TABLES = power_table.PowerTableGrid.build(NODES, TABLE_Z, TABLE_K, TABLE_Z)
PAIRS = kernels.all_pairs(1, 1)


def sight(p, cosmo):
    return line_of_sight.LineOfSight.of(cosmo, NODES, growth.growth_factor(cosmo, NODES.z))


def weights(p, cosmo):
    nuisance = kernels.Nuisance(p["b"][None], p["m"][None], p["A_IA"], p["alpha_IA"], 0.62)
    n = NZ.dndz(p["dz"][None])
    return kernels.pair_weights(NODES, sight(p, cosmo), PAIRS, n, n, NZ.weights, nuisance)


def observed(p, cosmo, **options):
    """Weights of counts with the lens bin's shape both as it is and stretched."""
    nuisance = kernels.Nuisance(p["b"][None], p["m"][None], p["A_IA"][None], p["alpha_IA"], 0.62)
    n = NZ.dndz(p["dz"][None], p["b"][None] / 1.5)
    given = NODES, sight(p, cosmo), PAIRS, n, n, NZ.weights, nuisance
    return observed_counts.counts_weights(*given, **options)


def table(p, cosmo):
    return power_table.PowerTable(
        linear.linear_power(cosmo, TABLE_K, TABLE_Z),
        background.comoving_distance(cosmo, TABLE_Z),
        background.hubble(cosmo, TABLE_Z),
        growth.growth_factor(cosmo, TABLE_Z),
        cosmo.Omega_m,
        cosmo.Omega_k,
    )


def spectra(p, cosmo):
    pk = jnp.ones((NODES.z.size, NODES.ell.size))
    return limber_spectra(NODES, weights(p, cosmo), pk, prefactors=True)


def limber(p, cosmo, nonlinear="takahashi"):
    return limber_power.limber_power(
        cosmo, NODES, GRID, linear="eisenstein_hu", nonlinear=nonlinear
    )


LOOPS = one_loop.OneLoopGrid.build()


def tatt_parameters(p):
    return tatt.TattParameters(p["A_IA"], p["alpha_IA"], -2 * p["A_IA"], 0.5, p["b"], 0.62)


def power_and_loops(p, cosmo):
    pk = jnp.ones((NODES.z.size, NODES.ell.size))
    return tatt_cl.PowerAndLoops.of(pk, LOOPS, linear.linear_power(cosmo, linear.K, 0.0)[0])


def split_weights(p, cosmo):
    at = sight(p, cosmo)
    return tatt_cl.SplitWeights.of(
        NODES, at, lambda A: weights({**p, "A_IA": A, "alpha_IA": 0.0}, cosmo)
    )


def intrinsic(p, cosmo):
    parameters = tatt_parameters(p)
    return tatt_cl.limber_intrinsic_power(
        NODES, sight(p, cosmo), power_and_loops(p, cosmo), parameters
    )


def loops(p, cosmo):
    """At three wavenumbers: where terms are tiny, beside their peak, all digits are rounding."""
    terms = LOOPS.spectra(linear.linear_power(cosmo, linear.K, 0.0)[0])
    at = np.searchsorted(linear.K, [0.01, 0.1, 1.0])
    return jnp.stack(list(vars(terms).values()))[:, at]


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
        with_feedback(p, c), K, Z, model="hmcode2020"
    ),
    "nfw_window": lambda p, c: nfw.nfw_window(jnp.asarray(K), 4 * p["b"] * jnp.ones(K.shape)),
    "wiggles": lambda p, c: wiggles.wiggles(c, linear.linear_power(c, linear.K, Z)),
    "collapse": lambda p, c: collapse.CollapseGrid.build(Z).collapse(c),
    "dndz": lambda p, c: NZ.dndz(p["dz"][None]),
    "dndz stretched": lambda p, c: NZ.dndz(p["dz"][None], p["b"][None] / 1.5),
    "galaxy_bias": lambda p, c: [
        bias.galaxy_bias(p["b"][None], sight(p, c).growth, NODES.z, model=model, alpha_b=p["m"])
        for model in ("constant", "power_law", "inverse_growth")
    ],
    "velocity_counts": lambda p, c: redshift_space.velocity_counts(
        NODES, sight(p, c), NZ.dndz(p["dz"][None])
    ),
    "counts_weights magnified": lambda p, c: observed(p, c, magnification=p["b"][None]),
    "counts_weights rsd": lambda p, c: observed(
        p, c, magnification=p["b"][None], rsd=True, prefactors=True
    ),
    "nla_amplitude": lambda p, c: alignment.nla_amplitude(
        c.Omega_m, jnp.asarray(A), Z, p["A_IA"], p["alpha_IA"], 0.62
    ),
    "tatt_amplitudes": lambda p, c: tatt.tatt_amplitudes(
        c.Omega_m, jnp.asarray(A), Z, tatt_parameters(p)
    ),
    "tatt_power": lambda p, c: tatt.tatt_power(c, K, Z, tatt_parameters(p)),
    "one_loop": loops,
    "limber_intrinsic_power": lambda p, c: totals(intrinsic(p, c)),
    "split_weights": lambda p, c: totals(split_weights(p, c)),
    "tatt_limber_spectra": lambda p, c: tatt_cl.tatt_limber_spectra(
        NODES.ell,
        split_weights(p, c),
        jnp.ones((NODES.z.size, NODES.ell.size)),
        intrinsic(p, c),
        prefactors=True,
    ),
    "pair_weights": weights,
    "limber_spectra": spectra,
    "limber_power": limber,
    "limber_power hmcode2020": lambda p, c: limber(p, with_feedback(p, c), "hmcode2020"),
    "power from tables": lambda p, c: TABLES.limber_power(table(p, c)),
}


def cosmology(p) -> Cosmology:
    return from_parameters({name: p[name] for name in COSMOLOGICAL}, radiation=True)


def flat(function):
    """`function` of a vector of parameters, as one vector."""

    def compute(x):
        p = dict(zip(CENTRE, x, strict=True))
        leaves = jax.tree.leaves(function(p, cosmology(p)))
        return jnp.concatenate([jnp.ravel(leaf) for leaf in leaves])

    return compute


POINTS = np.array(list(CENTRE.values())) + np.outer([0.0, 1.0, -1.0], list(STEPS.values()))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_gradient_jit_and_vmap(name):
    """A batch of three points is the loop over them, and slopes are those of the values.

    The slope is along all parameters together: a NaN in the derivative to any one would show.
    """
    compute = flat(FUNCTIONS[name])
    direction = 1e-3 * np.array(list(STEPS.values()))
    both = jax.jit(jax.vmap(lambda x: jax.jvp(compute, (x,), (direction,))))
    values, slopes = both(jnp.asarray(POINTS))
    assert bool(jnp.all(jnp.isfinite(values)))
    assert bool(jnp.all(jnp.isfinite(slopes)))
    plain = jax.jit(compute)
    size = np.abs(np.asarray(values)).max(axis=0)
    floor = 1e-15 * size.max() + 1e-300  # what vanishes but for rounding
    for x, value in zip(POINTS, values, strict=True):
        np.testing.assert_array_less(np.abs(plain(x) - value), 1e-10 * size + floor)
    difference = (plain(POINTS[1] + direction) - plain(POINTS[1] - direction)) / 2
    np.testing.assert_allclose(slopes[1], difference, rtol=1e-4, atol=1e-9 * size.max())


def test_validity_under_jit_and_vmap():
    def possible(x):
        return validity.has_solution(cosmology(dict(zip(CENTRE, x, strict=True))))

    assert jax.jit(jax.vmap(possible))(POINTS).tolist() == [True, True, True]
