"""HMCode2016: CAMB on its own linear spectra, HSC's stored power, limits, derivatives, names."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import check_slopes
from stage3 import cosmology, given, read_point
from test_theory_hmcode import cold_ratio

from jaxlike.errors import ParameterError
from jaxlike.numerics.splines import lattice_values
from jaxlike.registry.effects import check_effects
from jaxlike.registry.names import canonical_name
from jaxlike.theory import wavenumbers
from jaxlike.theory.power.collapse import CollapseGrid
from jaxlike.theory.power.hmcode2016 import baryons, halo_model_2016, hmcode2016
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.power.validity import reason_of_failure
from jaxlike.theory.universe.background import transverse_distance
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

K = np.geomspace(1e-3, 10, 12)
Z = np.array([0.0, 0.5, 1.5, 3.0])
A_ETA = ((3.13, 0.603), (2.3, 0.704))


@jax.jit
def boost_at(cosmo, grid, total, cold, k, pk):
    """P_nl / P_lin (n_z, n_k) from linear spectra on the lattice, and P_lin at k."""
    haloes = halo_model_2016(cosmo, grid, total, cold)
    position = (jnp.log(k) - wavenumbers.LN_K[0]) / wavenumbers.LN_K_STEP
    splines = jax.vmap(lattice_values, (1, None))(haloes.splines, position)
    return hmcode2016(k, pk, splines, haloes) / pk


def test_against_camb(camb_stored):
    """At 0.001 < k < 10 h/Mpc and to z = 3, for haloes of dark matter and with baryons."""
    case = camb_stored
    used = (case["k"] > 1e-3) & (case["k"] < 10)
    total = case.on(wavenumbers.K, "total")
    if case.name == "three_neutrinos":  # of another ratio of cold to total
        cold = case.on(wavenumbers.K, "cold")
    else:
        cold = total * np.asarray(cold_ratio(case.cosmo, GrowthGrid.build(case.z)))
    for A, eta in A_ETA:
        cosmo = replace(case.cosmo, A_bary=A, eta_bary=eta)
        points = case.filled("k"), case.filled("total")
        found = boost_at(cosmo, CollapseGrid.build(case.z), total, cold, *points)
        expected = case[f"mead2016_{A}_{eta}"]
        difference = np.log(np.asarray(found)[:, : used.size] / expected)[:, used]
        assert np.abs(difference).max() < 2.7e-3
        assert np.sqrt(np.mean(difference**2)) < 4e-4


@partial(jax.jit, static_argnums=2)
def emulated(cosmo, k, z):
    return nonlinear_power(cosmo, k, z, linear="emulator", model="hmcode2016")


@pytest.mark.parametrize("point", ["p0", "p1"])
def test_power_of_hsc(shared, point):
    """HSC-Y3's pipeline with A and eta = 0.98 - 0.12 A: all of P_nl by our own linear power.

    To 3.1e-3, which is what the linear spectra differ by between acoustic wiggles, and 1e-3 rms.
    """
    a = read_point(shared, f"hscy3_real_mocknz_{point}")
    A_bary = float(given(a)["halo_model_parameters--a"])
    cosmo = Cosmology(**cosmology(a), A_bary=A_bary)
    assert float(baryons(cosmo)[1]) == pytest.approx(float(a["halo_model_eta"]), rel=1e-12)
    used = (a["pk/nl_k_h"] > 1e-3) & (a["pk/nl_k_h"] < 10)
    rows = np.array([0, 25, 50, 100])
    found = emulated(cosmo, a["pk/nl_k_h"][used], tuple(a["pk/nl_z"][rows].tolist()))
    difference = np.log(np.asarray(found) / a["pk/nl_p"][rows][:, used])
    assert np.abs(difference).max() < 3.1e-3
    assert np.sqrt(np.mean(difference**2)) < 1e-3


CENTRE = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9, "omega_nu": 2e-3,
    "Omega_k": 0.02, "w0": -0.9, "wa": 0.1, "A_bary": 2.6, "eta_bary": 0.7,
}  # fmt: skip
BATCH = 60


def values_and_slopes(points, weight):
    """Of a weighted sum of ln P, at points (BATCH, 11) in the order of CENTRE.

    A few at once, as the package does on a CPU: there programs of 60 were seen to wait for ever.
    """
    found = [of_a_few(some, weight) for some in np.split(points, 3)]
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


@jax.jit
def of_a_few(points, weight):

    def total(x):
        cosmo = Cosmology(**dict(zip(CENTRE, x, strict=True)))
        models = {"linear": "eisenstein_hu_no_wiggle", "model": "hmcode2016"}
        return jnp.sum(weight * jnp.log(nonlinear_power(cosmo, K, Z, **models)))

    return jax.vmap(jax.value_and_grad(total))(points)


@pytest.mark.slow
def test_gradient_against_finite_differences():
    weight = np.random.default_rng(1).normal(size=(Z.size, K.size))
    check_slopes(values_and_slopes, CENTRE, weight, BATCH)


def test_finite_over_the_prior():
    """Values and gradients at random points of the DES-Y1 prior, with HSC's of A and more."""
    low = [0.1, 0.03, 0.55, 0.87, 5e-10, 5e-4, -0.1, -2.0, -0.5, 1.0, 0.3]
    high = [0.9, 0.07, 0.91, 1.07, 5e-9, 1e-2, 0.1, -0.5, 0.4, 5.0, 1.0]
    points = np.random.default_rng(2).uniform(low, high, (BATCH, len(low)))
    value, slope = values_and_slopes(points, np.ones((Z.size, K.size)))
    assert bool(np.all(np.isfinite(value)))
    assert bool(np.all(np.isfinite(slope)))


def test_limber_points(universe):
    """What is interpolated in redshift is what is computed there; and large scales are linear."""
    nodes = Nodes.build(0.01 * np.arange(300), 24, np.arange(0, N_LATTICE, 8), z_max=2.8)
    grid, seen = PowerGrid.build(nodes), 10

    @jax.jit
    def compute(cosmo):
        power, _ = limber_power(cosmo, nodes, grid, linear="eisenstein_hu", nonlinear="hmcode2016")
        k = (nodes.ell + 0.5) / transverse_distance(cosmo, nodes.z[seen])
        direct = nonlinear_power(cosmo, k, nodes.z[[seen]], model="hmcode2016")
        return power[seen], k, direct[0], linear_power(cosmo, k, nodes.z[[seen]])[0]

    power, k, direct, lin = (np.asarray(found) for found in compute(universe(A_bary=2.3)))
    assert np.abs(np.log(power / direct)[(k > 1e-4) & (k < 15)]).max() < 2e-3
    np.testing.assert_allclose((power / lin)[k < 3e-3], 1, atol=3e-3)
    assert np.all((power / lin)[k > 3] > 2)


def test_names_and_effects():
    for name in ("A_bary", "hmcode_A", "halo_model_parameters--A", "HMCode_A_baryon"):
        assert canonical_name(name) == "A_bary"
    for name in ("eta_bary", "hmcode_eta", "halo_model_parameters--eta"):
        assert canonical_name(name) == "eta_bary"
    check_effects(["A_bary", "hmcode_eta"], {"nonlinear": "hmcode2016"})
    for name, other in (("A_bary", "hmcode2020"), ("log_T_AGN", "hmcode2016")):
        with pytest.raises(ParameterError, match=f"'{name}' has no effect with nonlinear = "):
            check_effects([name], {"nonlinear": other})


def test_amplitudes(universe):
    """Of dark matter alone where none is given; eta_0 by A where A is; none below zero."""
    assert baryons(universe()) == (3.13, 0.603)
    assert baryons(universe(A_bary=2.0)) == (2.0, pytest.approx(0.74))
    assert baryons(universe(A_bary=2.0, eta_bary=0.5)) == (2.0, 0.5)
    assert reason_of_failure(universe(A_bary=2.0)) is None
    assert "A_bary > 0" in reason_of_failure(universe(A_bary=-1.0))
