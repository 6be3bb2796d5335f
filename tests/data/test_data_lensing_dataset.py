"""CMB lensing in .dataset files: chi^2 of Cobaya's class, what is refused, Planck's own."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from cobaya.likelihoods.base_classes import CMBlikes

import jaxlike
from jaxlike.cli.main import main
from jaxlike.config import read_config
from jaxlike.data import LENSING_SETS, find_data_file, read_lensing_dataset, read_two_point
from jaxlike.data.contents import contents
from jaxlike.errors import ConfigError, DataError

MARGED = "planckpr4lensing.PlanckPR4LensingMarged"
PLANCK = {"omch2": 0.12, "ombh2": 0.02237, "H0": 67.36, "ns": 0.9649, "mnu": 0.06}
ELL = np.arange(2, 121)
BASE = """like_approx = gaussian
fields_use = P
fields_required = {required}
binned = T
nbins = 4
use_min = 2
use_max = 4
cl_lmin = 2
cl_lmax = 120
cl_hat_file = bandpowers.dat
bin_window_files = window/window%u.dat
bin_window_in_order = PP
bin_window_out_order = PP
covmat_cl = PP
covmat_fiducial = cov_of_another.dat
calibration_param = calib.paramnames
"""
OVER = """DEFAULT(base.dataset)
calibration_param =
covmat_fiducial = cov.dat
covmat_scale = 1.2
linear_correction_fiducial_file = fiducial.dat
linear_correction_bin_window_files = delta/window%u.dat
linear_correction_bin_window_in_order = PP
linear_correction_bin_window_out_order = PP
"""


def spectrum(seed: int) -> np.ndarray:
    """Some [L (L + 1)]^2 C_L^phiphi / 2 pi, from L = 0."""
    ell = np.arange(150)
    return 1e-7 * (1 + 0.2 * np.sin(ell / (9 + seed))) / (1 + ell / 60)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A .dataset over another, three of four bins in use, with a linear correction."""
    rng = np.random.default_rng(3)
    for name in ("window", "delta"):
        (tmp_path / name).mkdir()
    for b in range(1, 5):
        weight = np.exp(-(((ELL - 25 * b) / 12) ** 2)) / 21
        ell = ELL[weight > 1e-4]
        np.savetxt(
            tmp_path / f"window/window{b}.dat", np.c_[ell, weight[weight > 1e-4]], fmt="%5d %.7e"
        )
        every = ELL[:: 2 + b]
        np.savetxt(
            tmp_path / f"delta/window{b}.dat",
            np.c_[every, 1e-4 * rng.normal(size=every.size)],
            fmt="%5d %.7e",
        )
    value = 1e-7 * np.array([0.9, 0.7, 0.5, 0.4])
    table = np.c_[np.arange(1, 5), 25 * np.arange(1, 5), value, 0.1 * value]
    np.savetxt(tmp_path / "bandpowers.dat", table, header="bin L_av PP Error", fmt="%.6e")
    fiducial = np.c_[np.arange(1, 5), 0.02 * value]
    np.savetxt(tmp_path / "fiducial.dat", fiducial, header="bin PP", fmt="%.6e")
    root = rng.normal(size=(4, 4)) * 3e-9
    np.savetxt(tmp_path / "cov.dat", root @ root.T + np.diag((0.08 * value) ** 2))
    (tmp_path / "base.dataset").write_text(BASE.format(required="P"))
    (tmp_path / "marged.dataset").write_text(OVER)
    return tmp_path / "marged.dataset"


def chi2_of(data: jaxlike.data.TwoPointData, phi: np.ndarray) -> float:
    """Of D_L^phiphi (n_L,) from L = 0: C_L^kappa = pi/2 D_L."""
    (m,) = data.measurements
    r = m.windows.weight @ (np.pi / 2 * phi[m.windows.ell.astype(int)]) - m.value
    return float(r @ np.linalg.solve(data.covariance, r))


@pytest.mark.parametrize("seed", [0, 1])
def test_chi2_is_that_of_cobaya_on_the_same_c_ell(dataset: Path, seed: int) -> None:
    host = CMBlikes({"dataset_file": str(dataset)})
    phi = spectrum(seed)
    wanted = -2 * host.log_likelihood({"pp": phi})
    data = read_lensing_dataset(dataset, name="planck")
    assert wanted > 1
    assert chi2_of(data, phi) == pytest.approx(wanted, rel=1e-10)
    (m,) = data.measurements
    assert (m.statistic, m.kernel1, m.value.size) == ("C_ell_kappa", "planck", 3)
    np.testing.assert_allclose(m.ell, [50, 75, 100], rtol=0.03)


def test_it_is_data_like_any(dataset: Path, tmp_path: Path, capsys) -> None:
    data = read_two_point(dataset)
    assert data.summary.endswith("(3 C_ell_kappa)")
    assert contents(dataset).problems == ()
    output = tmp_path / "out.sacc"
    assert main(["data", "lensing", str(dataset), str(output)]) == 0
    assert "3 points (3 C_ell_kappa)" in capsys.readouterr().out
    again = read_two_point(output)
    assert chi2_of(again, spectrum(0)) == pytest.approx(chi2_of(data, spectrum(0)))
    with pytest.raises(DataError, match="option nz_file has no effect"):
        read_two_point(dataset, nz_file="n.txt")
    assert main(["data", "lensing", "a", "b", str(output)]) == 2
    assert "2 files are given" in capsys.readouterr().err


BAD = {
    "of the CMB": ("fields_required = P", "fields_required = T E P", "corrected by the CMB's own"),
    "no Gaussian": ("like_approx = gaussian", "like_approx = HL", "HL is not computed here"),
    "other fields": ("fields_use = P", "fields_use = T E", "only P, the potential of CMB lensing"),
    "unbinned": ("binned = T", "binned = F", "binned = F is not computed here"),
    "other windows": ("window_in_order = PP", "window_in_order = TT PP", "windows are of other"),
    "no bins": ("use_min = 2", "use_min = 5", "use_min = 5 and use_max = 4 leave no bins"),
    "no multipoles": ("cl_lmax = 120", "", "says no cl_lmax"),
    "half a bin": ("use_max = 4", "use_max = 3.5", "use_max = 3.5 is no whole number"),
    "other files": ("window%u", "window", "must have one %u for the bin"),
    "no file": ("bandpowers.dat", "none.dat", "none.dat: cannot be read as band powers"),
    "no windows": ("window/window%u.dat", "none/%u.dat", "2.dat: cannot be read as weights"),
    "bins of others": ("nbins = 4", "nbins = 3", "covariance of 3 data has 3 x 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(dataset: Path, case: str) -> None:
    before, after, message = BAD[case]
    base = dataset.parent / "base.dataset"
    text = base.read_text()
    assert before in text
    base.write_text(text.replace(before, after))
    with pytest.raises(DataError, match=message):
        read_lensing_dataset(dataset)


def test_a_file_that_it_includes_must_be_there(dataset: Path) -> None:
    (dataset.parent / "base.dataset").unlink()
    with pytest.raises(DataError, match=r"marged.dataset: cannot be read as a .dataset file"):
        read_lensing_dataset(dataset)
    (problem,) = contents(dataset).problems
    assert "cannot be read" in problem


@pytest.fixture
def package(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python package with the dataset where that of Planck PR4 has it."""
    one = LENSING_SETS["planck_pr4_lensing"]
    home = dataset.parent / one.package
    (home / one.file).parent.mkdir(parents=True)
    (home / "__init__.py").write_text("raise ImportError('it is not imported')")
    (home / one.file).write_text(f"DEFAULT({dataset})\ncl_hat_file = bandpowers.dat\n")
    for file in dataset.parent.glob("*.dat"):
        (home / one.file).parent.joinpath(file.name).write_bytes(file.read_bytes())
    for name in ("window", "delta"):
        (home / one.file).parent.joinpath(name).symlink_to(dataset.parent / name)
    monkeypatch.syspath_prepend(str(dataset.parent))
    sys.modules.pop(one.package, None)
    return home / one.file


def read(likelihood: dict, **more: object) -> jaxlike.Config:
    return read_config({"likelihood": likelihood, "params": PLANCK | {"As": [1e-9, 4e-9]}, **more})


def test_inputs_name_it_as_cobaya_does(package: Path, dataset: Path) -> None:
    assert find_data_file("planck_pr4_lensing") == package
    (one,) = read({MARGED: None}).likelihoods
    assert (one.data_file, one.scale_cuts) == (str(package), "none")
    (one,) = read(
        {"mine": {"class": MARGED, "path": str(dataset.parent), "dataset_file": "marged.dataset"}}
    ).likelihoods
    assert (one.name, one.data_file) == ("mine", str(dataset))


def test_cobaya_s_packages_are_looked_at(dataset: Path, tmp_path: Path) -> None:
    one = LENSING_SETS["planck_2018_lensing"]
    file = tmp_path / "packages/data" / one.folder / one.file
    file.parent.mkdir(parents=True)
    file.write_text(dataset.read_text())
    packages = {"packages_path": str(tmp_path / "packages")}
    (found,) = read({one.component: None}, **packages).likelihoods
    assert found.data_file == str(file)
    with pytest.raises(DataError, match=r"`cobaya-install planck_2018_lensing.CMBMarged -p PATH`"):
        read({one.component: None}, packages_path=str(tmp_path))


REFUSED = {
    "CMB's own spectra": ({"planck_2018_lensing.native": None}, "take planck_2018_lensing.CMBMarg"),
    "twice": (
        {MARGED: None, "b": {"class": "jaxlike.cobaya.3x2pt", "data_file": "planck_pr4_lensing"}},
        "'planckpr4lensing.PlanckPR4LensingMarged' and 'b' have the same data",
    ),
    "parameters of the file": ({MARGED: {"dataset_params": {"use_max": 3}}}, "is not followed"),
    "an option": ({MARGED: {"datasetfile": "x"}}, "'datasetfile'; accepted are path, dataset_file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_an_input_may_not_say(package: Path, case: str) -> None:
    likelihood, message = REFUSED[case]
    with pytest.raises(ConfigError, match=message):
        read(likelihood)


# chi^2 of Cobaya's class on C_L^phiphi of CAMB 2.0 (halofit_version = mead2020,
# lens_potential_accuracy = 4) for PLANCK with A_s = e^3.044 1e-10, N_eff = 3.046
OF_PLANCK = {"planck_pr4_lensing": 8.443, "plancklensing": 8.988}


@pytest.mark.parametrize("name", OF_PLANCK)
def test_planck_s_chi2_is_that_of_camb(name: str) -> None:
    if find_spec(LENSING_SETS[name].package) is None:
        pytest.skip(f"needs the package of {name}: `{LENSING_SETS[name].install}`")
    model = jaxlike.load(
        {
            "theory": {"jaxlike.cobaya.Theory": {"linear": "emulator", "nonlinear": "hmcode2020"}},
            "likelihood": {LENSING_SETS[name].component: None},
            "params": {**PLANCK, "logA": {"prior": [1.6, 4], "ref": 3.044}, "nnu": 3.046},
        }
    )
    assert float(model.chi2(model.reference)) == pytest.approx(OF_PLANCK[name], abs=0.03)
