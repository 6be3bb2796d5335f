"""Several configurations as one: their likelihoods multiply, their parameters are one set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from jaxlike.config.container import Config, check_one_universe
from jaxlike.config.functions import check_functions
from jaxlike.config.others import check_counted_once
from jaxlike.config.records import expand, parameter_from
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Prior
from jaxlike.posterior.priors.correlated import check_not_joint
from jaxlike.theory.universe.cosmology import EXCLUSIVE, PARAMETERS

Configs = Mapping[str, Config]
"""By what messages call them."""

_MATTER = ("Omega_m", "Omega_c", "omch2")
# What a universe has where nothing is said
_ABSENT = {
    **{one.name: one.default for one in PARAMETERS if one.default is not None},
    **dict.fromkeys(("Omega_k", "omega_nu", "mnu"), 0.0),
}

T = TypeVar("T")


def merged(configs: Configs, priors: Mapping[str, object], path: str) -> Config:
    """The configuration of the product; priors: entries as in the block `params` of a Cobaya input,
    or priors themselves, which count for all.

    A parameter of a universe is in all of them, and the same, or in `priors`: a universe that has
    not got it is one with its default. ConfigError or ParameterError, with the name, on what is not
    the same, and on options of the theory that differ.
    """
    first = next(iter(configs.values()))
    check_one_universe({label: one.theory for label, one in configs.items()})
    likelihoods = _distinct("likelihood", [one.likelihoods for one in configs.values()])
    others = _distinct("likelihood", [one.others for one in configs.values()])
    joint = _distinct("prior", [one.correlated_priors for one in configs.values()], same=True)
    check_counted_once(others)
    external = _distinct("prior", [one.external_priors for one in configs.values()], same=True)
    found = replace(
        first,
        path=Path(path),
        likelihoods=likelihoods,
        others=others,
        external_priors=external,
        correlated_priors=joint,
        output=None,
        sampler={},
        asked=None,
    )
    for name in priors:
        check_not_joint(name, joint)
    _check_universes(configs, priors, found)
    parameters = _parameters(configs, priors, found)
    have = {p.name for p in parameters}
    outputs = {o.name: o for one in configs.values() for o in one.outputs}
    latex = {n: text for one in configs.values() for n, text in one.output_latex.items()}
    check_functions(parameters, {name for prior in external for name in prior.arguments})
    return replace(
        found,
        parameters=parameters,
        outputs=tuple(o for o in outputs.values() if o.function is not None or o.name in have),
        output_latex=latex,
    )


def _distinct(what: str, groups: Iterable[Iterable[T]], *, same: bool = False) -> tuple[T, ...]:
    """All of them; ConfigError on a name that two have, or with `same` on two that differ."""
    found: dict[str, T] = {}
    for one in (one for group in groups for one in group):
        name = one.name  # type: ignore[attr-defined]
        if name in found and not (same and found[name] == one):
            raise ConfigError(
                f"there are two of the {what} '{name}': "
                + ("they are not the same" if same else "give the models a name, {name: model}")
            )
        found.setdefault(name, one)
    return tuple(found.values())


def _group(quantity: str) -> tuple[str, ...]:
    """The quantities of which a universe takes one, this one among them."""
    return next((group for group in (*EXCLUSIVE, _MATTER) if quantity in group), (quantity,))


def _of_universe(names: Iterable[str], config: Config) -> dict[tuple[str, ...], set[str]]:
    """Groups of quantities -> the names of them that are there."""
    found: dict[tuple[str, ...], set[str]] = {}
    known = config.names
    for name in names:
        named = known.find(name)
        if named is not None and named.sample is None:
            found.setdefault(_group(named.canonical), set()).add(name)
    return found


def _check_universes(configs: Configs, priors: Mapping[str, object], whole: Config) -> None:
    """ParameterError on a quantity of the universe that is another one in two of them."""
    given = _of_universe(priors, whole)
    each = {
        label: _of_universe((p.name for p in one.parameters if not p.drop), one)
        for label, one in configs.items()
    }
    (first, here), *rest = each.items()
    for label, there in rest:
        for group in {**here, **there}:
            if group in given or here.get(group) == there.get(group):
                continue
            if group in here and group in there:
                a, b = (", ".join(sorted(one[group])) for one in (here, there))
                raise ParameterError(
                    f"{first} has '{a}' and {label} '{b}', which are one quantity: give one of "
                    "them in priors"
                )
            has, lacks = (first, label) if group in here else (label, first)
            (name, *_) = sorted(each[has][group])
            _check_absent(configs[has], name, has, lacks)


def _check_absent(config: Config, name: str, has: str, lacks: str) -> None:
    one = next(p for p in config.parameters if p.name == name)
    default = _ABSENT.get(config.names.canonical(name))
    if one.value is None or one.value != default:
        there = "none" if default is None else f"{default:g}"
        raise ParameterError(
            f"'{name}' is {_said(one)} in {has}, but {lacks} has not got it ({there} there): give "
            "it in priors"
        )


def _parameters(
    configs: Configs, priors: Mapping[str, object], whole: Config
) -> tuple[Parameter, ...]:
    """All parameters, in their order, those of `priors` in the place of theirs."""
    given = _of_universe(priors, whole)
    found: dict[str, Parameter] = {}
    first: dict[str, str] = {}
    for label, config in configs.items():
        own = _of_universe((p.name for p in config.parameters if not p.drop), config)
        gone = {name for group in given for name in own.get(group, ()) if name not in priors}
        for one in (p for p in config.parameters if p.name not in gone):
            other = found.setdefault(one.name, one)
            before = first.setdefault(one.name, label)
            if one.name not in priors and not _are_same(one, other):
                raise ParameterError(
                    f"'{one.name}' is {_said(other)} in {before} and {_said(one)} in {label}: give "
                    "it in priors"
                )
    for name, info in priors.items():
        found[name] = _given(name, info, found.get(name), whole)
    return tuple(found.values())


def _are_same(one: Parameter, other: Parameter) -> bool:
    fields = ("prior", "value", "derived_from", "drop")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _said(one: Parameter) -> str:
    """What a parameter is, in words."""
    if one.prior is not None:
        prior = ", ".join(f"{key} {value}" for key, value in one.prior.as_cobaya().items())
        return f"sampled ({prior})"
    return "a function" if one.value is None else f"fixed at {one.value:g}"


def _given(name: str, info: Any, before: Parameter | None, whole: Config) -> Parameter:
    """A parameter as `priors` has it; what it does not say of label, start and step is as it was,
    the start where the prior allows it."""
    is_prior = isinstance(info, get_args(Prior))
    found = parameter_from(name, 0.0 if is_prior else info, whole.names)
    if found is None:
        raise ParameterError(f"priors has '{name}' without a prior or a value")
    said = {} if is_prior else expand(name, info)
    if is_prior:
        found = replace(found, value=None, prior=info, ref_loc=info.centre)
    if before is None:
        return found
    kept: dict[str, Any] = {} if "latex" in said else {"latex": before.latex}
    if found.prior is not None and before.prior is not None:
        low, high = found.prior.support
        if "ref" not in said and before.ref_loc is not None and low <= before.ref_loc <= high:
            kept |= {"ref_loc": before.ref_loc, "ref_scale": before.ref_scale}
        if "proposal" not in said:
            kept["proposal"] = before.proposal
    return replace(found, **kept)


def labels(configs: Sequence[Config]) -> list[str]:
    """What messages call them: where they are from, with a number where that is the same."""
    paths = [str(one.path) for one in configs]
    return [
        path if paths.count(path) == 1 else f"model {i} ({path})" for i, path in enumerate(paths, 1)
    ]
