"""What a universe tells likelihoods of others, at constant redshifts and at traced ones."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ParameterError
from jaxlike.theory.power import linear
from jaxlike.theory.power.derived import drag_horizon
from jaxlike.theory.power.halofit import nonlinear_power
from jaxlike.theory.power.quantities import Quantities
from jaxlike.theory.universe import background, growth
from jaxlike.theory.universe.cosmology import Cosmology

MODEL = "eisenstein_hu_no_wiggle"
SHAPE = {"Omega_m": 0.31, "Omega_b": 0.05, "h": 0.68, "n_s": 0.96, "A_s": 2.1e-9}
FAR = np.array([0.0, 1e-3, 0.1, 1.0, 10.0, 1089.0])
NEAR = np.array([[0.0, 0.3], [1.0, 2.5]])
K = np.array([0.01, 0.3])


class Of(Quantities):
    """A universe without nodes."""

    def __init__(self, cosmo, nonlinear="takahashi"):
        self.cosmo = cosmo
        self.models = None if cosmo is None else (MODEL, nonlinear)
        self.los = SimpleNamespace(sigma8=None)


def cosmology(**others):
    return Cosmology(**SHAPE, omega_nu=6.4e-4, Omega_k=0.02, w0=-0.7, wa=-1.0, **others)


@jax.jit
def distances(z):
    """By the methods, and by the background's functions at constant redshifts."""
    cosmo = cosmology()
    one = Of(cosmo)
    found = one.H(z), one.D_M(z), one.D_A(z), one.D_L(z), one.r_drag, one.D_M(list(FAR))
    H = background.hubble(cosmo, FAR)
    return found, (H, background.transverse_distance(cosmo, FAR), drag_horizon(cosmo)[1])


@jax.jit
def structure(z):
    """The same of structure."""
    cosmo, flat = cosmology(), NEAR.ravel()
    one = Of(cosmo)
    grown = one.growth(z), one.f(z), one.sigma8(z), one.f_sigma8(z)
    power = one.P_lin(K, z.ravel()), one.P_nl(K, z.ravel()), one.P_lin(0.1, 0.5)
    linear_there = linear.linear_power(cosmo, K, flat, model=MODEL)
    expected = growth.growth_factor(cosmo, NEAR), growth.growth_rate(cosmo, NEAR)
    expected += linear.sigma8(cosmo, flat, model=MODEL), linear.fsigma8(cosmo, flat, model=MODEL)
    nonlinear = nonlinear_power(cosmo, K, flat, linear=MODEL)
    return grown, power, expected, (linear_there, nonlinear)


def test_distances():
    """Those of the background, to the last digits also where they are small."""
    h = SHAPE["h"]
    (H, D_M, D_A, D_L, r_drag, constant), (rate, D, horizon) = distances(FAR)
    np.testing.assert_allclose(D_M[1:], D[1:] / h, rtol=1e-9)
    assert float(D_M[0]) == 0
    np.testing.assert_allclose(H, 299792.458 * h * rate, rtol=1e-12)
    np.testing.assert_allclose(D_A * (1 + FAR), D_M, rtol=1e-12)
    np.testing.assert_allclose(D_L / (1 + FAR), D_M, rtol=1e-12)
    np.testing.assert_allclose(constant, D_M, rtol=1e-12)
    assert float(r_drag) == pytest.approx(float(horizon), rel=1e-12)


def test_structure():
    """Shapes of z are kept; power is (z, k), and numbers give a number."""
    grown, (P_lin, P_nl, one), expected, (linear_there, nonlinear) = structure(NEAR)
    for found, wanted in zip(grown, expected, strict=True):
        np.testing.assert_allclose(found, np.reshape(wanted, NEAR.shape), rtol=1e-10)
    D, f, sigma8, f_sigma8 = grown
    # velocities of cold matter, in a universe with some that is hot
    np.testing.assert_allclose(f_sigma8, f * D * sigma8[0, 0], rtol=6e-3)
    np.testing.assert_allclose(P_lin, linear_there, rtol=1e-10)
    np.testing.assert_allclose(P_nl, nonlinear, rtol=1e-10)
    assert one.shape == ()


def test_what_a_universe_has_not_got():
    with pytest.raises(ParameterError, match="r_drag is computed with radiation: true only"):
        _ = Of(cosmology(radiation=False)).r_drag
    with pytest.raises(ParameterError, match="a universe of a host's tables has no parameters"):
        Of(None).H(0.1)
    haloes = Of(cosmology(), "hmcode2020")
    with pytest.raises(ParameterError, match="P_nl with nonlinear = hmcode2020 is computed at"):
        jax.eval_shape(lambda z: haloes.P_nl(K, z), jnp.zeros(2))
    far = Of(Cosmology(**SHAPE | {"Omega_b": 0.2}))
    assert np.isnan(far.r_drag)
    assert np.isnan(jax.jit(far.D_M)(np.array([3e4, -0.1]))).all()
