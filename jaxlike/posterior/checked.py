"""What a sampler would stumble over in somebody's likelihood, said by its name at once."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.likelihoods.compiled import with_solution
from jaxlike.posterior.density import Density

_WRITTEN = "write it with jax.numpy, which is NumPy for JAX"


def check_differentiable(name: str, density: Density, *, values: bool = True) -> None:
    """ParameterError where the log-likelihood of this name is no real number, where JAX cannot
    trace it, and where parameters of its own have no effect on it; with `values` also where at the
    reference point it, or its slope, is NaN, or its slope is zero in all parameters."""
    traced = dependence(name, density)
    if not values:
        return
    if not any(traced.values()):
        raise ParameterError(f"likelihood '{name}' depends on no parameter, so it has no gradient")
    for own in density.likelihoods[density.names.index(name)].parameters:
        if not traced.get(own, True):
            raise ParameterError(
                f"likelihood '{name}' has the parameter '{own}', which has no effect on it: leave "
                "it out"
            )
    if density.sampled:
        _check_values(name, density)


def dependence(name: str, density: Density) -> dict[str, bool]:
    """Names of canonical parameters -> whether the log-likelihood depends on them; ParameterError
    where it is no real number, or where JAX cannot trace it."""
    try:
        return _traced(name, density)
    except ParameterError as error:
        raise ParameterError(f"likelihood '{name}' {error}") from error
    except Exception as error:  # a function written by the user may raise anything
        parameters = jax.eval_shape(density.canonical, density.reference)
        raise ParameterError(f"likelihood '{name}' {fault(error, parameters)}") from error


def _traced(name: str, density: Density) -> dict[str, bool]:
    """Names of canonical parameters -> whether the log-likelihood depends on them; raises whatever
    it raises."""
    one = density.likelihoods[density.names.index(name)]

    def value(parameters: Mapping[str, Array]) -> Array:
        found = jnp.asarray(one.log_likelihood(parameters, density.universe(parameters)))
        check_number(found)
        return found

    parameters = jax.eval_shape(density.canonical, density.reference)
    program = jax.make_jaxpr(jax.value_and_grad(value))(parameters).jaxpr
    needed = _needed(program.outvars[:1], program.eqns)
    return dict(zip(sorted(parameters), (v in needed for v in program.invars), strict=True))


def _needed(results: Sequence[Any], steps: Sequence[Any]) -> set[Any]:
    """The variables that results of a traced program depend on."""
    needed = {one for one in results if not hasattr(one, "val")}  # literals have
    for step in reversed(steps):
        if needed.intersection(step.outvars):
            needed |= {one for one in step.invars if not hasattr(one, "val")}
    return needed


def check_number(found: Any) -> None:
    """ParameterError, without a subject, where a result is not one real number."""
    words = {"f": "real numbers", "i": "whole numbers", "b": "truth values"}
    what = words.get(found.dtype.kind, str(found.dtype))
    if found.shape or found.dtype.kind != "f":
        raise ParameterError(
            f"returns {f'{what} of shape {found.shape}' if found.shape else f'one of the {what}'}, "
            "but must return one real number, the logarithm of a likelihood"
        )


def fault(error: Exception, parameters: Collection[str]) -> str:
    """What is wrong with a function of canonical parameters that raises an error, without a
    subject."""
    if isinstance(error, KeyError) and error.args and error.args[0] not in parameters:
        return (
            f"asks for the parameter {error.args[0]!r}, which is not there; there are "
            f"{', '.join(parameters)}"
        )
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return f"cannot be differentiated by JAX ({reason}): {_WRITTEN}"


@partial(jax.jit, static_argnums=0)
def _value_and_slope(name: str, density: Density, step: ArrayLike) -> tuple[Array, Array, Array]:
    """Whether the cosmology has a solution, ln L and its slope in the sampled parameters, some
    steps of the prior from the reference point."""
    start = jnp.clip(density.to_unconstrained(density.reference), -3.0, 3.0)
    u = start + step * (-1.0) ** np.arange(start.size)
    one, last = density.likelihoods[density.names.index(name)], density.grid.nodes.last_scattering

    def value(x: Array) -> tuple[Array, Array]:
        possible, safe = with_solution(density.canonical(x), density.options, last)
        return jnp.asarray(one.log_likelihood(safe, density.universe(safe))), possible

    (found, possible), slope = jax.value_and_grad(value, has_aux=True)(
        density.from_unconstrained(u)
    )
    return possible, found, slope


def _check_values(name: str, density: Density) -> None:
    """At the reference point, and beside it, as a slope may be zero at a peak."""
    flat = True
    for step in (0.0, 0.13):
        possible, value, slope = map(np.asarray, _value_and_slope(name, density, step))
        where = "at" if step == 0 else "near"
        if np.isnan(value):
            raise ParameterError(f"likelihood '{name}' is NaN {where} the reference point")
        if not (possible and np.isfinite(value)):
            return
        bad = [p for p, d in zip(density.sampled, slope, strict=True) if not np.isfinite(d)]
        if bad:
            raise ParameterError(
                f"likelihood '{name}' has no slope in '{bad[0]}' (NaN) {where} the reference point,"
                f" where it is {value:.6g}"
            )
        flat = flat and not slope.any()
    if flat and _varies(name, density):
        raise ParameterError(
            f"likelihood '{name}' has a slope of zero in all parameters, as whole numbers, "
            "comparisons and stop_gradient leave it: it has no gradient to follow"
        )


def _varies(name: str, density: Density) -> bool:
    """Whether the log-likelihood depends on a sampled parameter."""
    one = density.likelihoods[density.names.index(name)]

    def value(x: Array) -> Array:
        parameters = density.canonical(x)
        return jnp.asarray(one.log_likelihood(parameters, density.universe(parameters)))

    program = jax.make_jaxpr(value)(density.reference).jaxpr
    return program.invars[0] in _needed(program.outvars, program.eqns)
