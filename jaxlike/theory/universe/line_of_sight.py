"""The redshift and multipole nodes at which everything along the line of sight is evaluated.

One short list of redshift nodes z_q serves every kernel. An n(z), however jagged, only ever
appears in integrals against smooth functions G(z), so int n(z) G(z) dz = sum_q w_q G(z_q) with
w_q = int n(z) L_q(z) dz and L_q the cardinal splines of the nodes: P(k, z) is needed at
(z_q, (ell + 1/2) / chi_q) only. Each survey has its n(z) on a fine lattice of its own; the nodes
are the same for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.quadrature import cumulative_matrix, gauss_legendre_panels
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.universe.background import DistanceGrid, curvature_functions, hubble
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.densities import Densities
from jaxlike.theory.wavenumbers import LN_K_STEP

Z_MIN = 0.0017
"""First node: chi = 5 Mpc/h, below which no survey has galaxies to speak of."""

LN_ELL_START = np.log(0.6)
"""ln(ell + 1/2) of the first multipole of the lattice (ell = 0.1)."""

N_LATTICE = 212
"""Points of the multipole lattice, which has the step of the ln k lattice; ends at ell = 6.6e4."""

Z_LAST_SCATTERING = 1089.8
"""Where the CMB comes from (Planck 2018, arXiv:1807.06209, table 2).

In any universe that data allow it is within 3 of this, which moves chi by less than 1e-4."""


_Z_FEW = 10.0  # last node to which DistanceGrid's default serves
_LATTICE_MARGIN = 4  # steps, after which the spline's end is not felt


def lattice_between(low: float, high: float) -> NDArray:
    """Indices of the multipole lattice that C_ell from ell = `low` to `high` depend on."""
    first, last = (np.log(np.array([low, high]) + 0.5) - LN_ELL_START) / LN_K_STEP
    start = max(int(np.floor(first)) - _LATTICE_MARGIN, 0)
    return np.arange(start, min(int(np.ceil(last)) + _LATTICE_MARGIN + 1, N_LATTICE))


def z_nodes(n: int, z_max: float) -> NDArray:
    """Redshift nodes (n,) of density 1 / (0.3 + z) in [Z_MIN, z_max]."""
    return np.exp(np.linspace(np.log(0.3 + Z_MIN), np.log(0.3 + z_max), n)) - 0.3


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Lattice:
    """The fine redshifts of one survey's n(z), and how integrals over them become sums over nodes.

    z: (n_f,); splines: (n_f, n_q) cardinal splines of the nodes; beyond: (n_f, n_q), with which
    f(z) @ beyond are integrals from z_q up (this way round, as XLA would transpose it at every
    call); n_used: lattice points up to the last node.
    """

    z: NDArray
    splines: NDArray
    beyond: NDArray
    n_used: int = field(metadata={"static": True})

    @classmethod
    def build(cls, z: NDArray, nodes: NDArray) -> "Lattice":
        """For a lattice z (n_f,) and redshift nodes (n_q,)."""
        inside = np.clip(z, nodes[0], nodes[-1])
        return cls(
            z,
            cardinal_splines(np.log(0.3 + nodes), np.log(0.3 + inside)),
            np.ascontiguousarray(cumulative_matrix(z, nodes).T),
            int(np.searchsorted(z, nodes[-1], side="right")),
        )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Nodes:
    """Nodes, and every matrix that depends on them and on the n(z) lattices alone.

    z, one_plus_z: (n_q,); ell_lattice: (n_ell,) indices; ell: (n_ell,) multipoles, real numbers;
    dz: (n_q,) integrals of the splines; lattices: those of the surveys; distance: to the nodes,
    then to the points of every lattice; last_scattering: to the CMB, None where no tracer sees it.
    """

    z: NDArray
    one_plus_z: NDArray
    ell_lattice: NDArray
    ell: NDArray
    dz: NDArray
    lattices: tuple[Lattice, ...]
    distance: DistanceGrid
    last_scattering: DistanceGrid | None = None

    @classmethod
    def build(
        cls,
        lattices: NDArray | Sequence[NDArray],
        n_z: int,
        ell_lattice: NDArray,
        *,
        z_max: float | None = None,
        z_source: float | None = None,
    ) -> "Nodes":
        """Nodes for the n(z) lattice (n_f,) of a survey, or for those of several.

        Structure beyond `z_max` (default: the end of the longest lattice) is left out; galaxies
        beyond it still count as sources behind all that is nearer. z_source: of the CMB, where its
        lensing is looked at (see Z_LAST_SCATTERING).
        """
        fine = (lattices,) if isinstance(lattices, np.ndarray) else tuple(lattices)
        z = z_nodes(n_z, max(one[-1] for one in fine) if z_max is None else z_max)
        x = np.log(0.3 + z)

        def at(redshift: ArrayLike) -> NDArray:
            return cardinal_splines(x, np.log(0.3 + np.clip(redshift, z[0], z[-1])))

        points, weights = gauss_legendre_panels(np.exp(np.linspace(x[0], x[-1], 40 * n_z)) - 0.3, 3)
        return cls(
            z=z,
            one_plus_z=1 + z,
            ell_lattice=np.asarray(ell_lattice),
            ell=np.exp(LN_ELL_START + LN_K_STEP * ell_lattice) - 0.5,
            dz=weights @ at(points),
            lattices=tuple(Lattice.build(one, z) for one in fine),
            # as many as the farthest galaxies need, or the structure that only the CMB sees
            distance=DistanceGrid.build(
                np.concatenate([z, *fine]), n_nodes=24 if z[-1] < _Z_FEW else 64
            ),
            last_scattering=None if z_source is None else DistanceGrid.build(z_source, n_nodes=64),
        )

    def with_lattices(self, *chosen: int) -> "Nodes":
        """The same nodes for the lattices of these numbers alone, in this order."""
        ends = np.cumsum([self.z.size, *(one.z.size for one in self.lattices)])
        rows = np.concatenate(
            [np.arange(self.z.size), *(np.arange(ends[i], ends[i + 1]) for i in chosen)]
        )
        distance = self.distance
        distance = replace(distance, z=distance.z[rows], matrix=distance.matrix[rows])
        lattices = tuple(self.lattices[i] for i in chosen)
        return replace(self, lattices=lattices, distance=distance)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LineOfSight:
    """Geometry and growth at the nodes, from the core's background or from a host's tables.

    chi, f_k, c_k [Mpc/h and its derivative], hubble [h/Mpc], growth D(z)/D(0): (n_q,); f_k_fine,
    cot_fine: (n_f,) f_k and c_k / f_k on each n(z) lattice; Omega_m today; cot_last: c_k / f_k at
    last scattering, None where no tracer needs it; sigma8 of the linear power today, None where a
    host's tables do not say.
    """

    chi: Array
    f_k: Array
    c_k: Array
    hubble: Array
    growth: Array
    f_k_fine: tuple[Array, ...]
    cot_fine: tuple[Array, ...]
    Omega_m: Scalar
    cot_last: Array | None = None
    sigma8: Array | None = None

    @classmethod
    def from_distances(
        cls,
        Omega_m: Scalar,
        Omega_k: Scalar,
        nodes: Nodes,
        chi: Array,
        hubble: Array,
        growth: Array,
        chi_last: ArrayLike | None = None,
    ) -> "LineOfSight":
        """From chi at the nodes and all lattices together (n_q + sum of n_f,), and, where it is
        wanted, at last scattering."""
        ends = np.cumsum([np.size(nodes.z), *(np.size(one.z) for one in nodes.lattices)])
        f_k, c_k = curvature_functions(Omega_k, chi)
        (f_nodes, *f_fine), (c_nodes, *c_fine) = (
            jnp.split(values, ends[:-1].tolist()) for values in (f_k, c_k)
        )
        # no galaxy is at z = 0, where c_k / f_k has its pole
        cot = tuple(
            c / jnp.where(jnp.asarray(one.z) > 0, f, 1.0)
            for one, f, c in zip(nodes.lattices, f_fine, c_fine, strict=True)
        )
        n = int(ends[0])
        cot_last = None
        if chi_last is not None:
            f_last, c_last = curvature_functions(Omega_k, jnp.asarray(chi_last))
            cot_last = c_last / f_last
        return cls(chi[:n], f_nodes, c_nodes, hubble, growth, tuple(f_fine), cot, Omega_m, cot_last)

    @classmethod
    def of(cls, cosmo: Cosmology, nodes: Nodes, growth: Array) -> "LineOfSight":
        """From the core's own background; growth: D(z)/D(0) (n_q,)."""
        today = Densities.of(cosmo)
        chi, last = nodes.distance.comoving_distance(today), None
        if nodes.last_scattering is not None:
            last = nodes.last_scattering.comoving_distance(today)[0]
        return cls.from_distances(
            cosmo.Omega_m, cosmo.Omega_k, nodes, chi, hubble(today, nodes.z), growth, last
        )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Sight:
    """The line of sight as the galaxies on one lattice of n(z) see it."""

    nodes: Nodes
    los: LineOfSight
    lattice: Lattice
    f_k_fine: Array
    cot_fine: Array

    @classmethod
    def of(cls, nodes: Nodes, los: LineOfSight, lattice: int = 0) -> "Sight":
        """That of the lattice of this number."""
        fine = los.f_k_fine[lattice], los.cot_fine[lattice]
        return cls(nodes, los, nodes.lattices[lattice], *fine)
