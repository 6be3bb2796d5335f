"""Gaussian likelihood of a two-point data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from jaxlike.data import TwoPointData
from jaxlike.likelihoods.survey import fine_theory, sizes_of
from jaxlike.numerics import block_algebra
from jaxlike.numerics.block_matrix import find_blocks, take_blocks, whole_matrix
from jaxlike.registry.effects import check_complete, check_effects
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.sizes import Sizes
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.power.validity import has_solution, reason_of_failure
from jaxlike.theory.statistics.data_vector import TwoPointTheory
from jaxlike.theory.statistics.node_choice import choose_nodes
from jaxlike.theory.universe.cosmology import Cosmology, from_parameters

NODE_TOLERANCE = 2e-3
"""Delta^T C^-1 Delta that the choice of nodes may cost."""

# Cosmologies that the nodes are chosen at: between them P(k, z) of any shape that data prefer.
_REFERENCES = (
    {"Omega_m": 0.3, "Omega_b": 0.047, "h": 0.69, "n_s": 0.96, "sigma8": 0.82},
    {"Omega_m": 0.22, "Omega_b": 0.05, "h": 0.75, "n_s": 0.93, "sigma8": 0.9},
    {"Omega_m": 0.4, "Omega_b": 0.04, "h": 0.62, "n_s": 1.0, "sigma8": 0.7},
)


@jax.custom_jvp
def quadratic_form(precision: Array, r: Array) -> Array:
    """r^T P r for symmetric P; its derivative 2 (P r) . dr reuses the product P r.

    P (n, n) and r (n,); or the blocks of P (n_block, m, m) and r of their rows (n_block, m).
    """
    return jnp.vdot(r, _product(precision, r))


def _product(precision: Array, r: Array) -> Array:
    return precision @ r if precision.ndim == 2 else block_algebra.multiply(precision, r)


@quadratic_form.defjvp
def _quadratic_form_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    precision, r = primals
    product = _product(precision, r)
    return jnp.vdot(r, product), 2 * jnp.vdot(product, tangents[1])


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A data set with its theory: pure functions of canonical parameters (see `parameters`).

    inverse: inverse covariance (n_data, n_data) from one Cholesky factor, or, where the covariance
    is block diagonal, its blocks (n_block, m, m) with their `rows` (see `block_matrix`); log_det:
    ln|C|; node_error: estimated Delta^T C^-1 Delta of the chosen nodes; value (n_data,): a data
    vector in the place of that of `data`, which may be traced; vectors B (n_data, n), B^T C B = 1:
    the likelihood is then that of the n numbers B^T d alone (see `moped`). jit, grad and vmap
    apply.
    """

    data: TwoPointData
    options: TheoryOptions
    theory: TwoPointTheory
    inverse: NDArray
    rows: NDArray | None
    log_det: float
    node_error: float
    value: ArrayLike | None = None
    vectors: NDArray | None = None

    @cached_property
    def precision(self) -> NDArray:
        """Inverse covariance (n_data, n_data)."""
        if self.rows is None:
            return self.inverse
        return whole_matrix(self.inverse, self.rows, self.data.n_data)

    @property
    def sizes(self) -> Sizes:
        """Bins in use and modes of their n(z)."""
        return sizes_of(self.data)

    @property
    def n_points(self) -> int:
        """How many numbers chi^2 is the sum over: the data, or what they are compressed to."""
        return self.data.n_data if self.vectors is None else self.vectors.shape[1]

    @property
    def log_det_of_points(self) -> float:
        """ln of the determinant of their covariance, which is 1 for compressed data."""
        return self.log_det if self.vectors is None else 0.0

    def cosmology(self, parameters: Mapping[str, ArrayLike]) -> Cosmology:
        """The universe in canonical parameters; ParameterError on those without effect."""
        check_effects(parameters, vars(self.options))
        return from_parameters(
            parameters, radiation=self.options.radiation, neutrinos=self.options.neutrinos
        )

    def theory_vector(self, parameters: Mapping[str, ArrayLike]) -> Array:
        """Predicted data vector (n_data,), in the order of the data.

        ParameterError on parameters that the options give no effect, or that they need.
        """
        self._check_complete(parameters)
        return self.theory.data_vector(self.cosmology(parameters), parameters)

    def theory_vector_from_tables(
        self, grid: PowerTableGrid, tables: PowerTable, parameters: Mapping[str, ArrayLike]
    ) -> Array:
        """Predicted data vector (n_data,) with a host's P(k, z) and distances."""
        self._check_complete(parameters)
        check_effects(parameters, vars(self.options))
        return self.theory.data_vector_from_tables(grid, tables, parameters)

    def _check_complete(self, parameters: Mapping[str, ArrayLike]) -> None:
        check_complete(parameters, vars(self.options), self.sizes)

    def table_grid(self, z: ArrayLike, k: ArrayLike, z_distance: ArrayLike) -> PowerTableGrid:
        """Matrices for tables of P(k [h/Mpc], z) and of distances on these grids."""
        return PowerTableGrid.build(self.theory.nodes, z, k, z_distance)

    def chi2_of(self, theory_vector: Array) -> Array:
        """chi^2 of a predicted data vector (n_data,)."""
        value = self.data.value if self.value is None else self.value
        residual = jnp.asarray(value - theory_vector)
        if self.vectors is not None:
            compressed = residual @ self.vectors
            return compressed @ compressed
        if self.rows is not None:
            residual = residual.at[self.rows].get(mode="fill", fill_value=0.0)
        return quadratic_form(jnp.asarray(self.inverse), residual)

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the theory vector."""
        if self.vectors is not None:
            compressed = jnp.asarray(self.vectors).T @ jacobian
            return compressed.T @ compressed
        if self.rows is None:
            return jacobian.T @ (jnp.asarray(self.inverse) @ jacobian)
        blocks = jacobian.at[self.rows].get(mode="fill", fill_value=0.0)
        return block_algebra.inner(blocks, block_algebra.multiply(self.inverse, blocks))

    def chi2(self, parameters: Mapping[str, ArrayLike]) -> Array:
        """chi^2 = (d - t)^T C^-1 (d - t)."""
        return self.chi2_of(self.theory_vector(parameters))

    def log_likelihood(
        self, parameters: Mapping[str, ArrayLike], *, normalised: bool = False
    ) -> Array:
        """-chi^2/2, and with `normalised` also -ln|C|/2 - N ln(2 pi)/2, N = `n_points`.

        -inf, with a gradient of zero, where the cosmology has no solution.
        """
        possible = has_solution(self.cosmology(parameters), self.options.linear)
        # where it is not, the theory is evaluated elsewhere, so that no NaN reaches a gradient
        safe = {
            name: jnp.where(possible, value, _REFERENCES[0].get(name, _SAFE.get(name, value)))
            for name, value in parameters.items()
        }
        # or the compiler repeats the making of every scalar in each kernel that reads it
        chi2 = self.chi2(lax.optimization_barrier(safe))
        constant = self.log_det_of_points + self.n_points * np.log(2 * np.pi) if normalised else 0.0
        finite = possible & jnp.isfinite(chi2)
        return jnp.where(finite, -0.5 * (jnp.where(finite, chi2, 0.0) + constant), -jnp.inf)

    def reason_of_failure(self, parameters: Mapping[str, ArrayLike]) -> str | None:
        """What keeps a point from having a solution, in words, or None."""
        return reason_of_failure(self.cosmology(parameters), self.options.linear)


_SAFE = {
    "A_s": 2.1e-9, "omega_nu": 6e-4, "Omega_k": 0.0, "w0": -1.0, "wa": 0.0, "N_eff": 3.046,
}  # fmt: skip


def _factorise(covariance: NDArray) -> tuple[NDArray, NDArray | None, NDArray, float]:
    """`inverse` and `rows` of a Likelihood, W (n, n) with W^T W = C^-1, and ln|C|."""
    n = len(covariance)
    rows = find_blocks(covariance)
    if rows is None:
        factor = cho_factor(covariance, lower=True)
        triangle = np.tril(factor[0])
        inverse = cho_solve(factor, np.eye(n))
        inverse = (inverse + inverse.T) / 2
        whiten = solve_triangular(triangle, np.eye(n), lower=True)
    else:
        triangle = np.linalg.cholesky(take_blocks(covariance, rows))
        inverses = np.linalg.inv(triangle)
        inverse = np.swapaxes(inverses, 1, 2) @ inverses
        whiten = whole_matrix(inverses, rows, n)
    diagonal = np.diagonal(triangle, axis1=-2, axis2=-1)
    return inverse, rows, whiten, float(2 * np.log(diagonal).sum())


def build_likelihood(
    data: TwoPointData, options: TheoryOptions, *, tolerance: float = NODE_TOLERANCE
) -> Likelihood:
    """The likelihood of `data`, on as many nodes as its own errors ask for."""
    inverse, rows, whiten, log_det = _factorise(data.covariance)
    fine = fine_theory(data, options)
    nuisance = {f"b{i + 1}": 1.8 for i in range(fine.lens.n_bin)}
    nuisance |= {f"dz_lens{i + 1}": 0.0 for i in range(fine.lens.n_bin)}
    for stem in ("m", "dz_source"):
        nuisance |= {f"{stem}{i + 1}": 0.0 for i in range(fine.source.n_bin)}
    # those of options, magnification and distortions apart, which choose no nodes
    nuisance |= {"A_IA": 0.5, "alpha_IA": 0.0, "z0_IA": 0.62}
    nuisance |= {f"A_IA{i + 1}": 0.5 for i in range(fine.source.n_bin)}
    points = [(from_parameters(p, radiation=options.radiation), nuisance) for p in _REFERENCES]
    theory, error = choose_nodes(fine, points, whiten, tolerance=tolerance)
    return Likelihood(data, options, theory, inverse, rows, log_det, error)
