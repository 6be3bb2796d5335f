"""The weights of every kind of pair of tracers by one formula.

Of two kernels with local parts l and smooth parts s the weight on P(k, z) is l_i l_j H / f_k^2
(projected to the nodes), (l_i s_j + s_i l_j) / f_k, and s_i s_j dz / H, each for the pair of fields
that the kernels belong to: Limber's approximation, e.g. arXiv:2302.05163, eqs. 8-11.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.power.fields import Pair, meet, pair_of
from jaxlike.theory.spectra.pairs import Bins, PairGroup, every_pair
from jaxlike.theory.tracers.terms import Seen, Term
from jaxlike.theory.universe.line_of_sight import Lattice, Sight

Rules = Sequence[NDArray | Array]
"""Of ascending lengths, each (n, n_q): take integrals over the first n points of the lattice to the
nodes. The last one goes to the last node; to cut it shorter for every sample would cost a copy."""

Weights = Mapping[Pair, Array]
"""Pair of fields -> weights (n_pair, n_q) or (n_pair, n_ell, n_q): C_ell = sum_q weight[q] P_XY."""


def triangle(x: Array, y: Array) -> Array:
    """x[i] * y[j] for every pair i <= j in order, (n (n + 1) / 2, ...), by slices alone."""
    rows = [x[i : i + 1] * y[i:] for i in range(len(x))]
    return jnp.concatenate(rows) if rows else x


def rectangle(x: Array, y: Array) -> Array:
    """x[i] * y[j] for every pair in order, (n_x n_y, ...)."""
    both = x[:, None] * y
    return both.reshape(len(x) * len(y), *both.shape[2:])


def _pick(every: Array, wanted: Bins, order: Bins) -> Array:
    """Rows of the pairs `wanted`; no gather where they are all there, in order."""
    if wanted == order:
        return every
    known = {pair: i for i, pair in enumerate(order)}
    return every[np.array([known[pair] for pair in wanted], int)]


@dataclass(frozen=True)
class _Products:
    """Products of what belongs to the bins of two samples, for the pairs of a group.

    An array of one row serves all bins.
    """

    group: PairGroup
    n_first: int
    n_second: int

    @property
    def order(self) -> Bins:
        """The pairs that `__call__` makes, in order."""
        if self.group.diagonal:
            return tuple((i, i) for i in range(self.n_first))
        return every_pair(self.n_first, None if self.group.auto else self.n_second)

    def __call__(self, x: Array, y: Array) -> Array:
        """x of the first and y of the second bin of each pair in order."""
        if len(x) == len(y) == 1 or self.group.diagonal:
            return x * y
        sizes = (self.n_first, self.n_second)
        if 1 in (len(x), len(y)) and not self.group.auto:
            axis = 1 if len(y) == 1 else 0
            both = jnp.expand_dims(x * y, axis)
            every = jnp.broadcast_to(both, (*sizes, *both.shape[2:]))
            return every.reshape(self.n_first * self.n_second, *both.shape[2:])
        x, y = (jnp.broadcast_to(a, (n, *a.shape[1:])) for a, n in zip((x, y), sizes, strict=True))
        return (triangle if self.group.auto else rectangle)(x, y)

    def own(self, factor: Array | None) -> Array | None:
        """`factor` (n_bin,) for pairs of a bin with itself, else 1; None where no pair has it."""
        if factor is None or not self.group.auto:
            return None
        first, second = np.array(self.order, int).reshape(-1, 2).T
        return jnp.where(first == second, factor[first], 1.0)


class _Known:
    """What has been made of n(z), which fields of one sample have in common.

    So it is made once, and derivatives from all fields are summed before they are taken further.
    Arrays are told apart by identity, and kept, for a number of one that is gone is given again.
    """

    def __init__(self) -> None:
        self._places: dict[int, tuple[Array, Array, Array]] = {}
        self._together: dict[tuple[int, int, PairGroup], tuple[Array, Array, Array]] = {}

    def place(self, local: Array, rules: Rules, sight: Sight) -> tuple[Array, Array]:
        """`local` as far as the nodes reach, and its integrals at the nodes over f_k."""
        if id(local) not in self._places:
            rule = _rule(rules, local.shape[-1])
            here = local[..., : len(rule)]
            self._places[id(local)] = here, here @ rule / sight.los.f_k, local
        return self._places[id(local)][:2]

    def together(self, one: Array, other: Array, rules: Rules, products: _Products) -> Array:
        """Integrals at the nodes of the products of two samples' n(z)."""
        key = id(one), id(other), products.group
        if key not in self._together:
            rule = _rule(rules, min(one.shape[-1], other.shape[-1]))
            n = len(rule)
            both = products(one[..., :n], other[..., :n]) @ rule
            self._together[key] = both, one, other
        return self._together[key][0]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Placed:
    """A term as all pairs use it: local (n_bin, n) as far as the nodes reach, and `there`, its
    integrals at the nodes times the amplitude over f_k."""

    local: Array | None
    amplitude: Array | None
    there: Array | None
    smooth: Array | None
    field: str = field(metadata={"static": True})


def weights_of(
    sight: Sight,
    rules: Rules,
    seen: Sequence[Seen],
    sizes: Sequence[int],
    groups: Sequence[PairGroup],
    kinds: Sequence[str] | None = None,
) -> list[Weights]:
    """Weights of the pairs of each group, by pairs of fields; `sizes` are the samples' numbers of
    bins, `kinds` those of their tracers (None: all alike)."""
    # Once a sample: its derivatives from all pairs are then summed before they are taken further.
    known = _Known()
    terms = [_placed(one.terms, rules, sight, known) for one in seen]
    across = [
        within if one.across is None else _placed(one.across, rules, sight, known)
        for one, within in zip(seen, terms, strict=True)
    ]
    los = sight.los
    density, path = los.hubble / los.f_k**2, jnp.asarray(sight.nodes.dz) / los.hubble
    found: list[Weights] = []
    for group in groups:
        products = _Products(group, sizes[group.first], sizes[group.second])
        mix = products.own(seen[group.first].own_mix)
        parts: dict[Pair, list[Array]] = {}
        alike = kinds is None or kinds[group.first] == kinds[group.second]
        placed = terms if alike else across
        for one, other in product(placed[group.first], placed[group.second]):
            if not meet(one.field, other.field):
                continue
            into = parts.setdefault(pair_of(one.field, other.field), [])
            into += _met(*_same_axes(one, other), rules, products, density, path, known, mix)
        response = products(*(_response(seen[i]) for i in (group.first, group.second)))
        found.append(
            {
                pair: _pick(_sum(some, response), group.bins, products.order)
                for pair, some in parts.items()
                if some
            }
        )
    return found


def _placed(terms: Sequence[Term], rules: Rules, sight: Sight, known: _Known) -> list[_Placed]:
    """Terms as all pairs use them, without those that are none of Limber's approximation."""
    return [_place(term, rules, sight, known) for term in terms if term.angular != "velocity"]


def _place(term: Term, rules: Rules, sight: Sight, known: _Known) -> _Placed:
    smooth = term.limber_smooth
    if term.local is None:
        return _Placed(None, None, None, smooth, term.field)
    (local, there), amplitude = known.place(term.local, rules, sight), term.amplitude
    if amplitude is not None:
        amplitude = _widened(amplitude) if local.ndim == 3 else amplitude
        there = there * amplitude
    return _Placed(local, amplitude, there, smooth, term.field)


def _met(
    one: _Placed,
    other: _Placed,
    rules: Rules,
    products: _Products,
    density: Array,
    path: Array,
    known: _Known,
    mix: Array | None,
) -> list[Array]:
    """What the two parts of a term and those of another add to the weights of their fields; mix
    (n_pair,): a factor on what is local in one and smooth in the other."""
    parts: list[Array] = []
    if one.smooth is not None and other.smooth is not None:
        parts.append(path * products(one.smooth, other.smooth))
    for first, second in ((one.there, other.smooth), (one.smooth, other.there)):
        if first is not None and second is not None:
            mixed = products(first, second)
            parts.append(mixed if mix is None else (mixed.T * mix).T)
    if one.local is not None and other.local is not None:
        parts.append(_local(one, other, rules, products, density, known))
    return parts


def _response(seen: Seen) -> Array:
    return jnp.ones((1, 1)) if seen.response is None else seen.response[:, None]


def _sum(parts: Sequence[Array], response: Array) -> Array:
    """The sum of weights, with an axis of multipoles where one of them has it, times responses."""
    if any(part.ndim == 3 for part in parts):
        parts = [part if part.ndim == 3 else part[:, None] for part in parts]
        response = response[:, None]
    return sum(parts[1:], parts[0]) * response


def _same_axes(one: _Placed, other: _Placed) -> tuple[_Placed, _Placed]:
    """Both with an axis of multipoles where one has it."""
    arrays = (one.local, one.smooth, other.local, other.smooth)
    if all(a is None or a.ndim == 2 for a in arrays):
        return one, other
    return _with_axis(one), _with_axis(other)


def _with_axis(term: _Placed) -> _Placed:
    return jax.tree.map(_widened, term)


def _widened(a: Array) -> Array:
    return a[:, None] if a.ndim == 2 else a


def _local(
    one: _Placed,
    other: _Placed,
    rules: Rules,
    products: _Products,
    density: Array,
    known: _Known,
) -> Array:
    """Galaxies of both samples at the same place."""
    assert one.local is not None
    assert other.local is not None
    both = known.together(one.local, other.local, rules, products)
    sizes = [a for a in (one.amplitude, other.amplitude) if a is not None]
    if len(sizes) == 2:
        return both * (products(*sizes) * density)
    if not sizes:
        return both * density
    ones = jnp.ones((1,) * sizes[0].ndim)
    pair = (sizes[0], ones) if one.amplitude is not None else (ones, sizes[0])
    return both * (products(*pair) * density)


def lattice_rules(
    lattice: Lattice, weights: NDArray, lengths: Iterable[int] = ()
) -> tuple[NDArray, ...]:
    """Rules of a lattice whose integrals have these `weights` (n_f,), on its first points up to the
    last node, and, for samples that end before, on their `lengths`."""
    whole = (np.asarray(weights)[:, None] * np.asarray(lattice.splines))[: lattice.n_used]
    return tuple(whole[:n] for n in sorted({len(whole), *(min(n, len(whole)) for n in lengths)}))


def _rule(rules: Rules, n: int) -> Array:
    """The rule for what is given on the first `n` points of the lattice."""
    for rule in rules:
        if len(rule) == n:
            return jnp.asarray(rule)
    return jnp.asarray(rules[-1])[:n]
