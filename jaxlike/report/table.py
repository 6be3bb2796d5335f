"""The table of parameters: what chains say of each, whoever made them."""

from dataclasses import dataclass

import numpy as np

from jaxlike.inference.results.diagnostics import Summary, summarise_draws
from jaxlike.inference.results.draws import Draws

AS_PRIOR = "as wide as its prior"
"""The remark on a parameter of which the data say nothing."""
_EDGES = 40  # bins across a prior
_LEANS = 0.3  # of the highest bin: what the bin at an end has where draws lean on it
_FOLLOWS = 0.85  # of the width of a flat prior


@dataclass(frozen=True)
class Row:
    """One parameter: mean, standard deviation, ends of the central 68 %, value at the draw of
    highest posterior (None where that is not known), convergence (NaN where undefined).

    remark: what its prior does to it, in words.
    """

    name: str
    sampled: bool
    mean: float
    std: float
    low: float
    high: float
    best: float | None
    r_hat: float
    ess_bulk: float
    ess_tail: float
    remark: str = ""

    @property
    def value(self) -> str:
        """Mean and standard deviation, to two digits of the latter."""
        return with_error(self.mean, self.std)

    def number(self, x: float | None) -> str:
        """A value of this parameter, to the digits that its width allows."""
        return "" if x is None else with_error(x, self.std).partition(" ±")[0]


def with_error(mean: float, std: float) -> str:
    """mean ± std with two digits of std."""
    if not (np.isfinite(std) and std > 0 and np.isfinite(mean)):
        return f"{mean:.6g}"
    digits = 1 - int(np.floor(np.log10(std)))
    size = max(abs(mean), std)
    if size < 1e-3 or size >= 1e6:
        power = int(np.floor(np.log10(size)))
        scaled = with_error(mean / 10.0**power, std / 10.0**power)
        value, _, error = scaled.partition(" ± ")
        return f"{value}e{power} ± {error}e{power}"
    shown = max(digits, 0)
    return f"{mean:.{shown}f} ± {std:.{shown}f}"


def rows_of(draws: Draws) -> tuple[list[Row], Summary]:
    """A row of each column, those that vary first, and the convergence that they are made of."""
    summary = summarise_draws(draws)
    known = np.isfinite(draws.log_posterior).any()
    best = int(np.nanargmax(draws.log_posterior)) if known else None
    rows = []
    for i, name in enumerate(draws.names):
        column = draws.values[:, i]
        finite = np.isfinite(column)
        weights = draws.weights[finite]
        low, high = np.quantile(
            column[finite], (0.16, 0.84), weights=weights, method="inverted_cdf"
        )
        mean = float(np.average(column[finite], weights=weights))
        std = float(np.sqrt(np.average((column[finite] - mean) ** 2, weights=weights)))
        rows.append(
            Row(
                name=name,
                sampled=draws.sampled[i],
                mean=mean,
                std=std,
                low=float(low),
                high=float(high),
                best=None if best is None else float(column[best]),
                r_hat=float(summary.r_hat[i]),
                ess_bulk=float(summary.ess_bulk[i]),
                ess_tail=float(summary.ess_tail[i]),
                remark=_remark(draws, i, std),
            )
        )
    return sorted(rows, key=lambda row: not row.sampled), summary


def _remark(draws: Draws, i: int, std: float) -> str:
    """What the ends of a parameter's prior do to it."""
    low, high = draws.limits.get(draws.names[i], (-np.inf, np.inf))
    if not (draws.sampled[i] and np.isfinite(high - low)) or high <= low:
        return ""
    if std > _FOLLOWS * (high - low) / np.sqrt(12.0):
        return AS_PRIOR
    counts, _ = np.histogram(draws.values[:, i], _EDGES, (low, high), weights=draws.weights)
    ends = [
        word
        for word, count in (("lower", counts[0]), ("upper", counts[-1]))
        if count > _LEANS * counts.max()
    ]
    return f"leans on the {' and the '.join(ends)} end of its prior" if ends else ""
