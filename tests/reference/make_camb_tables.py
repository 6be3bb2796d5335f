"""Make camb_tables.npz: P(k, z) of CAMB's Takahashi halofit, distances and expansion rates.

Run `python tests/reference/make_camb_tables.py` (CAMB from PyPI; one minute). The file holds
CAMB's version, one set of grids, and for every cosmology its parameters, P_nl (n_z, n_k) in
(Mpc/h)^3 in single precision, chi [Mpc/h] and H [h/Mpc], both (n_d,). `tests/test_real_data.py`
computes data vectors from them.

On the DES-Y1 data vector these settings cost Delta^T C^-1 Delta < 1e-5 against twice the redshifts,
3.4 times the wavenumbers, k to 150 h/Mpc or 50 wavenumbers per e-fold in CAMB; CAMB's default
accuracy would cost 1e-4.
"""

from pathlib import Path

import camb
import numpy as np
from camb_universe import FIDUCIAL, camb_parameters
from scipy.interpolate import CubicSpline

OUTPUT = Path(__file__).with_name("camb_tables.npz")
# The DES-Y1 likelihood needs the power to z = 1.5, distances to the end of its n(z) at 3.1.
Z = np.linspace(0.0, 1.6, 33)
Z_DISTANCE = np.linspace(0.0, 3.2, 65)
K = np.exp(
    np.concatenate(
        [
            np.arange(np.log(1e-4), np.log(0.012), 0.16),
            np.arange(np.log(0.012), np.log(0.9), 0.045),
            np.arange(np.log(0.9), np.log(30.1), 0.16),
        ]
    )
)
"""In h/Mpc: dense where the acoustic wiggles are."""
ACCURACY = {"AccuracyBoost": 2.0, "lAccuracyBoost": 3.0}
BASE = FIDUCIAL | {"Omega_b": 0.048, "n_s": 0.97, "A_s": 2.19e-9, "omega_nu": 6.4e-4}
COSMOLOGIES: dict[str, dict[str, float]] = {
    "lcdm": {},
    "omega_nu_0.005": {"omega_nu": 0.005, "A_s": 2.8e-9},
    "omega_nu_0.01": {"omega_nu": 0.01, "A_s": 3.5e-9},
    "three_neutrinos": {"omega_nu": 0.004, "N_massive": 3, "A_s": 2.7e-9},
    "w0_-0.8_wa_-0.4": {"w0": -0.8, "wa": -0.4},
    "w0_-1.3_wa_0.3": {"w0": -1.3, "wa": 0.3},
    "w0_-0.5": {"w0": -0.5, "A_s": 3.4e-9},
    "Omega_k_0.05": {"Omega_k": 0.05},
    "Omega_k_-0.05": {"Omega_k": -0.05},
}


def tables(p: dict[str, float]) -> dict[str, np.ndarray]:
    """P_nl, chi and hubble of one cosmology."""
    h = p["h"]
    params = camb_parameters(p)
    params.set_accuracy(**ACCURACY)
    params.set_matter_power(redshifts=Z.tolist(), kmax=1.1 * K[-1] * h, k_per_logint=0, silent=True)
    params.NonLinear = camb.model.NonLinear_pk
    params.NonLinearModel.set_params(halofit_version="takahashi")
    results = camb.get_results(params)
    k, z, power = results.get_nonlinear_matter_power_spectrum(hubble_units=True, k_hunit=True)
    np.testing.assert_allclose(z, Z, atol=1e-12)
    print(f"sigma8 {results.get_sigma8_0():.4f}, {k.size} wavenumbers", end=": ")
    return {
        "P_nl": np.exp(CubicSpline(np.log(k), np.log(power), axis=1)(np.log(K))).astype(np.float32),
        "chi": results.comoving_radial_distance(Z_DISTANCE) * h,
        "hubble": results.h_of_z(Z_DISTANCE) / h,
    }


def main() -> None:
    """Run CAMB for every cosmology and write the file."""
    stored: dict[str, np.ndarray] = {
        "camb_version": np.array(camb.__version__),
        "names": np.array(list(COSMOLOGIES)),
        "parameter_names": np.array(list(BASE)),
        "z": Z,
        "k": K,
        "z_distance": Z_DISTANCE,
    }
    for name, changes in COSMOLOGIES.items():
        p = BASE | changes
        stored[f"{name}/parameters"] = np.array([p[key] for key in BASE], float)
        stored |= {f"{name}/{key}": array for key, array in tables(p).items()}
        print(name, flush=True)
    np.savez_compressed(OUTPUT, **stored)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
