"""A Cobaya input as a Config, with the components' default files merged in as Cobaya does."""

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jaxlike.config.container import Config, make_config
from jaxlike.config.defaults import defaults_of, names_under_prefixes, replaced_options
from jaxlike.config.external import check_traceable, external_priors
from jaxlike.config.functions import check_functions
from jaxlike.config.records import expand, output_from, parameter_from
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import Names
from jaxlike.registry.options import (
    LIKELIHOOD_OPTIONS,
    THEORY_OPTIONS,
    check_option_names,
    component_probes,
)
from jaxlike.registry.resolve import check_names

PREFIX = "jaxlike.cobaya."
LIKELIHOODS = {PREFIX + name: name for name in ("3x2pt", "shear", "2x2pt")}
THEORY = PREFIX + "Theory"
_READ = ("theory", "likelihood", "params", "prior", "sampler", "output")
_HOST_ONLY = (
    "jaxlike",  # what a run of ours was
    "force",
    "resume",
    "debug",
    "debug_file",
    "stop_at_error",
    "packages_path",
    "timing",
    "test",
    "version",
)
_REFUSED = {
    "post": "use cobaya-run for it",
    "auto_params": "write the parameters under 'params'",
}
_COMPONENT_HOST_ONLY = (
    "params",  # in the place of the default parameters: Cobaya's way to have none of them
    "class",
    "speed",
    "stop_at_error",
    "type",
    "version",
    "python_path",
    "aliases",
    # what Cobaya adds in its .updated.yaml
    "input_params",
    "output_params",
    "renames",
)


class _Loader(yaml.SafeLoader):
    """YAML as Cobaya reads it: 1e-9 is a number, a repeated key is an error."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for i, key in enumerate(keys):
        if key in keys[:i]:
            mark = node.value[i][0].start_mark
            raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", mark)
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str, where: str) -> dict[str, Any]:
    """The mapping in a YAML text; ConfigError with `where` and the line if there is none."""
    try:
        info = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise ConfigError(f"{where}{line}: not valid YAML ({problem})") from error
    if not isinstance(info, dict):
        raise ConfigError(f"{where}: not a Cobaya input, which is a mapping with 'likelihood:'")
    return info


def component_defaults(name: str) -> dict[str, Any]:
    """Options and params of the default file of component "3x2pt", "shear", "2x2pt" or "Theory"."""
    # By way of the top package: importing jaxlike.cobaya is Cobaya's business.
    file = files("jaxlike") / "cobaya" / f"{name}.yaml"
    return load_yaml(file.read_text(encoding="utf-8"), f"{name}.yaml")


def read_cobaya_yaml(path: Path, overrides: Mapping[str, object]) -> Config:
    """Read a Cobaya input file; ConfigError or ParameterError name the file and the culprit."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration '{path}' cannot be read as text: {error}") from error
    return config_from_info(load_yaml(text, str(path)), path, **overrides)


def config_from_info(info: Mapping[str, Any], path: Path | str, /, **overrides: object) -> Config:
    """A Config from a Cobaya input as a mapping; `path` is used in messages and to find files."""
    path = Path(path)
    try:
        _check_blocks(info)
        likelihoods, defaults, own = _components(info)
        given = _block(info, "params")
        asked = replaced_options(likelihoods, overrides)
        merged = _merged(given, [*defaults_of(asked, defaults, given), *own])
        names = names_under_prefixes(asked)
        parameters = _parameters(merged, given, names)
        outputs = [one for name in merged if (one := output_from(name, merged[name], names))]
        external = external_priors(_block(info, "prior"), parameters)
    except JaxlikeError as error:
        raise type(error)(f"{path}: {error}") from error
    sampler = info.get("sampler") or {}
    config = make_config(
        path,
        likelihoods,
        overrides,
        output=info.get("output") or None,
        parameters=parameters,
        host="host",
        sampler={sampler: {}} if isinstance(sampler, str) else sampler,
        external_priors=external,
    )
    labels = {one.name: latex for one, latex in outputs}
    config = replace(config, outputs=tuple(one for one, _ in outputs), output_latex=labels)
    try:
        if config.theory.power == "jaxlike":
            _check_theories(info)
            check_names((p.name for p in config.parameters if not p.drop), known=config.names)
        check_functions(parameters, {name for prior in external for name in prior.arguments})
        check_traceable(external, parameters)
    except JaxlikeError as error:
        raise type(error)(f"{path}: {error}") from error
    return config


def _block(info: Mapping[str, Any], name: str) -> dict[Any, Any]:
    block = info.get(name)
    if isinstance(block, str):
        return {block: None}
    if not isinstance(block or {}, Mapping):
        raise ConfigError(f"block '{name}' is {block!r}, but must be a mapping of names")
    return dict(block or {})


def _check_blocks(info: Mapping[str, Any]) -> None:
    for name, advice in _REFUSED.items():
        if info.get(name):
            raise ConfigError(f"block '{name}' cannot be used by jaxlike itself: {advice}")
    check_option_names(info, (*_READ, *_HOST_ONLY, *_REFUSED), "block")


def _component(block: str, name: object, options: object) -> tuple[str, dict[str, Any]]:
    """The component's class name and its options."""
    if options is not None and not isinstance(options, Mapping):
        raise ConfigError(f"{block} '{name}' is {options!r}, but must be a mapping of options")
    options = dict(options or {})
    return str(options.get("class") or name), options


def _components(
    info: Mapping[str, Any],
) -> tuple[dict[str, dict[str, object]], dict[str, Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Options of each likelihood, those of the theory among them; the default params of each
    component, the theory's under its own name; and the params that components are given."""
    likelihoods = _block(info, "likelihood")
    if not likelihoods:
        raise ConfigError(
            f"no 'likelihood' block; accepted likelihoods are {', '.join(LIKELIHOODS)}"
        )
    found: dict[str, dict[str, object]] = {}
    params: dict[str, Mapping[str, Any]] = {}
    own: list[Mapping[str, Any]] = []
    for name, given in likelihoods.items():
        component, options = _component("likelihood", name, given)
        check_option_names([component], LIKELIHOODS, "likelihood")
        merged, params[name] = _options(component, options, LIKELIHOOD_OPTIONS)
        own.append(_block(options, "params"))
        probes = component_probes(LIKELIHOODS[component], merged["probes"])
        found[name] = {**merged, "probes": probes}
    for name, given in _block(info, "theory").items():
        component, options = _component("theory", name, given)
        if component == THEORY:
            merged, params[THEORY] = _options(component, options, THEORY_OPTIONS)
            own.append(_block(options, "params"))
            for one in found.values():
                one.update(merged)
    return found, params, own


def _options(
    component: str,
    given: Mapping[str, Any],
    accepted: tuple[str, ...],
) -> tuple[dict[str, Any], dict[Any, Any]]:
    """The default options of a component with the given ones on top, and its default params.

    There are none where it is given params, or in an .updated.yaml, where Cobaya has moved them
    into the input's own.
    """
    check_option_names(given, (*accepted, *_COMPONENT_HOST_ONLY), f"option of {component}:")
    defaults = component_defaults(component.removeprefix(PREFIX))
    merged = defaults | dict(given)
    replaced = "params" in given or "input_params" in given
    params = {} if replaced else _block(defaults, "params")
    return {name: value for name, value in merged.items() if name in accepted}, params


def _check_theories(info: Mapping[str, Any]) -> None:
    for name, options in _block(info, "theory").items():
        if _component("theory", name, options)[0] != THEORY:
            raise ConfigError(
                f"theory '{name}' has no effect with power: jaxlike; accepted is {THEORY}, "
                "or power: host in the likelihood"
            )


def _merged(
    given: Mapping[Any, Any], defaults: list[Mapping[str, Any]]
) -> dict[Any, dict[str, object]]:
    """Entries of the input, then those of the components that it does not mention."""
    merged: dict[Any, dict[str, object]] = {}
    for params in defaults:
        merged.update({name: expand(name, info) for name, info in params.items()})
    excludes = {
        "prior": ("value", "derived", "min", "max"),
        "value": ("prior", "ref", "proposal"),
        "derived": ("prior", "drop", "ref", "proposal"),
    }
    for name, info in given.items():
        new = expand(name, info)
        old = merged.get(name, {}) | new
        for key, excluded in excludes.items():
            if key in new:
                # Within the input's own entry a contradiction stays, and is reported later.
                old = {k: v for k, v in old.items() if k not in excluded or k in new}
        merged[name] = old
    order = [*given, *(name for name in merged if name not in given)]
    return {name: merged[name] for name in order}


def _parameters(
    merged: Mapping[Any, Mapping[str, object]], given: Mapping[Any, Any], names: Names
) -> tuple[Parameter, ...]:
    """The parameters of all entries."""
    found = {name: parameter_from(name, info, names) for name, info in merged.items()}
    return tuple(replace(p, assumed=name not in given) for name, p in found.items() if p)
