"""Other people's matter power in Cobaya's theory, and in inputs that it and the commands read."""

from typing import Any

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya.model import get_model

from jaxlike.cobaya.products import settings_from
from jaxlike.config.cobaya_yaml import component_defaults, config_from_info
from jaxlike.errors import ConfigError
from jaxlike.registry.options import TheoryOptions

THEORY = "jaxlike.cobaya.Theory"
NARROW = "provider_functions.NARROW"
Z, K_MAX = np.linspace(0.0, 2.0, 5), 2.0


def info(cosmology: dict[str, Any], **options: Any) -> dict[str, Any]:
    theory = {THEORY: {**options, "stop_at_error": False}}
    return {"theory": theory, "likelihood": {"one": None}, "params": dict(cosmology)}


def test_products_are_those_of_the_same_power(cosmology: dict[str, Any]) -> None:
    found = []
    for options in ({"power": {"provider": NARROW}}, {"linear": "eisenstein_hu_no_wiggle"}):
        params = {name: value for name, value in cosmology.items() if name not in ("mnu", "omnuh2")}
        model = get_model(info(params, nonlinear="linear", **options))
        model.add_requirements({"Pk_grid": {"z": Z, "k_max": K_MAX, "nonlinear": False}})
        assert np.isfinite(model.loglike({}, return_derived=False))
        found.append(model.provider.get_Pk_grid(nonlinear=False))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_a_bad_provider_stops_the_run(cosmology: dict[str, Any]) -> None:
    with pytest.raises(LoggedError, match="cannot be imported"):
        get_model(info(cosmology, power={"provider": "no_such.thing"}))
    with pytest.raises(LoggedError, match="option 'power' is 'host'; accepted are jaxlike"):
        get_model(info(cosmology, power="host"))


def test_commands_read_the_theory_s_provider(cosmology: dict[str, Any]) -> None:
    two_point = {"jaxlike.cobaya.shear": {}}
    for options in ({"power": {"provider": NARROW}}, {"power": "jaxlike", "linear": NARROW}):
        given = {**info(cosmology, boost={"provider": "spk"}, **options), "likelihood": two_point}
        theory = config_from_info(given, "input").theory
        assert (theory.linear, theory.power, theory.boost) == (NARROW, "jaxlike", "spk")


def test_a_likelihood_cannot_have_another_power_than_the_theory() -> None:
    settings = settings_from(component_defaults("Theory"))
    with pytest.raises(ConfigError, match=r"write power: \{provider: .*NARROW\} in jaxlike.cobaya"):
        settings.of(TheoryOptions(linear=NARROW))
    assert settings.of(TheoryOptions()) == TheoryOptions()
