"""Cobaya's option `renames`: parameters under the input's own names, in both programs."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya.model import get_model

import jaxlike
from jaxlike.errors import JaxlikeError

LIKELIHOOD, THEORY = "jaxlike.cobaya.shear", "jaxlike.cobaya.Theory"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def info(cosmology: dict[str, Any], nuisance: dict[str, Any]) -> dict[str, Any]:
    kept = {name: x for name, x in nuisance.items() if not name.startswith(("DES_b", "DES_DzL"))}
    params = {**cosmology, **kept, "DES_m1": {"prior": {"min": -0.1, "max": 0.1}}, "sigma8": None}
    return {"theory": {THEORY: None}, "likelihood": {LIKELIHOOD: None}, "params": params}


def renamed(info: dict[str, Any]) -> dict[str, Any]:
    """The same input with three parameters under other names."""
    params = dict(info["params"])
    params |= {"my_m1": params.pop("DES_m1"), "Om": params.pop("omegam")}
    params["sig8"] = params.pop("sigma8")
    return {
        "theory": {THEORY: {"renames": {"Om": "omegam", "sig8": "sigma8"}}},
        "likelihood": {LIKELIHOOD: {"renames": {"my_m1": "DES_m1"}}},
        "params": params,
    }


def test_both_programs_know_parameters_by_the_names_of_the_input(info: dict[str, Any]) -> None:
    plain, other = get_model(deepcopy(info)), get_model(renamed(deepcopy(info)))
    assert list(other.parameterization.sampled_params()) == ["my_m1"]
    assert list(other.parameterization.derived_params()) == ["sig8"]
    expected, got = plain.logposterior({"DES_m1": 0.02}), other.logposterior({"my_m1": 0.02})
    assert got.logpost == expected.logpost
    assert got.derived == expected.derived
    model = jaxlike.load(renamed(deepcopy(info)))
    assert list(model.parameters) == ["my_m1"]
    assert model.log_posterior(np.array([0.02])) == pytest.approx(expected.logpost, rel=1e-9)


def both_given(info: dict[str, Any]) -> None:
    info["likelihood"] = {LIKELIHOOD: {"renames": {"my_m1": "DES_m1"}}}
    info["params"]["my_m1"] = 0.01


def both_in_the_universe(info: dict[str, Any]) -> None:
    info["theory"] = {THEORY: {"renames": {"Om": "omegam"}}}
    info["params"]["Om"] = 0.3


def default_under_another_name(info: dict[str, Any]) -> None:
    del info["params"]["DES_m1"]
    info["params"]["m1"] = 0.01


REFUSED: dict[str, tuple[Change, str]] = {
    "both": (both_given, "'my_m1' and 'DES_m1' are both given, which renames says are one"),
    "universe": (both_in_the_universe, "'Om' and 'omegam' are both given, which renames says"),
    "default": (
        default_under_another_name,
        "'m1' is what the component has by default as 'DES_m1'",
    ),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_given_twice_is_named_as_it_was_typed(
    info: dict[str, Any], change: Change, message: str
) -> None:
    change(info)
    for read, error in ((get_model, LoggedError), (jaxlike.load, JaxlikeError)):
        with pytest.raises(error, match=message):
            read(deepcopy(info))


@pytest.mark.parametrize("given", [["Om"], {"Om": 3}, {"a b": "omegam"}])
def test_what_is_no_renaming_is_refused(info: dict[str, Any], given: object) -> None:
    info["theory"] = {THEORY: {"renames": given}}
    with pytest.raises(JaxlikeError, match="renames"):
        jaxlike.load(deepcopy(info))
    if isinstance(given, dict) and all(isinstance(name, str) for name in given.values()):
        with pytest.raises(LoggedError, match="renames"):  # the others are Cobaya's own errors
            get_model(info)


def test_a_name_that_stands_for_none_is_refused(info: dict[str, Any]) -> None:
    info["theory"] = {THEORY: {"renames": {"Om": "omegas"}}}
    with pytest.raises(LoggedError, match="has 'Om': 'omegas', which is no parameter"):
        get_model(info)
