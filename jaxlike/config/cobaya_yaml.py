"""A Cobaya input as a Config, with the components' default files merged in as Cobaya does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from jaxlike.config.boltzmann import CODES, translated
from jaxlike.config.container import Config, located, make_config
from jaxlike.config.correlated import of_survey, with_correlated
from jaxlike.config.defaults import (
    check_aliases,
    default_params,
    defaults_of,
    names_under_prefixes,
    replaced_options,
)
from jaxlike.config.entries import merged_entries, parameters_from
from jaxlike.config.explained import Explanation
from jaxlike.config.external import check_traceable, correlated_in, external_priors
from jaxlike.config.functions import check_functions
from jaxlike.config.lensing_names import BY_COMPONENT, with_lensing
from jaxlike.config.others import (
    OtherConfig,
    check_names_once,
    check_priors_once,
    known_kinds,
    others_in,
    own_names,
    wanted_others,
)
from jaxlike.config.records import expand, output_from
from jaxlike.config.renames import renamed, renames_from
from jaxlike.config.shape import check_shape
from jaxlike.config.yaml_entries import entries_of, places_of
from jaxlike.config.yaml_text import load_yaml
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.registry.options import (
    LIKELIHOOD_OPTIONS,
    THEORY_OPTIONS,
    check_option_names,
)
from jaxlike.registry.probes import component_probes
from jaxlike.registry.resolve import check_names

PREFIX = "jaxlike.cobaya."
LIKELIHOODS = {PREFIX + name: name for name in ("3x2pt", "shear", "2x2pt")}
TWO_POINT = PREFIX + "3x2pt"
THEORY = PREFIX + "Theory"
_READ = ("theory", "likelihood", "params", "prior", "sampler", "output")
HOST_ONLY = (
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
COMPONENT_HOST_ONLY = (
    "params",  # in the place of the default parameters: Cobaya's way to have none of them
    "class",
    "speed",
    "stop_at_error",
    "type",
    "version",
    "python_path",
    "aliases",
    "renames",
    # what Cobaya adds in its .updated.yaml
    "input_params",
    "output_params",
)


def component_defaults(name: str) -> dict[str, Any]:
    """Options of the default file of component "3x2pt", "shear", "2x2pt" or "Theory", and for a
    likelihood the default params, those of the survey that its default data are of."""
    # By way of the top package: importing jaxlike.cobaya is Cobaya's business.
    file = files("jaxlike") / "cobaya" / f"{name}.yaml"
    defaults = load_yaml(file.read_text(encoding="utf-8"), f"{name}.yaml")
    if name in LIKELIHOODS.values():
        defaults["params"] = default_params(name, defaults)
    return defaults


def read_cobaya_yaml(path: Path, overrides: Mapping[str, object]) -> Config:
    """Read a Cobaya input file; ConfigError or ParameterError name the file and the culprit."""
    text = text_of(path)
    info = load_yaml(text, str(path))
    return config_from_info(
        info, path, Explanation(places=places_of(entries_of(info, text))), **overrides
    )


def text_of(path: Path) -> str:
    """What a file of an input says; ConfigError where it is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration '{path}' cannot be read as text: {error}") from error


def config_from_info(
    info: Mapping[str, Any],
    path: Path | str,
    explanation: Explanation | None = None,
    /,
    **overrides: object,
) -> Config:
    """A Config from a Cobaya input as a mapping; `path` is used in messages and to find files.

    explanation: where rows of what is of other programs go.
    """
    path = Path(path)
    try:
        _check_blocks(info)
        info = translated(info, Explanation() if explanation is None else explanation)
        block, packages = _block(info, "likelihood"), info.get("packages_path")
        block = with_lensing(block, _component, TWO_POINT, COMPONENT_HOST_ONLY, packages)
        every, block = others_in(block, _component, COMPONENT_HOST_ONLY, path, packages)
        info = {**info, "likelihood": block}
        others, overrides = wanted_others(every, tuple(block), overrides)
        _check_any(info, every)
        likelihoods, components, own, renames = _components(info)
        universe = _universe(info)
        for options in likelihoods.values():
            options.update(universe)
        own += [one.entries for one in others]
        check_priors_once(others, _block(info, "params"))
        left_out = {*own_names(every)} - {*own_names(others)}
        given = renamed(_block(info, "params"), renames)
        given = {name: entry for name, entry in given.items() if name not in left_out}
        asked = replaced_options(likelihoods, overrides)
        components = {name: one for name, one in components.items() if name in asked}
        merged = merged_entries(given, [*defaults_of(asked, components, given, path), *own])
        names = names_under_prefixes(asked)
        for name in asked:
            check_names_once(others, names_under_prefixes({name: asked[name]}), name)
        block, joint = correlated_in(_block(info, "prior"))
        taken = {name for name in given if {"prior", "value"} & {*expand(name, given[name])}}
        for name in components:
            place = located(asked[name], path)
            likelihoods[name] |= of_survey({**asked[name], **place}, taken)
        merged, explicit = with_correlated(merged, given, asked, likelihoods, joint, path)
        typed = {*given, *explicit, *(name for one in others for name in one.entries)}
        check_aliases(merged, typed, names)
        parameters = parameters_from(merged, typed, names)
        outputs = [one for name in merged if (one := output_from(name, merged[name], names))]
        external = external_priors(block, parameters)
    except JaxlikeError as error:
        raise type(error)(f"{path}: {error}") from error
    sampler = _sampler(info.get("sampler"), path)
    config = make_config(
        path,
        likelihoods,
        overrides,
        output=info.get("output") or None,
        parameters=parameters,
        host="host",
        sampler=sampler,
        external_priors=external,
        correlated_priors=joint,
        universe=universe,
    )
    labels = {one.name: latex for one, latex in outputs}
    listed = tuple(one for one, _ in outputs)
    config = replace(config, outputs=listed, output_latex=labels, others=others)
    try:
        if config.theory.power == "jaxlike":
            _check_theories(info)
            names_given = (p.name for p in config.parameters if not p.drop)
            check_names((n for n in names_given if n not in config.own), known=config.names)
        check_functions(parameters, {name for prior in external for name in prior.arguments})
        check_traceable(external, parameters)
    except JaxlikeError as error:
        raise type(error)(f"{path}: {error}") from error
    return config


def _sampler(given: object, path: Path) -> dict[str, object]:
    """Name of the sampler -> its options."""
    if given in (None, {}):
        return {}
    if isinstance(given, str):
        return {given: {}}
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{path}: block 'sampler' is {given!r}, but must be a name or a mapping of one"
        )
    return dict(given)


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
    check_option_names(info, (*_READ, *HOST_ONLY, *_REFUSED), "block")
    check_shape(info)


def _component(block: str, name: object, options: object) -> tuple[str, dict[str, Any]]:
    """The component's class name and its options."""
    if options is not None and not isinstance(options, Mapping):
        raise ConfigError(f"{block} '{name}' is {options!r}, but must be a mapping of options")
    options = dict(options or {})
    return str(options.get("class") or name), options


def _components(
    info: Mapping[str, Any],
) -> tuple[
    dict[str, dict[str, object]], dict[str, str], list[Mapping[str, Any]], list[dict[str, str]]
]:
    """Options that each likelihood is given in its block; the components of those that have default
    params; the params that components are given, and their renames.

    A likelihood has none where it is given params, or in an .updated.yaml, where Cobaya has moved
    them into the input's own.
    """
    likelihoods = _block(info, "likelihood")
    found: dict[str, dict[str, object]] = {}
    components: dict[str, str] = {}
    own: list[Mapping[str, Any]] = []
    renames: list[dict[str, str]] = []
    for name, given in likelihoods.items():
        component, options = _component("likelihood", name, given)
        if component not in LIKELIHOODS:
            check_option_names([component], _accepted_likelihoods(), "likelihood")
        if "params" not in options and "input_params" not in options:
            components[name] = LIKELIHOODS[component]
        own.append(_block(options, "params"))
        renames.append(renames_from(options.get("renames"), name))
        merged = _options(component, options, LIKELIHOOD_OPTIONS)
        probes = component_probes(LIKELIHOODS[component], merged.get("probes"))
        found[name] = {**merged, "probes": probes}
    for name, given in _block(info, "theory").items():
        component, options = _component("theory", name, given)
        if component == THEORY:
            own.append(_block(options, "params"))
            renames.append(renames_from(options.get("renames"), name))
    return found, components, own, renames


def _universe(info: Mapping[str, Any]) -> dict[str, object]:
    """Options of the theory in its own block; of power only a provider, for likelihoods have it."""
    found: dict[str, object] = {}
    for name, given in _block(info, "theory").items():
        component, options = _component("theory", name, given)
        if component == THEORY:
            given = _options(component, options, (*THEORY_OPTIONS, "power"))
            found.update({k: v for k, v in given.items() if (k, v) != ("power", "jaxlike")})
    return found


def _check_any(info: Mapping[str, Any], others: Sequence[OtherConfig]) -> None:
    if not _block(info, "likelihood") and not others:
        accepted = ", ".join(_accepted_likelihoods())
        raise ConfigError(f"no 'likelihood' block; accepted likelihoods are {accepted}")


def _accepted_likelihoods() -> tuple[str, ...]:
    return (*LIKELIHOODS, *known_kinds(), *BY_COMPONENT)


def _options(
    component: str, given: Mapping[str, Any], accepted: tuple[str, ...]
) -> dict[str, object]:
    """The options that a component is given, whose defaults are the library's."""
    # external priors that a component came with stay in its block of an .updated.yaml
    left = ("prior",) if "input_params" in given else ()
    check_option_names(given, (*accepted, *COMPONENT_HOST_ONLY, *left), f"option of {component}:")
    return {name: value for name, value in given.items() if name in accepted}


def _check_theories(info: Mapping[str, Any]) -> None:
    for name, options in _block(info, "theory").items():
        if _component("theory", name, options)[0] != THEORY:
            raise ConfigError(
                f"theory '{name}' has no effect with power: jaxlike; accepted are {THEORY}, "
                f"{', '.join(CODES)}, or power: host in the likelihood"
            )
