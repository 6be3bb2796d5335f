"""Gaussian likelihood of a two-point data set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data import TwoPointData
from jaxlike.likelihoods.assembly import arrays_of, covariance_of, precision_of
from jaxlike.likelihoods.chosen_nodes import chosen_nodes, strictness
from jaxlike.likelihoods.common_nodes import fine_grid, grid_of
from jaxlike.likelihoods.compiled import Evaluated, TwoPoint, cosmology, with_solution
from jaxlike.likelihoods.survey import build_survey, samples_of
from jaxlike.numerics.precision import warn_of_single_precision
from jaxlike.registry.effects import check_complete, check_effects
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Prefix, Sample
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.power.universe import Universe, UniverseGrid
from jaxlike.theory.power.validity import reason_of_failure
from jaxlike.theory.spectra.limber import Spectra
from jaxlike.theory.statistics.data_vector import Survey, TwoPointTheory
from jaxlike.theory.universe.cosmology import Cosmology

NODE_TOLERANCE = 2e-3
"""Delta^T C^-1 Delta that the choice of nodes may cost."""


@partial(jax.jit, static_argnums=3)
def _theory_vector(
    grid: UniverseGrid, one: TwoPoint, parameters: dict[str, Array], options: TheoryOptions
) -> Array:
    return one.theory_vector(grid.universe(cosmology(parameters, options)), parameters)


@jax.jit
def _evaluated_from_tables(
    grid: UniverseGrid,
    one: TwoPoint,
    table_grid: PowerTableGrid,
    tables: PowerTable,
    parameters: dict[str, Array],
) -> Evaluated:
    return one.evaluate(parameters, grid.universe_of_tables(table_grid, tables))


@partial(jax.jit, static_argnums=3)
def _evaluated(
    grid: UniverseGrid, one: TwoPoint, parameters: dict[str, Array], options: TheoryOptions
) -> Evaluated:
    return one.evaluate(parameters, grid.universe(cosmology(parameters, options)))


@partial(jax.jit, static_argnums=3)
def _log_likelihood(
    grid: UniverseGrid, one: TwoPoint, parameters: dict[str, Array], options: TheoryOptions
) -> Array:
    possible, safe = with_solution(parameters, options, grid.nodes.last_scattering)
    deviance = _evaluated(grid, one, safe, options).deviance
    finite = possible & jnp.isfinite(deviance)
    return jnp.where(finite, -0.5 * jnp.where(finite, deviance, 0.0), -jnp.inf)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A data set with its theory: functions of canonical parameters.

    arrays: what is compiled; grid: universes on the nodes that it was built for, alone or with
    others; node_error: estimated Delta^T C^-1 Delta of these nodes. jit, grad and vmap apply.

    >>> model.likelihood.theory_vector(model.canonical(x)).shape == (model.n_points,)
    True
    """

    name: str
    data: TwoPointData
    options: TheoryOptions
    survey: Survey
    grid: UniverseGrid
    arrays: TwoPoint
    node_error: float

    @property
    def theory(self) -> TwoPointTheory:
        """From universes to data vectors."""
        return self.arrays.theory

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples of galaxies, whose parameters these are."""
        return self.arrays.samples

    @property
    def n_points(self) -> int:
        """How many numbers chi^2 is the sum over."""
        return self.arrays.n_points

    @property
    def log_det_of_points(self) -> float:
        """ln of the determinant of their covariance, which is 1 for compressed data."""
        return float(self.arrays.log_det) if self.arrays.vectors is None else 0.0

    @property
    def summary(self) -> str:
        """Its points and bins in a line."""
        bins = [f"{sample.n_bin} {sample.word} bins" for sample in self.samples]
        return f"{self.data.summary}; {', '.join(bins)}"

    def __repr__(self) -> str:
        z, ell = self.grid.nodes.z.size, self.grid.nodes.ell.size
        return (
            f"Likelihood {self.name or 'of'} {self.summary}\n  on {z} x {ell} nodes in redshift "
            f"and multipole, which cost {self.node_error:.1g} in Delta^T C^-1 Delta"
        )

    @cached_property
    def precision(self) -> NDArray:
        """Inverse (n_data, n_data) of `covariance`."""
        return precision_of(self.arrays, self.data.n_data)

    @cached_property
    def covariance(self) -> NDArray:
        """That of the data (n_data, n_data) as chi^2 has it: with the factor of a correction, and
        with marginalised templates."""
        return covariance_of(self.data, self.options, self.arrays.marginal)

    def with_value(self, value: ArrayLike) -> "Likelihood":
        """The same of another data vector (n_data,), which may be traced."""
        return replace(self, arrays=self.arrays.with_value(jnp.asarray(value)))

    def with_vectors(self, vectors: ArrayLike | None) -> "Likelihood":
        """The same compressed to B^T d with `vectors` B (n_data, n); None: of all its data."""
        found = None if vectors is None else jnp.asarray(vectors)
        return replace(self, arrays=replace(self.arrays, vectors=found))

    def cosmology(self, parameters: Mapping[str, ArrayLike]) -> Cosmology:
        """The universe in canonical parameters; ParameterError on those without effect."""
        check_effects(parameters, vars(self.options), self.samples)
        return cosmology(parameters, self.options)

    def theory_vector(self, parameters: Mapping[str, ArrayLike]) -> Array:
        """Predicted data vector (n_data,), in the order of the data.

        ParameterError on parameters that the options give no effect, or that they need.
        """
        self._check(parameters)
        return _theory_vector(self.grid, self.arrays, dict(parameters), self.options)

    def theory_vector_from_tables(
        self, grid: PowerTableGrid, tables: PowerTable, parameters: Mapping[str, ArrayLike]
    ) -> Array:
        """Predicted data vector (n_data,) with a host's P(k, z) and distances."""
        return self.evaluate_from_tables(grid, tables, parameters).vector

    def evaluate_from_tables(
        self, grid: PowerTableGrid, tables: PowerTable, parameters: Mapping[str, ArrayLike]
    ) -> Evaluated:
        """Data vector, chi^2 and -2 ln L with a host's P(k, z) and distances."""
        self._check(parameters)
        return _evaluated_from_tables(self.grid, self.arrays, grid, tables, dict(parameters))

    def _check(self, parameters: Mapping[str, ArrayLike]) -> None:
        check_effects(parameters, vars(self.options), self.samples)
        check_complete(parameters, vars(self.options), self.samples)

    def table_grid(self, z: ArrayLike, k: ArrayLike, z_distance: ArrayLike) -> PowerTableGrid:
        """Matrices for tables of P(k [h/Mpc], z) and of distances on these grids."""
        return jax.device_put(self.grid.tables(z, k, z_distance))

    def chi2_of(self, theory_vector: Array) -> Array:
        """chi^2 of a predicted data vector (n_data,)."""
        return self.arrays.chi2_of(theory_vector)

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the theory vector."""
        return self.arrays.information(jacobian)

    def evaluate(self, parameters: Mapping[str, ArrayLike]) -> Evaluated:
        """Data vector, chi^2 and -2 ln L."""
        self._check(parameters)
        return _evaluated(self.grid, self.arrays, dict(parameters), self.options)

    def evaluate_in(
        self, universe: Universe, parameters: Mapping[str, ArrayLike]
    ) -> tuple[Evaluated, Sequence[Spectra]]:
        """The same in a universe that others see as well, on nodes of this likelihood, and the
        C_ell that it is of."""
        self._check(parameters)
        spectra = self.arrays.spectra(parameters, universe)
        return self.arrays.evaluate_of(spectra, parameters), spectra

    def chi2(self, parameters: Mapping[str, ArrayLike]) -> Array:
        """chi^2 = (d - t)^T C^-1 (d - t), and that of shear ratios where there are such."""
        return self.evaluate(parameters).chi2

    def log_likelihood(
        self, parameters: Mapping[str, ArrayLike], *, normalised: bool = False
    ) -> Array:
        """-chi^2/2, and with `normalised` also -ln|C|/2 - N ln(2 pi)/2, N = `n_points`; or what a
        t-distribution has in their place (see `correction`).

        -inf, with a gradient of zero, where the cosmology has no solution.
        """
        self._check(parameters)
        found = _log_likelihood(self.grid, self.arrays, dict(parameters), self.options)
        if not normalised:
            return found
        return found + self.arrays.form.normalisation(self.log_det_of_points, self.n_points)

    def reason_of_failure(self, parameters: Mapping[str, ArrayLike]) -> str | None:
        """What keeps a point from having a solution, in words, or None."""
        cosmo, last = self.cosmology(parameters), self.grid.nodes.last_scattering
        return reason_of_failure(cosmo, self.options.linear, last)


@dataclass(frozen=True, eq=False)
class DataSet:
    """What a likelihood is to be built of; prefix, suffix: of its parameters."""

    name: str
    data: TwoPointData
    options: TheoryOptions
    prefix: Prefix = ""
    suffix: Prefix = ""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples of galaxies, whose parameters its likelihood takes."""
        return samples_of(self.data, self.name, self.prefix, self.suffix)


def build_likelihoods(
    data_sets: Sequence[DataSet], *, tolerance: float = NODE_TOLERANCE
) -> dict[str, Likelihood]:
    """Likelihoods of several data sets on common nodes, as many as the errors of each ask for."""
    if not data_sets:
        return {}
    surveys = [build_survey(one.data, one.options) for one in data_sets]
    data = [one.data for one in data_sets]
    options = [one.options for one in data_sets]
    choice = chosen_nodes(data, options, surveys, tolerance)
    error = choice.error / min(strictness(one) for one in data)
    return _assembled(data_sets, surveys, grid_of(surveys, choice, options[0]), error)


def fine_likelihood(data: TwoPointData, options: TheoryOptions) -> Likelihood:
    """The likelihood of `data` on nodes so dense that they leave no error of their own."""
    one, survey = DataSet("", data, options), build_survey(data, options)
    grid = fine_grid([data], [survey], options, loops=survey.loops)
    return _assembled([one], [survey], grid, 0.0)[""]


def _assembled(
    data_sets: Sequence[DataSet], surveys: Sequence[Survey], grid: UniverseGrid, error: float
) -> dict[str, Likelihood]:
    """Likelihoods on the nodes of a grid, whose lattices are those of the surveys in order."""
    found = {}
    shared = jax.device_put(grid)  # which compiles nothing, as jnp.asarray does for each shape
    for i, (one, survey) in enumerate(zip(data_sets, surveys, strict=True)):
        arrays = arrays_of(one.data, one.options, one.samples, survey, grid, i)
        found[one.name] = Likelihood(one.name, one.data, one.options, survey, shared, arrays, error)
    return found


def build_likelihood(
    data: TwoPointData, options: TheoryOptions, *, tolerance: float = NODE_TOLERANCE
) -> Likelihood:
    """The likelihood of `data`, on as many nodes as its own errors ask for.

    Warns where JAX is in single precision.

    >>> options = jaxlike.TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
    >>> likelihood = jaxlike.build_likelihood(model.data, options)
    """
    warn_of_single_precision()
    return build_likelihoods([DataSet("", data, options)], tolerance=tolerance)[""]
