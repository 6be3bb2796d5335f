"""Figure of what a data file holds: its points with their errors, and its n(z)."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from jaxlike.data.contents import Contents
from jaxlike.errors import DataError
from jaxlike.plots.data_vector import draw_points, size_of
from jaxlike.plots.margins import LEFT, margins, strips_below
from jaxlike.plots.saving import save_image

if TYPE_CHECKING:
    from jaxlike.data import RedshiftDistribution

_NZ_INCHES = 2.6  # height of the n(z)
_NZ_TITLE_INCHES = 0.3
_HEAD_INCHES = 0.45
_Z_GALAXIES = 50.0  # mean redshift beyond which an n(z) is that of the CMB


def data_file_plot(
    found: Contents, path: str | os.PathLike[str], *, kept: np.ndarray | None = None
) -> Path:
    """Write the points and n(z) of a file as an image, and return its path.

    Points that are not `kept` (n_data,) are pale. DataError where there is neither.
    """
    from matplotlib.figure import Figure

    galaxies = [table for table in found.nz if table.moments()[0].max() < _Z_GALAXIES]
    if found.data is None and not galaxies:
        raise DataError(f"{found.source}: there is nothing to draw, neither points nor n(z)")
    width, height = (6.0, 0.0) if found.data is None else size_of(found.data)
    heights = ([height] if height else []) + ([_NZ_INCHES] if galaxies else [])
    figure = Figure(figsize=(max(width, 6.0), sum(heights) + _HEAD_INCHES))
    what = "" if kept is None else f": {kept.sum()} of {kept.size} points kept"
    what += ", pale ones cut" if kept is not None and not kept.all() else ""
    figure.suptitle(f"{found.source.name}{what}", fontsize=11)
    strips = strips_below(figure, _HEAD_INCHES, heights)
    if found.data is not None:
        draw_points(strips[0], found.data, np.zeros((0, found.data.n_data)), kept=kept)
    if galaxies:
        where = margins(strips[-1], 1, len(galaxies), above=_NZ_TITLE_INCHES, gap=LEFT)
        axes = strips[-1].subplots(1, len(galaxies), squeeze=False, gridspec_kw=where)[0]
        for ax, table in zip(axes, galaxies, strict=True):
            _draw_nz(ax, table)
    return save_image(figure, path, dpi=110)


def _draw_nz(ax: Any, table: "RedshiftDistribution") -> None:
    """Every bin of one n(z), of unit integral, in the cells that it is read as."""
    cells = table.tiled()
    density = cells.dndz / (cells.dndz * (cells.z_high - cells.z_low)).sum(axis=1, keepdims=True)
    edges = np.append(cells.z_low, cells.z_high[-1])
    colours = matplotlib.colormaps["viridis"](np.linspace(0.05, 0.85, table.n_bin))
    for i, (row, colour) in enumerate(zip(density, colours, strict=True), start=1):
        ax.stairs(row, edges, color=colour, linewidth=1.2, label=f"{i}")
    share = (density * np.diff(edges)).cumsum(axis=1)
    ax.set_xlim(0.0, float(edges[1:][(share < 0.995).any(axis=0)].max(initial=edges[1])) * 1.05)
    ax.axhline(0.0, color="0.8", linewidth=0.8)
    ax.set_xlabel("z")
    ax.set_ylabel("n(z)")
    ax.set_title(table.name, fontsize=10)
    ax.legend(fontsize=8, frameon=False, ncols=1 + table.n_bin // 6)
