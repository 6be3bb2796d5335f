"""Baryon acoustic oscillations: a Gaussian in distances over r_drag, and in growth, at single
redshifts, as Cobaya's `bao` has it (arXiv:2503.14738, sec. II)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data.bao import BaoData
from jaxlike.likelihoods.gaussian import whitening
from jaxlike.likelihoods.protocol import cosmology_of
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.derived import drag_horizon
from jaxlike.theory.power.linear import fsigma8_on
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.background import DistanceGrid, hubble
from jaxlike.theory.universe.cosmology import Scalar
from jaxlike.theory.universe.growth import GrowthGrid

_LIGHT = 100 * HUBBLE_DISTANCE  # c in km/s
_R_SAFE = 150.0  # Mpc, where there is no r_drag


@dataclass(frozen=True)
class Seen:
    """What a universe has at the redshifts z (n,): D_M and D_H = c/H in Mpc (n,), and r_drag in
    Mpc, times the rescaling."""

    z: Array
    D_M: Array
    D_H: Array
    r_d: Scalar


def _D_V(seen: Seen) -> Array:
    """(z D_M^2 D_H)^(1/3) in Mpc."""
    return jnp.cbrt(seen.z * seen.D_M**2 * seen.D_H)


DISTANCES: Mapping[str, Callable[[Seen], Array]] = {
    "DV_over_rs": lambda seen: _D_V(seen) / seen.r_d,
    "rs_over_DV": lambda seen: seen.r_d / _D_V(seen),
    "DM_over_rs": lambda seen: seen.D_M / seen.r_d,
    "DA_over_rs": lambda seen: seen.D_M / (1 + seen.z) / seen.r_d,
    "DH_over_rs": lambda seen: seen.D_H / seen.r_d,
    "Hz_rs": lambda seen: _LIGHT / seen.D_H * seen.r_d,  # km/s
    "F_AP": lambda seen: seen.D_M / seen.D_H,
}
"""Quantities that geometry alone makes, by Cobaya's names."""

GROWTH = "f_sigma8"
"""f sigma8 of linear power as CAMB has it, of the velocities of cold matter; by Cobaya's name."""

RDH = "rdh"
"""The parameter that rescales r_drag."""

_WITHOUT_R_D = ("F_AP", GROWTH)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Bao:
    """A Gaussian in `quantities` (n,) at the redshifts of `distance`.

    value: (n,); whitening W: (n, n) with W^T W = C^-1; growth: at the redshifts (n_growth,) of
    f_sigma8; rs_rescale: what r_drag counts times, 1 / r_fid for data in units of a fiducial one;
    by_rdh: whether the parameter rdh rescales it, to (rdh / h)^2 / r_drag, so that h r_drag is
    free, as CosmoSIS's module rescale_distances_rdh has it.
    """

    distance: DistanceGrid
    growth: GrowthGrid
    value: NDArray
    whitening: NDArray
    rs_rescale: ArrayLike
    quantities: tuple[str, ...] = field(metadata={"static": True})
    by_rdh: bool = field(default=False, metadata={"static": True})

    @classmethod
    def of(cls, data: BaoData, *, rs_rescale: float = 1.0, by_rdh: bool = False) -> "Bao":
        """The likelihood of data; what no parameter changes is made once.

        Args:
            data: Numbers of DM_over_rs, DH_over_rs, f_sigma8, ... at their redshifts.
            rs_rescale: What r_drag [Mpc] counts times.
            by_rdh: Whether the parameter rdh rescales it.

        Example:
            >>> from jaxlike.likelihoods.bao import Bao
            >>> bao = Bao.of(jaxlike.data.desi_dr2_bao())
            >>> bao.n_points
            13

            `model.with_likelihood("bao", bao)` multiplies a posterior by it.
        """
        z = np.asarray(data.z, float)
        distance = DistanceGrid.reaching(z)
        value, scale = np.asarray(data.value, float), float(rs_rescale)
        growth = GrowthGrid.build(z[[one == GROWTH for one in data.quantity]])
        root = whitening(data.covariance).whole()
        return cls(distance, growth, value, root, scale, data.quantity, by_rdh)

    def __repr__(self) -> str:
        return f"Bao: {len(self.quantities)} points"

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over."""
        return len(self.quantities)

    @property
    def parameters(self) -> tuple[str, ...]:
        """None of its own but rdh."""
        return (RDH,) if self.by_rdh else ()

    @property
    def needs_r_drag(self) -> bool:
        """Whether any of the quantities is one of the sound horizon."""
        return any(one not in _WITHOUT_R_D for one in self.quantities)

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2; -inf, with a slope of zero, outside the densities that r_drag is known for.

        ParameterError for a universe without radiation, which has no r_drag.
        """
        known, vector = self._predicted(universe, parameters)
        return jnp.where(known, self.of_vector(vector), -jnp.inf)

    def of_vector(self, vector: Array) -> Array:
        """-chi^2 / 2 of predictions (n,)."""
        r = self.whitening @ (vector - self.value)
        return -0.5 * (r @ r)

    @property
    def n_noise(self) -> int:
        """As many as numbers."""
        return self.n_points

    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array
    ) -> "Bao":
        """The likelihood of data that are the predictions and noise (n,) of unit variance."""
        _, vector = self._predicted(universe, parameters)
        return replace(self, value=vector + jnp.linalg.solve(self.whitening, noise))

    def theory_vector(
        self, universe: Universe, parameters: Mapping[str, ArrayLike] | None = None
    ) -> Array:
        """Predictions (n,) in the order of the data; NaN where there is no r_drag."""
        known, vector = self._predicted(universe, parameters or {})
        return jnp.where(known, vector, jnp.nan)

    def vector(self, D_M: Array, D_H: Array, r_d: Scalar, f_sigma8: Array) -> Array:
        """Predictions (n,) from D_M and D_H = c/H (n,), and r_drag, in Mpc, and f sigma8
        (n_growth,)."""
        r_d = jnp.asarray(r_d * self.rs_rescale)
        seen = Seen(jnp.asarray(self.distance.z), D_M, D_H, r_d)
        vector = jnp.zeros_like(seen.z)
        for name in dict.fromkeys(self.quantities):
            chosen = np.array([one == name for one in self.quantities])
            if name == GROWTH:
                vector = vector.at[np.flatnonzero(chosen)].set(f_sigma8)
            else:
                vector = jnp.where(chosen, DISTANCES[name](seen), vector)
        return vector

    def _predicted(
        self, universe: Universe, parameters: Mapping[str, ArrayLike]
    ) -> tuple[Array, Array]:
        """Whether r_drag is known, or not needed, and the predictions (n,), which are finite."""
        cosmo = cosmology_of(universe)
        known, r_d = jnp.asarray(True), jnp.asarray(_R_SAFE)
        if self.needs_r_drag:
            known, found = drag_horizon(cosmo)
            r_d = jnp.where(known, found, r_d)
        if self.by_rdh:
            r_d = (jnp.asarray(parameters[RDH]) / cosmo.h) ** 2 / r_d
        D_M = self.distance.transverse_distance(cosmo) / cosmo.h
        D_H = 1 / (hubble(cosmo, jnp.asarray(self.distance.z)) * cosmo.h)
        growth = jnp.zeros(0)
        if GROWTH in self.quantities:
            assert universe.models is not None  # which are with a cosmology
            growth = fsigma8_on(cosmo, self.growth, model=universe.models[0])
        return known, self.vector(D_M, D_H, r_d, growth)
