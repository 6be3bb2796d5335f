"""Fisher matrix of the 3x2pt C_ell of a survey, differentiable in the survey's design.

n(z) of the bins -> C_ell of all pairs -> Gaussian covariance -> J^T C^-1 J. All of it is a pure
function of `Design`, so that a figure of merit has a gradient in area, depth, bin edges and
photometric errors (Campagne et al. 2023, arXiv:2302.05163, section 4.2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from jaxlike.errors import ParameterError
from jaxlike.forecast.design import Design
from jaxlike.forecast.universe import Structure, Universe
from jaxlike.numerics import block_algebra
from jaxlike.theory.power.fields import MATTER, FieldPower, pair_of
from jaxlike.theory.spectra.limber import limber_spectra
from jaxlike.theory.spectra.pairs import PairGroup, every_pair
from jaxlike.theory.spectra.weights import lattice_rules, weights_of
from jaxlike.theory.statistics.covariance import Field, gaussian_cl_covariance
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers.alignment import linear_term
from jaxlike.theory.tracers.counts import counts_seen
from jaxlike.theory.tracers.distributions import lattice_weights, per_steradian
from jaxlike.theory.tracers.photo_z import Tomography
from jaxlike.theory.tracers.shapes import shapes_seen
from jaxlike.theory.universe.line_of_sight import Sight

_SLOPE = np.array([1, -8, 0, 8, -1]) / 12  # of a curve on a uniform lattice, to fourth order


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Systematics:
    """Linear bias (n_lens,), calibration m (n_source,), linear alignment, and shifts dz of the
    lenses' and the sources' n(z)."""

    bias: Array
    m: Array
    A_IA: Array
    alpha_IA: Array
    z0_IA: Array
    dz_lens: Array
    dz_source: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Merit:
    """What is asked of a survey: errors (n,) of the parameters, of S8, and the FoM of (w0, wa).

    The figure of merit of Albrecht et al. 2006 (arXiv:astro-ph/0609591), 1 / sqrt(det Cov); NaN
    where w0 and wa do not both vary.
    """

    fom: Array
    sigma_S8: Array
    errors: Array


@dataclass(frozen=True)
class Forecast:
    """A forecast with everything chosen but the design of the survey.

    names (n,) of what varies, cosmology first; prior (n,) 1 / sigma^2 of Gaussian priors; ell
    (n_ell,); kept (n_ell, n_pair) which spectra are measured; changes (n, n_systematics) of the
    systematics, as `jax.flatten_util` has them in a row.
    """

    universe: Universe
    systematics: Systematics
    names: tuple[str, ...]
    prior: NDArray
    ell: NDArray
    to_ell: NDArray
    groups: tuple[PairGroup, ...]
    ends: NDArray
    kept: NDArray
    changes: NDArray

    def spectra(self, design: Design) -> Array:
        """C_ell (n_ell, n_pair) of counts, counts x shear, shear: pairs in the order of `ends`."""
        lens, source = self._bins(design)
        return self._spectra(self.universe.structure, self.systematics, lens.dndz, source.dndz)

    def covariance(self, design: Design, spectra: Array | None = None) -> Array:
        """Gaussian covariance (n_ell, n_pair, n_pair) of `spectra`; 1 for what is not measured."""
        lens, source = self._bins(design)
        cl = self.spectra(design) if spectra is None else spectra
        counts, shapes = 1 / per_steradian(lens.density), 1 / per_steradian(source.density)
        shapes = jnp.asarray(design.sigma_e) ** 2 * shapes
        fields = [Field("counts", i, counts[i]) for i in range(design.lens.n_bin)]
        fields += [Field("shear", i, shapes[i]) for i in range(design.source.n_bin)]
        n_pair, (first, second) = len(self.ends), self.ends.T
        whole = np.zeros((n_pair, len(fields), len(fields)))
        whole[np.arange(n_pair), first, second] = whole[np.arange(n_pair), second, first] = 1.0
        square = jnp.tensordot(jnp.asarray(whole), cl, axes=(0, 1))
        blocks = gaussian_cl_covariance(self.ends, fields, square, self.ell, design.f_sky)
        both = self.kept[:, :, None] & self.kept[:, None, :]
        return jnp.where(both, blocks, jnp.eye(n_pair))

    def fisher(self, design: Design) -> Array:
        """Fisher matrix (n, n) of `names` at the fiducial point, with the Gaussian priors."""
        lens, source = self._bins(design)
        flat, unravel = ravel_pytree(self.systematics)

        def mean(structure: Structure, flat: Array) -> Array:
            return self._spectra(structure, unravel(flat), lens.dndz, source.dndz)

        def along(change: Structure, row: Array) -> tuple[Array, Array]:
            return jax.jvp(mean, (self.universe.structure, flat), (change, row))

        rest = len(self.names) - len(self.universe.names)

        def padded(leaf: Array) -> Array:
            return jnp.concatenate([leaf, jnp.zeros((rest, *leaf.shape[1:]))])

        changes = jax.tree.map(padded, self.universe.changes)
        each = jax.vmap(along, out_axes=(None, 0))
        cl, derivatives = each(changes, jnp.asarray(self.changes))
        cl, derivatives = lax.optimization_barrier((cl, derivatives))
        jacobian = jnp.moveaxis(jnp.where(self.kept, derivatives, 0.0), 0, -1)
        weighted = block_algebra.solve(self.covariance(design, cl), jacobian)
        return block_algebra.inner(jacobian, weighted) + jnp.diag(self.prior)

    def merit(self, design: Design) -> Merit:
        """Errors and the figure of merit of a design; differentiable."""
        return self.merit_of(self.fisher(design))

    def merit_of(self, fisher: Array) -> Merit:
        """The same of a Fisher matrix (n, n)."""
        scale = 1 / jnp.sqrt(jnp.diag(fisher))
        unit = block_algebra.inverse((fisher * scale * scale[:, None])[None])[0]
        covariance = unit * scale * scale[:, None]
        gradient = jnp.asarray(np.pad(self.universe.dS8, (0, len(scale) - self.universe.dS8.size)))
        fom = jnp.full((), jnp.nan)
        if {"w0", "wa"} <= set(self.names):
            at = np.array([self.names.index("w0"), self.names.index("wa")])
            fom = 1 / jnp.sqrt(jnp.linalg.det(covariance[np.ix_(at, at)]))
        return Merit(
            fom, jnp.sqrt(gradient @ covariance @ gradient), jnp.sqrt(jnp.diag(covariance))
        )

    def _bins(self, design: Design) -> tuple[Tomography, Tomography]:
        z = self.universe.z
        # or the compiler makes n(z) again in every loop that reads it
        return lax.optimization_barrier((design.lens.bins(z), design.source.bins(z)))

    def _spectra(
        self, structure: Structure, systematics: Systematics, lens: Array, source: Array
    ) -> Array:
        z, s = self.universe.z, systematics
        sight = Sight.of(self.universe.nodes, structure.los)
        lens, source = _shifted(lens, s.dz_lens, z), _shifted(source, s.dz_source, z)
        aligned = linear_term(sight, source, s.A_IA, s.alpha_IA, s.z0_IA)
        seen = counts_seen(sight, lens, s.bias), shapes_seen(sight, source, s.m, (aligned,))
        rules, sizes = lattice_rules(sight.lattice, lattice_weights(z)), (len(s.bias), len(s.m))
        weights = weights_of(sight, rules, seen, sizes, self.groups)
        matter = FieldPower({pair_of(MATTER, MATTER): structure.power}, {})
        rows = jnp.concatenate([found.E for found in limber_spectra(weights, matter)])
        return jnp.asarray(self.to_ell) @ rows.T


def _shifted(dndz: Array, dz: Array, z: NDArray) -> Array:
    """n(z - dz) to first order, which is all that derivatives at dz = 0 ask for."""
    step = z[1] - z[0]
    around = jnp.pad(dndz, ((0, 0), (2, 2)))
    slope = sum(s * around[:, i : i + z.size] for i, s in enumerate(_SLOPE))
    return dndz - dz[:, None] * slope / step


def build_forecast(
    universe: Universe,
    design: Design,
    *,
    vary: Sequence[str],
    bias: Sequence[float],
    A_IA: float = 0.0,
    alpha_IA: float = 0.0,
    priors: Mapping[str, float] | None = None,
    ell: NDArray,
    ell_max_counts: float | None = None,
) -> Forecast:
    """A forecast for designs of as many bins as `design`.

    vary: names among b1.., m1.., dz_lens1.., dz_source1.., A_IA, alpha_IA, or the stem of one for
    every bin; the universe's own vary in any case. priors: Gaussian widths of names or stems.
    ell_max_counts: largest multipole of spectra with counts. ParameterError on idle names.
    """
    n_lens, n_source = design.lens.n_bin, design.source.n_bin
    known, flat = _systematics(np.asarray(bias, float), n_source, A_IA, alpha_IA)
    stems = _groups([*universe.names, *known])
    chosen = [name for stem in vary for name in _members(stem, stems, known, "vary")]
    names = (*universe.names, *chosen)
    width = np.full(len(names), np.inf)
    for stem, sigma in (priors or {}).items():
        for name in _members(stem, stems, names, "priors"):
            width[names.index(name)] = sigma
    changes = np.zeros((len(names), len(known)))
    for row, name in enumerate(chosen, start=len(universe.names)):
        changes[row, known.index(name)] = 1.0
    groups = (
        PairGroup(0, 0, every_pair(n_lens)),
        PairGroup(0, 1, every_pair(n_lens, n_source)),
        PairGroup(1, 1, every_pair(n_source)),
    )
    first = np.array([0, n_lens])
    ends = np.concatenate([one.array() + first[[one.first, one.second]] for one in groups])
    with_counts = ends[:, 0] < n_lens
    largest = np.inf if ell_max_counts is None else ell_max_counts
    kept = ~with_counts | (ell[:, None] <= largest)
    return Forecast(
        universe,
        flat,
        names,
        1 / width**2,
        ell,
        cl_matrix(ell, universe.nodes.ell),
        groups,
        ends,
        kept,
        changes,
    )


def _systematics(
    bias: NDArray, n_source: int, A_IA: float, alpha_IA: float
) -> tuple[list[str], Systematics]:
    """Fiducial systematics, and the names of their numbers in the order of `ravel_pytree`."""
    n_lens = bias.size
    names = [f"b{i + 1}" for i in range(n_lens)] + [f"m{i + 1}" for i in range(n_source)]
    names += ["A_IA", "alpha_IA", "z0_IA"]
    names += [f"dz_lens{i + 1}" for i in range(n_lens)]
    names += [f"dz_source{i + 1}" for i in range(n_source)]
    return names, Systematics(
        jnp.asarray(bias),
        jnp.zeros(n_source),
        jnp.asarray(A_IA),
        jnp.asarray(alpha_IA),
        jnp.asarray(0.62),
        jnp.zeros(n_lens),
        jnp.zeros(n_source),
    )


def _groups(names: Sequence[str]) -> dict[str, list[str]]:
    """Name or stem -> names of the parameters it stands for."""
    groups: dict[str, list[str]] = {name: [name] for name in names}
    for name in names:
        stem = name.rstrip("0123456789")
        if stem in ("b", "m", "dz_lens", "dz_source"):
            groups.setdefault(stem, []).append(name)
    return groups


def _members(
    stem: str, groups: Mapping[str, list[str]], allowed: Sequence[str], what: str
) -> list[str]:
    members = groups.get(stem, [])
    if not members or not set(members) <= set(allowed):
        accepted = ", ".join(s for s, m in groups.items() if set(m) <= set(allowed))
        raise ParameterError(
            f"'{what}' names '{stem}', which has no effect; accepted are {accepted}"
        )
    return members
