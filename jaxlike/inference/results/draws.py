"""Weighted draws, as chain files hold them, and how fewer or equal ones are taken from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.registry.names import guessed


@dataclass(frozen=True)
class Draws:
    """Draws of one chain or several, one chain below the other.

    `names` and `latex` are of the m columns; `sampled` tells those that were varied from those that
    are functions of them.  `values` (n, m); `weights` (n,), all above zero; `log_posterior` and
    `log_prior` (n,), NaN where the files have none; `lengths` of the chains, n in all; `limits`:
    name -> lower and upper end of its prior, infinite where there is none.
    """

    names: tuple[str, ...]
    latex: tuple[str, ...]
    sampled: tuple[bool, ...]
    values: np.ndarray
    weights: np.ndarray
    log_posterior: np.ndarray
    log_prior: np.ndarray
    lengths: tuple[int, ...]
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def by_chain(self, array: np.ndarray) -> list[np.ndarray]:
        """`array` (n, ...) cut into the chains."""
        return np.split(array, np.cumsum(self.lengths)[:-1])

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of the sampled parameters."""
        return tuple(name for name, is_so in zip(self.names, self.sampled, strict=True) if is_so)

    @property
    def is_weighted(self) -> bool:
        """Whether some draws count more than others."""
        return bool(np.any(self.weights != self.weights[0]))

    def columns(self, names: Sequence[str]) -> np.ndarray:
        """Values (n, len(names)) of parameters, which may go by other names of the same quantities.

        ConfigError names those that the chains have not got.
        """
        found = matching(names, self.names)
        missing = [name for name in names if name not in found]
        if missing:
            raise ConfigError(
                f"{listed(missing, 'of the configuration')} not in the chains; they have "
                f"{', '.join(self.names)}"
            )
        return self.values[:, [self.names.index(found[name]) for name in names]]

    def best(self, names: Sequence[str]) -> np.ndarray:
        """Values (len(names),) of these parameters at the draw of highest posterior."""
        if not np.isfinite(self.log_posterior).any():
            raise ConfigError(
                "the chains have no column minuslogpost: their best draw is not known"
            )
        return self.columns(names)[int(np.nanargmax(self.log_posterior))]


def check_weights(weights: np.ndarray) -> None:
    """ValueError, naming the row, unless weights (n,) are finite and not negative."""
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        at = int(np.argmax(bad))
        raise ValueError(f"the weight of row {at + 1} is {weights[at]}; weights must be >= 0")


def check_values(
    source: str, values: np.ndarray, names: Sequence[str], sampled: Sequence[bool] | None = None
) -> None:
    """ConfigError, naming file and column, unless what is sampled (all where that is None) is
    finite in every draw of values (n, m)."""
    for i, (name, column) in enumerate(zip(names, values.T, strict=True)):
        bad = ~np.isfinite(column)
        if (sampled is None or sampled[i]) and bad.any():
            at = int(np.argmax(bad))
            what = "column" if sampled is None else "parameter"
            raise ConfigError(
                f"chains '{source}': {what} '{name}' is {column[at]} in draw {at + 1}; finite"
                " numbers are needed"
            )


def matching(names: Sequence[str], among: Sequence[str]) -> dict[str, str]:
    """Name -> the one `among` others that is the same, or stands for the same quantity."""
    quantities = {_quantity(name): name for name in reversed(among)}
    found = {name: quantities.get(_quantity(name)) for name in names}
    found |= {name: name for name in names if name in among}
    return {name: other for name, other in found.items() if other is not None}


def listed(names: Sequence[str], whose: str) -> str:
    """The beginning of a sentence: parameter 'a' `whose` is, or parameters 'a', 'b' `whose` are."""
    noun, verb = ("parameter", "is") if len(names) == 1 else ("parameters", "are")
    quoted = ", ".join(f"'{name}'" for name in names)
    return f"{noun} {quoted} {whose} {verb}"


def thinned(weights: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of about `n` draws that stand for all, and their weights; all rows where they are fewer.

    Rows lie evenly in the cumulative weight (systematic resampling): one that weighs more than
    1/n of all is taken with the weight of what it stands for.
    """
    if len(weights) <= n:
        return np.arange(len(weights)), weights
    rows, counts = np.unique(systematic(weights, n), return_counts=True)
    return rows, counts.astype(float)


def equal_rows(weights: np.ndarray) -> np.ndarray:
    """Rows of draws that all count the same and stand for weighted ones.

    Those of whole weights are repeated as often; others are resampled to as many as there are.
    """
    if is_whole(weights):
        return np.repeat(np.arange(len(weights)), np.rint(weights).astype(int))
    return systematic(weights, len(weights))


def equal_chains(draws: Draws, array: np.ndarray) -> np.ndarray:
    """Rows (chain, draw, ...) of `array` (n, ...) for draws that all count the same.

    As `equal_rows` of each chain, of which longer ones are cut to the shortest.
    """
    rows = [equal_rows(weights) for weights in draws.by_chain(draws.weights)]
    length = min(map(len, rows))
    pairs = zip(draws.by_chain(array), rows, strict=True)
    return np.stack([chain[chosen[:length]] for chain, chosen in pairs])


def systematic(weights: np.ndarray, n: int) -> np.ndarray:
    """Rows (n,) that lie evenly in the cumulative weight, without random numbers."""
    total = np.cumsum(weights)
    places = (np.arange(n) + 0.5) / n * total[-1]
    return np.minimum(np.searchsorted(total, places), len(weights) - 1)


def kish(weights: np.ndarray) -> float:
    """Effective number of draws of these weights, (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / np.sum(weights**2))


def is_whole(weights: np.ndarray) -> bool:
    """Whether all weights are whole numbers, as of draws that a chain stayed at."""
    return bool(np.all(weights == np.rint(weights)))


def _quantity(name: str) -> tuple[str, str]:
    """What a prefix or suffix says, in the case that CosmoSIS gives it, and the name without."""
    named = guessed(name)
    if named is None:
        return "", name
    own = named.sample.own if named.sample else ""
    return own.lower(), named.canonical.removeprefix(own)
