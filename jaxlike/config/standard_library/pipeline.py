"""A pipeline of the standard library's modules as a Config, with what became of its entries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jaxlike.config.container import Config, make_config
from jaxlike.config.correlated import of_parameters
from jaxlike.config.cosmosis_output import with_outputs
from jaxlike.config.cosmosis_unused import COSMOLOGY_SECTION, MASSIVE, without_unused
from jaxlike.config.cosmosis_values import read_values
from jaxlike.config.explained import Explanation
from jaxlike.config.ini_file import Section, Sections
from jaxlike.config.others import own_names, wanted_others
from jaxlike.config.standard_library.explain import explain
from jaxlike.config.standard_library.translate import Translation, translate
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.registry.resolve import check_names


@dataclass(frozen=True)
class Library:
    """A Config, the translation that it is of, and what became of each entry of the pipeline."""

    config: Config
    translation: Translation
    explanation: Explanation


def library_pipeline(
    path: Path, ini: Sections, pipeline: Mapping[str, str], overrides: Mapping[str, object]
) -> Library:
    """The Config of a pipeline at `path`; ConfigError or ParameterError name file and culprit."""
    if not pipeline.get("modules", "").split():
        raise ConfigError(
            f"{path}: [pipeline] modules has 0 modules, but must have jaxlike_two_point.py or "
            "those of the CosmoSIS standard library"
        )
    values = read_values(path, pipeline, lenient=True)
    found = translate(path, ini, pipeline, values.parameters, overrides)
    output = ini.get("output", Section()).entries.get("filename")
    samplers = ini.get("runtime", Section()).entries.get("sampler", "").split()
    others, overrides = wanted_others(found.others, tuple(found.likelihoods), overrides)
    config = make_config(
        path,
        found.likelihoods,
        overrides,
        output=output.removesuffix(".txt") if output else None,
        parameters=found.parameters,
        host="block",
        sampler={name: ini.get(name.lower(), Section()).own for name in samplers},
        universe=found.universe,
    )
    try:
        parameters, joint = of_parameters(config.parameters, config.correlated_priors, config.names)
        # CAMB has as many as `neutrinos` says, which the translation has read
        parameters = tuple(
            p
            for p in parameters
            if p.name not in {f"{COSMOLOGY_SECTION}--{key}" for key in MASSIVE}
        )
        parameters = without_unused(parameters, config.names, config.theory.neutrinos)
        own = own_names(others)
        named = [p.name for p in parameters if not p.drop and p.name not in own]
        check_names(named, known=config.names)
    except JaxlikeError as error:
        raise type(error)(f"{values.path}: {error}") from error
    notes = tuple(f"{one.where}: {note}" for one in found.modules for note in one.notes)
    config = replace(
        config,
        parameters=parameters,
        correlated_priors=joint,
        others=others,
        notes=tuple(dict.fromkeys(notes)),
    )
    config = with_outputs(config, pipeline.get("extra_output", ""))
    return Library(config, found, explain(path, ini, pipeline, config, found, values))
