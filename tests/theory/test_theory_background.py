"""Expansion and distances: closed forms, CCL, CAMB, and exact curvature."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.universe import background

Z = np.array([0.01, 0.1, 0.3, 0.7, 1.5, 3.0, 10.0, 1000.0])


@partial(jax.jit, static_argnums=1)
def along(cosmo, z):
    """E^2, chi and f_k(chi) at redshifts in a tuple."""
    z = np.array(z)
    distances = background.comoving_distance(cosmo, z), background.transverse_distance(cosmo, z)
    return background.E_squared(cosmo, 1 / (1 + z)), *distances


E_squared = jax.jit(background.E_squared)


def test_against_ccl(ccl):
    a = ccl.tables["a"]
    z = 1 / a - 1
    beyond = z > 0
    E_squared, chi, transverse = (np.asarray(x) for x in along(ccl.cosmo, tuple(z)))
    E = np.sqrt(E_squared)
    np.testing.assert_allclose(E, ccl["E"], rtol=1e-6)
    chi = chi / ccl.h
    np.testing.assert_allclose(chi[beyond], ccl["chi"][beyond], rtol=1e-6)
    transverse = transverse / ccl.h
    np.testing.assert_allclose(transverse[beyond], ccl["dM"][beyond], rtol=1e-6)


@pytest.mark.parametrize("name", ["fiducial", "low_omega_m", "w_-0.8"])
def test_against_camb_with_radiation_and_neutrinos(cosmosis_point, name):
    cosmo, stored = cosmosis_point(name)
    z = stored["distances_z"][1:]
    chi, hubble = jax.jit(
        lambda c: (background.comoving_distance(c, z) / c.h, background.hubble(c, z) * c.h)
    )(cosmo)
    np.testing.assert_allclose(chi, stored["distances_d_c"][1:], rtol=2e-6)
    np.testing.assert_allclose(hubble, stored["distances_h"][1:], rtol=5e-6)


def test_einstein_de_sitter(universe):
    c = universe(Omega_m=1.0, radiation=False)
    E_squared, chi, _ = along(c, tuple(Z))
    np.testing.assert_allclose(E_squared, (1 + Z) ** 3, rtol=1e-13)
    expected = 2 * HUBBLE_DISTANCE * (1 - 1 / np.sqrt(1 + Z))
    np.testing.assert_allclose(chi, expected, rtol=1e-12)


def test_empty_universe(universe):
    c = universe(Omega_m=1e-12, Omega_k=1.0, radiation=False)
    _, chi, transverse = (np.asarray(found)[:-1] for found in along(c, tuple(Z)))
    np.testing.assert_allclose(chi, HUBBLE_DISTANCE * np.log1p(Z[:-1]), rtol=1e-8)
    expected = HUBBLE_DISTANCE * np.sinh(np.log1p(Z[:-1]))
    np.testing.assert_allclose(transverse, expected, rtol=1e-8)


@pytest.mark.parametrize(
    "changes",
    [{}, {"w0": -0.7, "wa": 0.4}, {"Omega_k": -0.1}, {"omega_nu": 5e-3}, {"radiation": False}],
)
def test_distance_is_the_integral_of_one_over_h(universe, changes):
    c = universe(**changes)

    def inverse(x: float) -> float:  # x = ln(1 + z)
        return float(np.exp(x) * HUBBLE_DISTANCE / np.sqrt(E_squared(c, np.exp(-x))))

    redshifts = 0.05, 2.0, 1000.0
    for z, chi in zip(redshifts, along(c, redshifts)[1], strict=True):
        expected, _ = quad(inverse, 0, np.log1p(z), epsrel=1e-10)
        assert chi == pytest.approx(expected, rel=1e-8)


def test_grid_of_few_nodes_reaches_redshift_three(universe):
    c = universe(w0=-0.6, wa=-0.5, Omega_k=0.05)
    z = np.linspace(0, 3, 50)
    coarse = jax.jit(background.DistanceGrid.build(z).comoving_distance)(c)
    np.testing.assert_allclose(coarse, along(c, tuple(z))[1], rtol=1e-9, atol=1e-9)


def test_hubble_constant_and_angular_distance(universe):
    c = universe(Omega_k=0.1)
    assert background.hubble(c, 0.0) == pytest.approx(1 / HUBBLE_DISTANCE, rel=1e-14)
    angular = jax.jit(lambda c: background.angular_diameter_distance(c, Z))(c)
    np.testing.assert_allclose(angular, along(c, tuple(Z))[2] / (1 + Z))


def test_dark_energy(universe):
    a = np.array([0.2, 0.5, 1.0])
    c = universe(w0=-0.9, wa=0.3)
    np.testing.assert_allclose(background.dark_energy_w(c, a), -0.9 + 0.3 * (1 - a))
    alone = universe(Omega_m=1e-12, w0=-0.9, wa=0.3, radiation=False)
    exponent = [quad(lambda x: 3 * (1 - 0.9 + 0.3 * (1 - x)) / x, x, 1)[0] for x in a]
    np.testing.assert_allclose(background.E_squared(alone, a), np.exp(exponent), rtol=1e-8)


def test_matter_density_parameter(universe):
    c = universe(Omega_k=0.1)
    a = np.array([1e-3, 0.1, 1.0])
    expected = 0.3 / a**3 / background.E_squared(c, a)
    np.testing.assert_allclose(background.Omega_m_of_a(c, a), expected)


def test_massive_neutrinos_against_the_fermi_integral(universe):
    """rho_nu(a) within 1e-5 of the exact integral, of one and of three eigenstates."""
    for neutrinos, n in (("one_massive", 1), ("degenerate", 3)):
        c = universe(omega_nu=6.4e-4, neutrinos=neutrinos)
        _check_fermi_integral(c, n)


def _check_fermi_integral(c, n):
    # rho ~ int q^2 sqrt(q^2 + (a x)^2) / (e^q + 1) dq, with x = m / T_nu today
    x = c.Omega_nu / (n * c.Omega_nu_relativistic) * (7 * np.pi**4 / 120) / 1.803085354739391

    def exact(a: float) -> float:
        value, _ = quad(lambda q: q**2 * np.sqrt(q**2 + (a * x) ** 2) / (np.exp(q) + 1), 0, 60)
        return n * value / (7 * np.pi**4 / 120) * float(c.Omega_nu_relativistic) / a**4

    for a in (1e-6, 1e-3, 4e-3, 2e-2, 1.0):
        assert background.massive_neutrinos(c, a) == pytest.approx(exact(a), rel=1e-5)


def test_neutrinos_without_radiation_are_cold(universe):
    c = universe(omega_nu=1e-3, radiation=False)
    assert background.massive_neutrinos(c, 0.5) == pytest.approx(8 * c.Omega_nu)
    assert background.massive_neutrinos(universe(), 0.5) == 0


def test_eigenstates_share_the_radiation(universe):
    """Three species in all: what is not massive is massless."""
    one = universe(omega_nu=1e-3)
    three = universe(omega_nu=1e-3, neutrinos="degenerate")
    assert universe().Omega_r - one.Omega_r == pytest.approx(one.Omega_nu_relativistic)
    assert three.Omega_r == pytest.approx(three.Omega_gamma)
    with pytest.raises(ValueError, match="massless neutrinos takes no omega_nu"):
        universe(omega_nu=1e-3, neutrinos="massless")


CHI = np.array([1.0, 30.0, 1000.0, 4000.0])


@pytest.mark.parametrize("Omega_k", [-0.4, -1e-3, -1e-9, 1e-9, 1e-3, 0.4])
def test_curvature_functions_are_exact(Omega_k):
    f_k, c_k = background.curvature_functions(Omega_k, jnp.asarray(CHI))
    x = np.sqrt(abs(Omega_k)) * CHI / HUBBLE_DISTANCE
    sine, cosine = (np.sinh, np.cosh) if Omega_k > 0 else (np.sin, np.cos)
    np.testing.assert_allclose(f_k, CHI * sine(x) / x, rtol=1e-12)
    np.testing.assert_allclose(c_k, cosine(x), rtol=1e-12)
    K = -Omega_k / HUBBLE_DISTANCE**2
    np.testing.assert_allclose(c_k**2 + K * f_k**2, 1, rtol=1e-11)


def test_curvature_functions_are_smooth_through_flatness():
    """f_k = chi (1 + x / 6 + x^2 / 120 ...), x = Omega_k chi^2 / R_H^2: value and derivatives."""
    chi = jnp.asarray(3000.0)
    x = (3000.0 / HUBBLE_DISTANCE) ** 2

    def f_k(Omega_k):
        return background.curvature_functions(Omega_k, chi)[0]

    def c_k(Omega_k):
        return background.curvature_functions(Omega_k, chi)[1]

    @jax.jit
    def slopes(Omega_k):
        functions = f_k, c_k
        once = [jax.grad(f)(Omega_k) for f in functions]
        return once, [jax.grad(jax.grad(f))(Omega_k) for f in functions]

    assert f_k(0.0) == 3000.0
    assert c_k(0.0) == 1.0
    (f_1, c_1), (f_2, c_2) = slopes(0.0)
    assert f_1 == pytest.approx(3000 * x / 6, rel=1e-13)
    assert f_2 == pytest.approx(3000 * x**2 / 60, rel=1e-12)
    assert c_1 == pytest.approx(x / 2, rel=1e-13)
    assert c_2 == pytest.approx(x**2 / 12, rel=1e-12)


@pytest.mark.parametrize("sign", [-1, 1])
def test_series_and_closed_form_meet(sign):
    """No step in value or gradient where the series ends, at |Omega_k| chi^2 / R_H^2 = 0.01."""
    chi = jnp.asarray(HUBBLE_DISTANCE)
    for which in (0, 1):

        def value(Omega_k, which=which):
            return background.curvature_functions(Omega_k, chi)[which]

        both = jax.jit(jax.value_and_grad(value))
        inside, outside = (both(sign * 0.01 * (1 + side * 1e-12)) for side in (-1, 1))
        assert inside[0] == pytest.approx(float(outside[0]), rel=1e-13)
        slopes = [float(slope) for _, slope in (inside, outside)]
        assert slopes[0] == pytest.approx(slopes[1], rel=1e-9)
