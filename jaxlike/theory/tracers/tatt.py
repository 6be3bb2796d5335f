"""Tidal alignment and tidal torquing (TATT): intrinsic shear to second order in the tidal field.

gamma^I = C1 s + C1delta (delta s) + C2 (s s), with the amplitudes of DES-Y3 and of CosmoSIS.
Blazek et al. 2019 (arXiv:1708.09247); Secco et al. 2022 (arXiv:2105.13544).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.numerics.splines import lattice_values
from jaxlike.theory.power.fields import (
    MATTER,
    SQUARED_TIDE,
    TIDE,
    WEIGHTED_TIDE,
    FieldPower,
    pair_of,
    tidal_spectra,
)
from jaxlike.theory.power.linear import LinearModel, linear_power
from jaxlike.theory.power.nonlinear import NonlinearModel, nonlinear_power
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.tracers.alignment import ALIGNMENTS, nla_amplitude
from jaxlike.theory.tracers.terms import Parameters, Term
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import Sight
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

    def by_field(self) -> dict[str, Array]:
        """Name of a field -> its amplitude."""
        return {TIDE: self.C1, WEIGHTED_TIDE: self.C1delta, SQUARED_TIDE: self.C2}


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


def _tatt(sight: Sight, dndz: Array, parameters: Parameters) -> tuple[Term, ...]:
    """The three fields that make intrinsic shear, each where the galaxies are."""
    amplitudes = tatt_amplitudes(
        sight.los.Omega_m, sight.los.growth, sight.nodes.z, TattParameters.of(parameters)
    )
    return tuple(Term(dndz, size[None], field=name) for name, size in amplitudes.by_field().items())


ALIGNMENTS["tatt"] = _tatt


def intrinsic_power(power: FieldPower, amplitudes: TattAmplitudes) -> IntrinsicPower:
    """Spectra of intrinsic shear from those of its fields, (n_z, n) each at the same points.

    The tree level has the nonlinear matter power, as DES-Y3 has it: without loops this is NLA.
    P_II^BB = (C1delta + C2 / 3)^2 A_0B|0B, for A_B2|B2 and D_0B|B2 are 1/9 and 1/3 of it.
    """
    sizes = {name: size[:, None] for name, size in amplitudes.by_field().items()}
    GI = sum(size * power.of(name, MATTER) for name, size in sizes.items())
    EE = sum(sizes[x] * sizes[y] * power.of(x, y) for x, y in product(sizes, sizes))
    B = (amplitudes.C1delta + amplitudes.C2 / 3)[:, None]
    BB = B**2 * power.B[pair_of(WEIGHTED_TIDE, WEIGHTED_TIDE)]
    return IntrinsicPower(jnp.asarray(GI), jnp.asarray(EE), BB)


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

    def read(spectrum: Array) -> Array:
        return growth[:, None] ** 4 * lattice_values(
            jnp.matmul(PREFILTER, spectrum)[None], position
        )

    E, B = jax.tree.map(read, tidal_spectra(terms))
    tree = {pair_of(MATTER, MATTER): nonlinear_power(cosmo, k, z, linear=linear, model=nonlinear)}
    return intrinsic_power(FieldPower(tree | E, B), amplitudes)
