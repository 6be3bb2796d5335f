"""Chains of samples: the draws of a run, their densities, and what they took."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from jaxlike.inference.results.limits import limits_of

PHASES = ("compile", "fit", "warmup", "sampling")
"""What a run's seconds are spent on."""


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
    `energy` (chain, draw) is that of the trajectories, of methods that have any.
    `chi2s`: chi^2 (chain, draw) of each likelihood, by name, where there are several.
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
    chi2s: Mapping[str, np.ndarray] = field(default_factory=dict)
    energy: np.ndarray | None = None

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
    clocks = {f"{phase}_s": getattr(runs[0].cost, f"{phase}_s") for phase in PHASES}
    return replace(
        runs[0],
        draws=joined("draws"),
        log_posterior=joined("log_posterior"),
        log_prior=joined("log_prior"),
        divergent=joined("divergent"),
        log_external=_joined([run.log_external for run in runs]),
        chi2s=_joined([run.chi2s for run in runs]),
        derived=None if any(run.derived is None for run in runs) else joined("derived"),
        energy=None if any(run.energy is None for run in runs) else joined("energy"),
        cost=replace(total, **clocks),
    )


def _joined(columns: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of several runs, of which all have the same names, one run after another."""
    return {name: np.concatenate([one[name] for one in columns]) for name in columns[0]}
