"""From an input with `theory: camb` or `classy` to the same with jaxlike's theory."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from jaxlike.config.boltzmann.arguments import check_neutral, read_arguments, read_component
from jaxlike.config.boltzmann.camb import CAMB
from jaxlike.config.boltzmann.classy import CLASSY
from jaxlike.config.boltzmann.likelihoods import class_of, linear_of, see_spectra_of_cmb
from jaxlike.config.boltzmann.rules import (
    Code,
    Function,
    Idle,
    ParameterRule,
    Refused,
    Renamed,
    Universe,
    number,
)
from jaxlike.config.explained import Explanation
from jaxlike.config.functions import function_from
from jaxlike.config.records import expand
from jaxlike.config.renames import renames_from
from jaxlike.errors import ConfigError
from jaxlike.registry.names import find
from jaxlike.theory.power.derived import DERIVED

CODES = {code.name: code for code in (CAMB, CLASSY)}
"""Names of Cobaya's theories that are known here."""

THEORY = "jaxlike.cobaya.Theory"


def boltzmann_code(info: Mapping[str, Any]) -> tuple[str, Code] | None:
    """The name in the block `theory` of a Boltzmann code that is known here, and the code; None
    where there is none.

    ConfigError where another theory stands beside it.
    """
    block = info.get("theory")
    block = {block: None} if isinstance(block, str) else block
    if not isinstance(block, Mapping):
        return None
    classes = {name: class_of(name, options) for name, options in block.items()}
    found = [name for name, component in classes.items() if component in CODES]
    if not found:
        return None
    other = next((name for name in classes if name != found[0]), None)
    if other is not None:
        raise ConfigError(
            f"theories '{found[0]}' and '{other}' stand beside each other: jaxlike's own takes the "
            "place of one Boltzmann code alone"
        )
    return str(found[0]), CODES[classes[found[0]]]


def translated(info: Mapping[str, Any], explanation: Explanation) -> dict[str, Any]:
    """The input with jaxlike's theory and its names of parameters; rows of all that is of the
    Boltzmann code go to `explanation`. The input itself where there is none.

    ConfigError on what has no counterpart here.
    """
    found = boltzmann_code(info)
    if found is None:
        return dict(info)
    name, code = found
    block = info["theory"]
    options = dict((block.get(name) or {}) if isinstance(block, Mapping) else {})
    where = f"theory: {name}"
    renames = {**code.renames, **renames_from(options.get("renames"), name)}
    explanation.option(explanation.entry("theory", name, code.name), f"{THEORY}")
    universe = Universe()
    if see_spectra_of_cmb(info):
        universe.functions |= dict.fromkeys(("tau", "tau_reio"), Function("tau", "{}"))
    read_component(where, options, explanation)
    arguments = options.get("extra_args") or {}
    pending = read_arguments(f"{where}: extra_args", arguments, code, universe, explanation)
    params = {**dict(options.get("params") or {}), **dict(info.get("params") or {})}
    inputs = dict(_inputs(params, renames, code))
    try:
        become = code.complete(universe, {**universe.fixed, **dict.fromkeys(inputs.values(), 0)})
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    for entry in pending:
        explanation.option(entry, become[entry.key])
    params = _with_parameters(params, inputs, code, universe, explanation, _used(params, info))
    params = _with_outputs(params, renames, code)
    universe.options |= {"linear": linear_of(params, info)}
    theory = {THEORY: dict(sorted(universe.options.items()))}
    likelihoods = _without_host(info.get("likelihood"), explanation)
    return {**info, "theory": theory, "params": params, "likelihood": likelihoods}


def _inputs(
    params: Mapping[str, Any], renames: Mapping[str, str], code: Code
) -> Iterator[tuple[str, str]]:
    """(Name in the input, the code's own name) of the parameters that the code would take."""
    for name, info in params.items():
        terms, own = expand(name, info), renames.get(name, name)
        given = terms.get("prior") is not None or terms.get("value") is not None
        if given and not terms.get("drop") and own in code.parameters:
            yield name, own


def _used(params: Mapping[str, Any], info: Mapping[str, Any]) -> set[str]:
    """Names of parameters that others are functions of, or that external priors take, and of fixed
    ones that what is recorded is a function of."""
    every = {name: expand(name, one) for name, one in params.items()}
    found = _arguments({name: terms.get("value") for name, terms in every.items()})
    found |= _arguments(info.get("prior") or {})
    recorded = _arguments({name: terms.get("derived") for name, terms in every.items()})
    return found | {name for name in recorded if "value" in every.get(name, {})}


def _arguments(functions: Mapping[str, Any]) -> set[str]:
    """Names of all arguments of those that are functions."""
    return {
        argument
        for name, one in functions.items()
        if callable(one) or (isinstance(one, str) and "lambda" in one)
        for argument in function_from(str(name), one).arguments
    }


def _with_parameters(
    params: Mapping[str, Any],
    inputs: Mapping[str, str],
    code: Code,
    universe: Universe,
    explanation: Explanation,
    used: set[str],
) -> dict[str, Any]:
    """The params with what the code takes by the names that they have here."""
    found = dict(params)
    for name, own in inputs.items():
        terms = expand(name, params[name])
        entry = explanation.entry("params", name, params[name])
        rule = _rule_of(own, code, universe)
        if isinstance(rule, Refused):
            check_neutral(entry, rule, terms.get("value"))
            rule = Idle(f"{rule.reason}, as it is at this value")
        if isinstance(rule, Idle):
            explanation.idle(entry, rule.reason)
            del found[name]
            if name in used:
                found[name] = {**terms, "drop": True}
            continue
        text = rule.text.format(name) if isinstance(rule, Function) else name
        explanation.parameter(entry, rule.name if text == name else f"{rule.name} = {text}")
        if rule.name == name:
            continue
        _check_free(name, rule.name, found, inputs)
        before = expand(rule.name, found.pop(rule.name, None))
        latex = {"latex": before["latex"]} if "latex" in before else {}
        if not name.isidentifier():  # no function can have it as an argument
            found[rule.name] = {**found.pop(name), **latex}
            continue
        fixed = terms.get("value")
        if isinstance(fixed, int | float):
            if name in used:
                found[name] = {**terms, "drop": True}
            else:
                del found[name]
            known = np.asarray(function_from(name, f"lambda {name}: {text}")(float(fixed)))
            found[rule.name] = {"value": float(known), **latex} if latex else float(known)
            continue
        found[name] = {**terms, "drop": True}
        recorded = {} if latex else {"derived": False}
        found[rule.name] = {"value": f"lambda {name}: {text}", **recorded, **latex}
    for own, value in universe.fixed.items():
        rule = _rule_of(own, code, universe)
        if isinstance(rule, Renamed):
            given = expand(rule.name, found.get(rule.name))
            if given.get("prior") is None and given.get("value") is None:
                found[rule.name] = number(value, f"parameter '{own}'")
    return found


def _rule_of(own: str, code: Code, universe: Universe) -> ParameterRule:
    if own in universe.ignored:
        return Idle(universe.ignored[own])
    return universe.functions.get(own) or code.parameters.get(own) or Renamed(own)


def _check_free(name: str, ours: str, params: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
    terms = expand(ours, params.get(ours))
    given = terms.get("prior") is not None or terms.get("value") is not None
    if ours in params and given and not terms.get("drop"):
        raise ConfigError(f"parameters '{name}' and '{ours}' are both given, and are one: give one")


def is_computed(
    name: str, functions: Mapping[str, tuple[str, ...] | None], above: tuple[str, ...] = ()
) -> bool:
    """Whether a derived parameter can be computed here; functions: parameters and what is recorded
    -> their arguments, None where they are quantities of the universe."""
    arguments = functions.get(name)
    if arguments is None:
        named = find(name)
        return name in DERIVED or (named is not None and named.sample is None)
    inner = (*above, name)
    return all(one not in inner and is_computed(one, functions, inner) for one in arguments)


def _with_outputs(
    params: Mapping[str, Any], renames: Mapping[str, str], code: Code
) -> dict[str, Any]:
    """The params with what is recorded of the code's as a function of what it is called here, and
    without what is not computed here."""
    found = dict(params)
    for name, info in params.items():
        terms = expand(name, info)
        own = renames.get(name, name)
        ours = code.outputs.get(own, own)
        plain = terms.get("prior") is None and terms.get("value") is None
        if plain and ours != name and terms.get("derived", True) is True and ours not in params:
            found[name] = {**terms, "derived": f"lambda {ours}: {ours}"}
    functions = {name: _of_recorded(name, info) for name, info in found.items()}
    return {name: info for name, info in found.items() if is_computed(name, functions)}


def _of_recorded(name: str, info: Any) -> tuple[str, ...] | None:
    """The arguments of a derived parameter, () of any other, None where it is no function."""
    terms = expand(name, info)
    if terms.get("prior") is not None or terms.get("value") is not None:
        return ()
    derived = terms.get("derived", True)
    if isinstance(derived, str) or callable(derived):
        return function_from(name, derived).arguments
    return None


def _without_host(block: Any, explanation: Explanation) -> Any:
    """The block `likelihood` in which none takes its power from the Boltzmann code."""
    if not isinstance(block, Mapping):
        return block
    found = dict(block)
    for name, options in block.items():
        if isinstance(options, Mapping) and options.get("power") == "host":
            entry = explanation.entry(f"likelihood: {name}", "power", "host")
            explanation.option(entry, "power = jaxlike, for gradients")
            found[name] = {key: value for key, value in options.items() if key != "power"}
    return found
