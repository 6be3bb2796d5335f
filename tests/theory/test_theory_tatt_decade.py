"""TATT of the DECADE pipeline (CosmoSIS with FAST-PT): terms, growth, P_GI and P_II at two points.

Every convention is that of the tables that were stored with its data vectors, so what differs
between the two data vectors is not in these spectra.
"""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from stage3 import read_point

from jaxlike.numerics.splines import lattice_values
from jaxlike.theory.power.fields import MATTER, FieldPower, pair_of, tidal_spectra
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.tracers.tatt import (
    TattParameters,
    intrinsic_power,
    tatt_amplitudes,
    tatt_power,
)
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, PREFILTER

TERMS = {
    "A_0_0E": "P_ta_dE1", "C_0_0E": "P_ta_dE2", "A_0E_0E": "P_ta_EE", "A_0B_0B": "P_ta_BB",
    "A_E2_E2": "P_tt_EE", "A_B2_B2": "P_tt_BB", "A_0_E2": "P_mix_A", "B_0_E2": "P_mix_B",
    "D_0E_E2": "P_mix_D_EE", "D_0B_B2": "P_mix_D_BB",
}  # fmt: skip
"""Our names, and those of the stored terms."""
Z = np.array([0.1, 0.3, 0.6, 1.0, 2.0])
SEEN = np.geomspace(2e-3, 10, 80)
CAPS = ("ngc", "sgc")
ROUNDED_C1 = 0.0138731  # C1 rho_crit of CosmoSIS: ours to six digits


@pytest.fixture(scope="module", params=["p0", "p1"])
def stored(request, shared):
    """One point: its arrays by name, and its parameters."""
    arrays = read_point(shared, f"decade_{request.param}")
    pairs = [*zip(arrays["param_names"], arrays["param_values"], strict=True)]
    pairs += zip(arrays["derived_names"], arrays["derived_values"], strict=True)
    return SimpleNamespace(arrays=arrays, values={str(n): float(v) for n, v in pairs})


@pytest.fixture(scope="module")
def cosmo(stored):
    """The universe of the point: one massive neutrino of three, as CAMB was asked for."""
    p = {n.split("--")[1]: v for n, v in stored.values.items() if n.startswith("cosmological")}
    return Cosmology(
        Omega_m=p["omega_m"], Omega_b=p["omega_b"], h=p["h0"], n_s=p["n_s"], A_s=p["a_s"],
        omega_nu=p["omnuh2"], w0=p["w"], N_eff=p["n_eff"],
    )  # fmt: skip


def alignment(stored, cap):
    """The parameters of a cap's alignment."""
    section = f"intrinsic_alignment_parameters_{cap}--"
    names = ("a1", "alpha1", "a2", "alpha2", "bias_ta", "z_piv")
    return TattParameters(*(stored.values[section + name] for name in names))


@pytest.fixture(scope="module")
def terms(stored):
    """Our terms of tides from the stored P_lin(k, z = 0), which goes on as a power law."""
    ln_k, ln_p = np.log(stored.arrays["pk/lin_k_h"]), np.log(stored.arrays["pk/lin_p_z0"])
    inside = np.clip(LN_K, ln_k[0], ln_k[-1])
    slopes = np.where(ln_k[0] > LN_K, *(np.diff(ln_p) / np.diff(ln_k))[[0, -1]])
    power = np.exp(CubicSpline(ln_k, ln_p)(inside) + slopes * (LN_K - inside))
    return jax.jit(OneLoopGrid.build().spectra)(power)


def fastpt(stored, name, k=SEEN):
    """A stored term (n_k,)."""
    table = stored.arrays["fastpt_z0/k_h"]
    return CubicSpline(np.log(table), stored.arrays[f"fastpt_z0/{TERMS[name]}"])(np.log(k))


def growth_of(stored):
    """The stored D(z) = sqrt(P_lin(k*, z) / P_lin(k*, 0)) at k* = 0.03 h/Mpc, at Z."""
    return CubicSpline(stored.arrays["growth/z"], stored.arrays["growth/D_k0p03"])(Z)


def matter_of(stored):
    """The stored P_nl (n_z, n_k) at Z and SEEN."""
    a = stored.arrays
    in_k = CubicSpline(np.log(a["pk/nl_k_h"]), np.log(a["pk/nl_p"].astype(float)), axis=1)
    return np.exp(CubicSpline(a["pk/nl_z"], in_k(np.log(SEEN)))(Z))


def parts_of(stored, cap):
    """The parts (n_part, n_z, n_k) of P_GI, P_II^EE, P_II^BB, as the pipeline adds them up."""
    p = alignment(stored, cap)
    size = ROUNDED_C1 * stored.values["cosmological_parameters--omega_m"]
    D, P = growth_of(stored)[:, None], matter_of(stored)
    since = ((1 + Z) / (1 + p.z0_IA))[:, None]
    C1 = -p.A1_IA * size / D * since**p.alpha1_IA
    Cd = p.bTA_IA * C1
    C2 = 5 * p.A2_IA * size / D**2 * since**p.alpha2_IA
    t = {name: D**4 * fastpt(stored, name) for name in TERMS}
    GI = [C1 * P, Cd * t["A_0_0E"], Cd * t["C_0_0E"], C2 * t["A_0_E2"], C2 * t["B_0_E2"]]
    EE = [C1 * P * C1, *(2 * C1 * part for part in GI[1:])]
    EE += [Cd**2 * t["A_0E_0E"], C2**2 * t["A_E2_E2"], 2 * C2 * Cd * t["D_0E_E2"]]
    BB = [Cd**2 * t["A_0B_0B"], C2**2 * t["A_B2_B2"], 2 * Cd * C2 * t["D_0B_B2"]]
    return {"GI": np.stack(GI), "II_EE": np.stack(EE), "II_BB": np.stack(BB)}


def around(size):
    """The largest of `size` (..., n_k) within a factor of 1.5 in k: terms cross zero."""
    near = np.abs(np.log(SEEN[:, None] / SEEN)) < np.log(1.5)
    return np.max(np.where(near, size[..., None, :], 0.0), axis=-1)


def errors(found, parts):
    """Largest difference of each spectrum, in units of its largest part thereabouts."""
    return {
        name: np.max(
            np.abs(np.asarray(getattr(found, name)) - part.sum(axis=0))
            / around(np.abs(part).max(axis=0))
        )
        for name, part in parts.items()
    }


@pytest.mark.parametrize("name", TERMS)
def test_terms_are_fastpts(stored, terms, name):
    """To 5e-4 of the term (C_0|0E between acoustic wiggles, B_0|E2 at 10 h/Mpc), mostly 3e-5."""
    expected = fastpt(stored, name)
    found = CubicSpline(LN_K, np.asarray(terms[name]))(np.log(SEEN))
    difference = np.abs(found - expected) / around(np.abs(expected))
    assert difference.max() < 5e-4
    assert np.median(difference) < 3e-5


def test_growth_is_that_of_large_scales(stored, cosmo):
    """D(k = 0.001 h/Mpc) to 1e-3; at 0.03 h/Mpc neutrinos hold growth back by 0.2 % at z = 3.

    The pipeline takes the latter for alignments: 1e-5 of Delta^T C^-1 Delta of its data.
    """
    z, a = stored.arrays["growth/z"], stored.arrays
    D = np.asarray(jax.jit(lambda: growth_factor(cosmo, z))())
    np.testing.assert_allclose(D, a["growth/D_k0p001"], rtol=1e-3)
    np.testing.assert_allclose(D, a["growth/D_k0p03"], rtol=3e-3)


@jax.jit
def from_terms(terms, D, Omega_m, matter, p):
    """P_GI and P_II of given terms at z = 0, growth D (n_z,) and P_nl (n_z, n_k)."""
    amplitudes = tatt_amplitudes(Omega_m, D, Z, p)
    position = (np.log(SEEN) - LN_K[0]) / LN_K_STEP

    def read(spectrum):
        return D[:, None] ** 4 * lattice_values((PREFILTER @ spectrum)[None], position)

    E, B = jax.tree.map(read, tidal_spectra(terms))
    return intrinsic_power(FieldPower({pair_of(MATTER, MATTER): matter} | E, B), amplitudes)


@pytest.mark.parametrize("cap", CAPS)
def test_spectra_are_the_pipelines(stored, terms, cap):
    """P_GI and P_II from the stored P_lin, P_nl and D, to 5e-4 of the largest part."""
    Omega_m = stored.values["cosmological_parameters--omega_m"]
    given = growth_of(stored), Omega_m, matter_of(stored), alignment(stored, cap)
    found = from_terms(terms, *given)
    for name, error in errors(found, parts_of(stored, cap)).items():
        assert error < 5e-4, name


@jax.jit
def own_power(cosmo, p):
    return tatt_power(cosmo, SEEN, Z, p, linear="emulator", nonlinear="hmcode2020")


@pytest.mark.parametrize("cap", CAPS)
def test_spectra_of_our_own_power(stored, cosmo, cap):
    """With emulated P_lin, HMCode2020 and our growth, to 5e-3, as P_nl itself is to 3e-3."""
    found = own_power(cosmo, alignment(stored, cap))
    for name, error in errors(found, parts_of(stored, cap)).items():
        assert error < 5e-3, name
