"""Fabricated 2pt FITS files, written with fitsio alone so that they test the reader."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest

Hdus = dict[str, "Hdu"]


@dataclass
class Hdu:
    """One HDU to be written; tests change it first."""

    data: np.ndarray
    header: dict[str, Any] = field(default_factory=dict)
    units: list[str] | None = None

    def drop_column(self, column: str) -> None:
        names = self.data.dtype.names
        assert names is not None
        assert column in names
        self.data = self.data[[name for name in names if name != column]].copy()
        self.units = None


def fabricate(
    *,
    n_source: int = 4,
    n_lens: int = 5,
    n_angle: int = 20,
    unit: str = "arcmin",
    covariance_order: tuple[str, ...] = ("xip", "xim", "gammat", "wtheta"),
    integer: str = ">i8",
    floating: str = ">f8",
) -> Hdus:
    """HDUs laid out like DES's 2pt_NG_mcal_1110.fits: every angle of every pair, no cuts.

    By default 10 + 10 + 20 + 5 pairs of 20 angles = 900 points. The value of point number t of
    the file is t, and its covariance with point u a function of t and u: both show any mix-up.
    """
    sources = [(i, j) for i in range(1, n_source + 1) for j in range(i, n_source + 1)]
    mixed = [(i, j) for i in range(1, n_lens + 1) for j in range(1, n_source + 1)]
    lenses = [(i, i) for i in range(1, n_lens + 1)]
    layout = {
        "xip": ("G+R", "G+R", "NZ_SOURCE", "NZ_SOURCE", sources),
        "xim": ("G-R", "G-R", "NZ_SOURCE", "NZ_SOURCE", sources),
        "gammat": ("GPR", "G+R", "NZ_LENS", "NZ_SOURCE", mixed),
        "wtheta": ("GPR", "GPR", "NZ_LENS", "NZ_LENS", lenses),
    }
    # The pair-weighted angle of DES's bins lies 0.8 % above their logarithmic centre.
    angles = 1.0083 * 2.5 * 100 ** ((np.arange(n_angle) + 0.5) / n_angle)
    scale = {"arcmin": 1.0, "arcsec": 60.0, "deg": 1 / 60, "rad": np.pi / 180 / 60}[unit]
    dtype = [("BIN1", integer), ("BIN2", integer), ("ANGBIN", integer)]
    dtype += [("VALUE", floating), ("ANG", floating), ("NPAIRS", ">f8"), ("XTRA_WEIGHT", ">f8")]

    hdus: Hdus = {"COVMAT": Hdu(np.zeros((0, 0)))}
    tags: dict[str, np.ndarray] = {}
    start = 0
    for name, (quant1, quant2, kernel1, kernel2, pairs) in layout.items():
        n = len(pairs) * n_angle
        tags[name] = np.arange(start, start + n)
        start += n
        table = np.zeros(n, dtype=dtype)
        table["BIN1"], table["BIN2"] = np.repeat(np.array(pairs), n_angle, axis=0).T
        table["ANGBIN"] = np.tile(np.arange(1, n_angle + 1), len(pairs))
        table["ANG"] = np.tile(angles * scale, len(pairs))
        table["VALUE"] = tags[name]
        header = {"2PTDATA": True, "QUANT1": quant1, "QUANT2": quant2, "WINDOWS": "SAMPLE"}
        header |= {"KERNEL_1": kernel1, "KERNEL_2": kernel2, "N_ANG": n_angle}
        header |= {"N_ZBIN_1": max(i for i, _ in pairs), "N_ZBIN_2": max(j for _, j in pairs)}
        hdus[name] = Hdu(table, header, ["", "", "", "", unit, "", ""])

    order = np.concatenate([tags[name] for name in covariance_order])
    hdus["COVMAT"].data = covariance_of(order)
    hdus["COVMAT"].header = {"COVDATA": True}
    start = 0
    for i, name in enumerate(covariance_order):
        hdus["COVMAT"].header |= {f"STRT_{i}": start, f"NAME_{i}": name}
        start += tags[name].size

    z = np.arange(0.0001, 3.5, 0.01)
    for name, n_bin in (("nz_source", n_source), ("nz_lens", n_lens)):
        columns = ["Z_LOW", "Z_MID", "Z_HIGH", *(f"BIN{i}" for i in range(1, n_bin + 1))]
        table = np.zeros(z.size, dtype=[(column, ">f8") for column in columns])
        table["Z_LOW"], table["Z_MID"], table["Z_HIGH"] = z, z + 0.005, z + 0.01
        header = {"NZDATA": True}
        for i in range(1, n_bin + 1):
            table[f"BIN{i}"] = np.exp(-0.5 * ((z - 0.2 * i) / 0.1) ** 2)
            header[f"NGAL_{i}"] = 1.5 + i
            if name == "nz_source":
                header[f"SIG_E_{i}"] = 0.27
        hdus[name] = Hdu(table, header)
    return hdus


def covariance_of(tags: np.ndarray) -> np.ndarray:
    """A positive definite covariance between points with the given numbers."""
    sigma = 1.0 + 0.01 * tags
    correlation = 0.1 * np.cos(0.01 * np.subtract.outer(tags, tags))
    np.fill_diagonal(correlation, 1.0)
    return correlation * np.outer(sigma, sigma)


def write_hdus(path: Path, hdus: Hdus) -> Path:
    with fitsio.FITS(str(path), "rw", clobber=True) as fits:
        fits.write(None)
        for name, hdu in hdus.items():
            options = {} if hdu.units is None else {"units": hdu.units}
            fits.write(hdu.data, extname=name, header=hdu.header, **options)
    return path


@pytest.fixture
def make_hdus() -> Callable[..., Hdus]:
    """fabricate(): by default the 900 points of DES-Y1."""
    return fabricate


@pytest.fixture
def small_hdus() -> Hdus:
    """The same layout with 2 source bins, 2 lens bins and 3 angles: 36 points."""
    return fabricate(n_source=2, n_lens=2, n_angle=3)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Hdus], Path]:
    """Function that writes HDUs to a file and returns its path."""
    return lambda hdus: write_hdus(tmp_path / "fabricated.fits", hdus)


@pytest.fixture
def real_file() -> Path:
    file = Path(__file__).parents[2] / "../shared/data/des_y1_3x2pt.fits"
    if not file.is_file():
        pytest.skip("needs the real DES-Y1 data, ../shared/data/des_y1_3x2pt.fits")
    return file
