"""What a posterior is made of, and the posteriors of other data, n(z) and priors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import block_diag

from jaxlike.config import Config
from jaxlike.data import TwoPointData
from jaxlike.errors import ParameterError
from jaxlike.kept.fingerprint import fingerprint
from jaxlike.likelihoods.function import other_likelihood
from jaxlike.likelihoods.protocol import LogLikelihood, Other
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.posterior import changed
from jaxlike.posterior.build import density_of, grid_of, priors_of
from jaxlike.posterior.checked import check_differentiable
from jaxlike.posterior.compiled import Held
from jaxlike.posterior.density import Density
from jaxlike.posterior.described import described
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.part import Part
from jaxlike.posterior.priors import Prior
from jaxlike.registry.looked_up import looked_up
from jaxlike.registry.samples import Sample


@dataclass(frozen=True, eq=False)
class Composed:
    """Likelihoods and a configuration's prior, and the same with others in their place.

    parts: the likelihoods as functions of canonical parameters; held: what is compiled.
    """

    config: Config
    parts: Mapping[str, Likelihood | Other]
    held: Held

    @classmethod
    def of(cls, config: Config, likelihoods: Mapping[str, Likelihood | Other]) -> Self:
        """The product of likelihoods on common nodes with the prior of a configuration."""
        return cls(config, likelihoods, Held.of(density_of(config, likelihoods)))

    @property
    def density(self) -> Density:
        """Pure functions of points alone, a pytree of all arrays."""
        return self.held.density

    @property
    def likelihoods(self) -> dict[str, Part]:
        """Name -> likelihood, with `data`, `theory_vector(params)` and `chi2(params)`.

        >>> model.likelihoods["jaxlike.cobaya.2x2pt"].data.statistics
        ('w',)
        """
        return {name: Part(one, self.density) for name, one in self.parts.items()}

    @property
    def measured(self) -> dict[str, Likelihood]:
        """Those of `parts` that have a data vector."""
        return {name: one for name, one in self.parts.items() if isinstance(one, Likelihood)}

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood with a data vector, where there is one; ParameterError where there are
        several or none."""
        if len(self.measured) > 1:
            raise ParameterError(
                f"the posterior has the likelihoods {', '.join(self.measured)}: take one of them "
                "from `likelihoods`"
            )
        if not self.measured:
            raise ParameterError("the posterior has no likelihood of two-point data")
        return next(iter(self.measured.values()))

    @property
    def data(self) -> TwoPointData:
        """The data after scale cuts, of the one likelihood that there is."""
        return self.likelihood.data

    @property
    def specs(self) -> tuple[Parameter, ...]:
        """The sampled parameters: prior, reference, proposal, latex."""
        return self.config.sampled

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the sampled parameters, in order.

        >>> model.parameters
        ('omegam', 'b1')
        """
        return tuple(spec.name for spec in self.specs)

    @property
    def priors(self) -> tuple[Prior, ...]:
        """Priors of the sampled parameters, in order."""
        return tuple(spec.prior for spec in self.specs if spec.prior is not None)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples of galaxies of all likelihoods."""
        return self.density.samples

    @property
    def reference(self) -> NDArray:
        """A sensible starting vector (n,): the centres of the parameters' `ref`.

        >>> model.reference.tolist()
        [0.3, 1.4]
        """
        return np.array([spec.ref_loc for spec in self.specs], float)

    @property
    def value(self) -> Array:
        """The data vectors (n_data,) of all likelihoods, one after another."""
        return jnp.concatenate([jnp.zeros(0), *(one.value for one in self.density.measured)])

    @property
    def covariance(self) -> NDArray:
        """Covariance (n_data, n_data) of all data as chi^2 has it; likelihoods are independent of
        each other."""
        each = [one.covariance for one in self.measured.values()]
        return np.asarray(block_diag(*each)) if each else np.zeros((0, 0))

    @property
    def n_points(self) -> int:
        """How many numbers chi^2 is the sum over: the data, or what they are compressed to; not
        those of functions, which do not say."""
        sizes = [one.n_points for one in self.measured.values()]
        others = sum(one.n_points for one in self.parts.values() if isinstance(one, Other))
        return others + (sizes[0] if self.compressed else sum(sizes))

    @property
    def compressed(self) -> bool:
        """Whether the likelihood is that of a few numbers made of the data."""
        return self.density.compressed

    def chi2_of(self, vector: ArrayLike) -> Array:
        """chi^2 of predicted data vectors (n_data,), one after another."""
        return self.density.chi2_of_vector(jnp.asarray(vector))

    @property
    def context(self) -> Density:
        """What compiled functions take as an argument, apart from the point."""
        return self.density

    @property
    def fingerprint(self) -> str | None:
        """What its functions depend on besides the structure and the arrays of `context`: what is
        found by names. None where somebody else's functions are among that."""
        more = [getattr(self, one.name) for one in fields(self)[len(fields(Composed)) :]]
        return fingerprint(type(self), more, looked_up(self.density.options))

    def in_context(self, density: Density) -> Self:
        """The posterior of another density of the same structure, whose arrays may be traced."""
        return replace(self, held=Held.of(density))

    def with_context(self, value: ArrayLike) -> Self:
        """The posterior of other data vectors (n_data,), one after another, with the same
        covariances.

        >>> mock = model.with_context(model.mean(x))
        >>> mock.chi2(x).item() < 1e-9
        True
        """
        value = jnp.asarray(value)
        if value.shape != self.value.shape:
            raise ParameterError(
                f"a data vector of shape {value.shape} was given, but the likelihoods have "
                f"{self.value.size} points"
            )
        return self._changed(Likelihood.with_value, self.density.split(value))

    def with_vectors(self, vectors: ArrayLike | None) -> Self:
        """The posterior of the numbers B^T d of all data for `vectors` B (n_data, n), or of all
        the data."""
        if vectors is None:
            return self._changed(Likelihood.with_vectors, [None] * len(self.measured))
        return self._changed(Likelihood.with_vectors, self.density.split(jnp.asarray(vectors)))

    def with_likelihoods(self, names: Sequence[str]) -> Self:
        """The posterior of some of the likelihoods, with all parameters and their priors."""
        absent = [name for name in names if name not in self.parts]
        if absent or not names:
            raise ParameterError(
                f"there is no likelihood {absent[0] if absent else names!r}; they are "
                f"{', '.join(self.parts)}"
            )
        kept = {name: one for name, one in self.parts.items() if name in names}
        return self.of(self.config, kept)

    def _changed(self, change: Callable[[Likelihood, Any], Likelihood], to: Sequence[Any]) -> Self:
        values = zip(self.measured.items(), to, strict=True)
        return self._holding(
            {**self.parts, **{n: change(one, value) for (n, one), value in values}}
        )

    def with_likelihood(
        self,
        name: str,
        likelihood: LogLikelihood | Callable[..., ArrayLike],
        *,
        data: Any = None,
        params: Mapping[str, object] | None = None,
    ) -> Self:
        """The product with one more likelihood, which sees the same universe.

        likelihood: a pytree with `log_likelihood(parameters, universe)` and `parameters` (see
        `jaxlike.likelihoods.protocol.LogLikelihood`), or a function (parameters, universe, data)
        that JAX can trace, with its `data`, a pytree, or (parameters, universe). params:
        parameters that it alone knows, each as in a Cobaya input. ParameterError on a name that is
        taken, and on what JAX cannot differentiate.

        >>> def flat(parameters, universe, data):
        ...     return -0.5 * ((universe.D_M(1.0) - data["D"]) / data["error"]) ** 2  # Mpc
        >>> more = model.with_likelihood("flat", flat, data={"D": 3300.0, "error": 50.0})
        >>> more.likelihood_names
        ('jaxlike.cobaya.2x2pt', 'flat')
        """
        other = other_likelihood(name, likelihood, data, tuple(params or ()))
        config = changed.config_with_parameters(self.config, other, params or {}, self.samples)
        if name in self.parts:
            raise ParameterError(f"there is a likelihood '{name}' already")
        found = self.of(config, {**self.parts, name: other})
        check_differentiable(name, found.density, values=other.foreign)
        return found

    def with_others(self, others: Mapping[str, LogLikelihood]) -> Self:
        """The posterior with others of the same structure in the place of likelihoods that are not
        of two-point data, by name; their arrays may be traced."""
        changed = {
            name: replace(one, arrays=others[name])
            for name, one in self.parts.items()
            if isinstance(one, Other) and name in others
        }
        return self._holding({**self.parts, **changed})

    def with_priors(self, priors: Mapping[str, object]) -> Self:
        """The posterior with other priors of sampled parameters, by name.

        A prior is Cobaya's [min, max] or {dist: norm, loc: 0, scale: 1}, or an object of
        `jaxlike.posterior.priors`. One of the kind that the parameter had compiles nothing anew. A
        reference that it leaves outside moves to its centre. ParameterError on names that are not
        sampled, ConfigError on what is no prior.

        >>> narrow = model.with_priors({"omegam": [0.2, 0.4], "b1": {"dist": "norm", "loc": 1.4}})
        >>> narrow.log_posterior({"omegam": 0.45, "b1": 1.4}).item()
        -inf
        """
        config = changed.config_with_priors(self.config, priors)
        density = replace(self.density, **priors_of(config))
        return replace(self, config=config, held=Held.of(density))

    def with_nz(self, tables: Mapping[str, ArrayLike]) -> Self:
        """The posterior of other n(z) (n_bin, n_z), by the name of their table in the data.

        Of any normalisation, in the cells of the file (`model.data.distribution(name)`), and
        traced or not; NAME.table where several likelihoods have a table of this name.
        ParameterError on a table or shape that there is not, and on galaxies beyond the file's.

        >>> table = model.data.nz[0]
        >>> slope = jax.grad(lambda n: model.with_nz({table.name: n}).log_posterior(x))
        >>> slope(jnp.asarray(table.dndz)).shape == table.dndz.shape
        True
        """
        return self._holding({**self.parts, **changed.parts_with_nz(self.measured, tables)})

    def with_data(self, data: "changed.Data | Mapping[str, changed.Data]") -> Self:
        """The posterior of other data: a data vector (n_data,), which may be traced, or
        TwoPointData of the same samples, whose n(z), covariance and points all count.

        Name of the likelihood -> its data where there are several; a vector may also have all of
        them one after another. ParameterError on another shape or on other samples of galaxies.

        >>> model.with_data(1.01 * model.value).n_points == model.n_points
        True
        """
        if not isinstance(data, Mapping | TwoPointData):
            return self.with_context(data)
        return self._holding({**self.parts, **changed.parts_with_data(self.measured, data)})

    def _holding(self, parts: Mapping[str, Likelihood | Other]) -> Self:
        density = replace(
            self.density,
            grid=grid_of(parts.values(), self.config.theory),
            likelihoods=tuple(one.arrays for one in parts.values()),
        )
        return replace(self, parts=parts, held=Held.of(density))

    def __repr__(self) -> str:
        return described(self.config, self.parts, self.compressed)
