"""A posterior beside that of its MOPED numbers: Fisher matrices, chi^2, contours."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.forecast.moped import compressed, expansion, moped_vectors
from jaxlike.posterior.model import Model

_N_GRID, _N_SIGMA, _BATCH = 41, 3.6, 8


@dataclass(frozen=True)
class Comparison:
    """MOPED vectors (n_data, n), compressed data and theory (n,), and how much is lost.

    at (n,): where the mean is expanded; fisher_difference: largest, in units of the diagonal; chi2:
    of all data and of the numbers, there; axes and surfaces: ln L of both (n_x, n_y) in two
    parameters, the others as there.
    """

    at: NDArray
    vectors: NDArray
    data: NDArray
    theory: NDArray
    fisher_difference: float
    chi2: tuple[float, float]
    axes: tuple[NDArray, NDArray]
    surfaces: tuple[NDArray, NDArray]


def compare(model: Model, pair: Sequence[str]) -> Comparison:
    """Compress `model` where it fits best and compare, with contours in a pair of parameters.

    They are drawn around the peak of the Gaussian that the Fisher matrix makes of the likelihood.
    """
    here = expansion(model)
    derivatives = here.derivatives
    vectors = moped_vectors(derivatives, model.covariance, model.parameters)
    short = compressed(model, vectors)
    full, less = (np.asarray(m.information(jnp.asarray(derivatives))) for m in (model, short))
    scale = np.sqrt(np.diag(full))
    data, theory = np.asarray(model.value) @ vectors, here.mean @ vectors
    at = [model.parameters.index(name) for name in pair]
    slope = ((vectors.T @ derivatives).T @ (data - theory))[at]
    covariance = np.linalg.inv(full[np.ix_(at, at)])
    peak, width = here.x[at] + covariance @ slope, np.sqrt(np.diag(covariance))
    ends = [_inside(model, i, c, _N_SIGMA * w) for i, c, w in zip(at, peak, width, strict=True)]
    axes = tuple(np.linspace(*end, _N_GRID) for end in ends)
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    chi2 = np.asarray(_both_chi2(model, short, here.x, at, points)).reshape(_N_GRID, _N_GRID, 2)
    return Comparison(
        here.x,
        vectors,
        data,
        theory,
        float(np.max(np.abs(less - full) / np.outer(scale, scale))),
        tuple(float(m.chi2_of(jnp.asarray(here.mean))) for m in (model, short)),  # type: ignore[arg-type]
        axes,  # type: ignore[arg-type]
        (-0.5 * chi2[..., 0], -0.5 * chi2[..., 1]),
    )


def _inside(model: Model, i: int, centre: float, reach: float) -> tuple[float, float]:
    low, high = model.priors[i].support
    return max(low, centre - reach), min(high, centre + reach)


def _both_chi2(model: Model, short: Model, x: NDArray, at: list[int], points: NDArray) -> Array:
    """chi^2 (n_point, 2) of all data and of the numbers; theory at each point once."""

    def both(point: Array) -> Array:
        mean = model.mean(jnp.asarray(x).at[jnp.asarray(at)].set(point))
        return jnp.stack([m.chi2_of(mean) for m in (model, short)])

    return jax.jit(partial(jax.lax.map, both, batch_size=_BATCH))(jnp.asarray(points))
