"""HMCode2020: CAMB on its own linear spectra, the halo model's parts, limits and derivatives."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import check_slopes
from scipy.optimize import brentq
from scipy.special import sici

from jaxlike.numerics.splines import lattice_values
from jaxlike.theory import wavenumbers
from jaxlike.theory.power import hmcode, linear, nfw, wiggles
from jaxlike.theory.power.collapse import CollapseGrid
from jaxlike.theory.power.halo_model import halo_model
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.universe import growth
from jaxlike.theory.universe.background import transverse_distance
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

K = np.geomspace(1e-3, 10, 60)
Z = np.array([0.0, 0.5, 1.5, 3.0])


@jax.jit
def cold_ratio(cosmo, grid):
    """Eisenstein & Hu's ratio of cold to total power (n_z, n_k), which CAMB's HMCode takes."""
    return jnp.exp(linear.ln_cold_excess(cosmo, wavenumbers.K, grid.growth(cosmo)[0]))


@jax.jit
def boost_at(cosmo, grid, total, cold, log_T_AGN, k, pk):
    """P_nl / P_lin (n_z, n_k) from linear spectra on the lattice, and P_lin at k."""
    haloes = halo_model(cosmo, grid, total, cold, log_T_AGN=log_T_AGN)
    position = (jnp.log(k) - wavenumbers.LN_K[0]) / wavenumbers.LN_K_STEP
    splines = jax.vmap(lattice_values, (1, None))(haloes.splines, position)
    return hmcode.hmcode(k, pk, splines, haloes) / pk


def ratio_to_linear(case, log_T_AGN, *, cold):
    """P_nl / P_lin (n_z, n_k) from CAMB's linear spectra."""
    total = case.on(wavenumbers.K, "total")
    if cold == "CAMB":
        cold = case.on(wavenumbers.K, "cold")
    else:
        cold = total * np.asarray(cold_ratio(case.cosmo, growth.GrowthGrid.build(case.z)))
    grid = CollapseGrid.build(case.z)
    k, pk = case.filled("k"), case.filled("total")
    boost = boost_at(case.cosmo, grid, total, cold, log_T_AGN, k, pk)
    return np.asarray(boost)[:, : case["k"].size]


def differences(case, log_T_AGN=None, *, cold="Eisenstein & Hu"):
    """ln of our ratio over CAMB's, 0.001 < k < 10 h/Mpc."""
    used = (case["k"] > 1e-3) & (case["k"] < 10)
    key = "mead2020" if log_T_AGN is None else f"feedback_{log_T_AGN}"
    return np.log(ratio_to_linear(case, log_T_AGN, cold=cold) / case[key])[:, used]


def test_against_camb(camb_stored):
    """The budget is 5e-3; three degenerate neutrinos have another ratio of cold to total."""
    cold = "CAMB" if camb_stored.name == "three_neutrinos" else "Eisenstein & Hu"
    for log_T_AGN in (None, 7.6, 8.1):
        found = differences(camb_stored, log_T_AGN, cold=cold)
        assert np.abs(found).max() < 2.5e-3
        assert np.sqrt(np.mean(found**2)) < 4e-4


def test_the_cold_spectrum_itself_differs_from_camb_s_fit_to_it(camb_case):
    """Heavy neutrinos: CAMB's HMCode has Eisenstein & Hu's cold spectrum, not its own."""
    assert np.abs(differences(camb_case("light_neutrino"), cold="CAMB")).max() < 2.5e-3
    assert 5e-3 < np.abs(differences(camb_case("heavy_neutrino"), cold="CAMB")).max() < 0.012


nfw_window = jax.jit(nfw.nfw_window)


@jax.jit
def nfw_slope(at, direction):
    return jax.jvp(nfw.nfw_window, at, direction)[1]


@pytest.mark.parametrize("c", [1.0, 4.0, 30.0, 1000.0])
def test_nfw_window(c):
    """Cooray & Sheth 2002, eq. 81, with Si and Ci; and its slopes by finite differences."""
    x = np.geomspace(1e-3, 1e3, 500)
    inner, outer = x / c, x / c + x
    (s1, c1), (s2, c2) = sici(inner), sici(outer)
    expected = np.sin(inner) * (s2 - s1) + np.cos(inner) * (c2 - c1) - np.sin(x) / outer
    expected /= np.log1p(c) - c / (1 + c)
    found = np.asarray(nfw_window(x, np.full_like(x, c)))
    np.testing.assert_allclose(found, expected, atol=1.5e-4)
    assert found[0] == pytest.approx(1, abs=1e-5)
    for direction in ((x, 0 * x), (0 * x, np.full_like(x, c))):
        slope = nfw_slope((x, np.full_like(x, c)), direction)
        high, low = (
            np.asarray(nfw_window(x + s * direction[0], c + s * direction[1]))
            for s in (1e-5, -1e-5)
        )
        np.testing.assert_allclose(slope, (high - low) / 2e-5, rtol=1e-5, atol=1e-6)


@jax.jit
def collapse(grid, cosmo):
    return grid.collapse(cosmo)


@jax.jit
def growth_at(grid, cosmo):
    return grid.growth(cosmo)[0]


def test_collapse_in_matter_domination():
    """Einstein-de Sitter: delta_c = 1.686, Delta_v = 18 pi^2, concentrations as in LCDM."""
    eds = Cosmology(Omega_m=1.0, Omega_b=0.05, h=0.7, n_s=1.0, sigma8=0.8, radiation=False)
    found = collapse(CollapseGrid.build(Z), eds)
    np.testing.assert_allclose(found.delta_c, 1.68647, rtol=2e-4)
    np.testing.assert_allclose(found.Delta_v, 18 * np.pi**2, rtol=1e-6)
    np.testing.assert_allclose(found.dark_energy, 1, rtol=1e-6)
    np.testing.assert_allclose(found.growth, 1 / (1 + Z), rtol=1e-6)


def test_time_of_formation(universe):
    """D(z_f) = D(z) delta_c / sigma by a root finder; never after z."""
    cosmo = universe(radiation=False, w0=-0.8, Omega_k=0.05)
    found = collapse(CollapseGrid.build(Z), cosmo)
    sigma = np.array([0.5, 1.6, 2.0, 3.0, 8.0])
    formed = np.asarray(jax.jit(type(found).formation)(found, np.tile(sigma, (Z.size, 1))))
    for i, z in enumerate(Z):
        for j, s in enumerate(sigma):
            target = float(found.delta_c[i]) / s
            if target >= 1:
                assert formed[i, j] == pytest.approx(1 + z, rel=1e-5)
                continue

            def excess(zf, z=z, target=target):
                at_zf, at_z = growth_at(growth.GrowthGrid.build([zf, z]), cosmo).tolist()
                return at_zf / at_z - target

            root = brentq(excess, z, 100.0, xtol=1e-8)
            assert formed[i, j] == pytest.approx(1 + root, rel=1e-5)


def test_wiggles(universe):
    """A few per cent around k = 0.1 h/Mpc; none in a spectrum without, none beyond the piece."""
    k = wavenumbers.K[wiggles.WIGGLES]
    cosmo = universe()

    @jax.jit
    def compute(c):
        models = "eisenstein_hu", "eisenstein_hu_no_wiggle"
        power = (linear.linear_power(c, wavenumbers.K, 0.0, model=model) for model in models)
        return [wiggles.wiggles(c, p) for p in power]

    with_, without = (np.asarray(found) for found in compute(cosmo))
    assert 0.03 < np.abs(with_).max() < 0.1
    np.testing.assert_allclose(without, 0, atol=1e-10)
    np.testing.assert_allclose(with_[0, (k < 0.0105) | (k > 2.37)], 0, atol=1e-12)


@jax.jit
def powers(cosmo):
    """Nonlinear and linear power (n_z, n_k)."""
    return nonlinear_power(cosmo, K, Z, model="hmcode2020"), linear.linear_power(cosmo, K, Z)


def test_large_scales_are_linear_and_feedback_removes_small_ones(universe):
    cosmo = universe()
    plain, lin = (np.asarray(found) for found in powers(cosmo))
    np.testing.assert_allclose((plain / lin)[:, K < 3e-3], 1, atol=2e-3)
    assert np.all((plain / lin)[:, -1] > 2)
    weak, strong = (np.asarray(powers(replace(cosmo, log_T_AGN=t))[0]) / plain for t in (7.6, 8.1))
    np.testing.assert_allclose(weak[:, K < 3e-3], 1, atol=1e-4)
    there = (K > 1) & (K < 8)
    assert np.all(strong[0, there] < weak[0, there])
    assert 0.6 < strong[0, there].min() < 0.9


def test_a_field_without_haloes_is_linear(universe):
    for sigma8, tolerance in ((1e-3, 1e-3), (0.05, 0.02)):
        cosmo = universe(sigma8=sigma8, log_T_AGN=8.0)
        power, lin = (np.asarray(found) for found in powers(cosmo))
        np.testing.assert_allclose(power / lin, 1, atol=tolerance)


CENTRE = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9, "omega_nu": 2e-3,
    "Omega_k": 0.02, "w0": -0.9, "wa": 0.1, "log_T_AGN": 7.9,
}  # fmt: skip


BATCH = 60


@jax.jit
def values_and_slopes(points, weight):
    """Of a weighted sum of ln P, at points (BATCH, 10) in the order of CENTRE."""

    def total(x):
        cosmo = Cosmology(**dict(zip(CENTRE, x, strict=True)))
        power = nonlinear_power(cosmo, K[::5], Z, model="hmcode2020")
        return jnp.sum(weight * jnp.log(power))

    return jax.vmap(jax.value_and_grad(total))(points)


def test_gradient_against_finite_differences():
    weight = np.random.default_rng(1).normal(size=(Z.size, 12))
    check_slopes(values_and_slopes, CENTRE, weight, BATCH)


def test_finite_over_the_prior():
    """Values and gradients at random points of the DES-Y1 prior, with feedback."""
    rng = np.random.default_rng(2)
    low = [0.1, 0.03, 0.55, 0.87, 5e-10, 5e-4, -0.1, -2.0, -0.5, 7.3]
    high = [0.9, 0.07, 0.91, 1.07, 5e-9, 1e-2, 0.1, -0.5, 0.4, 8.3]
    points = rng.uniform(low, high, (BATCH, 10))
    value, slope = values_and_slopes(points, np.ones((Z.size, 12)))
    assert bool(np.all(np.isfinite(value)))
    assert bool(np.all(np.isfinite(slope)))


NODES = Nodes.build(0.01 * np.arange(300), 24, np.arange(0, N_LATTICE, 4), z_max=2.8)
GRID = PowerGrid.build(NODES)
SEEN = [4, 18]


@jax.jit
def at_limber_points(cosmo):
    """Power, and at the wavenumbers of the nodes SEEN the same without interpolation."""
    power, _ = limber_power(cosmo, NODES, GRID, linear="eisenstein_hu", nonlinear="hmcode2020")
    k = (NODES.ell + 0.5) / transverse_distance(cosmo, NODES.z[SEEN])[:, None]
    return power, k, nonlinear_power(cosmo, k.ravel(), NODES.z[SEEN], model="hmcode2020")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"log_T_AGN": 8.2, "A_s": 2e-9, "omega_nu": 5e-3},
        {"log_T_AGN": 7.6, "A_s": 2e-9, "omega_nu": 1e-3, "Omega_k": 0.1},
    ],
)
def test_limber_points(universe, changes):
    """What is interpolated in redshift, a few nodes with haloes just forming among them."""
    power, k, direct = (np.asarray(found) for found in at_limber_points(universe(**changes)))
    assert np.all(np.isfinite(power))
    expected = direct.reshape(len(SEEN), *k.shape)
    for row, i in enumerate(SEEN):
        used = (k[row] > 1e-4) & (k[row] < 15)
        difference = np.log(power[i] / expected[row, row])[used]
        assert np.abs(difference).max() < 2e-3
        assert np.sqrt(np.mean(difference**2)) < 7e-4
