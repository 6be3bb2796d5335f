"""What an error says about a name that is unknown: what may have been meant, and what there is."""

from collections.abc import Iterator, Sequence

from jaxlike.errors import ParameterError
from jaxlike.registry.samples import DES, Sample
from jaxlike.theory.declarations import Declared

_LONGEST = 300  # characters of a message that people still read
_LONGEST_NAME = 100
_EXAMPLES = ("Omega_m", "omch2", "H0", "omnuh2")
_PLAIN = ("DES_AIA", "b1..", "dz1..")
_ALL = "jaxlike.registry.names.accepted_names() lists all"


def unknown_parameter(
    name: str, hints: Sequence[str], samples: Sequence[Sample], guess: Sample | None = None
) -> ParameterError:
    """The error for a name that is unknown: as much of the hints and of examples as is short.

    guess: a sample whose prefix or suffix would make it known.
    """
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    examples = f"accepted are {', '.join((*_EXAMPLES, *_own_examples(samples)))} and so on, or "
    examples += "CosmoSIS's section--name: "
    for told, some in ((hints, examples), (hints, ""), (hints[:1], ""), ((), "")):
        meant = f" (did you mean {' or '.join(map(repr, told))}?)" if told else _owner(guess)
        text = f"unknown parameter '{name}'{meant}; {some}{_ALL}"
        if len(text) <= _LONGEST:
            break
    return ParameterError(text)


def _owner(guess: Sample | None) -> str:
    if guess is None or not guess.own:
        return ""
    option = f"prefix: {guess.prefix}" if guess.prefix else f"suffix = {guess.suffix}"
    return f" (known where a likelihood has the option {option})"


def _own_examples(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Parameters of the first likelihood with a prefix, or of any without."""
    own = next((sample.own for sample in samples if sample.own and sample.parameters), "")
    if not own:
        return _PLAIN
    found = []
    for sample in (one for one in samples if one.own == own):
        usual = [d for d in sample.parameters if d.necessary or d.default is not None]
        for numbered in (False, True):
            found += [own + d.name + "1.." * numbered for d in usual if bool(d.per) == numbered][:1]
    return tuple(dict.fromkeys(found))


def without_owner(name: str, samples: Sequence[Sample]) -> Iterator[tuple[str, str]]:
    """(What is left of a name, beginning of canonical names) for each prefix or suffix on it."""
    section, dashes, key = name.lower().partition("--")
    for sample in samples:
        if dashes and sample.suffix:
            end = f"_{sample.suffix.lower()}"
            if section.endswith(end):
                yield f"{section.removesuffix(end)}--{key}", sample.own
            if key.endswith(end):
                yield f"{section}--{key.removesuffix(end)}", sample.own
        elif sample.own and name.startswith(sample.own):
            yield name.removeprefix(sample.own), sample.own


def spelt_like(name: str, sample: Sample, declared: Declared, number: int | None) -> str:
    """The accepted name of a sample's parameter that is most like the bare `name`."""
    accepted = sample.accepted(declared, number)
    same = sample.own + name.removeprefix(DES)
    section = f"{name.partition('--')[0].lower()}_"
    sections = [one for one in accepted if "--" in one]
    of_section = [one for one in sections if one.startswith(section)]
    if "--" in name and sections:
        return (of_section or sections)[0]
    return same if same in accepted else accepted[0]
