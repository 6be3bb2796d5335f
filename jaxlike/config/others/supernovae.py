"""Supernovae in an input, by Cobaya's names."""

from collections.abc import Mapping
from typing import Any

from jaxlike.config.others.other_config import Kinds, OtherConfig, check_as_published
from jaxlike.data.supernovae import union3
from jaxlike.likelihoods.supernovae import ABSOLUTE_MAGNITUDE, Supernovae
from jaxlike.registry.option_values import flag


def _own_copy(file: object) -> bool:
    return str(file).startswith("Union3/")


def _nothing(value: object) -> bool:
    return value == {}


class SupernovaConfig(OtherConfig):
    """Union3, which comes with the package."""

    accepted = ("dataset_file", "dataset_params", "use_abs_mag")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "SupernovaConfig":
        """Cobaya's options may say that its copy of the same data is meant; use_abs_mag: whether
        the absolute magnitude is a parameter."""
        check_as_published(kind, given, {"dataset_file": _own_copy, "dataset_params": _nothing})
        sampled = flag("use_abs_mag", given.get("use_abs_mag", False))
        return cls(name, kind, {"use_abs_mag": True} if sampled else {})

    @property
    def parameters(self) -> tuple[str, ...]:
        """The absolute magnitude, where it is sampled."""
        return (ABSOLUTE_MAGNITUDE,) if self.options.get("use_abs_mag") else ()

    @property
    def measurements(self) -> frozenset[str]:
        """The whole of it."""
        return frozenset([self.kind])

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return "Union3, as it comes with jaxlike (arXiv:2311.12098)"

    def build(self) -> Supernovae:
        """The likelihood itself."""
        return Supernovae.of(union3(), sampled=bool(self.parameters))


KINDS: Kinds = {"sn.union3": SupernovaConfig}
