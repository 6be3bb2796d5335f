"""Chain files as Draws: Cobaya's and GetDist's text, or a CosmoSIS chain."""

import os
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from jaxlike.errors import ConfigError
from jaxlike.inference.results.chain_files import chain_files, numbered_files
from jaxlike.inference.results.cosmosis_text import cosmosis_files, read_cosmosis
from jaxlike.inference.results.draws import Draws, check_values, check_weights
from jaxlike.registry.names import default_latex

_NOT_PARAMETERS = ("minuslog", "chi2")


def read_draws(prefix: str | os.PathLike[str]) -> Draws:
    """Draws of the files PREFIX.1.txt, ..., or of a CosmoSIS chain PREFIX or PREFIX.txt.

    Columns go by the first line of the files or by PREFIX.paramnames; what is sampled, the LaTeX
    and the limits by .paramnames and .ranges, or by Cobaya's .updated.yaml.  ConfigError where
    there is no such file or where it cannot be read.
    """
    path = Path(prefix)
    files = numbered_files(path)
    if files:
        return _of_text(path, files)
    files = cosmosis_files(path) if path.name else []
    if files:
        return read_cosmosis(files)
    raise ConfigError(
        f"chains '{prefix}': there is no file {prefix}.1.txt; give the prefix, or a CosmoSIS chain"
    )


def files_of_draws(prefix: str | os.PathLike[str]) -> list[Path]:
    """All files that `read_draws` reads of a prefix."""
    path = Path(prefix)
    if numbered_files(path):
        return chain_files(path)
    return cosmosis_files(path)


def _of_text(prefix: Path, files: Sequence[Path]) -> Draws:
    named = _paramnames(prefix.with_name(prefix.name + ".paramnames"))
    tables = [_table(file, tuple(named)) for file in files]
    header = tables[0][0]
    for file, (other, _) in zip(files, tables, strict=True):
        if other != header:
            raise ConfigError(f"{file}: its columns are not those of {files[0]}")
    _check_names(prefix, header, tuple(named))
    table = np.concatenate([rows for _, rows in tables])
    known = named or _of_yaml(prefix.with_name(prefix.name + ".updated.yaml"))
    limits = _ranges(prefix.with_name(prefix.name + ".ranges"))
    limits = limits or {n: ends for n, (*_, ends) in known.items() if ends is not None}
    names = [n for n in header if n != "weight" and not n.startswith(_NOT_PARAMETERS)]
    about = [known.get(name, (default_latex(name), True, None)) for name in names]
    absent = np.full(len(table), np.nan)

    def density(name: str) -> np.ndarray:
        return -table[:, header.index(name)] if name in header else absent

    values = table[:, [header.index(name) for name in names]]
    sampled = tuple(is_sampled for _, is_sampled, _ in about)
    check_values(str(prefix), values, names, sampled)
    densities = [name for name in ("minuslogpost", "minuslogprior") if name in header]
    check_values(str(prefix), table[:, [header.index(n) for n in densities]], densities)
    return Draws(
        names=tuple(names),
        latex=tuple(latex for latex, *_ in about),
        sampled=sampled,
        values=values,
        weights=table[:, header.index("weight")],
        log_posterior=density("minuslogpost"),
        log_prior=density("minuslogprior"),
        lengths=tuple(len(rows) for _, rows in tables),
        limits={name: limits[name] for name in names if name in limits},
    )


def _check_names(prefix: Path, header: tuple[str, ...], named: tuple[str, ...]) -> None:
    """ConfigError where the first line of chains and .paramnames, by which GetDist goes, differ."""
    columns = tuple(name for name in header if name not in ("weight", "minuslogpost"))
    if named and columns != named:
        first = next(
            (pair for pair in zip_longest(columns, named) if pair[0] != pair[1]), (None, None)
        )
        here, there = (name or "nothing" for name in first)
        raise ConfigError(
            f"chains '{prefix}': the first line of the files names a column {here}, where "
            f"{prefix}.paramnames has {there}: they are of different chains"
        )


def _table(file: Path, named: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the columns, `named` where it has no header, and its rows of weight above zero."""
    try:
        with file.open() as handle:
            first = handle.readline()
        header = tuple(first.lstrip("#").split()) if first.startswith("#") else ()
        if "weight" not in header:
            header = ("weight", "minuslogpost", *named)
        table = np.loadtxt(file, ndmin=2)
        if table.shape[1] != len(header):
            raise ValueError(f"{table.shape[1]} columns, and {len(header)} names")
        check_weights(table[:, header.index("weight")])
        rows = table[table[:, header.index("weight")] > 0]
        if not len(rows):
            raise ValueError("no draw has a weight above zero")
    except ValueError as error:
        raise ConfigError(f"{file}: cannot be read as a chain ({error})") from error
    return header, rows


#: name -> LaTeX, whether it is sampled, limits where they are known
_About = Mapping[str, tuple[str, bool, tuple[float, float] | None]]


def _paramnames(file: Path) -> _About:
    if not file.is_file():
        return {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: cannot be read as names of parameters ({error})") from error
    found = {}
    for line in lines:
        marked, _, latex = line.strip().partition("\t" if "\t" in line else " ")
        name = marked.removesuffix("*")
        if name:
            found[name] = (latex.strip() or default_latex(name), marked == name, None)
    return found


def _ranges(file: Path) -> dict[str, tuple[float, float]]:
    if not file.is_file():
        return {}
    found = {}
    try:
        for line in file.read_text().splitlines():
            if line.strip():
                name, low, high = line.split()
                ends = (
                    -np.inf if low == "N" else float(low),
                    np.inf if high == "N" else float(high),
                )
                found[name] = ends
    except ValueError as error:
        raise ConfigError(f"{file}: cannot be read as ranges ({error})") from error
    return found


def _of_yaml(file: Path) -> _About:
    """What Cobaya's record of a run says of its parameters."""
    if not file.is_file():
        return {}
    try:
        params = yaml.safe_load(file.read_text())["params"]
        return {name: _entry(name, entry) for name, entry in params.items()}
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{file}: cannot be read as Cobaya's record of a run") from error


def _entry(name: str, entry: Any) -> tuple[str, bool, tuple[float, float] | None]:
    entry = entry if isinstance(entry, Mapping) else {}
    prior, latex = entry.get("prior"), entry.get("latex") or default_latex(name)
    ends = prior if isinstance(prior, list) else []
    if isinstance(prior, Mapping) and prior.get("dist", "uniform") == "uniform":
        ends = [prior[key] for key in ("min", "max") if key in prior]
    limits = (float(ends[0]), float(ends[1])) if len(ends) == 2 else None
    return latex, prior is not None, limits
