"""The theory component: products under Cobaya's names and units, names of parameters, limits."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from cobaya.likelihood import Likelihood
from cobaya.log import LoggedError
from cobaya.model import get_model
from cobaya_model import THEORY, model
from scipy.integrate import simpson

from jaxlike.theory.power import halofit, linear
from jaxlike.theory.universe.cosmology import Cosmology

C_KM_S = 299792.458
Z = np.linspace(0.0, 2.0, 41)


def computed(params: Mapping[str, Any], requirements: dict[str, Any], **options: Any) -> Any:
    """The provider of a model that has computed `requirements` at fixed `params`."""
    built = model(params, **options)
    built.add_requirements(requirements)
    assert np.isfinite(built.loglike({}, return_derived=False))
    return built.provider


def test_distances_agree_with_each_other_and_with_the_expansion(cosmology: dict[str, Any]) -> None:
    pairs = [(0.0, 1.0), (0.5, 1.0), (1.0, 1.0), (1.0, 0.5)]
    got = computed(
        cosmology,
        {
            "Hubble": {"z": Z},
            "comoving_radial_distance": {"z": Z},
            "angular_diameter_distance": {"z": Z},
            "angular_diameter_distance_2": {"z_pairs": pairs[:3]},
        },
    )
    hubble = got.get_Hubble(Z, units="1/Mpc")
    assert got.get_Hubble(0.0) == pytest.approx(cosmology["H0"], rel=1e-6)
    np.testing.assert_allclose(got.get_Hubble(Z), hubble * C_KM_S)

    chi = got.get_comoving_radial_distance(Z)
    assert chi[-1] == pytest.approx(simpson(1 / hubble, x=Z), rel=1e-6)
    np.testing.assert_allclose(got.get_angular_diameter_distance(Z), chi / (1 + Z))
    half, one = chi[np.isclose(Z, 0.5)][0], chi[np.isclose(Z, 1.0)][0]
    expected = [one / 2, (one - half) / 2, 0.0, 0.0]
    np.testing.assert_allclose(got.get_angular_diameter_distance_2(pairs), expected, atol=1e-9)


def test_curvature_enters_the_angular_diameter_distance(cosmology: dict[str, Any]) -> None:
    names = ("comoving_radial_distance", "angular_diameter_distance")
    got = computed({**cosmology, "omk": 0.1}, {name: {"z": Z} for name in names})
    root = np.sqrt(0.1) * cosmology["H0"] / C_KM_S
    expected = np.sinh(root * got.get_comoving_radial_distance(Z)) / root / (1 + Z)
    np.testing.assert_allclose(got.get_angular_diameter_distance(Z), expected, rtol=1e-10)


def test_power_is_the_core_s_in_cobaya_s_units(cosmology: dict[str, Any]) -> None:
    request = {"z": Z, "k_max": 10.0, "nonlinear": (False, True)}
    got = computed(cosmology, {"Pk_interpolator": dict(request), "Pk_grid": dict(request)})
    h = cosmology["H0"] / 100
    cosmo = Cosmology(
        Omega_m=cosmology["omegam"],
        Omega_b=cosmology["omegab"],
        h=h,
        n_s=cosmology["ns"],
        A_s=cosmology["As"],
        omega_nu=cosmology["omnuh2"],
    )
    k, z = np.geomspace(1e-3, 9.0, 57), np.array([0.0, 0.33, 1.7])
    for nonlinear, core in ((False, linear.linear_power), (True, halofit.nonlinear_power)):
        expected = jax.jit(partial(core, k=k / h, z=z))(cosmo) / h**3
        interpolated = got.get_Pk_interpolator(nonlinear=nonlinear).P(z, k)
        np.testing.assert_allclose(interpolated, expected, rtol=3e-4)
        k_grid, z_grid, power = got.get_Pk_grid(nonlinear=nonlinear)
        assert power.shape == (z_grid.size, k_grid.size)
        np.testing.assert_array_equal(z_grid, Z)
        assert k_grid[-1] == pytest.approx(10.0)


@pytest.mark.parametrize("z", [[0.0], [2.0], [0.0, 1.5, 3.0]])
def test_an_interpolator_may_be_asked_for_at_few_redshifts(
    cosmology: dict[str, Any], z: list[float]
) -> None:
    request = {"z": z, "k_max": 2.0, "nonlinear": False}
    got = computed(cosmology, {"Pk_interpolator": request, "Pk_grid": request})
    k, z_grid, power = got.get_Pk_grid(nonlinear=False)
    rows = np.searchsorted(z_grid, z)
    np.testing.assert_array_equal(z_grid[rows], z)
    found = got.get_Pk_interpolator(nonlinear=False).P(z, k)
    np.testing.assert_allclose(np.atleast_2d(found), power[rows], rtol=1e-10)


def test_sigma8_is_the_power_spectrum_s(cosmology: dict[str, Any]) -> None:
    request = {"z": Z, "k_max": 50.0, "nonlinear": False}
    got = computed(
        {**cosmology, "sigma8": None, "S8": None},
        {"Pk_interpolator": request, "sigma8_z": {"z": Z}, "fsigma8": {"z": Z}, "sigma8": None},
    )
    k = np.geomspace(2e-5, 49.0, 6000)
    x = k * 8 / (cosmology["H0"] / 100)
    window = np.where(x < 0.02, 1 - x**2 / 10, 3 * (np.sin(x) - x * np.cos(x)) / x**3)
    power = got.get_Pk_interpolator(nonlinear=False).P(0.0, k)
    variance = simpson(k**3 * power * window**2 / (2 * np.pi**2), x=np.log(k))
    sigma8 = got.get_sigma8_z(Z)
    assert sigma8[0] == pytest.approx(np.sqrt(variance), rel=1e-4)
    assert got.get_param("sigma8") == pytest.approx(sigma8[0])
    # f = -(1 + z) dln(sigma8)/dz, but for the neutrinos, whose velocity is not counted
    slope = -(1 + Z) * np.gradient(sigma8, Z)
    f_nu = cosmology["omnuh2"] / (cosmology["omegam"] * (cosmology["H0"] / 100) ** 2)
    np.testing.assert_allclose(got.get_fsigma8(Z)[1:-1], slope[1:-1] / (1 - f_nu), rtol=1e-3)


@pytest.mark.parametrize("amplitude", ["As", "sigma8"])
def test_derived_parameters(cosmology: dict[str, Any], amplitude: str) -> None:
    given = {**cosmology, "omegam": 0.25}
    if amplitude == "sigma8":
        given["sigma8"] = 0.8
        del given["As"]
    names = ("omegamh2", "omch2", "ombh2", "mnu", "omegal", "S8", "As", "sigma8")
    wanted = dict.fromkeys(name for name in names if name not in given)
    built = model({**given, **wanted})
    loglike, values = built.loglike({})
    assert loglike == 0
    got = dict(zip(built.parameterization.derived_params(), values, strict=True)) | given
    h2 = (given["H0"] / 100) ** 2
    assert got["omegamh2"] == pytest.approx(0.25 * h2)
    assert got["ombh2"] == pytest.approx(given["omegab"] * h2)
    assert got["omch2"] + got["ombh2"] + given["omnuh2"] == pytest.approx(0.25 * h2)
    assert got["mnu"] == pytest.approx(94.07 * given["omnuh2"] * (3 / 3.046) ** 0.75)
    assert got["omegal"] == pytest.approx(0.75, abs=2e-4)
    assert got["S8"] == pytest.approx(got["sigma8"] * np.sqrt(0.25 / 0.3))
    # from one amplitude to the other and back
    if amplitude == "sigma8":
        back = model({**cosmology, "omegam": 0.25, "As": got["As"], "sigma8": None})
        assert back.loglike({})[1][0] == pytest.approx(0.8, rel=1e-10)


def test_aliases_lead_to_the_same_universe(cosmology: dict[str, Any]) -> None:
    h2 = (cosmology["H0"] / 100) ** 2
    other = {
        "h": cosmology["H0"] / 100,
        "ombh2": cosmology["omegab"] * h2,
        "omch2": (cosmology["omegam"] - cosmology["omegab"]) * h2 - cosmology["omnuh2"],
        "n_s": cosmology["ns"],
        "A_s": cosmology["As"],
        "mnu": 94.07 * cosmology["omnuh2"] * (3 / 3.046) ** 0.75,
        "w0": -1.0,
    }
    first, second = (model({**p, "S8": None}).loglike({})[1][0] for p in (cosmology, other))
    assert first == pytest.approx(second, rel=1e-9)


def test_no_neutrino_mass_is_the_limit_of_a_small_one(cosmology: dict[str, Any]) -> None:
    values = [
        model({**cosmology, "omnuh2": value, "sigma8": None}).loglike({})[1][0]
        for value in (0.0, 1e-6)
    ]
    assert values[0] == pytest.approx(values[1], rel=2e-2)


class Plain(Likelihood):
    """A likelihood of nobody's that knows Cobaya's products only."""

    def get_requirements(self) -> dict[str, Any]:
        power = {"z": Z, "k_max": 5.0, "nonlinear": True}
        return {"Pk_interpolator": power, "Hubble": {"z": [0.5]}, "omegam": None, "S8": None}

    def logp(self, **params_values: Any) -> float:
        power = self.provider.get_Pk_interpolator(("delta_tot", "delta_tot"), nonlinear=True)
        amplitude = np.log(power.P(0.5, 0.1) / 6000.0)
        expansion = self.provider.get_Hubble(0.5)[0] / 90.0 - 1
        s8 = self.provider.get_param("S8") - 0.8
        return float(-0.5 * (amplitude**2 + (expansion / 0.01) ** 2 + (s8 / 0.1) ** 2))


def test_a_plain_likelihood_is_served(cosmology: dict[str, Any]) -> None:
    prior = {"prior": {"min": 0.1, "max": 0.9}}
    info = {
        "theory": {THEORY: None},
        "likelihood": {"plain": Plain},
        "params": {**cosmology, "omegam": prior},
    }
    built = get_model(info)
    values = [built.logpost({"omegam": value}) for value in (0.2, 0.3, 0.4)]
    assert np.all(np.isfinite(values))
    assert len(set(values)) == 3


def test_points_out_of_range_are_counted(
    cosmology: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    given = {**cosmology, "omegab": {"prior": {"min": 0.01, "max": 0.2}}}
    built = model(given, linear="emulator")
    for omega_b in (0.15, 0.16, 0.046, 0.17):
        built.loglike({"omegab": omega_b}, return_derived=False)
    assert caplog.text.count("1 point was out of range so far") == 1
    assert "(range of the emulator)" in caplog.text
    built.close()
    assert "3 points were out of range so far" in caplog.text


def test_points_out_of_range_are_an_error_on_request(cosmology: dict[str, Any]) -> None:
    built = model({**cosmology, "omegab": 0.15}, linear="emulator", out_of_range="error")
    with pytest.raises(LoggedError, match=r"out of range: it needs .*omega_b"):
        built.loglike({}, return_derived=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sigma8": 0.8}, ("'As'", "'sigma8'")),
        ({"h": 0.7}, ("'H0'", "'h'")),
        ({"omch2": 0.12}, ("'omegam'", "'omch2'", "'omegab'")),
        ({"ns": None}, ("n_s", "missing")),
        ({"HMCode_logT_AGN": 7.8}, ("'HMCode_logT_AGN'", "hmcode2020")),
    ],
)
def test_contradictory_or_missing_parameters_are_named(
    cosmology: dict[str, Any], change: dict[str, Any], words: tuple[str, ...]
) -> None:
    given = {name: value for name, value in {**cosmology, **change}.items() if value is not None}
    with pytest.raises(LoggedError) as error:
        model(given)
    assert all(word in str(error.value) for word in words)


def test_an_unknown_parameter_is_cobaya_s_own_error(cosmology: dict[str, Any]) -> None:
    info = {
        "theory": {THEORY: None},
        "likelihood": {"plain": Plain},
        "params": {**cosmology, "z_re": 7.7},
    }
    with pytest.raises(LoggedError, match="'z_re'"):
        get_model(info)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"linear": "bbks"}, "eisenstein_hu_no_wiggle"),
        ({"linear": "bbks"}, "emulator"),
        ({"neutrinos": "two"}, "one_massive, degenerate, normal, massless"),
        ({"nonlinear": "hmcode"}, "takahashi"),
        ({"radiation": "perhaps"}, "radiation"),
        ({"extra_args": {"lmax": 10}}, "extra_args"),
        ({"lineer": "eisenstein_hu"}, "lineer"),
        ({"out_of_range": "warn"}, "reject, error"),
    ],
)
def test_bad_options_are_named(
    cosmology: dict[str, Any], options: dict[str, Any], word: str
) -> None:
    with pytest.raises(LoggedError, match=word):
        model(cosmology, **options)


@pytest.mark.parametrize(
    ("requirement", "word"),
    [
        ({"unlensed_Cl": {"tt": 1000}}, "unlensed_Cl"),
        ({"Pk_grid": {"z": Z, "k_max": 1, "vars_pairs": [("Weyl", "Weyl")]}}, "Weyl"),
        ({"Hubble": {"z": [3e4]}}, "Hubble is computed for 0 <= z <= 20000"),
        ({"sigma_R": {"z": Z, "R": [8.0], "vars_pairs": [("Weyl", "Weyl")]}}, "delta_nonu"),
    ],
)
def test_products_that_are_not_offered_are_refused(
    cosmology: dict[str, Any], requirement: dict[str, Any], word: str
) -> None:
    built = model(cosmology)
    with pytest.raises(LoggedError, match=word):
        built.add_requirements(requirement)


def test_emulated_power_of_massive_neutrinos_ends_at_high_redshift(
    cosmology: dict[str, Any],
) -> None:
    """What the table does not hold is refused when it is asked for, not NaN at every point."""
    far = np.linspace(0, 110, 50)
    power = {"Pk_grid": {"z": far, "k_max": 5.0, "nonlinear": False}}
    with pytest.raises(LoggedError, match=r"z <= 100 only \(linear: emulator"):
        computed(cosmology, power, linear="emulator")
    massless = {k: v for k, v in cosmology.items() if k != "omnuh2"}
    got = computed(massless, power, linear="emulator", neutrinos="massless")
    assert np.isfinite(got.get_Pk_grid(nonlinear=False)[2]).all()
    assert computed(cosmology, {"Hubble": {"z": far}}, linear="emulator")


def test_background_against_camb(shared: Path) -> None:
    with np.load(shared / "reference" / "cobaya" / "bf_takahashi.npz") as file:
        reference = {name: file[name] for name in file.files}
    stored = json.loads(str(reference["params"]))
    same = ("omegam", "omegab", "H0", "ns", "omnuh2")
    given = {name: stored[name] for name in same} | {"As": 1e-9 * stored["As_1e9"], "nnu": 3.044}
    names = ("comoving_radial_distance", "Hubble")
    got = computed(given, {name: {"z": reference["z"]} for name in names})
    chi = got.get_comoving_radial_distance(reference["z"])
    np.testing.assert_allclose(chi, reference["chi_Mpc"], rtol=1e-4)
    hubble = got.get_Hubble(reference["z"], units="1/Mpc")
    np.testing.assert_allclose(hubble, reference["H_invMpc"], rtol=1e-4)
