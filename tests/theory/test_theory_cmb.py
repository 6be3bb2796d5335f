"""Spectra of the CMB of a universe: which there are, where they are known, and their slopes."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ParameterError
from jaxlike.theory.power.cmb import lattice
from jaxlike.theory.power.cmb.spectra import SPECTRA, Spectra, reason_unknown
from jaxlike.theory.power.cmb.table import CmbTable, shipped_cmb
from jaxlike.theory.power.quantities import Quantities
from jaxlike.theory.universe.cosmology import Cosmology

MODEL = "eisenstein_hu_no_wiggle"
NAMES = ("ombh2", "omch2", "h", "n_s", "lnA", "tau", "omnuh2", "Omega_k", "w0", "wa")
PLANCK = np.array([0.02237, 0.12, 0.6736, 0.965, 3.044, 0.0544, 6.4e-4, 0.0, -1.0, 0.0])
ELL = np.array([2, 10, 30, 220, 800, 1500, 2500, 4200])


class Of(Quantities):
    """A universe without nodes."""

    def __init__(self, cosmo, models=(MODEL, "takahashi")):
        self.cosmo, self.models = cosmo, models
        self.los = SimpleNamespace(sigma8=None)


def cosmology(x, **others):
    ombh2, omch2, h, n_s, lnA, tau, omnuh2, Omega_k, w0, wa = x
    return Cosmology(
        Omega_m=(ombh2 + omch2 + omnuh2) / h**2,
        Omega_b=ombh2 / h**2,
        h=h,
        n_s=n_s,
        A_s=1e-10 * jnp.exp(lnA),
        tau=tau,
        omega_nu=omnuh2,
        Omega_k=Omega_k,
        w0=w0,
        wa=wa,
        **others,
    )


@jax.jit
def spectra(x):
    """Whether they are known, and all of them, at multipoles that are constants."""
    found = Spectra(cosmology(x), MODEL)
    return found.held, jnp.stack([found.D_ell(name, ELL) for name in SPECTRA])


@jax.jit
def slopes(x):
    """Of the sum of ln of each spectrum, or of its value where it changes sign."""

    def value(x):
        _, (tt, te, ee, pp) = spectra(x)
        return jnp.sum(jnp.log(jnp.stack([tt, ee, pp]))) + jnp.sum(te) / 100

    return jax.value_and_grad(value)(x)


def test_spectra_of_planck_s_universe():
    """Heights of peaks as everybody knows them, in muK^2, and the amplitude of lensing."""
    held, (tt, te, ee, pp) = spectra(PLANCK)
    assert held
    assert float(tt[3]) == pytest.approx(5730, rel=0.01)
    assert float(tt[0]) == pytest.approx(1020, rel=0.05)
    assert np.all(np.asarray(ee) > 0)
    assert np.all(te[3:] ** 2 < (tt * ee)[3:])
    assert float(pp[2]) == pytest.approx(1.2e-7, rel=0.2)


def test_amplitude_and_optical_depth():
    """Small scales see A_s e^-2tau, large ones in polarisation the optical depth itself."""
    later = PLANCK + np.eye(10)[5] * 0.01 + np.eye(10)[4] * 0.02
    (_, before), (_, after) = spectra(PLANCK), spectra(later)
    ratio = np.asarray(after / before)
    np.testing.assert_allclose(ratio[0, 3:6], 1, atol=3e-3)  # lensing sees A_s
    assert ratio[2, 0] > 1.15
    np.testing.assert_allclose(ratio[3], np.exp(0.02), rtol=1e-2)


def test_slopes_are_those_of_finite_differences():
    """In all parameters, off the flat universe of Lambda too."""
    x = PLANCK + np.array([1e-4, 0.002, 0.0, 0.01, 0.03, 0.004, 4e-4, -0.004, 0.05, -0.1])
    _, found = slopes(x)
    for i, step in enumerate((2e-5, 1e-4, 1e-3, 1e-3, 1e-3, 1e-4, 2e-5, 1e-4, 1e-3, 1e-3)):
        e = step * np.eye(10)[i]
        ahead, behind, (far, near) = (
            slopes(x + e)[0],
            slopes(x - e)[0],
            (slopes(x + 2 * e)[0], slopes(x - 2 * e)[0]),
        )
        expected = (8 * (ahead - behind) - (far - near)) / (12 * step)
        assert float(found[i]) == pytest.approx(float(expected), rel=2e-5, abs=1e-4), NAMES[i]


def test_a_universe_has_them_as_a_quantity():
    """The same numbers, by constant and by traced multipoles, and one number for one."""

    @jax.jit
    def asked(x, ell):
        one = Of(cosmology(x))
        constant = one.D_ell(ELL), one.D_ell(ELL.reshape(2, 4), "pp"), one.D_ell(220)
        return *constant, one.D_ell(ell, "tt")

    _, (tt, *_, pp) = spectra(PLANCK)
    found, potential, single, traced = asked(PLANCK, np.append(ELL, 5000))
    np.testing.assert_allclose(found, tt, rtol=1e-9)
    np.testing.assert_allclose(potential.ravel(), pp, rtol=1e-9)
    assert float(single) == pytest.approx(float(tt[3]), rel=1e-9)
    np.testing.assert_allclose(traced[:-1], tt, rtol=1e-9)
    assert np.isnan(traced[-1])
    out = asked(np.append(PLANCK[:5], [0.3, *PLANCK[6:]]), ELL)
    assert all(np.isnan(one).all() for one in out)


def test_what_there_is_not():
    one = Of(cosmology(PLANCK))
    with pytest.raises(ParameterError, match="no spectrum 'bb' of the CMB; accepted are tt, te"):
        one.D_ell(ELL, "bb")
    for ell in (1, 4201):
        with pytest.raises(ParameterError, match=f"2 <= ell <= 4200, not for {ell} to {ell}"):
            one.D_ell(ell)
    without = replace(one.cosmo, tau=None)
    with pytest.raises(ParameterError, match="the optical depth: give the parameter tau"):
        Of(without).D_ell(ELL)
    with pytest.raises(ParameterError, match="of the CMB are computed with radiation: true only"):
        Of(cosmology(PLANCK, radiation=False)).D_ell(ELL)


OUT = {
    "omega_b": ("ombh2", 0.026),
    "omega_cb": ("omch2", 0.15),
    "thetastar": ("h", 0.8),
    "n_s": ("n_s", 1.2),
    "tau": ("tau", 0.2),
    "early": ("omnuh2", 0.008, "h", 0.6221),
    "omega_k": ("Omega_k", -0.05, "h", 0.5221),
    "lensing": ("lnA", 4.0),
}


@pytest.mark.parametrize(("name", "change"), OUT.items())
def test_beyond_the_table_nothing_is_known(name, change):
    """Numbers without meaning are finite, with finite slopes; reasons have names."""
    x = PLANCK.copy()
    for which, value in zip(change[::2], change[1::2], strict=True):
        x[NAMES.index(which)] = value
    held, every = spectra(x)
    assert not held
    assert np.all(np.isfinite(every))
    assert np.all(np.isfinite(slopes(x)[1]))
    assert f"<= {name} <=" in reason_unknown(cosmology(x), MODEL)


def test_other_neutrinos_are_beyond_it():
    one = Of(cosmology(PLANCK, N_eff=3.2))
    assert "<= N_eff <= 3.056" in reason_unknown(one.cosmo, MODEL)


def test_table_is_kept(tmp_path):
    table = shipped_cmb()
    with (tmp_path / "t.npz").open("wb") as file:
        table.save(file)
    with (tmp_path / "t.npz").open("rb") as file:
        again = CmbTable.read(file)
    assert again.accepted == table.accepted
    assert again.metadata == table.metadata
    for name, part in table.parts.items():
        for mine, theirs in zip(part, again.parts[name], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_lattice():
    """Splines through a smooth spectrum on the lattice meet it at every multipole."""
    from jaxlike.numerics.splines import prefilter

    nodes, ell = lattice.multipoles(), np.arange(5, 4201)
    assert nodes[0] == 2
    assert nodes[-1] == 4200
    assert np.all(np.diff(nodes) < 10)

    def smooth(ell):
        return np.sin(2 * np.pi * ell / 300) + np.exp(-ell / 800)

    (coefficients,) = prefilter(smooth(nodes)[None])
    found = lattice.at_multipoles(coefficients, ell)
    np.testing.assert_allclose(found, smooth(ell), atol=3e-5)
