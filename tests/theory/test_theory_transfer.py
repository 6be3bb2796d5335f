"""Transfer functions of Eisenstein & Hu and the suppression by massive neutrinos.

The fits themselves are tested against CCL's in test_theory_linear.py.
"""

import jax
import numpy as np
import pytest

from jaxlike.theory.power import transfer
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.universe.growth import GrowthGrid

K = np.geomspace(1e-5, 50, 400)


@jax.jit
def transfers(cosmo, k):
    """With wiggles and without."""
    return transfer.eisenstein_hu(cosmo, k), transfer.eisenstein_hu_no_wiggle(cosmo, k)


def ratio_of(cosmo, k):
    """That with wiggles over that without."""
    with_, without = transfers(cosmo, k)
    return np.asarray(with_) / np.asarray(without)


@pytest.mark.parametrize("fit", [transfer.eisenstein_hu, transfer.eisenstein_hu_no_wiggle])
def test_large_scales_are_untouched_and_small_ones_fall(universe, fit):
    T = np.asarray(jax.jit(fit)(universe(), K))
    assert T[0] == pytest.approx(1, abs=1e-3)
    assert np.all(T > 0)
    assert T[-1] < 1e-4
    # T ~ ln(k) / k^2 deep inside the horizon at equality
    slope = np.gradient(np.log(T), np.log(K))
    assert -2 < slope[-2] < -1.7


def test_wiggles_oscillate_around_the_smooth_fit(universe):
    ratio = ratio_of(universe(), K)
    acoustic = (K > 0.01) & (K < 0.4)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(ratio[acoustic]))))
    assert 5 < turns.size < 20
    assert 0.03 < np.abs(np.asarray(ratio[acoustic]) - 1).max() < 0.12


def test_acoustic_scale(universe):
    """Peaks of the ratio lie 2 pi / s apart; s ~ 44.5 ln(9.83 / omega_m) / sqrt(...) (EH98, 26)."""
    c = universe()
    omega_m, omega_b = 0.3 * 0.49, 0.046 * 0.49
    sound = 44.5 * np.log(9.83 / omega_m) / np.sqrt(1 + 10 * omega_b**0.75) * 0.7  # Mpc/h
    k = np.linspace(0.05, 0.4, 4000)
    ratio = ratio_of(c, k)
    ratio = ratio - np.polyval(np.polyfit(k, ratio, 3), k)
    peaks = k[1:-1][(ratio[1:-1] > ratio[:-2]) & (ratio[1:-1] > ratio[2:])]
    assert np.diff(peaks).mean() == pytest.approx(2 * np.pi / sound, rel=0.03)


def test_fewer_baryons_smaller_wiggles(universe):
    def size(Omega_b: float) -> float:
        c = universe(Omega_b=Omega_b)
        k = K[(K > 0.05) & (K < 0.4)]
        return float(np.std(np.diff(np.log(ratio_of(c, k)))))

    assert size(0.01) < 0.3 * size(0.046)


@jax.jit
def ln_suppression(cosmo, k, grid):
    return transfer.ln_neutrino_suppression(cosmo, k, grid.growth(cosmo)[0])


def suppression(c, k, z=0.0):
    return np.asarray(ln_suppression(c, np.asarray(k), GrowthGrid.build(z)))[0]


@pytest.mark.parametrize("omega_nu", [6e-4, 2e-3, 1e-2])
def test_neutrinos_leave_large_scales_alone(universe, omega_nu):
    assert suppression(universe(omega_nu=omega_nu), [1e-7])[0] == pytest.approx(0, abs=1e-6)


@jax.jit
def power_today(cosmo, k):
    return linear_power(cosmo, k, 0.0)


CAMB_SUPPRESSION = {6.4e-4: (-8.84, -9.14), 2e-3: (-10.00, -10.32), 6e-3: (-10.83, -11.36)}
"""ln P / P(massless) over f_nu at k = 1 and 5 h/Mpc, z = 0: CAMB 2.0.5, one massive eigenstate,
Omega_m 0.3, Omega_b 0.046, h 0.7, n_s 0.96, the same A_s."""


@pytest.mark.parametrize(("omega_nu", "expected"), CAMB_SUPPRESSION.items())
def test_neutrinos_lower_small_scales(universe, omega_nu, expected):
    """The rule of thumb 1 - 8 f_nu, in CAMB's numbers; the fit is good to 13 % of the effect."""
    k = np.array([1.0, 5.0])
    heavy = np.asarray(power_today(universe(A_s=2e-9, omega_nu=omega_nu), k))
    massless = np.asarray(power_today(universe(A_s=2e-9), k))
    f_nu = omega_nu / 0.3 / 0.49
    np.testing.assert_allclose(np.log(heavy / massless)[0] / f_nu, expected, rtol=0.13)


def test_suppression_grows_with_wave_number_and_time(universe):
    c = universe(omega_nu=2e-3)
    today, early = suppression(c, K), suppression(c, K, 3.0)
    assert np.all(np.diff(today) <= 1e-12)
    assert np.all(today <= early + 1e-12)
    assert today[-1] < early[-1] - 1e-3


def test_suppression_vanishes_with_the_neutrinos(universe):
    """ln S ~ -f_nu as f_nu -> 0: no step and no NaN, down to no mass at all."""
    at = [suppression(universe(omega_nu=x), [0.1, 1.0]) / x for x in (1e-7, 1e-6, 1e-5)]
    np.testing.assert_allclose(at[0], at[1], rtol=1e-3)
    np.testing.assert_allclose(at[0], at[2], rtol=1e-2)
    for omega_nu in (0.0, 1e-12):
        np.testing.assert_allclose(suppression(universe(omega_nu=omega_nu), [1.0]), 0, atol=1e-6)
