"""CAMB's parameters for the universes that the scripts in this folder run it for."""

import camb

FIDUCIAL = {
    "Omega_m": 0.3, "Omega_b": 0.047, "h": 0.69, "n_s": 0.965, "A_s": 2.1e-9, "omega_nu": 0.0,
    "N_massive": 1, "Omega_k": 0.0, "w0": -1.0, "wa": 0.0,
}  # fmt: skip
"""Names of this package; N_massive of three neutrinos share omega_nu."""
N_EFF = 3.046


def camb_parameters(p: dict[str, float]) -> camb.CAMBparams:
    """What CAMB takes for a universe that names all of FIDUCIAL; spectra are not asked for yet."""
    h2 = p["h"] ** 2
    ombh2, omnuh2 = p["Omega_b"] * h2, p["omega_nu"]
    massive = int(p["N_massive"]) if omnuh2 else 0
    params = camb.CAMBparams()
    params.set_cosmology(
        H0=100 * p["h"],
        ombh2=ombh2,
        omch2=p["Omega_m"] * h2 - ombh2 - omnuh2,
        mnu=omnuh2 * 94.07 * (3 / N_EFF) ** 0.75,
        omk=p["Omega_k"],
        nnu=N_EFF,
        standard_neutrino_neff=N_EFF,
        num_massive_neutrinos=massive,
        neutrino_hierarchy="degenerate",
    )
    # CAMB turns the mass into a density with constants of its own: take the one that was meant
    params.omnuh2 = omnuh2
    params.set_dark_energy(w=p["w0"], wa=p["wa"], dark_energy_model="ppf")
    params.InitPower.set_params(As=p["A_s"], ns=p["n_s"])
    params.WantCls = False
    return params
