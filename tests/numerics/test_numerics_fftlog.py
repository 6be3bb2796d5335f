"""FFTLog against integrals over spherical Bessel functions."""

import jax
import numpy as np
import pytest
from scipy.special import jv

from jaxlike.numerics import fftlog

ELL = np.array([2.0, 3.4, 17.3, 150.0])


def spherical(ell, x):
    return np.sqrt(np.pi / 2 / x) * jv(ell + 0.5, x)


PROJECTED = {
    "j": (fftlog.mellin_bessel, spherical),
    "j''": (
        fftlog.mellin_second_derivative,
        lambda ell, x: (
            (ell * (ell - 1) / x**2 - 1) * spherical(ell, x) + 2 / x * spherical(ell + 1, x)
        ),
    ),
    "j / x^2": (fftlog.mellin_over_square, lambda ell, x: spherical(ell, x) / x**2),
}


@pytest.mark.parametrize("name", PROJECTED)
def test_integrals_of_a_bump(name):
    """int dlnr f(r) g(k r) of a Gaussian in r, at all wavenumbers where it is seen: to 2e-5 of the
    largest."""
    mellin, function = PROJECTED[name]
    lattice = fftlog.LogLattice.build(15.0, 6000.0, 0.02, ELL)

    def bump(r):
        return np.exp(-(((r - 1500) / 120) ** 2) / 2)

    multipliers = lattice.multipliers(mellin(ELL[:, None], lattice.exponents))
    found = jax.jit(lambda f: lattice.tilted(multipliers * lattice.frequencies(f)))(bump(lattice.r))
    k = lattice.wavenumbers
    found = np.asarray(found) * k**-fftlog.BIAS
    r = np.linspace(600, 2400, 1500)
    rule = bump(r) / r * (r[1] - r[0])
    for one, ell, at in zip(found, ELL, k, strict=True):
        near = (at > 1e-5) & (at < 1.0)
        expected = function(ell, at[near, None] * r) @ rule
        np.testing.assert_allclose(one[near], expected, atol=2e-5 * np.abs(expected).max())


def test_wavenumbers_are_one_lattice():
    """Those of each multipole are a window of common ones."""
    lattice = fftlog.LogLattice.build(15.0, 6000.0, 0.02, ELL)
    windows = np.asarray(lattice.windows(np.asarray(lattice.k)))
    np.testing.assert_array_equal(windows, lattice.wavenumbers)
    assert (lattice.wavenumbers[:, 0] < (ELL + 0.5) / 6000).all()


def test_mellin_transform_in_closed_form():
    """int_0^oo x^(s-1) sin(x) / x dx = Gamma(s - 1) sin(pi (s - 1) / 2) for ell = 0."""
    for s in (0.5, 1.0, 1.5):
        expected = {0.5: np.sqrt(2 * np.pi), 1.0: np.pi / 2, 1.5: np.sqrt(np.pi / 2)}[s]
        assert complex(fftlog.mellin_bessel(0.0, s + 0j)) == pytest.approx(expected, rel=1e-12)
