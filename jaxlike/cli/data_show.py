"""`jaxlike data show`: what is in a file of data, in words and as an image."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, named_value
from jaxlike.errors import ConfigError
from jaxlike.outputs import check_output_file

if TYPE_CHECKING:
    import numpy as np

    from jaxlike.data import Measurement, RedshiftDistribution, TwoPointData
    from jaxlike.data.contents import Contents

_STANDS_IN = "n(z) of NAME is read from FILE (repeatable; NAME= may be left out where only one is)"


def add_show(commands: Any, shared: Parents) -> None:
    """Add `show` to the commands of `data`."""
    showing = commands.add_parser(
        "show", parents=[shared.device], help="print and draw what is in a data file"
    )
    showing.add_argument("file", metavar="FILE", help="data file, data set or shipped mock")
    cuts = showing.add_mutually_exclusive_group()
    cuts.add_argument("--scale-cuts", metavar="CUTS", help="a preset, or a yaml file of scale cuts")
    cuts.add_argument("--survey", metavar="NAME", help="the scale cuts of this survey's analysis")
    showing.add_argument(
        "--nz-file", action="append", default=[], metavar="[NAME=]FILE", help=_STANDS_IN
    )
    showing.add_argument(
        "--kernel",
        action="append",
        default=[],
        metavar="NAME=RIGHT",
        help="name of an n(z) that is wrong in the file's tables, and the right one (repeatable)",
    )
    showing.add_argument("--output", metavar="PNG", help="draw points and n(z) into this image")
    showing.set_defaults(run=show)


def show(arguments: argparse.Namespace) -> int:
    """Print what is in a file; status 1 where no likelihood can be made of it as it is."""
    from jaxlike.data import find_data_file
    from jaxlike.data.contents import contents

    kernels = dict(named_value("--kernel", item, "NAME=RIGHT") for item in arguments.kernel)
    file = find_data_file(arguments.file)
    if arguments.output is not None:
        check_output_file(arguments.output, [file, *_given_files(arguments)], force=True)
    found = contents(file, kernels=kernels or None, nz_file=_nz_file(arguments.nz_file))
    cuts = _cuts(arguments)
    kept = None if found.data is None or cuts is None else _kept(found.data, cuts)
    for line in _lines(found, kept):
        print(line)
    if arguments.output is not None:
        print(_drawn(arguments.output, found, kept))
    return 1 if found.problems else 0


def _given_files(arguments: argparse.Namespace) -> list[str]:
    """What it reads besides the data file."""
    named = [item.rpartition("=")[2] for item in arguments.nz_file]
    return [*named, *([arguments.scale_cuts] if arguments.scale_cuts else [])]


def _nz_file(given: list[str]) -> "Path | dict[str, Path] | None":
    from jaxlike.data import find_data_file

    if not given:
        return None
    if len(given) == 1 and ("=" not in given[0] or Path(given[0]).is_file()):
        return find_data_file(given[0])
    pairs = []
    for item in given:
        name, equals, path = item.partition("=")
        if not equals:
            raise ConfigError(f"option --nz-file is '{item}'; accepted is NAME=FILE for each n(z)")
        pairs.append((name, find_data_file(path)))
    return dict(pairs)


def _cuts(arguments: argparse.Namespace) -> str | None:
    from jaxlike.surveys import read_survey

    if arguments.survey is None:
        return arguments.scale_cuts
    file = read_survey(arguments.survey).scale_cuts
    if file is None:
        raise ConfigError(f"survey '{arguments.survey}' has no scale cuts")
    return str(file)


def _kept(data: "TwoPointData", cuts: str) -> "np.ndarray":
    """Which points (n_data,) the cuts keep."""
    from jaxlike.data.cutting import kept_by
    from jaxlike.data.scale_cuts import read_scale_cuts

    return kept_by(data, read_scale_cuts(cuts))


def _lines(found: "Contents", kept: "np.ndarray | None") -> Iterator[str]:
    size = found.source.stat().st_size
    yield f"{found.source}: {found.format}, {size / 1e6:.3g} MB"
    known = _known_as(found.source)
    if known:
        yield f"  {known}"
    if found.tables:
        yield "\npoints"
    width = max((len(table.name) for table in found.tables), default=0)
    for table in found.tables:
        what = table.statistic or f"{table.quantities}, not known here"
        between = f" of {' x '.join(dict.fromkeys(table.kernels))}" if table.kernels else ""
        yield f"  {table.name:<{width}} {table.n_rows:>5} of {what}{between}"
    if found.data is not None:
        if found.data.blinded:
            yield f"\nvalues are blinded with key {found.data.blinded}"
        yield from _points(found.data, kept)
    for nz in found.nz:
        yield from _nz_lines(nz)
    if found.notes:
        yield "\nnotes"
    yield from (f"  {note}" for note in found.notes)
    if found.problems:
        yield "\nmissing for a likelihood"
    yield from (f"  {problem.split('; accepted are')[0]}" for problem in found.problems)


def _known_as(file: Path) -> str:
    """Which published data set, and of which analysis, a file is, as far as its bytes tell."""
    from jaxlike.data import DATA_SETS, survey_of
    from jaxlike.surveys import read_survey

    found = [f"data set {o.name} ({o.citation})" for o in DATA_SETS.values() if o.is_file(file)]
    survey = survey_of(str(file))
    if survey is not None:
        found.append(f"data of the survey {survey} ({read_survey(survey).title})")
    return ", ".join(found)


def _points(data: "TwoPointData", kept: "np.ndarray | None") -> Iterator[str]:
    from jaxlike.data.contents import signal_to_noise

    yield "\nscales, and signal to noise as sqrt(d^T C^-1 d - n)"
    whole = signal_to_noise(data)
    left = data.select(kept) if kept is not None and kept.any() else None
    after = {} if left is None else signal_to_noise(left)
    width = max(len(measurement.name) for measurement in data.measurements)
    for measurement in data.measurements:
        yield f"  {measurement.name:<{width}} {_scales(measurement)}"
        if left is not None:
            own = [m for m in left.measurements if m.name == measurement.name]
            yield from (f"  {'':<{width}} kept {line}" for m in own for line in _ranges(m))
            if not own:
                yield f"  {'':<{width}} kept none"
    counts = {name: sum(m.value.size for m in data.measurements if m.statistic == name)
              for name in whole}  # fmt: skip
    counts["all"] = data.n_data
    for name, value in whole.items():
        line = f"  {name:<20} {counts[name]:>5} points, signal to noise {value:6.1f}"
        if kept is not None:
            number = _number(left, name)
            line += f"; kept {number:>5}, {after.get(name, 0.0):6.1f}"
        yield line


def _number(data: "TwoPointData | None", name: str) -> int:
    """Points of a statistic, or "all"."""
    some = () if data is None else data.measurements
    return sum(m.value.size for m in some if name in ("all", m.statistic))


def _scales(m: "Measurement") -> str:
    pairs = sorted({*zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)})
    per_pair = m.value.size / len(pairs)
    each = f"{per_pair:g}" if per_pair == int(per_pair) else f"about {per_pair:.1f}"
    edges = "" if m.theta_min_arcmin is None else ", with edges"
    windows = "" if m.windows is None else ", with windows"
    bins = f"bins 1 to {m.bin1.max()} x 1 to {m.bin2.max()}"
    scale = f"{m.variable} = {m.scale.min():.4g} to {m.scale.max():.4g}"
    return f"{len(pairs)} pairs of {bins}, {each} points each, {scale}{edges}{windows}"


def _ranges(m: "Measurement") -> list[str]:
    """The scales of every pair of bins, those with the same ones in a line."""
    pairs: dict[tuple[float, float, int], list[str]] = {}
    for pair in sorted({*zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)}):
        own = m.scale[(m.bin1 == pair[0]) & (m.bin2 == pair[1])]
        place = pairs.setdefault((own.min(), own.max(), own.size), [])
        place.append(f"{pair[0]}-{pair[1]}")
    return [
        f"{low:.4g} to {high:.4g} ({n}) of {', '.join(bins)}"
        for (low, high, n), bins in pairs.items()
    ]


def _nz_lines(table: "RedshiftDistribution") -> Iterator[str]:
    cells = table.tiled()
    modes = f", {table.n_mode} modes" if table.n_mode else ""
    low, high = cells.z_low[0], cells.z_high[-1]
    yield f"\nn(z) {table.name}: {cells.z_mid.size} cells from z = {low:g} to {high:g}{modes}"
    mean, width = table.moments()
    for i, (one, other) in enumerate(zip(mean, width, strict=True)):
        more = "" if table.n_gal is None else f", {table.n_gal[i]:.4g} per arcmin^2"
        more += "" if table.sigma_e is None else f", sigma_e {table.sigma_e[i]:.4g}"
        lowest = table.dndz[i].min() / table.dndz[i].max()
        more += f", down to {lowest:.2g} of its maximum" if lowest < 0 else ""
        yield f"  bin {i + 1:<2} mean {one:.4f}, width {other:.4f}{more}"


def _drawn(path: str, found: "Contents", kept: "np.ndarray | None") -> Path:
    import matplotlib

    matplotlib.use("agg")
    from jaxlike.plots.data_file import data_file_plot

    return data_file_plot(found, path, kept=kept)
