"""Figure 6: contours of the log-likelihood of all data and of their MOPED compression."""

import jax
import numpy as np

from jaxlike.figures.panels import OURS, THEIRS, PaperFigure, largest, one_panel
from jaxlike.figures.section4 import LATEX, NAMES, Example
from jaxlike.forecast.moped import moped_vectors

RANGES = ((0.23, 0.28), (0.79, 0.84))  # the paper's grid of Omega_c and sigma8
LEVELS = tuple(-(n**2) / 2.0 for n in (10, 7, 5, 3, 2, 1))  # n sigma of one parameter


def figure_6(example: Example, n: int = 101) -> PaperFigure:
    """Both log-likelihoods on a grid of `n` x `n` points."""
    slopes = example.jacobian
    weighted = example.likelihood.precision @ slopes
    vectors = moped_vectors(slopes, example.likelihood.data.covariance, NAMES)
    data = np.asarray(example.likelihood.arrays.value)

    def both(x: jax.Array) -> jax.Array:
        r = data - example.mean(x)
        compressed = vectors.T @ r
        return -0.5 * jax.numpy.stack(
            [example.likelihood.chi2_of(data - r), compressed @ compressed]
        )

    axes = [np.linspace(*ends, n) for ends in RANGES]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    full, compressed = np.asarray(
        jax.jit(lambda points: jax.lax.map(both, points, batch_size=8))(grid)
    ).T
    drawing, ax = one_panel("Figure 6: log-likelihood of all data and of their MOPED compression")
    for values, colour, line in ((full, THEIRS, "-"), (compressed, OURS, "--")):
        ax.contour(*axes, values.reshape(n, n).T, LEVELS, colors=colour, linestyles=line)
    ax.plot([], [], color=THEIRS, label=f"all {data.size} points")
    ax.plot([], [], "--", color=OURS, label="MOPED, 2 numbers")
    ax.set_xlabel(LATEX[0])
    ax.set_ylabel(LATEX[1])
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    moped = slopes.T @ vectors @ vectors.T @ slopes
    numbers = {
        "Fisher matrix of the compressed data, largest relative difference": largest(
            moped / (slopes.T @ weighted) - 1
        ),
        "b_i^T C b_j, largest difference to the unit matrix": largest(
            vectors.T @ example.likelihood.data.covariance @ vectors - np.eye(2)
        ),
        "log-likelihood, largest difference where it is above -9/2": largest(
            (full - compressed)[full > -4.5]
        ),
        "log-likelihood, largest difference where it is above -50": largest(
            (full - compressed)[full > -50.0]
        ),
    }
    return PaperFigure(6, "MOPED compression", drawing, numbers)
