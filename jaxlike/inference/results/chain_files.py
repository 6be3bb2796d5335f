"""Files of chains in the format that Cobaya writes and GetDist reads."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference.results.chains import PHASES, Chains
from jaxlike.inference.results.diagnostics import e_bfmi
from jaxlike.inference.results.draws import matching

_EXTRAS = (".paramnames", ".ranges", ".updated.yaml")


def check_prefix(prefix: str | os.PathLike[str]) -> Path:
    """`prefix` as a Path; ConfigError if it names a folder or lies where no folder can be."""
    path = Path(prefix)
    if str(prefix).endswith(("/", os.sep)) or path.is_dir() or not path.name:
        raise ConfigError(f"output '{prefix}' is a folder; accepted is a prefix such as 'chains/a'")
    for parent in path.parents:
        if parent.exists():
            if not parent.is_dir() or not os.access(parent, os.W_OK):
                raise ConfigError(
                    f"output '{prefix}': '{parent}' is not a folder that can be written to"
                )
            break
    return path


def chain_files(prefix: str | os.PathLike[str]) -> list[Path]:
    """Existing files of the chains `prefix`, in the order PREFIX.1.txt, ..., PREFIX.updated.yaml.

    ConfigError as of `check_prefix`.
    """
    path = check_prefix(prefix)
    extras = [path.with_name(path.name + extra) for extra in _EXTRAS]
    return numbered_files(path) + [f for f in extras if f.exists()]


def numbered_files(path: Path, separator: str = ".") -> list[Path]:
    """Existing files PATH.1.txt, PATH.2.txt, ..., in this order."""
    if not path.parent.is_dir():
        return []
    pattern = re.compile(re.escape(path.name + separator) + r"(\d+)\.txt")
    numbered = [(m, f) for f in path.parent.iterdir() if (m := pattern.fullmatch(f.name))]
    return [f for _, f in sorted(numbered, key=lambda pair: int(pair[0][1]))]


def checkpoints(prefix: str | os.PathLike[str]) -> list[Path]:
    """Existing files from which runs of these chains go on."""
    path = Path(prefix)
    if not path.parent.is_dir():
        return []
    pattern = re.compile(re.escape(path.name) + r"\.checkpoint(\.\w+)*\.npz")
    return sorted(file for file in path.parent.iterdir() if pattern.fullmatch(file.name))


def check_unused(prefix: str | os.PathLike[str]) -> None:
    """Raise ConfigError if chains of this prefix exist already, or cannot be written."""
    check_replaced(prefix, chain_files(prefix))


def check_replaced(prefix: str | os.PathLike[str], existing: Sequence[Path]) -> None:
    """ConfigError if there are files that a command, not forced to, would replace."""
    if not existing:
        return
    others = f" (and {len(existing) - 1} more files)" if len(existing) > 1 else ""
    stopped = any(".checkpoint" in file.name for file in existing)
    resume = " --resume to go on," if stopped else ""
    raise ConfigError(
        f"output '{prefix}': {existing[0]} exists already{others}; give another --output,{resume} "
        "or --force to replace it"
    )


def write_chains(
    chains: Chains,
    prefix: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    info: Mapping[str, Any] | None = None,
    first: int = 0,
    total: int | None = None,
    weights: np.ndarray | None = None,
) -> list[Path]:
    """Write PREFIX.1.txt (one file a chain), .paramnames, .ranges and .updated.yaml.

    Each file is replaced as a whole.  `info` is added to the yaml: `likelihood`, whose keys name
    the columns chi2__NAME, `params`, texts of the external priors as `prior`, and whatever else is
    to be remembered.  `weights` (chain, draw) are 1 where they are not given; draws of
    weight zero are left out.  ConfigError if files of this prefix exist and `overwrite` is not set;
    with it, files of former chains are removed.  Where several processes write, these are chains
    `first` to ... of `total`, and the process whose `first` is zero writes the rest.
    """
    info = dict(info or {})
    info.setdefault("likelihood", {"jaxlike": None})
    likelihoods = tuple(info["likelihood"])
    texts = {".paramnames": _paramnames(chains, likelihoods), ".ranges": _ranges(chains)}
    texts[".updated.yaml"] = _updated_yaml(chains, info)
    if weights is None:
        weights = np.ones(chains.divergent.shape)
    tables = [_table(chains, index, weights[index]) for index in range(chains.n_chains)]
    return write_tables(
        prefix,
        _header(chains, likelihoods),
        tables,
        texts,
        overwrite=overwrite,
        first=first,
        total=total,
    )


def write_tables(
    prefix: str | os.PathLike[str],
    header: str,
    tables: Sequence[np.ndarray],
    extras: Mapping[str, str],
    *,
    overwrite: bool,
    first: int = 0,
    total: int | None = None,
) -> list[Path]:
    """Write tables as PREFIX.1.txt, ... and the texts `extras` as PREFIX and their key.

    Files of former chains, `first` and `total` are as in `write_chains`, ConfigError too.
    """
    if overwrite:
        existing = chain_files(prefix)
    else:
        check_unused(prefix)
        existing = []
    path = Path(prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for index, table in enumerate(tables):
        file = path.with_name(f"{path.name}.{first + index + 1}.txt")
        with atomic_writer(file) as handle:
            np.savetxt(handle, table, fmt="%.10g", header=header)
        written.append(file)
    if first:
        return written
    for extra, text in extras.items():
        file = path.with_name(path.name + extra)
        with atomic_writer(file) as handle:
            handle.write(text.encode())
        written.append(file)
    ours = {path.with_name(f"{path.name}.{i + 1}.txt") for i in range(total or len(tables))}
    for stale in set(existing) - ours - set(written):
        stale.unlink(missing_ok=True)
    return written


def _chi2s(chains: Chains, likelihoods: Sequence[str]) -> dict[str, np.ndarray]:
    """chi^2 (chain, draw) of each likelihood: of the only one that of the posterior."""
    return dict(chains.chi2s) or dict.fromkeys(likelihoods[:1], chains.chi2)


def _header(chains: Chains, likelihoods: Sequence[str]) -> str:
    priors = (f"minuslogprior__{name}" for name in chains.log_priors)
    each = (f"chi2__{name}" for name in _chi2s(chains, likelihoods))
    last = ("minuslogprior", *priors, "chi2", *each)
    return " ".join(("weight", "minuslogpost", *chains.columns, *last))


def _table(chains: Chains, index: int, weights: np.ndarray) -> np.ndarray:
    prior, chi2 = -chains.log_prior[index], chains.chi2[index]
    first = [weights, -chains.log_posterior[index]]
    factors = [-column[index] for column in chains.log_priors.values()]
    each = [column[index] for column in chains.chi2s.values()] or [chi2]
    table = np.column_stack([*first, chains.values[index], prior, *factors, chi2, *each])
    return table[weights > 0.0]


def _paramnames(chains: Chains, likelihoods: Sequence[str]) -> str:
    rows = list(zip(chains.names, chains.latex, strict=True))
    rows += [(f"{name}*", latex) for name, latex in chains.derived_latex.items()]
    rows.append(("minuslogprior*", r"-\log\pi"))
    for name in chains.log_priors:
        label = name.replace("_", r"\ ")
        rows.append((f"minuslogprior__{name}*", rf"-\log\pi_\mathrm{{{label}}}"))
    rows.append(("chi2*", r"\chi^2"))
    for name in _chi2s(chains, likelihoods):
        short = re.sub(r"[^0-9A-Za-z.]+", " ", name)
        rows.append((f"chi2__{name}*", rf"\chi^2_\mathrm{{{short}}}"))
    return "".join(f"{name}\t{latex}\n" for name, latex in rows)


def _ranges(chains: Chains) -> str:
    lines = []
    for name, ends in chains.limits.items():
        low, high = (repr(float(end)) if np.isfinite(end) else "N" for end in ends)
        lines.append(f"{name} {low} {high}\n")
    return "".join(lines)


def _updated_yaml(chains: Chains, info: Mapping[str, Any]) -> str:
    params = {
        name: {"prior": _plain(prior), "latex": latex}
        for name, latex, prior in zip(chains.names, chains.latex, chains.priors, strict=True)
    }
    params |= {name: {"latex": latex} for name, latex in chains.derived_latex.items()}
    run = {
        f"jaxlike_{chains.method}": {
            "sampler_type": "mcmc",  # what GetDist takes them for
            "chains": chains.n_chains,
            "draws": chains.n_draws,
            "step_size": float(chains.step_size),
            "divergent": int(chains.divergent.sum()),
            "gradients": chains.cost.gradients,
            "wanted": chains.wanted,
            "seconds": {phase: round(getattr(chains.cost, f"{phase}_s"), 2) for phase in PHASES},
            "cpu_seconds": round(chains.cost.cpu_s, 2),
            **({"e_bfmi": [round(x, 4) for x in energies]} if (energies := e_bfmi(chains)) else {}),
            **({"cautions": list(chains.cautions)} if chains.cautions else {}),
            **({"evidence": chains.evidence._asdict()} if chains.evidence else {}),
        }
    }
    given = _plain(info.get("params", {}))
    # CosmoSIS's names in sections are others in an input that runs again
    named = matching(tuple(params), tuple(given))
    params = given | {name: entry for name, entry in params.items() if name not in named}
    record = {**_plain(info), "params": params}
    if "sampler" in record:  # an input's, which is to run again
        record["jaxlike"] = {**record.get("jaxlike", {}), **run}
    else:
        record["sampler"] = run
    # GetDist expects a column of each prior that is listed, and of no other.
    known = record.pop("prior", None) or {}
    if chains.log_external:
        record["prior"] = {name: known.get(name) or "a function" for name in chains.log_external}
    return yaml.safe_dump(record, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """The same value in the types that yaml writes."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
