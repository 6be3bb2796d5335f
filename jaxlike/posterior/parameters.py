"""Parameters of a posterior: records of a configuration, and the values that follow from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.posterior.functions import Function
from jaxlike.posterior.priors import Prior


@dataclass(frozen=True)
class Parameter:
    """One parameter: sampled (has a `prior`), fixed (a `value`) or `derived_from` others.

    `ref_loc` is where chains start, with spread `ref_scale`; `proposal` is a typical step. A
    parameter with `drop` feeds functions only and is not passed to the theory. An `assumed` one
    stands in the defaults of a component, not in the input: it goes where the data have not got
    its bin.
    """

    name: str
    prior: Prior | None = None
    value: float | None = None
    latex: str = ""
    ref_loc: float | None = None
    ref_scale: float | None = None
    proposal: float | None = None
    derived_from: Function | None = None
    drop: bool = False
    assumed: bool = False

    @property
    def role(self) -> "Role":
        """What it is, whatever its numbers are."""
        return Role(
            self.name,
            self.prior is not None,
            self.value is not None,
            self.value == 0,
            self.derived_from,
            self.drop,
        )


@dataclass(frozen=True)
class Output:
    """What is recorded besides the sampled parameters: a function of parameters and of each other,
    or (None) a dependent parameter or what the theory has under this name."""

    name: str
    function: Function | None = None


@dataclass(frozen=True)
class Role:
    """What a parameter is, without numbers: sampled, fixed (at zero), or a function of others."""

    name: str
    sampled: bool
    fixed: bool
    zero: bool
    derived_from: Function | None
    drop: bool


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
    fixed = {p.name: p.value for p in parameters if p.value is not None}
    return values_of([p.role for p in parameters], fixed, sampled)


def values_of(
    roles: Iterable[Role], fixed: Mapping[str, ArrayLike], sampled: Mapping[str, ArrayLike]
) -> dict[str, ArrayLike]:
    """Names -> values of parameters of these roles, from the fixed and the sampled ones."""
    roles = tuple(roles)
    wanted = [role.name for role in roles if role.sampled]
    if set(wanted) != set(sampled):
        culprit = min(set(wanted) ^ set(sampled))
        problem = "missing" if culprit in wanted else "not one of the sampled parameters"
        raise ParameterError(f"value of '{culprit}' is {problem}: expected {', '.join(wanted)}")
    values: dict[str, ArrayLike] = {**sampled, **fixed}
    waiting = {r.name: r.derived_from for r in roles if r.derived_from is not None}
    while waiting:
        ready = [name for name, f in waiting.items() if all(a in values for a in f.arguments)]
        if not ready:
            raise ParameterError(
                f"parameter '{next(iter(waiting))}' is a function of names that are unknown or "
                f"depend on it; known are {', '.join(values)}"
            )
        for name in ready:
            function = waiting.pop(name)
            values[name] = function(*(values[a] for a in function.arguments))
    return values
