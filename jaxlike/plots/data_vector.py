"""Figures of a data vector with its theory, a panel per pair of bins."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike

from jaxlike.data import FOURIER_SPACE, Measurement, TwoPointData
from jaxlike.data.statistics import scale_of
from jaxlike.plots.margins import EDGE, inches, margins, strips_below
from jaxlike.plots.saving import save_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from jaxlike.posterior.model import Model

_SYMBOLS = {
    "xi_plus": r"\xi_+", "xi_minus": r"\xi_-", "gamma_t": r"\gamma_t", "w": "w",
    "C_ell_shear": r"C_\ell^{\gamma\gamma}", "C_ell_cross": r"C_\ell^{\delta\gamma}",
    "C_ell_counts": r"C_\ell^{\delta\delta}", "C_ell_kappa": r"C_\ell^{\kappa\kappa}",
    "C_ell_kappa_counts": r"C_\ell^{\delta\kappa}", "C_ell_kappa_shear": r"C_\ell^{\gamma\kappa}",
    "w_kappa": r"w_\kappa", "gamma_t_kappa": r"\gamma_{t,\kappa}",
    "E_n": "E_n", "B_n": "B_n", "bandpower_EE": r"\mathcal{C}_{EE}",
    "bandpower_BB": r"\mathcal{C}_{BB}", "bandpower_nE": r"\mathcal{C}_{nE}",
    "bandpower_nn": r"\mathcal{C}_{nn}",
}  # fmt: skip
_VARIABLES = {"theta": (r"\theta", " [arcmin]"), "ell": (r"\ell", ""), "mode": ("n", "")}
_PANEL_INCHES = (1.9, 1.35)
_HEAD_INCHES = 0.5
_COLOUR = "#c2410c"

#: Probability -> lower and upper end (n_data,) of what it holds of the theory.
Bands = Mapping[float, tuple[np.ndarray, np.ndarray]]


def data_vector_plots(
    model: "Model",
    x: np.ndarray,
    stem: str,
    where: str,
    *,
    kinds: Sequence[str] = ("data_vector",),
    bands: Mapping[str, "Bands"] | None = None,
    suffix: str = "png",
) -> list[Path]:
    """Write STEM_data_vector.png and STEM_residuals.png, as `kinds` say, for the model at x (n,);
    of several likelihoods STEM_NAME_data_vector.png. Returns the images' paths.

    where: what x is, for the title; bands: of the theory of each likelihood.
    """
    paths = []
    for name in model.measured:
        one = model.likelihoods[name]
        own = _stem_of(name, stem, model.measured)
        theory = np.asarray(one.theory_vector(x))
        for kind in kinds:
            path = data_vector_plot(
                one.data,
                theory,
                f"{own}_{kind}.{suffix}",
                title=f"{Path(one.data.source).name}, {where}",
                residuals=kind == "residuals",
                bands=(bands or {}).get(name),
                covariance=model.measured[name].covariance,
            )
            paths.append(path)
    return paths


def data_vector_images(stem: str, names: Collection[str], kinds: Sequence[str]) -> list[Path]:
    """The images that `data_vector_plots` writes for likelihoods of these names."""
    return [Path(f"{_stem_of(name, stem, names)}_{kind}.png") for name in names for kind in kinds]


def _stem_of(name: str, stem: str, names: Collection[str]) -> str:
    return f"{stem}_{name}" if len(names) > 1 else stem


def data_vector_plot(
    data: TwoPointData,
    theory: ArrayLike,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    residuals: bool = False,
    bands: Bands | None = None,
    covariance: np.ndarray | None = None,
) -> Path:
    """Write measured points with error bars and the theory (n_data,), a panel per bin pair.

    Values are multiplied by the angle in arcmin or by ell, those of modes and band powers are not;
    or, with `residuals`, measured minus theory is in units of the error.  `bands` of the theory are
    filled. covariance: that of chi^2 (n_data, n_data), by default the data's.
    Returns the image's path.
    """
    from matplotlib.figure import Figure

    theory = np.asarray(theory)
    bands = bands or {}
    curves = np.stack([theory, *(end for ends in bands.values() for end in ends)])
    residual = data.value - theory
    weighed = data.covariance if covariance is None else covariance
    chi2 = float(residual @ np.linalg.solve(weighed, residual))
    width, height = size_of(data)
    figure = Figure(figsize=(width, height + _HEAD_INCHES))
    what = "(measured - theory) / error" if residuals else "measured (points) and theory (lines)"
    what = f"{title}: {what}" if title else what
    heads = [what, f"$\\chi^2$ = {chi2:.1f} for {data.n_data} points"]
    if bands:
        shares = " and ".join(f"{100 * share:.0f} %" for share in sorted(bands))
        heads.append(f"bands hold {shares} of the posterior's theory")
    few_inches = figure.get_figwidth() < 12
    figure.suptitle(("\n" if few_inches else ", ").join(heads), fontsize=10 if few_inches else 12)
    (below,) = strips_below(figure, _HEAD_INCHES, [height])
    draw_points(below, data, curves, residuals=residuals)
    return save_image(figure, path, dpi=110)


def size_of(data: TwoPointData) -> tuple[float, float]:
    """Width and height in inches that the points of `data` need."""
    lines = _lines_of(data)
    width = max(sum(columns for _, columns in map(_grid, line)) for line in lines)
    height = sum(max(rows for rows, _ in map(_grid, line)) for line in lines)
    return max(6.0, width * _PANEL_INCHES[0]), height * _PANEL_INCHES[1]


def draw_points(
    figure: "Figure | SubFigure",
    data: TwoPointData,
    curves: np.ndarray,
    *,
    residuals: bool = False,
    kept: np.ndarray | None = None,
) -> None:
    """Draw points with error bars, a panel per bin pair, and `curves` (1 + 2 n_band, n_data): the
    theory, then the ends of each band, or none (0, n_data). Points that are not `kept` are pale."""
    errors = np.sqrt(np.diag(data.covariance))
    kept = np.ones(data.n_data, bool) if kept is None else kept
    ends = np.cumsum([len(m.value) for m in data.measurements])
    rows = {m.name: slice(end - len(m.value), end)
            for m, end in zip(data.measurements, ends, strict=True)}  # fmt: skip
    lines = _lines_of(data)
    heights = [max(rows for rows, _ in map(_grid, line)) for line in lines]
    strips = figure.subfigures(len(lines), 1, height_ratios=heights, squeeze=False)[:, 0]
    for strip, line in zip(strips, lines, strict=True):
        widths = [columns for _, columns in map(_grid, line)]
        parts = strip.subfigures(1, len(line), width_ratios=widths, squeeze=False)[0]
        for part, m in zip(parts, line, strict=True):
            own = rows[m.name]
            _draw_measurement(part, m, errors[own], curves[:, own], kept[own], residuals)


def _lines_of(data: TwoPointData) -> list[tuple[Measurement, ...]]:
    """Two tables side by side: their grids of panels are about as high as wide."""
    return [data.measurements[i : i + 2] for i in range(0, len(data.measurements), 2)]


def symbol_of(statistic: str) -> str:
    """LaTeX of a statistic, without $."""
    return _SYMBOLS[statistic]


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
    curves: np.ndarray,
    kept: np.ndarray,
    residuals: bool,
) -> None:
    """One table: `curves` (1 + 2 n_band, n) are the theory, then the ends of each band."""
    shape = _grid(measurement)
    axes = part.subplots(
        *shape, sharex=True, sharey="row", squeeze=False, gridspec_kw=margins(part, *shape)
    )
    first, second = np.unique(measurement.bin1), np.unique(measurement.bin2)
    scaled_by = scale_of(measurement.statistic)
    variable, unit = _VARIABLES[scaled_by]
    at = np.asarray(measurement.scale, float)
    # modes are drawn as they are, band powers too, by their multipole's square already
    of_ell = scaled_by == "ell" and measurement.statistic in FOURIER_SPACE
    plain = not of_ell and scaled_by != "theta"
    factors = np.ones_like(at) if plain else at
    power = int(-np.floor(np.log10(np.max(np.abs(factors * measurement.value)) or 1.0)))
    scale, zero = 10.0**power * factors, np.zeros_like(at)
    if residuals:
        scale, zero = 1 / error, curves[0]
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
            (scale * (curves - zero))[:, points],
            kept[points],
            f"{pair[0]}, {pair[1]}",
        )
        used[row, column] = True
    for ax, is_used in zip(axes.flat, used.flat, strict=True):
        ax.set_visible(bool(is_used))
    _label_outer(axes, used)
    if scaled_by == "mode":
        _set_mode_ticks(axes[0, 0], at)
    else:
        _set_log_ticks(axes[0, 0], at)
    factor = f"10^{{{power}}}\\," if power else ""
    symbol = symbol_of(measurement.statistic)
    curve = f"{symbol}({variable})" if scaled_by == "theta" else symbol
    label = f"${factor}{curve}$" if plain else f"${factor}{variable}\\,{curve}${unit}"
    width, height = inches(part)
    what = f"$\\Delta {symbol} / \\sigma$" if residuals else label
    part.supylabel(what, fontsize=11, x=EDGE / width)
    part.supxlabel(f"${variable}${unit}", fontsize=11, y=EDGE / height)


def _draw_panel(
    ax: "Axes", at: Any, value: Any, error: Any, curves: Any, kept: np.ndarray, label: str
) -> None:
    ax.axhline(0.0, color="0.8", linewidth=0.8)
    order = np.argsort(at)
    for low, high in curves[1:].reshape(-1, 2, len(at)):
        if len(at) > 1:  # where bands overlap they are darker
            ax.fill_between(at[order], low[order], high[order], color=_COLOUR, alpha=0.25, lw=0)
        else:
            ax.vlines(at, low, high, color=_COLOUR, alpha=0.25, linewidth=7)
    for some, colour in ((~kept, "0.75"), (kept, "0.15")):
        marks: dict[str, Any] = {"fmt": ".", "color": colour, "markersize": 4, "linewidth": 0.9}
        ax.errorbar(at[some], value[some], error[some], **marks)
    style = "-" if len(at) > 1 else "_"
    for curve in curves[:1]:
        ax.plot(at[order], curve[order], style, color=_COLOUR, linewidth=1.4)
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


def _set_mode_ticks(ax: "Axes", at: np.ndarray) -> None:
    """A linear axis with whole numbers, for all panels that share it."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlim(at.min() - 0.6, at.max() + 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _set_log_ticks(ax: "Axes", at: np.ndarray) -> None:
    """A logarithmic axis with few labels in plain numbers, for all panels that share it."""
    from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

    steps = (1.0, 3.0) if at.max() > 30.0 * at.min() else (1.0, 2.0, 5.0)
    ax.set_xscale("log")
    low, high = 0.85 * at.min(), 1.18 * at.max()
    ax.set_xlim(low, high)
    ticks = [s * 10.0**k for k in range(-3, 5) for s in steps]
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())
