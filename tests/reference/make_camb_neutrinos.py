"""Make camb_neutrinos.npz: linear matter power of CAMB with three neutrinos in normal order.

Run `python tests/reference/make_camb_neutrinos.py` (CAMB from PyPI; a minute). The file holds the
version of CAMB, parameters in the order of `names`, sums of masses in eV, redshifts, wavenumbers
[h/Mpc], and for every sum Omega_nu h^2 and P (n_z, n_k) in (Mpc/h)^3.
"""

from pathlib import Path

import camb
import numpy as np
from camb_universe import FIDUCIAL, N_EFF
from scipy.interpolate import CubicSpline

OUTPUT = Path(__file__).with_name("camb_neutrinos.npz")
Z = (0.0, 1.0, 3.0)
K = np.geomspace(1e-3, 10.0, 60)
MASSES = (0.06, 0.065, 0.1, 0.3)


def power(mnu: float) -> tuple[float, np.ndarray]:
    """Omega_nu h^2 and P of one sum of masses."""
    p, h2 = FIDUCIAL, FIDUCIAL["h"] ** 2
    omega_nu = mnu / 94.07 * (N_EFF / 3) ** 0.75
    params = camb.CAMBparams()
    params.set_cosmology(
        H0=100 * p["h"],
        ombh2=p["Omega_b"] * h2,
        omch2=(p["Omega_m"] - p["Omega_b"]) * h2 - omega_nu,
        mnu=mnu,
        nnu=N_EFF,
        standard_neutrino_neff=N_EFF,
        num_massive_neutrinos=3,
        neutrino_hierarchy="normal",
    )
    params.InitPower.set_params(As=p["A_s"], ns=p["n_s"])
    params.WantCls = False
    params.set_accuracy(AccuracyBoost=2.0, lAccuracyBoost=3.0)
    params.set_matter_power(redshifts=list(Z), kmax=11 * p["h"], k_per_logint=50, silent=True)
    k, z, found = camb.get_results(params).get_linear_matter_power_spectrum(
        hubble_units=True, k_hunit=True
    )
    np.testing.assert_allclose(z, Z)
    print(mnu, params.omnuh2, params.nu_mass_fractions, params.nu_mass_degeneracies, flush=True)
    return params.omnuh2, np.exp(CubicSpline(np.log(k), np.log(found), axis=1)(np.log(K)))


def main() -> None:
    """Run CAMB for every sum of masses and write the file."""
    stored = {
        "camb_version": np.array(camb.__version__),
        "names": np.array(list(FIDUCIAL)),
        "parameters": np.array(list(FIDUCIAL.values())),
        "mnu": np.array(MASSES),
        "z": np.array(Z),
        "k": K,
    }
    for mnu in MASSES:
        stored[f"{mnu}/omega_nu"], stored[f"{mnu}/P"] = power(mnu)
    np.savez_compressed(OUTPUT, **stored)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
