"""Mass within the smallest scales: what it adds to galaxy-galaxy lensing at all larger ones.

gamma_t += A_l Sigma_crit^-1(l, s) / theta^2, MacCrann et al. 2020 (arXiv:1903.07101), with
Sigma_crit^-1 averaged over both n(z) at a fixed cosmology, as in DES-Y3 (Pandey et al. 2022,
arXiv:2105.13545): A_l, in 1e13 Msun/h, takes up what the cosmology would change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.errors import ConfigError
from jaxlike.theory.declarations import Declared
from jaxlike.theory.statistics.correlation_functions import GAMMA_T
from jaxlike.theory.systematics.registry import Context, Own, Table, Tracers, register
from jaxlike.theory.tracers.terms import dndz_of, per_bin
from jaxlike.theory.universe.background import DistanceGrid
from jaxlike.theory.universe.cosmology import Cosmology

PointMassModel = Literal["none", "sampled", "marginalised"]

_FIXED = Cosmology(Omega_m=0.3, Omega_b=0.05, h=0.69, n_s=1.0, A_s=2e-9, radiation=False)
_FOUR_PI_G = 4 * np.pi * 1476.625 / 3.0856776e22  # 4 pi G / c^2 [Mpc / Msun]
_UNIT = 1e13  # Msun/h, of A_l


@register("point_mass")
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PointMass:
    """Point masses of the lens bins of one sample, as the sources of another see them.

    elements: (n_data, n_lens n_source), theta^-2 of the points of each pair; lens_rule,
    source_rule: (n, n_q), which make Sigma_crit^-1 of two n(z) the sum of products over nodes.
    """

    elements: NDArray
    lens_rule: NDArray
    source_rule: NDArray
    samples: tuple[int, int] = field(metadata={"static": True})
    marginal: bool = field(metadata={"static": True})
    sigma: ClassVar[float] = 1e4
    kind: ClassVar[str] = "counts"
    parameters: ClassVar[tuple[Declared, ...]] = (
        Declared(
            "A_pm",
            ("DES_PM",),
            ("add_pm--b_",),
            r"A_\mathrm{pm}^{#}",
            per="bin",
            needs=("point_mass", ("sampled",)),
            required_by=(("point_mass", "sampled"),),
        ),
    )

    @classmethod
    def of(cls, context: Context, options: Mapping[str, Any]) -> tuple[Self, ...]:
        """Of each table of gamma_t, with the option `point_mass`."""
        if options["point_mass"] == "none":
            return ()
        tables, marginal = context.of(GAMMA_T.name), options["point_mass"] == "marginalised"
        if not tables:
            raise ConfigError(
                f"option 'point_mass' is {options['point_mass']}, which has no effect: the data of "
                f"{context.source} in use have no gamma_t; leave it at none"
            )
        if marginal and len({one.samples[0] for one in tables}) < len(tables):
            raise ConfigError(
                f"option 'point_mass' is marginalised, but {context.source} has lenses whose "
                "masses two samples of sources see: take point_mass = sampled"
            )
        return tuple(cls._of_table(one, context, marginal) for one in tables)

    @classmethod
    def _of_table(cls, table: Table, context: Context, marginal: bool) -> Self:
        lens, source = (context.tracers[i] for i in table.samples)
        assert table.theta is not None  # of gamma_t
        elements = np.zeros((context.n_data, lens.n_bin * source.n_bin))
        elements[table.rows, table.bin1 * source.n_bin + table.bin2] = table.theta**-2.0
        lattice, q = context.lattice, np.asarray(context.nodes.z)
        chi = np.asarray(DistanceGrid.build(np.append(q, lattice.z)).comoving_distance(_FIXED))
        chi_q, chi_f = np.split(chi, [q.size])
        # int n(z') (1 - chi / chi') dz' from z up; no galaxy is at z = 0
        near = chi_q / np.where(chi_f > 0, chi_f, 1.0)[:, None]
        behind = np.asarray(lattice.beyond) * (1 - near)
        lens_rule = (context.weights[:, None] * np.asarray(lattice.splines))[: lattice.n_used]
        size = _UNIT * _FOUR_PI_G * (1 + q) / chi_q
        return cls(elements, lens_rule * size, behind, table.samples, marginal)

    def inverse_critical_density(self, tracers: Tracers, own: Own | None = None) -> Array:
        """Sigma_crit^-1 over chi^2 (n_lens, n_source) [1e13 Msun/h]^-1 for canonical parameters of
        every sample (None: n(z) as they were read)."""
        found = []
        for i, which, rule in zip(
            self.samples, ("lens", "source"), (self.lens_rule, self.source_rule), strict=True
        ):
            tracer: Any = tracers[i]
            unmoved = {f"dz_{which}{j + 1}": 0.0 for j in range(tracer.n_bin)}
            dndz = dndz_of(tracer.distributions, unmoved if own is None else own[i], which)
            n = min(dndz.shape[1], len(rule))
            found.append(dndz[:, :n] @ jnp.asarray(rule)[:n])
        return found[0] @ found[1].T

    def mixing(self, tracers: Tracers, own: Own | None = None) -> Array:
        """(n_lens, n_lens n_source): the template of a lens bin is the sum over its sources."""
        found = self.inverse_critical_density(tracers, own)
        return (jnp.eye(len(found))[:, :, None] * found).reshape(len(found), -1)

    def added(self, tracers: Tracers, own: Own) -> Array:
        """What the sampled masses A_pm add to the data vector (n_data,)."""
        found = self.inverse_critical_density(tracers, own)
        amplitude = per_bin(own[self.samples[0]], "A_pm", len(found))
        return jnp.asarray(self.elements) @ (amplitude[:, None] * found).ravel()
