"""Parameters of a pipeline under the names that likelihoods here have for them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jax.typing import ArrayLike

from jaxlike.config.standard_library.block import Block, Source
from jaxlike.config.standard_library.samples import Model, Sampled, sources_of
from jaxlike.errors import ConfigError
from jaxlike.posterior.functions import Function
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import Names, default_latex
from jaxlike.registry.samples import Sample


@dataclass(frozen=True)
class Use:
    """A parameter of the pipeline that a likelihood reads under a name of its own."""

    origin: str
    target: str
    source: Source


def suffixes_of(models: Mapping[str, Model], block: Block, *, alone: bool) -> dict[str, str]:
    """What the sections of each likelihood's parameters end with here: nothing where there is one
    likelihood alone, else the end that most of its parameters have, or its name."""
    if alone:
        return dict.fromkeys(models, "")
    found: dict[str, str] = {}
    for name, model in models.items():
        ends = Counter(
            end
            for _, source, number in sources_of(model)
            if (end := _end(block.values.get(source.key(number), source.key(number))))
        )
        own = [end for end, _ in ends.most_common() if end not in found.values()]
        word = own[0] if own else name.removeprefix("2pt_")
        found[name] = word if word[:1].isalpha() else f"of_{word}"
    return found


def _end(name: str) -> str:
    """What a section, or a name in it, ends with beyond what stands there without a suffix."""
    section, _, key = name.partition("--")
    for whole, rest in ((section, f"{{}}--{key}"), (key, f"{section}--{{}}")):
        for i, letter in enumerate(whole):
            if letter == "_" and Names(()).find(rest.format(whole[:i])) is not None:
                return whole[i + 1 :]
    return ""


def uses_of(model: Model, suffix: str, block: Block) -> Iterator[Use]:
    """Every parameter that a likelihood reads, and its name here; ConfigError where one has no
    value and the module has none for it."""
    samples = [_sample(one, suffix) for one in model.samples]
    names = Names(samples)
    for sampled, source, number in sources_of(model):
        key = source.key(number)
        sample = samples[model.samples.index(sampled)]
        origin = block.values.get(key, key)
        if key not in block.values and source.default is None:
            if source.left_out:
                continue
            raise ConfigError(f"{source.module} reads '{key}', which has no value")
        yield Use(origin, _target(source.of, number, sample, names, origin), source)


def _sample(one: Sampled, suffix: str) -> Sample:
    return Sample(one.kind, one.n_bin, suffix=suffix)


def _target(of: str, number: int | None, sample: Sample, names: Names, origin: str) -> str:
    """The name here of the parameter `of` of a bin: that of the pipeline where it is one."""
    for declared in sample.parameters:
        if declared.name == of and bool(declared.per) == (number is not None):
            canonical = sample.own + declared.numbered(number)
            known = names.find(origin)
            if known is not None and known.canonical == canonical:
                return origin
            in_sections = [one for one in sample.accepted(declared, number) if "--" in one]
            return in_sections[0]
    raise ConfigError(f"there is no parameter {of} of {sample.word} bins")


def renamed(
    parameters: Iterable[Parameter], uses: Iterable[Use], kept: set[str]
) -> tuple[Parameter, ...]:
    """The parameters under the names of those who read them, `kept` ones under their own.

    One that several read is sampled under its own name, and theirs are functions of it.
    """
    targets: dict[str, list[str]] = {}
    for use in uses:
        targets.setdefault(use.origin, []).append(use.target)
    found: list[Parameter] = []
    have = {p.name for p in parameters}
    for p in parameters:
        to = list(dict.fromkeys(targets.get(p.name, [])))
        if p.name in kept or p.drop:
            found.append(p)
        if not to or p.name in kept:
            continue
        if p.value is not None or p.derived_from is not None or len(to) == 1:
            found += [replace(p, name=name, latex=default_latex(name)) for name in to]
        else:
            found.append(replace(p, name=_own(p.name, to), drop=True))
            found += [_linked(name, _own(p.name, to)) for name in to]
    for use in uses:
        if use.origin not in have and use.source.default is not None:
            found.append(
                Parameter(use.target, value=use.source.default, latex=default_latex(use.target))
            )
    return tuple(found)


def _own(name: str, targets: list[str]) -> str:
    """A name for what several read, that is none of theirs."""
    return f"shared_{name}" if name in targets else name


def _linked(name: str, origin: str) -> Parameter:
    function = Function.of(_same, (origin,), "lambda x: x")
    return Parameter(name, derived_from=function, latex=default_latex(name))


def _same(x: ArrayLike) -> ArrayLike:
    return x
