"""All the figures, or some of them, one after another."""

from collections.abc import Callable, Iterable, Iterator

from jaxlike.figures.compression import figure_6
from jaxlike.figures.fisher import figure_4, figure_5
from jaxlike.figures.panels import PaperFigure
from jaxlike.figures.redshifts import figure_7
from jaxlike.figures.section4 import Example
from jaxlike.figures.shape_position import figure_3
from jaxlike.figures.universe import figure_1, figure_2

_ALONE: dict[int, Callable[[], PaperFigure]] = {1: figure_1, 2: figure_2, 3: figure_3}
_OF_EXAMPLE: dict[int, Callable[[Example], PaperFigure]] = {4: figure_4, 5: figure_5, 6: figure_6}
NUMBERS = (*_ALONE, *_OF_EXAMPLE, 7)
"""Numbers of the paper's figures that can be drawn."""


def paper_figures(
    numbers: Iterable[int] = NUMBERS, *, data_file: str | None = None
) -> Iterator[PaperFigure]:
    """Draw figures of the paper, each when it is asked for; `data_file` has the n(z) of figure 7.

    Raises ConfigError where CCL is needed and missing, DataError on a data file without n(z).
    """
    example: Example | None = None
    for number in numbers:
        if number in _ALONE:
            yield _ALONE[number]()
        elif number in _OF_EXAMPLE:
            example = example or Example.build()
            yield _OF_EXAMPLE[number](example)
        else:
            yield figure_7(data_file)


def table_of(figures: Iterable[PaperFigure]) -> str:
    """The numbers of figures as text, one a line."""
    lines = [
        f"{figure.number}  {value:12.4g}  {name}"
        for figure in figures
        for name, value in figure.numbers.items()
    ]
    return "\n".join(["# figure, value, what", *lines]) + "\n"
