"""What a photometric survey is: how large, how deep, with which bins. Pytrees of numbers."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.forecast.shapes import Shape
from jaxlike.theory.tracers.photo_z import Tomography, photo_z_bins

SKY_DEG2 = 4 * np.pi * (180 / np.pi) ** 2
"""Square degrees of the whole sky."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Sample:
    """Galaxies whose true redshifts have a shape, cut into bins of photometric ones.

    density () per arcmin^2 of all of them; edges (n_bin + 1,) of the bins; sigma_z () scatter of a
    photometric redshift and bias_z () its offset, in units of 1 + z; outlier_fraction () of those
    that scatter as `photo_z_bins` has it. What is between no edges is not used.
    """

    density: ArrayLike
    edges: ArrayLike
    sigma_z: ArrayLike
    shape: Shape
    bias_z: ArrayLike | None = None
    outlier_fraction: ArrayLike | None = None

    @property
    def n_bin(self) -> int:
        """Number of bins."""
        return np.shape(self.edges)[0] - 1

    def bins(self, z: NDArray) -> Tomography:
        """True n(z) (n_bin, n) of the bins on a lattice z (n,), and their densities (n_bin,)."""
        # what is None is no number of the design: neither computed nor differentiated in
        errors = {"bias": self.bias_z, "outlier_fraction": self.outlier_fraction}
        given = {name: value for name, value in errors.items() if value is not None}
        everything = self.shape.dndz(z)
        return photo_z_bins(z, everything, self.edges, self.sigma_z, density=self.density, **given)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Design:
    """A survey: area [deg^2], shape noise sigma_e of each component, sources and lenses."""

    area: ArrayLike
    sigma_e: ArrayLike
    source: Sample
    lens: Sample

    @property
    def f_sky(self) -> ArrayLike:
        """Fraction of the sky."""
        return self.area / SKY_DEG2

    def at_equal_cost(self, area: ArrayLike, exponent: float) -> "Design":
        """The same observing time on another area, which changes how deep it goes.

        Time is area x density^exponent of the sources and of the lenses alike.
        """
        factor = (jnp.asarray(area) / self.area) ** (-1 / exponent)
        source, lens = (replace(s, density=s.density * factor) for s in (self.source, self.lens))
        return replace(self, area=area, source=source, lens=lens)


def as_arrays(design: Design) -> Design:
    """The design with every number an array of floats, to be differentiated in."""
    return jax.tree.map(lambda value: jnp.asarray(value, float), design)


def edges_from(gaps: Array, low: float, high: float, narrowest: float) -> Array:
    """Ascending edges (n + 1,) from low to high for any real numbers `gaps` (n,).

    Widths are shares of a softmax and never below `narrowest`, so that no bin is empty.
    """
    free = high - low - gaps.size * narrowest
    width = narrowest + free * jax.nn.softmax(gaps)
    inner = low + jnp.cumsum(width)[:-1]
    return jnp.concatenate([jnp.array([low]), inner, jnp.array([high])])


def gaps_from(edges: NDArray, narrowest: float) -> NDArray:
    """Numbers (n,) for which `edges_from` gives these edges (n + 1,), wider than `narrowest`."""
    gaps = np.log(np.diff(edges) - narrowest)
    return gaps - gaps.mean()
