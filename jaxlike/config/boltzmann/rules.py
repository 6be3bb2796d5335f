"""What may become of an option or a parameter of a Boltzmann code: the words of their tables."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from jaxlike.errors import ConfigError


@dataclass
class Universe:
    """What the options of a Boltzmann code have been found to ask for.

    options: of jaxlike's theory.  fixed: parameters that options give or the code assumes.
    functions: parameters that are here functions of theirs.  ignored: parameters that the code does
    not take with these options, and why.  said: values of options that are looked at together.
    Names are the code's.
    """

    options: dict[str, object] = field(default_factory=dict)
    fixed: dict[str, object] = field(default_factory=dict)
    functions: dict[str, "Function"] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Idle:
    """Without effect here, and why."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """Without a counterpart here, and why or what to do; neutral: values at which it is nothing."""

    reason: str
    neutral: tuple[object, ...] = ()


@dataclass(frozen=True)
class Renamed:
    """A parameter by another name here."""

    name: str


@dataclass(frozen=True)
class Function:
    """A parameter that is a function of the code's one: `text` of an expression in its name {}."""

    name: str
    text: str


ParameterRule = Idle | Refused | Renamed | Function

OptionRule = Callable[[object, Universe], str | Idle]
"""(Value, what is asked for) -> what it becomes here; `ValueError` says why it is refused."""


def idle(reason: str) -> OptionRule:
    """An option that never has an effect here."""
    return lambda value, universe: Idle(reason)


def only(accepted: Container[object], reason: str, otherwise: str) -> OptionRule:
    """An option that has no effect at the `accepted` values, and is refused at others."""

    def rule(value: object, universe: Universe) -> Idle:
        if value in accepted:
            return Idle(reason)
        raise ValueError(otherwise)

    return rule


def at_least(low: float, reason: str, otherwise: str) -> OptionRule:
    """A measure of accuracy that has no effect here from `low` on, and is refused below."""

    def rule(value: object, universe: Universe) -> Idle:
        if isinstance(value, Real) and float(value) >= low:
            return Idle(reason)
        raise ValueError(otherwise)

    return rule


def kept(name: str) -> OptionRule:
    """An option that several rules look at together, as `Universe.said[name]`."""

    def rule(value: object, universe: Universe) -> str:
        universe.said[name] = value
        return ""

    return rule


@dataclass(frozen=True)
class Code:
    """A Boltzmann code: its parameters and options -> what becomes of them.

    renames: other names of its parameters that Cobaya knows.  outputs: derived parameters that have
    another name here.  complete: adds what options and sampled and fixed parameters (by the code's
    names) together ask for, with what the code assumes of those that are not given; it returns what
    became of the options that rules have `kept`.
    """

    name: str
    parameters: Mapping[str, ParameterRule]
    options: Mapping[str, OptionRule]
    renames: Mapping[str, str]
    outputs: Mapping[str, str]
    complete: Callable[["Universe", Mapping[str, object]], Mapping[str, str]]


def number(value: object, what: str) -> float:
    """A value as a number; ConfigError where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what} is {value!r}, but must be a number") from error
