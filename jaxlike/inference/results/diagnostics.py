"""Convergence of chains: R-hat and effective sample sizes (Vehtari et al. 2021), by ArviZ."""

import warnings
from dataclasses import dataclass

import numpy as np

from jaxlike.inference.results.chains import Chains
from jaxlike.inference.results.draws import Draws, equal_chains, is_whole, kish

MAX_R_HAT = 1.01
MIN_ESS_PER_CHAIN = 100
MAX_DIVERGENT = 0.001  # of the draws; fewer are reported, and not held against the chains
MIN_E_BFMI = 0.3  # of a chain
_MIN_DRAWS = 4  # ArviZ's minimum


@dataclass(frozen=True)
class Summary:
    """Per parameter: mean and width, their errors, R-hat, bulk and tail ESS (NaN if undefined).

    The errors are what Monte Carlo leaves open: in tails that chains visit rarely that of a width
    is far larger than the bulk ESS would have it.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    mean_error: np.ndarray
    std_error: np.ndarray
    r_hat: np.ndarray
    ess_bulk: np.ndarray
    ess_tail: np.ndarray


def summarise(chains: Chains) -> Summary:
    """Summary of all chains together; a single chain is compared with itself, in two halves."""
    return _summary(chains.columns, chains.values)


def summarise_draws(draws: Draws) -> Summary:
    """The same of draws from files: those of weight w count w times, longer chains are cut.

    Where the weights are no whole numbers the draws are none of a chain: R-hat is NaN, and both
    ESS are Kish's.
    """
    if is_whole(draws.weights):
        return _summary(draws.names, equal_chains(draws, draws.values))
    mean = np.average(draws.values, axis=0, weights=draws.weights)
    std = np.sqrt(np.average((draws.values - mean) ** 2, axis=0, weights=draws.weights))
    worth = np.full(len(mean), kish(draws.weights))
    undefined = np.full(len(mean), np.nan)
    errors = std / np.sqrt(worth), std / np.sqrt(2 * worth)
    return Summary(draws.names, mean, std, *errors, undefined, worth, worth)


def _summary(names: tuple[str, ...], values: np.ndarray) -> Summary:
    """Of values (chain, draw, n)."""
    flat = values.reshape(-1, values.shape[-1])
    few = values.shape[1] < 2 * _MIN_DRAWS
    undefined = (np.nan,) * 5
    rows = [undefined if few else _convergence(values[:, :, i]) for i in range(values.shape[-1])]
    return Summary(names, flat.mean(axis=0), flat.std(axis=0), *np.array(rows).T)


def standard_errors(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Errors of means and of widths, both (n,), of draws (chain, draw, n)."""
    errors = [_convergence(draws[:, :, i])[:2] for i in range(draws.shape[-1])]
    mean_error, std_error = np.array(errors).T
    return mean_error, std_error


def _convergence(draws: np.ndarray) -> tuple[float, float, float, float, float]:
    """Errors of mean and width, R-hat, bulk and tail ESS of one parameter's draws (chain, draw)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ announces its next version when imported
        import arviz
    if len(draws) == 1:
        half = draws.shape[1] // 2
        draws = draws[:, : 2 * half].reshape(2, half)
    return (
        float(arviz.mcse(draws, method="mean")),
        float(arviz.mcse(draws, method="sd")),
        float(arviz.rhat(draws)),
        float(arviz.ess(draws, method="bulk")),
        float(arviz.ess(draws, method="tail", prob=(0.05, 0.95))),
    )


def e_bfmi(chains: Chains) -> tuple[float, ...]:
    """Of each chain, what trajectories change of the energy, as a fraction of what it varies by;
    none of methods without trajectories (Betancourt 2016, arXiv:1604.00695)."""
    if chains.energy is None or chains.n_draws < 2 * _MIN_DRAWS:
        return ()
    changes, spread = np.diff(chains.energy, axis=1), chains.energy.var(axis=1)
    return tuple(map(float, np.mean(changes**2, axis=1) / spread))


def complaints(chains: Chains, summary: Summary) -> tuple[str, ...]:
    """What speaks against using these chains, one sentence each; empty if nothing does."""
    found = []
    if 0 < chains.n_draws < chains.wanted:
        found.append(f"only {chains.n_draws} of {chains.wanted} draws per chain were made")
    if not np.isfinite(summary.r_hat).all():
        found.append("R-hat is undefined: too few draws, or a parameter that does not move")
    worst = _largest(summary.r_hat)
    if worst is not None and summary.r_hat[worst] > MAX_R_HAT:
        found.append(
            f"R-hat of {summary.names[worst]} is {summary.r_hat[worst]:.3f}, above {MAX_R_HAT}: "
            "the chains do not agree yet, sample longer"
        )
    n_divergent = int(chains.divergent.sum())
    if n_divergent > MAX_DIVERGENT * chains.divergent.size:
        found.append(
            f"{n_divergent} of {chains.divergent.size} draws diverged: part of the posterior may "
            "be missed, raise --target-accept (towards 0.99)"
        )
    least = MIN_ESS_PER_CHAIN * chains.n_chains
    for kind, ess in (("bulk", summary.ess_bulk), ("tail", summary.ess_tail)):
        worst = _largest(-ess)
        if worst is not None and ess[worst] < least:
            found.append(
                f"{kind} ESS of {summary.names[worst]} is {ess[worst]:.0f}, below {least} "
                f"({MIN_ESS_PER_CHAIN} per chain): sample longer"
            )
    return (*found, *chains.cautions)


def _largest(values: np.ndarray) -> int | None:
    """Index of the largest finite value; None without any."""
    finite = np.where(np.isfinite(values), values, -np.inf)
    return int(np.argmax(finite)) if np.isfinite(values).any() else None


def report(chains: Chains, summary: Summary) -> str:
    """A table of the parameters and lines about the run, as text."""
    width = max(len("parameter"), *map(len, summary.names))
    columns = f"{'mean':>12} {'std':>11} {'R-hat':>7} {'ESS bulk':>9} {'ESS tail':>9}"
    lines = [f"{'parameter':<{width}} {columns}"]
    for i, name in enumerate(summary.names):
        lines.append(
            f"{name:<{width}} {summary.mean[i]:>12.5g} {summary.std[i]:>11.3g} "
            f"{summary.r_hat[i]:>7.4f} {summary.ess_bulk[i]:>9.0f} {summary.ess_tail[i]:>9.0f}"
        )
    cost, n_divergent = chains.cost, int(chains.divergent.sum())
    best = np.unravel_index(int(np.argmax(chains.log_posterior)), chains.log_posterior.shape)
    per_draw = cost.sampling_gradients / max(chains.divergent.size, 1)
    draws = f"{chains.n_chains} chains x {chains.n_draws}"
    if np.isfinite(chains.step_size):  # what makes no trajectories has neither
        draws += f", {n_divergent} divergent, step size {chains.step_size:.3g}"
    if (energy := min(e_bfmi(chains), default=1.0)) < MIN_E_BFMI:
        draws += f", E-BFMI {energy:.2f} (below {MIN_E_BFMI}: tails may be missed)"
    about = {
        "draws": draws,
        "best draw": f"-2 ln L = {chains.chi2[best]:.2f}, "
        + f"ln posterior = {chains.log_posterior[best]:.2f}",
        "gradients": f"{cost.gradients} (fit {cost.fit_gradients}, warm-up "
        + f"{cost.warmup_gradients}, sampling {cost.sampling_gradients}: {per_draw:.1f} a draw)",
        "time": f"{cost.total_s:.1f} s (compile {cost.compile_s:.1f}, fit {cost.fit_s:.1f}, "
        + f"warm-up {cost.warmup_s:.1f}, sampling {cost.sampling_s:.1f})",
    }
    if cost.values:
        about["values"] = f"{cost.values} without a gradient"
    if cost.cpu_s:
        about["time"] += f"; {cost.cpu_s:.1f} s of CPU"
    if chains.evidence is not None:
        about["evidence"] = "ln Z = {:.2f} +- {:.2f}".format(*chains.evidence)
    rows = [f"{name:<11}{text}" for name, text in about.items()]
    return "\n".join([*lines, "", *rows, *chains.remarks])
