"""The systematics that are known: functions of the parameters of samples that add to data vectors.

Those that are linear in their amplitudes are sums of templates, so that the amplitudes can be
marginalised in closed form (`likelihoods.marginal`) where they are not sampled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar, runtime_checkable

from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers.terms import Parameters, Tracer
from jaxlike.theory.universe.line_of_sight import Lattice, Nodes

Tracers = Sequence[Tracer]
Own = Sequence[Parameters]
"""Canonical parameters of every sample, in order."""


@dataclass(frozen=True, eq=False)
class Table:
    """One table of points: its statistic, its two samples, zero-based bins (n,) of each, angles
    (n,) in radians (None of multipoles), rows (n,) of the data vector, and nominal multipoles (n,)
    (None of angles)."""

    statistic: str
    samples: tuple[int, int]
    bin1: NDArray
    bin2: NDArray
    theta: NDArray | None
    rows: NDArray
    ell: NDArray | None = None


@dataclass(frozen=True, eq=False)
class Context:
    """What a systematic is made from: the points of a data vector of `n_data`, its samples, the
    nodes and the lattice and rule (n_f,) of their n(z); files: option -> the arrays of its file;
    source: of the data, for messages."""

    tables: tuple[Table, ...]
    n_data: int
    tracers: tuple[Tracer, ...]
    nodes: Nodes
    lattice: Lattice
    weights: NDArray
    files: Mapping[str, Mapping[str, NDArray]]
    source: str

    def of(self, statistic: str) -> list[Table]:
        """The tables of one statistic."""
        return [one for one in self.tables if one.statistic == statistic]


@runtime_checkable
class Systematic(Protocol):
    """A pytree: arrays and static structure.

    kind: of the tracer among whose samples' parameters its own are; parameters: those; `of` gives
    one for each that the options ask for, ConfigError where the data have nothing that it acts on.
    """

    kind: ClassVar[str]
    parameters: ClassVar[tuple[Declared, ...]]

    @classmethod
    def of(cls, context: Context, options: Mapping[str, Any]) -> tuple[Self, ...]: ...
    def added(self, tracers: Tracers, own: Own) -> Array:
        """What it adds to the data vector (n_data,)."""
        ...


@runtime_checkable
class Linear(Systematic, Protocol):
    """A sum of templates A T with amplitudes A (n_template,), T (n_template, n_data).

    T = mixing @ elements^T, elements (n_data, k) being fixed; marginal: whether the amplitudes are
    marginalised with a normal prior of deviation `sigma` around zero, and so add nothing. One whose
    templates are the same at every point may say so by `fixed`.
    """

    elements: NDArray
    marginal: bool
    sigma: ClassVar[float]

    def mixing(self, tracers: Tracers, own: Own | None = None) -> Array:
        """(n_template, k) at a point; None: for the n(z) as they were read."""
        ...


T = TypeVar("T", bound=type)

SYSTEMATICS: dict[str, type[Systematic]] = {}
"""Name -> class of systematic; what is put here is made where options ask for it."""


def register(name: str) -> Any:
    """Make a class of systematic known by a name."""

    def put(systematic: T) -> T:
        SYSTEMATICS[name] = systematic
        return systematic

    return put


def parameters_of(kind: str) -> tuple[Declared, ...]:
    """The parameters that systematics add to those of a kind of tracer."""
    found = (one.parameters for one in SYSTEMATICS.values() if one.kind == kind)
    return tuple(declared for parameters in found for declared in parameters)
