"""MOPED: as many numbers as parameters, that know what the data vector knows of them.

Campagne et al. 2023 (arXiv:2302.05163), eqs. 14-16; Heavens, Jimenez & Lahav 2000
(arXiv:astro-ph/9911102). The vectors of eq. 14 are what Gram and Schmidt make of the derivatives
of the mean; the same by a QR factorisation keeps its digits where parameters are nearly degenerate.
With J = d mean / d x, C = L L^T and L^-1 J = Q R they are B = L^-T Q, so that B^T C B = 1 (eq. 15),
and the compressed data y = B^T d (eq. 16) have the covariance 1 and the Fisher matrix of the data.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import cholesky, qr, solve_triangular

from jaxlike.errors import ParameterError
from jaxlike.model import Model
from jaxlike.numerics.derivatives import jacobian

_SMALLEST = 1e-6  # of a derivative's length: what those before it must leave of it

_FAR = 4.0  # in u
_STEPS = 40
_GAIN = 1e-3  # in log-density: what a step must promise


def moped_vectors(derivatives: NDArray, covariance: NDArray, names: Sequence[str]) -> NDArray:
    """MOPED vectors B (n_data, n) of derivatives (n_data, n) of the mean with respect to `names`.

    covariance: (n_data, n_data). ParameterError names a parameter without an effect of its own.
    """
    triangle = cholesky(covariance, lower=True)
    whitened = solve_triangular(triangle, derivatives, lower=True)
    length = np.linalg.norm(whitened, axis=0)
    idle = [name for name, value in zip(names, length, strict=True) if not value > 0]
    if idle:
        raise ParameterError(
            f"parameter '{idle[0]}' has no effect on the data where they are best fit, so that "
            "there is no MOPED vector for it: fix it, or change its ref"
        )
    q, r = qr(whitened / length, mode="economic")
    left = np.diagonal(r)
    for name, rest in zip(names, np.abs(left), strict=True):
        if rest < _SMALLEST:
            raise ParameterError(
                f"parameter '{name}' is degenerate with those before it where the data are best "
                "fit, so that there is no MOPED vector for it: fix it"
            )
    return solve_triangular(triangle, q * np.sign(left), lower=True, trans="T")


class Expansion(NamedTuple):
    """A point x (n,), the mean there (n_data,), and its derivatives (n_data, n)."""

    x: NDArray
    mean: NDArray
    derivatives: NDArray


def expansion(model: Model, at: ArrayLike | None = None) -> Expansion:
    """The mean around x (n,), by default around the mode of the posterior over u.

    There the numbers keep most of what the data tell where the mean is no linear function. Steps of
    Levenberg and Marquardt reach it from the reference point. ParameterError where the theory has
    no derivatives.
    """
    linearised = jax.jit(lambda x: (model.mean(x), jacobian(model.mean, x)))

    def around(x: NDArray) -> Expansion:
        return Expansion(x, *map(np.asarray, linearised(jnp.asarray(x))))

    found = _climb(model, around) if at is None else around(np.asarray(at, float))
    if not np.isfinite(found.derivatives).all():
        raise ParameterError(
            "the theory has no finite derivatives at the reference values of the parameters, which "
            f"MOPED needs: {model.reason_of_failure(found.x) or 'change them'}"
        )
    return found


def _climb(model: Model, around: Callable[[NDArray], Expansion]) -> Expansion:
    """From the reference point to the mode over u, or as far as _STEPS go."""
    triangle = cholesky(model.data.covariance, lower=True)
    outward = model.from_unconstrained
    carry = jax.jit(lambda u: (outward(u), jax.jacfwd(outward)(u)))
    prior = jax.jit(jax.value_and_grad(model.log_reference))
    context = np.asarray(model.context)

    def look(u: NDArray) -> tuple[float, Expansion, NDArray, NDArray]:
        """Log-density at u (n,), the mean around it, its gradient and Gauss-Newton curvature."""
        x, slope = map(np.asarray, carry(u))
        here = around(x)
        log_prior, gradient = map(np.asarray, prior(u))
        residual = solve_triangular(triangle, context - here.mean, lower=True, check_finite=False)
        rows = solve_triangular(triangle, here.derivatives, lower=True, check_finite=False) @ slope
        value = float(log_prior - 0.5 * residual @ residual)
        return value, here, gradient + rows.T @ residual, rows.T @ rows + np.eye(len(u))

    u = np.asarray(model.to_unconstrained(model.reference))
    u = np.clip(np.nan_to_num(u), -_FAR, _FAR)  # a reference may be at an edge of its prior
    value, here, gradient, curvature = look(u)
    if not (np.isfinite(value) and np.isfinite(here.derivatives).all()):
        return here
    damping = 0.0
    for _ in range(_STEPS):
        step = np.linalg.solve(curvature + damping * np.eye(len(u)), gradient)
        if gradient @ step < _GAIN:
            break
        trial = look(u + step)
        if trial[0] > value and np.isfinite(trial[1].derivatives).all():
            u, damping = u + step, damping / 10
            value, here, gradient, curvature = trial
        else:
            damping = max(10 * damping, 1.0)
    return here


def vectors_of(model: Model, at: ArrayLike | None = None) -> NDArray:
    """MOPED vectors (n_data, n) of all sampled parameters, of the `expansion` at x (n,)."""
    derivatives = expansion(model, at).derivatives
    return moped_vectors(derivatives, model.data.covariance, model.parameters)


def compressed(model: Model, vectors: NDArray | None = None) -> Model:
    """The posterior of the numbers B^T d, for `vectors` B (n_data, n) or those at its mode."""
    vectors = vectors_of(model) if vectors is None else vectors
    return replace(model, likelihood=replace(model.likelihood, vectors=vectors))


def uncompressed(model: Model) -> Model:
    """The posterior of all its data."""
    return replace(model, likelihood=replace(model.likelihood, vectors=None))
