"""Chains of samples, and their files in the format that Cobaya writes and GetDist reads."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer

_EXTRAS = (".paramnames", ".ranges", ".updated.yaml")


@dataclass(frozen=True)
class Cost:
    """What a run took: gradients in the fit, warm-up and sampling, values without a gradient, wall
    seconds of each phase, CPU seconds in all."""

    fit_gradients: int = 0
    warmup_gradients: int = 0
    sampling_gradients: int = 0
    values: int = 0
    compile_s: float = 0.0
    fit_s: float = 0.0
    warmup_s: float = 0.0
    sampling_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def gradients(self) -> int:
        """Gradients in all."""
        return self.fit_gradients + self.warmup_gradients + self.sampling_gradients

    @property
    def total_s(self) -> float:
        """Seconds in all."""
        return self.compile_s + self.fit_s + self.warmup_s + self.sampling_s

    def __add__(self, other: "Cost") -> "Cost":
        """Both one after the other."""
        return Cost(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


class Evidence(NamedTuple):
    """Natural logarithm of the evidence, with normalised priors, and its standard error."""

    ln_z: float
    error: float


@dataclass(frozen=True)
class Chains:
    """Unweighted samples after warm-up, by one of the methods.

    `draws` (chain, draw, n); `log_posterior`, `log_prior` and `divergent` (chain, draw), with the
    logarithms of densities over the parameters themselves.  `priors` are Cobaya's mappings, such
    as {"min": 0, "max": 1}.  `wanted` is the number of draws a chain was meant to have.
    `derived` (chain, draw, m) are functions of the parameters, name -> LaTeX in `derived_latex`.
    `cautions` are sentences on what the method itself says against its result, `remarks` what it
    says besides; `trace` is how it came to it, such as "elbo" (steps,).
    """

    names: tuple[str, ...]
    latex: tuple[str, ...]
    priors: tuple[Mapping[str, Any], ...]
    draws: np.ndarray
    log_posterior: np.ndarray
    log_prior: np.ndarray
    divergent: np.ndarray
    step_size: float = float("nan")
    cost: Cost = Cost()
    wanted: int = 0
    derived_latex: Mapping[str, str] = field(default_factory=dict)
    derived: np.ndarray | None = None
    method: str = "nuts"
    evidence: Evidence | None = None
    cautions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    trace: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return self.draws.shape[0]

    @property
    def n_draws(self) -> int:
        """Number of draws in each chain."""
        return self.draws.shape[1]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the sampled parameters and of the derived ones."""
        return (*self.names, *self.derived_latex)

    @property
    def values(self) -> np.ndarray:
        """Sampled and derived parameters (chain, draw, n + m)."""
        return self.draws if self.derived is None else np.dstack([self.draws, self.derived])

    @property
    def chi2(self) -> np.ndarray:
        """-2 ln L of every draw (chain, draw), Cobaya's meaning of chi2."""
        return -2.0 * (self.log_posterior - self.log_prior)


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


def check_unused(prefix: str | os.PathLike[str]) -> None:
    """Raise ConfigError if chains of this prefix exist already, or cannot be written."""
    existing = chain_files(prefix)
    if existing:
        others = f" (and {len(existing) - 1} more files)" if len(existing) > 1 else ""
        raise ConfigError(
            f"output '{prefix}': {existing[0]} exists already{others}; give another --output, or "
            "--force to replace it"
        )


def write_chains(
    chains: Chains,
    prefix: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    info: Mapping[str, Any] | None = None,
    weights: np.ndarray | None = None,
) -> list[Path]:
    """Write PREFIX.1.txt (one file a chain), .paramnames, .ranges and .updated.yaml.

    Each file is replaced as a whole.  `info` is added to the yaml: `likelihood`, whose key names
    the chi2 column, fixed `params`, and whatever else is to be remembered.  `weights` (chain, draw)
    are 1 where they are not given; draws of weight zero are left out.  ConfigError if files of this
    prefix exist and `overwrite` is not set; with it, files of former chains are removed.
    """
    info = dict(info or {})
    likelihood = next(iter(info.get("likelihood") or {"jaxlike": None}))
    info.setdefault("likelihood", {likelihood: None})
    texts = {".paramnames": _paramnames(chains, likelihood), ".ranges": _ranges(chains)}
    texts[".updated.yaml"] = _updated_yaml(chains, info)
    if weights is None:
        weights = np.ones(chains.divergent.shape)
    tables = [_table(chains, index, weights[index]) for index in range(chains.n_chains)]
    return write_tables(prefix, _header(chains, likelihood), tables, texts, overwrite=overwrite)


def write_tables(
    prefix: str | os.PathLike[str],
    header: str,
    tables: Sequence[np.ndarray],
    extras: Mapping[str, str],
    *,
    overwrite: bool,
) -> list[Path]:
    """Write tables as PREFIX.1.txt, ... and the texts `extras` as PREFIX and their key.

    ConfigError and files of former chains as in `write_chains`.
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
        file = path.with_name(f"{path.name}.{index + 1}.txt")
        with atomic_writer(file) as handle:
            np.savetxt(handle, table, fmt="%.10g", header=header)
        written.append(file)
    for extra, text in extras.items():
        file = path.with_name(path.name + extra)
        with atomic_writer(file) as handle:
            handle.write(text.encode())
        written.append(file)
    for stale in set(existing) - set(written):
        stale.unlink(missing_ok=True)
    return written


def _header(chains: Chains, likelihood: str) -> str:
    last = ("minuslogprior", "minuslogprior__0", "chi2", f"chi2__{likelihood}")
    return " ".join(("weight", "minuslogpost", *chains.columns, *last))


def _table(chains: Chains, index: int, weights: np.ndarray) -> np.ndarray:
    prior, chi2 = -chains.log_prior[index], chains.chi2[index]
    first = [weights, -chains.log_posterior[index]]
    table = np.column_stack([*first, chains.values[index], prior, prior, chi2, chi2])
    return table[weights > 0.0]


def _paramnames(chains: Chains, likelihood: str) -> str:
    rows = list(zip(chains.names, chains.latex, strict=True))
    rows += [(f"{name}*", latex) for name, latex in chains.derived_latex.items()]
    short = re.sub(r"[^0-9A-Za-z.]+", " ", likelihood)
    rows += [("minuslogprior*", r"-\log\pi"), ("minuslogprior__0*", r"-\log\pi_\mathrm{0}")]
    rows += [("chi2*", r"\chi^2"), (f"chi2__{likelihood}*", rf"\chi^2_\mathrm{{{short}}}")]
    return "".join(f"{name}\t{latex}\n" for name, latex in rows)


def _ranges(chains: Chains) -> str:
    lines = []
    for name, prior in zip(chains.names, chains.priors, strict=True):
        low, high = (repr(float(prior[k])) if k in prior else "N" for k in ("min", "max"))
        lines.append(f"{name} {low} {high}\n")
    return "".join(lines)


def _updated_yaml(chains: Chains, info: Mapping[str, Any]) -> str:
    params = {
        name: {"prior": _plain(prior), "latex": latex}
        for name, latex, prior in zip(chains.names, chains.latex, chains.priors, strict=True)
    }
    params |= {name: {"latex": latex} for name, latex in chains.derived_latex.items()}
    sampler = {
        f"jaxlike_{chains.method}": {
            "sampler_type": "mcmc",  # what GetDist takes them for
            "chains": chains.n_chains,
            "draws": chains.n_draws,
            "step_size": float(chains.step_size),
            "divergent": int(chains.divergent.sum()),
            "gradients": chains.cost.gradients,
        }
    }
    params.update(_plain(info.get("params", {})))
    record = {**_plain(info), "params": params, "sampler": sampler}
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
