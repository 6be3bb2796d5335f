"""Fisher matrix of a posterior whose likelihood is Gaussian in a data vector.

Campagne et al. 2023 (arXiv:2302.05163), section 4.1: J^T C^-1 J with J the derivatives of the mean
(eq. 13), or minus the Hessian of the log-likelihood of data without noise (eq. 12); the two agree
to rounding. A covariance that depends on the parameters adds 1/2 tr(C^-1 dC C^-1 dC): Tegmark,
Taylor & Heavens 1997 (arXiv:astro-ph/9603021), eq. 15.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import JaxlikeError, ParameterError
from jaxlike.inference.target import Posterior
from jaxlike.numerics import block_algebra
from jaxlike.numerics.derivatives import jacobian

Method = Literal["jacobian", "hessian"]
METHODS = ("jacobian", "hessian")

#: Point x (n,) -> covariance of the data as blocks (n_block, m, m).
BlockCovariance = Callable[[Array], Array]

_SMALLEST = 1e-12  # eigenvalue, for a unit diagonal: below it is rounding
_SHARE = 0.1  # of the largest component, from which a parameter takes part in a direction


class GaussianPosterior(Posterior, Protocol):
    """A posterior over x (n,) whose likelihood is Gaussian with this mean (n_data,).

    `information(J)` is J^T C^-1 J of derivatives J (n_data, m); `with_context(value)` the posterior
    of another data vector (n_data,).
    """

    def mean(self, x: ArrayLike, /) -> Array: ...
    def information(self, jacobian: Array, /) -> Array: ...
    def with_context(self, context: ArrayLike, /) -> Posterior: ...


@dataclass(frozen=True)
class Fisher:
    """A Fisher matrix (n, n) of named parameters at `at` (n,): their Gaussian forecast.

    Example:
        >>> found = jaxlike.fisher(model)
        >>> bool(found.fixed(["b1"]).errors[0] < found.errors[0])
        True
    """

    names: tuple[str, ...]
    latex: tuple[str, ...]
    at: np.ndarray
    matrix: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """Inverse (n, n); JaxlikeError names the parameters of a direction that is not measured."""
        return inverted(self.matrix, self.names)

    @property
    def errors(self) -> np.ndarray:
        """Standard deviations (n,), each with all other parameters free."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def conditional_errors(self) -> np.ndarray:
        """Standard deviations (n,), each with all other parameters known."""
        return 1 / np.sqrt(np.diag(self.matrix))

    def error_of(self, gradient: ArrayLike) -> float:
        """Standard deviation of a function of the parameters with this gradient (n,)."""
        gradient = np.asarray(gradient)
        return float(np.sqrt(gradient @ self.covariance @ gradient))

    def figure_of_merit(self, first: str, second: str) -> float:
        """1 / sqrt(det Cov) of a pair of parameters, all others free.

        Albrecht et al. 2006 (arXiv:astro-ph/0609591) for (w0, wa); pi / FoM is the area of the
        1-sigma ellipse.
        """
        at = self._index((first, second))
        return float(1 / np.sqrt(np.linalg.det(self.covariance[np.ix_(at, at)])))

    def fixed(self, names: Iterable[str]) -> "Fisher":
        """The same with these parameters known; ParameterError on names it has not got."""
        known = self._index(names)
        return self._taken([i for i in range(len(self.names)) if i not in known], self.matrix)

    def marginalised(self, names: Iterable[str]) -> "Fisher":
        """Of these parameters alone, all others free; ParameterError on names it has not got."""
        at = self._index(names)
        chosen = tuple(self.names[i] for i in at)
        inverse = inverted(self.covariance[np.ix_(at, at)], chosen)
        return replace(self._taken(at, self.matrix), matrix=inverse)

    def _taken(self, at: Sequence[int], matrix: np.ndarray) -> "Fisher":
        return Fisher(
            tuple(self.names[i] for i in at),
            tuple(self.latex[i] for i in at),
            self.at[list(at)],
            matrix[np.ix_(at, at)],
        )

    def _index(self, names: Iterable[str]) -> list[int]:
        names = list(names)
        check_names(names, self.names, "of the Fisher matrix")
        return [self.names.index(name) for name in names]


def check_names(given: Iterable[str], known: Sequence[str], what: str) -> None:
    """ParameterError on a name that is not among the `known` ones `what` speaks of, or doubled."""
    given = list(given)
    for i, name in enumerate(given):
        if name not in known:
            raise ParameterError(
                f"'{name}' is not a parameter {what}; accepted are {', '.join(known)}"
            )
        if name in given[:i]:
            raise ParameterError(f"parameter '{name}' is given twice")


def inverted(matrix: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Inverse of a Fisher matrix (n, n) of `names`; JaxlikeError says where it is singular."""
    if not np.isfinite(matrix).all():
        raise JaxlikeError("the Fisher matrix is not finite: the theory has no derivatives there")
    diagonal = np.diag(matrix)
    idle = [name for name, value in zip(names, diagonal, strict=True) if not value > 0]
    if idle:
        raise JaxlikeError(
            f"the Fisher matrix is singular: {', '.join(idle)} "
            f"{'has' if len(idle) == 1 else 'have'} no effect on the data at this point; fix what "
            "has none, or give it a Gaussian prior"
        )
    scale = 1 / np.sqrt(diagonal)
    values, axes = np.linalg.eigh(matrix * np.outer(scale, scale))
    if values[0] < _SMALLEST:
        size = np.abs(axes[:, 0])
        order = np.argsort(-size)
        involved = [names[i] for i in order if size[i] > _SHARE * size.max()]
        raise JaxlikeError(
            f"the Fisher matrix is singular: a change of {', '.join(involved)} together leaves the "
            "data as they are; fix one of them, or give it a Gaussian prior"
        )
    inverse = (axes / values) @ axes.T * np.outer(scale, scale)
    return np.asarray((inverse + inverse.T) / 2)


def choose(
    posterior: Posterior,
    parameters: Sequence[str] | None = None,
    fixed: Iterable[str] = (),
    at: Mapping[str, float] | None = None,
) -> tuple[tuple[int, ...], np.ndarray]:
    """Which parameters vary, as indices, and the point x (n,).

    All vary that are not fixed, or `parameters` alone; the point is the reference, but for the
    values of `at`. ParameterError on unknown names and on one that is fixed and varied.
    """
    names, what = posterior.parameters, "that the configuration samples"
    held, at = list(fixed), dict(at or {})
    for given in (held, list(parameters or ()), list(at)):
        check_names(given, names, what)
    for name in held:
        if name in (parameters or ()):
            raise ParameterError(
                f"parameter '{name}' is fixed and varied at once: name it in one of the two"
            )
    varied = [n for n in (names if parameters is None else parameters) if n not in held]
    if not varied:
        raise ParameterError("all parameters are fixed: leave one to vary")
    x = np.array(posterior.reference, float)
    for name, value in at.items():
        x[names.index(name)] = value
    return tuple(names.index(name) for name in varied), x


def information(
    posterior: GaussianPosterior,
    columns: Sequence[int],
    x: ArrayLike,
    *,
    method: Method = "jacobian",
    priors: bool = True,
    covariance: BlockCovariance | None = None,
) -> Array:
    """Fisher matrix (k, k) of the parameters in `columns` at x (n,): a pure function of x.

    priors: add the curvature of -ln prior, 1 / sigma^2 of a normal one and nothing of a flat one.
    covariance: function of x whose dependence on the parameters is to count too.
    """
    x = jnp.asarray(x, float)
    where = jnp.asarray(columns)
    part = x[where]

    def whole(part: Array) -> Array:
        return x.at[where].set(part)

    if method == "jacobian":
        found = posterior.information(jacobian(lambda p: posterior.mean(whole(p)), part))
    else:
        noiseless = posterior.with_context(jax.lax.stop_gradient(posterior.mean(x)))

        def minus_log_likelihood(part: Array) -> Array:
            point = whole(part)
            return posterior.log_prior(point) - noiseless.log_posterior(point)

        found = jax.hessian(minus_log_likelihood)(part)
    if covariance is not None:
        found = found + covariance_term(lambda p: covariance(whole(p)), part)
    if priors:
        found = found - jax.hessian(lambda p: posterior.log_prior(whole(p)))(part)
    return (found + found.T) / 2


def covariance_term(covariance: BlockCovariance, x: Array) -> Array:
    """1/2 tr(C^-1 dC/dx_i C^-1 dC/dx_j), (n, n), of a covariance in blocks at x (n,)."""
    changes = jnp.moveaxis(jacobian(covariance, x), -1, 0)
    relative = jax.vmap(partial(block_algebra.solve, covariance(x)))(changes)
    return 0.5 * jnp.einsum("kbij,lbji->kl", relative, relative)


def fisher(
    posterior: GaussianPosterior,
    *,
    parameters: Sequence[str] | None = None,
    fixed: Iterable[str] = (),
    at: Mapping[str, float] | None = None,
    method: Method = "jacobian",
    priors: bool = True,
    covariance: BlockCovariance | None = None,
) -> Fisher:
    """The Fisher matrix of a posterior at its reference point, or where `at` says.

    Arguments as of `choose` and `information`. ParameterError on bad names and on a point outside
    the prior.
    """
    if method not in METHODS:
        raise ParameterError(f"method is '{method}'; accepted are {', '.join(METHODS)}")
    columns, x = choose(posterior, parameters, fixed, at)
    check_inside(posterior, x)
    chosen = partial(
        information, posterior, columns, method=method, priors=priors, covariance=covariance
    )
    return named(posterior, columns, x, jax.jit(chosen)(x))


def named(posterior: Posterior, columns: Sequence[int], x: np.ndarray, matrix: ArrayLike) -> Fisher:
    """A Fisher matrix (k, k) of the parameters in `columns` at x (n,), with their names."""
    specs = [posterior.specs[i] for i in columns]
    return Fisher(
        tuple(spec.name for spec in specs),
        tuple(spec.latex or spec.name for spec in specs),
        x[list(columns)],
        np.asarray(matrix),
    )


def check_inside(posterior: Posterior, x: np.ndarray) -> None:
    """ParameterError on a value at which its prior has no density."""
    for spec, value in zip(posterior.specs, x, strict=True):
        low, high = spec.prior.support
        if not low <= value <= high:
            raise ParameterError(
                f"parameter '{spec.name}' = {value:g} is outside its prior [{low:g}, {high:g}]"
            )
