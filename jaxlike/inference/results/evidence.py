"""The evidence of a posterior from its draws, by bridge sampling.

A proposal is learned from one half of every chain, and the bridge built between it and the other
half; then the halves change places. Their difference shows what the error of each leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.geometry.proposals import PROPOSALS, fit_proposal
from jaxlike.inference.results.chains import Evidence
from jaxlike.inference.results.draws import Draws, equal_rows
from jaxlike.inference.results.importance import same_parameters
from jaxlike.inference.runs.evaluate import at_draws
from jaxlike.inference.runs.options import SEED, check_choice, check_whole
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.target import Posterior
from jaxlike.numerics.bridge import Bridge, bridge

MAX_ERROR = 0.3
"""In ln Z: more says nothing of which model is better."""

_FEWEST = 10
"""Draws of half a chain for each parameter, all chains together."""


@dataclass(frozen=True)
class BridgeEvidence:
    """ln Z with its error, the estimate of each half (2,), and likelihoods that were computed.

    NaN, and not converged, where the proposal has no density at draws of the posterior.
    """

    evidence: Evidence
    halves: tuple[float, float]
    converged: bool
    values: int


def bridge_evidence(
    model: Posterior,
    draws: Draws | np.ndarray,
    *,
    proposal: str = "normal",
    seed: int = 0,
    progress: bool = True,
) -> BridgeEvidence:
    """ln of the integral of likelihood times prior, from draws x (chain, draw, n) or of files.

    `proposal` is the density that the posterior is compared with, one of `PROPOSALS`. External
    priors count as part of the likelihood. ConfigError where there are too few draws.
    """
    check_choice("proposal", proposal, PROPOSALS)
    check_whole("seed", seed, *SEED)
    chains = _chains(model, draws)
    n, half = chains.shape[2], chains.shape[1] // 2
    if chains.shape[0] * half < _FEWEST * n:
        raise ConfigError(
            f"{chains.shape[0]} chains of {chains.shape[1]} draws are too few to learn a density "
            f"of {n} parameters: {2 * _FEWEST * n} draws are the fewest"
        )
    u = np.asarray(
        at_draws(model.to_unconstrained, chains.reshape(-1, n), "draws", progress=progress)
    ).reshape(chains.shape)
    target = _Target(model, progress)
    density = target(u.reshape(-1, n)).reshape(u.shape[:2])
    parts = [(u[:, :half], density[:, :half]), (u[:, -half:], density[:, -half:])]
    found = [
        _half(target, learned[0], used, proposal, seed + i)
        for i, (learned, used) in enumerate((parts, parts[::-1]))
    ]
    shift = target.constant(u[0, 0], density[0, 0]) - 0.5 * n * np.log(2 * np.pi)
    halves = (found[0].ln_ratio + shift, found[1].ln_ratio + shift)
    # each is of its own draws; where they differ by more than they say, their difference is right
    spread = np.sqrt(found[0].variance + found[1].variance)
    error = max(float(spread), abs(halves[1] - halves[0])) / 2
    return BridgeEvidence(
        Evidence(float(np.mean(halves)), error),
        halves,
        found[0].converged and found[1].converged,
        target.values,
    )


class _Target:
    """ln of a posterior's density over u, up to a constant, and how often it was computed."""

    def __init__(self, model: Posterior, progress: bool) -> None:
        self.model, self.progress, self.values = model, progress, 0

    def __call__(self, u: np.ndarray) -> np.ndarray:
        self.values += len(u)
        found = at_draws(self.model.log_density, u, "bridging", progress=self.progress)
        return np.asarray(found)

    def constant(self, u: np.ndarray, log_density: float) -> float:
        """What it leaves out of log-likelihood + `log_reference`."""
        return ParameterSpace.compile(self.model).constant(u, float(log_density))


def _half(
    target: _Target,
    learned: np.ndarray,
    used: tuple[np.ndarray, np.ndarray],
    kind: str,
    seed: int,
) -> Bridge:
    """Between the proposal of draws `learned` (chain, draw, n) and the draws `used`, with their
    log-density (chain, draw)."""
    import arviz

    u, density = used
    n = u.shape[-1]
    proposal = fit_proposal(kind, learned.reshape(-1, n), seed)
    at_p = density - proposal.log_density(u.reshape(-1, n)).reshape(density.shape)
    other = proposal.draw(density.size, seed)
    # a flow may draw what has no number: such draws have no posterior
    there = np.isfinite(other).all(axis=1)
    at_g = np.full(density.size, -np.inf)
    at_g[there] = target(other[there]) - proposal.log_density(other[there])
    if not (np.isfinite(at_p).all() and np.isfinite(at_g).any()):
        return Bridge(np.nan, np.nan, converged=False)
    worth = float(arviz.ess(at_p))
    return bridge(at_p.ravel(), at_g, min(worth, at_p.size))


def _chains(model: Posterior, draws: Draws | np.ndarray) -> np.ndarray:
    """Draws x (chain, draw, n) that all count the same, of chains cut to the shortest."""
    if isinstance(draws, np.ndarray):
        return np.asarray(draws, float)
    x = same_parameters(model.parameters, draws)
    parts: Sequence[np.ndarray] = [
        rows[equal_rows(draws.weights[rows])] for rows in draws.by_chain(np.arange(len(x)))
    ]
    shortest = min(map(len, parts))
    return x[np.stack([part[:shortest] for part in parts])]


def complaints(found: BridgeEvidence, proposal: str) -> tuple[str, ...]:
    """What speaks against this evidence, one sentence each; empty if nothing does."""
    other = ": try the proposal 'flow'" if proposal == "normal" else ": take more draws"
    if not found.converged:
        return (f"draws and proposal have too little in common for a bridge{other}",)
    if found.evidence.error > MAX_ERROR:
        return (f"the error of ln Z is above {MAX_ERROR}{other}",)
    return ()


def report(found: BridgeEvidence) -> str:
    """ln Z and where it comes from, as text."""
    first, second = found.halves
    rows = {
        "ln Z": f"{found.evidence.ln_z:.3f} +- {found.evidence.error:.3f}",
        "halves": f"{first:.3f} and {second:.3f}, each bridged to what the other taught",
        "values": f"{found.values:,} log-posteriors",
    }
    return "\n".join(f"{name:<11}{text}" for name, text in rows.items())
