"""Made-up band powers in the files of plik-lite, as Cobaya installs them or planck-lite-py has."""

from pathlib import Path

import numpy as np
from scipy.io import FortranFile

NAME = "planck_2018_highl_plik.TTTEEE_lite_native"
FOLDER = "planck_2018_pliklite_native"
SIZES = {"tt": 7, "te": 5, "ee": 5}
EDGES = np.array([30, 60, 120, 300, 700, 1200, 1800, 2400])


def spectra(ell_max):
    """Smooth D_ell in muK^2 from ell = 0, by spectrum."""
    ell = np.arange(ell_max + 1.0)
    tt = 3000 * np.exp(-ell / 900) * (1.3 + np.cos(ell / 95))
    return {"tt": tt, "te": 0.04 * tt * np.sin(ell / 95), "ee": 0.02 * tt + 0.01 * ell}


def write_plik_lite(folder: Path, *, text: bool = False, full: bool = False) -> Path:
    """Data near `spectra`, their covariance as text or as Fortran's; the .dataset file.

    full: with as many bins as Planck's, in files of planck-lite-py's names, without a .dataset one.
    """
    sizes, edges = SIZES, EDGES
    if full:
        sizes = {"tt": 215, "te": 199, "ee": 199}
        edges = np.linspace(30, 2509, 216).astype(int)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    first, last = edges[:-1], edges[1:] - 1
    ell = np.arange(30, edges[-1])
    weights = np.concatenate(
        [np.linspace(1, 2, n) / np.linspace(1, 2, n).sum() for n in np.diff(edges)]
    )
    of = spectra(int(edges[-1]))
    C = {name: D[ell] * 2 * np.pi / (ell * (ell + 1.0)) for name, D in of.items()}
    binned = {
        name: np.array(
            [
                one[a - 30 : b - 29] @ weights[a - 30 : b - 29]
                for a, b in zip(first, last, strict=True)
            ]
        )[: sizes[name]]
        for name, one in C.items()
    }
    value = np.concatenate([binned[name] for name in sizes])
    error = 0.02 * np.abs(value) + 1e-6
    mix = np.eye(value.size) + 0.3 / value.size**0.5 * rng.normal(size=(value.size, value.size))
    covariance = mix @ mix.T * np.outer(error, error)
    value = value + error * rng.normal(size=value.size)
    centre = np.concatenate([((first + last) / 2)[:n] for n in sizes.values()])
    np.savetxt(folder / "cl_cmb_plik_v22.dat", np.column_stack([centre, value, error]))
    np.savetxt(folder / "blmin.dat", first - 30, fmt="%.1f")
    np.savetxt(folder / "blmax.dat", last - 30, fmt="%.1f")
    np.savetxt(folder / "bweight.dat", weights)
    if text:
        np.savetxt(folder / "cov.txt", covariance)
    else:
        lower = np.tril(covariance)  # what stands above the diagonal does not count
        with FortranFile(folder / "c_matrix_plik_v22.dat", "w") as file:
            file.write_record(lower)
    if full:
        return folder
    lines = [f"nbin{name} = {n}" for name, n in sizes.items()]
    lines += ["# made up", "use_cl = tt te ee", "lmax = 2399", "bin_lmin_offset = 30"]
    lines += ["data = cl_cmb_plik_v22.dat", "blmin = blmin.dat", "blmax = blmax.dat"]
    lines += ["weights = bweight.dat", "calibration_param = A_planck"]
    lines += ["cov_file = cov.txt" if text else "cov_file_binary = c_matrix_plik_v22.dat"]
    if text:
        lines += ["cov_file_binary = not_there.dat"]
    file = folder / "plik_lite_v22.dataset"
    file.write_text("\n".join(lines) + "\n")
    return file


def write_packages(packages: Path) -> Path:
    """The same where `cobaya-install` puts it."""
    folder = packages / "data" / FOLDER
    write_plik_lite(folder)
    (folder / "version.dat").write_text("v1")
    return packages
