"""Three massive neutrinos in normal order: their masses, the background, CAMB's linear power."""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from jaxlike.theory.constants import NEUTRINO_EV_PER_OMEGA
from jaxlike.theory.power.emulator import sound_horizon
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.universe.background import massive_neutrinos
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.neutrinos import DELTA_21, DELTA_31, MINIMUM, light_share

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "camb_neutrinos.npz"
EV = NEUTRINO_EV_PER_OMEGA * (3 / 3.046) ** 0.75


@pytest.mark.parametrize("mnu", [0.0584, 0.06, 0.1, 0.3, 1.0])
def test_masses(mnu):
    """The sum of three masses, whose squares differ as measured, by a root finder."""

    def excess(m1):
        return m1 + np.sqrt(m1**2 + DELTA_21) + np.sqrt(m1**2 + DELTA_31) - mnu

    assert float(light_share(mnu)) == pytest.approx(2 * brentq(excess, 0, mnu) / mnu, abs=1e-10)
    slope = jax.grad(lambda m: light_share(m))(mnu)
    difference = (light_share(mnu + 1e-6) - light_share(mnu - 1e-6)) / 2e-6
    assert float(slope) == pytest.approx(float(difference), rel=1e-5)


def test_below_the_smallest_sum_the_third_has_all():
    """Without a step there: as CAMB's one eigenstate; and equal masses where they are heavy."""
    assert float(light_share(0.05)) == 0
    assert float(light_share(MINIMUM * (1 + 1e-9))) == pytest.approx(0, abs=1e-7)
    assert float(light_share(3.0)) == pytest.approx(2 / 3, abs=1e-3)
    assert float(jax.grad(lambda m: light_share(m))(0.05)) == 0


def test_density(universe):
    """Of each mass by the Fermi-Dirac integral."""
    cosmo = universe(omega_nu=0.1 / EV, neutrinos="normal")
    (two, light), (one, heavy) = ((n, float(w)) for n, w in cosmo.species)
    assert (two, one) == (2, 1)
    assert light + heavy == pytest.approx(cosmo.omega_nu)

    def energy(y):
        """Over that of a massless species; y: mass over temperature."""
        integral, _ = quad(lambda x: x**2 * np.sqrt(x**2 + y**2) / (np.exp(x) + 1), 0, 60)
        return integral / (7 * np.pi**4 / 120)

    massless = float(cosmo.Omega_nu_relativistic)
    for a in (1e-3, 0.01, 0.3, 1.0):
        expected = 0.0
        for n, omega in ((two, light), (one, heavy)):
            cold = omega / cosmo.h**2 / (n * massless)  # density over that of massless ones, at y
            y = cold * a * 7 * np.pi**4 / 120 / 1.803085354739391
            expected += n * massless * energy(y) / a**4
        assert float(massive_neutrinos(cosmo, a)) == pytest.approx(expected, rel=1e-5)


@pytest.fixture(scope="module")
def camb():
    """CAMB's spectra, and our universe of each sum of masses."""
    with np.load(REFERENCE) as file:
        stored = dict(file)
    p = dict(zip(stored["names"].tolist(), stored["parameters"].tolist(), strict=True))
    del p["N_massive"]

    def case(mnu, neutrinos):
        cosmo = Cosmology(**(p | {"omega_nu": float(stored[f"{mnu}/omega_nu"])}))
        return replace(cosmo, neutrinos=neutrinos), stored[f"{mnu}/P"]

    return stored, case


@jax.jit
def power(cosmo, k):
    return linear_power(cosmo, k, np.array([0.0, 1.0, 3.0]), model="emulator")


@pytest.mark.parametrize("mnu", [0.06, 0.065, 0.1, 0.3])
def test_power_is_cambs(camb, mnu):
    """At 0.001 < k < 10 h/Mpc and to z = 3: as near as neutrinos of one mass are, where another
    order of masses would be off by 2e-3 to 3e-2 unless they are heavy. At 0.06 eV CAMB still
    has one eigenstate, which the smallest sum, 0.0583 eV, leaves no room for: 8e-4."""
    stored, case = camb
    cosmo, expected = case(mnu, "normal")
    difference = np.log(np.asarray(power(cosmo, stored["k"])) / expected)
    assert np.abs(difference).max() < 1.4e-3
    assert np.sqrt(np.mean(difference**2)) < (4e-4 if mnu > 0.0601 else 8e-4)
    if 0.06 < mnu < 0.3:
        for other in ("degenerate", "one_massive"):
            off = np.log(np.asarray(power(case(mnu, other)[0], stored["k"])) / expected)
            assert np.sqrt(np.mean(off**2)) > 3 * np.sqrt(np.mean(difference**2))


@pytest.mark.slow
def test_slopes_and_batches(camb):
    """In the sum of masses, against finite differences; vmap against a loop."""
    stored, case = camb
    cosmo, _ = case(0.1, "normal")

    def total(omega_nu):
        one = replace(cosmo, omega_nu=omega_nu)
        return jnp.sum(jnp.log(power(one, stored["k"]))) + jnp.log(sound_horizon(one))

    x, step = cosmo.omega_nu, 1e-6
    batch = jax.jit(jax.vmap(jax.value_and_grad(total)))
    values, slopes = batch(np.array([x, x + step, x - step]))
    difference = float(values[1] - values[2]) / (2 * step)
    assert float(slopes[0]) == pytest.approx(difference, rel=1e-6)
    assert float(values[0]) == pytest.approx(float(jax.jit(total)(x)), rel=1e-12)
