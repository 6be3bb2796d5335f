"""Angular power spectra with TATT: weights and matter-intrinsic power kept apart.

In NLA intrinsic shear is an amplitude times the matter that lenses, so one weight a pair suffices.
With loops C_ell = sum_q [GG P + GI P_GI + II P_II], P_II of E or of B modes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.power.limber_power import limber_window
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.spectra.limber import Spectra, limber_sum
from jaxlike.theory.tracers.alignment import nla_amplitude
from jaxlike.theory.tracers.kernels import PairWeights, ell_prefactors
from jaxlike.theory.tracers.tatt import (
    IntrinsicPower,
    TattParameters,
    intrinsic_power,
    loop_coefficients,
    loops_at,
    tatt_amplitudes,
)
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PowerAndLoops:
    """P_nl (n_q, n_ell) at the Limber points, and B-spline coefficients (6, n_k + 2) of the loops
    at z = 0, in (Mpc/h)^3."""

    matter: Array
    loops: Array

    @classmethod
    def of(cls, matter: Array, grid: OneLoopGrid, linear: Array) -> "PowerAndLoops":
        """From P_nl at the Limber points, and P_lin (n_k,) at z = 0 on the lattice K."""
        return cls(matter, loop_coefficients(grid.spectra(linear)))


def limber_intrinsic_power(
    nodes: Nodes, los: LineOfSight, power: PowerAndLoops, parameters: TattParameters
) -> IntrinsicPower:
    """P_GI, P_II^EE, P_II^BB (n_q, n_ell) at the Limber points."""
    amplitudes = tatt_amplitudes(los.Omega_m, los.growth, nodes.z, parameters)
    splines = loops_at(power.loops, los.growth, amplitudes)
    read = jax.vmap(lambda rows: limber_window(rows, los, nodes.ell_lattice))
    return intrinsic_power(power.matter, read(splines), amplitudes)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SplitWeights:
    """Limber weights without, with one and with two fields of intrinsic shear, as PairWeights.

    Those of intrinsic shear are per unit of its amplitude.
    """

    counts: Array
    cross: Array
    cross_I: Array
    shear: Array
    shear_GI: Array
    shear_II: Array

    @classmethod
    def of(
        cls, nodes: Nodes, los: LineOfSight, weights: Callable[[Array], PairWeights]
    ) -> "SplitWeights":
        """From the weights of NLA at any A_IA with alpha_IA = 0.

        They are a polynomial of second order in the amplitude, whose coefficients are derivatives.
        """
        zero, one = jnp.zeros(()), jnp.ones(())
        (none, first), (_, second) = jax.jvp(
            lambda A: jax.jvp(weights, (A,), (one,)), (zero,), (one,)
        )
        unit = nla_amplitude(los.Omega_m, los.growth, nodes.z, 1.0, 0.0, 0.0)
        return cls(
            none.counts,
            none.cross,
            first.cross / unit,
            none.shear,
            first.shear / unit,
            second.shear / (2 * unit**2),
        )


def tatt_limber_spectra(
    ell: NDArray,
    weights: SplitWeights,
    matter: Array,
    intrinsic: IntrinsicPower,
    *,
    prefactors: bool = False,
) -> Spectra:
    """C_ell at multipoles `ell` (n_ell,), from spectra (n_q, n_ell) at the Limber points."""
    counts = limber_sum(weights.counts, matter)
    cross = limber_sum(weights.cross, matter) + limber_sum(weights.cross_I, intrinsic.GI)
    shear = weights.shear @ matter + weights.shear_GI @ intrinsic.GI
    shear = shear + weights.shear_II @ intrinsic.II_EE
    shear_B = weights.shear_II @ intrinsic.II_BB
    if prefactors:
        once, twice = ell_prefactors(ell)
        cross, shear, shear_B = cross * once, shear * twice, shear_B * twice
    return Spectra(counts, cross, shear, shear_B)
