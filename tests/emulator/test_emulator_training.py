"""Training of the emulator: design, kept spectra, fit and file, one run of CAMB, the command."""

import sys
from dataclasses import replace

import jax
import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.emulator import check, fit, library, train
from jaxlike.emulator.design import ACCEPTED, TRAINED, design
from jaxlike.emulator.fit import Degrees, fit_table
from jaxlike.emulator.spectra import (
    A_REFERENCE,
    EIGENSTATES,
    Settings,
    Transfer,
    camb_transfer,
    reference,
)
from jaxlike.errors import ConfigError
from jaxlike.theory.power import emulator
from jaxlike.theory.universe.growth import GrowthGrid


def test_design_is_inside_its_domain_and_always_the_same():
    points = design(64, 1)
    assert points == design(64, 1)
    assert points == design(128, 1)[:64]
    assert len(set(points)) == 64
    for p in points:
        fraction = p.omega_b / p.omega_cb
        f_nu = p.omega_nu / (p.omega_cb + p.omega_nu)
        for value, (low, high) in (
            (p.omega_b, TRAINED.omega_b),
            (p.omega_cb, TRAINED.omega_cb),
            (fraction, TRAINED.baryon_fraction),
            (p.omega_nu, TRAINED.omega_nu),
            (f_nu, (0, TRAINED.f_nu)),
        ):
            assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


def test_what_is_accepted_was_trained():
    for name in ("omega_b", "omega_cb", "baryon_fraction"):
        inner, outer = getattr(ACCEPTED, name), getattr(TRAINED, name)
        assert outer[0] <= inner[0] < inner[1] <= outer[1]
    assert ACCEPTED.omega_nu[1] <= TRAINED.omega_nu[1]
    assert ACCEPTED.f_nu <= TRAINED.f_nu


def test_held_out_points_are_in_range_and_not_those_of_the_training():
    groups = check.held_out(40)
    assert [len(members) for members in groups.values()] == [40, 40, 40, 20, 20]
    trained = {(p.omega_b, p.omega_cb) for p in design(128, train.SEED)}
    for members in groups.values():
        for universe in members:
            assert (universe.omega_b, universe.omega_cb) not in trained
            held = emulator.conditions(universe.cosmology)
            assert all(held.values())


@jax.jit
def growth(cosmo):
    return GrowthGrid.build(1 / np.array(A_REFERENCE) - 1).growth(cosmo)[0]


def toy(universe, settings=None):
    """A spectrum with the structure of the true one, in closed form."""
    k = np.geomspace(5e-5, universe.k_max, 300)
    a = np.array(A_REFERENCE)
    fraction = universe.omega_b / universe.omega_cb
    r_s = 55.154 / (universe.omega_cb**0.25351 * universe.omega_b**0.12807)
    u = k / (0.1 * universe.omega_cb)
    shape = np.log1p(u) / u / (1 + u)
    wiggles = 1 + 0.1 * fraction * np.sin(k * r_s) * np.exp(-((k * r_s / 30) ** 2))
    total = np.asarray(growth(universe.cosmology))[:, None] * shape * wiggles
    if universe.omega_nu:
        omega_m = universe.omega_cb + universe.omega_nu
        k_nr = emulator.k_nonrelativistic(omega_m, universe.omega_nu, EIGENSTATES[universe.kind])
        f_nu = universe.omega_nu / omega_m
        total = total * np.exp(-2 * f_nu * (k / k_nr) ** 2 / (1 + (k / k_nr) ** 2))
    return Transfer(k, a, total, total, r_s)


def test_fit_recovers_what_it_was_given_and_the_file_keeps_it(tmp_path):
    points = design(64, 3)
    spectra = {kind: [toy(reference(point, kind)) for point in points] for kind in EIGENSTATES}
    degrees = Degrees(cold=7, ratio=3, wave=11)
    table = fit_table(fit.samples(points, spectra), degrees, {"camb": "none"})
    with (tmp_path / "table.npz").open("wb") as file:
        table.save(file)
    with (tmp_path / "table.npz").open("rb") as file:
        kept = emulator.Table.read(file)
    assert kept.domain == ACCEPTED
    assert kept.metadata == {"camb": "none"}
    for kind in EIGENSTATES:
        universe = check.held_out(1)[kind][0]
        truth = toy(universe)
        error = check.ln_power_error(kept, universe, truth, "total")
        assert np.abs(error[:, truth.k > 1e-3]).max() < 5e-3


def test_spectra_that_are_there_are_not_computed_again(tmp_path, monkeypatch):
    """What an interrupted training has done is not lost."""
    universes = [reference(point, "massless") for point in design(2, 1)]
    settings = Settings()
    monkeypatch.setattr(library, "camb_transfer", toy)
    asked = []

    def computed(missing, made, jobs):
        """The first one, as if an interrupt followed."""
        asked.append([universe for _, universe in missing])
        library._keep(*missing[0], made)

    monkeypatch.setattr(library, "camb_module", lambda: None)
    monkeypatch.setattr(library, "_compute", computed)
    for _ in universes[1:]:
        with pytest.raises(FileNotFoundError):
            library.spectra(tmp_path, universes, settings, jobs=1)
    found = library.spectra(tmp_path, universes, settings, jobs=1)
    assert asked == [universes, universes[1:]]
    np.testing.assert_array_equal(found[0].total, toy(universes[0]).total)
    library.spectra(tmp_path, universes[:1], Settings(accuracy_boost=1.0), jobs=1)
    assert asked[-1] == universes[:1], "other settings are other spectra"


def test_without_camb_there_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "camb", None)
    command = ["emulator", "train", "--folder", str(tmp_path), "--output", str(tmp_path / "t.npz")]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "install jaxlike[emulator]" in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments, message",
    [(["--n", "-3"], "'-3' is not a positive"), (["--n", "10"], "must exceed 45")],
)
def test_wrong_options_of_the_command(tmp_path, capsys, arguments, message):
    pytest.importorskip("camb", reason="CAMB is not installed")
    assert main(["emulator", "train", "--folder", str(tmp_path), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_too_few_points_are_an_error(tmp_path):
    with pytest.raises(ConfigError, match="must exceed"):
        train.train(n=10, n_check=1, jobs=1, folder=tmp_path)


@pytest.mark.slow
def test_camb_in_the_reference_universe():
    """T is one on large scales, and growth is the package's: D = a + 2 a_eq / 3."""
    pytest.importorskip("camb", reason="CAMB is not installed")
    point = design(8, 1)[3]
    universe = replace(reference(point, "massless"), k_max=1.0, wiggles=False, a=(0.5, 1.0))
    transfer = camb_transfer(universe, Settings(accuracy_boost=1.0, l_accuracy_boost=1.0))
    grid = GrowthGrid.build(1 / transfer.a - 1)
    D = np.asarray(jax.jit(lambda cosmology: grid.growth(cosmology)[0])(universe.cosmology))
    assert transfer.total[-1, 0] / D[-1] == pytest.approx(1, abs=2e-3)
    small = np.searchsorted(transfer.k, 0.1)
    ratio = transfer.total[:, small] / D
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-4)
