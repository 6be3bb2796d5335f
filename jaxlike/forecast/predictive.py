"""Posterior predictive: theory vectors at draws of a posterior, bands of them, and chi^2 of
replicated data against that of the measured (Gelman, Meng & Stern 1996, Stat. Sinica 6, 733).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from jaxlike.data import TwoPointData
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference.results.draws import Draws, kish, listed, matching, thinned
from jaxlike.inference.runs.evaluate import method_at_draws
from jaxlike.posterior.model import Model

N_DRAWS = 400
"""Draws that the theory is computed at, by default."""

TOTAL = "all"
"""Name of the check of all data together."""


@dataclass(frozen=True)
class Predictive:
    """Theory vectors (n_draw, n_data) at draws of weights (n_draw,), for the data of each
    likelihood, by name, one after another; `best` (n_data,) is that at the draw of highest
    posterior, None where no density is known."""

    data: Mapping[str, TwoPointData]
    theory: np.ndarray
    weights: np.ndarray
    best: np.ndarray | None = None

    def band(self, probability: float) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper end (n_data,) of the central interval of each point's theory."""
        tails = 0.5 * (1.0 - probability), 0.5 * (1.0 + probability)
        low, high = np.quantile(
            self.theory, tails, axis=0, weights=self.weights, method="inverted_cdf"
        )
        return low, high

    def bands(self, shares: Sequence[float]) -> dict[str, dict[float, tuple[NDArray, NDArray]]]:
        """Both ends of each likelihood's bands, by its name and by what they hold."""
        return {
            name: {share: one.band(share) for share in shares} for name, one in self.parts.items()
        }

    @property
    def parts(self) -> dict[str, "Predictive"]:
        """The same of each likelihood alone."""
        ends = np.cumsum([data.n_data for data in self.data.values()])[:-1]
        each = np.split(self.theory, ends, axis=1)
        bests = [None] * len(each) if self.best is None else np.split(self.best, ends)
        return {
            name: Predictive({name: data}, theory, self.weights, best)
            for (name, data), theory, best in zip(self.data.items(), each, bests, strict=True)
        }


@dataclass(frozen=True)
class Check:
    """chi^2 of the measured and of replicated data at every draw, each (n_draw,), of `n` points.

    `name` is a probe, or TOTAL; before it stands the likelihood's name where there are several.
    """

    name: str
    n: int
    measured: np.ndarray
    replicated: np.ndarray
    weights: np.ndarray

    @property
    def p_value(self) -> float:
        """Fraction of draws whose replicated data have a chi^2 at least that of the measured."""
        return float(np.average(self.replicated >= self.measured, weights=self.weights))

    @property
    def error(self) -> float:
        """Monte-Carlo error of the p-value: that of a fraction with Jeffreys's prior, never 0."""
        n = kish(self.weights)
        fraction = (self.p_value * n + 0.5) / (n + 1.0)
        return float(np.sqrt(fraction * (1.0 - fraction) / (n + 2.0)))

    def spread(self, chi2: NDArray) -> str:
        """Mean and standard deviation over the draws of one of its chi^2, as text."""
        mean = np.average(chi2, weights=self.weights)
        std = np.sqrt(np.average((chi2 - mean) ** 2, weights=self.weights))
        return f"{mean:.1f} +- {std:.1f}"


def predictive(
    model: Model, draws: Draws, *, n: int = N_DRAWS, progress: bool = True
) -> Predictive:
    """The model's theory at about `n` of the draws, evenly taken with respect to their weights.

    Parameters go by name.  ConfigError where the draws lack one, or where the model fixes one that
    they sample; JaxlikeError where the theory is not finite.
    """
    fixed = {p.name for p in model.config.parameters if p.value is not None}
    clash = matching(draws.varied, sorted(fixed))
    if clash:
        raise ConfigError(
            f"{listed(sorted(clash), 'of the chains')} fixed by the configuration: its theory "
            "is not that of their draws"
        )
    rows, weights = thinned(draws.weights, n)
    x = draws.columns(model.parameters)[rows]
    if known := bool(np.isfinite(draws.log_posterior).any()):
        x = np.vstack([x, draws.best(model.parameters)])
    theory = method_at_draws(model, "mean", x, "theory", progress=progress)
    theory, best = (theory[:-1], theory[-1]) if known else (theory, None)
    wrong = int(np.sum(~np.isfinite(theory).all(axis=1)))
    if wrong:
        raise JaxlikeError(
            f"the theory is not finite at {wrong} of {len(theory)} draws of the chains"
        )
    # covariances as chi^2 has them, where templates or a correction make them others
    data = {
        name: one.data
        if one.covariance is one.data.covariance
        else replace(one.data, covariance=one.covariance)
        for name, one in model.measured.items()
    }
    return Predictive(data, theory, weights, best)


def check(of: Predictive, seed: int = 0) -> tuple[Check, ...]:
    """The checks of each probe of each likelihood, by its own part of the covariance, and last of
    all data together.

    One replication a draw, from the Gaussian likelihood at it, serves them all.
    """
    rng = np.random.default_rng(seed)
    found: list[Check] = []
    totals: list[Check] = []
    for name, one in of.parts.items():
        *probes, total = _checks(one.data[name], one, rng)
        first = f"{name}: " if len(of.data) > 1 else ""
        found += [replace(c, name=first + c.name) for c in probes]
        totals.append(total)
    whole = Check(
        TOTAL,
        sum(c.n for c in totals),
        np.sum([c.measured for c in totals], axis=0),
        np.sum([c.replicated for c in totals], axis=0),
        of.weights,
    )
    return tuple(found) if len(found) == 1 else (*found, whole)


def _checks(data: TwoPointData, of: Predictive, rng: np.random.Generator) -> list[Check]:
    """Those of one likelihood, last of all its data."""
    noise = rng.standard_normal(of.theory.shape) @ np.linalg.cholesky(data.covariance).T
    residual = data.value - of.theory
    of_probe = np.repeat(
        [m.statistic for m in data.measurements], [m.value.size for m in data.measurements]
    )
    points = {probe: np.flatnonzero(of_probe == probe) for probe in data.statistics}
    points[TOTAL] = np.arange(data.n_data)
    found = []
    for name, at in points.items():
        triangle = np.linalg.cholesky(data.covariance[np.ix_(at, at)])
        measured, replicated = (
            np.sum(solve_triangular(triangle, r[:, at].T, lower=True) ** 2, axis=0)
            for r in (residual, noise)
        )
        found.append(Check(name, len(at), measured, replicated, of.weights))
    return found


def as_table(checks: Sequence[Check]) -> str:
    """The checks as text: points, mean and spread of both chi^2, p-value."""
    width = max(len("probe"), *(len(c.name) for c in checks))
    heads = f"{'points':>6} {'chi2, measured':>17} {'chi2, replicated':>17}  p-value"
    lines = [f"{'probe':<{width}} {heads}"]
    for c in checks:
        measured, replicated = (c.spread(chi2) for chi2 in (c.measured, c.replicated))
        lines.append(
            f"{c.name:<{width}} {c.n:>6} {measured:>17} {replicated:>17}  "
            f"{c.p_value:.3f} +- {c.error:.3f}"
        )
    return "\n".join(lines)
