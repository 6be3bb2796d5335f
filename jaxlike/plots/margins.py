"""Where panels stand in a figure, in inches that are known beforehand.

Matplotlib's constrained layout looks at every label of every panel to find them, which for tens of
panels takes as long as to draw them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

LEFT, RIGHT, BELOW, ABOVE = 0.62, 0.1, 0.5, 0.08
"""Around the panels, for their labels."""
GAP = 0.09
"""Between panels that share their axes."""
EDGE = 0.08
"""Between the edge and the labels of all panels."""


def inches(part: "Figure | SubFigure") -> tuple[float, float]:
    """Width and height of a figure, or of a part of one."""
    return part.bbox.width / part.dpi, part.bbox.height / part.dpi


def strips_below(figure: "Figure", head: float, heights: Sequence[float]) -> "list[SubFigure]":
    """Parts of a figure, one under the other, below a head for its title."""
    shares = [head, *heights]
    return list(figure.subfigures(len(shares), 1, height_ratios=shares, squeeze=False)[1:, 0])


def margins(
    part: "Figure | SubFigure", rows: int, columns: int, *, above: float = ABOVE, gap: float = GAP
) -> dict[str, float]:
    """A grid of panels in a part of a figure, as Matplotlib's GridSpec has it."""
    width, height = inches(part)
    return {
        "left": LEFT / width,
        "right": 1.0 - RIGHT / width,
        "bottom": BELOW / height,
        "top": 1.0 - above / height,
        "wspace": _share(gap, width - LEFT - RIGHT, columns),
        "hspace": _share(gap, height - BELOW - above, rows),
    }


def _share(gap: float, length: float, n: int) -> float:
    """The gap in units of a panel, of which there are n in this length."""
    return gap * n / (length - (n - 1) * gap)
