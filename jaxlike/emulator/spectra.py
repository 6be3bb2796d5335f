"""Transfer functions of CAMB, in the reference universe of the emulator or in any other."""

from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxlike.emulator.design import Point
from jaxlike.errors import ConfigError
from jaxlike.theory.constants import (
    HUBBLE_DISTANCE,
    NEUTRINO_EV_PER_OMEGA,
    NEUTRINO_PER_PHOTON,
    OMEGA_GAMMA_H2,
)
from jaxlike.theory.power.emulator import N_EFF, k_nonrelativistic
from jaxlike.theory.universe.cosmology import MASSIVE_EIGENSTATES, Cosmology

EIGENSTATES = {kind: n for kind, n in MASSIVE_EIGENSTATES.items() if kind != "normal"}
"""Massive eigenstates of each table; those of unequal masses are made of several."""

A_REFERENCE = tuple(map(float, np.geomspace(0.06, 1.0, 13)))
"""Scale factors of the reference universe at which neutrinos are tabulated."""

X_MAX = 22 * 228.0
"""Largest k r_s of the training spectra: 22/Mpc where the sound horizon is longest."""

K_WIGGLES = 2.0
"""Wave number in 1/Mpc beyond which no acoustic wiggles are left."""


@dataclass(frozen=True)
class Settings:
    """CAMB's accuracy, and points per e-fold of k where every wiggle is wanted.

    Where omega_m is low CAMB's transfer function has steps in k of 0.5 % unless lAccuracyBoost
    >= 3, whatever AccuracyBoost. Its own spacing of k suffices elsewhere.
    """

    accuracy_boost: float = 2.0
    l_accuracy_boost: float = 3.0
    k_per_logint: int = 50


@dataclass(frozen=True)
class Universe:
    """What CAMB is run for: scale factors `a` ascending, up to k_max [1/Mpc]; `wiggles`: densely
    enough in k to interpolate the acoustic wiggles."""

    h: float
    omega_b: float
    omega_cb: float
    omega_nu: float
    kind: str
    a: tuple[float, ...]
    k_max: float
    wiggles: bool = False
    Omega_k: float = 0.0
    w0: float = -1.0
    wa: float = 0.0

    @property
    def cosmology(self) -> Cosmology:
        """The same as the package sees it, for growth and shape: any amplitude."""
        h2 = self.h**2
        return Cosmology(
            Omega_m=(self.omega_cb + self.omega_nu) / h2,
            Omega_b=self.omega_b / h2,
            h=self.h,
            n_s=1.0,
            A_s=2e-9,
            omega_nu=self.omega_nu or None,
            Omega_k=self.Omega_k,
            w0=self.w0,
            wa=self.wa,
            N_eff=N_EFF,
            neutrinos=self.kind,  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class Transfer:
    """k (n_k,) in 1/Mpc; total and cold (n_z, n_k): delta / k^2 per unit curvature perturbation,
    of all matter and of cold matter with baryons, times (5/2) omega_m / (100 km/s/Mpc)^2, which is
    T(k) D(a); a (n_z,) ascending; sound horizon r_s in Mpc."""

    k: NDArray
    a: NDArray
    total: NDArray
    cold: NDArray
    r_s: float


def camb_module() -> ModuleType:
    """CAMB, or one sentence on how to get it."""
    try:
        import camb
    except ImportError as error:
        raise ConfigError(
            "training and checking the emulator need CAMB: install jaxlike[emulator], or camb"
        ) from error
    return camb


def reference(point: Point, kind: str) -> Universe:
    """The Einstein-de Sitter universe of these densities (massless: without omega_nu).

    h leaves nothing to dark energy.
    """
    n_massive = EIGENSTATES[kind]
    omega_nu = point.omega_nu if n_massive else 0.0
    radiation = OMEGA_GAMMA_H2 * (1 + NEUTRINO_PER_PHOTON * N_EFF / 3 * (3 - n_massive))
    # Sound horizon after Aubourg et al. 2015 (arXiv:1411.1074), eq. 16, with room for its error.
    r_s = 55.154 / (point.omega_cb**0.25351 * point.omega_b**0.12807)
    k_max = 1.1 * X_MAX / r_s
    if n_massive:  # beyond this the ratio to massless neutrinos is constant
        k_nr = float(k_nonrelativistic(omega_nu + point.omega_cb, omega_nu, n_massive))
        k_max = min(k_max, max(1500 * k_nr, K_WIGGLES))
    return Universe(
        h=float(np.sqrt(point.omega_cb + omega_nu + radiation)),
        omega_b=point.omega_b,
        omega_cb=point.omega_cb,
        omega_nu=omega_nu,
        kind=kind,
        a=A_REFERENCE,
        k_max=k_max,
        wiggles=n_massive == 0,  # massive ones are read where CAMB has them, over the massless
    )


def camb_transfer(universe: Universe, settings: Settings) -> Transfer:
    """CAMB's transfer functions, with its BBN-consistent helium."""
    if not universe.wiggles:
        return _run(universe, settings, 0)
    fine = _run(replace(universe, k_max=K_WIGGLES), settings, settings.k_per_logint)
    coarse = _run(universe, settings, 0)
    beyond = coarse.k > fine.k[-1] * 1.001
    return Transfer(
        k=np.concatenate([fine.k, coarse.k[beyond]]),
        a=fine.a,
        total=np.concatenate([fine.total, coarse.total[:, beyond]], axis=1),
        cold=np.concatenate([fine.cold, coarse.cold[:, beyond]], axis=1),
        r_s=fine.r_s,
    )


def camb_parameters(
    *,
    h: float,
    omega_b: float,
    omega_cb: float,
    mnu: float,
    n_massive: int,
    w0: float,
    wa: float,
    **more: float,
) -> Any:
    """CAMB's parameters of a background, with massive eigenstates that are alike and helium by
    nucleosynthesis; more: of its `set_cosmology`."""
    pars = camb_module().CAMBparams()
    pars.set_cosmology(
        H0=100 * h,
        ombh2=omega_b,
        omch2=omega_cb - omega_b,
        mnu=mnu,
        num_massive_neutrinos=n_massive,
        neutrino_hierarchy="degenerate",
        **more,
    )
    pars.set_dark_energy(w=w0, wa=wa, dark_energy_model="ppf")
    return pars


def _run(universe: Universe, settings: Settings, k_per_logint: int) -> Transfer:
    camb = camb_module()
    pars = camb_parameters(
        h=universe.h,
        omega_b=universe.omega_b,
        omega_cb=universe.omega_cb,
        mnu=universe.omega_nu * NEUTRINO_EV_PER_OMEGA / (N_EFF / 3) ** 0.75,
        n_massive=EIGENSTATES[universe.kind],
        w0=universe.w0,
        wa=universe.wa,
        omk=universe.Omega_k,
        nnu=N_EFF,
        standard_neutrino_neff=N_EFF,
    )
    pars.WantCls = False
    pars.WantTransfer = True
    pars.Reion.Reionization = False
    pars.NonLinear = camb.model.NonLinear_none
    pars.set_matter_power(
        redshifts=[1 / a - 1 for a in universe.a],
        kmax=universe.k_max,
        k_per_logint=k_per_logint,
        silent=True,
    )
    pars.set_accuracy(
        AccuracyBoost=settings.accuracy_boost, lAccuracyBoost=settings.l_accuracy_boost
    )
    results = camb.get_transfer_functions(pars)
    data = results.get_matter_transfer_data()
    unit = 2.5 * (universe.omega_cb + universe.omega_nu) / HUBBLE_DISTANCE**2

    def rows(name: str) -> NDArray:
        table = data.transfer_data[camb.model.transfer_names.index(name)]  # (n_k, n_z), z falls
        return unit * table.T.astype(float)

    return Transfer(
        k=data.transfer_data[0, :, 0].astype(float) * universe.h,
        a=np.array(universe.a),
        total=rows("delta_tot"),
        cold=rows("delta_nonu"),
        r_s=float(results.get_derived_params()["rdrag"]),
    )
