"""Cobaya's own BAO and supernovae fed with given distances, and files in its layout."""

import gzip
import logging
import shutil
from pathlib import Path

import numpy as np
from cobaya.component import get_component_class

from jaxlike.data.supernova_library import LIBRARY_SETS

LIGHT = 299792.458


class Provider:
    """Distances, growth and r_drag of no theory in particular."""

    def get_angular_diameter_distance(self, z):
        z = np.atleast_1d(z)
        return 4283 * np.log1p(z) * (1 - 0.19 * np.log1p(z)) / (1 + z)

    def get_Hubble(self, z, units="km/s/Mpc"):
        H = 70 * np.sqrt(0.7 + 0.3 * (1 + np.atleast_1d(z)) ** 3)
        return H if units == "km/s/Mpc" else H / LIGHT

    def get_param(self, name):
        return {"rdrag": 147.0}[name]

    def get_fsigma8(self, z):
        return 0.8 * (0.3 + 0.1 * np.sin(np.atleast_1d(z)))


def of_cobaya(kind, options, packages, **params):
    """chi^2 of Cobaya's likelihood of this name."""
    logging.disable(logging.CRITICAL)
    try:
        one = get_component_class(kind, kind="likelihood")(
            dict(options), packages_path=None if packages is None else str(packages)
        )
    finally:
        logging.disable(logging.NOTSET)
    one.provider = Provider()
    return -2 * float(one.logp(**params))


def of_bao(likelihood):
    """chi^2 of ours with the same distances."""
    of, z = Provider(), np.asarray(likelihood.distance.z)
    D_M = (1 + z) * of.get_angular_diameter_distance(z)
    growth = of.get_fsigma8(likelihood.growth.z)
    vector = likelihood.vector(D_M, 1 / of.get_Hubble(z, "1/Mpc"), 147.0, growth)
    return -2 * float(likelihood.of_vector(vector))


def of_supernovae(likelihood, **params):
    """The same of supernovae."""
    z = np.asarray(likelihood.distance.z)
    D_M = (1 + z) * Provider().get_angular_diameter_distance(z)
    return -2 * float(likelihood.of_distances(params, D_M))


def _covariance(error, seed):
    """Correlated, with many digits."""
    n = len(error)
    mix = np.eye(n) + 0.2 * np.random.default_rng(seed).normal(size=(n, n))
    return (mix @ mix.T) * np.outer(error, error)


def write_bao(folder: Path, measurements: str, covariance: str, seed: int) -> None:
    """Five numbers in Cobaya's two files."""
    rows = [
        (0.38, 1512.0, "DM_over_rs"),
        (0.38, 81.2, "bao_Hz_rs"),
        (0.38, 0.5, "f_sigma8"),
        (0.7, 0.45, "f_sigma8"),
        (1.3, 13.8, "DH_over_rs"),
    ]
    for file in (measurements, covariance):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{z} {value + seed}  {what}" for z, value, what in rows]
    (folder / measurements).write_text("# [z] [value] [quantity]\n" + "\n".join(lines) + "\n")
    matrix = _covariance(0.1 * np.array([row[1] for row in rows]), seed)
    np.savetxt(folder / covariance, matrix, fmt="%.12e")


def write_supernovae(folder: Path) -> None:
    """Twelve supernovae in the layout of every compilation, one near and calibrated."""
    rng = np.random.default_rng(3)
    z = np.append([0.003, 0.006], np.geomspace(0.02, 1.3, 10))
    mu = 5 * np.log10((1 + z) ** 2 * Provider().get_angular_diameter_distance(z)) + 25
    mu += 0.05 * rng.normal(size=z.size)
    calibrator = np.arange(z.size) == 0
    cepheids = np.where(calibrator, mu + 0.02, -9)
    z_hel, n, error = z * 1.01, z.size, np.full(z.size, 0.1)
    matrix = _covariance(error, 1)

    def write(name, header, columns, separator, numbers):
        place = folder / name
        place.mkdir(parents=True)
        rows = [separator.join(map(str, row)) for row in zip(*columns, strict=True)]
        (place / "table.txt").write_text("\n".join([header, *rows]) + "\n")
        if numbers is not None:
            text = [str(len(numbers)), *(f"{x:.10f}" for x in numbers.ravel())]
            (place / "cov.txt").write_text("\n".join(text) + "\n")

    names, far = [f"sn{i}" for i in range(n)], z > 0.01
    write(
        "PantheonPlus",
        "CID zHD zHEL m_b_corr CEPH_DIST IS_CALIBRATOR",
        (names, z, z_hel, mu - 19.3, cepheids, calibrator.astype(int)),
        *(" ", matrix),
    )
    write(
        "DESY5",
        "CID,zHD,zHEL,MU,MUERR_FINAL",
        (names, z, z_hel, mu, error),
        *(",", 0.5 * matrix),
    )
    write("DES-Dovekie", DOVEKIE, dovekie_columns(z[far], z_hel[far], mu[far]), ",", None)
    inverse = np.linalg.inv(matrix[np.ix_(far, far)])
    triangle = inverse[np.triu_indices(far.sum())]
    np.savez(folder / "DES-Dovekie" / "cov.npz", np.array([far.sum()]), triangle)
    zeros = [np.zeros(n)] * 12
    write(
        "Pantheon",
        "#name zcmb zhel dz mb dmb x1 dx1 color dcolor 3rdvar d3rdvar cov_m_s cov_m_c cov_s_c set",
        (names, z, z_hel, zeros[0], mu - 19.3, error, *zeros[:10]),
        *(" ", matrix),
    )
    for name, file in DATASETS.items():
        end = "npz" if name == "DES-Dovekie" else "txt"
        said = f"# about\nname = {name}\ndata_file = {name}/table.txt\n"
        said += f"mag_covmat_file = {name}/cov.{end}\nhas_mag_covmat = T\n"
        (folder / name / file).write_text(said)


def write_library_supernovae(library: Path) -> None:
    """The same supernovae where CosmoSIS's standard library has them."""
    write_supernovae(library / "cobaya")
    for name, place, data in (
        ("PantheonPlus", "pantheon_plus", "pantheonplus_cosmosis"),
        ("DESY5", "des-sn", "desy5_cosmosis"),
        ("Pantheon", "pantheon", "pantheon_cosmosis"),
    ):
        folder, own = library / "likelihood" / place, LIBRARY_SETS[data]
        folder.mkdir(parents=True)
        shutil.copy(library / "cobaya" / name / "table.txt", folder / own.table)
        text = (library / "cobaya" / name / "cov.txt").read_text()
        if name == "PantheonPlus":
            n, *rest = text.split()
            matrix = np.array(rest, float).reshape(int(n), int(n))
            text = "\n".join([n, *map(repr, map(float, matrix[np.triu_indices(int(n))]))])
        file = folder / own.covariance
        with gzip.open(file, "wt") if file.suffix == ".gz" else file.open("w") as opened:
            opened.write(text)


DATASETS = {
    "PantheonPlus": "config.dataset",
    "DESY5": "config.dataset",
    "DES-Dovekie": "config.dataset",
    "Pantheon": "full_long.dataset",
}
DOVEKIE = "Index,IDSURVEY,zHD,zHEL,MU,MUERR,MUERR_VPEC,MUERR_SYS,PROBIA_BEAMS"


def dovekie_columns(z, z_hel, mu):
    other = np.full(z.size, 0.1)
    index = np.arange(z.size)
    return (index, index, z, z_hel, mu, other, other, other, other)
