"""Training of the CMB's spectra: design, fit and file, one run of CAMB, the command."""

import sys
from dataclasses import replace

import jax
import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.emulator import library
from jaxlike.emulator.cmb import check, fit
from jaxlike.emulator.cmb.design import TRAINED, design
from jaxlike.emulator.cmb.spectra import Universe, camb_spectra
from jaxlike.emulator.cmb.train import train
from jaxlike.errors import ConfigError
from jaxlike.theory.power.cmb import helium
from jaxlike.theory.power.cmb.coordinates import NAMES
from jaxlike.theory.power.cmb.lattice import ELL_MAX
from jaxlike.theory.power.cmb.spectra import SPECTRA, Spectra
from jaxlike.theory.power.cmb.table import shipped_cmb


def toy(universe):
    """Spectra that depend on the coordinates as those of CAMB do, a little."""
    ell, h2 = np.arange(ELL_MAX + 1.0), universe.h**2
    found = {name: [] for name in SPECTRA}
    for one in universe.every:
        amplitude = 1e9 * universe.A_s * np.exp(-2 * universe.tau)
        tilt = (np.maximum(ell, 1) / 695.0) ** (one.n_s - 1)
        wiggles = 2 + np.cos(ell / 95 * (universe.omega_cb / 0.14) ** 0.1)
        tt = amplitude * tilt * wiggles * (1000 + 1e4 * universe.omega_b) * np.exp(-ell / 900)
        found["tt"].append(tt)
        found["te"].append(0.1 * tt * np.sin(ell / 95))
        found["ee"].append(0.05 * tt + 0.01)
        found["pp"].append(one.lensing * universe.A_s * 50 * h2 * tilt / (1 + (ell / 60) ** 2))
    return {name: np.array(rows) for name, rows in found.items()}


@pytest.fixture(scope="module")
def by_toy(tmp_path_factory):
    """A table of 24 toys, checked at four, by the command."""
    folder = tmp_path_factory.mktemp("cmb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library.cmb, "camb_spectra", toy)
        patch.setattr(
            library,
            "_compute",
            lambda missing, made, jobs: [library._keep(*one, made) for one in missing],
        )
        output = folder / "t.npz"
        command = ["emulator", "train", "--cmb", "--n", "24", "--n-check", "4"]
        command += ["--folder", str(folder / "spectra"), "--output", str(output)]
        assert main(command) == 0
        yield folder, output


def test_design_is_inside_its_domain_and_always_the_same():
    universes = design(16, 1)
    assert universes == design(16, 1)
    assert len(universes) == 21
    assert not any(one.Omega_k for one in universes[:16])
    curved = [one.Omega_k for one in universes[16:]]
    assert min(curved) < 0 < max(curved)
    assert {one.kind for one in universes} == {"degenerate", "one_massive"}
    for one in universes:
        values = {"omega_b": one.omega_b, "omega_cb": one.omega_cb, "tau": one.tau}
        values |= {"n_s": one.n_s, "A_s_1e9": 1e9 * one.A_s}
        for name, value in values.items():
            low, high = TRAINED[name]
            assert low <= value <= high
        assert len(one.every) == 4
    scaled = fit.samples(universes[:1], [toy(universes[0])])
    assert scaled.x.shape == (4, len(NAMES))
    low, high = TRAINED["thetastar"]
    assert low <= scaled.x[0, NAMES.index("thetastar")] <= high


def test_held_out_universes_are_in_range_and_not_those_of_the_training():
    groups = check.held_out(4)
    assert [len(members) for members in groups.values()] == [4, 1, 1, 1, 1]
    accepted = shipped_cmb().accepted
    for one in groups["LambdaCDM"]:
        assert accepted["omega_b"][0] < one.omega_b < accepted["omega_b"][1]
        assert accepted["omega_cb"][0] < one.omega_cb < accepted["omega_cb"][1]
        assert accepted["tau"][0] < one.tau < accepted["tau"][1]


def test_polynomials_are_in_order_of_what_is_expected_of_them():
    which = fit.exponents_of(fit.Degrees())
    size = fit.expected(which, fit.Degrees())
    assert len(np.unique(which, axis=0)) == len(which)
    assert np.all(size[which.sum(axis=1) <= 1] == 1)
    assert size[which[:, 0] == 3].max() == pytest.approx(0.05**2)


def test_command_trains_and_checks(by_toy, capsys):
    folder, output = by_toy
    again = ["emulator", "check", "--cmb", "--n-check", "4", "--table", str(output)]
    assert main([*again, "--folder", str(folder / "spectra")]) == 0
    printed = capsys.readouterr().out
    assert "Delta chi^2 against CAMB" in printed
    assert "low-ell TT" in printed
    with output.open("rb") as file:
        kept = shipped_cmb().read(file)
    assert kept.metadata["n_points"] == 32
    assert set(kept.parts) == set(SPECTRA)
    assert set(kept.helium) == {"tt", "te", "ee"}
    rows = kept.metadata["held_out"]
    assert rows[0]["group"] == "LambdaCDM"
    worst, _ = rows[0]["errors"]["tt"][1]
    assert worst < 2.0, "in cosmic variance of one multipole"


WRONG = {
    "few": (["train", "--cmb", "--n", "3"], "option --n is 3, but must be 16 at least"),
    "against": (["check", "--cmb", "--against", "emu_pk"], "--against is for the linear power"),
    "alone": (["check", "--planck-lite", "x"], "--planck-lite has no effect without --cmb"),
    "alone in training": (["train", "--planck-lite", "x"], "has no effect without --cmb"),
    "no data": (["check", "--cmb", "--planck-lite", "/none.dataset"], "none.dataset: cannot be"),
}


@pytest.mark.parametrize(("options", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(options, sentence, capsys, tmp_path):
    assert main(["emulator", *options, "--folder", str(tmp_path)]) != 0
    assert sentence in capsys.readouterr().err


def test_without_camb_there_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "camb", None)
    with pytest.raises(ConfigError, match=r"need CAMB: install jaxlike\[emulator\], or camb"):
        train(n=16, n_check=1, jobs=1, folder=tmp_path)


def test_helium_far_from_planck_s_universe():
    """What bbn_consistency's table changes, to a fifth of the largest change, at small scales."""
    camb = pytest.importorskip("camb", reason="CAMB is not installed")
    universe = Universe(
        h=0.69, omega_b=0.0225, omega_cb=0.137, n_s=0.97, A_s=2.2e-9, tau=0.07, ell_max=2200,
        lens_accuracy=1,
    )  # fmt: skip
    fractions = [helium.mass_fraction(name, universe.omega_b) for name in helium.TABLES]
    assert fractions[0] == pytest.approx(camb.bbn.get_predictor().Y_He(0.0225), abs=2e-6)
    runs = [camb_spectra(replace(universe, helium=float(Y))) for Y in fractions]
    cosmo = replace(universe.cosmology(), tau=universe.tau)
    ell = np.arange(100, 2200)
    with jax.enable_x64(True):
        of = Spectra(cosmo, "eisenstein_hu_no_wiggle")
        for name in ("tt", "te", "ee"):
            less, more = (of.D_ell(name, ell, helium=table) for table in helium.TABLES)
            expected = (runs[1][name] - runs[0][name])[0, ell]
            wrong = np.abs(np.asarray(more - less) - expected)
            assert wrong.max() < 0.2 * np.abs(expected).max(), name


def test_shipped_table_is_camb_s():
    """At a universe of w0-wa that nobody trained on: a tenth of cosmic variance, but where nobody
    sees it."""
    pytest.importorskip("camb", reason="CAMB is not installed")
    universe = Universe(
        h=0.66,
        omega_b=0.0222,
        omega_cb=0.1425,
        n_s=0.96,
        A_s=2.08e-9,
        tau=0.06,
        mnu=0.06,
        kind="one_massive",
        w0=-0.8,
        wa=-0.6,
    )
    truth = {"here": [camb_spectra(universe)]}
    with jax.enable_x64(True):
        (row,) = check.rows_of(shipped_cmb(), {"here": [universe]}, truth, None)
    for name, (_, *far) in row["errors"].items():
        assert all(worst < 0.3 for worst, _ in far[:2]), name
    assert row["delta_chi2"]["low-ell TT"][0] < 0.05
