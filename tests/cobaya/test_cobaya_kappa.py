"""Maps of the CMB's convergence in Cobaya: with our power, and with the tables of a host."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cobaya.model import get_model

from jaxlike.cobaya.products import Z_MAX, Z_MAX_DISTANCE
from jaxlike.data import TwoPointData, write_two_point_fits
from jaxlike.likelihoods.common_nodes import z_max_of
from jaxlike.theory.universe.line_of_sight import Z_LAST_SCATTERING

CROSS, AUTO = ("C_ell_kappa_counts", "C_ell_kappa_shear"), ("C_ell_kappa",)
GALAXIES = {"b1": 1.4, "b2": 1.6, "A_IA": 0.5}


@pytest.fixture(scope="module")
def file(kappa_data: TwoPointData, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("kappa") / "kappa.fits"
    write_two_point_fits(kappa_data, path)
    return str(path)


LINEAR: dict[str, Any] = {
    "jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
}


def loglike(
    file: str,
    params: dict[str, Any],
    probes: tuple[str, ...],
    power: str,
    theory: dict[str, Any] = LINEAR,
) -> float:
    """ln L of fixed parameters, by our own power or by the tables of a theory."""
    own = {"data_file": file, "scale_cuts": "none", "params": {}, "probes": [*probes]}
    info: dict[str, Any] = {
        "theory": theory,
        "likelihood": {"jaxlike.cobaya.3x2pt": {**own, "power": power}},
        "params": params,
    }
    return float(get_model(info).loglike({})[0])


def test_ours_reach_last_scattering(kappa_data: TwoPointData) -> None:
    assert z_max_of(kappa_data) <= Z_MAX < Z_LAST_SCATTERING < Z_MAX_DISTANCE


@pytest.mark.parametrize(
    ("probes", "curvature"), [(CROSS, 0.0), (CROSS, 0.05), (CROSS, -0.7), (AUTO, 0.0)]
)
def test_a_host_s_tables_are_worth_our_own(
    file: str, cosmology: dict[str, Any], probes: tuple[str, ...], curvature: float
) -> None:
    """With galaxies and, to z = 990, of the map with itself; also where a closed universe ends
    before last scattering, and both have a likelihood of zero."""
    params = {**cosmology, "omk": curvature, **(GALAXIES if probes == CROSS else {})}
    ours, host = (loglike(file, params, probes, power) for power in ("jaxlike", "host"))
    # sixty redshifts to z = 990 are few
    assert host == pytest.approx(ours, rel=1e-4 if probes == CROSS else 1e-3)
    assert np.isfinite(ours) == (curvature > -0.6)


@pytest.mark.slow
def test_camb_s_tables(file: str) -> None:
    """They reach last scattering, and are worth those of our emulator of it."""
    pytest.importorskip("camb")
    params = {"ombh2": 0.0226, "omch2": 0.12, "H0": 70, "ns": 0.966, "As": 2.1e-9, "mnu": 0.06}
    options = {"halofit_version": "takahashi", "num_massive_neutrinos": 1}
    emulator = {"jaxlike.cobaya.Theory": {"linear": "emulator"}}
    ours = loglike(file, params, AUTO, "jaxlike", emulator)
    camb = {"camb": {"extra_args": options}}
    host = loglike(file, {**params, "omegam": None}, AUTO, "host", camb)
    assert host == pytest.approx(ours, rel=2e-3)
