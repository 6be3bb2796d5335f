"""The redshift and multipole nodes at which everything along the line of sight is evaluated.

One short list of redshift nodes z_q serves every kernel. An n(z), however jagged, only ever
appears in integrals against smooth functions G(z), so int n(z) G(z) dz = sum_q w_q G(z_q) with
w_q = int n(z) L_q(z) dz and L_q the cardinal splines of the nodes: P(k, z) is needed at
(z_q, (ell + 1/2) / chi_q) only.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.quadrature import cumulative_trapezoid_matrix, gauss_legendre_panels
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.universe.background import DistanceGrid, curvature_functions, hubble
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import LN_K_STEP

Z_MIN = 0.0017
"""First node: chi = 5 Mpc/h, below which no survey has galaxies to speak of."""

LN_ELL_START = np.log(0.6)
"""ln(ell + 1/2) of the first multipole of the lattice (ell = 0.1)."""

N_LATTICE = 212
"""Points of the multipole lattice, which has the step of the ln k lattice; ends at ell = 6.6e4."""


_LATTICE_MARGIN = 4  # steps, after which the spline's end is not felt


def lattice_between(low: float, high: float) -> NDArray:
    """Indices of the multipole lattice that C_ell from ell = `low` to `high` depend on."""
    first, last = (np.log(np.array([low, high]) + 0.5) - LN_ELL_START) / LN_K_STEP
    start = max(int(np.floor(first)) - _LATTICE_MARGIN, 0)
    return np.arange(start, min(int(np.ceil(last)) + _LATTICE_MARGIN + 1, N_LATTICE))


def z_nodes(n: int, z_max: float) -> NDArray:
    """Redshift nodes (n,) of density 1 / (0.3 + z) in [Z_MIN, z_max]."""
    return np.exp(np.linspace(np.log(0.3 + Z_MIN), np.log(0.3 + z_max), n)) - 0.3


@dataclass(frozen=True)
class Nodes:
    """Nodes and every matrix that depends on them and on the n(z) lattice alone.

    z: (n_q,); z_fine: (n_f,) the n(z) lattice; ell_lattice: (n_ell,) indices; ell: (n_ell,);
    splines: (n_f, n_q) cardinal splines; beyond: (n_q, n_f) integrates from z_q up;
    dz: (n_q,) integrals of the splines; distance and growth grids as named.
    """

    z: NDArray
    z_fine: NDArray
    ell_lattice: NDArray
    splines: NDArray
    beyond: NDArray
    dz: NDArray
    distance: DistanceGrid
    growth: GrowthGrid

    @property
    def n_used(self) -> int:
        """Lattice points up to the last node."""
        return int(np.searchsorted(self.z_fine, self.z[-1], side="right"))

    @property
    def ell(self) -> NDArray:
        """Multipoles (n_ell,), real numbers."""
        return np.exp(LN_ELL_START + LN_K_STEP * self.ell_lattice) - 0.5

    @classmethod
    def build(
        cls, z_fine: NDArray, n_z: int, ell_lattice: NDArray, *, z_max: float | None = None
    ) -> "Nodes":
        """Nodes for an n(z) lattice `z_fine` (n_f,).

        Structure beyond `z_max` (default: the end of the lattice) is left out; galaxies beyond it
        still count as sources behind all that is nearer.
        """
        z = z_nodes(n_z, z_fine[-1] if z_max is None else z_max)
        x = np.log(0.3 + z)

        def at(redshift: ArrayLike) -> NDArray:
            return cardinal_splines(x, np.log(0.3 + np.clip(redshift, z[0], z[-1])))

        points, weights = gauss_legendre_panels(np.exp(np.linspace(x[0], x[-1], 40 * n_z)) - 0.3, 3)
        return cls(
            z=z,
            z_fine=z_fine,
            ell_lattice=ell_lattice,
            splines=at(z_fine),
            beyond=cumulative_trapezoid_matrix(z_fine, z),
            dz=weights @ at(points),
            distance=DistanceGrid.build(np.concatenate([z, z_fine])),
            growth=GrowthGrid.build(z),
        )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LineOfSight:
    """Geometry and growth at the nodes, from the core's background or from a host's tables.

    chi, f_k, c_k [Mpc/h and its derivative], hubble [h/Mpc], growth D(z)/D(0): (n_q,);
    f_k_fine, cot_fine: (n_f,) f_k and c_k / f_k on the n(z) lattice; Omega_m today.
    """

    chi: Array
    f_k: Array
    c_k: Array
    hubble: Array
    growth: Array
    f_k_fine: Array
    cot_fine: Array
    Omega_m: Scalar

    @classmethod
    def from_distances(
        cls,
        Omega_m: Scalar,
        Omega_k: Scalar,
        nodes: Nodes,
        chi: Array,
        hubble: Array,
        growth: Array,
    ) -> "LineOfSight":
        """From chi at the nodes and the lattice together (n_q + n_f,)."""
        n = nodes.z.size
        f_k, c_k = curvature_functions(Omega_k, chi)
        fine = f_k[n:]
        # no galaxy is at z = 0, where c_k / f_k has its pole
        cot = c_k[n:] / jnp.where(nodes.z_fine > 0, fine, 1.0)
        return cls(chi[:n], f_k[:n], c_k[:n], hubble, growth, fine, cot, Omega_m)

    @classmethod
    def of(cls, cosmo: Cosmology, nodes: Nodes, growth: Array) -> "LineOfSight":
        """From the core's own background; growth: D(z)/D(0) (n_q,)."""
        chi = nodes.distance.comoving_distance(cosmo)
        return cls.from_distances(
            cosmo.Omega_m, cosmo.Omega_k, nodes, chi, hubble(cosmo, nodes.z), growth
        )
