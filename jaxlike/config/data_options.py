"""Options of data that are mappings, or words: from yaml, from Python, or as text in ini files."""

from collections.abc import Mapping
from numbers import Real
from os import PathLike

from jaxlike.registry.option_values import bad_value, parsed
from jaxlike.registry.options import KAPPA_OPTIONS, NOT_OF_MOCKS
from jaxlike.registry.samples import Prefix

MAPPINGS = ("prefix", "suffix", "kernels", "nz_file", "nz", *KAPPA_OPTIONS, "correlated_priors")
"""Options that may be mappings by the names of tables."""


def _is_of_texts(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(x, str) and x for pair in value.items() for x in pair
    )


def taken_from_mock(given: dict[str, object]) -> tuple[str, ...]:
    """Take the options of files that mock data have not got from those that are given; which of
    them had a value."""
    found = tuple(name for name in NOT_OF_MOCKS if given.get(name) not in (None, "", {}))
    given |= dict.fromkeys(NOT_OF_MOCKS)
    return found


def prefix_from(value: object) -> Prefix:
    """The option `prefix`: one word, or n(z) table -> word; ConfigError on anything else."""
    return _words("prefix", value, "{NAME of an n(z): PREFIX, ...}")


def suffix_from(value: object) -> Prefix:
    """The option `suffix` in the same way."""
    return _words("suffix", value, "NAME_OF_AN_NZ:SUFFIX ...")


def _words(option: str, value: object, mapping: str) -> Prefix:
    found = parsed(option, "" if value in (None, {}) else value)
    if isinstance(found, str):
        return found
    if not found or not _is_of_texts(found):
        raise bad_value(option, value, f"text of letters, digits and _, null, {mapping}")
    return dict(found)  # type: ignore[call-overload]


def kernels_from(value: object) -> dict[str, str] | None:
    """The option `kernels`: name in a file -> name that is meant; ConfigError on anything else."""
    found = parsed("kernels", value)
    if found is None or found == "" or found == {}:
        return None
    if not _is_of_texts(found):
        raise bad_value("kernels", value, "{NAME in the file: NAME that is meant, ...}, null")
    return dict(found)  # type: ignore[call-overload]


def nz_file_from(value: object) -> str | dict[str, str] | None:
    """The option `nz_file`: a path, or NAME of an n(z) -> path; ConfigError on anything else."""
    found = parsed("nz_file", str(value) if isinstance(value, PathLike) else value)
    if found in (None, "", {}):
        return None
    if isinstance(found, Mapping) and _is_of_texts(found):
        return dict(found)
    if isinstance(found, str):
        return found
    raise bad_value("nz_file", value, "a path, {NAME of an n(z): path, ...}, null")


def kappa_from(given: Mapping[str, object]) -> dict[str, float | dict[str, float]]:
    """Those of KAPPA_OPTIONS that are given: a number, or one by the name of the map."""
    return {
        name: _numbers(name, given[name])
        for name in KAPPA_OPTIONS
        if given.get(name) not in (None, "", "none", "null", {})
    }


def _numbers(name: str, value: object) -> float | dict[str, float]:
    found = parsed(name, value)
    try:
        if isinstance(found, Mapping):
            return {str(key): _number(one) for key, one in found.items()}
        return _number(found)
    except (TypeError, ValueError) as error:
        raise bad_value(name, value, "a number, null, {NAME of a map: number, ...}") from error


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real | str):
        raise TypeError
    return float(value)
