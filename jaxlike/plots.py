"""Figures: the posterior of a run's chains, a data vector with its theory, an ELBO trace."""

import os
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxlike.data import FOURIER_SPACE, Measurement, TwoPointData
from jaxlike.errors import ConfigError
from jaxlike.names import split_name

if TYPE_CHECKING:
    from getdist.mcsamples import MCSamples
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

_SYMBOLS = {
    "xi_plus": r"\xi_+", "xi_minus": r"\xi_-", "gamma_t": r"\gamma_t", "w": "w",
    "C_ell_shear": r"C_\ell^{\gamma\gamma}", "C_ell_cross": r"C_\ell^{\delta\gamma}",
    "C_ell_counts": r"C_\ell^{\delta\delta}",
}  # fmt: skip
_PANEL_INCHES = (1.9, 1.35)
_COLOURS = ["#1f5fa8", "#c8452f", "#2e8b57", "#8a4fa0", "#d08a1d", "#333333", "#5aa9c9", "#a0522d"]
_MAX_DEFAULT = 8  # parameters of a triangle plot that are still readable
_TELLING = (
    *("Omega_m", "S8", "sigma8", "w0", "wa", "Omega_k", "H0", "h", "n_s", "A_IA", "alpha_IA"),
    *("Omega_b", "omega_nu", "mnu", "A_s", "Omega_c"),
)


def load_chains(prefix: str | os.PathLike[str]) -> "MCSamples":
    """Samples of the chains PREFIX.1.txt, ..., as GetDist reads them; ConfigError without any."""
    from getdist.mcsamples import loadMCSamples

    root = Path(prefix)
    if not root.parent.is_dir() or not any(root.parent.glob(f"{root.name}.*.txt")):
        raise ConfigError(f"chains '{prefix}': there is no file {prefix}.1.txt; give the prefix")
    try:
        with redirect_stdout(StringIO()):  # GetDist lists the files it reads
            samples = loadMCSamples(str(root.resolve()), no_cache=True, settings={"ignore_rows": 0})
    except (OSError, ValueError, IndexError) as error:
        raise ConfigError(f"chains '{prefix}' cannot be read by GetDist ({error})") from error
    samples.label = root.name.replace("_", " ")
    return samples


def best_point(samples: "MCSamples", names: Sequence[str]) -> np.ndarray:
    """The draw (n,) of highest posterior; ConfigError if a parameter is not in the chains."""
    columns = [p.name for p in samples.paramNames.names]
    for name in names:
        if name not in columns:
            raise ConfigError(
                f"parameter '{name}' of the configuration is not in the chains; they have "
                f"{', '.join(columns)}"
            )
    best = int(np.argmin(samples.loglikes))
    return np.array([samples.samples[best, columns.index(name)] for name in names])


def chains_as_samples(chains: Any, label: str) -> "MCSamples":
    """Chains in memory as GetDist's samples."""
    from getdist.mcsamples import MCSamples

    latex = [*chains.latex, *chains.derived_latex.values()]
    ranges = {
        name: tuple(end if np.isfinite(end) else None for end in ends)
        for name, ends in chains.limits.items()
    }
    with redirect_stdout(StringIO()):
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
) -> Path:
    """Write the 1D and 2D marginal posteriors of one run or several as an image; returns its path.

    `names` are by default up to 8 of cosmology and intrinsic alignment that all runs have.
    ConfigError if a name is not in the chains.
    """
    from getdist import plots

    runs = list(samples) if isinstance(samples, Sequence) else [samples]
    each = [[p.name for p in run.paramNames.names] for run in runs]
    columns = [name for name in each[0] if all(name in other for other in each)]
    for name in names or ():
        if name not in columns:
            raise ConfigError(
                f"parameter '{name}' is not in the chains; accepted are {', '.join(columns)}"
            )
    chosen = list(names) if names else _default_names(columns)
    plotter = plots.get_subplot_plotter(width_inch=max(4.0, 1.6 * len(chosen)))
    plotter.settings.axes_fontsize, plotter.settings.lab_fontsize = 11, 15
    plotter.settings.legend_fontsize = 13
    plotter.settings.tight_layout = True
    target = _image(path)
    labels = [run.label for run in runs] if len(runs) > 1 else None
    with warnings.catch_warnings():  # GetDist uses parts of Matplotlib that are on their way out
        warnings.simplefilter("ignore", DeprecationWarning)
        plotter.triangle_plot(
            runs,
            chosen,
            filled=[i == 0 for i in range(len(runs))],
            contour_colors=_COLOURS[: len(runs)],
            legend_labels=labels,
        )
        plotter.fig.savefig(target, dpi=130, bbox_inches="tight")
    plots.plt.close(plotter.fig)
    return target


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
    target = _image(path)
    figure.savefig(target, dpi=130)
    return target


def _default_names(columns: Sequence[str]) -> list[str]:
    """The most telling parameters; failing those that are known, the first ones."""
    known = {name: split_name(name) or (name, None) for name in columns}
    telling = [n for q in _TELLING for n, (quantity, _) in known.items() if quantity == q]
    others = [c for c in columns if not c.startswith(("minuslogprior", "chi2"))]
    return (telling or others)[:_MAX_DEFAULT]


def data_vector_plot(
    data: TwoPointData,
    theory: np.ndarray,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    residuals: bool = False,
) -> Path:
    """Write measured points with error bars and the theory (n_data,), a panel per bin pair.

    Values are multiplied by the angle in arcmin or by ell; or, with `residuals`, measured minus
    theory is in units of the error.  Returns the image's path.
    """
    from matplotlib.figure import Figure

    theory = np.asarray(theory)
    errors = np.sqrt(np.diag(data.covariance))
    residual = data.value - theory
    chi2 = float(residual @ np.linalg.solve(data.covariance, residual))
    ends = np.cumsum([len(m.value) for m in data.measurements])[:-1]
    pieces = list(
        zip(data.measurements, np.split(errors, ends), np.split(theory, ends), strict=True)
    )
    # Two tables side by side: their grids of panels are about as high as wide.
    lines = [pieces[i : i + 2] for i in range(0, len(pieces), 2)]
    grids = [[_grid(m) for m, _, _ in line] for line in lines]
    heights = [max(rows for rows, _ in grid) for grid in grids]
    width = max(sum(columns for _, columns in grid) for grid in grids)
    figure = Figure(
        figsize=(max(6.0, width * _PANEL_INCHES[0]), sum(heights) * _PANEL_INCHES[1] + 0.8),
        layout="constrained",
    )
    what = "(measured - theory) / error" if residuals else "measured (points) and theory (lines)"
    what = f"{title}: {what}" if title else what
    figure.suptitle(f"{what}, $\\chi^2$ = {chi2:.1f} for {data.n_data} points")
    bands = figure.subfigures(len(lines), 1, height_ratios=heights, squeeze=False)[:, 0]
    for band, line, grid in zip(bands, lines, grids, strict=True):
        parts = band.subfigures(
            1, len(line), width_ratios=[columns for _, columns in grid], squeeze=False
        )[0]
        for part, (measurement, error, model), shape in zip(parts, line, grid, strict=True):
            _draw_measurement(part, measurement, error, model, shape, residuals)
    target = _image(path)
    figure.savefig(target, dpi=110)
    return target


def _is_auto(measurement: Measurement) -> bool:
    return bool(np.all(measurement.bin1 == measurement.bin2))


def _grid(measurement: Measurement) -> tuple[int, int]:
    """Rows and columns of panels: first against second bin, or one column of auto-correlations."""
    rows = len(np.unique(measurement.bin1))
    return (rows, 1) if _is_auto(measurement) else (rows, len(np.unique(measurement.bin2)))


def _draw_measurement(
    part: "SubFigure",
    measurement: Measurement,
    error: np.ndarray,
    theory: np.ndarray,
    shape: tuple[int, int],
    residuals: bool,
) -> None:
    axes = part.subplots(*shape, sharex=True, sharey="row", squeeze=False)
    first, second = np.unique(measurement.bin1), np.unique(measurement.bin2)
    of_ell = measurement.statistic in FOURIER_SPACE
    variable, unit = (r"\ell", "") if of_ell else (r"\theta", " [arcmin]")
    at = measurement.scale
    power = int(-np.floor(np.log10(np.max(np.abs(at * measurement.value)) or 1.0)))
    scale, zero = 10.0**power * at, np.zeros_like(at)
    if residuals:
        scale, zero = 1 / error, theory
    used = np.zeros(shape, bool)
    for pair in np.unique(np.column_stack([measurement.bin1, measurement.bin2]), axis=0):
        row = int(np.searchsorted(first, pair[0]))
        column = 0 if _is_auto(measurement) else int(np.searchsorted(second, pair[1]))
        points = (measurement.bin1 == pair[0]) & (measurement.bin2 == pair[1])
        _draw_panel(
            axes[row, column],
            at[points],
            (scale * (measurement.value - zero))[points],
            (scale * error)[points],
            (scale * (theory - zero))[points],
            f"{pair[0]}, {pair[1]}",
        )
        used[row, column] = True
    for ax, is_used in zip(axes.flat, used.flat, strict=True):
        ax.set_visible(bool(is_used))
    _label_outer(axes, used)
    _set_log_ticks(axes[0, 0], at)
    factor = f"10^{{{power}}}\\," if power else ""
    symbol = _SYMBOLS.get(measurement.statistic, measurement.name)
    curve = symbol if of_ell else f"{symbol}({variable})"
    label = f"${factor}{variable}\\,{curve}${unit}"
    part.supylabel(f"$\\Delta {symbol} / \\sigma$" if residuals else label, fontsize=11)
    part.supxlabel(f"${variable}${unit}", fontsize=11)


def _draw_panel(ax: "Axes", at: Any, value: Any, error: Any, theory: Any, label: str) -> None:
    ax.axhline(0.0, color="0.8", linewidth=0.8)
    ax.errorbar(at, value, error, fmt=".", color="0.15", markersize=4, linewidth=0.9)
    order = np.argsort(at)
    style = "-" if len(at) > 1 else "_"
    ax.plot(at[order], theory[order], style, color="#c2410c", linewidth=1.4)
    ax.set_ymargin(0.25)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0}
    ax.text(0.97, 0.94, label, transform=ax.transAxes, ha="right", va="top", fontsize=8, bbox=box)
    ax.tick_params(labelsize=8)


def _label_outer(axes: np.ndarray, used: np.ndarray) -> None:
    """Tick labels where no used panel lies further left or below; the grid may be a triangle."""
    for row, column in np.argwhere(used):
        axes[row, column].tick_params(
            labelleft=not used[row, :column].any(), labelbottom=not used[row + 1 :, column].any()
        )


def _set_log_ticks(ax: "Axes", at: np.ndarray) -> None:
    """A logarithmic axis with few labels in plain numbers, for all panels that share it."""
    from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

    steps = (1.0, 3.0) if at.max() > 30.0 * at.min() else (1.0, 2.0, 5.0)
    ax.set_xscale("log")
    ax.set_xlim(0.85 * at.min(), 1.18 * at.max())
    ax.xaxis.set_major_locator(FixedLocator([s * 10.0**k for k in range(-3, 5) for s in steps]))
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())


def _image(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
