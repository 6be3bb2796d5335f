"""Samples whose parameters nobody can read off a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jaxlike.inference.results.draws import matching

if TYPE_CHECKING:
    from getdist.mcsamples import MCSamples


def hidden(runs: Sequence["MCSamples"]) -> list["MCSamples"]:
    """Each parameter less its mean in the first run: widths, shapes and differences of runs stay.

    Names stay those of each run; labels say that they are differences.
    """
    from getdist.mcsamples import MCSamples

    means = dict(zip(_names(runs[0]), runs[0].getMeans(), strict=True))
    found = []
    for run in runs:
        names = _names(run)
        same = matching(names, [*means])
        own = zip(names, run.getMeans(), strict=True)
        shift = [means[same[name]] if name in same else mean for name, mean in own]
        bounds = zip(names, shift, strict=True)
        found.append(
            MCSamples(
                samples=run.samples - shift,
                weights=run.weights,
                loglikes=run.loglikes,
                names=[f"{p.name}{'*' if p.isDerived else ''}" for p in run.paramNames.names],
                labels=[rf"\Delta {p.label}" for p in run.paramNames.names],
                label=run.label,
                ranges={name: _ends(run, name, at) for name, at in bounds},
                settings={"ignore_rows": 0},
            )
        )
    return found


def _names(run: "MCSamples") -> list[str]:
    return [p.name for p in run.paramNames.names]


def _ends(run: "MCSamples", name: str, shift: float) -> tuple[float | None, float | None]:
    low, high = run.ranges.getLower(name), run.ranges.getUpper(name)
    return (None if low is None else low - shift, None if high is None else high - shift)
