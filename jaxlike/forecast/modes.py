"""A posterior whose chi^2 is computed by a few modes of the angles: see `likelihoods.modes`.

The modes are those that the posterior excites: of what C_ell change in steps of one standard
deviation of the parameters, from where the posterior is largest.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.errors import ParameterError
from jaxlike.forecast.moped import expansion
from jaxlike.likelihoods.modes import Changes, angular_modes
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.numerics.compilation import as_array
from jaxlike.posterior.model import Model

TOLERANCE = 0.01
"""Standard deviation over the posterior of what modes change of chi^2, in its Gaussian."""


def on_modes(
    model: Model,
    at: ArrayLike | Mapping[str, ArrayLike] | None = None,
    tolerance: float = TOLERANCE,
) -> Model:
    """The posterior with chi^2 by modes of the angles, around x (n,) or a dictionary.

    at: None for where the posterior is largest, which is searched for. ParameterError on a
    likelihood whose chi^2 is more than a Gaussian's of C_ell, and where there is nothing to gain.

    >>> on_modes(jaxlike.load("input.yaml"))
    """
    for name, one in model.measured.items():
        _check(name, one)
    here = expansion(model, None if at is None else np.asarray(model.point(at)))
    u = np.asarray(model.to_unconstrained(here.x))
    slope = np.asarray(jax.jacfwd(model.from_unconstrained)(jnp.asarray(u)))
    information = np.asarray(model.information(jnp.asarray(here.derivatives @ slope)))
    # rows: steps of one standard deviation of the Gaussian around the mode
    steps = np.linalg.inv(np.linalg.cholesky(information + np.eye(len(u))))
    parts, spectra = dict(model.parts), _changes(model, u, steps)
    for (name, one), changes in zip(model.measured.items(), spectra, strict=True):
        arrays, theory = one.arrays, one.theory
        modes, _ = angular_modes(theory, np.asarray(arrays.inverse), changes, tolerance)
        if modes.n_mode >= one.data.n_data:
            raise ParameterError(
                f"likelihood '{name}' needs {modes.n_mode} modes for its {one.data.n_data} points: "
                "compression = modes gains nothing, leave it out"
            )
        modes = jax.tree.map(as_array, modes).of_data(arrays.value, arrays.inverse, theory)
        parts[name] = replace(one, arrays=replace(arrays, modes=modes))
    return Model.of(model.config, parts)


def _changes(model: Model, u: NDArray, steps: NDArray) -> list[Changes]:
    """C_ell of the statistics of each likelihood at u (n,), and what steps (n_step, n) change.

    Of both a step and the opposite one: what is odd, and what is even, for curved posteriors.
    """

    def spectra(u: Array) -> list[list[Array]]:
        parameters = model.density.canonical(model.from_unconstrained(u))
        universe = model.density.universe(parameters)
        return [
            one.theory.of_statistics(one.spectra(parameters, universe))
            for one in model.density.measured
        ]

    points = np.concatenate([u[None], u + steps, u - steps])
    every = jax.tree.map(np.asarray, jax.jit(partial(jax.lax.map, spectra))(jnp.asarray(points)))
    return [Changes([c[0] for c in one], [_odd_and_even(c) for c in one]) for one in every]


def _odd_and_even(spectra: NDArray) -> NDArray:
    """Half the difference and half the sum of changes, from values at a point, after steps, and
    after the opposite ones (1 + 2 n_step, ...); none where either has no solution."""
    there, back = np.split(spectra[1:] - spectra[0], 2)
    return np.nan_to_num(np.concatenate([there - back, there + back]) / 2)


def _check(name: str, one: Likelihood) -> None:
    """ParameterError on a likelihood that modes do not serve."""
    arrays = one.arrays
    for there, what in (
        (arrays.vectors is not None, "is compressed already"),
        (arrays.rows is not None, "has a covariance in blocks, which cost little"),
        (arrays.marginal is not None, "has marginalised amplitudes"),
        (bool(arrays.systematics), "has terms beside C_ell (point masses, a PSF)"),
        (arrays.ratios is not None, "has shear ratios"),
        (any(b is not None for b in one.theory.b_projections), "has B modes by themselves"),
    ):
        if there:
            raise ParameterError(
                f"likelihood '{name}' {what}: compression = modes is of a Gaussian in sums of C_ell"
            )
