"""What likelihoods may ask of the theory beside P(k) and distances, against CAMB through Cobaya."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from cobaya.component import get_component_class
from cobaya.doc import doc_script
from cobaya.log import LoggedError
from cobaya.model import get_model
from cobaya.theory import Provider
from cobaya.yaml import yaml_load
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

THEORY = "jaxlike.cobaya.Theory"
UNIVERSE = {"H0": 68.0, "ombh2": 0.0224, "omch2": 0.12, "As": 2.1e-9, "ns": 0.966, "nnu": 3.044}
UNIVERSES = {
    "heavy neutrino": {"mnu": 0.3},
    "open, w0-wa": {"mnu": 0.06, "omk": 0.04, "w": -0.8, "wa": -0.4},
}
COLD, TOTAL = "delta_nonu", "delta_tot"
PAIRS = [(TOTAL, TOTAL), (COLD, COLD), (COLD, TOTAL)]
FAR = np.array([0.0, 1.0, 950.0, 1100.0, 5000.0])
NEAR = np.array([0.0, 0.5, 2.0])
EARLY = np.array([0.0, 14.0, 20.0, 30.0])
DENSITIES = ("Omega_b", "Omega_cdm", "Omega_nu_massive")
BACKGROUND = {
    "comoving_radial_distance": {"z": FAR},
    "angular_diameter_distance": {"z": FAR},
    **{name: {"z": NEAR} for name in DENSITIES},
    **dict.fromkeys(("rdrag", "age")),
}
PERTURBED = {
    "Pk_grid": {"z": EARLY, "k_max": 5.0, "nonlinear": (False, True), "vars_pairs": PAIRS},
    "sigma_R": {"z": NEAR, "R": [8 / 0.68, 20.0], "k_max": 10.0, "vars_pairs": PAIRS[:2]},
}


def computed(
    theory: Mapping[str, Any], params: Mapping[str, float], wanted: Mapping[str, Any]
) -> Provider:
    info = {"theory": theory, "likelihood": {"one": None}, "params": dict(params)}
    model = get_model({**info, "stop_at_error": True})
    model.add_requirements({k: None if v is None else dict(v) for k, v in wanted.items()})
    assert np.isfinite(model.loglike({}, return_derived=False))
    return model.provider


def power_of(provider: Provider, pair: tuple[str, str], nonlinear: bool) -> np.ndarray:
    """P at EARLY and 40 wavenumbers."""
    k = np.log(np.geomspace(0.05, 4.0, 40))
    grid, z, power = provider.get_Pk_grid(pair, nonlinear=nonlinear)
    return np.exp(CubicSpline(np.log(grid), np.log(power[np.isin(z, EARLY)]), axis=1)(k))


@pytest.mark.parametrize("changes", UNIVERSES.values(), ids=list(UNIVERSES))
def test_products_are_cambs(changes: Mapping[str, float]) -> None:
    pytest.importorskip("camb", reason="CAMB is not installed")
    params = {**UNIVERSE, **changes}
    camb = {"num_massive_neutrinos": 1, "dark_energy_model": "ppf"}
    camb["halofit_version"] = "takahashi"
    wanted = {**BACKGROUND, **PERTURBED}
    ours = computed({THEORY: {"linear": "emulator"}}, params, wanted)
    theirs = computed({"camb": {"extra_args": camb}}, params, wanted)
    for name in ("comoving_radial_distance", "angular_diameter_distance"):
        got, expected = (getattr(one, f"get_{name}")(FAR)[1:] for one in (ours, theirs))
        np.testing.assert_allclose(got, expected, rtol=3e-6)
    for name in DENSITIES:
        got, expected = (getattr(one, f"get_{name}")(NEAR) for one in (ours, theirs))
        np.testing.assert_allclose(got, expected, rtol=6e-4 if "nu" in name else 1e-5)
    assert ours.get_param("rdrag") == pytest.approx(theirs.get_param("rdrag"), rel=2e-5)
    assert ours.get_param("age") == pytest.approx(theirs.get_param("age"), rel=1e-4)
    for pair in PAIRS[:2]:
        z, radius, got = ours.get_sigma_R(pair)
        _, _, expected = theirs.get_sigma_R(pair)
        assert (z.tolist(), radius.tolist()) == (NEAR.tolist(), [8 / 0.68, 20.0])
        np.testing.assert_allclose(got, expected, rtol=1e-3)
    for pair in PAIRS:
        got, expected = (power_of(one, pair, nonlinear=False) for one in (ours, theirs))
        np.testing.assert_allclose(got, expected, rtol=1.5e-3)
        # today alone: CAMB takes linear power for nonlinear where it finds no nonlinear scale
        got, expected = (power_of(one, pair, nonlinear=True)[0] for one in (ours, theirs))
        np.testing.assert_allclose(got, expected, rtol=1.2e-3)


def test_angle_of_the_sound_horizon_sets_the_hubble_constant_as_in_camb() -> None:
    pytest.importorskip("camb", reason="CAMB is not installed")
    rest = {name: value for name, value in UNIVERSE.items() if name != "H0"} | {"mnu": 0.06}
    found = []
    for theory, name in ((THEORY, "cosmomc_theta"), (THEORY, "theta_MC_100"), ("camb", "")):
        one = {"theta_MC_100": 1.0411} if name == "theta_MC_100" else {"cosmomc_theta": 0.010411}
        found.append(
            computed({theory: None}, rest | one, {"Hubble": {"z": [0.0]}}).get_Hubble(0.0)[0]
        )
    assert found[0] == pytest.approx(found[1], rel=1e-7)
    assert found[0] == pytest.approx(found[2], rel=3e-5)  # CAMB looks for H0 to 5e-5


@pytest.mark.parametrize("options", [{}, {"linear": "emulator"}], ids=["fit", "emulator"])
def test_derived_parameters_follow_from_each_other(options: Mapping[str, Any]) -> None:
    names = ("omegam", "sigma8", "s8h5", "s8omegamp5", "s8omegamp25", "rdrag", "rdragh")
    wanted = dict.fromkeys(names)
    params = {**UNIVERSE, "mnu": 0.06} | ({} if options else {"nnu": 3.6})
    got = computed({THEORY: options}, params, wanted).get_param
    sigma8, omegam = got("sigma8"), got("omegam")
    assert got("s8h5") == pytest.approx(sigma8 * 0.68**-0.5)
    assert got("s8omegamp5") == pytest.approx(sigma8 * omegam**0.5)
    assert got("s8omegamp25") == pytest.approx(sigma8 * omegam**0.25)
    assert got("rdragh") == pytest.approx(0.68 * got("rdrag"))


def test_age_is_the_integral_over_the_expansion() -> None:
    provider = computed({THEORY: None}, UNIVERSE | {"omk": 0.02}, {"age": None, "omegam": None})
    H0, omegam = 68.0 / 977.792221, provider.get_param("omegam")
    hot = 2.472e-5 * (1 + 7 / 8 * (4 / 11) ** (4 / 3) * 3.044) / 0.68**2

    def slow(a: float) -> float:
        dark = 1 - omegam - hot - 0.02
        return a / H0 / np.sqrt(omegam * a + hot + 0.02 * a**2 + dark * a**4)

    expected = quad(slow, 0, 1, epsrel=1e-10)[0]
    assert provider.get_param("age") == pytest.approx(expected, rel=1e-7)


def test_distances_to_what_lies_in_front_are_zero() -> None:
    pairs = [(1.0, 0.5), (2.0, 0.1)]
    one = computed({THEORY: None}, UNIVERSE, {"angular_diameter_distance_2": {"z_pairs": pairs}})
    assert one.get_angular_diameter_distance_2(pairs).tolist() == [0.0, 0.0]
    with pytest.raises(LoggedError, match="pairs"):
        one.get_angular_diameter_distance_2([1.0, 0.5, 0.2])


def test_a_sound_horizon_out_of_range_is_no_likelihood(caplog: pytest.LogCaptureFixture) -> None:
    params = {**UNIVERSE, "ombh2": 0.06, "rdrag": None}
    info = {"theory": {THEORY: None}, "likelihood": {"one": None}, "params": params}
    assert get_model(info).loglike({}, return_derived=False) == -np.inf
    assert "1 point was out of range so far" in caplog.text
    assert "for rdrag" in caplog.text
    strict = {**info, "theory": {THEORY: {"out_of_range": "error"}}, "stop_at_error": True}
    with pytest.raises(LoggedError, match="for rdrag"):
        get_model(strict).loglike({}, return_derived=False)


def test_cobaya_doc_shows_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Theory", "shear", "NUTS"):
        doc_script([f"jaxlike.cobaya.{name}"])
        shown = capsys.readouterr().out
        options = yaml_load(shown)
        assert "# " in shown
        assert next(iter(options.values()))[f"jaxlike.cobaya.{name}"]
    assert get_component_class(THEORY).get_defaults()["stop_at_error"] is True
