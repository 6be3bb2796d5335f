"""Which parameters have an effect with which options, and which an option cannot do without."""

from collections.abc import Iterable, Mapping, Sequence

from jaxlike.errors import ParameterError
from jaxlike.registry.names import Names
from jaxlike.registry.samples import Sample
from jaxlike.theory.declarations import meets
from jaxlike.theory.universe.cosmology import PARAMETERS as UNIVERSE


def _word(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unmet(
    name: str, options: Mapping[str, object], names: Names
) -> tuple[str, tuple[object, ...]] | None:
    """The option that keeps a parameter from having an effect, and the values that it wants."""
    named = names.find(name)
    if named is None or named.declared.needs is None:
        return None
    option, wanted = named.declared.needs
    if option not in options or meets(options[option], wanted):
        return None
    if (other := named.declared.or_needs) and meets(options.get(other[0]), other[1]):
        return None
    return option, wanted


def has_effect(name: str, options: Mapping[str, object], samples: Sequence[Sample] = ()) -> bool:
    """Whether these options, of those that a parameter needs, give it an effect."""
    return _unmet(name, options, Names(samples)) is None


def is_of_unread(
    name: str, unread: Sequence[str], options: Mapping[str, object], samples: Sequence[Sample]
) -> bool:
    """Whether a parameter has no effect for want of files that `unread` options name in vain."""
    named = {**options, **dict.fromkeys(unread, "a file")}
    return (
        len(unread) > 0
        and has_effect(name, named, samples)
        and not has_effect(name, options, samples)
    )


def check_effects(
    names: Iterable[str], options: Mapping[str, object], samples: Sequence[Sample] = ()
) -> None:
    """ParameterError on a parameter that has no effect with the options (name -> value) given.

    samples: those that have these options; parameters of others are not looked at.
    """
    known = Names(samples)
    for name in names:
        unmet = _unmet(name, options, known)
        if unmet is not None:
            option, wanted = unmet
            values = " or ".join(_word(value) for value in wanted)
            raise ParameterError(
                f"parameter '{name}' has no effect with {option} = {_word(options[option])}: leave "
                f"it out or take {option} = {values}"
            )


def check_complete(
    names: Iterable[str], options: Mapping[str, object], samples: Sequence[Sample]
) -> None:
    """ParameterError on a parameter that the options (name -> value) need and `names` have not."""
    known = Names(samples)
    found = (known.find(name) for name in names)
    given = {named.canonical for named in found if named is not None}
    for sample in samples:
        for declared in sample.parameters:
            for option, value in declared.required_by:
                if not meets(options.get(option), (value,)):
                    continue
                for number in sample.numbers(declared):
                    name = sample.own + declared.numbered(number)
                    if name in given:
                        continue
                    count = sample.count(declared)
                    each = f" of each of the {count} {sample.word} bins" if declared.per else ""
                    accepted = sample.accepted(declared, number)
                    named = [a for a in accepted if declared.per or "--" not in a]
                    raise ParameterError(
                        f"parameter {name} is missing: {option} = {_word(value)} needs "
                        f"{sample.own}{declared.name}{each}, given as {'|'.join(named)}"
                    )


def check_universe(names: Iterable[str], options: Mapping[str, object]) -> None:
    """ParameterError on a parameter of the universe that the options need and `names` have not."""
    found = (Names(()).find(name) for name in names)
    given = {named.declared.name for named in found if named is not None}
    for declared in UNIVERSE:
        for option, value in declared.required_by:
            if declared.name not in given and meets(options.get(option), (value,)):
                raise ParameterError(
                    f"parameter {declared.name} is missing: {option} = {_word(value)} needs it, "
                    f"given as {'|'.join(declared.bare)}"
                )
