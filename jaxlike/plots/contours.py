"""Figures: the posterior of chains, one run or several, and an ELBO trace."""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference.results.chain_files import numbered_files
from jaxlike.inference.results.draws import Draws, matching
from jaxlike.inference.results.limits import limits_of
from jaxlike.inference.results.read_draws import read_draws
from jaxlike.plots.saving import save_image
from jaxlike.posterior.priors import Prior
from jaxlike.registry.names import guessed

if TYPE_CHECKING:
    from getdist.mcsamples import MCSamples

_COLOURS = ["#1f5fa8", "#c8452f", "#2e8b57", "#8a4fa0", "#d08a1d", "#333333", "#5aa9c9", "#a0522d"]
_MAX_DEFAULT = 8  # parameters of a triangle plot that are still readable
_TELLING = (
    *("Omega_m", "S8", "sigma8", "w0", "wa", "Omega_k", "H0", "h", "n_s", "A_IA", "alpha_IA"),
    *("Omega_b", "omega_nu", "mnu", "A_s", "Omega_c"),
)


def load_chains(prefix: str | os.PathLike[str]) -> "MCSamples":
    """Samples of the chains PREFIX.1.txt, ..., as GetDist reads them, or of a CosmoSIS chain.

    ConfigError without any.
    """
    from getdist.mcsamples import loadMCSamples

    root = Path(prefix)
    if not numbered_files(root):
        return draws_as_samples(read_draws(prefix), root.stem.replace("_", " "))
    try:
        with _quiet():
            samples = loadMCSamples(str(root.resolve()), no_cache=True, settings={"ignore_rows": 0})
    except Exception as error:  # of whatever kind: GetDist takes files for what they should be
        raise ConfigError(f"chains '{prefix}' cannot be read by GetDist ({error})") from error
    samples.label = root.name.replace("_", " ")
    return samples


def draws_as_samples(draws: Draws, label: str, **settings: Any) -> "MCSamples":
    """Weighted draws as GetDist's samples; settings: GetDist's own, such as fine_bins_2D."""
    from getdist.mcsamples import MCSamples

    marks = zip(draws.names, draws.sampled, strict=True)
    ends = {
        name: tuple(end if np.isfinite(end) else None for end in both)
        for name, both in draws.limits.items()
    }
    with _quiet():
        return MCSamples(
            samples=draws.by_chain(draws.values),
            weights=draws.by_chain(draws.weights),
            loglikes=draws.by_chain(-draws.log_posterior),
            names=[f"{name}{'' if is_sampled else '*'}" for name, is_sampled in marks],
            labels=list(draws.latex),
            label=label,
            ranges=ends,
            settings={"ignore_rows": 0, **settings},
        )


def chains_as_samples(chains: Any, label: str) -> "MCSamples":
    """Chains in memory as GetDist's samples."""
    from getdist.mcsamples import MCSamples

    latex = [*chains.latex, *chains.derived_latex.values()]
    ranges = {
        name: tuple(end if np.isfinite(end) else None for end in ends)
        for name, ends in chains.limits.items()
    }
    with _quiet():
        return MCSamples(
            samples=list(chains.values),
            names=list(chains.columns),
            labels=latex,
            label=label,
            ranges=ranges,
            settings={"ignore_rows": 0},
        )


def triangle_plot(
    samples: "MCSamples | Sequence[MCSamples]",
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    truth: Mapping[str, float] | None = None,
    priors: Mapping[str, Prior] | None = None,
) -> Path:
    """Write the 1D and 2D marginal posteriors of one run or several as an image; returns its path.

    `names` are by default up to 8 of cosmology and intrinsic alignment that all runs have, under
    the first one's names.  truth: values that are marked by lines; priors: densities that are drawn
    beside the first run's, on the same scale.  ConfigError if a name is not in the chains,
    JaxlikeError where these are too short to be drawn.
    """
    runs = list(samples) if isinstance(samples, Sequence) else [samples]
    first, *others = [[p.name for p in run.paramNames.names] for run in runs]
    same = [matching(first, other) for other in others]
    columns = [name for name in first if all(name in found for found in same)]
    for run, found in zip(runs[1:], same, strict=True):
        run.updateRenames(found)
    marked = {matching([name], columns).get(name, name): x for name, x in (truth or {}).items()}
    for name in (*(names or ()), *marked):
        if name not in columns:
            raise ConfigError(
                f"parameter '{name}' is not in the chains; accepted are {', '.join(columns)}"
            )
    chosen = list(names) if names else default_names(columns)
    known = {name: (priors or {})[own] for name, own in matching(chosen, [*(priors or {})]).items()}
    labels = [run.label for run in runs]
    try:
        return draw_triangle(runs, chosen, labels, path, markers=marked, priors=known)
    except Exception as error:  # GetDist has many ways to fail where draws are few, or all the same
        least = min(run.numrows for run in runs)
        raise JaxlikeError(
            f"GetDist cannot draw {', '.join(chosen)} of chains of {least} draws "
            f"({type(error).__name__}: {error})"
        ) from error


def draw_triangle(
    densities: Sequence[Any],
    names: Sequence[str],
    labels: Sequence[str],
    path: str | os.PathLike[str],
    *,
    dpi: int = 130,
    markers: Mapping[str, float] | None = None,
    priors: Mapping[str, Prior] | None = None,
) -> Path:
    """Write GetDist's triangle of samples or Gaussians, with a legend if there are several.

    markers: values of parameters where lines are drawn; priors: of parameters, drawn beside the
    densities of the first samples.
    """
    from getdist import plots

    plotter = plots.get_subplot_plotter(width_inch=max(4.0, 1.6 * len(names)))
    plotter.settings.axes_fontsize, plotter.settings.lab_fontsize = 11, 15
    plotter.settings.legend_fontsize = 13
    plotter.settings.tight_layout = False  # the image is cut to what is drawn, which is quicker
    with warnings.catch_warnings():  # GetDist uses parts of Matplotlib that are on their way out
        warnings.simplefilter("ignore", DeprecationWarning)
        plotter.triangle_plot(
            densities,
            names,
            filled=[i == 0 for i in range(len(densities))],
            contour_colors=_COLOURS[: len(densities)],
            legend_labels=labels if len(densities) > 1 else None,
            markers=dict(markers or {}),
        )
        for i, name in enumerate(names):
            if priors and name in priors:
                _draw_prior(plotter.subplots[i, i], densities[0], name, priors[name])
        target = save_image(plotter.fig, path, dpi=dpi, bbox_inches="tight")
    plots.plt.close(plotter.fig)
    return target


def _draw_prior(ax: Any, samples: Any, name: str, prior: Prior) -> None:
    """The density of a prior over that of samples, whose highest value is 1 in the picture."""
    found = samples.get1DDensity(name)
    area = float(np.trapezoid(found.P, found.x) / np.max(found.P))
    first, last = ax.get_xlim()
    x = np.linspace(first, last, 200)
    low, high = limits_of(prior.as_cobaya())
    density = np.exp(np.asarray([float(prior.log_density(one)) for one in x]))
    density[(x < low) | (x > high)] = 0.0
    ax.plot(x, area * density, color="0.35", linestyle="--", linewidth=1.0)


def elbo_plot(elbo: np.ndarray, path: str | os.PathLike[str]) -> Path:
    """Write an ELBO trace (steps,) as an image: every step, their running mean, how it ended.

    Steps far below the rest run out of the picture.  Returns its path.
    """
    from matplotlib.figure import Figure

    elbo = np.asarray(elbo)
    steps = np.arange(1, elbo.size + 1)
    width = max(1, elbo.size // 50)
    totals = np.cumsum(np.concatenate([[0.0], np.nan_to_num(elbo, nan=np.nanmedian(elbo))]))
    running = (totals[width:] - totals[:-width]) / width
    last = elbo[-max(1, elbo.size // 10) :]
    figure = Figure(figsize=(6.0, 3.6), layout="constrained")
    ax = figure.add_subplot()
    ax.plot(steps, elbo, ".", color="0.7", markersize=2, label="one step")
    ax.plot(steps[width - 1 :], running, color="#1f5fa8", label=f"mean of {width} steps")
    final, spread = float(np.nanmean(last)), float(np.nanstd(last))
    ax.axhline(final, color="#c2410c", linewidth=0.9, label=f"mean of the last tenth: {final:.2f}")
    lowest = min(float(np.nanpercentile(elbo, 5)), final - 8.0 * spread)
    ax.set_ylim(lowest - 0.05 * (final - lowest), final + max(6.0 * spread, 1e-6))
    ax.set_xlabel("step")
    ax.set_ylabel(r"ELBO $\leq \ln Z$")
    ax.legend(loc="lower right", frameon=False)
    return save_image(figure, path, dpi=130)


@contextmanager
def _quiet() -> Iterator[None]:
    """GetDist without the list of files that it reads and its word on the spread of weights."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(before)


def default_names(columns: Sequence[str]) -> list[str]:
    """The most telling parameters; failing those that are known, the first ones."""
    known = {name: (named := guessed(name)) and named.declared.name for name in columns}
    telling = [n for q in _TELLING for n in columns if (known[n] or n) == q]
    others = [c for c in columns if not c.startswith(("minuslogprior", "chi2"))]
    return (telling or others)[:_MAX_DEFAULT]
