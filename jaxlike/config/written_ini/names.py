"""Names of parameters as a values file has them: a section and a name in it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from jaxlike.config.container import Config
from jaxlike.config.cosmosis_others import OWN_SECTIONS
from jaxlike.config.likelihood_config import LikelihoodConfig
from jaxlike.errors import ConfigError
from jaxlike.registry.names import Names
from jaxlike.registry.samples import Prefix


def suffix_of(one: LikelihoodConfig) -> Prefix:
    """The end of a likelihood's sections: its suffix, or its prefix in the place of one."""
    if one.suffix or not one.prefix:
        return one.suffix
    if isinstance(one.prefix, str):
        return _word(one.prefix)
    return {table: _word(word) for table, word in one.prefix.items()}


def _word(prefix: str) -> str:
    return prefix.rstrip("_").lower()


def section_names(config: Config, made: Iterable[str]) -> dict[str, str]:
    """Every parameter of a Config -> `section--name`; those that a module makes keep theirs.

    ConfigError on one that has no place in a values file.
    """
    names = config.names
    found = {p.name: _section_name(p.name, names) for p in config.parameters}
    kept = {*made}
    for name, own in found.items():
        if own is None and name not in kept:
            raise ConfigError(
                f"parameter '{name}' has no section in CosmoSIS: take --output FILE.yaml"
            )
    return {name: own or name for name, own in found.items()}


def _section_name(name: str, names: Names) -> str | None:
    named = names.find(name)
    if named is None:
        return name if "--" in name else OWN_SECTIONS.get(name)
    sample = named.sample
    if sample is not None and sample.prefix:
        named = named._replace(sample=replace(sample, prefix="", suffix=_word(sample.prefix)))
    accepted = [one for one in named.accepted if "--" in one]
    if name.lower() in (one.lower() for one in accepted):
        return name
    return accepted[0] if accepted else None


def by_sections(lines: Mapping[str, str]) -> str:
    """Lines `section--name` -> what it is there, as the text of an ini file."""
    sections: dict[str, list[str]] = {}
    for name, text in lines.items():
        section, _, key = name.partition("--")
        sections.setdefault(section, []).append(f"{key} = {text}")
    return "".join(f"[{name}]\n" + "\n".join(own) + "\n\n" for name, own in sections.items())
