"""Figures of forecasts: Gaussian contours, and a log-likelihood beside its compression's."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from jaxlike.plots.contours import default_names, draw_triangle
from jaxlike.plots.saving import save_image

_COLOURS = ["#1f5fa8", "#c8452f", "#2e8b57", "#8a4fa0"]


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian of named parameters to be drawn: mean (n,), covariance (n, n), and its label."""

    names: Sequence[str]
    latex: Sequence[str]
    mean: np.ndarray
    covariance: np.ndarray
    label: str = ""


def gaussian_plot(
    gaussians: Sequence[Gaussian],
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
) -> Path:
    """Write the marginal contours of Gaussians as an image by GetDist; returns its path.

    `names`: by default up to 8 of cosmology and intrinsic alignment that all of them have.
    """
    from getdist.gaussian_mixtures import GaussianND

    mixtures = [
        GaussianND(g.mean, g.covariance, names=list(g.names), labels=list(g.latex), label=g.label)
        for g in gaussians
    ]
    first, *others = gaussians
    common = [name for name in first.names if all(name in other.names for other in others)]
    chosen = list(names) if names else default_names(common)
    return draw_triangle(mixtures, chosen, [g.label for g in gaussians], path, dpi=110)


def contour_plot(
    axes: tuple[np.ndarray, np.ndarray],
    surfaces: dict[str, np.ndarray],
    labels: tuple[str, str],
    path: str | os.PathLike[str],
    *,
    at: tuple[float, float],
) -> Path:
    """Write contours of 2 (max ln L - ln L) = 2.30, 6.17, 11.8 of surfaces (n_x, n_y); its path.

    These hold 68, 95 and 99.7 per cent where two parameters are Gaussian. `at` is marked.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(5.2, 4.4), layout="constrained")
    ax = figure.add_subplot()
    handles = []
    for i, (label, surface) in enumerate(surfaces.items()):
        style: Literal["-", "--"] = "-" if i == 0 else "--"
        drop = 2 * (np.nanmax(surface) - surface)
        ax.contour(*axes, drop.T, levels=[2.30, 6.17, 11.8], colors=_COLOURS[i], linestyles=style)
        handles.append(Line2D([], [], color=_COLOURS[i], linestyle=style, label=label))
    ax.plot(*at, "k+", markersize=9)
    ax.set_xlabel(f"${labels[0]}$")
    ax.set_ylabel(f"${labels[1]}$")
    ax.legend(handles=handles, frameon=False)
    return save_image(figure, path, dpi=110)
