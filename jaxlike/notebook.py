"""What a notebook does with a posterior, in a call each: sample, minimise, forecast, plot."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.forecast import fisher as _fisher
from jaxlike.inference.geometry.best_fit import BestFit, best_fit
from jaxlike.inference.results.chains import Chains
from jaxlike.inference.results.convert import draws_of_inference_data, inference_data
from jaxlike.inference.runs.parameter_space import (
    with_chi2s,
    with_derived,
    with_external_priors,
)
from jaxlike.inference.samplers.by_name import checked_options, sampler
from jaxlike.inference.target import check_posterior
from jaxlike.posterior.model import Model


def sample(
    model: Model, method: str = "nuts", *, progress: bool | None = None, **options: Any
) -> Any:
    """Draws of a posterior as ArviZ's InferenceData.

    Args:
        model: The posterior.
        method: nuts, hmc, adjusted_mclmc, mclmc, laps, svi, neutra, nested or mh.
        progress: Whether to print how far it is (default: where the output is a terminal).
        options: Those of the method (`chains`, `samples`, `seed`, ...), as of `jaxlike sample`.

    Returns:
        InferenceData. The group `posterior` has the sampled and the derived parameters, each
        (chain, draw), `sample_stats` the log-posterior `lp`, `diverging`, and `chi2_NAME` of each
        likelihood.

    Raises:
        ConfigError: On an unknown method or option, and on what is no posterior.

    Example:
        >>> found = jaxlike.sample(model, chains=2, warmup=20, samples=20, seed=1, progress=False)
        >>> found.posterior["omegam"].shape
        (2, 20)
        >>> sorted(found.sample_stats)
        ['chi2_jaxlike.cobaya.2x2pt', 'diverging', 'lp']
    """
    check_posterior(model, "jaxlike.sample")
    run = sampler(method)
    checked = checked_options(method, {k: v for k, v in options.items() if v is not None})
    shown = {} if progress is None else {"progress": progress}
    chains = run(model, **checked, **shown)
    chains = with_external_priors(model, with_derived(model, chains))
    chains = with_chi2s(model, chains)
    each = dict(chains.chi2s) or dict.fromkeys(model.likelihood_names, chains.chi2)
    return inference_data(replace(chains, chi2s=each))


def minimise(model: Model, *, starts: int = 4, seed: int = 0) -> BestFit:
    """The point of highest posterior density, with its covariance and chi2.

    Args:
        model: The posterior.
        starts: How many searches, the first from the reference point, others from draws of the
            prior.
        seed: Of these draws.

    Returns:
        BestFit with `x` (n,), `chi2`, `log_posterior`, `covariance` (n, n), the inverse of minus
        the Hessian, in the order of `model.parameters`.

    Raises:
        ConfigError: Where `starts` is not above 0, and on what is no posterior.
        JaxlikeError: Where no start has a finite log-posterior.

    Example:
        >>> best = jaxlike.minimise(model, starts=1)
        >>> best.x.shape, best.covariance.shape
        ((2,), (2, 2))
        >>> bool(best.chi2 <= model.chi2(model.reference))
        True
    """
    check_posterior(model, "jaxlike.minimise")
    if starts < 1:
        raise ConfigError(f"starts is {starts}; accepted is a number above 0")
    return best_fit(model, starts=starts, seed=seed)


def fisher(
    model: Model,
    *,
    parameters: Sequence[str] | None = None,
    fixed: Iterable[str] = (),
    at: Mapping[str, float] | None = None,
    method: _fisher.Method = "jacobian",
    priors: bool = True,
) -> _fisher.Fisher:
    """The Gaussian forecast of a posterior at its reference point, or where `at` says.

    Args:
        model: The posterior.
        parameters: Those that vary (default: all that are not `fixed`).
        fixed: Those that are known.
        at: Values of parameters at the point, by name, where these are not the reference's.
        method: "jacobian" of the mean, or "hessian" of ln L of data without noise.
        priors: Whether Gaussian priors count.

    Returns:
        Fisher with `names`, `matrix` (n, n), `covariance` (n, n), `errors` (n,), and forecasts of
        fewer parameters (`fixed`, `marginalised`).

    Raises:
        ConfigError: On what is no posterior.
        ParameterError: On names that are not sampled and on a point outside the prior.

    Example:
        >>> found = jaxlike.fisher(model)
        >>> found.names
        ('omegam', 'b1')
        >>> bool(found.errors[1] < jaxlike.fisher(model, priors=False).errors[1])
        True
    """
    check_posterior(model, "jaxlike.fisher")
    return _fisher.fisher(
        model, parameters=parameters, fixed=fixed, at=at, method=method, priors=priors
    )


def plot(
    what: Any,
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    at: Any = None,
    residuals: bool = False,
) -> Path | list[Path]:
    """Write an image and return its path: contours of draws, or the data vector of a posterior.

    Args:
        what: InferenceData, Chains, or a sequence or a dictionary (label -> draws) of several, for
            a triangle; or a Model, whose data and theory are drawn.
        path: Of the image; its ending says the format.
        names: Parameters of the triangle (default: all).
        at: Where the theory of a Model is, x (n,) or a dictionary (default: the reference point).
        residuals: Whether data minus theory are drawn, in units of the errors.

    Returns:
        The path; where a Model has several likelihoods a list of one for each, their names before
        the path's own.

    Raises:
        ConfigError: On what has no effect, or cannot be plotted.

    Example:
        >>> jaxlike.plot(draws, "triangle.png", names=["omegam", "b1"]).name
        'triangle.png'
        >>> jaxlike.plot(model, "data_vector.png", at={"omegam": 0.31, "b1": 1.4}).name
        'data_vector.png'
    """
    if isinstance(what, Model):
        if names is not None:
            raise ConfigError("option names has no effect on the plot of a data vector")
        return _data_vectors(what, Path(path), at, residuals)
    if at is not None or residuals:
        raise ConfigError("options at and residuals have no effect on the plot of draws")
    return _triangle(what, path, names)


def _data_vectors(model: Model, path: Path, at: Any, residuals: bool) -> Path | list[Path]:
    from jaxlike.plots.data_vector import data_vector_plot

    x = model.reference if at is None else model.point(at)
    where = "reference point" if at is None else "given point"
    several = len(model.measured) > 1
    paths = [
        data_vector_plot(
            one.data,
            np.asarray(one.theory_vector(x)),
            path.with_name(f"{name}_{path.name}") if several else path,
            title=f"{Path(one.data.source).name}, {where}",
            residuals=residuals,
            covariance=model.measured[name].covariance,
        )
        for name, one in model.likelihoods.items()
        if name in model.measured
    ]
    return paths if several else paths[0]


def _triangle(what: Any, path: str | os.PathLike[str], names: Sequence[str] | None) -> Path:
    from jaxlike.plots.contours import chains_as_samples, draws_as_samples, triangle_plot

    if hasattr(what, "posterior"):  # InferenceData are a mapping too, of their groups
        runs = {"": what}
    elif isinstance(what, Mapping):
        runs = dict(what)
    elif isinstance(what, Sequence):
        runs = {f"run {i + 1}": one for i, one in enumerate(what)}
    else:
        runs = {"": what}
    samples = []
    for label, one in runs.items():
        if isinstance(one, Chains):
            samples.append(chains_as_samples(one, str(label)))
        elif hasattr(one, "posterior"):
            samples.append(draws_as_samples(draws_of_inference_data(one), str(label)))
        else:
            raise ConfigError(
                f"a {type(one).__name__} cannot be plotted; accepted are a Model, InferenceData, "
                "Chains, and several of the last two"
            )
    return triangle_plot(samples, path, names=names)
