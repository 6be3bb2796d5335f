"""Baryon acoustic oscillations in an input, by Cobaya's names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxlike.config.others.installed import folder_of, given_places, located, without_effect
from jaxlike.config.others.other_config import (
    Kinds,
    OtherConfig,
    check_as_published,
    of_component,
)
from jaxlike.data.bao import (
    BaoData,
    bao_of_rows,
    desi_dr2_bao,
    desi_dr2_bao_of_cosmosis,
    read_bao,
)
from jaxlike.data.bao_sets import (
    BAO_SETS,
    BAO_TABLES,
    COSMOSIS_NAMES,
    DESI_SAMPLES,
    DR2_NAMES,
    BaoSet,
)
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.bao import RDH, Bao
from jaxlike.registry.option_values import flag, number

COMPONENT = "jaxlike.cobaya.bao"
BY_RDH = "by_rdh"
"""Option: whether the parameter rdh rescales r_drag, as in `likelihoods.bao.Bao`."""


def _own_copy(file: object) -> bool:
    return str(file).startswith("bao_data/desi_bao_dr2/")


def _no_scale(value: object) -> bool:
    return value == 1


class BaoConfig(OtherConfig):
    """One of DESI's second data release, which comes with the package."""

    accepted = ("measurements_file", "cov_file", "rs_fid", "rs_rescale", BY_RDH)

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
        return cls(name, kind, {BY_RDH: True} if flag(BY_RDH, given.get(BY_RDH, False)) else {})

    @property
    def parameters(self) -> tuple[str, ...]:
        """rdh, where it rescales r_drag."""
        return (RDH,) if self.options.get(BY_RDH) else ()

    @property
    def sample(self) -> str:
        """Its name in `jaxlike.data.DESI_DR2`."""
        return (DR2_NAMES | COSMOSIS_NAMES)[self.kind.removeprefix("bao.")]

    @property
    def by_cosmosis(self) -> bool:
        """Whether the numbers are those of CosmoSIS's module."""
        return self.kind.removeprefix("bao.") in COSMOSIS_NAMES

    @property
    def needs(self) -> tuple[str, ...]:
        """Distances in units of r_drag."""
        return ("rdrag",)

    @property
    def measurements(self) -> frozenset[str]:
        """The samples."""
        one = DESI_SAMPLES.get(self.sample)
        return frozenset(DESI_SAMPLES.values() if one is None else [one])

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        numbers = (
            "by the numbers of CosmoSIS's module"
            if self.by_cosmosis
            else "as it comes with jaxlike"
        )
        return f"{self.sample} of DESI DR2, {numbers} (arXiv:2503.14738)"

    def build(self) -> Bao:
        """The likelihood itself."""
        data = (desi_dr2_bao_of_cosmosis if self.by_cosmosis else desi_dr2_bao)(self.sample)
        return Bao.of(data, by_rdh=bool(self.options.get(BY_RDH)))


_FILES = ("measurements_file", "cov_file", "invcov_file", "data")
_UNITS = ("rs_fid", "rs_rescale")
_OF_TABLES = ("prob_dist", "grid_file")
_TABLE = (
    "Cobaya has it as a table of the likelihood, which is no Gaussian; `cobaya-run` takes it, "
    "with a sampler that needs no gradient"
)
# What Cobaya writes of its own where nobody says otherwise, and what it does not use of a Gaussian
_PLACEHOLDER = "/full/path/to/"
_IDLE = {"redshift": 2.334}


class InstalledBao(OtherConfig):
    """A Gaussian whose data Cobaya has installed, or the user's own."""

    accepted = ("path", "packages_path", *_FILES, *_UNITS, *_OF_TABLES, *_IDLE)
    nulls = ("cov_file", *_UNITS)  # where Cobaya has something else by default

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "InstalledBao":
        """Options as in Cobaya, of which those that are its own for this name say nothing."""
        own = BAO_SETS[kind.removeprefix("bao.")]
        for key in _OF_TABLES:
            if key in given:
                raise ConfigError(f"option '{key}' of {kind} is {given[key]!r}: {_TABLE}")
        if given.get("redshift", 2.334) != 2.334:
            raise ConfigError(f"option 'redshift' of {kind} has no effect on a Gaussian")
        for key in _UNITS:
            if given.get(key) is not None:
                number(key, given[key], "a positive number, null")
        chosen = {
            key: given[key]
            for key in (*_FILES, *_UNITS)
            if key in given and not _is_default(key, given[key], own)
        }
        found = cls(name, kind, {**given_places(given), **chosen})
        found.check_data()
        return found

    def check_data(self) -> None:
        """ConfigError where no data are named, or two."""
        asked, options = self.asked, self.options
        if asked.measurements_file is None and asked.data is None:
            raise ConfigError(
                f"{self.kind} has no data: give measurements_file, a file of lines `z value "
                "quantity`, and cov_file, or rows in data"
            )
        if "data" in options and asked.measurements_file is not None:
            raise without_effect(self.kind, "data", "measurements_file")
        if "invcov_file" in options and asked.cov_file is not None:
            raise without_effect(self.kind, "invcov_file", "cov_file")
        if "rs_fid" in options and asked.rs_rescale is not None:
            raise without_effect(self.kind, "rs_fid", "rs_rescale")

    @property
    def own(self) -> BaoSet:
        """What Cobaya has under this name."""
        return BAO_SETS[self.kind.removeprefix("bao.")]

    @property
    def asked(self) -> BaoSet:
        """The same with the options of the input."""
        changed: Any = {key: value for key, value in self.options.items() if key in BaoSet._fields}
        return self.own._replace(**changed)

    @property
    def needs(self) -> tuple[str, ...]:
        """Distances in units of r_drag; the user's may have none."""
        return ("rdrag",) if self.own.samples else ()

    @property
    def measurements(self) -> frozenset[str]:
        """The samples, or the file."""
        if self._is_published:
            return self.own.samples
        return frozenset({str(self.asked.measurements_file or self.asked.data)})

    @property
    def _is_published(self) -> bool:
        return not {"measurements_file", "data"} & {*self.options}

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        if self._is_published:
            return f"{self.kind} of Cobaya ({self.own.source})"
        return str(self.asked.measurements_file or "data of the input")

    @property
    def rs_rescale(self) -> float:
        """What r_drag counts times."""
        if self.asked.rs_rescale is not None:
            return float(self.asked.rs_rescale)
        return 1.0 if self.asked.rs_fid is None else 1.0 / float(self.asked.rs_fid)

    def data(self) -> BaoData:
        """The numbers; DataError says how they are installed, or what is wrong with a file."""
        asked = self.asked
        measurements, covariance, inverse = (
            self._file(name)
            for name in (asked.measurements_file, asked.cov_file, self.options.get("invcov_file"))
        )
        if measurements is not None:
            return read_bao(measurements, covariance, inverse_covariance=inverse)
        rows: Any = asked.data
        return bao_of_rows(rows, covariance, inverse_covariance=inverse, source=self.kind)

    def _file(self, name: object) -> Path | None:
        if name is None:
            return None
        return located(str(name), self.kind, self.options, folder_of(self.kind, name, self.options))

    def build(self) -> Bao:
        """The likelihood itself."""
        return Bao.of(self.data(), rs_rescale=self.rs_rescale)


def _is_default(key: str, value: object, own: BaoSet) -> bool:
    """Whether an option says what Cobaya has anyway."""
    if str(value).startswith(_PLACEHOLDER):
        return True
    default = getattr(own, key, None)
    if key == "data" and isinstance(value, list):
        return default is not None and tuple(value) == tuple(default)
    return bool(value == default)


class BaoComponent(OtherConfig):
    """jaxlike's component for Cobaya, whose option `data` is one of Cobaya's names, or one that
    Cobaya has no class of."""

    accepted = ("data", *dict.fromkeys((*BaoConfig.accepted, *InstalledBao.accepted)))

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> OtherConfig:
        """What `data` names."""
        kinds = {**BY_COBAYA, **BY_COSMOSIS}
        return of_component(COMPONENT, name, {"data": "desi_dr2", **given}, kinds, REFUSED)


BY_COBAYA: Kinds = {
    **dict.fromkeys((f"bao.{name}" for name in DR2_NAMES), BaoConfig),
    **dict.fromkeys((f"bao.{name}" for name in BAO_SETS), InstalledBao),
}
BY_COSMOSIS: Kinds = dict.fromkeys((f"bao.{name}" for name in COSMOSIS_NAMES), BaoConfig)
REFUSED = dict.fromkeys((f"bao.{name}" for name in BAO_TABLES), _TABLE)
KINDS: Kinds = {**BY_COBAYA, COMPONENT: BaoComponent}
