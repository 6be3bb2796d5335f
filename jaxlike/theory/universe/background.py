"""Expansion and distances."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.densities import Densities

# Neutrino density over the sum of its relativistic and its cold limit, 1 + s (1 - s) p(s) with s
# the share of the cold limit: p was fitted to the Fermi-Dirac integral, which it meets to 7e-6.
_FERMI_DIRAC = (-0.999778, -0.281311, 0.329064, -0.341391, 0.461529, -0.167634)


def E_squared(contents: Cosmology | Densities, a: ArrayLike) -> Array:
    """(H / H0)^2 at scale factor `a`; arXiv:2302.05163, eq. 1, with radiation and neutrinos."""
    today, a = Densities.of(contents), jnp.asarray(a)
    cold = today.cold / a**3 + today.curvature / a**2 + _dark_energy(today, a)
    return cold + today.radiation / a**4 + massive_neutrinos(today, a)


def _dark_energy(today: Densities, a: Array) -> Array:
    """Density of dark energy of equation of state w0 + wa (1 - a) over today's critical density."""
    w0, wa = today.w0, today.wa
    return today.dark_energy * jnp.exp(-3 * (1 + w0 + wa) * jnp.log(a) + 3 * wa * (a - 1))


def massive_neutrinos(contents: Cosmology | Densities, a: Scalar) -> Scalar:
    """Density of the massive eigenstates at scale factor `a` over today's critical density."""
    parts = [_massive(hot, cold, a) for hot, cold in Densities.of(contents).massive]
    return sum(parts[1:], parts[0]) if parts else 0.0


def _massive(hot: Scalar, cold: Scalar, a: Scalar) -> Scalar:
    """Density of eigenstates of one mass; hot, cold: today's, were they massless or at rest."""
    if isinstance(hot, float) and hot == 0.0:  # radiation is left out
        return cold / a**3
    limits = hot + cold * a
    s = cold * a / limits
    p: Scalar = 0.0
    for c in reversed(_FERMI_DIRAC):
        p = p * s + c
    return limits * (1 + s * (1 - s) * p) / a**4


def hubble(contents: Cosmology | Densities, z: ArrayLike) -> Array:
    """H(z) in h/Mpc."""
    return jnp.sqrt(E_squared(contents, 1 / (1 + jnp.asarray(z)))) / HUBBLE_DISTANCE


def Omega_m_of_a(cosmo: Cosmology, a: ArrayLike) -> Array:
    """Matter density parameter at scale factor `a`."""
    return cosmo.Omega_m / jnp.asarray(a) ** 3 / E_squared(cosmo, a)


def cold_densities(cosmo: Cosmology, a: ArrayLike) -> tuple[Array, Array]:
    """Omega_m and Omega_de at scale factor `a` were all matter cold and radiation none.

    So fits to simulations take them, and CAMB's nonlinear models: today's radiation counts as
    curvature, which keeps the sum of the densities at one.
    """
    today, a = Densities.of(cosmo), jnp.asarray(a)
    matter, dark = cosmo.Omega_m / a**3, _dark_energy(today, a)
    total = matter + dark + (1 - cosmo.Omega_m - today.dark_energy) / a**2
    return matter / total, dark / total


def dark_energy_w(cosmo: Cosmology, a: ArrayLike) -> Array:
    """Equation of state w0 + wa (1 - a)."""
    return cosmo.w0 + cosmo.wa * (1 - jnp.asarray(a))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DistanceGrid:
    """Matrices that integrate 1/H from 0 to every redshift of a fixed list: a pytree of arrays.

    ln(1 + z) is the integration variable: in it 1/H is smooth from today to recombination.
    z: (n_z,); node_z: (n_node,) where H is needed; matrix: (n_z, n_node).
    """

    z: NDArray
    node_z: NDArray
    matrix: NDArray

    @classmethod
    def build(cls, z: ArrayLike, *, n_nodes: int = 24) -> "DistanceGrid":
        """Grid for redshifts `z` (n_z,); 24 nodes suffice to z = 3, 64 to z = 1100."""
        z = np.atleast_1d(np.asarray(z, float))
        x = chebyshev.nodes(n_nodes, 0.0, np.log1p(max(z.max(), 1e-3)))
        return cls(z, np.expm1(x), chebyshev.integration_matrix(x, np.log1p(z)))

    @classmethod
    def reaching(cls, z: NDArray) -> "DistanceGrid":
        """Grid for redshifts `z` (n_z,), with as many nodes as the farthest of them needs."""
        return cls.build(z, n_nodes=24 if z.max() < 3 else 64)

    def comoving_distance(self, contents: Cosmology | Densities) -> Array:
        """chi(z) (n_z,) in Mpc/h; arXiv:2302.05163, eq. 3."""
        return jnp.matmul(self.matrix, (1 + self.node_z) / hubble(contents, self.node_z))

    def transverse_distance(self, cosmo: Cosmology) -> Array:
        """Comoving angular-diameter distance D_M(z) (n_z,) in Mpc/h."""
        return curvature_functions(cosmo.Omega_k, self.comoving_distance(cosmo))[0]


def comoving_distance(cosmo: Cosmology, z: ArrayLike) -> Array:
    """Radial comoving distance in Mpc/h at fixed (not traced) redshifts `z`, any shape."""
    z = np.asarray(z, float)
    chi = DistanceGrid.build(z.ravel(), n_nodes=64).comoving_distance(cosmo)
    return chi.reshape(z.shape)


def curvature_functions(Omega_k: ArrayLike, chi: Array) -> tuple[Array, Array]:
    """f_k(chi) in Mpc/h and its derivative c_k(chi).

    f_k = sin(sqrt(K) chi)/sqrt(K), c_k = cos(sqrt(K) chi) with K = -Omega_k H0^2, and their
    hyperbolic continuations. A series carries the flat limit, so gradients in Omega_k are exact
    at Omega_k = 0; only the number 0 (not an array) says that space is flat beforehand.
    """
    if isinstance(Omega_k, float) and Omega_k == 0.0:
        return chi, jnp.ones_like(chi)
    y = -jnp.asarray(Omega_k) * (chi / HUBBLE_DISTANCE) ** 2  # K chi^2
    small = jnp.abs(y) < 1e-2
    root = jnp.sqrt(jnp.where(small, 1.0, jnp.abs(y)))
    closed = y > 0
    sine = jnp.where(closed, jnp.sin(root), jnp.sinh(jnp.minimum(root, 20.0))) / root
    cosine = jnp.where(closed, jnp.cos(root), jnp.cosh(jnp.minimum(root, 20.0)))
    s = jnp.where(small, y, 0.0)
    sine_series = 1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72)))
    cosine_series = 1 - s / 2 * (1 - s / 12 * (1 - s / 30 * (1 - s / 56)))
    return chi * jnp.where(small, sine_series, sine), jnp.where(small, cosine_series, cosine)


def transverse_distance(cosmo: Cosmology, z: ArrayLike) -> Array:
    """Comoving angular-diameter distance f_k(chi(z)) in Mpc/h."""
    return curvature_functions(cosmo.Omega_k, comoving_distance(cosmo, z))[0]


def angular_diameter_distance(cosmo: Cosmology, z: ArrayLike) -> Array:
    """Angular-diameter distance in Mpc/h."""
    return transverse_distance(cosmo, z) / (1 + jnp.asarray(z))
