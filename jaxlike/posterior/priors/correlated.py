"""Gaussian priors of several parameters together."""

import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.closed_form import Normal

_MAKER = 'import_module("jaxlike.posterior.priors").correlated_gaussian'
_SYMMETRIC = 1e-6  # of the two errors: files of a few digits are symmetric to these


@dataclass(frozen=True)
class CorrelatedPrior:
    """A Gaussian prior of several parameters, each of which keeps its name and its values.

    params: (m,) names; mean: (m,); covariance: (m, m), symmetric and positive definite; file: where
    the covariance is from. `of` checks them. As a function of the parameters it is the external
    prior that Cobaya takes beside `marginals`: the logarithm of the density over the product of
    those of the single parameters.
    """

    name: str
    params: tuple[str, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    file: str | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        name: str,
        params: Sequence[str],
        mean: ArrayLike,
        covariance: ArrayLike,
        file: str | None = None,
    ) -> "CorrelatedPrior":
        """From arrays; ParameterError, naming the prior, on sizes that differ, numbers that are not
        finite, a parameter twice, and a covariance that is none."""
        try:
            _check_names(params)
            matrix = _matrix(covariance, params)
            centre = _vector(mean, params)
        except ParameterError as error:
            raise ParameterError(f"correlated prior '{name}': {error}") from error
        rows = tuple(tuple(row) for row in matrix.tolist())
        return cls(name, tuple(params), tuple(centre.tolist()), rows, file)

    @property
    def factor(self) -> NDArray:
        """L (m, m), lower triangular, L L^T = C: mean + L u of unit normals u."""
        return np.linalg.cholesky(np.array(self.covariance))

    @property
    def scale(self) -> NDArray:
        """Standard deviations (m,)."""
        return np.sqrt(np.diag(np.array(self.covariance)))

    @property
    def marginals(self) -> dict[str, Normal]:
        """Name -> prior of each parameter alone."""
        numbers = zip(self.params, self.mean, self.scale.tolist(), strict=True)
        return {name: Normal(mean, scale) for name, mean, scale in numbers}

    @property
    def __signature__(self) -> inspect.Signature:
        """What Cobaya reads names of parameters from."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in self.params])

    def __call__(self, *values: float, **named: float) -> float:
        """Logarithm of the density over the product of the marginals, at numbers."""
        x = np.array([*values, *(named[name] for name in self.params[len(values) :])], float)
        away = x - np.array(self.mean)
        u, z = solve_triangular(self.factor, away, lower=True), away / self.scale
        ln_volume = np.sum(np.log(self.scale)) - np.sum(np.log(np.diag(self.factor)))
        return float(0.5 * (z @ z - u @ u) + ln_volume)

    @property
    def text(self) -> str:
        """The external prior of a Cobaya input that it is."""
        matrix = [list(row) for row in self.covariance]
        covariance = repr(matrix if self.file is None else self.file)
        words = f"params={list(self.params)!r}, mean={list(self.mean)!r}, covariance={covariance}"
        return f"{_MAKER}({words})"

    @property
    def as_option(self) -> dict[str, Any]:
        """What the option `correlated_priors` says of it."""
        matrix = [list(row) for row in self.covariance]
        return {
            "params": list(self.params),
            "mean": list(self.mean),
            "covariance": matrix if self.file is None else self.file,
        }

    def among(self, names: Collection[str]) -> "CorrelatedPrior | None":
        """The same of those parameters alone that are among `names`; None of none."""
        kept = [i for i, name in enumerate(self.params) if name in names]
        if len(kept) == len(self.params):
            return self
        if not kept:
            return None
        return CorrelatedPrior(
            self.name,
            tuple(self.params[i] for i in kept),
            tuple(self.mean[i] for i in kept),
            tuple(tuple(self.covariance[i][j] for j in kept) for i in kept),
        )

    def renamed(self, names: Mapping[str, str]) -> "CorrelatedPrior":
        """The same with other names of parameters, old -> new."""
        return replace(self, params=tuple(names.get(name, name) for name in self.params))


def correlated_gaussian(
    params: Sequence[str], covariance: ArrayLike | str, mean: ArrayLike | str | None = None
) -> CorrelatedPrior:
    """The prior as an external prior of an input: in `prior:`, name -> this function's text.

    covariance, mean: numbers, or names of files of them; the mean is zero where it is not given.
    ParameterError on what is no Gaussian.
    """
    file = covariance if isinstance(covariance, str) else None
    return CorrelatedPrior.of(
        "correlated_gaussian",
        params,
        np.zeros(len(params)) if mean is None else numbers_of(mean, "mean"),
        numbers_of(covariance, "covariance"),
        file,
    )


def numbers_of(given: ArrayLike | str, what: str) -> NDArray:
    """An array, of the text file of this name where it is a name; ParameterError says what is
    wrong."""
    if not isinstance(given, str):
        try:
            return np.asarray(given, float)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"{what} is {given!r}; numbers, or a file of them, are needed"
            ) from (error)
    try:
        return np.loadtxt(given, ndmin=2 if what == "covariance" else 1)
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise ParameterError(f"{what} file '{given}' {reason}") from error
    except ValueError as error:
        problem = str(error).splitlines()[0].rstrip(".:; ")
        raise ParameterError(f"{what} file '{given}' has no rows of numbers ({problem})") from error


def _check_names(params: Sequence[str]) -> None:
    if not params or not all(isinstance(name, str) for name in params):
        raise ParameterError(f"params is {list(params)!r}; a list of names is needed")
    for i, name in enumerate(params):
        if name in params[:i]:
            raise ParameterError(f"parameter '{name}' is there twice")


def _vector(mean: ArrayLike, params: Sequence[str]) -> NDArray:
    found = np.asarray(mean, float)
    if found.shape != (len(params),):
        sizes = f"{found.size} numbers" if found.ndim == 1 else f"shape {found.shape}"
        raise ParameterError(f"mean has {sizes}, but there are {_listed(params)}")
    if not np.isfinite(found).all():
        raise ParameterError("mean has a number that is not finite")
    return found


def _matrix(covariance: ArrayLike, params: Sequence[str]) -> NDArray:
    found = np.asarray(covariance, float)
    if found.shape != (len(params), len(params)):
        shape = " x ".join(map(str, found.shape)) or "one number"
        raise ParameterError(f"covariance is {shape}, but there are {_listed(params)}")
    if not np.isfinite(found).all():
        raise ParameterError("covariance has a number that is not finite")
    variance = np.diag(found)
    if (variance <= 0).any():
        i = int(np.argmin(variance))
        raise ParameterError(
            f"covariance has {variance[i]:g} for the variance of '{params[i]}', but it must be "
            "positive"
        )
    scale = np.sqrt(np.outer(variance, variance))
    skew = np.abs(found - found.T) / scale
    if skew.max() > _SYMMETRIC:
        i, j = divmod(int(np.argmax(skew)), len(params))
        raise ParameterError(
            f"covariance is not symmetric: it has {found[i, j]:g} for '{params[i]}' and "
            f"'{params[j]}', but {found[j, i]:g} the other way round"
        )
    found = (found + found.T) / 2
    least = float(np.linalg.eigvalsh(found / scale)[0])
    if least < 1e-13:
        raise ParameterError(
            "covariance is not positive definite: the smallest eigenvalue of its correlations is "
            f"{least:.2g}"
        )
    return found


def _listed(params: Sequence[str]) -> str:
    shown = ", ".join(params[:4]) + (", ..." if len(params) > 4 else "")
    return f"{len(params)} parameters ({shown})"


def check_not_joint(name: str, priors: Iterable[CorrelatedPrior]) -> None:
    """ParameterError where a parameter of this name, which is to have another prior, is in one of
    several."""
    for prior in priors:
        if name in prior.params:
            raise ParameterError(
                f"'{name}' is in the correlated prior '{prior.name}', so it takes no prior of its "
                "own"
            )
