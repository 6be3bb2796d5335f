"""What a mock survey is made of, as the file mock.yaml of a survey's folder says it.

seed (null: data are the theory, without noise), area [square degrees], cut (true where it has only
    the points that the survey's scale cuts keep), theory (options of the universe), fiducial
    (parameters by accepted names), and by names
samples: see `redshifts`
points: statistic, kernels (one sample, or two), angles [arcmin: first edge, last edge, number
    of bins in ln(theta)], centres (true where points are at the middle in ln(theta) and files
    have no edges), modes (how many), bands (edges of those of C_ell, which are at their middles;
    not beside other statistics); band powers have the bands of the survey's options
other_points: the same, of C_ell where `points` are of angles or the other way round; made where
    that space is asked for
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import jaxlike
from jaxlike.data import Measurement, RedshiftDistribution, TwoPointData
from jaxlike.data.statistics import FOURIER_SPACE, STATISTICS, scale_of
from jaxlike.data.units import ARCMIN
from jaxlike.errors import ConfigError
from jaxlike.files import YamlError, parse_yaml
from jaxlike.mocks.redshifts import bins_of, check_keys, check_sample, distribution
from jaxlike.registry.options import (
    THEORY_FIELDS,
    THEORY_OPTIONS,
    TheoryOptions,
    check_option_names,
    theory_options,
)
from jaxlike.surveys import Analysis
from jaxlike.theory.spectra.pairs import pair_array

_KEYS = ("seed", "area", "cut", "theory", "fiducial", "samples", "points", "other_points")
_NEEDED = ("seed", "area", "fiducial", "samples", "points")
_POINTS = ("statistic", "kernels", "angles", "centres", "modes", "bands")
_KINDS = ("counts", "shear")
SPACES = ("harmonic", "real")
"""Where points are: C_ell, or anything of angles."""


@dataclass(frozen=True)
class Layout:
    """A mock survey with nothing computed: the content of mock.yaml, checked, and its survey."""

    analysis: Analysis
    file: Path
    seed: int | None
    area: float
    cut: bool
    options: TheoryOptions
    fiducial: Mapping[str, float]
    samples: Mapping[str, Mapping[str, Any]]
    points: Mapping[str, Mapping[str, Any]]
    text: str
    space: str
    is_other: bool = False

    @property
    def f_sky(self) -> float:
        """Fraction of the sky."""
        return self.area * 3600 / (4 * np.pi / ARCMIN**2)

    @property
    def key(self) -> str:
        """A short name of what it is, another one where any of it is."""
        content = repr((jaxlike.__version__, self.text, sorted(self.analysis.options.items())))
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def edges_arcmin(self, name: str) -> NDArray:
        """Edges (n + 1,) of the angular bins of a table."""
        low, high, n = self.points[name]["angles"]
        return np.geomspace(low, high, int(n) + 1)

    def tables(self) -> tuple[RedshiftDistribution, ...]:
        """n(z) of every sample."""
        return tuple(distribution(name, one) for name, one in self.samples.items())

    def empty(self) -> TwoPointData:
        """The layout of the data, with nothing measured."""
        measurements = tuple(self._measurement(name) for name in self.points)
        n = sum(m.value.size for m in measurements)
        return TwoPointData(measurements, self.tables(), np.eye(n), f"mock of {self.analysis.name}")

    def as_in_files(self, data: TwoPointData) -> TwoPointData:
        """The same without edges of angular bins where the survey's files have none."""
        tables = (
            replace(m, theta_min_arcmin=None, theta_max_arcmin=None)
            if self.points[m.name].get("centres")
            else m
            for m in data.measurements
        )
        return replace(data, measurements=tuple(tables))

    def _measurement(self, name: str) -> Measurement:
        one = self.points[name]
        first, second = _kernels(one)
        n_bin = [bins_of(self.samples[kernel]) for kernel in (first, second)]
        pairs = pair_array(n_bin[0]) if first == second else pair_array(*n_bin)
        if one["statistic"] == "w":
            pairs = np.arange(n_bin[0]).repeat(2).reshape(-1, 2)
        scales = self._scales(name)
        n_scale, n = len(next(iter(scales.values()))), len(pairs)
        columns = {column: np.tile(at, n) for column, at in scales.items()}
        return Measurement(
            name=name,
            statistic=one["statistic"],
            kernel1=first,
            kernel2=second,
            bin1=pairs[:, 0].repeat(n_scale) + 1,
            bin2=pairs[:, 1].repeat(n_scale) + 1,
            angle_bin=np.tile(np.arange(n_scale) + 1, n),
            theta_arcmin=columns.get("theta"),
            value=np.zeros(n * n_scale),
            theta_min_arcmin=columns.get("low"),
            theta_max_arcmin=columns.get("high"),
            ell=columns.get("ell"),
        )

    def _scales(self, name: str) -> dict[str, NDArray]:
        """What the points of each pair are at (n,): modes, ell, or theta with its edges."""
        one = self.points[name]
        kind = scale_of(one["statistic"])
        if kind == "mode":
            return {"mode": np.arange(one["modes"]) + 1}
        if one["statistic"] in FOURIER_SPACE:
            edges = np.array(one["bands"], float)
            return {"ell": (edges[1:] + edges[:-1]) / 2}
        if kind == "ell":
            first, last, n = self.options.band_power_ell or (1.0, 1.0, 0.0)
            bands = np.geomspace(first, last, int(n) + 1)
            return {"ell": np.sqrt(bands[1:] * bands[:-1])}
        edges = self.edges_arcmin(name)
        low, high = edges[:-1], edges[1:]
        at = 2 / 3 * (high**3 - low**3) / (high**2 - low**2)  # over the annulus
        if one.get("centres"):
            at = np.sqrt(low * high)
        return {"theta": at, "low": low, "high": high}


def read_layout(analysis: Analysis, space: str | None = None) -> Layout:
    """The layout of a survey's mock, in one of `SPACES` or (None) in that of its `points`;
    ConfigError, naming the file, on what is missing or wrong."""
    file = analysis.mock
    if file is None:
        raise ConfigError(
            f"survey '{analysis.name}' has no layout of a mock: give a data_file, or its folder a "
            "mock.yaml"
        )
    try:
        text = file.read_text(encoding="utf-8")
        return _layout(analysis, file, text, parse_yaml(text), space)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read ({error})") from error
    except YamlError as error:
        raise ConfigError(f"{file}: is not yaml ({error})") from error
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{file}: has a value of the wrong kind ({error})") from error


def _layout(analysis: Analysis, file: Path, text: str, content: Any, space: str | None) -> Layout:
    check_keys(content, _KEYS, _NEEDED, "the file")
    theory = content.get("theory") or {}
    check_option_names(theory, THEORY_OPTIONS, "option of theory:")
    chosen = {**analysis.options, **theory}
    samples = content["samples"]
    for name, one in samples.items():
        check_sample(name, one)
    spaces: dict[str, Mapping[str, Any]] = {}
    for points in (content["points"], *filter(None, [content.get("other_points")])):
        found = _space_of(points, samples)
        if found in spaces:
            raise ConfigError(f"points and other_points are both of {found} space; one is needed")
        spaces[found] = points
    if space is None:
        space = next(iter(spaces))
    if space not in spaces:
        raise ConfigError(f"has no points in {space} space; accepted is {next(iter(spaces))}")
    return Layout(
        analysis,
        file,
        None if content["seed"] is None else int(content["seed"]),
        float(content["area"]),
        bool(content.get("cut", False)),
        theory_options({k: v for k, v in chosen.items() if k in THEORY_FIELDS}),
        {str(name): float(value) for name, value in content["fiducial"].items()},
        samples,
        spaces[space],
        text,
        space,
        space != next(iter(spaces)),
    )


def _space_of(points: Mapping[str, Any], samples: Mapping[str, Any]) -> str:
    """Which of `SPACES` checked points are in."""
    for name, one in points.items():
        check_keys(one, _POINTS, ("statistic", "kernels"), f"points '{name}'")
        _check_points(name, one, samples)
    found = {SPACES[one["statistic"] not in FOURIER_SPACE] for one in points.values()}
    if len(found) != 1:
        raise ConfigError("points are of C_ell and of other statistics; give one or the other")
    return found.pop()


def _check_points(name: str, one: Mapping[str, Any], samples: Mapping[str, Any]) -> None:
    accepted = [s for s in STATISTICS if {*STATISTICS[s]} <= {*_KINDS}]
    if one["statistic"] not in accepted:
        raise ConfigError(
            f"points '{name}' are {one['statistic']!r}; accepted are {', '.join(accepted)}"
        )
    for kernel in _kernels(one):
        if kernel not in samples:
            raise ConfigError(
                f"points '{name}' are of '{kernel}', which is no sample; accepted are "
                f"{', '.join(samples)}"
            )
    key = {"theta": "angles", "mode": "modes"}.get(scale_of(one["statistic"]))
    key = "bands" if one["statistic"] in FOURIER_SPACE else key
    if key is not None and key not in one:
        raise ConfigError(f"points '{name}' have no {key}")


def _kernels(one: Mapping[str, Any]) -> tuple[str, str]:
    given = one["kernels"]
    return (given, given) if isinstance(given, str) else tuple(given)
