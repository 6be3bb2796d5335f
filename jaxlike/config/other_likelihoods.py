"""Likelihoods of other data that an input names as Cobaya does, and that come with the package."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jaxlike.config.overrides import wanted_of
from jaxlike.data.bao import DESI_DR2, desi_dr2_bao
from jaxlike.data.supernovae import union3
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.bao import Bao
from jaxlike.likelihoods.protocol import LogLikelihood
from jaxlike.likelihoods.supernovae import ABSOLUTE_MAGNITUDE, Supernovae
from jaxlike.registry.option_values import flag
from jaxlike.registry.options import check_option_names

_DESI = "bao.desi_dr2"
_DESI_SAMPLES = {_DESI: "desi_bao_all", **{f"{_DESI}.{name}": name for name in DESI_DR2}}
_UNION3 = "sn.union3"

KINDS = (*_DESI_SAMPLES, _UNION3)
"""Cobaya's names of the likelihoods that are known here."""

# Cobaya's options that choose nothing but its own copy of the same data -> what that is
_OWN_COPY = {
    "measurements_file": "bao_data/desi_bao_dr2/",
    "cov_file": "bao_data/desi_bao_dr2/",
    "dataset_file": "Union3/",
}
_AS_PUBLISHED: Mapping[str, tuple[object, ...]] = {
    "rs_fid": (1, None),
    "rs_rescale": (1, None),
    "dataset_params": ({}, None),
}
_OPTIONS_OF_BAO = ("measurements_file", "cov_file", "rs_fid", "rs_rescale")
_OPTIONS_OF_UNION3 = ("dataset_file", "dataset_params", "use_abs_mag")
_PLACES = ("path", "packages_path")  # of Cobaya's copy


@dataclass(frozen=True)
class OtherConfig:
    """What an input asks of a likelihood of other data: its name, Cobaya's name of what it is, of
    KINDS, and the options that are not as published. params: given in its block."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters of its own."""
        return (ABSOLUTE_MAGNITUDE,) if self.options.get("use_abs_mag") else ()

    @property
    def as_cobaya(self) -> dict[str, Any]:
        """Its block in a Cobaya input, apart from params."""
        return {**({} if self.name == self.kind else {"class": self.kind}), **self.options}

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        if self.kind == _UNION3:
            return "Union3, as it comes with jaxlike (arXiv:2311.12098)"
        return (
            f"{_DESI_SAMPLES[self.kind]} of DESI DR2, as it comes with jaxlike (arXiv:2503.14738)"
        )

    def build(self) -> LogLikelihood:
        """The likelihood itself."""
        if self.kind == _UNION3:
            return Supernovae.of(union3(), sampled=bool(self.parameters))
        return Bao.of(desi_dr2_bao(_DESI_SAMPLES[self.kind]))


def own_names(others: Sequence[OtherConfig]) -> tuple[str, ...]:
    """Names of the parameters that only these likelihoods know."""
    return tuple(name for one in others for name in one.parameters)


def others_in(
    block: Mapping[Any, Any],
    component: Callable[[str, object, object], tuple[str, dict[str, Any]]],
    unread: Sequence[str],
) -> tuple[tuple[OtherConfig, ...], dict[Any, Any]]:
    """The likelihoods of other data in the block `likelihood`, and the rest of it.

    component: a block's class and options; unread: options of every component that only a host
    reads. ConfigError on an unknown option, and on data that would count twice.
    """
    found, rest = [], {}
    for name, given in block.items():
        kind, options = component("likelihood", name, given)
        if kind in KINDS:
            found.append(_other(str(name), kind, options, unread))
        else:
            rest[name] = given
    for i, one in enumerate(found):
        for before in found[:i]:
            _check_apart(one, before)
    if found and not rest:
        raise ConfigError(
            f"likelihood '{found[0].name}' is multiplied with those of two-point data, of which "
            "there is none: give one, such as jaxlike.cobaya.3x2pt"
        )
    return tuple(found), rest


def wanted_others(
    others: tuple[OtherConfig, ...], two_point: tuple[str, ...], overrides: Mapping[str, object]
) -> tuple[tuple[OtherConfig, ...], dict[str, object]]:
    """Those that the keyword `likelihoods` wants, and the keywords for those of two-point data."""
    rest = dict(overrides)
    if rest.get("likelihoods") is None or not others:
        return others, rest
    own = {one.name for one in others}
    chosen = wanted_of(rest["likelihoods"], (*two_point, *own))
    rest["likelihoods"] = [name for name in chosen if name not in own]
    if not rest["likelihoods"]:
        raise ConfigError(
            f"'likelihoods' has {chosen[0]} alone, and none of two-point data: add one of "
            f"{', '.join(two_point)}"
        )
    return tuple(one for one in others if one.name in chosen), rest


def _other(name: str, kind: str, options: Mapping[str, Any], unread: Sequence[str]) -> OtherConfig:
    own = _OPTIONS_OF_UNION3 if kind == _UNION3 else _OPTIONS_OF_BAO
    given = {key: value for key, value in options.items() if value is not None}
    check_option_names(given, (*own, *_PLACES, *unread), f"option of {kind}:")
    for key, folder in _OWN_COPY.items():
        if key in given and not str(given[key]).startswith(folder):
            raise ConfigError(
                f"option '{key}' of {kind} is {given[key]!r}, but its data are those that come "
                "with jaxlike: leave it out"
            )
    for key, accepted in _AS_PUBLISHED.items():
        if key in given and given[key] not in accepted:
            raise ConfigError(
                f"option '{key}' of {kind} is {given[key]!r}; accepted is {accepted[0]!r}, as "
                "published"
            )
    sampled = flag("use_abs_mag", given.get("use_abs_mag", False))
    return OtherConfig(
        name, kind, {"use_abs_mag": True} if sampled else {}, dict(given.get("params") or {})
    )


def _check_apart(one: OtherConfig, before: OtherConfig) -> None:
    """ConfigError where two likelihoods have data in common, which would count twice."""
    both = [_DESI_SAMPLES.get(each.kind) for each in (one, before)]
    whole = "desi_bao_all" in both and None not in both
    if whole or one.kind == before.kind:
        raise ConfigError(
            f"likelihoods '{before.name}' and '{one.name}' have the same data, which would count "
            "twice: leave out one of them"
        )
