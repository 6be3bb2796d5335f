"""Chains as CosmoSIS writes and reads them: one text table, its names and its settings above it.

The first line has the names, section--name of a parameter; lines `#key=value` are settings, and
lines `##` hold the files of the pipeline, of which the limits of the parameters are of use here.
"""

import os
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference.results.chain_files import numbered_files
from jaxlike.inference.results.draws import Draws, check_values, check_weights
from jaxlike.registry.names import cosmosis_name, default_latex

_DERIVED = {
    "sigma8": "cosmological_parameters--sigma_8",
    "S8": "cosmological_parameters--s_8",
}
_DERIVED_LATEX = {"sigma8": r"\sigma_8", "S8": "S_8"}
_OURS = {theirs: ours for ours, theirs in _DERIVED.items()}
# Factors of a draw's weight, each as it is or as a logarithm; importance sampling keeps the former
_WEIGHTS = ("weight", "old_weight", "log_weight", "old_log_weight")
_NOT_PARAMETERS = (*_WEIGHTS, "prior", "post", "like", "old_post", "old_like", "component")
_FAR = 10.0  # standard deviations away a limit is none


def cosmosis_files(path: Path) -> list[Path]:
    """The CosmoSIS chain `path`, PATH.txt, or PATH_1.txt, ... of several processes; empty if none.

    A file is one if its first line names a column `post`.
    """
    for files in ([path], [path.with_name(path.name + ".txt")], numbered_files(path, "_")):
        if files and all(file.is_file() and _is_cosmosis(file) for file in files):
            return files
    return []


def _is_cosmosis(file: Path) -> bool:
    with file.open(errors="replace") as handle:
        first = handle.readline()
    return first.startswith("#") and "post" in first.lower().lstrip("#").split()


def read_cosmosis(files: Sequence[Path]) -> Draws:
    """The Draws of a CosmoSIS chain, a file for each of its processes.

    Names are CosmoSIS's, in small letters; sigma_8 and s_8 that are not sampled become sigma8 and
    S8.  Where the file does not tell what varies, everything does.  ConfigError names a file that
    cannot be read.
    """
    texts = [[line.strip() for line in _text(file).splitlines()] for file in files]
    headers = [
        [word.lower() if "--" in word else word for word in lines[0].lstrip("#").split()]
        for lines in texts
    ]
    header = headers[0]
    for file, other in zip(files, headers, strict=True):
        if other != header:
            raise ConfigError(f"{file}: its columns are not those of {files[0]}")
    tables = [_rows(file, lines, header) for file, lines in zip(files, texts, strict=True)]
    table = np.concatenate(tables)
    weights = _weights(header, table)
    if _setting(texts[0], "sampler") == "grid":
        weights = weights * _of_density(table[:, header.index("post")])
    try:
        check_weights(weights)
    except ValueError as error:
        raise ConfigError(f"{files[0]}: cannot be read as a CosmoSIS chain ({error})") from error
    # points where the pipeline failed have no posterior and are no draws
    kept = (weights > 0) & np.isfinite(table[:, header.index("post")])
    if not kept.any():
        raise ConfigError(f"{files[0]}: no draw has a weight above zero and a posterior")
    ends = np.cumsum([len(rows) for rows in tables])[:-1]
    columns = [i for i, name in enumerate(header) if name not in _NOT_PARAMETERS]
    limits = _limits(texts[0])
    n_varied = int(_setting(texts[0], "n_varied") or 0)
    sampled = tuple(
        i < n_varied if n_varied else not limits or header[column] in limits
        for i, column in enumerate(columns)
    )
    names = [
        header[i] if is_sampled else _OURS.get(header[i], header[i])
        for i, is_sampled in zip(columns, sampled, strict=True)
    ]
    values = table[kept][:, columns]
    check_values(str(files[0]), values, names, sampled)
    return Draws(
        names=tuple(names),
        latex=tuple(_DERIVED_LATEX.get(name) or default_latex(name) for name in names),
        sampled=sampled,
        values=values,
        weights=weights[kept],
        log_posterior=table[kept, header.index("post")],
        log_prior=table[kept, header.index("prior")]
        if "prior" in header
        else np.full(int(kept.sum()), np.nan),
        lengths=tuple(int(part.sum()) for part in np.split(kept, ends)),
        limits={name: limits[name] for name in names if name in limits},
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: cannot be read as a CosmoSIS chain ({error})") from error


def _rows(file: Path, lines: Sequence[str], header: Sequence[str]) -> np.ndarray:
    """Rows (n, n_column) of the draws in a file."""
    try:
        table = np.loadtxt(lines, ndmin=2)
        if table.shape[1] != len(header):
            raise ValueError(f"{table.shape[1]} columns, and {len(header)} names")
        # nested samplers write their steps first, and then the draws
        n_draws = _setting(lines, "nsample")
        return table if n_draws is None else table[-int(n_draws) :]
    except ValueError as error:
        raise ConfigError(f"{file}: cannot be read as a CosmoSIS chain ({error})") from error


def _setting(lines: Sequence[str], name: str) -> str | None:
    """Text of the line #name=text."""
    for line in lines:
        if line.startswith(f"#{name}="):
            return line.partition("=")[2].partition("#")[0]
    return None


def _limits(lines: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Name -> ends of what varies, of the values file among the comments."""
    found: dict[str, tuple[float, float]] = {}
    section, inside = "", False
    for line in lines:
        text = line.removeprefix("##").strip().lower()
        if not line.startswith("##") or text in ("start_of_values_ini", "end_of_values_ini"):
            inside = text == "start_of_values_ini"
        elif inside and text.startswith("["):
            section = text.strip("[]")
        elif inside and "=" in text:
            name, _, value = text.partition("=")
            try:
                low, *_, high = map(float, value.split())
            except ValueError:  # one number, of what is fixed, or text
                continue
            if low < high:
                found[f"{section}--{name.strip()}"] = (low, high)
    return found


def _weights(header: Sequence[str], rows: np.ndarray) -> np.ndarray:
    """Weight of each row, the largest of unequal ones that are logarithms being 1."""
    given = {name: rows[:, header.index(name)] for name in _WEIGHTS if name in header}
    plain = [column for name, column in given.items() if "log" not in name]
    logs = [column for name, column in given.items() if "log" in name]
    total = np.sum(logs, axis=0) if logs else np.zeros(len(rows))
    return np.prod([np.exp(total - total.max()), *plain], axis=0)


def _of_density(post: np.ndarray) -> np.ndarray:
    """Weights of points that no sampler has drawn, such as a grid's: their posterior over the
    largest; 0 where the pipeline failed."""
    found = np.isfinite(post)
    largest = post[found].max() if found.any() else 0.0
    return np.exp(np.where(found, post - largest, -np.inf))


def write_cosmosis(draws: Draws, path: str | os.PathLike[str]) -> Path:
    """Write a CosmoSIS text chain, chains one below the other; `cosmosis-postprocess` reads it.

    Known parameters get CosmoSIS's names, others keep theirs.  Columns are the parameters, the
    weight where not all draws count the same, prior and post; ConfigError where these two are not
    known.  Replaced as a whole.
    """
    for array, column in ((draws.log_prior, "prior"), (draws.log_posterior, "post")):
        if np.isnan(array).any():
            raise ConfigError(
                f"the chains have no column minuslog{column}, which CosmoSIS's {column} is made of"
            )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [
        cosmosis_name(name) or name if is_sampled else _DERIVED.get(name, name)
        for name, is_sampled in zip(draws.names, draws.sampled, strict=True)
    ]
    columns = dict(zip(names, draws.values.T, strict=True))
    if draws.is_weighted:
        columns["weight"] = draws.weights
    columns |= {"prior": draws.log_prior, "post": draws.log_posterior}
    text = StringIO()
    text.write("#" + "\t".join(columns) + "\n")
    # cosmosis-postprocess knows its own samplers by name: these chains are of this kind
    kind = "weighted_metropolis" if draws.is_weighted else "metropolis"
    text.write(f"#sampler={kind}\n#n_varied={len(draws.varied)}\n")
    for line in _values_file(draws, dict(zip(draws.names, names, strict=True))):
        text.write(f"## {line}\n")
    np.savetxt(text, np.column_stack(list(columns.values())), fmt="%.10g", delimiter="\t")
    with atomic_writer(path) as handle:
        handle.write(text.getvalue().encode())
    return path


def _values_file(draws: Draws, names: Mapping[str, str]) -> list[str]:
    """Lines of a values file: min, mean and max of what is sampled, which always has a section."""
    sections: dict[str, list[str]] = {}
    for name in draws.varied:
        section, dashes, key = names[name].partition("--")
        if not dashes:
            continue
        values = draws.values[:, draws.names.index(name)]
        mean = np.average(values, weights=draws.weights)
        far = _FAR * np.sqrt(np.average((values - mean) ** 2, weights=draws.weights))
        low, high = draws.limits.get(name, (-np.inf, np.inf))
        # CosmoSIS has no parameter without limits
        low, high = (
            low if np.isfinite(low) else mean - far,
            high if np.isfinite(high) else mean + far,
        )
        sections.setdefault(section, []).append(f"{key} = {low:.10g} {mean:.10g} {high:.10g}")
    lines = [line for section in sections for line in (f"[{section}]", *sections[section])]
    return ["START_OF_VALUES_INI", *lines, "END_OF_VALUES_INI"]
