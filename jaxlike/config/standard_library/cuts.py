"""Scale cuts as likelihoods of the standard library have them, as those of this package."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jaxlike.data.statistics import scale_of

Pair = tuple[int, int]
_WORDS = {"theta": "angle", "ell": "ell", "mode": "mode"}


@dataclass
class Cuts:
    """What is kept of each table of a file; of pairs of bins that are not mentioned all.

    between: table -> pair -> (least, largest), of which a point is between.  without: table ->
    pairs of which nothing is kept.
    """

    between: dict[str, dict[Pair, tuple[float, float]]] = field(default_factory=dict)
    without: dict[str, list[Pair]] = field(default_factory=dict)
    bins: dict[str, Any] | None = None

    def as_option(self, statistics: Mapping[str, str]) -> dict[str, Any] | None:
        """The option `scale_cuts` for tables of these statistics, None where nothing is cut."""
        found: dict[str, Any] = {}
        for table, statistic in statistics.items():
            low, high = {"*-*": 0.0}, {"*-*": math.inf}
            for pair, (least, largest) in self.between.get(table, {}).items():
                low[_text(pair)], high[_text(pair)] = least, largest
            for pair in self.without.get(table, []):
                low[_text(pair)], high[_text(pair)] = math.inf, math.inf
            word = _WORDS[scale_of(statistic)]
            found.setdefault(f"min_{word}", {})[statistic] = low
            if set(high.values()) != {math.inf}:
                found.setdefault(f"max_{word}", {})[statistic] = high
        for key in [key for key in found if key.startswith("max")]:
            others = found[key.replace("max", "min")]
            found[key] = {name: found[key].get(name, math.inf) for name in others}
        if self.bins is not None:
            found["angular_bins"] = self.bins
        return found


def _text(pair: Pair) -> str:
    return f"{pair[0]}-{pair[1]}"


def pairs_in(text: str) -> list[Pair]:
    """Pairs of bins as `cut_NAME` has them, 1,2 1,3; ValueError on anything else."""
    found = []
    for word in text.split():
        first, comma, second = word.strip("()").partition(",")
        if not comma:
            raise ValueError(word)
        found.append((int(first), int(second)))
    return found


def two_numbers(found: Sequence[float]) -> tuple[float, float]:
    """Least and largest; ValueError on another number of numbers."""
    low, high = found
    return low, high
