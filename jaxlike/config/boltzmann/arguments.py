"""Options of Cobaya's components of Boltzmann codes, and their `extra_args`: a row for each."""

from collections.abc import Mapping
from typing import Any

from jaxlike.config.boltzmann.rules import Code, Idle, ParameterRule, Refused, Renamed, Universe
from jaxlike.config.explained import Entry, Explanation
from jaxlike.errors import ConfigError

_NEVER = {
    "external_primordial_pk": "a primordial spectrum of another theory is not taken here",
    "use_non_linear_ratio": "a nonlinear ratio of another theory is not taken here",
    "requires": "requirements of other theories are not known here",
}
"""Options of the components that are refused where they are given."""

_OF_HOST = (
    *("path", "version", "speed", "stop_at_error", "ignore_obsolete", "type", "class"),
    *("python_path", "input_params", "output_params", "package_install", "aliases"),
)


def read_component(where: str, options: Mapping[str, Any], explanation: Explanation) -> None:
    """Rows of the component's options but `extra_args`."""
    for key, value in options.items():
        entry = explanation.entry(where, key, value)
        if key in ("extra_args", "params"):
            continue
        if key == "renames":
            explanation.option(entry, "names of parameters")
        elif key in _NEVER:
            if value:
                raise entry.refused(_NEVER[key])
            explanation.idle(entry, "it is off")
        elif key in _OF_HOST:
            explanation.idle(entry, "of the program that Cobaya would call")
        else:
            raise entry.refused("it is not known here: leave it out")


def read_arguments(
    where: str, given: Any, code: Code, universe: Universe, explanation: Explanation
) -> list[Entry]:
    """Rows of `extra_args`; those that are looked at together are returned without one."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} is {given!r}, but must be a mapping of options")
    pending = []
    for key, value in given.items():
        entry = explanation.entry(where, key, value)
        rule = code.options.get(key)
        if rule is None and key not in code.parameters:
            raise entry.refused(
                f"it is not known what it would be here: leave it out (known are "
                f"{', '.join((*code.options, *code.parameters))})"
            )
        if rule is None:
            universe.fixed[str(key)] = value
            explanation.parameter(entry, _of_fixed(entry, code.parameters[key], value))
            continue
        try:
            said = rule(value, universe)
        except ValueError as error:
            raise entry.refused(str(error)) from error
        except (TypeError, OverflowError) as error:  # a list, say, where a word is meant
            raise entry.refused("there is no such value") from error
        if isinstance(said, Idle):
            explanation.idle(entry, said.reason)
        elif said:
            explanation.option(entry, said)
        else:
            pending.append(entry)
    return pending


def _of_fixed(entry: Entry, rule: ParameterRule, value: object) -> str:
    """What becomes of a parameter that an option gives; ConfigError where it is refused."""
    if isinstance(rule, Refused):
        check_neutral(entry, rule, value)
    return f"{rule.name} = {value}" if isinstance(rule, Renamed) else "nothing: no effect here"


def check_neutral(entry: Entry, rule: Refused, value: object) -> None:
    """ConfigError on a value at which what is refused is not nothing."""
    if value not in rule.neutral:
        raise entry.refused(rule.reason)
