"""What became of every entry of a pipeline and of its files of values and priors."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jaxlike.config.container import Config
from jaxlike.config.cosmosis_output import derived_in
from jaxlike.config.cosmosis_values import Values
from jaxlike.config.explained import Entry, Explanation
from jaxlike.config.ini_file import DEFAULT, Section, Sections, defaults_of
from jaxlike.config.standard_library.translate import Translation
from jaxlike.registry.names import Names, find

_PIPELINE = {
    "modules": "the modules below, in this order",
    "values": "the file of parameters",
    "priors": "the files of priors",
    "likelihoods": "the likelihoods that count",
}
_COSMOSIS = "how CosmoSIS runs; commands of jaxlike have options of their own"
_SAMPLER = "an option of CosmoSIS's sampler; jaxlike nuts and others have options of their own"
_IDLE = "it is none of the modules of [pipeline]"
_OUTSIDE = ("runtime", "output", "pipeline")
_HARMLESS = {
    "tau": "it has no effect on galaxies and distances",
    "yhe": "helium is that of big-bang nucleosynthesis",
}


def explain(
    path: Path,
    ini: Sections,
    pipeline: Mapping[str, str],
    config: Config,
    translation: Translation,
    values: Values,
) -> Explanation:
    """A row for each entry of each section of the pipeline, its values and its priors."""
    found = Explanation()
    _defaults(path, found)
    _outside(ini, config, found)
    seen: set[str] = set()
    for given in translation.modules:
        if given.name not in seen:
            given.explain(found)
        seen.add(given.name)
    for note in config.notes:
        found.note(note)
    samplers = ini.get("runtime", Section()).entries.get("sampler", "").split()
    for name, section in ini.items():
        if name in seen or name in _OUTSIDE:
            continue
        reason = _SAMPLER if name in samplers or "file" not in section.entries else _IDLE
        for entry in section.listed(name):
            found.idle(entry, reason)
    _values(config, translation, values, found)
    return found


def _defaults(path: Path, found: Explanation) -> None:
    section = defaults_of(path, path)
    for entry in section.listed(DEFAULT):
        found.idle(entry, "stands where sections name it")


def _outside(ini: Sections, config: Config, found: Explanation) -> None:
    """Sections that are of no module."""
    for name in _OUTSIDE:
        for entry in ini.get(name, Section()).listed(name):
            if name == "pipeline" and entry.key in _PIPELINE:
                found.option(entry, _PIPELINE[entry.key])
            elif name == "pipeline" and entry.key == "extra_output":
                found.option(entry, _extra_output(entry, config))
            elif name == "output" and entry.key == "filename":
                found.option(entry, f"output = {config.output}")
            elif name == "runtime" and entry.key == "sampler":
                found.idle(entry, _SAMPLER)
            else:
                found.idle(entry, _COSMOSIS)


def _extra_output(entry: Entry, config: Config) -> str:
    words = entry.value.lower().split()
    known = derived_in(entry.value, radiation=config.theory.radiation)
    recorded = [w for w in words if w.partition("/")[2] in known]
    rest = [w for w in words if w not in recorded]
    said = f"recorded: {' '.join(recorded) or 'nothing'}"
    return f"{said}; not recorded here: {' '.join(rest)}" if rest else said


def _values(config: Config, translation: Translation, values: Values, found: Explanation) -> None:
    known = config.names  # which are made anew whenever they are asked for
    for entry in _entries(values.values, "values"):
        _value(entry, config, known, translation, found)
    for sections in values.priors:
        for entry in _entries(sections, "priors"):
            name = _name(entry)
            targets = _targets(name, config, known, translation)
            if targets:
                found.parameter(entry, f"prior of {', '.join(targets)}")
            else:
                found.idle(entry, _why_not(name, translation, is_prior=True))


def _entries(ini: Sections, what: str) -> Iterator[Entry]:
    for name, section in ini.items():
        yield from section.listed(f"{what}: {name}")


def _name(entry: Entry) -> str:
    return f"{entry.where.partition(': ')[2]}--{entry.key}"


def _value(
    entry: Entry, config: Config, known: Names, translation: Translation, found: Explanation
) -> None:
    name = _name(entry)
    targets = _targets(name, config, known, translation)
    if name in translation.options:
        found.option(entry, translation.options[name])
    elif targets:
        found.parameter(entry, ", ".join(targets))
    else:
        found.idle(entry, _why_not(name, translation))


def _targets(name: str, config: Config, known: Names, translation: Translation) -> list[str]:
    """What a parameter of the pipeline is called here, by its canonical names."""
    own = [use.target for use in translation.uses if use.origin == name]
    have = {p.name for p in config.parameters}
    if not own and name in have:
        own = [name]
    return [
        named.canonical if (named := known.find(one)) else one
        for one in dict.fromkeys(own)
        if one in have
    ]


def _why_not(name: str, translation: Translation, *, is_prior: bool = False) -> str:
    section, _, key = name.partition("--")
    if name in translation.dropped:
        return translation.dropped[name]
    if key in _HARMLESS and section == "cosmological_parameters":
        return _HARMLESS[key]
    if is_prior and name not in translation.given:
        return "it has no value"
    if section == "cosmological_parameters" and find(name) is None:
        return "camb does not read it"
    if any(one.left_out for one in translation.modules):
        return "nothing that counts reads it"
    return "no module of this pipeline reads it"
