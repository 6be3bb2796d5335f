"""The input of `jaxlike survey`: a survey, a universe, what varies, what is to be optimised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.config.options import CHOICES, bad_value, check_option_names
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.forecast.design import Design, Sample
from jaxlike.forecast.survey import Forecast, build_forecast
from jaxlike.forecast.universe import build_universe
from jaxlike.names import canonical_name, is_known

MERITS = ("fom", "S8")
"""What can be optimised: the figure of merit of (w0, wa), or the error of S8."""

ADJUSTABLE = ("source_edges", "lens_edges", "area")
"""What can be adjusted at equal cost."""

_ALIGNMENT = ("A_IA", "alpha_IA")
_BLOCKS = ("survey", "fiducial", "vary", "priors", "theory", "ell", "optimise", "output")


@dataclass(frozen=True)
class Optimise:
    """How a design is improved: `steps` of Adam in the named properties, at equal cost.

    Observing time is area x density^cost_exponent; bins stay wider than narrowest_bin.
    """

    merit: str = "fom"
    adjust: tuple[str, ...] = ("source_edges",)
    steps: int = 100
    learning_rate: float = 0.05
    cost_exponent: float = 2.6
    narrowest_bin: float = 0.05


@dataclass(frozen=True)
class SurveyConfig:
    """What the file says: path, design, output prefix, optimisation, and the rest as mappings."""

    path: Path
    design: Design
    bias: tuple[float, ...]
    fiducial: Mapping[str, float]
    alignment: Mapping[str, float]
    vary: tuple[str, ...]
    priors: Mapping[str, float]
    theory: Mapping[str, Any]
    ell: np.ndarray
    ell_max_counts: float | None
    optimise: Optimise
    output: str | None = None

    def forecast(self) -> Forecast:
        """The forecast of this universe for designs like this one; errors name the file."""
        try:
            cosmology = [name for name in self.vary if name in self.fiducial]
            universe = build_universe(
                self.fiducial,
                cosmology,
                ell_min=float(self.ell[0]),
                ell_max=float(self.ell[-1]),
                **self.theory,
            )
            return build_forecast(
                universe,
                self.design,
                vary=[name for name in self.vary if name not in cosmology],
                bias=self.bias,
                priors=self.priors,
                ell=self.ell,
                ell_max_counts=self.ell_max_counts,
                **self.alignment,
            )
        except JaxlikeError as error:
            raise type(error)(f"{self.path}: {error}") from error


def read_survey(path: str | PathLike[str]) -> SurveyConfig:
    """Read a survey's YAML file; JaxlikeError names the file, the entry and what is accepted."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"survey '{path}' cannot be read as text: {error}") from error
    try:
        return _config(load_yaml(text, "survey"), path)
    except JaxlikeError as error:
        raise type(error)(f"{path}: {error}") from error


def _config(info: Mapping[str, Any], path: Path) -> SurveyConfig:
    check_option_names(info, _BLOCKS, "block")
    survey = _block(info, "survey", ("area", "sigma_e", "source", "lens"), required=True)
    source = _sample(survey, "source", ())
    lens = _sample(survey, "lens", ("bias",))
    design = Design(
        area=_positive("survey: area", survey.get("area")),
        sigma_e=_positive("survey: sigma_e", survey.get("sigma_e")),
        source=source,
        lens=lens,
    )
    if not np.asarray(design.f_sky) <= 1:
        raise bad_value("survey: area", survey["area"], "at most 41253 square degrees, the sky")
    bias = _numbers("survey: lens: bias", survey["lens"].get("bias"))
    if len(bias) != lens.n_bin:
        raise ConfigError(
            f"option 'survey: lens: bias' has {len(bias)} numbers for {lens.n_bin} bins of lenses"
        )
    fiducial = {
        name: _number(f"fiducial: {name}", value)
        for name, value in _block(info, "fiducial", None, required=True).items()
    }
    for name in fiducial:
        canonical_name(name)
    alignment = {name: fiducial.pop(name) for name in _ALIGNMENT if name in fiducial}
    vary = info.get("vary")
    if not isinstance(vary, list) or not vary:
        raise bad_value("vary", vary, "a list of parameters")
    theory = _block(info, "theory", ("linear", "nonlinear"))
    for name, value in theory.items():
        if value not in CHOICES[name]:
            raise bad_value(f"theory: {name}", value, ", ".join(CHOICES[name]))
    ell = _block(info, "ell", ("min", "max", "n", "max_counts"), required=True)
    low, high = (_positive(f"ell: {name}", ell.get(name)) for name in ("min", "max"))
    n = _whole("ell: n", ell.get("n", 20), at_least=2)
    if not low < high:
        raise ConfigError(f"option 'ell': min is {low:g} and max {high:g}; min must be the smaller")
    largest = ell.get("max_counts")
    return SurveyConfig(
        path=path,
        design=design,
        bias=tuple(bias),
        fiducial=fiducial,
        alignment=alignment,
        vary=_names(vary, fiducial),
        priors={
            _same(name, fiducial): _positive(f"priors: {name}", value)
            for name, value in _block(info, "priors", None).items()
        },
        theory=theory,
        ell=np.geomspace(low, high, n),
        ell_max_counts=None if largest is None else _positive("ell: max_counts", largest),
        optimise=_optimise(info),
        output=info.get("output"),
    )


def _sample(survey: Mapping[str, Any], name: str, more: tuple[str, ...]) -> Sample:
    where = f"survey: {name}"
    given = survey.get(name)
    accepted = ("density", "smail", "edges", "sigma_z", *more)
    if not isinstance(given, Mapping):
        raise bad_value(where, given, f"a mapping of {', '.join(accepted)}")
    check_option_names(given, accepted, f"option of {where}:")
    smail = given.get("smail")
    if not isinstance(smail, Mapping) or set(smail) != {"a", "b", "z0"}:
        raise bad_value(f"{where}: smail", smail, "{a, b, z0} of z^a exp(-(z/z0)^b)")
    edges = _numbers(f"{where}: edges", given.get("edges"))
    if len(edges) < 2 or not np.all(np.diff(edges) > 0) or edges[0] < 0:
        listed = ", ".join(f"{edge:g}" for edge in edges)
        raise ConfigError(
            f"option '{where}: edges' is {listed}, which is out of order; accepted are two or more "
            "ascending redshifts"
        )
    return Sample(
        density=_positive(f"{where}: density", given.get("density")),
        edges=np.array(edges),
        sigma_z=_positive(f"{where}: sigma_z", given.get("sigma_z")),
        **{key: _positive(f"{where}: smail: {key}", smail[key]) for key in ("a", "b", "z0")},
    )


def _optimise(info: Mapping[str, Any]) -> Optimise:
    names = ("merit", "adjust", "steps", "learning_rate", "cost_exponent", "narrowest_bin")
    given = _block(info, "optimise", names)
    values: dict[str, Any] = {
        name: _positive(f"optimise: {name}", given[name])
        for name in ("learning_rate", "cost_exponent", "narrowest_bin")
        if name in given
    }
    if "steps" in given:
        values["steps"] = _whole("optimise: steps", given["steps"], at_least=1)
    if "merit" in given:
        if given["merit"] not in MERITS:
            raise bad_value("optimise: merit", given["merit"], ", ".join(MERITS))
        values["merit"] = given["merit"]
    if "adjust" in given:
        adjust = given["adjust"]
        if not isinstance(adjust, list) or not adjust:
            raise bad_value("optimise: adjust", adjust, f"a list of {', '.join(ADJUSTABLE)}")
        check_option_names(adjust, ADJUSTABLE, "entry of optimise: adjust")
        values["adjust"] = tuple(adjust)
    if "cost_exponent" in given and "area" not in values.get("adjust", ()):
        raise ConfigError(
            "option 'optimise: cost_exponent' has no effect unless area is in optimise: adjust"
        )
    return Optimise(**values)


def _names(given: Iterable[Any], fiducial: Mapping[str, float]) -> tuple[str, ...]:
    found: list[str] = []
    for item in given:
        name = _same(str(item), fiducial)
        if name in found:
            raise ConfigError(f"option 'vary' names '{item}' twice")
        found.append(name)
    return tuple(found)


def _same(name: str, fiducial: Mapping[str, float]) -> str:
    """The name under which `fiducial` has a cosmological parameter; any other as it is."""
    wanted = canonical_name(name) if is_known(name) else name
    return next((key for key in fiducial if canonical_name(key) == wanted), wanted)


def _block(
    info: Mapping[str, Any], name: str, accepted: tuple[str, ...] | None, *, required: bool = False
) -> dict[str, Any]:
    given = info.get(name)
    if (given is None and required) or not isinstance(given or {}, Mapping):
        raise ConfigError(f"block '{name}' is {given!r}, but must be a mapping of names")
    block = dict(given or {})
    if accepted is not None:
        check_option_names(block, accepted, f"option of {name}:")
    return block


def _number(name: str, value: object, accepted: str = "a number") -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(float(value)):
        raise bad_value(name, value, accepted)
    return float(value)


def _positive(name: str, value: object) -> float:
    number = _number(name, value, "a positive number")
    if not number > 0:
        raise bad_value(name, value, "a positive number")
    return number


def _whole(name: str, value: object, *, at_least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise bad_value(name, value, f"a whole number from {at_least}")
    return value


def _numbers(name: str, value: object) -> list[float]:
    if not isinstance(value, list) or not value:
        raise bad_value(name, value, "a list of numbers")
    return [_number(name, item, "a list of numbers") for item in value]
