"""Parameters of a posterior: records of a configuration, and the values that follow from them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors import Prior


@dataclass(frozen=True)
class Parameter:
    """One parameter: sampled (has a `prior`), fixed (a `value`) or `derived_from` others.

    `ref_loc` is where chains start, with spread `ref_scale`; `proposal` is a typical step.
    `derived_from` is (function, argument names), a function that JAX can trace.  A parameter with
    `drop` feeds such functions only and is not passed to the theory.  An `assumed` one stands in
    the defaults of a component, not in the input: it goes where the data have not got its bin.
    """

    name: str
    prior: Prior | None = None
    value: float | None = None
    latex: str = ""
    ref_loc: float | None = None
    ref_scale: float | None = None
    proposal: float | None = None
    derived_from: tuple[Callable[..., ArrayLike], tuple[str, ...]] | None = None
    drop: bool = False
    assumed: bool = False


def parameter_values(
    parameters: Iterable[Parameter], sampled: Mapping[str, ArrayLike]
) -> dict[str, ArrayLike]:
    """Names -> values of all parameters but the dropped ones, from the values of the sampled ones.

    Traceable in the values.  Raises ParameterError as `all_values`.
    """
    parameters = tuple(parameters)
    values = all_values(parameters, sampled)
    return {p.name: values[p.name] for p in parameters if not p.drop}


def all_values(
    parameters: Iterable[Parameter], sampled: Mapping[str, ArrayLike]
) -> dict[str, ArrayLike]:
    """The same with the dropped ones, for functions of parameters.

    Traceable in the values.  Raises ParameterError if a sampled value is missing, if `sampled` has
    a name that is not sampled, or if functions depend on each other in a circle.
    """
    parameters = tuple(parameters)
    wanted = [p.name for p in parameters if p.prior is not None]
    if set(wanted) != set(sampled):
        culprit = min(set(wanted) ^ set(sampled))
        problem = "missing" if culprit in wanted else "not one of the sampled parameters"
        raise ParameterError(f"value of '{culprit}' is {problem}: expected {', '.join(wanted)}")
    values: dict[str, ArrayLike] = dict(sampled)
    values.update({p.name: p.value for p in parameters if p.value is not None})
    waiting = {p.name: p.derived_from for p in parameters if p.derived_from is not None}
    while waiting:
        ready = [name for name, (_, args) in waiting.items() if all(a in values for a in args)]
        if not ready:
            raise ParameterError(
                f"parameter '{next(iter(waiting))}' is a function of names that are unknown or "
                f"depend on it; known are {', '.join(values)}"
            )
        for name in ready:
            function, args = waiting.pop(name)
            values[name] = function(*(values[a] for a in args))
    return values
