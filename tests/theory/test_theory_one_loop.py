"""The one-loop terms: against their own integrals, FAST-PT, and what scaling demands."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.power.one_loop import OneLoopGrid, OneLoopSpectra
from jaxlike.theory.power.one_loop_kernels import CONVOLUTIONS, kernel_B_0_E2, kernel_C_0_0E
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, K

GRID = OneLoopGrid.build()
NAMES = tuple(OneLoopSpectra.__dataclass_fields__)
COMPARED = (K > 1e-3) & (K < 10)


@pytest.fixture(scope="module")
def linear(universe):
    """P_lin on the lattice, with acoustic wiggles."""
    return np.asarray(jax.jit(lambda: linear_power(universe(), K, 0.0)[0])())


@pytest.fixture(scope="module")
def terms(linear):
    """The ten terms by name."""
    return {name: np.asarray(x) for name, x in vars(jax.jit(GRID.spectra)(linear)).items()}


def quadrature(k, ln_p):
    """The eight convolutions by brute force from the kernels of Blazek et al. 2019.

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
    }
    spline = CubicSpline(LN_K, ln_p)
    P = np.exp(spline(np.log(q)) + spline(np.log(p)))
    volume = (q**3 * P)[:, :, 0] * w_q[:, None] * w_mu / (2 * np.pi) ** 2
    return {name: np.sum(kernel.mean(axis=2) * volume) for name, kernel in kernels.items()}


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
    for name, values in zip(NAMES, [value for group in expected for value in group], strict=True):
        found = terms[name][COMPARED]
        stored = np.asarray(values)[2 * (np.flatnonzero(COMPARED) - first)]
        there = np.abs(stored) > 1e-3 * np.abs(stored).max()
        np.testing.assert_allclose(found[there], stored[there], rtol=1e-3, err_msg=name)


def test_terms_are_of_second_order(linear, terms):
    doubled = vars(jax.jit(GRID.spectra)(2 * linear))
    for name in NAMES:
        np.testing.assert_allclose(doubled[name], 4 * terms[name], rtol=1e-9, err_msg=name)


def test_white_noise_on_the_largest_scales(linear, terms):
    """As k -> 0 spectra of products tend to a constant, and E and B modes are alike."""
    i = np.argmin(np.abs(K - 1e-3))
    variance = np.sum(K**3 * linear**2) * LN_K_STEP / (2 * np.pi**2)
    assert terms["A_0E_0E"][i] == pytest.approx(8 / 15 * variance, rel=1e-2)
    for E, B in (("A_0E_0E", "A_0B_0B"), ("A_E2_E2", "A_B2_B2"), ("D_0E_E2", "D_0B_B2")):
        assert terms[E][i] == pytest.approx(terms[B][i], rel=1e-2)


def test_gradient_is_that_of_finite_differences(linear):
    """Second-order terms: central differences are exact but for rounding."""
    weights = np.random.default_rng(1).normal(size=(len(NAMES), K.size)) * COMPARED
    change = linear * np.cos(3 * LN_K)

    @jax.jit
    def total(P):
        return jnp.vdot(weights, jnp.stack(list(vars(GRID.spectra(P)).values())))

    slope = np.vdot(jax.jit(jax.grad(total))(linear), change)
    difference = (total(linear + 0.1 * change) - total(linear - 0.1 * change)) / 0.2
    assert slope == pytest.approx(float(difference), rel=1e-9)


def test_kernels_are_smooth_across_their_pieces():
    r = np.exp(np.linspace(np.log(1e-4), np.log(1e4), 4001))
    for kernel, ends in ((kernel_C_0_0E, (256 * r**2, 768 / 7)), (kernel_B_0_E2, (None, -8 / 147))):
        Z = kernel(r)
        assert np.all(np.isfinite(Z))
        jump = np.abs(np.diff(np.log(np.abs(Z)), n=2))
        assert jump.max() < 5e-3
        assert Z[-1] == pytest.approx(ends[1], rel=1e-5)
    assert float(kernel_C_0_0E(np.array(1.0))) == pytest.approx(96.0)
    assert float(kernel_B_0_E2(np.array(1.0))) == pytest.approx(-1 / 42)


def test_few_transforms_serve_all_terms():
    assert GRID.transform.shape[0] == 7
    assert GRID.coefficients.shape == (len(CONVOLUTIONS), 15)
