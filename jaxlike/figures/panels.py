"""What the figures have in common: two panels, relative differences, ellipses."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jaxlike.plots.saving import save_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OURS, THEIRS, THIRD, FOURTH = "#1f5fa8", "#c8452f", "#2e8b57", "#d08a1d"


@dataclass(frozen=True)
class PaperFigure:
    """A drawn figure of the paper; numbers: what it shows -> its size, such as an error."""

    number: int
    title: str
    drawing: "Figure"
    numbers: Mapping[str, float]

    def save(self, folder: Path) -> Path:
        """Write the image; returns its path."""
        return save_image(self.drawing, folder / f"figure_{self.number}.png", dpi=100)


def difference_panels(title: str) -> tuple["Figure", "Axes", "Axes"]:
    """A figure with a panel of curves and, below it, one of relative differences."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 5.0), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    upper.set_title(title, fontsize=11)
    lower.axhline(0.0, color="0.8", linewidth=0.8)
    lower.set_ylabel("jaxlike / CCL - 1")
    lower.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    return figure, upper, lower


def one_panel(title: str, width: float = 6.0) -> tuple["Figure", "Axes"]:
    """A figure with one panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 4.6), layout="constrained")
    ax = figure.add_subplot()
    ax.set_title(title, fontsize=11)
    return figure, ax


def largest(values: NDArray) -> float:
    """The largest absolute value."""
    return float(np.max(np.abs(values)))


def ellipse(fisher: NDArray, centre: NDArray) -> tuple[NDArray, NDArray]:
    """Curve of 1 sigma, Delta chi^2 = 1, of a Fisher matrix (2, 2) about `centre` (2,)."""
    angle = np.linspace(0, 2 * np.pi, 200)
    x, y = np.linalg.cholesky(np.linalg.inv(fisher)) @ [np.cos(angle), np.sin(angle)]
    return centre[0] + x, centre[1] + y
