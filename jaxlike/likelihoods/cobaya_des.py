"""DES-Y1's two-point functions as Cobaya's `des_y1` computes them: its sums, term by term.

The sums are coarse, on purpose: trapezia between the tabulated redshifts of n(z), C_ell at some 70
multipoles, Bessel functions summed over bands of multipoles. Finer ones, as `two_point` has them,
change chi^2 by 0.5 to 0.7 near the best fit. Intrinsic alignment has C1 rho_crit = 0.0134 and the
growth of nonlinear power at k = 0.001/Mpc; n(z) is a spline that moves and keeps its size.
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from jaxlike.data.des_dataset import GALAXIES, LENSING, STATISTICS, DesData
from jaxlike.data.units import ARCMIN
from jaxlike.likelihoods.cobaya_sums import Sums
from jaxlike.likelihoods.gaussian import quadratic_form, whitening
from jaxlike.likelihoods.protocol import cosmology_of
from jaxlike.numerics.splines import cardinal_splines, lattice_points, prefilter_matrix
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe import background
from jaxlike.theory.universe.background import DistanceGrid
from jaxlike.theory.universe.densities import Densities
from jaxlike.theory.universe.line_of_sight import z_nodes
from jaxlike.theory.wavenumbers import K_NODES, LN_K, LN_K_NODES, LN_K_STEP

C1_RHO_CRIT = 0.0134
"""Of the intrinsic alignment."""

_N_Z = 28  # redshifts between which ln P is interpolated
_K_MIN, _K_MAX = 1e-4, 15.0  # 1/Mpc: nothing below; above a power law, to where nothing is again
_K_END = 3000.0
_SMALLEST_H = 0.3


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Curves:
    """Cubic splines through n(z) (n_bin, n_z) that go on beyond their ends.

    z: (n_z,); coefficients: (n_bin, n_z - 1, 4), highest power first.
    """

    z: NDArray
    coefficients: NDArray

    @classmethod
    def through(cls, z: NDArray, n: NDArray) -> "Curves":
        """Those of n (n_bin, n_z) at z (n_z,)."""
        return cls(z, np.ascontiguousarray(CubicSpline(z, n, axis=1).c.T))

    def at(self, z: Array, shift: Array) -> Array:
        """n(z - shift) (n_bin, n) at z (n,) for a shift of each bin (n_bin,); nothing below 0."""
        moved = z - shift[:, None]
        nodes = jnp.asarray(self.z)
        cell = jnp.clip(jnp.searchsorted(nodes, moved, side="right") - 1, 0, nodes.size - 2)
        x = moved - nodes[cell]
        powers = jnp.take_along_axis(jnp.asarray(self.coefficients), cell[:, :, None], axis=1)
        a, b, c, d = jnp.moveaxis(powers, -1, 0)
        return jnp.where(moved < 0, 0.0, ((a * x + b) * x + c) * x + d)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CobayaDes:
    """A Gaussian in xi+, xi-, gamma_t and w.

    z: (n_q,) redshifts of the sums; distance: to these; to_z: (1 + n_q, n_table) from ln P at the
    redshifts of a table to z = 0 and these; ell: (n_ell,); projections: (3, n_theta, n_ell);
    sources, lenses: n(z); value: (n,); precision: (n, n) inverse covariance; whitening W: (n, n),
    W^T W = C^-1; statistic, bin1, bin2, angle: (n,) of each point; used: names of the statistics;
    sizes: numbers of source and lens bins; acc: of the sums; z_end: last redshift.
    """

    z: NDArray
    distance: DistanceGrid
    to_z: NDArray
    ell: NDArray
    projections: NDArray
    sources: Curves
    lenses: Curves
    value: NDArray | Array
    precision: NDArray
    whitening: NDArray
    statistic: NDArray
    bin1: NDArray
    bin2: NDArray
    angle: NDArray
    used: tuple[str, ...] = field(metadata={"static": True})
    sizes: tuple[int, int] = field(metadata={"static": True})
    acc: float = field(metadata={"static": True})
    z_end: float = field(metadata={"static": True})

    @classmethod
    def of(cls, data: DesData, sums: Sums | None = None) -> "CobayaDes":
        """The likelihood of data."""
        sums = sums or Sums()
        z = sums.redshifts(data.z)
        rows = whitening(data.covariance).whole()
        return cls(
            z=z,
            distance=DistanceGrid.reaching(z),
            to_z=cardinal_splines(*(np.log(0.3 + at) for at in (_table_z(z[-1]), np.append(0, z)))),
            ell=sums.multipoles(),
            projections=sums.projections(data.theta_arcmin * ARCMIN),
            sources=Curves.through(data.z, data.n_source),
            lenses=Curves.through(data.z, data.n_lens),
            value=data.value,
            precision=rows.T @ rows,
            whitening=rows,
            statistic=data.statistic,
            bin1=data.bin1,
            bin2=data.bin2,
            angle=data.angle,
            used=data.used,
            sizes=(len(data.n_source), len(data.n_lens)),
            acc=sums.acc,
            z_end=float(z[-1]),
        )

    def __repr__(self) -> str:
        return f"CobayaDes: {self.n_points} points of {', '.join(self.used)}"

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over."""
        return self.value.size

    @property
    def parameters(self) -> tuple[str, ...]:
        """Those of the statistics in use, by Cobaya's names."""
        return parameters_of(self.used, self.sizes)

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2 for nuisance parameters by Cobaya's names.

        ParameterError for a universe of a host's tables.
        """
        residual = self.value - self.theory_vector(parameters, universe)
        return -0.5 * quadratic_form(jnp.asarray(self.precision), residual)

    @property
    def n_noise(self) -> int:
        """As many as data."""
        return self.n_points

    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array
    ) -> "CobayaDes":
        """The likelihood of data that are the prediction and noise (n,) of unit variance."""
        noise = jnp.linalg.solve(self.whitening, noise)
        return replace(self, value=self.theory_vector(parameters, universe) + noise)

    def theory_vector(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """Predicted data (n,) in the order of the data."""
        cosmo, z = cosmology_of(universe), jnp.asarray(self.z)
        chi = self.distance.comoving_distance(Densities.of(cosmo)) / cosmo.h
        hubble = background.hubble(cosmo, z) * cosmo.h
        power, growth = self._power(universe, chi)
        d_chi = jnp.concatenate(
            [(chi[1:2] + chi[:1]) / 2, (chi[2:] - chi[:-2]) / 2, chi[-1:] - chi[-2:-1]]
        )
        power = power * (d_chi / chi**2)[:, None]
        own = {name: jnp.asarray(parameters[name], float) for name in self.parameters}
        lenses, sources = jnp.zeros((0, z.size)), jnp.zeros((0, z.size))
        if not {*self.used}.isdisjoint(GALAXIES):
            n = hubble * self.lenses.at(z, _of_bins(own, "DES_DzL"))
            lenses = n * _of_bins(own, "DES_b")[:, None]
        if not {*self.used}.isdisjoint(LENSING):
            n = hubble * self.sources.at(z, _of_bins(own, "DES_DzS"))
            gravity = 1.5 * cosmo.Omega_m * (cosmo.h / (HUBBLE_DISTANCE)) ** 2 * (1 + z) * chi
            evolution = ((1 + z) / (1 + own["DES_z0IA"])) ** own["DES_alphaIA"]
            aligned = own["DES_AIA"] * evolution * C1_RHO_CRIT / growth * cosmo.Omega_m
            sources = gravity * _efficiency(n, chi, d_chi) - aligned * n
            sources = sources * (1 + _of_bins(own, "DES_m"))[:, None]
        return self._projected(lenses, sources, power)

    def _projected(self, lenses: Array, sources: Array, power: Array) -> Array:
        found = jnp.zeros(self.n_points)
        kinds = {
            "xip": (sources, sources, 0),
            "xim": (sources, sources, 2),
            "gammat": (lenses, sources, 1),
            "wtheta": (lenses, lenses, 0),
        }
        bins, angle = (jnp.asarray(self.bin1), jnp.asarray(self.bin2)), jnp.asarray(self.angle)
        for i, name in enumerate(STATISTICS):
            if name not in self.used:
                continue
            first, second, order = kinds[name]
            # of every pair, which are few
            cl = jnp.einsum("iq,jq,qe->ije", first, second, power)
            every = cl @ jnp.asarray(self.projections)[order].T
            own = jnp.asarray(self.statistic) == i
            at = (jnp.where(own, one, 0) for one in (*bins, angle))
            found = jnp.where(own, every[tuple(at)], found)
        return found

    def _power(self, universe: Universe, chi: Array) -> tuple[Array, Array]:
        """P((ell + 1/2) / chi, z) [Mpc^3] (n_q, n_ell) and D(z) / D(0) (n_q,)."""
        h = cosmology_of(universe).h
        z_table = _table_z(self.z_end)
        k_max = _K_MAX * self.acc
        to_coefficients = _coefficients(k_max / _SMALLEST_H)
        nodes = K_NODES[: to_coefficients.shape[1]]
        table = jnp.log(universe.P_nl(nodes, z_table))
        rows = jnp.asarray(self.to_z) @ table @ to_coefficients.T
        ln_k = jnp.log((jnp.asarray(self.ell) + 0.5) / chi[:, None])
        last = np.log(k_max)

        def ln_power(rows: Array, ln_k: Array) -> Array:
            return lattice_points(rows, (ln_k - jnp.log(h) - LN_K[0]) / LN_K_STEP)

        end = ln_power(rows[1:], jnp.full((chi.size, 2), np.array([last - LN_K_STEP, last])))
        slope = (end[:, 1:] - end[:, :1]) / LN_K_STEP
        inside = jnp.minimum(ln_k, last)
        power = jnp.exp(ln_power(rows[1:], inside) + slope * (ln_k - inside)) / h**3
        seen = (ln_k >= np.log(_K_MIN)) & (ln_k < np.log(_K_END * self.acc))
        large = ln_power(rows, jnp.full((chi.size + 1, 1), np.log(1e-3)))[:, 0]
        return jnp.where(seen, power, 0.0), jnp.exp((large[1:] - large[0]) / 2)


def _table_z(end: float) -> NDArray:
    """Redshifts (n_table,) of the table of P."""
    return np.append(0.0, z_nodes(_N_Z, end))


@functools.cache
def _coefficients(k_max: float) -> NDArray:
    """Matrix from values at the first of K_NODES to coefficients of the lattice LN_K up to k_max
    [h/Mpc]."""
    n, n_nodes = (int(np.searchsorted(x, np.log(k_max))) + 4 for x in (LN_K, LN_K_NODES))
    return prefilter_matrix(n) @ cardinal_splines(LN_K_NODES[:n_nodes], LN_K[:n])


def _of_bins(own: Mapping[str, Array], stem: str) -> Array:
    """stem1, stem2, ... (n_bin,)"""
    n = sum(name.removeprefix(stem).isdigit() for name in own)
    return jnp.stack([own[f"{stem}{i + 1}"] for i in range(n)])


def parameters_of(used: Collection[str], sizes: tuple[int, int]) -> tuple[str, ...]:
    """Names of the parameters of statistics with numbers of source and lens bins."""
    n_source, n_lens = sizes
    found: list[str] = []
    if not {*used}.isdisjoint(GALAXIES):
        found += [f"{stem}{i + 1}" for stem in ("DES_b", "DES_DzL") for i in range(n_lens)]
    if not {*used}.isdisjoint(LENSING):
        found += [f"{stem}{i + 1}" for stem in ("DES_m", "DES_DzS") for i in range(n_source)]
        found += ["DES_AIA", "DES_alphaIA", "DES_z0IA"]
    return tuple(found)


def _efficiency(n: Array, chi: Array, d_chi: Array) -> Array:
    """sum over chi' >= chi of n(chi') (1 - chi / chi') dchi', (n_bin, n_q)."""
    both = jnp.concatenate([n * d_chi, n * d_chi / chi])
    galaxies, closeness = jnp.split(both @ jnp.tri(chi.size), 2)
    return galaxies - chi * closeness
