"""Spectra of the CMB by CAMB."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaxlike.emulator.spectra import camb_module, camb_parameters
from jaxlike.theory.constants import NEUTRINO_EV_PER_OMEGA
from jaxlike.theory.power.cmb.lattice import ELL_MAX
from jaxlike.theory.power.cmb.spectra import SPECTRA
from jaxlike.theory.power.emulator import N_EFF
from jaxlike.theory.universe.cosmology import MASSIVE_EIGENSTATES, Cosmology

LENS_ACCURACY = 4
"""CAMB's lens_potential_accuracy. All else is its default: RECFAST, helium by nucleosynthesis,
HMCode2020 for the nonlinear part of the lensing potential, tanh reionisation, AccuracyBoost = 1."""


@dataclass(frozen=True)
class Variant:
    """Of a universe with another n_s, and whose lensing potential has `lensing` times the power."""

    n_s: float
    lensing: float = 1.0


@dataclass(frozen=True)
class Universe:
    """What CAMB is run for; mnu in eV, of the eigenstates that `kind` says; helium: its share of
    the baryons' mass, None for that of nucleosynthesis.

    variants: cheap beside the first, which has its own n_s; the nonlinear part of their lensing
    potential is that of the first.
    """

    h: float
    omega_b: float
    omega_cb: float
    n_s: float
    A_s: float
    tau: float
    mnu: float = 0.0
    kind: str = "degenerate"
    Omega_k: float = 0.0
    w0: float = -1.0
    wa: float = 0.0
    variants: tuple[Variant, ...] = ()
    ell_max: int = ELL_MAX
    lens_accuracy: int = LENS_ACCURACY
    helium: float | None = None

    @property
    def every(self) -> tuple[Variant, ...]:
        """Itself and its variants."""
        return (Variant(self.n_s), *self.variants)

    @property
    def omega_nu(self) -> float:
        """Omega_nu h^2 of the massive neutrinos."""
        return self.mnu / NEUTRINO_EV_PER_OMEGA * (N_EFF / 3) ** 0.75

    def cosmology(self, n_s: float | None = None) -> Cosmology:
        """The same as the package sees it, or with another n_s."""
        h2 = self.h**2
        return Cosmology(
            Omega_m=(self.omega_cb + self.omega_nu) / h2,
            Omega_b=self.omega_b / h2,
            h=self.h,
            n_s=self.n_s if n_s is None else n_s,
            A_s=self.A_s,
            omega_nu=self.omega_nu,
            Omega_k=self.Omega_k,
            w0=self.w0,
            wa=self.wa,
            N_eff=N_EFF,
            neutrinos=self.kind,  # type: ignore[arg-type]
        )


def camb_spectra(universe: Universe) -> dict[str, NDArray]:
    """Of each of `universe.every`, from ell = 0 (n_variant, ell_max + 1): `tt`, `te`, `ee`, lensed
    ell (ell + 1) C_ell / 2 pi in muK^2; `pp`, [ell (ell + 1)]^2 C_ell / 2 pi of the lensing
    potential."""
    camb = camb_module()
    more = {} if universe.helium is None else {"YHe": universe.helium}
    pars = camb_parameters(
        h=universe.h,
        omega_b=universe.omega_b,
        omega_cb=universe.omega_cb,
        mnu=universe.mnu,
        n_massive=MASSIVE_EIGENSTATES[universe.kind],
        w0=universe.w0,
        wa=universe.wa,
        omk=universe.Omega_k,
        nnu=N_EFF,
        standard_neutrino_neff=N_EFF,
        tau=universe.tau,
        **more,
    )
    pars.InitPower.set_params(As=universe.A_s, ns=universe.n_s)
    pars.set_for_lmax(universe.ell_max, lens_potential_accuracy=universe.lens_accuracy)
    results = camb.get_results(pars)
    found: dict[str, list[NDArray]] = {name: [] for name in SPECTRA}
    for i, one in enumerate(universe.every):
        if i:
            power = camb.InitialPowerLaw(As=universe.A_s, ns=one.n_s)
            results.power_spectra_from_transfer(power, silent=True)
        potential = one.lensing * results.get_lens_potential_cls()[:, 0]
        n = universe.ell_max + 1
        lensed = results.get_lensed_cls_with_spectrum(
            potential, lmax=universe.ell_max, CMB_unit="muK"
        )
        for name, column in (("tt", 0), ("ee", 1), ("te", 3)):
            found[name].append(lensed[:n, column])
        found["pp"].append(potential[:n])
    return {name: np.array(rows, float) for name, rows in found.items()}
