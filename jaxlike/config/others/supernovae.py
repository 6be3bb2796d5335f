"""Supernovae in an input, by Cobaya's names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxlike.config.others.installed import folder_of, given_places, located
from jaxlike.config.others.other_config import (
    Kinds,
    OtherConfig,
    check_as_published,
    of_component,
)
from jaxlike.data.supernova_library import LIBRARY_SETS
from jaxlike.data.supernova_sets import (
    SUPERNOVA_SETS,
    SupernovaSet,
    files_of,
    read_dataset,
)
from jaxlike.data.supernovae import SupernovaData, union3
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.supernovae import ABSOLUTE_MAGNITUDE, Supernovae
from jaxlike.registry.option_values import flag
from jaxlike.registry.options import check_option_names

COMPONENT = "jaxlike.cobaya.sn"
_SHARED = frozenset({"supernovae at low redshift"})  # in each of the compilations


def _own_copy(file: object) -> bool:
    return str(file).startswith("Union3/")


def _nothing(value: object) -> bool:
    return value == {}


class _OfSupernovae(OtherConfig):
    """What all of them have in common."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The absolute magnitude, where it is sampled."""
        return (ABSOLUTE_MAGNITUDE,) if self.options.get("use_abs_mag") else ()

    @property
    def measurements(self) -> frozenset[str]:
        """The compilations have supernovae in common."""
        return _SHARED


def _magnitude(given: Mapping[str, Any]) -> dict[str, object]:
    """use_abs_mag: whether the absolute magnitude is a parameter."""
    return {"use_abs_mag": True} if flag("use_abs_mag", given.get("use_abs_mag", False)) else {}


class SupernovaConfig(_OfSupernovae):
    """Union3, which comes with the package."""

    accepted = ("dataset_file", "dataset_params", "use_abs_mag")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "SupernovaConfig":
        """Cobaya's options may say that its copy of the same data is meant."""
        check_as_published(kind, given, {"dataset_file": _own_copy, "dataset_params": _nothing})
        return cls(name, kind, _magnitude(given))

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return "Union3, as it comes with jaxlike (arXiv:2311.12098)"

    def build(self) -> Supernovae:
        """The likelihood itself."""
        return Supernovae.of(union3(), sampled=bool(self.parameters))


class InstalledSupernovae(_OfSupernovae):
    """A compilation whose files Cobaya has installed."""

    accepted = ("path", "packages_path", "dataset_file", "dataset_params", "use_abs_mag")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "InstalledSupernovae":
        """Options as in Cobaya."""
        own, changed = SUPERNOVA_SETS[kind.removeprefix("sn.")], given.get("dataset_params") or {}
        if not isinstance(changed, Mapping):
            raise ConfigError(f"option 'dataset_params' of {kind} is {changed!r}: give a mapping")
        check_option_names(changed, own.keys, f"entry in dataset_params of {kind}:")
        options = {**given_places(given), **_magnitude(given)}
        if given.get("dataset_file", own.dataset_file) != own.dataset_file:
            options["dataset_file"] = str(given["dataset_file"])
        return cls(name, kind, options | ({"dataset_params": dict(changed)} if changed else {}))

    @property
    def own(self) -> SupernovaSet:
        """What Cobaya has under this name."""
        return SUPERNOVA_SETS[self.kind.removeprefix("sn.")]

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return str(self.options.get("dataset_file", self.own.source))

    def data(self) -> SupernovaData:
        """The numbers; DataError says how they are installed, or what is wrong with a file."""
        name = str(self.options.get("dataset_file", self.own.dataset_file))
        folder = folder_of(self.kind, name, self.options, "sn_data")
        file = located(name, self.kind, self.options, folder)
        changed: Any = self.options.get("dataset_params", {})
        said = read_dataset(file, changed)
        beside = file.parent if folder is None else folder
        table, covariance = (
            located(str(one), self.kind, self.options, None if folder is None else Path())
            for one in files_of(said, beside)
        )
        return self.own.read(table, covariance, said)

    def build(self) -> Supernovae:
        """The likelihood itself."""
        return Supernovae.of(
            self.data(), sampled=bool(self.parameters), normalised=self.own.normalised
        )


class LibrarySupernovae(_OfSupernovae):
    """A compilation in the files of a module of CosmoSIS's standard library."""

    accepted = ("table", "covariance", "use_abs_mag")
    places = ("table", "covariance")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "LibrarySupernovae":
        """The two files, and whether the absolute magnitude is a parameter."""
        own = LIBRARY_SETS[kind.removeprefix("sn.")]
        for option in cls.places:
            if not isinstance(given.get(option), str):
                raise ConfigError(
                    f"option '{option}' of {kind} is {given.get(option)!r}: give the path of the "
                    f"library's {getattr(own, option)}"
                )
        return cls(name, kind, {key: given[key] for key in cls.places} | _magnitude(given))

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return str(self.options["table"])

    def build(self) -> Supernovae:
        """The likelihood itself."""
        own = LIBRARY_SETS[self.kind.removeprefix("sn.")]
        table, covariance = (Path(str(self.options[key])).expanduser() for key in self.places)
        return Supernovae.of(
            own.read(table, covariance),
            sampled=bool(self.parameters),
            normalised=own.normalised,
        )


class SupernovaComponent(OtherConfig):
    """jaxlike's component for Cobaya, whose option `data` is one of Cobaya's names, or of those of
    the library's files."""

    accepted = ("data", *InstalledSupernovae.accepted, *LibrarySupernovae.places)

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> OtherConfig:
        """What `data` names."""
        return of_component(
            COMPONENT, name, {"data": "union3", **given}, {**BY_COBAYA, **BY_COSMOSIS}, REFUSED
        )


BY_COBAYA: Kinds = {
    "sn.union3": SupernovaConfig,
    **dict.fromkeys((f"sn.{name}" for name in SUPERNOVA_SETS), InstalledSupernovae),
}
BY_COSMOSIS: Kinds = dict.fromkeys((f"sn.{name}" for name in LIBRARY_SETS), LibrarySupernovae)
REFUSED = dict.fromkeys(
    ("sn.jla", "sn.jla_lite"),
    "its covariance is a function of the light curves' parameters alpha and beta; `cobaya-run` "
    "takes it, with a sampler that needs no gradient",
)
KINDS: Kinds = {**BY_COBAYA, COMPONENT: SupernovaComponent}
