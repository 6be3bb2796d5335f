"""MOPED: as many numbers as parameters, that know what the data vector knows of them.

Campagne et al. 2023 (arXiv:2302.05163), eqs. 14-16; Heavens, Jimenez & Lahav 2000
(arXiv:astro-ph/9911102). The vectors of eq. 14 are what Gram and Schmidt make of the derivatives
of the mean; the same by a QR factorisation keeps its digits where parameters are nearly degenerate.
With J = d mean / d x, C = L L^T and L^-1 J = Q R they are B = L^-T Q, so that B^T C B = 1 (eq. 15),
and the compressed data y = B^T d (eq. 16) have the covariance 1 and the Fisher matrix of the data.
"""

from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import cholesky, qr, solve_triangular

from jaxlike.errors import ParameterError
from jaxlike.model import Model
from jaxlike.numerics.derivatives import jacobian

_SMALLEST = 1e-6  # of a derivative's length: what those before it must leave of it


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
            f"parameter '{idle[0]}' has no effect on the data at its reference value, so that "
            "there is no MOPED vector for it: fix it, or change its ref"
        )
    q, r = qr(whitened / length, mode="economic")
    left = np.diagonal(r)
    for name, rest in zip(names, np.abs(left), strict=True):
        if rest < _SMALLEST:
            raise ParameterError(
                f"parameter '{name}' is degenerate with those before it at the reference values, "
                "so that there is no MOPED vector for it: fix it"
            )
    return solve_triangular(triangle, q * np.sign(left), lower=True, trans="T")


def derivatives_of(model: Model, at: ArrayLike | None = None) -> NDArray:
    """Derivatives (n_data, n) of the mean at x (n,), by default the reference point."""
    x = np.asarray(model.reference if at is None else at, float)
    derivatives = np.asarray(jax.jit(lambda x: jacobian(model.mean, x))(x))
    if not np.isfinite(derivatives).all():
        raise ParameterError(
            "the theory has no finite derivatives at the reference values of the parameters, which "
            f"MOPED needs: {model.reason_of_failure(x) or 'change them'}"
        )
    return derivatives


def vectors_of(model: Model, at: ArrayLike | None = None) -> NDArray:
    """MOPED vectors (n_data, n) of all sampled parameters at x (n,), by default the reference."""
    return moped_vectors(derivatives_of(model, at), model.data.covariance, model.parameters)


def compressed(model: Model, vectors: NDArray | None = None) -> Model:
    """The posterior of the numbers B^T d, for `vectors` B (n_data, n) or those at the reference."""
    vectors = vectors_of(model) if vectors is None else vectors
    return replace(model, likelihood=replace(model.likelihood, vectors=vectors))


def uncompressed(model: Model) -> Model:
    """The posterior of all its data."""
    return replace(model, likelihood=replace(model.likelihood, vectors=None))
