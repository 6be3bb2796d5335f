"""Better designs at equal cost, by following the gradient of what is asked of a survey."""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.forecast.design import Design, as_arrays, edges_from, gaps_from
from jaxlike.forecast.options import Optimise
from jaxlike.forecast.survey import Forecast, Merit

Variables = dict[str, Array]


@dataclass(frozen=True)
class Optimum:
    """The best design on the way, its merit, and the merit (n_step + 1,) at every step."""

    design: Design
    merit: Merit
    history: np.ndarray


def _loss(found: Merit, merit: str) -> Array:
    """What is to be made small: -ln FoM, or ln of the error of S8 (`merit` "fom", "S8")."""
    return -jnp.log(found.fom) if merit == "fom" else jnp.log(found.sigma_S8)


def gradient(forecast: Forecast, design: Design, merit: str) -> tuple[Array, Design]:
    """ln of the merit (FoM, or 1 / error of S8) and its derivative in every number of `design`."""

    def value(design: Design) -> Array:
        return -_loss(forecast.merit(design), merit)

    return jax.value_and_grad(value)(as_arrays(design))


def optimise(forecast: Forecast, design: Design, options: Optimise) -> Optimum:
    """Improve a design by Adam (optax) in the properties that `options` names.

    Bins keep their outer edges. ConfigError without optax or with bins that are too narrow to begin
    with; JaxlikeError where the merit is not finite.
    """
    try:
        import optax
    except ImportError as error:
        raise ConfigError(
            "optimising a survey needs optax: pip install 'jaxlike[samplers]'"
        ) from error
    if options.merit == "fom" and not {"w0", "wa"} <= set(forecast.names):
        raise ConfigError("optimise: merit = fom needs w0 and wa among the parameters that vary")
    variables = _variables(design, options)

    def loss(variables: Variables) -> tuple[Array, Merit]:
        found = forecast.merit(_design(variables, design, options))
        return _loss(found, options.merit), found

    adam = optax.adam(options.learning_rate)

    def step(carry: tuple, _: None) -> tuple[tuple, tuple]:
        variables, state = carry
        (value, merit), slope = jax.value_and_grad(loss, has_aux=True)(variables)
        updates, state = adam.update(slope, state, variables)
        return (optax.apply_updates(variables, updates), state), (value, variables, merit)

    begin = (variables, adam.init(variables))
    _, (values, *path) = jax.lax.scan(step, begin, length=options.steps + 1)
    values = np.asarray(values)
    if not np.isfinite(values).all():
        raise JaxlikeError(
            f"{options.merit} is not finite at step {int(np.argmin(np.isfinite(values)))} of the "
            "optimisation: take a smaller learning_rate"
        )
    best, merit = jax.tree.map(lambda leaf: leaf[int(np.argmin(values))], path)
    history = np.exp(-values) if options.merit == "fom" else np.exp(values)
    return Optimum(_design(best, design, options), merit, history)


def _variables(design: Design, options: Optimise) -> Variables:
    """Unconstrained variables that stand for the design as it is."""
    variables: Variables = {}
    for name in options.adjust:
        if name == "area":
            variables[name] = jnp.zeros(())
            continue
        edges = np.asarray(getattr(design, name.removesuffix("_edges")).edges, float)
        if np.diff(edges).min() <= options.narrowest_bin:
            raise ConfigError(
                f"optimise: narrowest_bin is {options.narrowest_bin:g}, but the narrowest of "
                f"{name} is {np.diff(edges).min():g} wide: take a smaller one"
            )
        variables[name] = jnp.asarray(gaps_from(edges, options.narrowest_bin))
    return variables


def _design(variables: Variables, design: Design, options: Optimise) -> Design:
    for name, value in variables.items():
        if name == "area":
            area = jnp.asarray(design.area) * jnp.exp(value)
            design = design.at_equal_cost(area, options.cost_exponent)
            continue
        kind = name.removesuffix("_edges")
        sample = getattr(design, kind)
        low, high = float(sample.edges[0]), float(sample.edges[-1])
        moved = partial(edges_from, low=low, high=high, narrowest=options.narrowest_bin)
        design = replace(design, **{kind: replace(sample, edges=moved(value))})
    return design
