"""candl's likelihoods in an input, by the options of its own class for Cobaya."""

from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

from jaxlike.config.others.external import check_own
from jaxlike.config.others.other_config import Kinds, OtherConfig
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.candl import Candl
from jaxlike.registry.names import find
from jaxlike.registry.option_values import bad_value, flag

COMPONENT = "jaxlike.cobaya.candl"
_OF_CANDL = "candl.interface.CandlCobayaLikelihood"
_FLAGS = ("clear_internal_priors", "lensing", "add_logdet", "feedback")
OPTIONS = (
    "data_set_file",
    "variant",
    "data_selection",
    "additional_args",
    "clear_specific_priors",
    "wrapper",
    *_FLAGS,
)


@dataclass(frozen=True)
class CandlConfig(OtherConfig):
    """A data set of candl.

    like: candl's object.
    """

    like: Any = None

    accepted = OPTIONS
    places = ("data_set_file",)

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "CandlConfig":
        """The data set is read at once, for its parameters and for what is wrong with it."""
        for option in _FLAGS:
            if option in given:
                flag(option, given[option])
        if given.get("wrapper"):
            raise ConfigError(
                f"option 'wrapper' of likelihood '{name}' is {given['wrapper']!r}: only candl's "
                "own Like and LensLike are taken here"
            )
        options = {k: v for k, v in given.items() if k not in ("wrapper", "feedback")}
        like = _loaded(name, options)
        found = cls(name, kind, options, like=like)
        for parameter in Candl.of(like).parameters:
            check_own(parameter)
        return found

    @property
    def parameters(self) -> tuple[str, ...]:
        """Of its data model and priors, but for those of the universe."""
        return Candl.of(self.like).parameters

    @property
    def default_params(self) -> Mapping[str, object]:
        """Gaussian priors of single parameters that its file has, where they do not count inside of
        it; they count where an input says nothing of the parameter."""
        if not self._cleared:
            return {}
        found: dict[str, object] = {}
        for prior in _priors_of(self.like):
            name = str(prior.par_names[0])
            if len(prior.par_names) > 1 or prior.multiplicative_par or find(name) is not None:
                continue
            loc = float(prior.central_value[0])
            scale = float(prior.prior_covariance_chol[0, 0])
            found[name] = {
                "prior": {"dist": "norm", "loc": loc, "scale": scale},
                "ref": loc,
                "proposal": scale / 4,
            }
        return {name: found[name] for name in found if name in self.parameters}

    @property
    def priors_inside(self) -> tuple[str, ...]:
        """Parameters whose priors count inside of it."""
        return tuple(str(name) for prior in self.like.priors for name in prior.par_names)

    @property
    def needs(self) -> tuple[str, ...]:
        """The angle of the acoustic scale, which the spectra are known by."""
        return ("thetastar",)

    @property
    def measurements(self) -> frozenset[str]:
        """Those of a data set and variant, of which there may be several selections."""
        return frozenset({f"{self.like.data_set_file} {self.options.get('data_selection', '')}"})

    @property
    def _cleared(self) -> bool:
        return bool(self.options.get("clear_internal_priors", True))

    @property
    def as_cobaya(self) -> dict[str, Any]:
        """Its block in a Cobaya input, with the file from the root on."""
        return {"class": COMPONENT, **self.options, "data_set_file": self.like.data_set_file}

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return f"{self.like.name}, by candl from {self.like.data_set_file}"

    def build(self) -> Candl:
        """The likelihood itself."""
        return Candl.of(self.like)


def _loaded(name: str, options: Mapping[str, Any]) -> Any:
    """candl's object with the options; ConfigError where candl, or the file, is not there, or
    candl refuses it."""
    try:
        with redirect_stdout(StringIO()):  # it prints what else could be installed
            candl = import_module("candl")
    except ImportError as error:
        raise ConfigError(
            f"likelihood '{name}' is one of candl, which is not installed: "
            f"`pip install jaxlike[candl]` does it ({error})"
        ) from error
    file = _file(name, options.get("data_set_file"))
    arguments: dict[str, Any] = dict(options.get("additional_args") or {})
    arguments |= {"variant": options.get("variant"), "feedback": False}
    arguments["add_logdet"] = bool(options.get("add_logdet", False))
    if options.get("data_selection") is not None:
        arguments["data_selection"] = options["data_selection"]
    of_kind = candl.LensLike if options.get("lensing") else candl.Like
    try:
        with redirect_stdout(StringIO()):
            like = of_kind(str(file), **arguments)
    except Exception as error:  # candl raises whatever its files make
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"likelihood '{name}': candl cannot read {file}: {type(error).__name__} ({reason})"
        ) from error
    like.cleared_priors = like.priors
    like.priors = _kept(like.priors, options)
    return like


def _priors_of(like: Any) -> list[Any]:
    """Those that its file has, whether they count or not."""
    return list(like.cleared_priors)


def _kept(priors: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Those that count inside of it, as candl's interface has it."""
    if options.get("clear_internal_priors", True):
        return []
    cleared = options.get("clear_specific_priors") or []
    names = {cleared} if isinstance(cleared, str) else {*cleared}
    return [one for one in priors if not names & {*one.par_names}]


def _file(name: str, given: object) -> Path:
    """A path, or `package.DATA_SET` of a library of data sets, which is one."""
    accepted = "the path of candl's .yaml file, PACKAGE.DATA_SET of an installed library"
    if not isinstance(given, str) or not given:
        raise bad_value("data_set_file", given, accepted)
    file = Path(given).expanduser()
    module, _, attribute = given.partition(".")
    if not file.is_file() and module.isidentifier() and attribute.isidentifier():
        try:
            with redirect_stdout(StringIO()):
                file = Path(str(getattr(import_module(module), attribute)))
        except (ImportError, AttributeError) as error:
            raise ConfigError(
                f"likelihood '{name}': option 'data_set_file' is {given!r}, which is no file, and "
                f"no data set of an installed library ({error})"
            ) from error
    if not file.is_file():
        raise bad_value("data_set_file", given, accepted)
    return file.resolve()


KINDS: Kinds = {COMPONENT: CandlConfig, _OF_CANDL: CandlConfig}
