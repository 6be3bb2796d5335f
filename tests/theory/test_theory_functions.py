"""Every public function of the theory: finite value and gradient, the same under jit and vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.theory import (
    alignment,
    angular_cl,
    background,
    growth,
    halofit,
    kernels,
    line_of_sight,
    linear,
    power,
    power_table,
    redshift,
    transfer,
    validity,
)
from jaxlike.theory.cosmology import Cosmology, from_parameters

Z = np.array([0.0, 0.5, 2.0])
A = 1 / (1 + Z)
K = np.array([1e-3, 0.05, 0.3, 5.0])
LATTICE = linear.K[halofit.SMOOTHING]
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
GRID = power.PowerGrid.build(NODES)
TABLE_Z, TABLE_K = np.linspace(0, 2, 25), np.geomspace(1e-4, 50, 60)
TABLES = power_table.PowerTableGrid.build(NODES, TABLE_Z, TABLE_K, TABLE_Z)
PAIRS = kernels.all_pairs(1, 1)


def sight(p, cosmo):
    return line_of_sight.LineOfSight.of(cosmo, NODES, growth.growth_factor(cosmo, NODES.z))


def weights(p, cosmo):
    nuisance = kernels.Nuisance(p["b"][None], p["m"][None], p["A_IA"], p["alpha_IA"], 0.62)
    n = NZ.dndz(p["dz"][None])
    return kernels.pair_weights(NODES, sight(p, cosmo), PAIRS, n, n, NZ.weights, nuisance)


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
    return angular_cl.limber_spectra(NODES, weights(p, cosmo), pk, prefactors=True)


def scale(p, cosmo):
    return halofit.nonlinear_scale(linear.linear_power(cosmo, LATTICE, Z))


def limber(nonlinear):
    return lambda p, c: power.limber_power(
        c, NODES, GRID, linear="eisenstein_hu", nonlinear=nonlinear
    )


FUNCTIONS = {
    "E_squared": lambda p, c: background.E_squared(c, A),
    "massive_neutrinos": lambda p, c: background.massive_neutrinos(c, A),
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
    "sigma_R": lambda p, c: linear.sigma_R(c, 20.0, Z),
    "nonlinear_scale": scale,
    "nonlinear_power": lambda p, c: halofit.nonlinear_power(c, K, Z),
    "nonlinear_power smith": lambda p, c: halofit.nonlinear_power(c, K, Z, model="smith"),
    "dndz": lambda p, c: NZ.dndz(p["dz"][None]),
    "nla_amplitude": lambda p, c: alignment.nla_amplitude(
        c.Omega_m, jnp.asarray(A), Z, p["A_IA"], p["alpha_IA"], 0.62
    ),
    "line_of_sight": sight,
    "pair_weights": weights,
    "limber_spectra": spectra,
    "limber_power linear": limber("linear"),
    "limber_power takahashi": limber("takahashi"),
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
    """One compilation gives values and Jacobians of three points; the loop runs without it."""
    compute = flat(FUNCTIONS[name])
    both = jax.jit(jax.vmap(lambda x: (compute(x), jax.jacfwd(compute)(x))))
    values, slopes = both(POINTS)
    assert bool(jnp.all(jnp.isfinite(values)))
    assert bool(jnp.all(jnp.isfinite(slopes)))
    size = np.abs(np.asarray(values)).max(axis=0)
    plain = jax.jit(compute)
    for x, value in zip(POINTS, values, strict=True):
        np.testing.assert_array_less(np.abs(plain(x) - value), 1e-10 * size + 1e-300)
    # the mean slope between two points near each other, along every parameter together
    step = 1e-4 * np.array(list(STEPS.values()))
    x = POINTS[1]
    difference = (plain(x + step) - plain(x - step)) / 2
    np.testing.assert_allclose(slopes[1] @ step, difference, rtol=1e-5, atol=1e-7 * size.max())


@pytest.mark.parametrize("name", ["linear_power", "nonlinear_power", "limber_spectra"])
def test_reverse_mode_is_forward_mode(name):
    compute = flat(FUNCTIONS[name])

    def total(x):
        return jnp.sum(jnp.sin(jnp.log(jnp.abs(compute(x)) + 1e-30)))

    forward, reverse = (jax.jit(mode(total))(POINTS[1]) for mode in (jax.jacfwd, jax.grad))
    np.testing.assert_allclose(forward, reverse, rtol=1e-9, atol=1e-9 * np.abs(forward).max())


def test_validity_has_no_gradient_but_batches():
    found = jax.jit(jax.vmap(lambda x: validity.has_solution(cosmology(dict(zip(CENTRE, x))))))(
        jnp.asarray(POINTS)
    )
    assert found.tolist() == [True, True, True]
