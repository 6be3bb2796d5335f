"""Figures 1 to 7 of Campagne et al. 2023 (arXiv:2302.05163), drawn again, with their numbers.

`jaxlike figures` writes them. Figures 1 to 3 compare with CCL where the paper does, figure 5 takes
its finite differences of CCL, 4 and 6 are Fisher matrices and MOPED of the example of section 4,
7 shows n(z). Settings are constants of the modules, each beside its figure.
"""

from jaxlike.figures.panels import PaperFigure
from jaxlike.figures.run import NUMBERS, paper_figures, table_of

__all__ = ["NUMBERS", "PaperFigure", "paper_figures", "table_of"]
