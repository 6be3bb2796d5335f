"""Amplitudes of templates marginalised in closed form.

For t + A T with A ~ N(0, sigma^2) the covariance is C + sigma^2 T^T T. Only how the templates are
mixed from fixed elements, T = M E^T, changes from point to point: with C^-1 E and E^T C^-1 E made
once, the matrix that is factorised at a point has as many rows as there are amplitudes (Woodbury
1950; Bridle et al. 2002, astro-ph/0112114).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import block_diag, cho_solve, solve_triangular
from numpy.typing import NDArray
from scipy.linalg import cho_factor
from scipy.linalg import cho_solve as solve_factorised

from jaxlike.theory.systematics.registry import Linear, Own, Tracers


class Templates(NamedTuple):
    """sigma M (n_template, k) at a point, and the Cholesky factor of 1 + sigma^2 T C^-1 T^T."""

    mixing: Array
    root: Array

    @property
    def log_det(self) -> Array:
        """By how much they raise ln|C|."""
        return 2 * jnp.sum(jnp.log(jnp.diagonal(self.root)))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Marginal:
    """Templates with normal amplitudes; elements: (n_data, k); products: C^-1 of them; gram: (k, k)
    E^T C^-1 E; as_read: the templates for the n(z) as they were read."""

    systematics: tuple[Linear, ...]
    elements: NDArray
    products: NDArray
    gram: NDArray
    as_read: Templates

    @classmethod
    def build(
        cls, systematics: Sequence[Linear], tracers: Tracers, covariance: NDArray
    ) -> "Marginal":
        """For data of this covariance (n_data, n_data)."""
        elements = np.concatenate([np.asarray(one.elements) for one in systematics], axis=1)
        products = solve_factorised(cho_factor(covariance, lower=True), elements)
        gram = elements.T @ products
        mixing = _mixing(systematics, tracers, None)
        found = cls(
            tuple(systematics), elements, products, gram, Templates(mixing, _root(mixing, gram))
        )
        return jax.device_put(found)

    def at(self, tracers: Tracers, own: Own) -> Templates:
        """The templates at a point."""
        if all(getattr(one, "fixed", False) for one in self.systematics):
            return self.as_read
        mixing = _mixing(self.systematics, tracers, own)
        return Templates(mixing, _root(mixing, self.gram))

    def taken_up(self, templates: Templates, residual: Array | NDArray) -> Array:
        """What the amplitudes take from r^T C^-1 r, for r (n_data,); or from the matrix that r
        (n_data, n) makes."""
        y = templates.mixing @ (self.products.T @ residual)
        if residual.ndim == 1:
            half = solve_triangular(templates.root, y, lower=True)
            return half @ half
        return y.T @ cho_solve((templates.root, True), y)

    @property
    def covariance(self) -> NDArray:
        """What the amplitudes add to the covariance (n_data, n_data)."""
        templates = np.asarray(self.as_read.mixing) @ np.asarray(self.elements).T
        return templates.T @ templates


def _mixing(systematics: Sequence[Linear], tracers: Tracers, own: Own | None) -> Array:
    return block_diag(*(one.sigma * one.mixing(tracers, own) for one in systematics))


def _root(mixing: Array, gram: NDArray | Array) -> Array:
    return jnp.linalg.cholesky(jnp.eye(len(mixing)) + mixing @ jnp.asarray(gram) @ mixing.T)
