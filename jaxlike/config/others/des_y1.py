"""DES-Y1's two-point functions in an input, by Cobaya's names."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jaxlike.config.others.installed import folder_of, given_places, located
from jaxlike.config.others.other_config import Kinds, OtherConfig
from jaxlike.config.yaml_text import load_yaml
from jaxlike.data.des_dataset import STATISTICS, DesData, read_des_dataset
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.cobaya_des import CobayaDes, Sums, parameters_of
from jaxlike.registry.option_values import bad_value, flag, number
from jaxlike.registry.options import check_option_names

_DATASET = "DES_1YR_final.dataset"
_USED: Mapping[str, tuple[str, ...]] = {
    "des_y1.joint": ("wtheta", "gammat", "xip", "xim"),
    "des_y1.shear": ("xip", "xim"),
    "des_y1.clustering": ("wtheta",),
    "des_y1.galaxy_galaxy": ("gammat",),
}
_SIZES = 4, 5  # of source and lens bins, whose parameters Cobaya's likelihood names one by one
_SUMS = ("acc", "l_max", "binned_bessels")


class DesY1Config(OtherConfig):
    """One of Cobaya's four, of the files that it has installed."""

    accepted = (
        *("path", "packages_path", "dataset_file", "dataset_params", *_SUMS),
        *("use_hankel", "use_Weyl"),
    )

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "DesY1Config":
        """Options as in Cobaya."""
        options: dict[str, object] = dict(given_places(given))
        if flag("use_hankel", given.get("use_hankel", False)):
            raise ConfigError(
                f"option 'use_hankel' of {kind} is true: sums of Bessel functions stand for the "
                "package hankel here; leave it out"
            )
        if given.get("dataset_file", _DATASET) != _DATASET:
            if str(given["dataset_file"]).endswith(".fits"):
                raise ConfigError(
                    f"option 'dataset_file' of {kind} is {given['dataset_file']}: take "
                    "jaxlike.cobaya.3x2pt with this data_file"
                )
            options["dataset_file"] = str(given["dataset_file"])
        changed = given.get("dataset_params") or {}
        if not isinstance(changed, Mapping):
            raise ConfigError(f"option 'dataset_params' of {kind} is {changed!r}: give a mapping")
        changed = dict(changed)
        used = changed.setdefault("used_data_types", " ".join(_USED[kind]))
        check_option_names(str(used).split(), STATISTICS, f"entry in used_data_types of {kind}:")
        if set(str(used).split()) != set(_USED[kind]) or len(changed) > 1:
            options["dataset_params"] = changed
        weyl = flag(
            "use_Weyl", given.get("use_Weyl", False)
        )  # that of matter in general relativity
        if weyl and "gammat" in str(used).split():
            raise ConfigError(f"option 'use_Weyl' of {kind} is true: Cobaya has it for shear alone")
        if (acc := _positive("acc", given.get("acc", 1))) != 1:
            options["acc"] = acc
        if given.get("l_max"):
            options["l_max"] = int(_positive("l_max", given["l_max"]))
        if not flag("binned_bessels", given.get("binned_bessels", True)):
            options["binned_bessels"] = False
        return cls(name, kind, options)

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the statistics that count."""
        changed: Any = self.options.get("dataset_params", {})
        used = str(changed.get("used_data_types", " ".join(_USED[self.kind]))).split()
        return tuple(name for name in STATISTICS if name in used)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The nuisance parameters."""
        return parameters_of(self.used, _SIZES)

    @property
    def default_params(self) -> Mapping[str, Any]:
        """Priors of these as the likelihood's file in Cobaya has them."""
        name = self.kind.partition(".")[2] + ".yaml"
        file = files("cobaya") / "likelihoods" / "des_y1" / name
        return dict(load_yaml(file.read_text(encoding="utf-8"), name)["params"])

    @property
    def measurements(self) -> frozenset[str]:
        """The statistics of DES-Y1."""
        return frozenset(f"{name} of DES-Y1" for name in self.used)

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return str(self.options.get("dataset_file", "DES-Y1 (arXiv:1708.01530) of Cobaya"))

    def data(self) -> DesData:
        """The numbers; DataError says how they are installed, or what is wrong with a file."""
        name = str(self.options.get("dataset_file", _DATASET))
        folder = folder_of(self.kind, name, self.options, "des_data")
        used = {"used_data_types": " ".join(self.used)}
        changed: Any = self.options.get("dataset_params") or used
        found = read_des_dataset(located(name, self.kind, self.options, folder), changed)
        if (len(found.n_source), len(found.n_lens)) != _SIZES:
            raise ConfigError(
                f"{found.source}: has {len(found.n_source)} source and {len(found.n_lens)} lens "
                f"bins, but {self.kind} has parameters of {_SIZES[0]} and {_SIZES[1]}"
            )
        return found

    def build(self) -> CobayaDes:
        """The likelihood itself."""
        chosen: Any = {key: value for key, value in self.options.items() if key in _SUMS}
        return CobayaDes.of(self.data(), Sums(**chosen))


def _positive(name: str, value: object) -> float:
    accepted = "a positive number"
    if (found := number(name, value, accepted)) <= 0:
        raise bad_value(name, value, accepted)
    return found


KINDS: Kinds = dict.fromkeys(_USED, DesY1Config)
