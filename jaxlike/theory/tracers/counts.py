"""Galaxy counts as they are observed: clustering, redshift-space distortions, magnification.

A field along the line of sight is its galaxies where they are (n(z), jagged, on the lattice) and
what the matter before them does to it (smooth, at the nodes). Counts have b n(z), with redshift-
space distortions more of the first kind, with magnification also the second: a lensing weight times
C = 2 (alpha - 1) = 5 s - 2, the change of counts with convergence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from jaxlike.theory.declarations import Declared
from jaxlike.theory.power.one_loop_kernels import Family
from jaxlike.theory.tracers.bias import PARAMETERS as BIAS
from jaxlike.theory.tracers.bias import (
    BiasModel,
    amplitudes,
    galaxy_bias,
    lensing_ratio,
    one_loop_amplitudes,
)
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.tracers.redshift_space import VelocityGrid, velocity_counts
from jaxlike.theory.tracers.terms import (
    Galaxies,
    Parameters,
    Seen,
    Term,
    convergence_factor,
    dndz_of,
    lensing_weight,
    per_bin,
    redshift_errors,
    register,
)
from jaxlike.theory.universe.line_of_sight import Nodes, Sight

PARAMETERS = (
    *BIAS,
    Declared(
        "alpha_mag",
        (),
        ("mag_alpha_lens--alpha_",),
        r"\alpha_\mathrm{mag}^{#}",
        per="bin",
        needs=("magnification", (True,)),
        required_by=(("magnification", True),),
    ),
    *redshift_errors("lens", "lens_photoz_errors"),
)


@register
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Counts(Galaxies):
    """Lens bins of biased galaxies; prefactors: the convergence's factor on magnification.

    velocities: what distortions need on nodes, None without.
    """

    velocities: VelocityGrid | None = None
    bias: BiasModel = field(default="constant", metadata={"static": True})
    magnification: bool = field(default=False, metadata={"static": True})
    rsd: bool = field(default=False, metadata={"static": True})
    prefactors: bool = field(default=False, metadata={"static": True})
    beyond: bool = field(default=False, metadata={"static": True})
    kind: ClassVar[str] = "counts"
    word: ClassVar[str] = "lens"
    parameters: ClassVar[tuple[Declared, ...]] = PARAMETERS

    @classmethod
    def of(cls, distributions: ShiftedDistributions, options: Mapping[str, Any]) -> "Counts":
        """Lens bins of these n(z) with the options `bias`, `magnification`, `rsd`, `limber`,
        `ell_prefactors`."""
        return cls(
            distributions,
            bias=options["bias"],
            magnification=options["magnification"],
            rsd=options["rsd"],
            prefactors=options["ell_prefactors"],
            beyond=options.get("limber") == "beyond",
        )

    @property
    def loops(self) -> tuple[Family, ...]:
        """Families of the fields beyond the matter: those of bias to one loop."""
        return ("galaxies",) if self.bias == "one_loop" else ()

    def plain(self) -> "Counts":
        """The densities alone, linear in matter: magnification is as smooth as shear, loops are
        smoother than matter, distortions are small."""
        bias: BiasModel = "constant" if self.loops else self.bias
        return replace(self, magnification=False, rsd=False, velocities=None, bias=bias)

    def on(self, nodes: Nodes, lattice: int) -> "Counts":
        """The same, ready for these nodes."""
        if not self.rsd:
            return self
        n = self.distributions.z.size
        return replace(self, velocities=VelocityGrid.build(nodes, lattice, n))

    def seen(self, sight: Sight, parameters: Parameters) -> Seen:
        """Clustering where the galaxies are, and what magnification adds before them."""
        b = amplitudes(parameters, self.n_bin, sight.los.sigma8)
        bias = galaxy_bias(
            b,
            sight.los.growth,
            sight.nodes.z,
            model=self.bias,
            alpha_b=jnp.asarray(parameters.get("alpha_b", 0.0)),
            z0_b=jnp.asarray(parameters.get("z0_b", 0.0)),
        )
        magnification = None
        if self.magnification:
            magnification = 2 * (per_bin(parameters, "alpha_mag", self.n_bin) - 1)
        with_bias = partial(
            counts_seen,
            sight,
            dndz_of(self.distributions, parameters, "lens"),
            magnification=magnification,
            velocities=self.velocities if self.rsd else None,
            prefactors=self.prefactors,
            beyond=self.beyond,
        )
        loops = one_loop_amplitudes(parameters, b) if self.loops else {}
        seen, ratio = with_bias(bias, loops=loops), lensing_ratio(parameters, self.n_bin)
        if ratio is None:
            return seen
        in_lensing = bias * (ratio[:, None] if bias.ndim == 2 else ratio)
        across = with_bias(in_lensing, loops=jax.tree.map(lambda size: size * ratio, loops))
        return replace(seen, across=across.terms)


def counts_seen(
    sight: Sight,
    dndz: Array,
    bias: Array,
    *,
    loops: Mapping[str, Array] | None = None,
    magnification: Array | None = None,
    velocities: VelocityGrid | None = None,
    prefactors: bool = False,
    beyond: bool = False,
) -> Seen:
    """Lens bins of given n(z) (n_bin, n) and bias (n_bin,) or, at the nodes, (n_bin, n_q).

    loops: name of a field beyond the matter -> its amplitude (n_bin,); magnification: C (n_bin,),
    which with `prefactors` has its ell (ell + 1) / (ell + 1/2)^2; beyond: velocities are a term of
    their own, as Limber's approximation does not have them.
    """
    at_nodes = bias if bias.ndim == 2 else bias[:, None]
    clustered = Term(dndz, at_nodes)
    moving: tuple[Term, ...] = ()
    further = [Term(dndz, size[:, None], field=name) for name, size in (loops or {}).items()]
    if velocities is not None and beyond:
        moving = (Term(velocities.growth_rate(sight) * dndz, angular="velocity"),)
    elif velocities is not None:  # whose share has no bias
        if at_nodes.shape[1] > 1:
            at_nodes = at_nodes @ jnp.asarray(sight.lattice.splines)[: dndz.shape[1]].T
        in_limber = velocity_counts(sight, velocities, dndz)
        clustered = Term((at_nodes * dndz)[:, None] + in_limber)
    if magnification is None:
        return Seen((clustered, *moving, *further))
    magnified = magnification[:, None] * lensing_weight(sight, dndz)
    factor = convergence_factor(sight.nodes.ell) if prefactors else None
    return Seen((replace(clustered, smooth=magnified, smooth_factor=factor), *moving, *further))
