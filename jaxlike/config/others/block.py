"""The likelihoods of other than two-point data among those of an input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jaxlike.config.others import (
    bao,
    candl,
    cmb,
    des_y1,
    external,
    local_h0,
    planck_lite,
    supernovae,
)
from jaxlike.config.others.imported import installed
from jaxlike.config.others.other_config import Kinds, OtherConfig, check_refused
from jaxlike.config.overrides import NONE_WANTED, wanted_of
from jaxlike.config.places import find_place
from jaxlike.config.records import expand, prior_from
from jaxlike.errors import ConfigError
from jaxlike.posterior.priors import Uniform
from jaxlike.registry.names import Names
from jaxlike.registry.options import check_option_names

KINDS: Kinds = {
    **bao.KINDS,
    **supernovae.KINDS,
    **cmb.KINDS,
    **planck_lite.KINDS,
    **candl.KINDS,
    **des_y1.KINDS,
    **local_h0.KINDS,
    **external.KINDS,
}
"""Names of the likelihoods that are known here -> what they are."""

REFUSED: Mapping[str, str] = {
    **bao.REFUSED,
    **supernovae.REFUSED,
    **planck_lite.REFUSED,
    **local_h0.REFUSED,
}
"""Names of likelihoods that hosts know -> why there is none of them here."""

_PLACES = ("path", "packages_path")  # of Cobaya's copy of data


def known_kinds() -> Kinds:
    """The same with those that other packages bring."""
    return {**dict.fromkeys(installed(), external.ExternalConfig), **KINDS}


def own_names(others: Sequence[OtherConfig]) -> tuple[str, ...]:
    """Names of the parameters that only these likelihoods know."""
    return tuple(name for one in others for name in one.parameters)


def others_in(
    block: Mapping[Any, Any],
    component: Callable[[str, object, object], tuple[str, dict[str, Any]]],
    unread: Sequence[str],
    path: Path,
    packages_path: object = None,
) -> tuple[tuple[OtherConfig, ...], dict[Any, Any]]:
    """The likelihoods of other data in the block `likelihood` of the input at `path`, and the rest
    of it.

    component: a block's class and options; unread: options of every component that only a host
    reads; packages_path: Cobaya's, where the input gives it. ConfigError on an unknown option, and
    on data that would count twice.
    """
    found, rest = [], {}
    for name, given in block.items():
        kind, options = component("likelihood", name, given)
        check_refused(kind, REFUSED)
        kinds = KINDS if kind in KINDS or kind.startswith("jaxlike.") else known_kinds()
        if kind in kinds:
            if packages_path and "packages_path" in kinds[kind].accepted:
                options = {"packages_path": packages_path, **options}
            found.append(_other(str(name), kind, kinds[kind], options, unread, path))
        else:
            rest[name] = given
    check_counted_once(found)
    return tuple(found), rest


def check_counted_once(found: Sequence[OtherConfig]) -> None:
    """ConfigError where two of the likelihoods have data in common."""
    for i, one in enumerate(found):
        for before in found[:i]:
            if common := sorted(one.measurements & before.measurements):
                raise ConfigError(
                    f"likelihoods '{before.name}' and '{one.name}' have the same data, which would "
                    f"count twice: leave out one of them (both have {', '.join(common)})"
                )


def _other(
    name: str,
    kind: str,
    of_kind: type[OtherConfig],
    options: Mapping[str, Any],
    unread: Sequence[str],
    path: Path,
) -> OtherConfig:
    given = {key: value for key, value in options.items() if not _is_nothing(key, value, of_kind)}
    check_option_names(given, (*of_kind.accepted, *_PLACES, *unread), f"option of {kind}:")
    own = {key: value for key, value in given.items() if key in of_kind.accepted}
    own |= {key: find_place(own[key], path) for key in of_kind.places if key in own}
    params = dict(given.get("params") or {})
    bare = "params" in given or "input_params" in given  # in an .updated.yaml they have moved
    return replace(of_kind.read(name, kind, own), params=params, bare=bare)


def _is_nothing(key: str, value: object, of_kind: type[OtherConfig]) -> bool:
    return value is None and key not in of_kind.nulls


def check_names_once(others: Sequence[OtherConfig], names: Names, two_point: str) -> None:
    """ConfigError where a two-point likelihood would take a parameter of one of these."""
    for one in others:
        taken = next((name for name in one.parameters if _is_of_sample(name, names)), None)
        if taken is not None:
            raise ConfigError(
                f"likelihoods '{one.name}' and '{two_point}' both take '{taken}': leave out one of "
                "them, or give the latter a prefix of its own"
            )


def _is_of_sample(name: str, names: Names) -> bool:
    named = names.find(name)
    return named is not None and named.sample is not None


def check_priors_once(others: Sequence[OtherConfig], given: Mapping[Any, Any]) -> None:
    """ConfigError on a parameter with a prior in a likelihood's block and one in the input's
    params, or inside of a likelihood and one that is not flat, or with others in two blocks."""
    before: dict[str, OtherConfig] = {}
    for one in others:
        for name in one.priors_inside:
            said = expand(name, one.params.get(name, given.get(name, 0.0)))
            if "prior" in said and not isinstance(prior_from(name, said["prior"]), Uniform):
                raise ConfigError(
                    f"parameter '{name}' has a prior inside of likelihood '{one.name}' and another "
                    "one in the input, which would count twice: take clear_internal_priors: true, "
                    "or a flat prior"
                )
        for name, info in one.params.items():
            if "prior" in expand(name, info) and "prior" in expand(name, given.get(name)):
                raise ConfigError(
                    f"parameter '{name}' has a prior in likelihood '{one.name}' and one in params: "
                    "give one"
                )
            if name in before and before[name].params[name] != info:
                raise ConfigError(
                    f"parameter '{name}' is in likelihoods '{before[name].name}' and '{one.name}', "
                    "which do not say the same of it: give it in params"
                )
            before.setdefault(name, one)


def wanted_others(
    others: tuple[OtherConfig, ...], two_point: tuple[str, ...], overrides: Mapping[str, object]
) -> tuple[tuple[OtherConfig, ...], dict[str, object]]:
    """Those that the keyword `likelihoods` wants, and the keywords for those of two-point data."""
    rest = dict(overrides)
    if rest.get("likelihoods") is None or not others:
        return others, rest
    own = {one.name for one in others}
    chosen = wanted_of(rest["likelihoods"], (*two_point, *own))
    rest["likelihoods"] = [name for name in chosen if name not in own] or NONE_WANTED
    return tuple(one for one in others if one.name in chosen), rest
