"""Angular power spectra beyond Limber's approximation.

C = Limber[P_nl] + Exact[P_lin] - Limber[P_lin] (Fang et al. 2020, arXiv:1911.11947): where the
approximation fails, structure is linear, P_lin(k, z) = D(z)^2 P_lin(k, 0), and the integral over
distance is one over each kernel apart, Delta_ell(k) = int dlnr K D j_ell(k r), by FFTLog; then
C_ell = (2 / pi) int dlnk k^3 P_lin(k, 0) Delta_ell Delta'_ell. What massive neutrinos do to growth
as a function of k cancels in the difference, but for what Limber's approximation does to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.numerics.fftlog import (
    BIAS,
    LogLattice,
    mellin_bessel,
    mellin_over_square,
    mellin_second_derivative,
)
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.power.fields import MATTER
from jaxlike.theory.power.limber_grid import limber_window
from jaxlike.theory.spectra.limber import Spectra, curved, limber_sum
from jaxlike.theory.spectra.pairs import PairGroup
from jaxlike.theory.spectra.radial import R_FIRST, RadialGrid, r_last
from jaxlike.theory.spectra.weights import Weights
from jaxlike.theory.tracers.terms import Angular, Seen, Term
from jaxlike.theory.universe.line_of_sight import Nodes, Sight
from jaxlike.theory.wavenumbers import LN_K, PREFILTER

_ELL_FIRST = 0.75  # below, where nothing is seen, C_ell stays as it is there


def _mellin(angular: Angular, ell: NDArray, s: NDArray) -> NDArray:
    """The Mellin transform (n_ell, n) of what a kernel is projected with."""
    ell = ell[:, None]
    if angular == "density":
        return mellin_bessel(ell, s)
    if angular == "velocity":
        return -mellin_second_derivative(ell, s)
    factor = ell * (ell + 1)
    if angular == "shear":
        factor = np.sqrt(np.maximum((ell + 2) * (ell + 1) * ell * (ell - 1), 0.0))
    return factor * mellin_over_square(ell, s)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ExactGrid:
    """Everything that no parameter changes, at the first n_ell multipole nodes.

    multipliers: (n_ell, n_eta) of each way to project; to_k: (n_k, n_lattice) from ln P_lin on the
    wavenumbers K to those of `lattice`; weights: (n_ell, size) of Delta Delta' P_lin; counts: how
    many multipoles each group of pairs has, none in Limber's approximation.
    """

    lattice: LogLattice
    radial: RadialGrid
    multipliers: Mapping[Angular, NDArray]
    to_k: NDArray
    weights: NDArray
    counts: tuple[int, ...] = field(metadata={"static": True})

    @classmethod
    def build(
        cls,
        nodes: Nodes,
        number: int,
        counts: Sequence[int],
        step: float,
    ) -> "ExactGrid":
        """For the survey whose lattice has this number; step: the largest in ln r."""
        ell = np.maximum(np.asarray(nodes.ell)[: max(counts)], _ELL_FIRST)
        lattice = LogLattice.build(R_FIRST, r_last(nodes), step, ell)
        s = lattice.exponents
        k = lattice.wavenumbers
        x = np.log(lattice.k)
        inside = np.clip(x, LN_K[0], LN_K[-1])
        to_k = cardinal_splines(LN_K, inside)
        # beyond the lattice as power laws
        slope = (x - inside) / (LN_K[1] - LN_K[0])
        low = slope < 0
        to_k[low, 0] -= slope[low]
        to_k[low, 1] += slope[low]
        return cls(
            lattice,
            RadialGrid.build(lattice.r, nodes, number),
            {a: lattice.multipliers(_mellin(a, ell, s)) for a in get_args(Angular)},
            to_k,
            2 / np.pi * k ** (3 - 2 * BIAS) * lattice.step,
            tuple(counts),
        )

    def transfers(self, sight: Sight, terms: Sequence[Term], n_ell: int) -> Array:
        """k^nu Delta_ell(k) (n_ell, n_bin, size) of a sample at the first n_ell multipoles."""
        parts = [
            jnp.asarray(self.multipliers[angular])[:n_ell, None] * self.lattice.frequencies(kernel)
            for angular, kernel in self.radial.kernels(sight, terms).items()
        ]
        return self.lattice.tilted(sum(parts[1:], parts[0]))

    def spectra(
        self,
        sight: Sight,
        linear: Array,
        groups: Sequence[PairGroup],
        seen: Sequence[Seen],
        kinds: Sequence[str],
    ) -> list[Array | None]:
        """Exact[P_lin] (n_pair, n_ell) of each group at as many multipoles as it has, None of those
        in Limber's approximation; linear: P_lin (n_lattice,) today on the wavenumbers K."""
        power = jnp.exp(jnp.asarray(self.to_k) @ jnp.log(linear))
        weights = jnp.asarray(self.weights) * self.lattice.windows(power)
        sizes: dict[tuple[int, bool], int] = {}
        for group, n in zip(groups, self.counts, strict=True):
            for key in _keys(group, seen, kinds):
                sizes[key] = max(sizes.get(key, 0), n)
        transfers = {
            (i, across): self.transfers(sight, _terms(seen[i], across), n)
            for (i, across), n in sizes.items()
            if n
        }
        found: list[Array | None] = []
        for group, n in zip(groups, self.counts, strict=True):
            if not n:
                found.append(None)
                continue
            one, other = (transfers[key][:n] for key in _keys(group, seen, kinds))
            weighted = one * weights[:n, None]
            if group.diagonal:
                c = jnp.sum(weighted * other, axis=-1).T[group.array()[:, 0]]
            else:
                c = jnp.einsum("eik,ejk->ije", weighted, other)[tuple(group.array().T)]
            for end, column in zip(group.samples, group.array().T, strict=True):
                response = seen[end].response
                c = c if response is None else c * response[column][:, None]
            found.append(c)
        return found

    def beyond(
        self,
        sight: Sight,
        linear: Array,
        groups: Sequence[PairGroup],
        seen: Sequence[Seen],
        kinds: Sequence[str],
        weights: Sequence[Weights],
        spectra: Sequence[Spectra],
    ) -> list[Spectra]:
        """C_ell of each group from those in Limber's approximation, whose weights these are."""
        n_ell = max(self.counts)
        coefficients = jnp.matmul(PREFILTER, jnp.log(linear))[None]
        lattice = jnp.asarray(sight.nodes.ell_lattice)[:n_ell]
        power = jnp.exp(limber_window(coefficients, sight.los, lattice))
        power = power * (sight.los.growth**2)[:, None]
        exact = self.spectra(sight, linear, groups, seen, kinds)
        found = []
        for group, n, more, weight, one in zip(
            groups, self.counts, exact, weights, spectra, strict=True
        ):
            if more is None:
                found.append(one)
                continue
            matter = weight[MATTER, MATTER]
            limber = limber_sum(matter if matter.ndim == 2 else matter[:, :n], power[:, :n])
            limber = curved(Spectra(limber), seen[group.first], seen[group.second], n).E
            found.append(replace(one, E=one.E.at[:, :n].add(more - limber)))
        return found


def _terms(seen: Seen, across: bool) -> tuple[Term, ...]:
    return seen.terms if seen.across is None or not across else seen.across


def _keys(group: PairGroup, seen: Sequence[Seen], kinds: Sequence[str]) -> list[tuple[int, bool]]:
    """Each of a group's samples, and whether its terms are those across kinds of tracers."""
    other = kinds[group.first] != kinds[group.second]
    return [(i, other and seen[i].across is not None) for i in group.samples]
