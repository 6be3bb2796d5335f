"""The input of `jaxlike survey`: a survey, a universe, what varies, what is to be optimised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.forecast.checks import block, number, numbers, positive, whole
from jaxlike.forecast.design import Design
from jaxlike.forecast.sample_options import sample_from
from jaxlike.forecast.survey import Forecast, build_forecast
from jaxlike.forecast.universe import build_universe
from jaxlike.registry.names import canonical_name, is_known
from jaxlike.registry.options import CHOICES, bad_value, check_option_names
from jaxlike.registry.power_options import check_power, is_linear

MERITS = ("fom", "S8")
"""What can be optimised: the figure of merit of (w0, wa), or the error of S8."""

ADJUSTABLE = ("source_edges", "lens_edges", "area")
"""What can be adjusted at equal cost."""

_ALIGNMENT = ("A_IA", "alpha_IA")
_POWER = {
    "linear": "eisenstein_hu", "nonlinear": "takahashi", "boost": "none", "power": "jaxlike",
}  # fmt: skip
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
    survey = block(info, "survey", ("area", "sigma_e", "source", "lens"), required=True)
    source = sample_from(survey, "source", ())
    lens = sample_from(survey, "lens", ("bias",))
    design = Design(
        area=positive("survey: area", survey.get("area")),
        sigma_e=positive("survey: sigma_e", survey.get("sigma_e")),
        source=source,
        lens=lens,
    )
    if not np.asarray(design.f_sky) <= 1:
        raise bad_value("survey: area", survey["area"], "at most 41253 square degrees, the sky")
    bias = numbers("survey: lens: bias", survey["lens"].get("bias"))
    if len(bias) != lens.n_bin:
        raise ConfigError(
            f"option 'survey: lens: bias' has {len(bias)} numbers for {lens.n_bin} bins of lenses"
        )
    fiducial = {
        name: number(f"fiducial: {name}", value)
        for name, value in block(info, "fiducial", None, required=True).items()
    }
    for name in fiducial:
        canonical_name(name)
    alignment = {name: fiducial.pop(name) for name in _ALIGNMENT if name in fiducial}
    vary = info.get("vary")
    if not isinstance(vary, list) or not vary:
        raise bad_value("vary", vary, "a list of parameters")
    theory = block(info, "theory", ("linear", "nonlinear"))
    for name, value in theory.items():
        if value not in CHOICES[name] and not (name == "linear" and is_linear(value)):
            raise bad_value(f"theory: {name}", value, ", ".join(CHOICES[name]))
    check_power({**_POWER, **theory})
    ell = block(info, "ell", ("min", "max", "n", "max_counts"), required=True)
    low, high = (positive(f"ell: {name}", ell.get(name)) for name in ("min", "max"))
    n = whole("ell: n", ell.get("n", 20), at_least=2)
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
            _same(name, fiducial): positive(f"priors: {name}", value)
            for name, value in block(info, "priors", None).items()
        },
        theory=theory,
        ell=np.geomspace(low, high, n),
        ell_max_counts=None if largest is None else positive("ell: max_counts", largest),
        optimise=_optimise(info),
        output=info.get("output"),
    )


def _optimise(info: Mapping[str, Any]) -> Optimise:
    names = ("merit", "adjust", "steps", "learning_rate", "cost_exponent", "narrowest_bin")
    given = block(info, "optimise", names)
    values: dict[str, Any] = {
        name: positive(f"optimise: {name}", given[name])
        for name in ("learning_rate", "cost_exponent", "narrowest_bin")
        if name in given
    }
    if "steps" in given:
        values["steps"] = whole("optimise: steps", given["steps"], at_least=1)
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
