"""Tidal alignment and tidal torquing (TATT): intrinsic shear to second order in the tidal field.

gamma^I = C1 s + C1delta (delta s) + C2 (s s), with the amplitudes of DES-Y3 and of CosmoSIS.
Blazek et al. 2019 (arXiv:1708.09247); Secco et al. 2022 (arXiv:2105.13544).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.numerics.splines import lattice_values
from jaxlike.theory.power.linear import LinearModel, linear_power
from jaxlike.theory.power.nonlinear import NonlinearModel, nonlinear_power
from jaxlike.theory.power.one_loop import OneLoopGrid, OneLoopSpectra
from jaxlike.theory.tracers.alignment import nla_amplitude
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, PREFILTER, K

TATT_DEFAULTS = {"A2_IA": 0.0, "alpha2_IA": 0.0, "bTA_IA": 1.0}
"""Parameters of TATT beyond those of NLA, and their values where they are not given."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TattParameters:
    """A1_IA, alpha1_IA: tidal alignment, as in NLA; A2_IA, alpha2_IA: tidal torquing; bTA_IA: bias
    of the galaxies that the tidal field is weighted with; z0_IA: pivot of both power laws."""

    A1_IA: Scalar
    alpha1_IA: Scalar
    A2_IA: Scalar
    alpha2_IA: Scalar
    bTA_IA: Scalar
    z0_IA: Scalar

    @classmethod
    def of(cls, nuisance: Mapping[str, ArrayLike]) -> "TattParameters":
        """From canonical parameters, in which A1_IA is A_IA and alpha1_IA is alpha_IA."""
        values = {**TATT_DEFAULTS, **nuisance}
        names = ("A_IA", "alpha_IA", "A2_IA", "alpha2_IA", "bTA_IA", "z0_IA")
        return cls(*(jnp.asarray(values[name], float) for name in names))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TattAmplitudes:
    """C1, C1delta and C2 (n_z,)."""

    C1: Array
    C1delta: Array
    C2: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class IntrinsicPower:
    """P_GI, P_II^EE and P_II^BB (n_z, n) in (Mpc/h)^3: intrinsic shear with matter and itself."""

    GI: Array
    II_EE: Array
    II_BB: Array


def tatt_amplitudes(
    Omega_m: Scalar, growth: Array, z: ArrayLike, parameters: TattParameters
) -> TattAmplitudes:
    """Amplitudes at redshifts z (n_z,), growth: D(z)/D(0) (n_z,).

    C1 is that of NLA, C1delta = bTA C1, C2 = 5 A2 C1 rho_crit Omega_m / D^2 ((1+z)/(1+z0))^alpha2.
    """
    p = parameters
    C1 = nla_amplitude(Omega_m, growth, z, p.A1_IA, p.alpha1_IA, p.z0_IA)
    second = nla_amplitude(Omega_m, growth, z, p.A2_IA, p.alpha2_IA, p.z0_IA)
    return TattAmplitudes(C1, p.bTA_IA * C1, -5 * second / growth)


def _loops(terms: OneLoopSpectra) -> Array:
    """The combinations (6, n_k) in which the terms appear."""
    return jnp.stack(
        [
            terms.A_0_0E + terms.C_0_0E,
            terms.A_0_E2 + terms.B_0_E2,
            terms.A_0E_0E,
            terms.A_E2_E2,
            terms.D_0E_E2,
            terms.A_0B_0B,
        ]
    )


def loop_coefficients(terms: OneLoopSpectra) -> Array:
    """B-spline coefficients (6, n_k + 2) in ln k of what `loops_at` reads."""
    return _loops(terms) @ PREFILTER.T


def loops_at(coefficients: Array, growth: Array, amplitudes: TattAmplitudes) -> Array:
    """(3, n_z, n_k + 2): what the loops add to P_GI, to P_II^EE without 2 C1 times that, and
    P_II^BB, at z; linear in the coefficients (6, n_k + 2) of the loops at z = 0.

    P_II^BB = (C1delta + C2 / 3)^2 A_0B|0B, for A_B2|B2 and D_0B|B2 are 1/9 and 1/3 of it.
    """
    delta, second = amplitudes.C1delta, amplitudes.C2
    zero = jnp.zeros_like(delta)
    GI = [delta, second, *[zero] * 4]
    EE = [zero, zero, delta**2, second**2, 2 * delta * second, zero]
    BB = [*[zero] * 5, (delta + second / 3) ** 2]
    return jnp.einsum(
        "slz,lk->szk",
        jnp.stack([jnp.stack(rows) for rows in (GI, EE, BB)]) * growth**4,
        coefficients,
    )


def intrinsic_power(matter: Array, loops: Array, amplitudes: TattAmplitudes) -> IntrinsicPower:
    """Spectra from P_nl (n_z, n) and the loops (3, n_z, n) of `loops_at`, at the same points.

    The tree level has the nonlinear matter power, as DES-Y3 has it: without loops this is NLA.
    P_GI = C1 P + C1delta (A + C)_0|0E + C2 (A + B)_0|E2;
    P_II^EE = 2 C1 P_GI - C1^2 P + C1delta^2 A_0E|0E + C2^2 A_E2|E2 + 2 C1delta C2 D_0E|E2, and
    P_II^BB alike without tree level.
    """
    C1 = amplitudes.C1[:, None]
    GI, EE, BB = loops
    return IntrinsicPower(C1 * matter + GI, C1 * (C1 * matter + 2 * GI) + EE, BB)


def tatt_power(
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
    parameters: TattParameters,
    *,
    linear: LinearModel = "eisenstein_hu",
    nonlinear: NonlinearModel = "takahashi",
) -> IntrinsicPower:
    """P_GI, P_II^EE, P_II^BB (n_z, n_k); k (n_k,) in h/Mpc within the lattice, fixed z (n_z,)."""
    z = np.asarray(z, float)
    growth = growth_factor(cosmo, z)
    amplitudes = tatt_amplitudes(cosmo.Omega_m, growth, z, parameters)
    terms = OneLoopGrid.build().spectra(linear_power(cosmo, K, 0.0, model=linear)[0])
    position = (jnp.log(jnp.asarray(k)) - LN_K[0]) / LN_K_STEP
    loops = lattice_values(loop_coefficients(terms), position)
    matter = nonlinear_power(cosmo, k, z, linear=linear, model=nonlinear)
    return intrinsic_power(matter, loops_at(loops, growth, amplitudes), amplitudes)
