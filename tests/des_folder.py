"""A folder of DES-Y1's data as `cobaya-install` leaves it: of the real data, or made up."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits

STATISTICS = ("xip", "xim", "gammat", "wtheta")


def write_settings(path: Path, settings: Mapping[str, object]) -> None:
    path.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))


def folder_of(packages: Path, name: str, version: str) -> Path:
    """Where Cobaya installs one repository of data; the version is the one that it asks for."""
    folder = packages / "data" / name
    folder.mkdir(parents=True)
    (folder / "version.dat").write_text(f"{version}\n")
    return folder


def _write_dataset(folder: Path, n_theta: int) -> None:
    settings = {
        "cov_file": "cov.dat",
        "num_theta_bins": n_theta,
        "theta_bins_file": "theta.dat",
        "intrinsic_alignment_model": "DES1YR",
        "data_types": " ".join(STATISTICS),
        "data_selection": "selection.dat",
        "num_z_bins": 4,
        "num_gal_bins": 5,
        "nz_file": "NZ_SOURCE.dat",
        "nz_gal_file": "NZ_LENS.dat",
    }
    settings |= {f"measurements[{name}]": f"{name}.dat" for name in STATISTICS}
    write_settings(folder / "DES_1YR_final.dataset", settings)


def write_des_y1(folder: Path, source: Path) -> None:
    """The 457 points of the FITS file as the .dataset that `des_y1.joint` reads."""
    theta = np.geomspace(2.5, 250, 21)[:-1]  # of bins without points
    lines = ["#  type bin1 bin2 theta_min theta_max"]
    with fits.open(source) as file:
        for name in STATISTICS:
            table = file[name].data
            columns = [table[c] for c in ("BIN1", "BIN2", "ANGBIN", "VALUE")]
            np.savetxt(folder / f"{name}.dat", np.stack(columns, axis=1), "%d %d %d %.12e")
            theta[table["ANGBIN"] - 1] = table["ANG"]
            pairs = sorted(set(zip(table["BIN1"].tolist(), table["BIN2"].tolist(), strict=True)))
            lines += [f"{name} {first} {second} 0 1e4" for first, second in pairs]
        for name in ("NZ_SOURCE", "NZ_LENS"):
            table = file[name].data
            np.savetxt(folder / f"{name}.dat", np.stack([table[c] for c in table.names], axis=1))
        np.savetxt(folder / "cov.dat", file["COVMAT"].data)
    np.savetxt(folder / "theta.dat", theta)
    (folder / "selection.dat").write_text("\n".join(lines) + "\n")
    _write_dataset(folder, theta.size)


def write_made_up(folder: Path) -> None:
    """Plausible numbers at four angles in a few pairs of bins, of which cuts leave some."""
    rng = np.random.default_rng(5)
    theta = np.array([8.0, 25.0, 70.0, 180.0])
    sizes = {"xip": 1e-5, "xim": 5e-6, "gammat": 3e-4, "wtheta": 5e-2}
    pairs = {"xip": [(1, 1), (2, 4)], "gammat": [(1, 3), (4, 4)], "wtheta": [(1, 1), (5, 5)]}
    pairs["xim"] = pairs["xip"]
    lines, errors = ["#  type bin1 bin2 theta_min theta_max"], []
    for name in STATISTICS:
        rows = [
            (i, j, k + 1, sizes[name] * (10 / theta[k]) ** 0.8)
            for i, j in pairs[name]
            for k in range(theta.size)
        ]
        np.savetxt(folder / f"{name}.dat", rows, "%d %d %d %.8e", header="BIN1 BIN2 ANGBIN VALUE")
        errors += [0.1 * row[3] for row in rows]
        lines += [f"{name} {i} {j} {10 if name == 'xip' else 0} 250.0" for i, j in pairs[name]]
    mix = np.eye(len(errors)) + 0.1 * rng.normal(size=(len(errors), len(errors)))
    np.savetxt(folder / "cov.dat", mix @ mix.T * np.outer(errors, errors))
    np.savetxt(folder / "theta.dat", theta, header="theta_arcmin")
    (folder / "selection.dat").write_text("\n".join(lines) + "\n")
    low = np.arange(150) * 0.01
    z = low + 0.005
    for name, centres, width in (
        ("NZ_SOURCE", (0.4, 0.5, 0.7, 0.9), 0.2),
        ("NZ_LENS", (0.2, 0.35, 0.5, 0.65, 0.8), 0.05),
    ):
        n = [np.exp(-0.5 * ((z - c) / width) ** 2) / width for c in centres]
        np.savetxt(folder / f"{name}.dat", np.stack([low, z, low + 0.01, *n], axis=1), "%.6e")
    _write_dataset(folder, theta.size)
