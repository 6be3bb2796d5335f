"""A small data set in candl's format, of a test's own."""

from pathlib import Path

import numpy as np
import yaml

N_ELL, BINS = 300, {"TT 90x90": 4, "TE 90x90": 3, "EE 90x90": 3}
LAST = N_ELL + 1


def write_candl(folder: Path, **more: object) -> Path:
    """TT, TE and EE in broad bins from ell = 2 to 301, one calibration and its prior."""
    (folder / "windows").mkdir(parents=True)
    ell = np.arange(2, N_ELL + 2)
    for name, n in BINS.items():
        middles = np.linspace(60, 240, n)
        weight = np.exp(-(((ell[:, None] - middles) / 25) ** 2))
        np.savetxt(
            folder / "windows" / f"{name.replace(' ', '_')}_window_functions.txt",
            np.c_[ell, weight / weight.sum(axis=0)],
        )
    value = np.array([2600.0, 2500, 5000, 5300, 10, -30, -40, 0.5, 0.9, 0.4])
    np.savetxt(folder / "band_powers.txt", value)
    error = np.array([60.0, 60, 60, 60, 3, 3, 3, 0.1, 0.1, 0.1])
    correlation = np.exp(-np.abs(np.subtract.outer(np.arange(10), np.arange(10))) / 0.5)
    np.savetxt(folder / "covariance.txt", correlation * np.outer(error, error))
    about = {
        "name": "small",
        "band_power_file": "band_powers.txt",
        "covariance_file": "covariance.txt",
        "window_functions_folder": "windows/",
        "spectra_info": [{name: n} for name, n in BINS.items()],
        "data_model": [
            {"Module": "common.CalibrationSingleScalarSquared", "cal_param": "cal_small"}
        ],
        "priors": [{"par_names": "cal_small", "central_value": 1.0, "prior_std": 0.01}],
        **more,
    }
    (folder / "small.yaml").write_text(yaml.safe_dump(about))
    return folder / "small.yaml"


def write_candl_lensing(folder: Path) -> Path:
    """C_L of kappa in four bins from L = 2 to 201."""
    (folder / "windows").mkdir(parents=True)
    ell = np.arange(2, 202)
    weight = np.exp(-(((ell[:, None] - np.array([40, 80, 120, 160])) / 15) ** 2))
    np.savetxt(
        folder / "windows" / "kk_window_functions.txt", np.c_[ell, weight / weight.sum(axis=0)]
    )
    value = np.array([1.9e-7, 1.4e-7, 1.1e-7, 0.9e-7])
    np.savetxt(folder / "band_powers.txt", value)
    np.savetxt(folder / "covariance.txt", np.diag((0.05 * value) ** 2))
    about = {
        "name": "small lensing",
        "band_power_file": "band_powers.txt",
        "covariance_file": "covariance.txt",
        "window_functions_folder": "windows/",
        "spectra_info": [{"kk": 4}],
        "data_model": [],
    }
    (folder / "lensing.yaml").write_text(yaml.safe_dump(about))
    return folder / "lensing.yaml"
