"""Which parameters have an effect with which options, and which an option cannot do without."""

from collections.abc import Iterable, Mapping, Sequence

from jaxlike.errors import ParameterError
from jaxlike.registry.names import TATT, accepted_aliases, split_name
from jaxlike.registry.sizes import Sizes, sample_of

_Kind = tuple[str, bool]  # a quantity, or (with True) the stem of one parameter for each bin

# The option that a parameter needs, and its values with which the parameter has an effect.
_NEEDS: dict[_Kind, tuple[str, tuple[object, ...]]] = {
    ("log_T_AGN", False): ("nonlinear", ("hmcode2020",)),
    ("A_IA", False): ("alignment", ("nla", "tatt")),
    ("A_IA", True): ("alignment", ("nla_per_bin",)),
    **{(name, False): ("alignment", ("tatt",)) for name in TATT},
    ("alpha_b", False): ("bias", ("power_law",)),
    ("z0_b", False): ("bias", ("power_law",)),
    ("alpha_mag", True): ("magnification", (True,)),
}
# What an option's value cannot do without.
_REQUIRED: tuple[tuple[str, object, _Kind], ...] = (
    ("alignment", "nla_per_bin", ("A_IA", True)),
    # codes differ in what they assume for an amplitude that is not given
    ("alignment", "tatt", ("A_IA", False)),
    ("alignment", "tatt", ("A2_IA", False)),
    ("bias", "power_law", ("alpha_b", False)),
    ("magnification", True, ("alpha_mag", True)),
)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unmet(name: str, options: Mapping[str, object]) -> tuple[str, tuple[object, ...]] | None:
    """The option that keeps a parameter from having an effect, and the values that it wants."""
    stem, number = split_name(name) or ("", None)
    option, wanted = _NEEDS.get((stem, number is not None), ("", ()))
    if not wanted or option not in options or options[option] in wanted:
        return None
    return option, wanted


def has_effect(name: str, options: Mapping[str, object]) -> bool:
    """Whether these options, of those that a parameter needs, give it an effect."""
    return _unmet(name, options) is None


def check_effects(names: Iterable[str], options: Mapping[str, object]) -> None:
    """ParameterError on a parameter that has no effect with the options (name -> value) given."""
    for name in names:
        unmet = _unmet(name, options)
        if unmet is not None:
            option, wanted = unmet
            values = " or ".join(_word(value) for value in wanted)
            raise ParameterError(
                f"parameter '{name}' has no effect with {option} = {_word(options[option])}: leave "
                f"it out or take {option} = {values}"
            )


def check_complete(names: Iterable[str], options: Mapping[str, object], sizes: Sizes) -> None:
    """ParameterError on a parameter that the options (name -> value) need and `names` have not."""
    from jaxlike.registry.samples import sizes as _s

    sizes = _s(sizes)
    given = {split_name(name) for name in names}
    for option, value, (stem, per_bin) in _REQUIRED:
        if options.get(option) != value:
            continue
        numbers: Sequence[int | None] = range(1, sizes.of(stem) + 1) if per_bin else [None]
        for number in numbers:
            if (stem, number) not in given:
                each = f" of each of the {sizes.of(stem)} {sample_of(stem)} bins" if per_bin else ""
                raise ParameterError(
                    f"parameter {stem}{number or ''} is missing: {option} = {_word(value)} needs "
                    f"{stem}{each}, given as {accepted_aliases(stem, number)}"
                )
