"""The likelihood components: names, defaults, values, limits and what is refused."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cobaya.component import get_component_class
from cobaya.doc import doc_script
from cobaya.log import LoggedError
from cobaya.model import Model, get_model

from jaxlike.config import config_from_info
from jaxlike.data import (
    default_data_file,
    read_two_point_fits,
    write_sacc,
    write_two_point_fits,
)
from jaxlike.loading import model_from_config

THEORY = "jaxlike.cobaya.Theory"
LIKELIHOODS = ("jaxlike.cobaya.3x2pt", "jaxlike.cobaya.shear", "jaxlike.cobaya.2x2pt")
WIDE = {"prior": {"min": 0.02, "max": 0.95}}


def information(name: str, params: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return {
        "theory": {THEORY: None},
        "likelihood": {f"jaxlike.cobaya.{name}": options},
        "params": dict(params),
    }


def for_shear(nuisance: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in nuisance.items() if not k.startswith(("DES_b", "DES_DzL"))}


@pytest.fixture(scope="module")
def parameters(cosmology: dict[str, Any], nuisance: dict[str, Any]) -> dict[str, Any]:
    """A universe whose matter and baryon densities are free, and fixed nuisance parameters."""
    return {**cosmology, "omegam": WIDE, "omegab": WIDE, "S8": None, **nuisance}


@pytest.fixture(scope="module")
def mock_3x2pt(parameters: dict[str, Any]) -> Model:
    """The 3x2pt likelihood of the shipped mock."""
    return get_model(information("3x2pt", parameters))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_components_resolve_with_defaults_and_references(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    component = get_component_class(name, kind="likelihood")
    assert component.get_qualified_class_name() == name
    defaults = component.get_defaults()
    assert defaults["data_file"] is None
    assert defaults["power"] == "jaxlike"
    sampled = {k: v for k, v in defaults["params"].items() if "value" not in v}
    assert len(sampled) == (10 if name.endswith("shear") else 20)
    assert all(set(v) == {"prior", "ref", "proposal", "latex"} for v in sampled.values())
    assert "1708.01530" in component.get_bibtex()

    assert doc_script([name]) in (0, None)
    printed = capsys.readouterr().out
    assert f"{name}:" in printed
    assert "DES_AIA:" in printed


def test_data_that_were_not_given_are_a_mock_by_name() -> None:
    """So that Cobaya's .updated.yaml says what was fitted."""
    component = get_component_class("jaxlike.cobaya.shear", kind="likelihood")
    assert component.get_modified_defaults(component.get_defaults())["data_file"] == "des_y1_mock"


def test_a_class_derived_from_a_component_keeps_its_own_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Cobaya's users adapt a likelihood: a class of a line, and a .yaml file beside it."""
    (tmp_path / "wide").mkdir()
    (tmp_path / "wide" / "__init__.py").write_text(
        "from jaxlike.cobaya import likelihood\n"
        "class Wide(getattr(likelihood, 'shear')):\n    pass\n"
    )
    own = {"DES_AIA": {"prior": {"min": -9, "max": 9}}}
    (tmp_path / "wide" / "Wide.yaml").write_text(json.dumps({"params": own}))
    monkeypatch.syspath_prepend(tmp_path)
    component = get_component_class("wide.Wide", kind="likelihood")
    defaults = component.get_defaults()
    assert defaults["params"] == own
    assert component.get_modified_defaults(defaults)["params"] == own


def test_the_theory_resolves() -> None:
    component = get_component_class(THEORY, kind="theory")
    assert component.get_qualified_class_name() == THEORY
    assert component.get_defaults()["nonlinear"] == "takahashi"
    assert "Takahashi" in component.get_bibtex()


def test_a_sacc_file_is_a_data_file(parameters: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("sacc", reason="sacc is not installed")
    original = read_two_point_fits(default_data_file())
    write_sacc(original, tmp_path / "mock.sacc")
    model = get_model(
        information("3x2pt", parameters, data_file=str(tmp_path / "mock.sacc"), survey="des_y1")
    )
    data = model.likelihood["jaxlike.cobaya.3x2pt"]._data
    np.testing.assert_array_equal(data.value, original.value)


def test_an_absent_component_is_refused() -> None:
    from jaxlike import cobaya

    with pytest.raises(AttributeError, match="3x2pt"):
        _ = cobaya.nonsense


def test_importing_the_package_leaves_cobaya_alone(repository: Path) -> None:
    code = (
        "import sys, jaxlike, jaxlike.cobaya, jaxlike.config\n"
        "assert not any(m == 'cobaya' or m.startswith('cobaya.') for m in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repository, check=True)


def test_the_value_is_that_of_the_library(mock_3x2pt: Model, parameters: dict[str, Any]) -> None:
    library = model_from_config(config_from_info(information("3x2pt", parameters), "test.yaml"))
    for omegam, omegab in ((0.3, 0.046), (0.22, 0.055)):
        point = {"omegam": omegam, "omegab": omegab}
        known = {k: v for k, v in parameters.items() if k != "S8"}
        expected = float(library.log_likelihood({**known, **point}))
        assert mock_3x2pt.loglike(point)[0] == pytest.approx(expected, rel=1e-9)


def test_the_mock_is_fitted_by_what_made_it(mock_3x2pt: Model) -> None:
    near = mock_3x2pt.loglike({"omegam": 0.3, "omegab": 0.046}, return_derived=False)
    far = mock_3x2pt.loglike({"omegam": 0.6, "omegab": 0.046}, return_derived=False)
    assert far < near - 100


def test_an_impossible_universe_has_likelihood_zero(mock_3x2pt: Model) -> None:
    loglike, derived = mock_3x2pt.loglike({"omegam": 0.1, "omegab": 0.3})
    assert loglike == -np.inf
    assert np.all(np.isnan(derived))
    assert np.isfinite(mock_3x2pt.loglike({"omegam": 0.3, "omegab": 0.05})[0])


@pytest.mark.parametrize("error", [ValueError, TypeError, ZeroDivisionError, FloatingPointError])
@pytest.mark.parametrize("kind", ["likelihood", "theory"])
def test_a_programming_error_is_not_taken_for_a_bad_universe(
    mock_3x2pt: Model, monkeypatch: pytest.MonkeyPatch, error: type[Exception], kind: str
) -> None:
    def broken(*arguments: Any, **named: Any) -> Any:
        raise error("a bug")

    component = next(iter(getattr(mock_3x2pt, kind).values()))
    method = "_evaluate" if kind == "likelihood" else "_impossible"
    monkeypatch.setattr(component, method, broken)
    point = {"omegam": 0.31, "omegab": 0.047 if kind == "likelihood" else 0.4}
    with pytest.raises(error, match="a bug"):
        mock_3x2pt.loglike(point, cached=False)


def test_a_theory_vector_that_is_not_finite_has_likelihood_zero(
    mock_3x2pt: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    component = next(iter(mock_3x2pt.likelihood.values()))
    monkeypatch.setattr(component, "_evaluate", lambda *_: np.nan)
    with caplog.at_level("DEBUG"):
        point = {"omegam": 0.31, "omegab": 0.047}
        assert mock_3x2pt.loglike(point, return_derived=False, cached=False) == -np.inf
    assert "not finite" in caplog.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data_file": "nowhere.fits"}, ("nowhere.fits",)),
        ({"data_file": "README.md"}, ("README.md",)),
        ({"data_file": 3}, ("data_file", "path")),
        ({"scale_cuts": "des_y9"}, ("des_y9", "des_y1", "none")),
        ({"nz": "smail"}, ("nz", "kde", "histogram")),
        ({"nz_bandwidth": -1}, ("nz_bandwidth", "positive")),
        ({"projection": "round"}, ("projection", "flat", "curved")),
        ({"power": "camb"}, ("power", "jaxlike", "host")),
        ({"alignment": "ta"}, ("alignment", "nla", "tatt")),
        ({"alignment": "tatt"}, ("A2_IA is missing",)),
        ({"ell_prefactors": "often"}, ("ell_prefactors", "true", "false")),
        ({"data_fiel": "x.fits"}, ("data_fiel", "data_file")),
    ],
)
def test_bad_options_are_named(
    parameters: dict[str, Any], options: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(LoggedError) as error:
        get_model(information("3x2pt", parameters, **options))
    message = str(error.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("3x2pt", {"b1": 1.5}, ("b1", "DES_b1", "twice")),
        ("3x2pt", {"DES_b6": 1.5}, ("DES_b6",)),
        ("shear", {"DES_b1": 1.5}, ("DES_b1",)),
        ("3x2pt", {"YHe": 0.06}, ("YHe",)),
        ("shear", {"A2_IA": 1.0}, ("A2_IA", "no effect", "alignment = tatt")),
    ],
)
def test_bad_parameters_are_named(
    parameters: dict[str, Any],
    nuisance: dict[str, Any],
    name: str,
    change: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    given = {k: v for k, v in parameters.items() if k not in nuisance} | for_shear(nuisance)
    if name == "3x2pt":
        given |= nuisance
    with pytest.raises(LoggedError) as error:
        get_model(information(name, {**given, **change}))
    assert all(word in str(error.value) for word in words)


def test_numbers_of_bins_are_the_file_s(
    tmp_path: Path, cosmology: dict[str, Any], nuisance: dict[str, Any]
) -> None:
    data = read_two_point_fits(default_data_file()).with_probes(("gamma_t", "w"))
    few = data.select(np.concatenate([(m.bin1 < 3) & (m.bin2 < 4) for m in data.measurements]))
    nz = tuple(
        dataclasses.replace(
            table, dndz=table.dndz[: 2 if table.name == "nz_lens" else 3], n_gal=None, sigma_e=None
        )
        for table in few.nz
    )
    file = tmp_path / "few.fits"
    write_two_point_fits(dataclasses.replace(few, nz=nz), file)

    info = information("3x2pt", {**cosmology, "omegam": WIDE}, data_file=str(file), survey="des_y1")
    built = get_model(info)
    sampled = set(built.parameterization.sampled_params())
    assert {p for p in sampled if p.startswith("DES_b")} == {"DES_b1", "DES_b2"}
    assert {p for p in sampled if p.startswith("DES_m")} == {"DES_m1", "DES_m2", "DES_m3"}
    point = {p: nuisance.get(p, 0.3) for p in sampled}
    assert np.isfinite(built.loglike(point, return_derived=False))


TATT = {"A2_IA": -1.5, "alpha2_IA": -0.5, "bTA_IA": 0.8}


@pytest.mark.parametrize(("curvature", "alignment"), [(0.0, "nla"), (0.05, "nla"), (0.0, "tatt")])
def test_the_host_s_tables_are_worth_the_core_s_own(
    cosmology: dict[str, Any], nuisance: dict[str, Any], curvature: float, alignment: str
) -> None:
    given = {**cosmology, **for_shear(nuisance), "omk": curvature}
    options = {"alignment": alignment}
    if alignment == "tatt":
        given |= TATT
    chi2 = {
        power: -2 * get_model(information("shear", given, power=power, **options)).loglike({})[0]
        for power in ("jaxlike", "host")
    }
    assert chi2["host"] == pytest.approx(chi2["jaxlike"], abs=1e-2)


def camb(stored: Mapping[str, float], derived: Mapping[str, float]) -> dict[str, Any]:
    """CAMB at a stored point, and its parameters."""
    options = {"halofit_version": "takahashi", "num_massive_neutrinos": 1}
    params = {k: stored[k] for k in ("H0", "ns")} | {"nnu": 3.044, "YHe": 0.245341}
    params |= {k: derived[k] for k in ("ombh2", "omch2", "mnu", "As")}
    return {"theory": {"camb": {"extra_args": options}}, "params": params}


def classy(stored: Mapping[str, float], derived: Mapping[str, float]) -> dict[str, Any]:
    """CLASS, which has parameters of its own."""
    neutrinos = {"N_ncdm": 1, "m_ncdm": derived["mnu"], "N_ur": 2.0308}
    params = {"H0": stored["H0"], "n_s": stored["ns"], "A_s": derived["As"]}
    params |= {"omega_b": derived["ombh2"], "omega_cdm": derived["omch2"]}
    options = {**neutrinos, "non_linear": "halofit"}
    return {"theory": {"classy": {"extra_args": options}}, "params": params}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "name", "key", "tolerance"),
    [
        (camb, "3x2pt", "chi2", 1.0),
        (camb, "shear", "chi2_shear227", 0.3),
        (classy, "3x2pt", "chi2", 1.0),
    ],
)
def test_chi2_with_a_host_s_power_against_cobaya_s_own_des_likelihood(
    shared: Path, host: Callable[..., dict[str, Any]], name: str, key: str, tolerance: float
) -> None:
    """The conventions differ: growth in the alignment term, n(z) as histogram or not normalised
    after a shift, multipoles cut at 50,000. They were seen to move chi^2 by 0.67 and -0.03 (CAMB)
    and, before n(z) was read at the file's own samples, by 0.73 (CLASS)."""
    pytest.importorskip(host.__name__, reason=f"{host.__name__} is not installed")
    with np.load(shared / "reference" / "cobaya" / "bf_takahashi.npz") as file:
        stored, derived = (json.loads(str(file[k])) for k in ("params", "derived"))
        expected = float(file[key])
    nuisance = {k: v for k, v in stored.items() if k.startswith("DES_")}
    info = host(stored, derived)
    info["params"] |= for_shear(nuisance) if name == "shear" else nuisance
    options = {"power": "host", "nz": "histogram"}
    options |= {"data_file": str(shared / "data" / "des_y1_3x2pt.fits")}
    info["likelihood"] = {f"jaxlike.cobaya.{name}": options}
    chi2 = -2 * get_model(info).loglike({}, return_derived=False)
    assert chi2 == pytest.approx(expected, abs=tolerance)
