"""The one-loop terms: against their own integrals, FAST-PT, and what scaling demands."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.power.one_loop_kernels import (
    CONVOLUTIONS,
    KERNELS,
    TERMS,
    kernel_B_0_E2,
    kernel_C_0_0E,
    kernel_d1_d3,
)
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, K

GRID = OneLoopGrid.build()
BIAS_GRID = OneLoopGrid.build(("galaxies",))
NAMES = (
    *("A_0_0E", "C_0_0E", "A_0E_0E", "A_0B_0B", "A_E2_E2", "A_B2_B2", "A_0_E2", "B_0_E2"),
    *("D_0E_E2", "D_0B_B2"),
)
OF_BIAS = ("d1_d2", "d2_d2", "d1_s2", "d2_s2", "s2_s2", "d1_d3")
COMPARED = (K > 1e-3) & (K < 10)


@pytest.fixture(scope="module")
def linear(universe):
    """P_lin on the lattice, with acoustic wiggles."""
    return np.asarray(jax.jit(lambda: linear_power(universe(), K, 0.0)[0])())


@pytest.fixture(scope="module")
def terms(linear):
    """The ten terms of tides by name, and the six of bias."""
    found = jax.jit(GRID.spectra)(linear) | jax.jit(BIAS_GRID.spectra)(linear)
    return {name: np.asarray(x) for name, x in found.items()}


def quadrature(k, ln_p):
    """Convolutions by brute force from the kernels of Blazek et al. 2019 and Saito et al. 2014, and
    the term of third order.

    k is along x, the line of sight along z; K(q, k - q) of the fields E and B that are products of
    two tidal fields or of one with the density.
    """
    mu, w_mu = np.polynomial.legendre.leggauss(400)
    edges = np.log([1e-4, k / 2, 0.9 * k, k, 1.1 * k, 2 * k, 50.0])
    unit, gauss = np.polynomial.legendre.leggauss(80)
    half = np.diff(edges)[:, None] / 2
    ln_q = (edges[:-1, None] + half + half * unit).ravel()
    w_q = (half * gauss).ravel()
    phi = 2 * np.pi * np.arange(8) / 8  # exact for the trigonometric polynomials of the kernels
    q, mu, phi = np.exp(ln_q)[:, None, None], mu[None, :, None], phi[None, None, :]
    sine = np.sqrt(1 - mu**2) * np.cos(phi)
    p = np.sqrt(k**2 + q**2 - 2 * k * q * mu)
    ux, uy = mu, sine
    vx, vy = (k - q * mu) / p, -q * sine / p
    between = (k * mu - q) / p
    fE, fE2 = ux**2 - uy**2, vx**2 - vy**2
    fB, fB2 = 2 * ux * uy, 2 * vx * vy
    hE = between * (ux * vx - uy * vy) - (fE + fE2) / 3
    hB = between * (ux * vy + uy * vx) - (fB + fB2) / 3
    F2 = 5 / 7 + between / 2 * (q / p + p / q) + 2 / 7 * between**2
    kernels = {
        "A_0_0E": F2 * (fE + fE2),
        "A_0E_0E": (fE + fE2) ** 2 / 2,
        "A_0B_0B": (fB + fB2) ** 2 / 2,
        "A_E2_E2": 2 * hE**2,
        "A_B2_B2": 2 * hB**2,
        "A_0_E2": 2 * F2 * hE,
        "D_0E_E2": hE * (fE + fE2),
        "D_0B_B2": hB * (fB + fB2),
        "d1_d2": 2 * F2,
        "d2_d2": 2 * np.ones_like(F2),
        "d1_s2": 2 * F2 * (between**2 - 1 / 3),
        "d2_s2": 2 * (between**2 - 1 / 3),
        "s2_s2": 2 * (between**2 - 1 / 3) ** 2,
    }
    spline = CubicSpline(LN_K, ln_p)
    P = np.exp(spline(np.log(q)) + spline(np.log(p)))
    volume = (q**3 * P)[:, :, 0] * w_q[:, None] * w_mu / (2 * np.pi) ** 2
    found = {name: np.sum(kernel.mean(axis=2) * volume) for name, kernel in kernels.items()}
    # (64 / 315) sigma_3^2 P: here p is not integrated over, and P(k) stands in its place
    third = 2 / 7 * (mu**2 - 1) * (between**2 - 1 / 3) + 8 / 63
    volume = (q**3 * np.exp(spline(np.log(q)) + spline(np.log(k))))[:, :, 0] * w_q[:, None] * w_mu
    found["d1_d3"] = 64 / 315 * 105 / 16 * np.sum(third[:, :, 0] * volume) / (2 * np.pi) ** 2
    return found


@pytest.mark.parametrize("at", [0.02, 0.1, 1.0])
def test_convolutions_are_their_integrals(linear, terms, at):
    i = np.argmin(np.abs(K - at))
    for name, expected in quadrature(K[i], np.log(linear)).items():
        assert terms[name][i] == pytest.approx(expected, rel=1e-3), name


def test_every_term_is_fast_pts(linear, terms):
    """On 1e-4 to 1000 h/Mpc at half the step; 1e-4 where a term is not near a zero crossing."""
    fastpt = pytest.importorskip("fastpt", reason="fast-pt is not installed")
    first = int(np.searchsorted(K, 1e-4))
    n = 2 * int(np.log(1e3 / 1e-4) / LN_K_STEP)
    x = LN_K[first] + LN_K_STEP / 2 * np.arange(n)
    P = np.exp(CubicSpline(LN_K, np.log(linear))(x))
    theirs = fastpt.FASTPT(np.exp(x), low_extrap=-5, high_extrap=4, n_pad=n // 2)
    expected = [f(P, C_window=0.75) for f in (theirs.IA_ta, theirs.IA_tt, theirs.IA_mix)]
    bias = theirs.one_loop_dd_bias_b3nl(P, C_window=0.75)
    expected.append([*bias[2:7], bias[8]])
    every = [value for group in expected for value in group]
    for name, values in zip(NAMES + OF_BIAS, every, strict=True):
        found = terms[name][COMPARED]
        stored = np.asarray(values)[2 * (np.flatnonzero(COMPARED) - first)]
        there = np.abs(stored) > 1e-3 * np.abs(stored).max()
        atol = (1e-5 if name in OF_BIAS else 0.0) * np.abs(stored).max()  # of constants at low k
        np.testing.assert_allclose(found[there], stored[there], rtol=1e-3, atol=atol, err_msg=name)


def test_terms_are_of_second_order(linear, terms):
    doubled = jax.jit(GRID.spectra)(2 * linear) | jax.jit(BIAS_GRID.spectra)(2 * linear)
    for name in NAMES + OF_BIAS:
        np.testing.assert_allclose(doubled[name], 4 * terms[name], rtol=1e-9, err_msg=name)


def test_white_noise_on_the_largest_scales(linear, terms):
    """As k -> 0 spectra of products tend to a constant, and E and B modes are alike."""
    i = np.argmin(np.abs(K - 1e-3))
    variance = np.sum(K**3 * linear**2) * LN_K_STEP / (2 * np.pi**2)
    assert terms["A_0E_0E"][i] == pytest.approx(8 / 15 * variance, rel=1e-2)
    for name, share in (("d2_d2", 1), ("d2_s2", 2 / 3), ("s2_s2", 4 / 9)):
        assert terms[name][i] == pytest.approx(2 * share * variance, rel=1e-2), name
    for E, B in (("A_0E_0E", "A_0B_0B"), ("A_E2_E2", "A_B2_B2"), ("D_0E_E2", "D_0B_B2")):
        assert terms[E][i] == pytest.approx(terms[B][i], rel=1e-2)


def test_gradient_is_that_of_finite_differences(linear):
    """Second-order terms: central differences are exact but for rounding."""
    names = NAMES + OF_BIAS
    weights = np.random.default_rng(1).normal(size=(len(names), K.size)) * COMPARED
    change = linear * np.cos(3 * LN_K)
    both = OneLoopGrid.build(("galaxies", "tides"))

    @jax.jit
    def total(P):
        found = both.spectra(P)
        return jnp.vdot(weights, jnp.stack([found[name] for name in names]))

    slope = np.vdot(jax.jit(jax.grad(total))(linear), change)
    difference = (total(linear + 0.1 * change) - total(linear - 0.1 * change)) / 0.2
    assert slope == pytest.approx(float(difference), rel=1e-9)


def test_kernels_are_smooth_across_their_pieces():
    r = np.exp(np.linspace(np.log(1e-4), np.log(1e4), 4001))
    for kernel, end in (
        *((kernel_C_0_0E, 768 / 7), (kernel_B_0_E2, -8 / 147), (kernel_d1_d3, 256 / 5)),
    ):
        Z = kernel(r)
        assert np.all(np.isfinite(Z))
        jump = np.abs(np.diff(np.log(np.abs(Z)), n=2))
        assert jump.max() < 5e-3
        assert Z[-1] == pytest.approx(end, rel=1e-5)
    assert float(kernel_C_0_0E(np.array(1.0))) == pytest.approx(96.0)
    assert float(kernel_B_0_E2(np.array(1.0))) == pytest.approx(-1 / 42)
    assert float(kernel_d1_d3(np.array(1.0))) == pytest.approx(32.0)
    middle = np.array([0.3, 2.0])
    of_C = (256 - kernel_C_0_0E(middle) / middle**2) / 5
    np.testing.assert_allclose(kernel_d1_d3(middle), of_C, rtol=1e-10)


def test_few_transforms_serve_all_terms():
    assert GRID.transform.shape[0] == 7
    assert GRID.coefficients.shape == (6, 15)
    assert BIAS_GRID.transform.shape[0] == 7
    assert BIAS_GRID.coefficients.shape == (5, 5)
    assert {name for terms in TERMS.values() for name in terms} == {*CONVOLUTIONS, *KERNELS}
