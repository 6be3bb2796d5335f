"""Intrinsic alignment of galaxies: the models there are, and the amplitude of the linear one."""

from collections.abc import Callable
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.constants import C1_RHO_CRIT
from jaxlike.theory.declarations import Declared
from jaxlike.theory.power.fields import TIDE
from jaxlike.theory.tracers.terms import Parameters, Term, per_bin
from jaxlike.theory.universe.cosmology import Scalar
from jaxlike.theory.universe.line_of_sight import Sight

AlignmentModel = Literal["nla", "nla_per_bin", "tatt", "nla_m", "nla_m_twice"]
"""Linear in the tidal field, with one amplitude for all source bins or one for each; TATT; or one
that goes with the share of red galaxies and the mass of their haloes in each bin, once or, in GI of
a bin with itself, twice."""

BY_MASS = ("nla_m", "nla_m_twice")
"""Models whose amplitude goes with the mass of haloes."""

ALIGNMENT_OPTIONS = dict.fromkeys(BY_MASS, ("f_r", "log10_M_pivot"))
"""Model -> options of a likelihood that it takes beside its parameters, under the same names."""


def _named(*names: str) -> tuple[str, ...]:
    return tuple(f"intrinsic_alignment_parameters--{name}" for name in names)


_SECOND_ORDER = ("alignment", ("tatt",))
_MASS: tuple[str, tuple[object, ...]] = ("alignment", BY_MASS)
_REQUIRED_BY_MASS = tuple(("alignment", model) for model in BY_MASS)

PARAMETERS = (
    Declared(
        "A_IA",
        ("A", "DES_AIA", "A1_IA"),
        _named("a", "a1"),
        r"A_\mathrm{IA}",
        default=0.0,
        needs=("alignment", ("nla", "tatt", *BY_MASS)),
        # codes differ in what they assume for an amplitude that is not given
        required_by=(("alignment", "tatt"), *_REQUIRED_BY_MASS),
    ),
    Declared(
        "alpha_IA",
        ("eta", "DES_alphaIA", "alpha1_IA", "eta1"),
        _named("alpha", "alpha1"),
        r"\alpha_\mathrm{IA}",
        default=0.0,
    ),
    Declared("z0_IA", ("DES_z0IA",), _named("z0", "z_piv"), r"z_{0,\mathrm{IA}}", default=0.62),
    Declared(
        "A2_IA",
        (),
        _named("a2"),
        r"A_{2,\mathrm{IA}}",
        needs=_SECOND_ORDER,
        required_by=(("alignment", "tatt"),),
    ),
    Declared(
        "alpha2_IA", ("eta2",), _named("alpha2"), r"\alpha_{2,\mathrm{IA}}", needs=_SECOND_ORDER
    ),
    Declared(
        "bTA_IA", ("bTA", "bias_ta"), _named("bias_ta"), r"b_\mathrm{TA}", needs=_SECOND_ORDER
    ),
    Declared(
        "A_IA",
        (),
        _named("a_"),
        r"A_\mathrm{IA}^{#}",
        per="bin",
        needs=("alignment", ("nla_per_bin",)),
        required_by=(("alignment", "nla_per_bin"),),
        instead_of="A_IA",
    ),
    Declared(
        "beta_IA",
        (),
        _named("beta"),
        r"\beta_\mathrm{IA}",
        needs=_MASS,
        required_by=_REQUIRED_BY_MASS,
    ),
    Declared(
        "log10_M",
        ("log10_M_mean_",),
        _named("log10_m_mean_"),
        r"\log_{10} M^{#}",
        per="bin",
        needs=_MASS,
        required_by=_REQUIRED_BY_MASS,
    ),
)
"""Of galaxies whose shapes are intrinsically aligned."""


def nla_amplitude(
    Omega_m: Scalar,
    growth: Array,
    z: ArrayLike,
    A_IA: Scalar,
    alpha_IA: Scalar,
    z0_IA: Scalar,
) -> Array:
    """F(z) of the nonlinear alignment model, so that the intrinsic shear is F times delta_m.

    growth: D(z)/D(0) (n_z,); A_IA: () or, of many bins, (n, 1). F = -A C1 rho_crit Omega_m / D
    ((1+z)/(1+z0))^alpha; Bridle & King 2007 (arXiv:0705.0166), with the power law of Krause et al.
    2017 (arXiv:1706.09359), eq. 8.
    """
    evolution = jnp.exp(alpha_IA * (jnp.log1p(z) - jnp.log1p(z0_IA)))
    return -A_IA * C1_RHO_CRIT * Omega_m / growth * evolution


ALIGNMENTS: dict[str, Callable[[Sight, Array, Parameters], tuple[Term, ...]]] = {}
"""Name of a model -> the terms of intrinsic shear of n(z) (n_bin, n), by parameters of the sample.

What is put here is accepted for the option `alignment`.
"""


def alignment_terms(
    model: str, sight: Sight, dndz: Array, parameters: Parameters
) -> tuple[Term, ...]:
    """The terms of the alignment model of this name."""
    return ALIGNMENTS[model](sight, dndz, parameters)


def linear_term(sight: Sight, dndz: Array, A_IA: Scalar, alpha_IA: Scalar, z0_IA: Scalar) -> Term:
    """Alignment linear in the tide of the nonlinear matter, A_IA () or, of each bin, (n_bin,)."""
    amplitude = jnp.atleast_1d(jnp.asarray(A_IA))[:, None]
    los, z = sight.los, sight.nodes.z
    size = nla_amplitude(los.Omega_m, los.growth, z, amplitude, alpha_IA, z0_IA)
    return Term(dndz, size, field=TIDE)


def _evolution(parameters: Parameters) -> tuple[Array, Array]:
    return jnp.asarray(parameters["alpha_IA"]), jnp.asarray(parameters["z0_IA"])


def _nla(sight: Sight, dndz: Array, parameters: Parameters) -> tuple[Term, ...]:
    A_IA = jnp.asarray(parameters["A_IA"])
    return (linear_term(sight, dndz, A_IA, *_evolution(parameters)),)


def _nla_per_bin(sight: Sight, dndz: Array, parameters: Parameters) -> tuple[Term, ...]:
    A_IA = jnp.stack([jnp.asarray(parameters[f"A_IA{i + 1}"]) for i in range(len(dndz))])
    return (linear_term(sight, dndz, A_IA, *_evolution(parameters)),)


def _nla_m(sight: Sight, dndz: Array, parameters: Parameters) -> tuple[Term, ...]:
    """A_i = A f_r,i (M_i / M_pivot)^beta: red galaxies alone align, in heavier haloes the more.

    KiDS-Legacy, Wright et al. 2025 (arXiv:2503.19441), section 2.4.4 and appendix B.
    """
    A_IA = jnp.asarray(parameters["A_IA"]) * by_mass(parameters, len(dndz))
    return (linear_term(sight, dndz, A_IA, *_evolution(parameters)),)


def by_mass(parameters: Parameters, n_bin: int) -> Array:
    """f_r,i (M_i / M_pivot)^beta of each bin (n_bin,)."""
    decades = per_bin(parameters, "log10_M", n_bin) - parameters["log10_M_pivot"]
    scaling = jnp.exp(np.log(10) * jnp.asarray(parameters["beta_IA"]) * decades)
    return jnp.asarray(parameters["f_r"]) * scaling


ALIGNMENTS |= {"nla": _nla, "nla_per_bin": _nla_per_bin, **dict.fromkeys(BY_MASS, _nla_m)}
