"""Two-point likelihoods as compiled functions take them: arrays apart from structure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxlike.likelihoods.gaussian import quadratic_form
from jaxlike.numerics import block_algebra
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Sample, own_parameters
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.power.validity import has_solution
from jaxlike.theory.statistics.data_vector import TwoPointTheory
from jaxlike.theory.universe.background import DistanceGrid
from jaxlike.theory.universe.cosmology import Cosmology, from_parameters

_SAFE = {
    "Omega_m": 0.3, "Omega_b": 0.047, "h": 0.69, "n_s": 0.96, "sigma8": 0.82, "A_s": 2.1e-9,
    "omega_nu": 6e-4, "A_bary": 3.13, "Omega_k": 0.0, "w0": -1.0, "wa": 0.0, "N_eff": 3.046,
}  # fmt: skip


def cosmology(parameters: Mapping[str, ArrayLike], options: TheoryOptions) -> Cosmology:
    """The universe in canonical parameters; ParameterError on those that have no effect on it."""
    return from_parameters(parameters, radiation=options.radiation, neutrinos=options.neutrinos)


def with_solution(
    parameters: Mapping[str, ArrayLike], options: TheoryOptions, last: DistanceGrid | None
) -> tuple[Array, dict[str, ArrayLike]]:
    """Whether the cosmology has a solution, and parameters that have one; last: to last scattering,
    where the data see it.

    Where it has none the theory is evaluated elsewhere, so that no NaN reaches a gradient.
    """
    possible = has_solution(cosmology(parameters, options), options.linear, last)
    safe = {
        name: jnp.where(possible, value, _SAFE.get(name, value))
        for name, value in parameters.items()
    }
    # or the compiler repeats the making of every scalar in each kernel that reads it
    return possible, lax.optimization_barrier(safe)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TwoPoint:
    """The likelihood as compiled functions take it: arrays apart from structure.

    value: (n_data,) data vector; inverse, rows: of the covariance (see `gaussian`); log_det: ln|C|;
    vectors B (n_data, n), B^T C B = 1: the likelihood is then that of the n numbers B^T d alone
    (see `moped`).
    """

    theory: TwoPointTheory
    value: Array
    inverse: Array
    rows: Array | None
    log_det: Array
    vectors: Array | None
    samples: tuple[Sample, ...] = field(metadata={"static": True})

    def __repr__(self) -> str:
        samples = ", ".join(f"{one.n_bin} {one.word} bins" for one in self.samples)
        return f"TwoPoint: {self.value.size} points, {samples}"

    @property
    def n_points(self) -> int:
        """How many numbers chi^2 is the sum over: the data, or what they are compressed to."""
        return self.value.size if self.vectors is None else self.vectors.shape[1]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Canonical names of the parameters of its samples."""
        return tuple(name for one in self.samples for d in one.parameters for name in one.names(d))

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2 in a universe, for canonical parameters."""
        return -0.5 * self.chi2_of(self.theory_vector(universe, parameters))

    def theory_vector(self, universe: Universe, parameters: Mapping[str, ArrayLike]) -> Array:
        """Predicted data vector (n_data,) in a universe, for canonical parameters."""
        own = [own_parameters(parameters, sample) for sample in self.samples]
        return self.theory.data_vector(universe, own)

    def compressed(self, theory_vector: Array) -> Array:
        """The numbers B^T (d - t) of a predicted data vector (n_data,)."""
        assert self.vectors is not None
        return (self.value - theory_vector) @ self.vectors

    def chi2_of(self, theory_vector: Array) -> Array:
        """chi^2 of a predicted data vector (n_data,)."""
        if self.vectors is not None:
            numbers = self.compressed(theory_vector)
            return numbers @ numbers
        residual = jnp.asarray(self.value - theory_vector)
        if self.rows is not None:
            residual = residual.at[self.rows].get(mode="fill", fill_value=0.0)
        return quadratic_form(self.inverse, residual)

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the theory vector."""
        if self.vectors is not None:
            compressed = self.vectors.T @ jacobian
            return compressed.T @ compressed
        if self.rows is None:
            return jacobian.T @ (self.inverse @ jacobian)
        blocks = jacobian.at[self.rows].get(mode="fill", fill_value=0.0)
        return block_algebra.inner(blocks, block_algebra.multiply(self.inverse, blocks))
