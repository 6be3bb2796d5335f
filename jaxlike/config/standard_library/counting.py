"""Which likelihoods of a pipeline count, and for which of its modules these have no use."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jaxlike.config.overrides import wanted_of, wanted_words
from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.given import Given
from jaxlike.errors import ConfigError

NOT_LISTED = "its likelihood is none of those that count"
"""Of a module that is one."""

UNREAD = "no likelihood that counts reads what it makes"
"""Of a module of n(z) or of spectra."""

_WITH_ANOTHER = "shear_ratio"  # which is no likelihood of its own here
_BY_NAME = ("2pt", "cosebis", "hsc")  # those of two-point data are called as CosmoSIS calls them
_PART = re.compile(r"_\d+$")  # of several likelihoods here that are one module's


def leave_out(
    path: Path,
    modules: Sequence[Given],
    pipeline: Mapping[str, str],
    overrides: Mapping[str, object],
) -> set[str]:
    """Mark the likelihoods that do not count, by the pipeline's list or by the keyword
    `likelihoods`; their names in CosmoSIS.  ConfigError on a name that none has."""
    likes = [given for given in modules if given.module.like]
    known = list(dict.fromkeys(given.like_name for given in likes))
    listed = pipeline.get("likelihoods", "").split()
    for name in listed:
        if name not in known:
            raise ConfigError(
                f"{path}: [pipeline] likelihoods has '{name}'; modules make {', '.join(known)}"
            )
    counted = [given for given in likes if not listed or given.like_name in listed]
    chosen = _chosen(path, counted, overrides.get("likelihoods"))
    for given in likes:
        if given not in counted or _here(given) not in (*chosen, None):
            given.left_out = NOT_LISTED
    return {given.like_name for given in likes if given.left_out}


def _here(given: Given) -> str | None:
    """What a likelihood is called here, None of one that goes with another."""
    if given.module.like == _WITH_ANOTHER:
        return None
    return given.like_name if given.module.like in _BY_NAME else given.name


def _chosen(path: Path, counted: Iterable[Given], wanted: object) -> Sequence[str]:
    """Names here of the likelihoods that the keyword wants: all without it."""
    names = tuple(name for given in counted if (name := _here(given)) is not None)
    if wanted is None:
        return names
    try:
        words = [
            word if word in names else _PART.sub("", word) for word in wanted_words(wanted, names)
        ]
        return wanted_of(words, names)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def samples_in(block: Block) -> dict[tuple[str, str], tuple[object, set[str]]]:
    """What stands in the block that is of n(z), each with the names of these."""
    return {
        **{("nz", name): (nz, {name}) for name, nz in block.nz.items()},
        **{("cl", name): (one, {*one.samples}) for name, one in block.spectra.items()},
        **{("mass", name): (pair, {*pair}) for name, pair in block.point_mass.items()},
    }


def run(block: Block, given: Given) -> set[str]:
    """Run a module; the n(z) of all that it has changed."""
    before = samples_in(block)
    given.module.run(block, given)
    after = samples_in(block)
    changed = (one for place, one in after.items() if before.get(place) != one)
    return {name for _, names in changed for name in names}


def mark_unread(modules: Sequence[Given], changed: Mapping[str, set[str]], block: Block) -> None:
    """Mark the modules whose n(z), of what they have `changed`, serve no likelihood of the block,
    nor a module that does."""
    used = {name for like in block.two_point for name in like.nz}
    while more := {
        name for names in changed.values() if names & used for name in names if name not in used
    }:
        used |= more
    for given in modules:
        names = changed.get(given.name, set())
        if names and not names & used:
            given.left_out = UNREAD
