"""A CosmoSIS pipeline, its values and its priors as a Config, read without CosmoSIS."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jaxlike.config import cosmosis_correlated
from jaxlike.config.container import Config, make_config
from jaxlike.config.correlated import of_parameters
from jaxlike.config.cosmosis_others import (
    OTHER_OPTIONS,
    SUPERNOVA_OPTIONS,
    check_listed,
    check_used,
    others_of,
    with_own_names,
)
from jaxlike.config.cosmosis_output import with_outputs, words_of
from jaxlike.config.cosmosis_unused import check_hierarchy, without_unused
from jaxlike.config.cosmosis_values import read_values
from jaxlike.config.data_options import suffix_from
from jaxlike.config.ini_file import Section, Sections, entries_of, read_ini
from jaxlike.config.others import OtherConfig, check_counted_once, own_names, wanted_others
from jaxlike.config.standard_library.pipeline import Library, library_pipeline
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.options import (
    DATA_OPTIONS,
    THEORY_FIELDS,
    THEORY_OPTIONS,
    check_option_names,
)
from jaxlike.registry.resolve import check_names

MODULE_FILE = "jaxlike_two_point.py"
"""The module's file in cosmosis_modules/, by which its section is recognised."""

_IN_PACKAGE = [("jaxlike", "cosmosis", name) for name in ("module.py", "__init__.py")]

LIKELIHOOD = "jaxlike"
"""Name of the likelihood: likelihoods/jaxlike_like."""

MODULE_OPTIONS = (
    *DATA_OPTIONS,
    "correlated_priors",
    "suffix",
    *THEORY_FIELDS,
)
"""Options of the module's section that say what is computed."""

OUTPUT_OPTIONS = ("like_name", "include_norm", "likelihood_only", "outputs")
"""Options of the module's section that say what the module writes into CosmoSIS's block."""

_COSMOSIS_OPTIONS = ("file", "setup", "function", "cleanup")


def library_of(path: Path, overrides: Mapping[str, object]) -> Library | None:
    """A pipeline of the standard library's modules, with what became of its entries; None where
    the pipeline has a module of this package."""
    ini = read_ini(path, path)
    pipeline = entries_of(ini, "pipeline")
    return None if _ours(ini, pipeline) else library_pipeline(path, ini, pipeline, overrides)


def read_cosmosis_ini(path: Path, overrides: Mapping[str, object]) -> Config:
    """Read a CosmoSIS pipeline; ConfigError or ParameterError name the file and the culprit.

    Its modules are this package's, or the standard library's own, which are translated.
    """
    ini = read_ini(path, path)
    pipeline = entries_of(ini, "pipeline")
    sections = _ours(ini, pipeline)
    if not sections:
        return library_pipeline(path, ini, pipeline, overrides).config
    every = _others(path, ini, pipeline, sections)
    likelihoods = _likelihoods(path, ini, pipeline, sections, [one.name for one in every])
    others, overrides = wanted_others(every, tuple(likelihoods), overrides)
    first = next(iter(likelihoods.values()))
    values = read_values(path, pipeline)
    parameters = _with_modules(path, ini, pipeline, values.parameters)
    try:
        parameters = with_own_names(parameters, others)
    except ConfigError as error:
        raise ConfigError(f"{values.path}: {error}") from error
    output = entries_of(ini, "output").get("filename")
    samplers = entries_of(ini, "runtime").get("sampler", "").split()
    config = make_config(
        path,
        likelihoods,
        overrides,
        output=output.removesuffix(".txt") if output else None,
        parameters=parameters,
        host="block",
        sampler={name: ini.get(name.lower(), Section()).own for name in samplers},
        universe={key: first[key] for key in THEORY_OPTIONS if key in first},
    )
    try:
        parameters, joint = of_parameters(config.parameters, config.correlated_priors, config.names)
        if config.theory.power == "jaxlike":
            parameters = without_unused(parameters, config.names, config.theory.neutrinos)
            own = own_names(others)
            named = (p.name for p in parameters if not p.drop and p.name not in own)
            check_names(named, known=config.names)
    except JaxlikeError as error:
        raise type(error)(f"{values.path}: {error}") from error
    if config.theory.power == "jaxlike":
        _check_hierarchies(path, ini, pipeline, config.theory.neutrinos)
    config = replace(config, parameters=parameters, correlated_priors=joint, others=others)
    return with_outputs(config, pipeline.get("extra_output", ""))


def _is_ours(file: Path) -> bool:
    """Whether a module's file is the shipped one, or this package's own."""
    return file.name == MODULE_FILE or file.parts[-3:] in _IN_PACKAGE


def _ours(ini: Sections, pipeline: Mapping[str, str]) -> list[str]:
    """Sections of the modules that are this package's."""
    modules = pipeline.get("modules", "").split()
    return [m.lower() for m in modules if _is_ours(Path(entries_of(ini, m).get("file", "")))]


def _with_modules(
    path: Path, ini: Sections, pipeline: Mapping[str, str], parameters: tuple[Parameter, ...]
) -> tuple[Parameter, ...]:
    """The parameters with those that modules before this package's make of them."""
    for name in pipeline.get("modules", "").split():
        options = entries_of(ini, name)
        if Path(options.get("file", "")).name == cosmosis_correlated.MODULE_FILE:
            try:
                parameters = cosmosis_correlated.with_module(parameters, options, name, path)
            except ConfigError as error:
                raise ConfigError(f"{path}: {error}") from error
    return parameters


def _check_hierarchies(
    path: Path, ini: Sections, pipeline: Mapping[str, str], neutrinos: str
) -> None:
    for name in pipeline.get("modules", "").split():
        hierarchy = entries_of(ini, name).get("neutrino_hierarchy")
        try:
            if hierarchy is not None:
                check_hierarchy(name, hierarchy, neutrinos)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error


def like_name_of(options: Mapping[str, object]) -> object:
    """Name of a module's likelihood in CosmoSIS: the option, or that of its suffix."""
    suffix = suffix_from(options.get("suffix"))
    one = isinstance(suffix, str) and suffix
    return options.get("like_name", f"{LIKELIHOOD}_{suffix}" if one else LIKELIHOOD)


def likelihood_name(options: Mapping[str, object], section: str) -> str:
    """Name of a module's likelihood here: its suffix, or its section where that is not one word."""
    suffix = suffix_from(options.get("suffix"))
    return suffix if isinstance(suffix, str) and suffix else section


def _others(
    path: Path, ini: Sections, pipeline: Mapping[str, str], sections: Sequence[str]
) -> tuple[OtherConfig, ...]:
    """BAO, supernovae and the compressed CMB of each module."""
    try:
        found = [one for section in sections for one in others_of(ini[section].own, path)]
        check_counted_once(found)
        check_listed(found, pipeline.get("likelihoods", ""))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return tuple(found)


def _likelihoods(
    path: Path,
    ini: Sections,
    pipeline: Mapping[str, str],
    sections: Sequence[str],
    known: Sequence[str],
) -> dict[str, dict[str, object]]:
    """Options of each module, by its suffix or by the name of its section."""
    found: dict[str, dict[str, object]] = {}
    try:
        like_names = [str(like_name_of(entries_of(ini, section))) for section in sections]
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    accepted = [*like_names, *known]
    others = [name for name in pipeline.get("likelihoods", "").split() if name not in accepted]
    if others:
        listed = ", ".join(accepted) + (" alone" if len(accepted) == 1 else "")
        raise ConfigError(f"{path}: [pipeline] likelihoods has '{others[0]}'; accepted is {listed}")
    for section, like_name in zip(sections, like_names, strict=True):
        if like_names.count(like_name) > 1:
            raise ConfigError(
                f"{path}: two modules have the likelihood '{like_name}': give each a suffix of "
                "its own, or a like_name"
            )
        try:
            options = module_options(ini[section].own, ini[section].inherited, section)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error
        found[likelihood_name(options, section)] = options
    return found


def _cased(options: Mapping[str, object]) -> dict[str, object]:
    """Options by their own names, which CosmoSIS has in lower case."""
    names = {name.lower(): name for name in MODULE_OPTIONS}
    return {names.get(name.lower(), name): value for name, value in options.items()}


def module_options(
    own: Mapping[str, object], inherited: Mapping[str, object], section: str
) -> dict[str, object]:
    """MODULE_OPTIONS among the entries of the module's section and those it has from [DEFAULT].

    ConfigError if one of its own entries is unknown or has no effect.
    """
    own, inherited = _cased(own), _cased(inherited)
    accepted = (*MODULE_OPTIONS, *OUTPUT_OPTIONS, *OTHER_OPTIONS, *SUPERNOVA_OPTIONS)
    check_option_names(
        [name for name in own if name not in _COSMOSIS_OPTIONS],
        accepted,
        f"option of section [{section}]:",
    )
    options = {name: value for name, value in inherited.items() if name in MODULE_OPTIONS}
    options.update({name: value for name, value in own.items() if name in MODULE_OPTIONS})
    check_used(own, options.get("power"))
    words_of(own.get("outputs", ""))
    if options.get("power") == "block":
        for name in THEORY_OPTIONS:
            if name in own:
                raise ConfigError(
                    f"option '{name}' of section [{section}] has no effect with power = block; "
                    "leave it out or take power = jaxlike"
                )
    return options
