"""Local measurements of the Hubble constant in an input, by Cobaya's names."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np

from jaxlike.config.others.other_config import Kinds, OtherConfig
from jaxlike.config.yaml_text import load_yaml
from jaxlike.data.gaussian import GaussianData
from jaxlike.likelihoods.cmb import GaussianConstraint
from jaxlike.registry.option_values import bad_value, number

_NAMES = ("freedman2020", "riess2018a", "riess2018b", "riess201903", "riess2020")
_MEAN, _STD = "H0_mean", "H0_std"

REFUSED = {
    "H0.riess2020Mb": "it is a Gaussian in Mb: give that prior to Mb beside a likelihood of "
    "supernovae with use_abs_mag: true"
}


class LocalH0Config(OtherConfig):
    """A Gaussian in H0, whose numbers are those of Cobaya's file or of the input."""

    accepted = (_MEAN, _STD)

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "LocalH0Config":
        """Options as in Cobaya."""
        own = _own(kind)
        options: dict[str, object] = {}
        for key in (_MEAN, _STD):
            value = number(key, given.get(key, own[key]), "a positive number")
            if value <= 0:
                raise bad_value(key, value, "a positive number")
            if value != own[key]:
                options[key] = value
        return cls(name, kind, options)

    @property
    def measurements(self) -> frozenset[str]:
        """Those of one distance ladder count once."""
        return frozenset([f"the distance ladder of {self.kind.removeprefix('H0.')[:5]}"])

    @property
    def source(self) -> str:
        """The numbers, in words."""
        mean, error = self._numbers
        return f"H0 = {mean:g} +- {error:g} km/s/Mpc ({self.kind} of Cobaya)"

    @property
    def _numbers(self) -> tuple[float, float]:
        found: Any = {**_own(self.kind), **self.options}
        return float(found[_MEAN]), float(found[_STD])

    def build(self) -> GaussianConstraint:
        """The likelihood itself."""
        mean, error = self._numbers
        data = GaussianData(("H0",), np.array([mean]), np.array([[error**2]]), self.source)
        return GaussianConstraint.of(data)


def _own(kind: str) -> dict[str, float]:
    """The numbers of Cobaya's file."""
    name = kind.removeprefix("H0.") + ".yaml"
    file = files("cobaya") / "likelihoods" / "H0" / name
    said = load_yaml(file.read_text(encoding="utf-8"), name)
    return {key: float(said[key]) for key in (_MEAN, _STD)}


KINDS: Kinds = {f"H0.{name}": LocalH0Config for name in _NAMES}
