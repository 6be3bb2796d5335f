"""A pipeline of the standard library's modules as likelihoods, parameters and options here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jaxlike.config.cosmosis_correlated import MODULE_FILE as CORRELATED
from jaxlike.config.cosmosis_correlated import with_module
from jaxlike.config.ini_file import Section, Sections
from jaxlike.config.others import KINDS, OtherConfig, check_counted_once
from jaxlike.config.standard_library.block import Block, Source, TwoPoint
from jaxlike.config.standard_library.counting import leave_out, mark_unread, run
from jaxlike.config.standard_library.given import Given, library_file
from jaxlike.config.standard_library.parameters import Use, renamed, suffixes_of, uses_of
from jaxlike.config.standard_library.registry import module_of
from jaxlike.config.standard_library.samples import Model, kernels_of, model_of
from jaxlike.data import find_data_file
from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import find
from jaxlike.registry.options import SURVEY_OPTIONS, TheoryOptions

_TWO_POINT = ("2pt_like", "2pt_point_mass", "simple_like", "sacc_like", "hsc_cosmic_shear_like")
_UNKNOWN = (
    "it is no module of the standard library that is known here, and no module of [pipeline] is"
    " jaxlike_two_point.py"
)
_INTERNAL = ("ratios_like", "section", "max_mode", "angular_bins")


@dataclass(frozen=True)
class Like:
    """A likelihood as CosmoSIS calls it; ratios: that of shear ratios, which are with it here;
    section: where its theory is by bins, where the module does not save its data vector."""

    name: str
    ratios: str | None = None
    section: str | None = None


@dataclass
class Translation:
    """likelihoods: options of each by its name; universe: those of the theory; likes, other_likes:
    how CosmoSIS calls them, and those of other data; uses: which parameters they read; modules:
    that have run; given: names of all values; dropped: those without effect, and why; options:
    those that are options here.
    """

    likelihoods: dict[str, dict[str, Any]]
    universe: dict[str, Any]
    parameters: tuple[Parameter, ...]
    others: tuple[OtherConfig, ...]
    likes: dict[str, Like]
    other_likes: dict[str, str]
    uses: list[Use] = field(default_factory=list)
    modules: list[Given] = field(default_factory=list)
    given: frozenset[str] = frozenset()
    dropped: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def translate(
    path: Path,
    ini: Sections,
    pipeline: Mapping[str, str],
    parameters: tuple[Parameter, ...],
    overrides: Mapping[str, object],
) -> Translation:
    """What a pipeline at `path` is here; ConfigError names module, option and line."""
    modules = _modules(path, ini, pipeline, overrides)
    block = Block({p.name: p.name for p in parameters}, {p.name: p.value for p in parameters})
    block.left_out = leave_out(path, modules, pipeline, overrides)
    changed: dict[str, set[str]] = {}
    for given in modules:
        if given.left_out:
            continue
        given.check()
        if Path(given.text("file")).name == CORRELATED:
            try:
                parameters = with_module(parameters, given.section.entries, given.name, path)
            except ConfigError as error:
                raise ConfigError(f"{given.file.place}: {error}") from error
            block.values |= {p.name: p.name for p in parameters if p.name not in block.values}
        changed[given.name] = changed.get(given.name, set()) | run(block, given)
    _check(path, block)
    mark_unread(modules, changed, block)
    wanted = block.two_point
    models = {one.like_name: model_of(one) for one in wanted}
    suffixes = suffixes_of(models, block, alone=not _of_several(modules, pipeline))
    uses: list[Use] = []
    options = {}
    for one in wanted:
        model = models[one.like_name]
        try:
            own = list(uses_of(model, suffixes[one.like_name], block))
        except ConfigError as error:
            raise ConfigError(f"{one.entry.file}: {error}") from error
        uses += own
        options[one.like_name] = _options(one, model, suffixes[one.like_name], block)
    uses += [Use(origin, name, Source(name, "", name)) for name, origin in block.own.items()]
    kept = {
        p.name
        for p in parameters
        if _of_universe(p.name) and p.name not in {*block.own.values(), *block.dropped}
    }
    parameters = renamed(parameters, uses, kept)
    have = {p.name for p in parameters}
    fixed = tuple(Parameter(n, value=v) for n, v in block.fixed.items() if n not in have)
    others = tuple(KINDS[one.kind].read(one.section, one.kind, one.options) for one in block.others)
    try:
        check_counted_once(others)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return Translation(
        options,
        dict(block.universe),
        (*parameters, *fixed),
        others,
        {one.like_name: _like(one) for one in wanted},
        {one.section: one.like_name for one in block.others},
        uses,
        modules,
        frozenset(block.numbers),
        block.dropped,
        block.options,
    )


def _of_several(modules: Sequence[Given], pipeline: Mapping[str, str]) -> bool:
    """Whether the pipeline itself, whatever a keyword leaves of it, has several likelihoods of
    two-point data, whose parameters have names of their own."""
    listed = pipeline.get("likelihoods", "").split()
    names = [one.like_name for one in modules if Path(one.text("file")).stem in _TWO_POINT]
    return len([name for name in names if not listed or name in listed]) > 1


def _like(one: TwoPoint) -> Like:
    return Like(one.like_name, one.options.get("ratios_like"), one.options.get("section"))


def _of_universe(name: str) -> bool:
    named = find(name)
    in_cosmology = name.startswith("cosmological_parameters--")
    return in_cosmology or (named is not None and named.sample is None)


def _modules(
    path: Path, ini: Sections, pipeline: Mapping[str, str], overrides: Mapping[str, object]
) -> list[Given]:
    """The modules in the order of the pipeline; ConfigError on one that is unknown here."""
    replaced = _replaced(path, ini, pipeline, overrides)
    found = []
    for name in pipeline.get("modules", "").split():
        section = ini.get(name.lower())
        if section is None or "file" not in section.entries:
            raise ConfigError(
                f"{path}: module '{name}' of [pipeline] modules has no section with a 'file'"
            )
        file = section.entries["file"]
        module = module_of(file)
        entry = section.entry(name, "file")
        if module is None:
            raise entry.refused(_UNKNOWN)
        if module.refused:
            raise entry.refused(module.refused)
        found.append(Given(name.lower(), module, section, path, name, replaced))
    return found


def _replaced(
    path: Path, ini: Sections, pipeline: Mapping[str, str], overrides: Mapping[str, object]
) -> dict[str, str]:
    """Files of data as the pipeline names them -> those that keywords give in their place."""
    found: dict[str, str] = {}
    given, nz = overrides.get("data_file"), overrides.get("nz_file")
    for name in pipeline.get("modules", "").split():
        section = ini.get(name.lower(), Section()).entries
        if isinstance(nz, str) and "nz_file" in section:
            found[section["nz_file"]] = str(find_data_file(library_file(nz, path)))
        if Path(section.get("file", "")).stem not in _TWO_POINT or "data_file" not in section:
            continue
        module = module_of(section["file"])
        like = section.get("like_name", module.like if module else "")
        one = overrides.get(
            f"{like}.data_file", given.get(like) if isinstance(given, Mapping) else given
        )
        if one is not None:
            found[section["data_file"]] = str(find_data_file(library_file(str(one), path)))
    return found


def _check(path: Path, block: Block) -> None:
    if not block.boltzmann:
        raise ConfigError(
            f"{path}: no module of [pipeline] modules computes P(k, z) or distances: put camb there"
        )
    if not block.two_point and not block.others:
        raise ConfigError(f"{path}: none of [pipeline] modules is a likelihood")


def _options(one: TwoPoint, model: Model, suffix: str, block: Block) -> dict[str, Any]:
    """All options of a likelihood, those at their defaults too: none is left to a survey."""
    kernels, nz_file = kernels_of(one, model)
    found: dict[str, Any] = {
        **{
            name: getattr(TheoryOptions, name)
            for name in SURVEY_OPTIONS
            if hasattr(TheoryOptions, name)
        },
        **block.universe,
        **model.options,
        **one.options,
        **_values(model, block),
        "data_file": str(one.file),
        "probes": list(dict.fromkeys(one.statistics.values())),
        "nz": _nz(model),
        "scale_cuts": _cuts(one, model),
        "suffix": suffix,
    }
    if kernels:
        found["kernels"] = kernels
    if nz_file:
        found["nz_file"] = nz_file
    for name in _INTERNAL:
        found.pop(name, None)
    return found


def _cuts(one: TwoPoint, model: Model) -> object:
    cuts = one.cuts
    if cuts is None:
        return "none"
    cuts.bins = model.options.get("angular_bins")
    return cuts.as_option(one.statistics)


def _nz(model: Model) -> object:
    curves = {sample.nz.table: sample.curve for sample in model.samples}
    if len(set(curves.values())) == 1:
        return next(iter(curves.values()))
    return curves


def _values(model: Model, block: Block) -> dict[str, Any]:
    """Options that stand among the values of the pipeline."""
    if model.alignment is None or not model.alignment.values:
        return {}
    shares, pivot = model.alignment.values
    n_bin = next(one.n_bin for one in model.samples if one.kind == "shear")
    return {
        shares.of: [_fixed(shares, i, block) for i in range(1, n_bin + 1)],
        pivot.of: _fixed(pivot, None, block),
    }


def _fixed(source: Source, number: int | None, block: Block) -> float:
    key = source.key(number)
    value = block.numbers.get(block.values.get(key, key))
    if value is None:
        raise ConfigError(f"{source.module} reads '{key}', which must be a fixed value here")
    block.options[key] = f"{source.of} = {value:g}"
    return value
