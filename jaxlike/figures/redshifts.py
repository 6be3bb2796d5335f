"""Figure 7: n(z) of the sources and lenses, as histograms and as kernel density estimates."""

from pathlib import Path

import numpy as np

from jaxlike.data import DATA_SETS, data_folder, find_data_file, read_two_point
from jaxlike.figures.panels import PaperFigure
from jaxlike.likelihoods.survey import tables
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.redshift import kernel_density

BANDWIDTH = 0.01  # section 5.1
_Z_SHOWN = 1.8
_COLOURS = ("#1f5fa8", "#c8452f", "#2e8b57", "#d08a1d", "#8a4fa0")


def best_data_file() -> Path:
    """DES-Y1's own file where it was fetched, or else the mock that resembles it."""
    fetched = data_folder() / DATA_SETS["des_y1"].file_name
    return fetched if fetched.is_file() else find_data_file(None)


def figure_7(data_file: str | None = None, n_z: int = 4000) -> PaperFigure:
    """The n(z) of a data file, estimated at `n_z` redshifts."""
    from matplotlib.figure import Figure

    data = read_two_point(best_data_file() if data_file is None else find_data_file(data_file))
    lens, source = tables(data)
    drawing = Figure(figsize=(6.0, 5.0), layout="constrained")
    axes = drawing.subplots(2, 1, sharex=True)
    name = Path(data.source).name
    axes[0].set_title(f"Figure 7: n(z) of {name}, bandwidth {BANDWIDTH:g}", fontsize=11)
    numbers = {}
    for ax, table, what in zip(axes, (source, lens), ("sources", "lenses"), strict=True):
        ax.set_ylabel(f"$n(z)$ of {what}")
        if table is None:
            continue
        cells = table.tiled()
        histogram = Histogram(np.append(cells.z_low, cells.z_high[-1]), cells.dndz)
        z = np.linspace(-0.1, table.z_high[-1] + 0.1, n_z)
        estimate = kernel_density(histogram, BANDWIDTH, z)
        width = np.diff(histogram.edges)
        middle = (histogram.edges[1:] + histogram.edges[:-1]) / 2
        share = histogram.counts * width / (histogram.counts @ width)[:, None]
        for i, (curve, bars) in enumerate(zip(estimate, share / width, strict=True)):
            colour = _COLOURS[i % len(_COLOURS)]
            ax.stairs(bars, histogram.edges, color=colour, alpha=0.5, linewidth=0.7)
            ax.plot(z, curve, color=colour, linewidth=1.3, label=f"bin {i + 1}")
        ax.legend(frameon=False, fontsize=8)
        total = np.trapezoid(estimate, z, axis=1)
        mean = np.trapezoid(estimate * z, z, axis=1) - share @ middle
        numbers[f"n(z) of {what}, largest difference of the integral to 1"] = float(
            np.max(np.abs(total - 1))
        )
        numbers[f"n(z) of {what}, largest shift of the mean redshift"] = float(np.max(np.abs(mean)))
    axes[1].set_xlim(0.0, _Z_SHOWN)
    axes[1].set_xlabel("redshift $z$")
    return PaperFigure(7, "redshift distributions", drawing, numbers)
