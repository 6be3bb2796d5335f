"""Halofit: CCL and CAMB on their own linear spectra, the nonlinear scale and its derivative."""

import json
from dataclasses import replace
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from jaxlike.theory import wavenumbers
from jaxlike.theory.power import halofit, linear
from jaxlike.theory.universe import background
from jaxlike.theory.universe.cosmology import Cosmology

Z = np.array([0.0, 0.5, 1.5, 3.0])
NODES = wavenumbers.K_NODES[halofit.SMOOTHING]


@partial(jax.jit, static_argnames=("model", "linear_below"))
def from_spectra(
    cosmo, k, pk, z, smoothed, *, model="takahashi", linear_below=halofit.LINEAR_BELOW
):
    """Halofit of a linear spectrum, which `smoothed` is on NODES."""
    scale = halofit.nonlinear_scale(smoothed)
    return halofit.halofit(cosmo, k, pk, z, scale, model=model, linear_below=linear_below)


@jax.jit
def smoothed_power(cosmo):
    """Linear power (n_z, n) on NODES at Z, and (1, 1) at k = 1 h/Mpc today."""
    return (
        linear.linear_power(cosmo, NODES, Z),
        linear.linear_power(cosmo, np.array([1.0]), 0.0),
    )


@jax.jit
def rows_with_constant_w(cosmo, k, pk, z, smoothed):
    """Halofit with CCL's dark energy: w0 in the place of w(a).

    Halofit knows the universe through the densities at that time and w alone, so a universe with
    these densities today and constant w0 is what CCL takes at z.
    """

    def row(pk, z, scale):
        a = 1 / (1 + z)
        then = replace(
            cosmo,
            Omega_m=background.Omega_m_of_a(cosmo, a),
            Omega_k=cosmo.Omega_k / a**2 / background.E_squared(cosmo, a),
            wa=0.0,
        )
        there = jax.tree.map(lambda x: x[None], scale)
        return halofit.halofit(then, k, pk[None], jnp.zeros(1), there, linear_below=0.0)[0]

    return jax.vmap(row)(pk, z, halofit.nonlinear_scale(smoothed))


@pytest.fixture(scope="module")
def ccl_spectra(ccl_tables):
    """Linear spectra at k and on NODES, and the nonlinear one at k, at CCL's redshifts."""
    z = 1 / ccl_tables["apk"] - 1

    @partial(jax.jit, static_argnames="model")
    def compute(cosmo, k, model):
        points = np.size(NODES)
        pk = linear.linear_power(cosmo, jnp.concatenate([NODES, k]), z, model=model)
        whole = halofit.nonlinear_power(cosmo, k, z, linear=model)
        return pk[:, points:], pk[:, :points], whole

    return compute, z


@pytest.mark.parametrize(
    ("model", "key"), {"eisenstein_hu": "EH", "eisenstein_hu_no_wiggle": "EHnw"}.items()
)
def test_takahashi_against_ccl(ccl, ccl_spectra, model, key):
    """Where w varies, CCL's definition (w0 only) is matched; ours, like CAMB's, takes w(a).

    CCL does not go over to the linear power at 0.005 h/Mpc.
    """
    compute, z = ccl_spectra
    k = ccl.tables["k"] / ccl.h
    used = k > 0.005
    pk, smoothed, whole = (np.asarray(found) for found in compute(ccl.cosmo, k, model))
    if ccl.cosmo.wa == 0:
        power = np.asarray(from_spectra(ccl.cosmo, k, pk, z, smoothed, linear_below=0.0))
        np.testing.assert_allclose(whole[:, k > 0.01], power[:, k > 0.01], rtol=1e-5)
    else:
        power = np.asarray(rows_with_constant_w(ccl.cosmo, k, pk, z, smoothed))
    np.testing.assert_allclose(power[:, used] / ccl.h**3, ccl[f"Pnl_{key}"][:, used], rtol=5e-5)


def on_lattice(k, power):
    """ln P as a cubic spline in ln k, continued as power laws, on the lattice of halofit."""
    ln_k, ln_p = np.log(k), np.log(power)
    inside = np.clip(np.log(NODES), ln_k[0], ln_k[-1])
    rows = CubicSpline(ln_k, ln_p, axis=1)(inside)
    beyond = np.log(NODES) - inside
    low = (ln_p[:, 1] - ln_p[:, 0]) / (ln_k[1] - ln_k[0])
    high = (ln_p[:, -1] - ln_p[:, -2]) / (ln_k[-1] - ln_k[-2])
    return np.exp(rows + np.where(beyond < 0, low[:, None], high[:, None]) * beyond)


@pytest.mark.parametrize("name", ["bf_takahashi", "planck"])
def test_takahashi_with_neutrinos_against_camb(shared, name):
    """CAMB 2.0.5's halofit, stored by Cobaya with the linear power that it was made from."""
    with np.load(shared / "reference" / "cobaya" / f"{name}.npz") as file:
        stored = dict(file)
    p = json.loads(str(stored["params"]))
    h = p["H0"] / 100
    cosmo = Cosmology(
        Omega_m=p["omegam"],
        Omega_b=p["omegab"],
        h=h,
        n_s=p["ns"],
        A_s=p["As_1e9"] * 1e-9,
        omega_nu=p["omnuh2"],
        N_eff=3.044,
    )
    k, pk = stored["k_invMpc"] / h, stored["Plin"] * h**3
    used = (k > 0.006) & (k < 10)  # below, CAMB returns the linear power
    smoothed = on_lattice(k, pk)
    found = np.asarray(from_spectra(cosmo, k, pk, stored["zk"], smoothed, linear_below=0.0))
    np.testing.assert_allclose(found[:, used] / h**3, stored["Pnl"][:, used], rtol=4e-4)


Omega_m_of_a = jax.jit(background.Omega_m_of_a)


def test_takahashi_against_camb(camb_stored):
    """CAMB stops the search for the nonlinear scale 1e-3 short: up to 4e-4 of power at random."""
    filled, smoothed = camb_stored.filled("total"), camb_stored.on(NODES, "total")
    found = from_spectra(
        camb_stored.cosmo, camb_stored.filled("k"), filled, camb_stored.z, smoothed
    )
    k = camb_stored["k"]
    ratio = (np.asarray(found) / filled)[:, : k.size]
    assert np.all(camb_stored["takahashi"][:, k < 0.005] == 1)
    difference = ratio / camb_stored["takahashi"] - 1
    a = 1 / (1 + camb_stored.z)
    close = np.abs(1 - np.asarray(Omega_m_of_a(camb_stored.cosmo, a))) / 0.01
    # where CAMB has steps: in k, and in Omega_m(z)
    smoothed = (np.abs(np.log(k / 0.005)) < 0.7) | ((0.1 < close) & (close < 2.2))[:, None]
    assert np.abs(difference[:, k < 0.0024]).max() < 2e-5
    assert np.abs(difference[:, k < 10]).max() < 4e-3
    used = ~smoothed & (k < 10)
    assert np.abs(difference[used]).max() < 4.5e-4
    assert np.sqrt(np.mean(difference[used] ** 2)) < 6e-5


def test_there_are_no_steps(universe):
    """Power is smooth in k across 0.005 h/Mpc and in Omega_m across one, where CAMB's has steps."""
    k = np.exp(np.arange(np.log(0.003), np.log(0.009), 1e-3))
    ln_p = np.log(jax.jit(lambda c: halofit.nonlinear_power(c, k, Z))(universe()))
    assert np.abs(np.diff(ln_p, 2, axis=1)).max() < 1e-6
    at = np.array([0.1, 1.0, 5.0])

    @jax.jit
    @jax.vmap
    def value_and_slope(omega_m):
        def ln_power(omega_m):
            return jnp.log(halofit.nonlinear_power(universe(Omega_m=omega_m), at, [0.0]))[0]

        return jax.jvp(ln_power, (omega_m,), (jnp.ones(()),))

    omega_m, step = np.arange(0.97, 1.02, 2e-4), 1e-5
    checked = np.array([0.985, 0.9901, 0.99999, 1.0, 1.00005])
    n, m = omega_m.size, checked.size
    points = np.concatenate([omega_m, checked, checked + step, checked - step])
    values, slopes = (np.asarray(found) for found in value_and_slope(points))
    assert np.abs(np.diff(values[:n], 2, axis=0)).max() < 2e-5
    slope = (values[n + m : n + 2 * m] - values[n + 2 * m :]) / (2 * step)
    np.testing.assert_allclose(slopes[n : n + m], slope, rtol=1e-3, atol=1e-3)


def sigma2(radius, k, power):
    ln_p = CubicSpline(np.log(k), np.log(power))

    def integrand(x):
        kk = np.exp(x)
        return kk**3 * np.exp(ln_p(x)) / (2 * np.pi**2) * np.exp(-((kk * radius) ** 2))

    edges = np.log([k[0], 1e-2, 0.1, 1.0, 5.0 / radius, 20 / radius])
    edges = np.sort(np.clip(edges, np.log(k[0]), np.log(k[-1])))
    return sum(quad(integrand, a, b, epsrel=1e-10, limit=200)[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("z", [0.0, 2.0])
def test_nonlinear_scale_by_adaptive_integration(universe, z):
    """sigma(1 / k_sigma) = 1, and slope and curvature there by finite differences."""

    @jax.jit
    def compute(cosmo):
        power = linear.linear_power(cosmo, NODES, z)
        return power, halofit.nonlinear_scale(power)

    power, scale = jax.tree.map(np.asarray, compute(universe()))
    radius = brentq(lambda r: sigma2(r, NODES, power[0]) - 1, 0.05, 20, xtol=1e-10)
    assert np.exp(-scale.ln_k_sigma[0]) == pytest.approx(radius, rel=1e-5)
    step = 0.02
    low, here, high = (
        np.log(sigma2(radius * np.exp(s), NODES, power[0])) for s in (-step, 0, step)
    )
    assert scale.n_eff[0] == pytest.approx(-3 - (high - low) / 2 / step, abs=1e-4)
    assert scale.curvature[0] == pytest.approx(-(high - 2 * here + low) / step**2, abs=1e-3)


def test_derivative_of_the_root_is_the_implicit_one(universe):
    """d ln k_sigma along two directions in P against central differences of the solved root."""
    power = np.asarray(smoothed_power(universe())[0])

    @jax.jit
    def values_and_slopes(direction, t):
        def scale(t):
            s = halofit.nonlinear_scale(power + t * direction)
            return jnp.stack([s.ln_k_sigma, s.n_eff, s.curvature])

        return jax.vmap(lambda t: jax.jvp(scale, (t,), (jnp.ones(()),)))(t)

    step = 1e-4
    for direction in (power, power * np.log(NODES / 0.1)):
        f, slopes = values_and_slopes(direction, step * np.array([-2.0, -1.0, 1.0, 2.0, 0.0]))
        expected = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * step)
        np.testing.assert_allclose(slopes[4], expected, rtol=1e-7, atol=1e-9)


def test_field_without_a_nonlinear_scale_becomes_linear(universe):
    """sigma < 1 down to the smallest radius: P_nl tends to P_lin, and nothing breaks."""
    k = np.geomspace(1e-3, 10, 30)

    @jax.jit
    def boost(sigma8):
        c = universe(sigma8=sigma8)
        return halofit.nonlinear_power(c, k, [3.0]) / linear.linear_power(c, k, [3.0])

    np.testing.assert_allclose(boost(1e-3), 1, atol=1e-5)
    np.testing.assert_allclose(boost(0.02), 1, atol=2e-3)
    np.testing.assert_allclose(boost(0.1), 1, atol=0.05)


def test_the_last_radius_leaves_no_step(universe):
    """Value and slope in the amplitude go on where sigma(R) no longer reaches one."""
    shape = np.asarray(smoothed_power(universe())[0])[:1]
    smallest = wavenumbers.NODE_STEP[halofit.SMOOTHING] * np.exp(-((0.01 * NODES) ** 2)) * NODES**3
    edge = np.log(2 * np.pi**2 / np.sum(smallest * shape))  # sigma(0.01 Mpc/h) = 1

    @jax.jit
    @jax.value_and_grad
    def ln_k_sigma(ln_amplitude):
        return halofit.nonlinear_scale(shape * jnp.exp(ln_amplitude)).ln_k_sigma[0]

    (inside, slope_inside), (outside, slope) = ln_k_sigma(edge + 1e-6), ln_k_sigma(edge - 1e-6)
    assert float(ln_k_sigma(edge)[0]) == pytest.approx(-np.log(0.01), abs=1e-6)
    assert float(slope_inside) == pytest.approx(float(slope), rel=1e-4)
    assert float(inside - outside) == pytest.approx(2e-6 * float(slope), rel=1e-3)


@pytest.mark.parametrize("model", ["takahashi", "smith"])
def test_large_scales_stay_linear_and_small_ones_are_boosted(universe, model):
    k = np.geomspace(1e-3, 10, 60)

    @jax.jit
    def boost(c):
        return halofit.nonlinear_power(c, k, Z, model=model) / linear.linear_power(c, k, Z)

    ratio = np.asarray(boost(universe()))
    np.testing.assert_allclose(ratio[:, k < 3e-3], 1, atol=2e-3)
    assert np.all(ratio[:, -1] > 2)
    assert np.all(np.diff(ratio[:, -1]) < 0)  # less with redshift


def test_density_exponents_between_flat_and_open(universe):
    """Dark energy or curvature, the same densities of matter: between Smith's two cases."""
    smoothed, pk = (np.asarray(found) for found in smoothed_power(universe()))
    k, z = np.array([1.0]), np.zeros(1)
    flat, half, open_ = (
        float(from_spectra(universe(Omega_k=x, radiation=False), k, pk, z, smoothed[:1])[0, 0])
        for x in (0.0, 0.35, 0.7)
    )
    assert half == pytest.approx((flat + open_) / 2, rel=0.01)
    assert abs(open_ / flat - 1) > 0.02


def test_phantom_and_quintessence_differ_in_takahashi_only(universe):
    smoothed, pk = (np.asarray(found) for found in smoothed_power(universe()))
    k, z = np.array([1.0]), np.zeros(1)
    for model, differ in (("takahashi", True), ("smith", False)):
        one, two = (
            float(from_spectra(universe(w0=w), k, pk, z, smoothed[:1], model=model)[0, 0])
            for w in (-1.0, -0.7)
        )
        assert (abs(two / one - 1) > 1e-3) == differ


@pytest.mark.parametrize(("model", "version"), [("takahashi", "takahashi"), ("smith", "original")])
def test_against_camb_run_here(model, version):
    """CAMB's linear power through our halofit against CAMB's own, in both models."""
    camb = pytest.importorskip("camb")
    p = camb.CAMBparams()
    p.set_cosmology(H0=70, ombh2=0.0225, omch2=0.12, mnu=0.0, num_massive_neutrinos=0, nnu=3.046)
    p.InitPower.set_params(As=2.1e-9, ns=0.96)
    p.WantCls = False
    p.set_matter_power(redshifts=[0.0, 0.5, 1.5], kmax=30)
    p.NonLinearModel.set_params(halofit_version=version)
    results = camb.get_results(p)
    units = {"hubble_units": True, "k_hunit": True}
    k, z, pk = results.get_linear_matter_power_spectrum(**units)
    _, _, nonlinear = results.get_nonlinear_matter_power_spectrum(**units)

    cosmo = Cosmology(Omega_m=0.1425 / 0.49, Omega_b=0.0225 / 0.49, h=0.7, n_s=0.96, A_s=2.1e-9)
    used = (k > 0.006) & (k < 10)
    found = from_spectra(
        cosmo, k, pk, np.asarray(z), on_lattice(k, pk), model=model, linear_below=0.0
    )
    np.testing.assert_allclose(np.asarray(found)[:, used], nonlinear[:, used], rtol=3e-4)
