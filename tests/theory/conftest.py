"""Universes, and the stored numbers of other codes, that the theory is tested against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from jaxlike.theory.universe.cosmology import Cosmology

FLAT = {"Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}

CCL_STORED = ("fid", "planck15", "open", "w0wa_a", "w_m07", "lowOm")
"""Cosmologies whose background and spectra are in reference/ccl/eisenstein_hu.npz."""


@pytest.fixture(scope="session")
def universe() -> Callable[..., Cosmology]:
    """Function that makes a flat LCDM universe with some parameters changed."""

    def make(**changes: Any) -> Cosmology:
        values: dict[str, Any] = {**FLAT, **changes}
        if "A_s" in changes:
            values.pop("sigma8")
        return Cosmology(**values)

    return make


@dataclass(frozen=True)
class CclCase:
    """CCL's numbers for one cosmology; lengths are in Mpc, as CCL has them."""

    name: str
    cosmo: Cosmology
    tables: Mapping[str, np.ndarray]

    def __getitem__(self, key: str) -> np.ndarray:
        return self.tables[f"{self.name}/{key}"]

    def __contains__(self, key: str) -> bool:
        return f"{self.name}/{key}" in self.tables

    @property
    def h(self) -> float:
        return float(self.cosmo.h)


@pytest.fixture(scope="session")
def ccl_tables(shared: Path) -> Mapping[str, np.ndarray]:
    """Every array of reference/ccl/eisenstein_hu.npz."""
    with np.load(shared / "reference" / "ccl" / "eisenstein_hu.npz") as file:
        return dict(file)


@pytest.fixture(scope="session")
def ccl_case(ccl_tables: Mapping[str, np.ndarray]) -> Callable[[str], CclCase]:
    """Function from the name of a stored cosmology to CCL's numbers: no radiation, T = 2.726 K."""

    def case(name: str) -> CclCase:
        row = list(ccl_tables["names"]).index(name)
        cold, baryons, h, n_s, sigma8, curvature, w0, wa = ccl_tables["params"][row]
        cosmo = Cosmology(
            Omega_m=cold + baryons,
            Omega_b=baryons,
            h=h,
            n_s=n_s,
            sigma8=sigma8,
            Omega_k=curvature,
            w0=w0,
            wa=wa,
            T_cmb=2.726,
            radiation=False,
        )
        return CclCase(name, cosmo, ccl_tables)

    return case


@pytest.fixture(params=CCL_STORED)
def ccl(request: pytest.FixtureRequest, ccl_case: Callable[[str], CclCase]) -> CclCase:
    """Each of the stored cosmologies in turn."""
    return ccl_case(request.param)


@pytest.fixture(scope="session")
def cosmosis_point(shared: Path) -> Callable[[str], tuple[Cosmology, Mapping[str, np.ndarray]]]:
    """Function from a stored point's name to its universe (A_s) and CosmoSIS's numbers."""

    def point(name: str) -> tuple[Cosmology, Mapping[str, np.ndarray]]:
        with np.load(shared / "reference" / "cosmosis" / f"{name}.npz") as file:
            stored = dict(file)
        c = {key: float(stored[f"cosmo_{key}"]) for key in ("omega_m", "omega_b", "h0", "n_s")}
        cosmo = Cosmology(
            Omega_m=c["omega_m"],
            Omega_b=c["omega_b"],
            h=c["h0"],
            n_s=c["n_s"],
            A_s=float(stored["cosmo_a_s"]),
            omega_nu=float(stored["cosmo_omnuh2"]),
            w0=float(stored["cosmo_w"]),
            wa=float(stored["cosmo_wa"]),
        )
        return cosmo, stored

    return point


CAMB_SPECTRA = Path(__file__).parent.parent / "reference" / "camb_spectra.npz"
CAMB_STORED = (
    "lcdm", "light_neutrino", "heavy_neutrino", "three_neutrinos", "w_high", "w_low_wa", "w0wa",
    "open", "closed", "low_Omega_m", "high_Omega_m", "high_A_s", "low_A_s",
)  # fmt: skip
"""Cosmologies of tests/reference/camb_spectra.npz, made by make_camb_spectra.py beside it."""
CAMB_N_K = 210
"""The most wavenumbers that any of them has."""


@dataclass(frozen=True)
class CambCase:
    """CAMB's numbers for one cosmology: k (n_k,) in h/Mpc, spectra and ratios (n_z, n_k)."""

    name: str
    cosmo: Cosmology
    z: np.ndarray
    tables: Mapping[str, np.ndarray]

    def __getitem__(self, key: str) -> np.ndarray:
        return self.tables[key]

    def filled(self, key: str) -> np.ndarray:
        """The last value repeated to `CAMB_N_K`: one shape for all cases, which compile once."""
        table = self[key]
        end = [(0, 0)] * (table.ndim - 1) + [(0, CAMB_N_K - table.shape[-1])]
        return np.pad(table, end, mode="edge")

    def on(self, lattice: np.ndarray, key: str) -> np.ndarray:
        """A spectrum (n_z, n) on other wavenumbers, with power-law ends."""
        x, y = np.log(self["k"]), np.log(self[key])
        inside = np.clip(np.log(lattice), x[0], x[-1])
        low, high = (y[:, 5] - y[:, 0]) / (x[5] - x[0]), (y[:, -1] - y[:, -6]) / (x[-1] - x[-6])
        ends = np.where(lattice < self["k"][0], low[:, None], high[:, None])
        return np.exp(CubicSpline(x, y, axis=1)(inside) + ends * (np.log(lattice) - inside))


@pytest.fixture(scope="session")
def camb_case() -> Callable[[str], CambCase]:
    """Function from the name of a stored cosmology to CAMB's numbers."""
    with np.load(CAMB_SPECTRA) as file:
        stored = dict(file)

    def case(name: str) -> CambCase:
        values = stored[f"{name}/parameters"].tolist()
        p = dict(zip(stored["parameter_names"].tolist(), values, strict=True))
        del p["N_massive"]
        if not p["omega_nu"]:
            del p["omega_nu"]
        start = f"{name}/"
        tables = {k.removeprefix(start): v for k, v in stored.items() if k.startswith(start)}
        tables = {key: array.astype(float) for key, array in tables.items()}
        return CambCase(name, Cosmology(**p), stored["z"], tables)

    return case


@pytest.fixture(params=CAMB_STORED)
def camb_stored(request: pytest.FixtureRequest, camb_case: Callable[[str], CambCase]) -> CambCase:
    """CAMB's numbers for each stored cosmology in turn."""
    return camb_case(request.param)
