"""Keywords that replace what an input says of its likelihoods, of all or of one."""

from collections.abc import Mapping, Sequence

from jaxlike.config.data_options import MAPPINGS
from jaxlike.errors import ConfigError
from jaxlike.registry.options import DATA_OPTIONS, THEORY_FIELDS, bad_value, check_option_names
from jaxlike.registry.power_options import POWER_MAPPINGS

OVERRIDES = (
    *DATA_OPTIONS,
    "prefix",
    "suffix",
    "correlated_priors",
    "output",
    "likelihoods",
    *THEORY_FIELDS,
)
"""Keywords that replace what the file says."""

NONE_WANTED = object()
"""The keyword `likelihoods` where those that are wanted are all of other data."""


def overrides_by_likelihood(
    overrides: Mapping[str, object], names: tuple[str, ...]
) -> dict[str, dict[str, object]]:
    """Name of each likelihood that is wanted -> the keywords that are for it."""
    own: dict[str, dict[str, object]] = {name: {} for name in names}
    rest = {key: value for key, value in overrides.items() if key != "output"}
    wanted = rest.pop("likelihoods", None)
    for key, value in rest.items():
        name, _, option = key.rpartition(".")
        check_option_names([option], OVERRIDES, "keyword")
        # a mapping by the names of tables, or of a provider, is one value
        one_each = isinstance(value, Mapping) and not (
            option in (*MAPPINGS, *POWER_MAPPINGS) and not {*value} & {*names}
        )
        values = value if isinstance(value, Mapping) and one_each else {}
        if one_each:
            _check_there(values, names, f"'{option}' is given for")
        elif name:
            _check_there([name], names, f"'{option}' is given for")
            values = {name: value}
        else:
            values = dict.fromkeys(names, value)
        for one, given in values.items():
            own[str(one)][option] = given
    chosen = () if wanted is NONE_WANTED else wanted_of(wanted, names)
    return {name: own[name] for name in names if name in chosen}


def wanted_words(wanted: object, names: tuple[str, ...]) -> Sequence[str]:
    """The words of the keyword `likelihoods`, of which `names` are accepted."""
    chosen = wanted.replace(",", " ").split() if isinstance(wanted, str) else wanted
    if not isinstance(chosen, Sequence) or not chosen:
        raise bad_value("likelihoods", wanted, ", ".join(names))
    return chosen


def wanted_of(wanted: object, names: tuple[str, ...]) -> Sequence[str]:
    """The names of the likelihoods that the keyword `likelihoods` wants: all without it."""
    if wanted is None:
        return names
    chosen = wanted_words(wanted, names)
    _check_there(chosen, names, "'likelihoods' has")
    return chosen


def _check_there(given: Mapping | Sequence, names: tuple[str, ...], what: str) -> None:
    for name in given:
        if name not in names:
            raise ConfigError(
                f"{what} '{name}', which is no likelihood here; they are {', '.join(names)}"
            )
