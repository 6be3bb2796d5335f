"""Somebody's own likelihood in both programs: one function, one value."""

from typing import Any

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya.model import get_model

import jaxlike
from jaxlike.config import config_from_info

MODULE = """\
import jax.numpy as jnp


def clocks(parameters, universe, data):
    rate = parameters["stretch"] * universe.H(data["z"])
    return -0.5 * jnp.sum(((rate - data["H"]) / data["error"]) ** 2)


def ruler(parameters, universe):
    ratio = universe.D_M(jnp.array([0.5, 2.0])) / universe.r_drag
    growth = universe.f_sigma8(0.5) + universe.P_lin(0.1, 0.3) / 1e5
    return -jnp.sum((ratio - jnp.array([13.0, 38.0])) ** 2) - 50 * (growth - 0.5) ** 2


ruler.needs = ("D_M", "r_drag")


def several(parameters, universe):
    return universe.H(jnp.array([0.5, 2.0]))


def asks(parameters, universe):
    return parameters["nothing"] * universe.H(0.0)
"""
STRETCH = {"prior": {"dist": "norm", "loc": 1.0, "scale": 0.1}, "proposal": 0.05}
THEORY = "jaxlike.cobaya.Theory"


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "their_module.py").write_text(MODULE)
    np.savez(folder / "clocks.npz", z=[0.1, 0.9], H=[72.0, 110.0], error=[5.0, 9.0])
    external = {"class": "jaxlike.cobaya.external", "python_path": str(folder)}
    clocks = {"function": "their_module.clocks", "data": str(folder / "clocks.npz")}
    return {
        "theory": {THEORY: {"linear": "eisenstein_hu_no_wiggle"}},
        "likelihood": {
            "clocks": {**external, **clocks, "params": {"stretch": STRETCH}},
            "ruler": {**external, "function": "their_module.ruler"},
        },
        "params": {
            "H0": {"prior": [50, 90], "ref": 70.0, "proposal": 1.0},
            "omegam": {"prior": [0.1, 0.5], "ref": 0.3, "proposal": 0.01},
            **{"ombh2": 0.0224, "As": 2.1e-9, "ns": 0.96},
        },
    }


def test_values_are_those_of_our_own(info: dict[str, Any]) -> None:
    """And what Cobaya has made of the input is read again."""
    theirs, ours = get_model(info), jaxlike.load(info)
    names = list(theirs.parameterization.sampled_params())
    assert sorted(names) == sorted(ours.parameters)
    written = theirs.info()
    assert written["likelihood"]["clocks"]["input_params"] == ["stretch"]
    again = config_from_info(written, "updated.yaml")
    assert again.own == ("stretch",)
    assert {p.name for p in again.sampled} == {*names}
    for point in ([70.0, 0.3, 1.0], [66.0, 0.35, 1.1]):
        values = dict(zip(("H0", "omegam", "stretch"), point, strict=True))
        loglikes = theirs.logposterior([values[name] for name in names]).loglikes
        found = ours.chi2s(np.array([values[name] for name in ours.parameters]))
        for name, loglike in zip(theirs.likelihood, loglikes, strict=True):
            assert float(found[name]) == pytest.approx(-2 * loglike, abs=1e-6), name
    del written["likelihood"]["ruler"]
    assert get_model(written).loglike(point, return_derived=False) == pytest.approx(loglikes[0])


BAD = {
    "another theory": ({"theory": {"camb": None}}, {}, f"Requirement {THEORY} of mine is not prov"),
    "no radiation": (
        {"theory": {THEORY: {"radiation": False}}},
        {"function": "their_module.ruler"},
        "mine is computed with radiation: true only",
    ),
    "no function": ({}, {"function": "their_module.clock"}, "'mine': module 'their_module' has no"),
    "several numbers": (
        {},
        {"function": "their_module.several"},
        r"'mine' returns real numbers of shape \(2,\), but must return one real number",
    ),
    "a parameter": ({}, {"function": "their_module.asks"}, "'mine' asks for the parameter 'noth"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(info: dict[str, Any], case: str) -> None:
    changes, options, message = BAD[case]
    mine = {**info["likelihood"]["ruler"], **options}
    with pytest.raises(LoggedError, match=message) as error:
        get_model({**info, "likelihood": {"mine": mine}, **changes}).loglike([70.0, 0.3])
    assert "\n" not in str(error.value)
