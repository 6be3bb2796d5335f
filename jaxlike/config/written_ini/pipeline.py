"""The pipeline: a section of this package's module for each likelihood of two-point data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from jaxlike.config.analysis import analysis_for
from jaxlike.config.container import Config
from jaxlike.config.cosmosis_ini import like_name_of
from jaxlike.config.cosmosis_others import MAGNITUDE_OPTION, OTHER_OPTIONS, SUPERNOVA_OPTIONS
from jaxlike.config.explained import Explanation
from jaxlike.config.likelihood_config import LikelihoodConfig
from jaxlike.config.others import KINDS, OtherConfig
from jaxlike.config.standard_library.normals import Normals
from jaxlike.config.written_ini.names import by_sections, section_names, suffix_of
from jaxlike.config.written_ini.values import check_no_functions, lines_of
from jaxlike.data.shipped import SHIPPED
from jaxlike.errors import ConfigError
from jaxlike.posterior.priors import CorrelatedPrior
from jaxlike.registry.additions import FILE_OPTIONS
from jaxlike.registry.options import THEORY_FIELDS, TheoryOptions
from jaxlike.theory.power.linear import LINEAR

MODULE = Path(__file__).resolve().parents[2] / "cosmosis" / "module.py"
"""The module's file, in the installed package."""


@dataclass
class _Files:
    """What is written: the pipeline's file -> text, and what the sections name beside it."""

    file: Path
    texts: dict[Path, str] = field(default_factory=dict)

    def add(self, end: str, text: str) -> str:
        """Another file beside the pipeline's, whose name from the root on is returned."""
        path = self.file.with_name(f"{self.file.stem}{end}").resolve()
        self.texts[path] = text
        return str(path)


def translated_ini(
    file: Path,
    config: Config,
    explanation: Explanation | None = None,
    normals: tuple[Normals, ...] = (),
) -> dict[Path, str]:
    """The texts of a pipeline at `file` that reads as the same posterior, and of the files that it
    names; above it, as comments, what became of each entry of the input that it was made of.

    ConfigError, in one sentence, on what a pipeline of this package's module has no way to say.
    """
    if not config.likelihoods:
        raise ConfigError(
            f"{config.path}: the module of CosmoSIS has a likelihood of two-point data, which "
            "there is none of here: take --output FILE.yaml"
        )
    if config.theory.power != "jaxlike" or config.theory.linear not in LINEAR:
        raise ConfigError(
            f"{config.path}: P(k, z) is not jaxlike's own, which the pipeline would need a module "
            "for: take --output FILE.yaml"
        )
    if config.external_priors:
        raise ConfigError(
            f"{config.path}: external prior '{config.external_priors[0].name}' is a function, "
            "which CosmoSIS has no way to say: take --output FILE.yaml"
        )
    files = _Files(file)
    made = {name for one in normals for name in one.made}
    try:
        check_no_functions(config, made)
        names = section_names(config, made)
        values, priors = lines_of(config, names, made)
    except ConfigError as error:
        raise ConfigError(f"{config.path}: {error}") from error
    sections = {one.name: dict(one.entries) for one in normals}
    sections |= {one.name: _module(one, config, names, files) for one in config.likelihoods}
    first = sections[config.likelihoods[0].name]
    others = _others(config)
    for option, words in others.items():
        first[option] = " ".join(words)
    for one in config.others:
        for option, name in SUPERNOVA_OPTIONS.items():
            if name in one.options:
                first[option] = "T" if option == MAGNITUDE_OPTION else str(one.options[name])
    likes = [str(like_name_of(sections[one.name])) for one in config.likelihoods]
    likes += [word.replace(".", "_") for words in others.values() for word in words]
    pipeline = {
        "modules": " ".join(sections),
        "values": files.add("_values.ini", by_sections(values)),
        **({"priors": files.add("_priors.ini", by_sections(priors))} if priors else {}),
        "likelihoods": " ".join(likes),
        **_extra(config),
        "debug": "T",
    }
    head = {"runtime": {"sampler": "test"}, "test": {"fatal_errors": "T"}}
    if config.output:
        head["output"] = {"filename": f"{config.output}.txt", "format": "text"}
    comments = [f"; Made by jaxlike explain of {config.path}", *_comments(explanation)]
    body = _ini({**head, "pipeline": pipeline, **sections})
    return {file: "\n".join([*comments, "", body]), **files.texts}


def _comments(explanation: Explanation | None) -> Iterator[str]:
    for line in () if explanation is None else explanation.lines():
        yield f"; {line}".rstrip()


def _ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in own.items())
        for name, own in sections.items()
    )


def _extra(config: Config) -> dict[str, str]:
    """Derived parameters that are recorded; those that are functions are not."""
    found = [
        section[0].replace("--", "/")
        for one in config.outputs
        if one.function is None
        and (named := config.names.find(one.name)) is not None
        and (section := [name for name in named.accepted if "--" in name])
    ]
    return {"extra_output": " ".join(found)} if found else {}


def _module(
    one: LikelihoodConfig, config: Config, names: Mapping[str, str], files: _Files
) -> dict[str, str]:
    """The section of a likelihood; all options where a survey would say others."""
    every = analysis_for(one.data_file, one.survey) is not None
    options = vars(one.options)
    given = {
        name: _text(options[name])
        for name in THEORY_FIELDS
        if every or options[name] != getattr(TheoryOptions, name)
    }
    for name in FILE_OPTIONS:
        if name in given:
            given[name] = _place(given[name])
    data = {
        "data_file": _place(one.data_file or SHIPPED[0]),
        "scale_cuts": _cuts(one, files),
        "probes": " ".join(one.probes or ()),
        "survey": one.survey,
        "suffix": _text(suffix_of(one)),
        "kernels": _text(one.kernels or ""),
        "nz_file": _text(
            {name: _place(place) for name, place in one.nz_file.items()}
            if isinstance(one.nz_file, Mapping)
            else _place(one.nz_file)
        ),
        **{name: _text(value) for name, value in one.kappa.items()},
        "correlated_priors": _correlated(one, config, names),
    }
    said = {name: text for name, text in data.items() if text}
    return {"file": str(MODULE), **said, **given}


def _cuts(one: LikelihoodConfig, files: _Files) -> str:
    if not isinstance(one.scale_cuts, Mapping):
        return _place(one.scale_cuts)
    text = yaml.safe_dump(dict(one.scale_cuts), sort_keys=False, default_flow_style=None)
    return files.add(f"_cuts_{one.name}.yaml", text)


def _correlated(one: LikelihoodConfig, config: Config, names: Mapping[str, str]) -> str:
    """The option `correlated_priors`, by the names of the values file."""
    own = {prior.name for prior in one.correlated}
    found: dict[str, CorrelatedPrior] = {p.name: p for p in config.correlated_priors}
    kept = {name: found[name].renamed(names).as_option for name in found if name in own}
    if not kept:
        return ""
    return yaml.safe_dump(kept, default_flow_style=True, width=float("inf")).strip()


def _others(config: Config) -> dict[str, list[str]]:
    """Option -> words: likelihoods of other data that the module has beside its own."""
    found: dict[str, list[str]] = {}
    for one in config.others:
        option, word = _word_of(one, config)
        found.setdefault(option, []).append(word)
    return found


def _word_of(one: OtherConfig, config: Config) -> tuple[str, str]:
    word = one.kind.partition(".")[2]
    for option, component in OTHER_OPTIONS.items():
        try:
            keys = SUPERNOVA_OPTIONS.values()
            own = {key: one.options[key] for key in keys if key in one.options}
            same = KINDS[component].read(one.name, component, {"data": word, **own})
        except ConfigError:
            continue
        if (same.kind, same.options) == (one.kind, one.options) and not one.params:
            return option, word
    raise ConfigError(
        f"{config.path}: likelihood '{one.name}', {one.kind}, has no place beside the module of "
        "CosmoSIS: take --output FILE.yaml"
    )


def _place(name: str | None) -> str:
    """A file from the root on, for CosmoSIS runs from anywhere."""
    return "" if name is None else str(Path(name).resolve()) if Path(name).is_file() else name


def _text(value: object) -> str:
    """An option's value as an ini file has it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, Mapping):
        return " ".join(f"{name}:{_text(one)}" for name, one in value.items())
    if isinstance(value, tuple | list):
        pairs = [f"{one[0]}:{one[1]}" if isinstance(one, tuple) else _text(one) for one in value]
        return " ".join(pairs)
    return repr(value) if isinstance(value, float) else str(value)
