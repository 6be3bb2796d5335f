"""MOPED: as many numbers as parameters, that know what the data vector knows of them.

Campagne et al. 2023 (arXiv:2302.05163), eqs. 14-16; Heavens, Jimenez & Lahav 2000
(arXiv:astro-ph/9911102). The vectors of eq. 14 are what Gram and Schmidt make of the derivatives
of the mean; the same by a QR factorisation keeps its digits where parameters are nearly degenerate.
With J = d mean / d x, C = L L^T and L^-1 J = Q R they are B = L^-T Q, so that B^T C B = 1 (eq. 15),
and the compressed data y = B^T d (eq. 16) have the covariance 1 and the Fisher matrix of the data.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import cholesky, qr, solve_triangular
from scipy.optimize import minimize

from jaxlike.errors import ParameterError
from jaxlike.numerics.derivatives import jacobian
from jaxlike.posterior.model import Model

_SMALLEST = 1e-6  # of a derivative's length: what those before it must leave of it

_FAR = 4.0  # in u
_SLOPE = 1e-2  # of the log-density over u, which curves by one or more: the mode is that close
_WORST = 1e300  # stands for a point without a finite density or derivatives


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

    There the numbers keep most of what the data tell where the mean is no linear function; it is
    searched for from the reference point. ParameterError where the theory has no derivatives.
    """
    linearised = jax.jit(lambda x: (model.mean(x), jacobian(model.mean, x)))

    def around(x: NDArray) -> Expansion:
        return Expansion(x, *map(np.asarray, linearised(jnp.asarray(x))))

    found = _mode(model, around) if at is None else around(np.asarray(at, float))
    if not np.isfinite(found.derivatives).all():
        raise ParameterError(
            "the theory has no finite derivatives at the reference values of the parameters, which "
            f"are needed: {model.reason_of_failure(found.x) or 'change them'}"
        )
    return found


def _mode(model: Model, around: Callable[[NDArray], Expansion]) -> Expansion:
    """The mode over u, by SciPy's trust regions from the reference point."""
    whole, outward = uncompressed(model), model.from_unconstrained
    carry = jax.jit(lambda u: (outward(u), jax.jacfwd(outward)(u)))
    prior = jax.jit(jax.value_and_grad(model.log_reference))
    value = np.asarray(model.value)

    def products(u: NDArray) -> NDArray:
        """[J r]^T C^-1 [J r], (n + 1, n + 1), of the derivatives in u and of the residual."""
        x, slope = map(np.asarray, carry(u))
        here = around(x)
        columns = np.column_stack([here.derivatives @ slope, value - here.mean])
        return np.asarray(whole.information(jnp.asarray(columns)))

    def objective(u: NDArray) -> tuple[float, NDArray]:
        found, (log_prior, gradient) = products(u), map(np.asarray, prior(u))
        value = float(found[-1, -1] / 2 - log_prior)
        return value if np.isfinite(found).all() else _WORST, -found[:-1, -1] - gradient

    def curvature(u: NDArray) -> NDArray:
        return products(u)[:-1, :-1] + np.eye(len(u))

    u = np.asarray(model.to_unconstrained(model.reference))
    u = np.clip(np.nan_to_num(u), -_FAR, _FAR)  # a reference may be at an edge of its prior
    if objective(u)[0] < _WORST:
        options = {"gtol": _SLOPE}
        u = minimize(objective, u, jac=True, hess=curvature, method="dogleg", options=options).x
    return around(np.asarray(outward(u)))


def vectors_of(model: Model, at: ArrayLike | None = None) -> NDArray:
    """MOPED vectors (n_data, n) of all sampled parameters, of the `expansion` at x (n,)."""
    derivatives = expansion(model, at).derivatives
    return moped_vectors(derivatives, model.covariance, model.parameters)


def compressed(model: Model, vectors: NDArray | None = None) -> Model:
    """The posterior of the numbers B^T d, for `vectors` B (n_data, n) or those at its mode."""
    vectors = vectors_of(model) if vectors is None else vectors
    return model.with_vectors(vectors)


def uncompressed(model: Model) -> Model:
    """The posterior of all its data."""
    return model.with_vectors(None)
