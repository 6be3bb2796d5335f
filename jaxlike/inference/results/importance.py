"""Draws of one posterior as weighted draws of another (importance sampling).

Weights are p_new / p_old, their largest ones smoothed by a generalised Pareto distribution whose
shape k tells whether they can be trusted (Vehtari et al. 2024, arXiv:1507.02646), by ArviZ.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from jax import Array

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference.results.chains import Chains
from jaxlike.inference.results.draws import Draws, is_whole, kish, listed, matching
from jaxlike.inference.runs.evaluate import at_draws
from jaxlike.inference.runs.parameter_space import chains_of
from jaxlike.inference.target import Posterior

MAX_K_HAT = 0.7
MIN_ESS = 100.0
_ROUNDING = 1e-3  # in ln weight: smaller differences are the rounding of chain files
_EQUAL = 0.999  # of the draws: weights of such an ESS have no tail to speak of


@dataclass(frozen=True)
class Reweighted:
    """Weighted draws of the new posterior, and how far they can be trusted.

    `chains` have its densities; `weights` (chain, draw) are 1 on average, and zero where a chain is
    shorter than the longest.  `k_hat` is the Pareto shape, NaN where they are all but equal; `ess`
    Kish's effective number of the `n` draws.  `n_lost` rows have no posterior any more.
    """

    chains: Chains
    weights: np.ndarray
    k_hat: float
    ess: float
    n: int
    n_lost: int

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations (m,) of the parameters, sampled and derived."""
        return _moments(self.chains.values.reshape(self.weights.size, -1), self.weights.ravel())


def reweight(model: Posterior, draws: Draws, *, progress: bool = True) -> Reweighted:
    """The draws of `draws` with the weights that make them draws of `model`'s posterior.

    Both must sample the same quantities, else ConfigError names them.  JaxlikeError where no draw
    has a posterior under the model.
    """
    x = same_parameters(model.parameters, draws)
    if np.isnan(draws.log_posterior).any():
        raise ConfigError("the chains have no column minuslogpost, which weights are relative to")

    def densities(point: Array) -> tuple[Array, Array]:
        return model.log_posterior(point), model.log_prior(point)

    log_posterior, log_prior = at_draws(densities, x, "re-weighting", progress=progress)
    possible = np.isfinite(log_posterior)
    if not possible.any():
        raise JaxlikeError("no draw of the chains has a posterior above zero under the new one")
    weights, k_hat, ess, n = _weights(log_posterior - draws.log_posterior, draws.weights)
    # the rows of each chain that count, and then its last one, at no weight, up to the longest
    parts = [rows[weights[rows] > 0] for rows in draws.by_chain(np.arange(len(x)))]
    parts = [part for part in parts if len(part)]
    longest = max(map(len, parts))
    rows = np.stack([np.pad(part, (0, longest - len(part)), mode="edge") for part in parts])
    inside = np.stack([np.arange(longest) < len(part) for part in parts])
    chains = chains_of(
        model,
        draws=x[rows],
        log_posterior=log_posterior[rows],
        log_prior=log_prior[rows],
        method="reweighted",
    )
    lost = int(np.sum(~possible))
    return Reweighted(chains, np.where(inside, weights[rows], 0.0), k_hat, ess, n, lost)


def same_parameters(parameters: tuple[str, ...], draws: Draws) -> np.ndarray:
    """Values (n, len(parameters)) of a posterior's parameters, which must be all that was sampled.

    ConfigError names those that only one of the two samples.
    """
    found = matching(parameters, draws.varied)
    missing = [name for name in parameters if name not in found]
    if missing:
        raise ConfigError(
            f"{listed(missing, 'of the configuration')} not sampled by the chains; they sample "
            f"{', '.join(draws.varied)}"
        )
    surplus = [name for name in draws.varied if name not in found.values()]
    if surplus:
        raise ConfigError(
            f"{listed(surplus, 'of the chains')} not sampled by the configuration, and "
            "weights cannot fix a parameter or take it out"
        )
    return draws.columns(parameters)


def _weights(log_ratios: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, float, float, int]:
    """Weights (n,) of rows that weighed `before`, Pareto k, Kish's ESS, and of how many draws.

    A row of whole weight m is m draws of one ratio.  Other weights are themselves ratios, of the
    posterior to what the draws came from, and multiply the new ones.
    """
    if is_whole(before):
        rows = np.repeat(np.arange(len(before)), np.rint(before).astype(int))
        logs = log_ratios[rows]
    else:
        rows = np.arange(len(before))
        logs = log_ratios + np.log(before)
    n, possible = len(rows), np.isfinite(logs)
    rows, logs = rows[possible], logs[possible]
    logs, k_hat = _smoothed(logs)
    each = np.exp(logs - logs.max())
    weights = np.bincount(rows, each, minlength=len(before))
    return weights * (n / each.sum()), k_hat, kish(each), n


def _smoothed(logs: np.ndarray) -> tuple[np.ndarray, float]:
    """Logarithms of weights with their largest smoothed, and Pareto k.

    k is NaN where the weights are all but equal, and infinite where their tail cannot be fitted.
    """
    if np.ptp(logs) < _ROUNDING:
        return np.zeros_like(logs), np.nan
    if kish(np.exp(logs - logs.max())) > _EQUAL * len(logs):
        return logs, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ announces its next version, and divides by zero
        import arviz

        smooth, k_hat = arviz.psislw(logs)
    smooth = np.asarray(smooth)
    return (smooth, float(k_hat)) if np.isfinite(smooth).all() else (logs, np.inf)


def complaints(result: Reweighted) -> tuple[str, ...]:
    """What speaks against using these weights, one sentence each; empty if nothing does."""
    found = []
    if result.k_hat > MAX_K_HAT:
        found.append(
            f"Pareto k-hat is {result.k_hat:.2f}, above {MAX_K_HAT}: the new posterior reaches "
            "where the chains have hardly been, sample it itself"
        )
    if result.ess < MIN_ESS:
        found.append(
            f"the ESS of the weights is {result.ess:.1f}, below {MIN_ESS:.0f}: few draws carry "
            "all the weight, sample the new posterior itself"
        )
    return tuple(found)


def report(result: Reweighted, draws: Draws) -> str:
    """A table of the parameters before and after, and lines about the weights, as text."""
    columns = result.chains.columns
    found = matching(columns, draws.names)
    mean, std = result.moments()
    width = max(len("parameter"), *map(len, columns))
    lines = [f"{'parameter':<{width}} {'before':>24} {'after':>24} {'shift [sigma]':>14}"]
    for i, name in enumerate(columns):
        before, shift = "", ""
        if name in found:
            old_mean, old_std = _moments(draws.columns([name]), draws.weights)
            before = f"{old_mean[0]:.5g} +- {old_std[0]:.3g}"
            shift = f"{(mean[i] - old_mean[0]) / old_std[0]:+z.3f}"
        after = f"{mean[i]:.5g} +- {std[i]:.3g}"
        lines.append(f"{name:<{width}} {before:>24} {after:>24} {shift:>14}")
    share = 100 * result.ess / result.n
    trusted = f"{result.k_hat:.2f} (weights can be trusted up to {MAX_K_HAT})"
    rows = {
        "ESS": f"{result.ess:.1f} of {result.n} draws ({share:.1f} %), by Kish",
        "k-hat": "all weights are as good as equal" if np.isnan(result.k_hat) else trusted,
    }
    if result.n_lost:
        rows["lost"] = f"{result.n_lost} rows, whose posterior is zero now"
    return "\n".join([*lines, "", *(f"{name:<11}{text}" for name, text in rows.items())])


def _moments(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = np.average(values, weights=weights, axis=0)
    return mean, np.sqrt(np.average((values - mean) ** 2, weights=weights, axis=0))
