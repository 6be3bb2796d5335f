"""What becomes of each entry of a Cobaya input: its rows, of which reading it makes some."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxlike.config.boltzmann import boltzmann_code, is_computed
from jaxlike.config.cobaya_yaml import (
    COMPONENT_HOST_ONLY,
    HOST_ONLY,
    LIKELIHOODS,
    config_from_info,
    text_of,
)
from jaxlike.config.container import Config
from jaxlike.config.explained import Entry, Explanation, Row
from jaxlike.config.yaml_entries import entries_of, places_of
from jaxlike.config.yaml_text import load_yaml
from jaxlike.posterior.parameters import Parameter

Said = tuple[str, str]
"""A fate of `explained.Fate`, and what an entry becomes."""

_SAMPLER = "for cobaya-run; `jaxlike nuts` and `jaxlike sample` have options of their own"


def explained_yaml(path: Path, overrides: Mapping[str, object]) -> tuple[Config, Explanation]:
    """The Config of a file, and a row for each entry of it; errors name the file and the line."""
    text = text_of(path)
    return explained_info(load_yaml(text, str(path)), path, overrides, text)


def explained_info(
    info: Mapping[str, Any],
    path: Path | str,
    overrides: Mapping[str, object] | None = None,
    text: str = "",
) -> tuple[Config, Explanation]:
    """The same of an input as a mapping; text: of its file, for the lines of entries."""
    entries = entries_of(info, text)
    places = places_of(entries)
    reading = Explanation(places=places)
    config = config_from_info(info, path, reading, **(overrides or {}))
    known = {(row.entry.where, row.entry.key): row for row in reading}
    found = Explanation(places=places)
    for entry in entries:
        row = known.get((entry.where, entry.key))
        if row is None or (row.fate == "parameter" and row.becomes == entry.key):
            fate, becomes = _said(entry, info, config)
            row = Row(entry, fate, becomes)  # type: ignore[arg-type]
        found.rows.append(row)
    if boltzmann_code(info) is not None:
        theory = config.theory
        found.note(
            f"the theory is jaxlike's: linear = {theory.linear}, nonlinear = {theory.nonlinear}, "
            f"neutrinos = {theory.neutrinos}"
        )
    mentioned = {entry.key for entry in entries}
    unmentioned = [p for p in config.parameters if p.name not in mentioned and not p.drop]
    for sentence in _assumed(unmentioned):
        found.note(sentence)
    return config, found


def _said(entry: Entry, info: Mapping[str, Any], config: Config) -> Said:
    block, *inside = entry.where.split(": ") if entry.where != "input" else [entry.key]
    how: Callable[[Entry, list[str], Config], Said] | None = _BLOCKS.get(block)
    if how is not None:
        return how(entry, inside, config)
    if entry.key == "output":
        return "option", "the prefix of the files of a run"
    if entry.key == "packages_path":
        return "option", "where Cobaya has installed data"
    if entry.key in HOST_ONLY:
        return "idle", "for cobaya-run alone"
    return "idle", "nothing is in it" if not info.get(entry.key) else "not read"


def _theory(entry: Entry, inside: list[str], config: Config) -> Said:
    if not inside:
        known = entry.key.startswith("jaxlike.")
        return "option", "jaxlike's own theory" if known else "not read: power = host"
    if entry.key in ("extra_args", "params"):
        return "option", "below"
    if entry.key in COMPONENT_HOST_ONLY:
        return "idle", "for cobaya-run alone"
    return "option", f"{entry.key} = {entry.value}"


def _likelihood(entry: Entry, inside: list[str], config: Config) -> Said:
    name = inside[0] if inside else entry.key
    two_point = next((one for one in config.likelihoods if one.name == name), None)
    other = next((one for one in config.others if one.name == name), None)
    if not inside:
        if two_point is not None:
            return "option", f"{' '.join(two_point.probes or ('all',))} of {two_point.data_file}"
        return "option", "left out" if other is None else f"{other.source}, in JAX"
    if inside[-1] == "params":
        return _parameter(entry, inside, config)
    if entry.key in ("params", "dataset_params"):
        return "option", "below" if entry.value == "" else "as in Cobaya"
    if entry.key == "class":
        return "option", "what the likelihood is"
    if entry.key == "renames":
        return "option", "names of parameters"
    if entry.key in COMPONENT_HOST_ONLY:
        return "idle", "for cobaya-run alone"
    known = name in LIKELIHOODS or two_point is not None
    return "option", f"{entry.key} = {entry.value}" if known else "as in Cobaya"


def _parameter(entry: Entry, inside: list[str], config: Config) -> Said:
    found = next((p for p in config.parameters if p.name == entry.key), None)
    if found is not None:
        return "parameter", _in_words(found)
    output = next((one for one in config.outputs if one.name == entry.key), None)
    if output is None or not is_computed(entry.key, _functions(config)):
        return "idle", "it is not computed here, so that `jaxlike nuts` does not record it"
    return "parameter", "recorded"


def _functions(config: Config) -> dict[str, tuple[str, ...] | None]:
    """Parameters and what is recorded -> of what they are functions."""
    found: dict[str, tuple[str, ...] | None] = {p.name: () for p in config.parameters}
    for one in config.outputs:
        found.setdefault(one.name, None if one.function is None else one.function.arguments)
    return found


def _in_words(one: Parameter) -> str:
    drop = ", for functions alone" if one.drop else ""
    if one.prior is not None:
        return f"sampled{drop}"
    if one.derived_from is not None:
        return f"a function of {', '.join(one.derived_from.arguments)}{drop}"
    return f"fixed{drop}"


def _assumed(parameters: Sequence[Parameter]) -> Iterator[str]:
    """Sentences on the parameters that the input does not mention."""
    sampled = [one.name for one in parameters if one.prior is not None]
    fixed = [f"{one.name} = {one.value:g}" for one in parameters if one.value is not None]
    if sampled:
        yield f"sampled with the priors of the likelihoods: {', '.join(sampled)}"
    if fixed:
        yield f"not in the input, and assumed: {', '.join(fixed)}"


def _prior(entry: Entry, inside: list[str], config: Config) -> Said:
    joint = entry.key in {one.name for one in config.correlated_priors}
    return "option", "a Gaussian of several parameters" if joint else "a factor of the prior"


def _sampler(entry: Entry, inside: list[str], config: Config) -> Said:
    return "idle", _SAMPLER


_BLOCKS: Mapping[str, Callable[[Entry, list[str], Config], Said]] = {
    "theory": _theory,
    "likelihood": _likelihood,
    "params": _parameter,
    "prior": _prior,
    "sampler": _sampler,
}
