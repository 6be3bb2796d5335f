"""Make camb_spectra.npz: linear and nonlinear matter power of CAMB for diverse cosmologies.

Run `python tests/reference/make_camb_spectra.py` (CAMB from PyPI; two minutes). The file holds
CAMB's version, the redshifts, and for every cosmology its parameters, CAMB's own wavenumbers
[h/Mpc], the linear spectra of total matter and of cold dark matter with baryons [(Mpc/h)^3], and
the ratio of nonlinear to linear power of each model, (n_z, n_k).
"""

from pathlib import Path

import camb
import numpy as np
from camb_universe import FIDUCIAL, camb_parameters

OUTPUT = Path(__file__).with_name("camb_spectra.npz")
Z = (0.0, 0.5, 1.0, 2.0, 3.0)
K_RANGE = (2e-5, 100.0)  # h/Mpc
LOG_T_AGN = (7.6, 8.1)
A_ETA = ((3.13, 0.603), (2.3, 0.704))
COSMOLOGIES: dict[str, dict[str, float]] = {
    "lcdm": {},
    "light_neutrino": {"omega_nu": 6.4e-4},
    "heavy_neutrino": {"omega_nu": 0.01, "A_s": 2.6e-9},
    "three_neutrinos": {"omega_nu": 4e-3, "N_massive": 3},
    "w_high": {"w0": -0.7},
    "w_low_wa": {"w0": -1.2, "wa": 0.6},
    "w0wa": {"w0": -0.8, "wa": -0.8, "omega_nu": 1e-3},
    "open": {"Omega_k": 0.08},
    "closed": {"Omega_k": -0.08},
    "low_Omega_m": {"Omega_m": 0.14, "A_s": 4.5e-9, "Omega_b": 0.035, "n_s": 1.02},
    "high_Omega_m": {"Omega_m": 0.75, "Omega_b": 0.06, "h": 0.6, "A_s": 7e-10, "n_s": 0.9},
    "high_A_s": {"A_s": 4.5e-9, "Omega_m": 0.35},
    "low_A_s": {"A_s": 6e-10, "h": 0.85},
}


def spectra(p: dict[str, float]) -> dict[str, np.ndarray]:
    """Linear spectra and nonlinear ratios of one cosmology, thinned to the range of k."""
    params = camb_parameters(p)
    params.set_matter_power(redshifts=list(Z), kmax=K_RANGE[1] * p["h"], k_per_logint=0)
    params.NonLinear = camb.model.NonLinear_pk
    params.NonLinearModel.set_params(halofit_version="takahashi")
    results = camb.get_results(params)
    k, z, total = results.get_linear_matter_power_spectrum(hubble_units=True, k_hunit=True)
    np.testing.assert_allclose(z, Z)
    cold = results.get_linear_matter_power_spectrum("delta_nonu", "delta_nonu")[2]
    found = {"total": total, "cold": cold}

    def nonlinear(name: str, **settings: object) -> None:
        params.NonLinearModel.set_params(**settings)
        results = camb.get_results(params)
        power = results.get_nonlinear_matter_power_spectrum(hubble_units=True, k_hunit=True)[2]
        found[name] = power / total

    nonlinear("takahashi", halofit_version="takahashi")
    nonlinear("mead2020", halofit_version="mead2020")
    for t in LOG_T_AGN:
        nonlinear(f"feedback_{t}", halofit_version="mead2020_feedback", HMCode_logT_AGN=t)
    for A, eta in A_ETA:
        baryons = {"HMCode_A_baryon": A, "HMCode_eta_baryon": eta}
        nonlinear(f"mead2016_{A}_{eta}", halofit_version="mead2016", **baryons)
    used = (k > K_RANGE[0]) & (k < K_RANGE[1])
    return {"k": k[used]} | {name: array[:, used] for name, array in found.items()}


def main() -> None:
    """Run CAMB for every cosmology and write the file."""
    stored: dict[str, np.ndarray] = {
        "camb_version": np.array(camb.__version__),
        "names": np.array(list(COSMOLOGIES)),
        "z": np.array(Z),
        "log_T_AGN": np.array(LOG_T_AGN),
        "A_eta": np.array(A_ETA),
        "parameter_names": np.array(list(FIDUCIAL)),
    }
    for name, changes in COSMOLOGIES.items():
        p = FIDUCIAL | changes
        stored[f"{name}/parameters"] = np.array([p[key] for key in FIDUCIAL], float)
        for key, array in spectra(p).items():
            stored[f"{name}/{key}"] = array.astype(np.float32)
        print(f"{name}: {stored[f'{name}/k'].size} wavenumbers", flush=True)
    np.savez_compressed(OUTPUT, **stored)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
