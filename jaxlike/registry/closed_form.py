"""Options of what is marginalised in closed form."""

from collections.abc import Iterable, Mapping
from typing import Literal

from jaxlike.errors import ConfigError
from jaxlike.registry.option_values import bad_value, is_none

MARGINALISE_OPTIONS = ("marginalise", "marginalise_at")
"""Names of parameters, or what some of bins are called before their number, and where the data
vector is linear in them."""

MarginaliseAt = Literal["best_fit", "reference"]


def check_host(marginalise: object) -> None:
    """ConfigError in another program, which samples all parameters that have a prior."""
    if marginalise is not None:
        raise ConfigError(
            "option 'marginalise' takes parameters out of those that are sampled, which this "
            "program does not: take a command of jaxlike, such as jaxlike nuts"
        )


def _words(value: object) -> tuple[str, ...] | None:
    """Names from a list, or from text with commas or spaces between them; None where none is."""
    if is_none(value):
        return None
    words = value.replace(",", " ").strip("[]() ").split() if isinstance(value, str) else value
    found = () if not isinstance(words, Iterable) or isinstance(words, Mapping) else tuple(words)
    if not found or not all(isinstance(word, str) and word for word in found):
        raise bad_value("marginalise", value, "names of parameters, null")
    return found


def check_closed_form(options: Mapping[str, object]) -> tuple[str, ...] | None:
    """The names that the option `marginalise` has; ConfigError on none, and on options that have no
    effect or do not go together."""
    found = _words(options["marginalise"])
    if found is None:
        if options["marginalise_at"] != "best_fit":
            raise ConfigError(
                "option 'marginalise_at' has no effect without marginalise: leave it out"
            )
        return None
    for option, needed in (("compression", "none"), ("power", "jaxlike")):
        if options[option] != needed:
            raise ConfigError(
                f"option 'marginalise' takes derivatives of the whole data vector, which need "
                f"{option} = {needed}"
            )
    return found
