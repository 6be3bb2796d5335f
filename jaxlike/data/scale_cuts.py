"""Scale cuts: small yaml files of the angles or multipoles to keep, per probe and pair of bins.

An input may have the same mapping in the place of a file. Where data have several samples of a kind
"w of NAME" stands for the statistic w of that sample, and "w of NAME x NAME" for that of two,
before what is said of w in general.
"""

import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.data.statistics import STATISTICS, check_statistic, scale_of
from jaxlike.errors import DataError
from jaxlike.files import YamlError, parse_yaml
from jaxlike.surveys import fault_of_keys, known_surveys, read_survey

NO_CUTS = Path(__file__).parent / "cuts" / "none.yaml"

_WORD: Mapping[str, str] = {"theta": "angle", "ell": "ell", "mode": "mode"}
_KIND = {"angle": "an angle >= 0 in arcmin", "ell": "a multipole >= 0", "mode": "a mode >= 0"}

#: Statistic, or that of samples -> (bin1, bin2), None being every bin -> angle [arcmin], ell, mode.
Limits = Mapping[str, Mapping[tuple[int | None, int | None], float]]


@dataclass(frozen=True)
class AngularBins:
    """Adjacent angular bins from `min` to `max` [arcmin], equal in the log or in the angle."""

    min: float
    max: float
    number: int
    spacing: str = "log"

    def edges(self) -> np.ndarray:
        """Edges of the bins (number + 1,) [arcmin]."""
        space = np.geomspace if self.spacing == "log" else np.linspace
        return space(self.min, self.max, self.number + 1)


@dataclass(frozen=True)
class ScaleCuts:
    """Open intervals of the angles [arcmin] or the multipoles to keep, and closed ones of modes.

    `source` is the file, for messages; `published` those of a survey of the package, which serve
    a part of its bins as well.
    """

    name: str
    source: str
    min_angle: Limits
    max_angle: Limits
    min_ell: Limits
    max_ell: Limits
    min_mode: Limits
    max_mode: Limits
    angular_bins: AngularBins | None = None
    published: bool = False

    def interval(
        self, statistic: str, bin1: int, bin2: int, kernels: tuple[str, str] | None = None
    ) -> tuple[float, float]:
        """The interval (min, max) of a pair of bins; raises DataError if none is stated.

        `kernels` are the names of the two samples, None for what holds for all.
        """
        what = _WORD[scale_of(statistic)]
        return (
            self._limit(f"min_{what}", statistic, (bin1, bin2), kernels),
            self._limit(f"max_{what}", statistic, (bin1, bin2), kernels),
        )

    def samples_of(self, statistics: Collection[str]) -> set[str]:
        """Names, in lower case, of the samples that limits on any of `statistics` are given for."""
        tables = [getattr(self, f"{end}_{what}") for end in ("min", "max") for what in _KIND]
        keys = [_split(key) for limits in tables for key in limits]
        return {name for statistic, names in keys if statistic in statistics for name in names}

    def pairs_of(self, key: str) -> set[tuple[int | None, int | None]]:
        """The pairs of bins that any limit on a statistic, of these samples, is stated for."""
        tables = [getattr(self, f"{end}_{what}") for end in ("min", "max") for what in _KIND]
        return {pair for limits in tables for pair in limits.get(key, ())}

    def _limit(
        self, key: str, statistic: str, bins: tuple[int, int], kernels: tuple[str, str] | None
    ) -> float:
        """The most specific limit; correlations of a sample with itself ignore the bins' order."""
        limits: Limits = getattr(self, key)
        bin1, bin2 = bins
        field1, field2 = STATISTICS[statistic]
        same = field1 == field2 and (kernels is None or kernels[0] == kernels[1])
        pairs = [bins, (bin2, bin1)] if same else [bins]
        wildcards = [(i, None) for i, _ in pairs] + [(None, j) for _, j in pairs]
        for own in (*keys_of(statistic, kernels), statistic):
            table = limits.get(own, {})
            for pair in (*pairs, *wildcards, (None, None)):
                if pair in table:
                    return table[pair]
        raise DataError(
            f"{self.source}: {key} has no number for {statistic} of bins {bin1}-{bin2};"
            f" give one number as {key}, or one for each of the probes and pairs of bins"
        )


def keys_of(statistic: str, kernels: tuple[str, str] | None) -> list[str]:
    """What a statistic of two samples may be called, the most specific name first."""
    if kernels is None:
        return []
    first, second = (name.lower() for name in kernels)
    return [f"{statistic} of {of}" for of in (f"{first} x {second}", first, second)]


def _split(key: str) -> tuple[str, list[str]]:
    """A statistic, and the one or two samples that it is of, if any."""
    statistic, _, samples = key.partition(" of ")
    return statistic, [name.strip().lower() for name in samples.split(" x ") if name.strip()]


def scale_cut_presets() -> tuple[str, ...]:
    """Names of the scale cuts that the package brings: those of its surveys, and none."""
    return tuple(sorted(_presets()))


def _presets() -> dict[str, Path]:
    own = {name: read_survey(name).scale_cuts for name in known_surveys()}
    return {NO_CUTS.stem: NO_CUTS, **{name: file for name, file in own.items() if file}}


OF_INPUT = "of the input"
"""What scale cuts are called that an input has itself."""

Cuts = str | os.PathLike[str] | Mapping[str, Any]
"""Scale cuts in an input: the name of a preset, the path of a yaml file, or what is in one."""


def read_scale_cuts(cuts: Cuts) -> ScaleCuts:
    """Read the preset of that name, the yaml file of that path, or what an input has in the place
    of a file; DataError says what is wrong."""
    if isinstance(cuts, Mapping):
        try:
            return replace(_parse(cuts, Path(OF_INPUT), OF_INPUT), source=OF_INPUT)
        except DataError as error:
            raise DataError(f"option 'scale_cuts' {error}") from error
    return _read(cuts)


def _read(name_or_path: str | os.PathLike[str]) -> ScaleCuts:
    preset = _presets().get(str(name_or_path))
    file = preset or Path(name_or_path).expanduser()
    if not file.is_file():
        raise DataError(
            f"there are no scale cuts {str(name_or_path)!r}; accepted are"
            f" {', '.join(scale_cut_presets())} and the path of a yaml file"
        )
    try:
        content = parse_yaml(file.read_text(encoding="utf-8"))
        found = _parse(content, file, str(name_or_path) if preset else file.stem)
        return replace(found, published=file in _presets().values())
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from error
    except (YamlError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: is not yaml ({error})") from error
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def _parse(content: Any, file: Path, name: str) -> ScaleCuts:
    accepted = (*(f"{end}_{what}" for what in _KIND for end in ("min", "max")), "angular_bins")
    _check_keys(content, accepted, "the file")
    if not {f"min_{what}" for what in _KIND} & content.keys():
        raise DataError(
            f"has no key min_angle, min_ell or min_mode; the keys are {', '.join(accepted)}"
        )
    bins = content.get("angular_bins")
    unlimited = {f"max_{what}": math.inf for what in _KIND}
    limits = {key: _parse_limits((unlimited | content).get(key, {}), key) for key in accepted[:-1]}
    return ScaleCuts(
        name=name,
        source=str(file),
        angular_bins=None if bins is None else _parse_bins(bins),
        min_angle=limits["min_angle"],
        max_angle=limits["max_angle"],
        min_ell=limits["min_ell"],
        max_ell=limits["max_ell"],
        min_mode=limits["min_mode"],
        max_mode=limits["max_mode"],
    )


def _parse_limits(content: Any, key: str) -> Limits:
    end, what = key.split("_")
    kind = _KIND[what]
    if not isinstance(content, Mapping):
        limit = _limit_value(content, key, kind)
        own = [s for s in STATISTICS if _WORD[scale_of(s)] == what]
        return {statistic: {(None, None): limit} for statistic in own}
    limits: dict[str, Mapping[tuple[int | None, int | None], float]] = {}
    for name, pairs in content.items():
        statistic, samples = _split(str(name))
        check_statistic(statistic)
        if len(samples) > 2:
            raise DataError(f"{key} has {name!r}, but a statistic is of two samples")
        if (own_word := _WORD[scale_of(statistic)]) != what:
            raise DataError(
                f"{key} has {statistic}, whose limits are to be given as {end}_{own_word}"
            )
        table = f"{statistic} of {' x '.join(samples)}" if samples else statistic
        where = f"{key} of {table}"
        if isinstance(pairs, Mapping):
            stated = [
                (_pair(pair, where), _limit_value(limit, f"{where} {pair}", kind))
                for pair, limit in pairs.items()
            ]
            limits[table] = _once(stated, statistic, samples, where)
        else:
            limits[table] = {(None, None): _limit_value(pairs, where, kind)}
    return limits


def _once(
    stated: list[tuple[tuple[int | None, int | None], float]],
    statistic: str,
    samples: Collection[str],
    where: str,
) -> dict[tuple[int | None, int | None], float]:
    """The limits of pairs, none of which is stated twice; 2-1 is 1-2 of one and the same sample."""
    same = len(set(STATISTICS[statistic])) == 1 and len(samples) < 2
    found: dict[tuple[int | None, int | None], float] = {}
    for pair, limit in stated:
        for known in (pair, pair[::-1]) if same else (pair,):
            if found.get(known, limit) != limit or pair in found:
                both = " and ".join(map(pair_text, (known, pair)))
                raise DataError(f"{where} has {both}, which are one pair of bins")
        found[pair] = limit
    return found


def _parse_bins(content: Any) -> AngularBins:
    accepted = ("min", "max", "number", "spacing")
    _check_keys(content, accepted, "angular_bins")
    if not {"min", "max", "number"} <= content.keys():
        raise DataError("angular_bins needs the keys min, max and number")
    low, high = (
        _limit_value(content[key], f"angular_bins {key}", "an angle >= 0 in arcmin")
        for key in ("min", "max")
    )
    number, spacing = content["number"], content.get("spacing", "log")
    if spacing not in ("log", "linear"):
        raise DataError(f"angular_bins spacing is {spacing!r}; accepted are log and linear")
    if not 0 < low < high < math.inf or type(number) is not int or number < 1:
        raise DataError("angular_bins needs 0 < min < max and a whole number >= 1 of bins")
    return AngularBins(low, high, number, spacing)


def _check_keys(content: Any, accepted: tuple[str, ...], where: str) -> None:
    if (fault := fault_of_keys(content, accepted, where)) is not None:
        raise DataError(fault)


def _pair(text: Any, where: str) -> tuple[int | None, int | None]:
    parts = str(text).split("-")
    if len(parts) != 2 or not all(part == "*" or part.isdecimal() for part in parts):
        raise DataError(f"{where} has the key {text!r}; a pair of bins like 1-2 or 1-* is needed")
    first, second = (None if part == "*" else int(part) for part in parts)
    return first, second


def pair_text(pair: tuple[int | None, int | None]) -> str:
    """A pair of bins as it is written, 1-2 or 1-*."""
    return "-".join("*" if number is None else str(number) for number in pair)


def _limit_value(value: Any, where: str, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise DataError(f"{where} is {value!r}; {kind} is needed")
    return float(value)
