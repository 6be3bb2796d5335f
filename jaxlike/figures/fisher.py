"""Figures 4 and 5: Fisher matrices by automatic and by finite differences."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.figures.panels import (
    FOURTH,
    OURS,
    THEIRS,
    THIRD,
    PaperFigure,
    ellipse,
    largest,
    one_panel,
)
from jaxlike.figures.section4 import CENTRE, LATEX, NAMES, Example

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = (1e-6, 1e-2, 1e-1)


def finite_differences(function: Callable[[NDArray], NDArray], x: NDArray, step: float) -> NDArray:
    """Centred Jacobian (n, len(x)) of order 4, of spacing `step`."""
    columns = []
    for direction in np.eye(x.size):
        near, far = (
            function(x + s * direction) - function(x - s * direction) for s in (step, 2 * step)
        )
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, axis=1)


def _errors(fisher: NDArray) -> NDArray:
    """Marginal errors (2,)."""
    return np.sqrt(np.diag(np.linalg.inv(fisher)))


def figure_4(example: Example) -> PaperFigure:
    """The Hessian of the log-likelihood (eq. 12) and the Jacobian of the mean (eq. 13)."""
    # of two parameters: forward twice is less work than through a gradient
    hessian = -np.asarray(jax.jit(jax.jacfwd(jax.jacfwd(example.log_likelihood)))(CENTRE))
    product = example.fisher(example.jacobian)
    drawing, ax = one_panel("Figure 4: Fisher matrix by two methods")
    ax.plot(
        *ellipse(hessian, CENTRE), color=THEIRS, linewidth=4, alpha=0.5, label="Hessian, eq. 12"
    )
    ax.plot(*ellipse(product, CENTRE), "--", color=OURS, label="Jacobian, eq. 13")
    _finish(ax)
    numbers = {
        "Fisher matrix, largest relative difference of the two methods": largest(
            hessian / product - 1
        ),
        **{
            f"error of {name}, 1 sigma": error
            for name, error in zip(NAMES, _errors(product).tolist(), strict=True)
        },
        "correlation": float(np.linalg.inv(product)[0, 1] / np.prod(_errors(product))),
    }
    return PaperFigure(4, "Fisher matrix by two methods", drawing, numbers)


def figure_5(example: Example, steps: tuple[float, ...] = STEPS) -> PaperFigure:
    """Finite differences of CCL with several steps against automatic ones."""
    exact = example.fisher(example.jacobian)
    drawing, ax = one_panel("Figure 5: Fisher matrix by finite differences of CCL")
    numbers = {}
    for step, colour in zip(steps, (THEIRS, THIRD, FOURTH), strict=False):
        fisher = example.fisher(finite_differences(example.ccl_mean, CENTRE, step))
        ax.plot(*ellipse(fisher, CENTRE), color=colour, label=f"CCL, step {step:g}")
        off = _errors(fisher) / _errors(exact) - 1
        for name, value in zip(NAMES, off.tolist(), strict=True):
            numbers[f"error of {name}, step {step:g}, relative to the exact one"] = value
    ax.plot(*ellipse(exact, CENTRE), "--", color="black", label="jaxlike, exact derivatives")
    _finish(ax)
    difference = example.ccl_mean(CENTRE) - np.asarray(example.likelihood.arrays.value)
    numbers["data vector, Delta^T C^-1 Delta to CCL"] = float(
        difference @ example.likelihood.precision @ difference
    )
    return PaperFigure(5, "Fisher matrix by finite differences", drawing, numbers)


def _finish(ax: "Axes") -> None:
    ax.set_xlabel(LATEX[0])
    ax.set_ylabel(LATEX[1])
    ax.margins(0.25)  # room for the legend
    ax.legend(frameon=False, fontsize=9, loc="upper right")
