"""Chains of samples, and their files in the format that Cobaya writes and GetDist reads."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference.limits import limits_of

_PHASES = ("compile", "fit", "warmup", "sampling")
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
    """Natural logarithm of the evidence, and its standard error.

    The mean over the priors of single parameters, which are normalised, of the likelihood times
    the external priors, which are as the user has them.
    """

    ln_z: float
    error: float


@dataclass(frozen=True)
class Chains:
    """Unweighted samples after warm-up, by one of the methods.

    `draws` (chain, draw, n); `log_posterior`, `log_prior` and `divergent` (chain, draw), with the
    logarithms of densities over the parameters themselves.  `priors` are Cobaya's mappings, such
    as {"min": 0, "max": 1}.  `wanted` is the number of draws a chain was meant to have.
    `derived` (chain, draw, m) are functions of the parameters, name -> LaTeX in `derived_latex`.
    `log_external`: logarithms (chain, draw) of external priors, by name, which are in `log_prior`.
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
    log_external: Mapping[str, np.ndarray] = field(default_factory=dict)

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
    def limits(self) -> dict[str, tuple[float, float]]:
        """Name of a sampled parameter -> ends of its prior, which may be infinite."""
        return {name: limits_of(p) for name, p in zip(self.names, self.priors, strict=True)}

    @property
    def log_priors(self) -> dict[str, np.ndarray]:
        """Cobaya's names of the prior's factors -> logarithms (chain, draw).

        "0" is the product of the priors of single parameters.
        """
        external = dict(self.log_external)
        return {"0": self.log_prior - sum(external.values()), **external}

    @property
    def chi2(self) -> np.ndarray:
        """-2 ln L of every draw (chain, draw), Cobaya's meaning of chi2."""
        return -2.0 * (self.log_posterior - self.log_prior)


def together(runs: Sequence[Chains]) -> Chains:
    """Runs of one posterior by several processes as one; costs add up, but for the wall's clock."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(run, name) for run in runs])

    total = sum((run.cost for run in runs[1:]), runs[0].cost)
    clocks = {f"{phase}_s": getattr(runs[0].cost, f"{phase}_s") for phase in _PHASES}
    return replace(
        runs[0],
        draws=joined("draws"),
        log_posterior=joined("log_posterior"),
        log_prior=joined("log_prior"),
        divergent=joined("divergent"),
        log_external={
            name: np.concatenate([run.log_external[name] for run in runs])
            for name in runs[0].log_external
        },
        derived=None if any(run.derived is None for run in runs) else joined("derived"),
        cost=replace(total, **clocks),
    )


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
    if not path.parent.is_dir():
        return []
    pattern = re.compile(re.escape(path.name) + r"\.(\d+)\.txt")
    numbered = [(m, f) for f in path.parent.iterdir() if (m := pattern.fullmatch(f.name))]
    chains = [f for _, f in sorted(numbered, key=lambda pair: int(pair[0][1]))]
    extras = [path.with_name(path.name + extra) for extra in _EXTRAS]
    return chains + [f for f in extras if f.exists()]


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
    first: int = 0,
    total: int | None = None,
) -> list[Path]:
    """Write PREFIX.1.txt (one file a chain), .paramnames, .ranges and .updated.yaml.

    Each file is replaced as a whole.  `info` is added to the yaml: `likelihood`, whose key names
    the chi2 column, fixed `params`, texts of the external priors as `prior`, and whatever else is
    to be remembered.  ConfigError if files of this prefix exist and `overwrite` is not set; with
    it, files of former chains are removed.  Where several processes write, these are chains `first`
    to ... of `total`, and the process whose `first` is zero writes the rest.
    """
    if overwrite:
        existing = chain_files(prefix)
    else:
        check_unused(prefix)
        existing = []
    path = Path(prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    info = dict(info or {})
    likelihood = next(iter(info.get("likelihood") or {"jaxlike": None}))
    info.setdefault("likelihood", {likelihood: None})
    texts = {".paramnames": _paramnames(chains, likelihood), ".ranges": _ranges(chains)}
    texts[".updated.yaml"] = _updated_yaml(chains, info)
    written = []
    for index in range(chains.n_chains):
        file = path.with_name(f"{path.name}.{first + index + 1}.txt")
        with atomic_writer(file) as handle:
            np.savetxt(
                handle, _table(chains, index), fmt="%.10g", header=_header(chains, likelihood)
            )
        written.append(file)
    if first:
        return written
    for extra, text in texts.items():
        file = path.with_name(path.name + extra)
        with atomic_writer(file) as handle:
            handle.write(text.encode())
        written.append(file)
    ours = {path.with_name(f"{path.name}.{i + 1}.txt") for i in range(total or chains.n_chains)}
    for stale in set(existing) - ours - set(written):
        stale.unlink(missing_ok=True)
    return written


def _header(chains: Chains, likelihood: str) -> str:
    priors = (f"minuslogprior__{name}" for name in chains.log_priors)
    last = ("minuslogprior", *priors, "chi2", f"chi2__{likelihood}")
    return " ".join(("weight", "minuslogpost", *chains.columns, *last))


def _table(chains: Chains, index: int) -> np.ndarray:
    prior, chi2 = -chains.log_prior[index], chains.chi2[index]
    first = [np.ones(chains.n_draws), -chains.log_posterior[index]]
    factors = [-column[index] for column in chains.log_priors.values()]
    return np.column_stack([*first, chains.values[index], prior, *factors, chi2, chi2])


def _paramnames(chains: Chains, likelihood: str) -> str:
    rows = list(zip(chains.names, chains.latex, strict=True))
    rows += [(f"{name}*", latex) for name, latex in chains.derived_latex.items()]
    short = re.sub(r"[^0-9A-Za-z.]+", " ", likelihood)
    rows.append(("minuslogprior*", r"-\log\pi"))
    for name in chains.log_priors:
        label = name.replace("_", r"\ ")
        rows.append((f"minuslogprior__{name}*", rf"-\log\pi_\mathrm{{{label}}}"))
    rows += [("chi2*", r"\chi^2"), (f"chi2__{likelihood}*", rf"\chi^2_\mathrm{{{short}}}")]
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
