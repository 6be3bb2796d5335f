"""Samples of galaxies among the tracers of a SACC file, which knows tracers alone.

Tracers of one kind are the bins of one sample, unless their names differ in more than a number at
the end: DESgc__0, DESgc__1 and eBOSS__0 are two samples. Bins stand in the order of these numbers;
tracers that no point uses are none. What this package writes says in the metadata `sample` of
a tracer which sample it is a bin of, used or not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jaxlike.data.sacc.types import QUANTITIES, SAMPLES

SAMPLE = "sample"
"""Key of the metadata of an NZ tracer that names its sample."""

_NUMBERED = re.compile(r"(.*?)(\d+(?:\.\d+)?)", re.DOTALL)


def samples_of(
    tracers: Mapping[str, Any], used: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, list[str]]]:
    """Kind of galaxies -> name of sample -> its tracers, bin 1 first; `used` has those in use."""
    found = {kind: _of_kind(tracers, kind, set(used.get(kind, ()))) for kind in SAMPLES}
    twice = found["counts"].keys() & found["shear"].keys()
    return {
        kind: {
            f"{SAMPLES[kind][0]}_{name}" if name in twice else name: bins
            for name, bins in own.items()
        }
        for kind, own in found.items()
    }


def all_samples(tracers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Name of sample -> its tracers, bin 1 first, for all that have n(z), in use or not."""
    found: dict[str, list[str]] = {}
    others: dict[str | None, list[str]] = {}
    for name, tracer in tracers.items():
        if tracer.type_name != "NZ":
            continue
        sample = tracer.metadata.get(SAMPLE)
        if sample is None:
            others.setdefault(QUANTITIES.get(tracer.quantity), []).append(name)
        else:
            found.setdefault(str(sample), []).append(name)
    for kind, names in others.items():
        match = _NUMBERED.fullmatch(names[0])
        default = (match[1] if match else names[0]).rstrip("_-. ") or "nz"
        for sample, bins in _by_name(names, SAMPLES[kind][0] if kind else default).items():
            found.setdefault(sample, []).extend(bins)
    return found


def _of_kind(tracers: Mapping[str, Any], kind: str, used: set[str]) -> dict[str, list[str]]:
    stated: dict[str, list[str]] = {}
    others: list[str] = []
    for name, tracer in tracers.items():
        sample = tracer.metadata.get(SAMPLE) if tracer.type_name == "NZ" else None
        if sample is not None and (name in used or QUANTITIES.get(tracer.quantity) == kind):
            stated.setdefault(str(sample), []).append(name)
        elif name in used:
            others.append(name)
    # a sample of which nothing is used is none
    stated = {sample: names for sample, names in stated.items() if used.intersection(names)}
    for sample, names in _by_name(others, SAMPLES[kind][0]).items():
        stated.setdefault(sample, []).extend(names)
    return stated


def _by_name(names: Sequence[str], default: str) -> dict[str, list[str]]:
    """Samples by the stems of the tracers' names; `default` is that of a single one."""
    if not names:
        return {}
    matches = {name: _NUMBERED.fullmatch(name) for name in names}
    numbers = {name: (match[1], float(match[2])) for name, match in matches.items() if match}
    stems = dict.fromkeys(stem for stem, _ in numbers.values())

    def ordered(some: Iterable[str]) -> list[str]:
        return sorted(some, key=lambda name: numbers[name][1] if name in numbers else float("inf"))

    if len(stems) == 1:
        return {default: ordered(names)}
    if len(numbers) < len(names):
        return {default: list(names)}
    return {
        stem.rstrip("_-. ") or default: ordered(n for n in names if numbers[n][0] == stem)
        for stem in stems
    }
