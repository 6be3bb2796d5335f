"""Two-point likelihoods as compiled functions take them: arrays apart from structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.likelihoods.correction import GAUSSIAN, Form
from jaxlike.likelihoods.gaussian import quadratic_form
from jaxlike.likelihoods.marginal import Marginal, Templates
from jaxlike.likelihoods.modes import AngularModes
from jaxlike.likelihoods.shear_ratios import ShearRatios
from jaxlike.numerics import block_algebra
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Sample, own_parameters
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.power.validity import has_solution
from jaxlike.theory.spectra.limber import Spectra
from jaxlike.theory.statistics.data_vector import TwoPointTheory
from jaxlike.theory.systematics.registry import Own, Systematic
from jaxlike.theory.universe.background import DistanceGrid
from jaxlike.theory.universe.cosmology import Cosmology, from_parameters

SAFE = {
    "Omega_m": 0.315, "Omega_b": 0.0493, "h": 0.6736, "n_s": 0.965, "sigma8": 0.81, "A_s": 2.1e-9,
    "omega_nu": 6e-4, "A_bary": 3.13, "Omega_k": 0.0, "w0": -1.0, "wa": 0.0, "N_eff": 3.046,
    "tau": 0.054,
}  # fmt: skip
"""A universe that everything is known for."""


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
    # a truth value, of which nobody needs the derivative
    tried = lax.stop_gradient(cosmology(parameters, options))
    possible = has_solution(tried, options.linear, last)
    safe = {
        name: jnp.where(possible, value, SAFE.get(name, value))
        for name, value in parameters.items()
    }
    # or the compiler repeats the making of every scalar in each kernel that reads it
    return possible, lax.optimization_barrier(safe)


class Evaluated(NamedTuple):
    """A likelihood at a point: predicted data vector (n_data,), chi^2, and -2 ln L, which is chi^2
    but for t-distributions and for templates whose determinant depends on the point."""

    vector: Array
    chi2: Array
    deviance: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TwoPoint:
    """The likelihood as compiled functions take it: arrays apart from structure.

    value: (n_data,) data vector; inverse, rows: of the covariance (see `gaussian`); log_det: ln|C|
    of all that chi^2 is the sum over; vectors B (n_data, n), B^T C B = 1: the likelihood is then
    that of the n numbers B^T d alone (see `moped`); systematics: add to the theory; marginal:
    templates whose amplitudes are marginalised; ratios: of gamma_t, which count too; form: how
    ln L depends on chi^2; modes: by which chi^2 of a universe is computed, where they are not None.
    """

    theory: TwoPointTheory
    value: Array
    inverse: Array
    rows: Array | None
    log_det: Array
    vectors: Array | None
    samples: tuple[Sample, ...] = field(metadata={"static": True})
    systematics: tuple[Systematic, ...] = ()
    marginal: Marginal | None = None
    ratios: ShearRatios | None = None
    form: Form = field(default=GAUSSIAN, metadata={"static": True})
    modes: AngularModes | None = None

    def __repr__(self) -> str:
        samples = ", ".join(f"{one.n_bin} {one.word} bins" for one in self.samples)
        return f"TwoPoint: {self.n_points} points, {samples}"

    @property
    def n_points(self) -> int:
        """How many numbers chi^2 is the sum over: the data, or what they are compressed to."""
        if self.vectors is not None:
            return self.vectors.shape[1]
        return self.value.size + (0 if self.ratios is None else self.ratios.value.size)

    @property
    def matrix_size(self) -> int:
        """How many numbers of a matrix each value reads."""
        return int(np.size(self.inverse if self.modes is None else self.modes.precision))

    @property
    def linearised(self) -> bool:
        """Whether parameters of it are marginalised in closed form, for the data that it has."""
        return any(getattr(one, "fixed", False) for one in self.systematics)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Canonical names of the parameters of its samples."""
        return tuple(name for one in self.samples for d in one.parameters for name in one.names(d))

    def with_value(self, value: Array) -> "TwoPoint":
        """The same of another data vector (n_data,), which may be traced."""
        modes = self.modes
        if modes is not None:
            modes = modes.of_data(value, self.inverse, self.theory)
        return replace(self, value=value, modes=modes)

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """ln L but for a constant, -chi^2 / 2 of a Gaussian, for canonical parameters."""
        return -0.5 * self.deviance(parameters, universe)

    def deviance(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-2 ln L but for a constant in a universe, for canonical parameters."""
        return self.evaluate(parameters, universe).deviance

    def evaluate(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Evaluated:
        """The likelihood in a universe, for canonical parameters."""
        return self.evaluate_of(self.spectra(parameters, universe), parameters)

    def spectra(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Sequence[Spectra]:
        """C_ell of its groups of tables in a universe, for canonical parameters."""
        return self.theory.spectra(universe, self._own(parameters))

    def evaluate_of(
        self, spectra: Sequence[Spectra], parameters: Mapping[str, ArrayLike]
    ) -> Evaluated:
        """The likelihood of such spectra, for the same parameters."""
        own = self._own(parameters)
        return self._evaluated(self._vector(spectra, own), own, spectra)

    def _evaluated(self, vector: Array, own: Own, spectra: Sequence[Spectra]) -> Evaluated:
        if self.modes is not None and self.vectors is None:
            chi2 = self.modes.chi2(self.theory.of_statistics(spectra))
            return Evaluated(vector, chi2, self.form.deviance(chi2))
        templates = None if self.marginal is None else self.marginal.at(self.theory.tracers, own)
        chi2 = self.chi2_of(vector, templates)
        deviance = self.form.deviance(chi2)
        if self.ratios is not None:
            more = self.ratios.chi2(spectra)
            chi2, deviance = chi2 + more, deviance + more
        if self.marginal is not None and templates is not None:
            deviance = deviance + templates.log_det - self.marginal.as_read.log_det
        return Evaluated(vector, chi2, deviance)

    def theory_vector(self, universe: Universe, parameters: Mapping[str, ArrayLike]) -> Array:
        """Predicted data vector (n_data,) in a universe, for canonical parameters."""
        own = self._own(parameters)
        return self._vector(self.theory.spectra(universe, own), own)

    def _own(self, parameters: Mapping[str, ArrayLike]) -> Own:
        return [own_parameters(parameters, sample) for sample in self.samples]

    def _vector(self, spectra: Sequence[Spectra], own: Own) -> Array:
        vector = self.theory.project(spectra)
        for one in self.systematics:
            vector = vector + one.added(self.theory.tracers, own)
        return vector

    def compressed(self, theory_vector: Array) -> Array:
        """The numbers B^T (d - t) of a predicted data vector (n_data,)."""
        assert self.vectors is not None
        return (self.value - theory_vector) @ self.vectors

    def chi2_of(self, theory_vector: Array, templates: Templates | None = None) -> Array:
        """chi^2 of a predicted data vector (n_data,), without that of shear ratios.

        templates: those at the point; None: those of the n(z) as they were read.
        """
        if self.vectors is not None:
            numbers = self.compressed(theory_vector)
            return numbers @ numbers
        difference = residual = jnp.asarray(self.value - theory_vector)
        if self.rows is not None:
            residual = residual.at[self.rows].get(mode="fill", fill_value=0.0)
        chi2 = quadratic_form(self.inverse, residual)
        if self.marginal is None:
            return chi2
        templates = self.marginal.as_read if templates is None else templates
        return chi2 - self.marginal.taken_up(templates, difference)

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the theory vector;
        ParameterError where there are shear ratios beside it."""
        if self.vectors is not None:
            compressed = self.vectors.T @ jacobian
            return compressed.T @ compressed
        if self.ratios is not None:
            raise ParameterError(
                "a Fisher matrix is made of data vectors, which shear ratios are not: leave out "
                "the option shear_ratios"
            )
        if self.rows is None:
            found = jacobian.T @ (self.inverse @ jacobian)
        else:
            blocks = jacobian.at[self.rows].get(mode="fill", fill_value=0.0)
            found = block_algebra.inner(blocks, block_algebra.multiply(self.inverse, blocks))
        if self.marginal is not None:
            found = found - self.marginal.taken_up(self.marginal.as_read, jacobian)
        return found if self.form == GAUSSIAN else found * self.form.information(self.value.size)
