"""Figure of a survey's bins, before and after they were improved, and of the way there."""

import os
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from jaxlike.forecast.design import Design
from jaxlike.forecast.optimise import Optimum
from jaxlike.forecast.survey import Forecast
from jaxlike.plots.saving import save_image


def survey_plot(
    forecast: Forecast,
    design: Design,
    after: Optimum | None,
    path: str | os.PathLike[str],
    *,
    merit: str,
) -> Path:
    """Write the true n(z) of every bin, and the merit at every step, as an image; its path."""
    from matplotlib.figure import Figure

    designs = (
        [("", design)] if after is None else [("as given", design), ("improved", after.design)]
    )
    figure = Figure(figsize=(4.2 * (len(designs) + (after is not None)), 4.4), layout="constrained")
    axes = figure.subplots(2, len(designs) + (after is not None), squeeze=False)
    for column, (label, one) in enumerate(designs):
        for row, kind in enumerate(("lens", "source")):
            ax = axes[row, column]
            if row or column:
                ax.sharex(axes[0, 0])
            _bins(ax, getattr(one, kind), forecast.universe.z)
            ax.set_title(f"{kind} bins {label}", fontsize=10)
            ax.set_ylabel("n(z) [arcmin$^{-2}$]")
        axes[1, column].set_xlabel("z")
    if after is not None:
        axes[1, -1].remove()
        axes[0, -1].plot(after.history, color="#1f5fa8")
        axes[0, -1].set_xlabel("step")
        axes[0, -1].set_ylabel("FoM" if merit == "FoM" else "error of S8")
    return save_image(figure, path, dpi=100)


def _bins(ax: Any, sample: Any, z: np.ndarray) -> None:
    bins = sample.bins(z)
    colours = matplotlib.colormaps["viridis"](np.linspace(0.1, 0.85, len(bins.density)))
    total = np.asarray(bins.dndz) * np.asarray(bins.density)[:, None]
    for row, colour in zip(total, colours, strict=True):
        ax.fill_between(z, row, color=colour, alpha=0.55, linewidth=0)
    for edge in np.asarray(sample.edges):
        ax.axvline(edge, color="0.6", linewidth=0.6, linestyle=":")
    ax.set_xlim(0, 3)
    ax.set_ylim(bottom=0)
