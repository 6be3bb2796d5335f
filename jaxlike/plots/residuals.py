"""Figure of all residuals of a data set in a row: which points are far from the theory."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.data import TwoPointData
from jaxlike.plots.data_vector import Bands, symbol_of
from jaxlike.plots.saving import save_image

_COLOUR = "#c2410c"
_FAR = 3.0  # errors, from where a point is marked


def residual_strip(
    data: TwoPointData,
    theory: Any,
    path: str | os.PathLike[str],
    *,
    bands: Bands | None = None,
    title: str = "",
) -> Path:
    """Write measured minus theory (n_data,) over the error, point after point; returns the path.

    A strip for each statistic, whose pairs of bins are set apart by lines; points further off than
    three errors are marked. `bands` of the theory are filled. Errors are those of single points:
    neighbours are correlated.
    """
    from matplotlib.figure import Figure

    theory = np.asarray(theory)
    errors = np.sqrt(np.diag(data.covariance))
    pulls = (data.value - theory) / errors
    edges = np.cumsum([0, *(len(m.value) for m in data.measurements)])
    n = len(data.measurements)
    figure = Figure(figsize=(9.0, 1.5 * n + 0.6), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=11)
    reach = max(_FAR + 0.5, 1.1 * float(np.abs(pulls).max()))
    axes = figure.subplots(n, 1, squeeze=False)[:, 0]
    for ax, m, first in zip(axes, data.measurements, edges[:-1], strict=True):
        at = np.arange(len(m.value))
        rows = first + at
        for low, high in (bands or {}).values():
            below, above = ((end[rows] - theory[rows]) / errors[rows] for end in (low, high))
            ax.fill_between(at, below, above, color=_COLOUR, alpha=0.25, lw=0, step="mid")
        ax.axhline(0.0, color=_COLOUR, linewidth=1.2)
        far = np.abs(pulls[rows]) > _FAR
        for some, colour, size in ((~far, "0.25", 4), (far, "#0969da", 7)):
            ax.vlines(at[some], 0.0, pulls[rows][some], color=colour, linewidth=0.7)
            ax.plot(at[some], pulls[rows][some], ".", color=colour, markersize=size)
        pairs = np.column_stack([m.bin1, m.bin2])
        starts = np.flatnonzero(np.any(np.diff(pairs, axis=0, prepend=-1) != 0, axis=1))
        ends = [*starts[1:], len(at)]
        for start, end in zip(starts, ends, strict=True):
            ax.axvline(start - 0.5, color="0.85", linewidth=0.8, zorder=0)
            label = f"{m.bin1[start]},{m.bin2[start]}"
            ax.text(0.5 * (start + end - 1), reach, label, ha="center", va="bottom", fontsize=7)
        ax.set(xlim=(-0.5, len(at) - 0.5), ylim=(-reach, reach), xticks=[])
        ax.set_ylabel(f"${symbol_of(m.statistic)}$", fontsize=11)
        ax.tick_params(labelsize=8)
    return save_image(figure, path, dpi=110)
