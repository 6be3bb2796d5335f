"""Baryon acoustic oscillations in an input, by Cobaya's names."""

from collections.abc import Mapping
from typing import Any

from jaxlike.config.others.other_config import Kinds, OtherConfig, check_as_published
from jaxlike.data.bao import DESI_DR2, desi_dr2_bao
from jaxlike.likelihoods.bao import Bao

_DESI = "bao.desi_dr2"
_SAMPLES = {_DESI: "desi_bao_all", **{f"{_DESI}.{name}": name for name in DESI_DR2}}


def _own_copy(file: object) -> bool:
    return str(file).startswith("bao_data/desi_bao_dr2/")


def _no_scale(value: object) -> bool:
    return value == 1


class BaoConfig(OtherConfig):
    """One of DESI's second data release, which comes with the package."""

    accepted = ("measurements_file", "cov_file", "rs_fid", "rs_rescale")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "BaoConfig":
        """Cobaya's options may say that its copy of the same data is meant."""
        check_as_published(
            kind,
            given,
            {
                "measurements_file": _own_copy,
                "cov_file": _own_copy,
                "rs_fid": _no_scale,
                "rs_rescale": _no_scale,
            },
        )
        return cls(name, kind)

    @property
    def needs(self) -> tuple[str, ...]:
        """Distances in units of r_drag."""
        return ("rdrag",)

    @property
    def measurements(self) -> frozenset[str]:
        """The samples."""
        sample = _SAMPLES[self.kind]
        every = [one for one, z in DESI_DR2.items() if z is not None]
        return frozenset(every if DESI_DR2[sample] is None else [sample])

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return f"{_SAMPLES[self.kind]} of DESI DR2, as it comes with jaxlike (arXiv:2503.14738)"

    def build(self) -> Bao:
        """The likelihood itself."""
        return Bao.of(desi_dr2_bao(_SAMPLES[self.kind]))


KINDS: Kinds = dict.fromkeys(_SAMPLES, BaoConfig)
