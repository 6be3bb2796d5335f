"""Make ccl_tatt.npz: spectra and C_ell of tidal alignment and torquing (TATT) from CCL and FAST-PT.

Run `python tests/reference/make_ccl_tatt.py` (pyccl and fast-pt from PyPI; half a minute). The file
holds the versions, the parameters, the tabulated n(z) of one lens and two source bins, P_GI,
P_II^EE and P_II^BB (n_z, n_k) in (Mpc/h)^3, and C_ell (n_pair, n_ell) of lens x source, of the
shear's E modes and of its B modes. `tests/theory/test_theory_tatt.py` compares with them. FAST-PT
runs at 120 wavenumbers per decade: at the default of 20 its filter takes away part of the acoustic
wiggles.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyccl as ccl
from pyccl import nl_pt

from jaxlike.theory.constants import C1_RHO_CRIT
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.redshift import kernel_density

OUTPUT = Path(__file__).with_name("ccl_tatt.npz")
PARAMETERS = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8,
    "A_IA": 0.8, "alpha_IA": 0.6, "A2_IA": -1.4, "alpha2_IA": -0.9, "bTA_IA": 0.7, "z0_IA": 0.62,
    "b1": 1.6,
}  # fmt: skip
Z = np.array([0.0, 0.4, 1.0, 1.8])
K = np.geomspace(1e-3, 10, 60)
ELL = np.array([10.0, 30.0, 80.0, 200.0, 400.0, 800.0, 1500.0, 3000.0])
EDGES = np.linspace(0.0, 1.8, 91)
LENS, SOURCE = ((0.4, 0.06),), ((0.6, 0.14), (0.95, 0.16))
BANDWIDTH = 0.02


def histogram(bins: tuple[tuple[float, float], ...]) -> Histogram:
    """Gaussian bins of given centre and width."""
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    return Histogram(EDGES, np.stack([np.exp(-0.5 * ((middle - c) / w) ** 2) for c, w in bins]))


def main() -> None:
    """Compute everything and write the file."""
    p = PARAMETERS
    h = p["h"]
    cosmo = ccl.Cosmology(
        Omega_c=p["Omega_m"] - p["Omega_b"], Omega_b=p["Omega_b"], h=h, n_s=p["n_s"],
        sigma8=p["sigma8"], Omega_g=0, Neff=0, T_CMB=2.726,
        transfer_function="eisenstein_hu", matter_power_spectrum="halofit",
    )  # fmt: skip
    z = np.linspace(0.0, 2.2, 1200)
    growth = ccl.growth_factor(cosmo, 1 / (1 + z))
    size = C1_RHO_CRIT * p["Omega_m"]
    c1 = -p["A_IA"] * size / growth * ((1 + z) / (1 + p["z0_IA"])) ** p["alpha_IA"]
    c2 = 5 * p["A2_IA"] * size / growth**2 * ((1 + z) / (1 + p["z0_IA"])) ** p["alpha2_IA"]
    intrinsic = nl_pt.PTIntrinsicAlignmentTracer(
        c1=(z, c1), c2=(z, c2), cdelta=(z, p["bTA_IA"] * c1)
    )
    matter = nl_pt.PTMatterTracer()
    calculator = nl_pt.EulerianPTCalculator(
        with_IA=True, with_matter_1loop=False, cosmo=cosmo, log10k_min=-4, log10k_max=2.5,
        nk_per_decade=120, low_extrap=-5, high_extrap=4, a_arr=1 / (1 + np.linspace(2.2, 0, 45)),
    )  # fmt: skip
    power = {
        "GI": calculator.get_biased_pk2d(intrinsic, tracer2=matter),
        "II_EE": calculator.get_biased_pk2d(intrinsic),
        "II_BB": calculator.get_biased_pk2d(intrinsic, return_ia_bb=True),
    }
    out = {
        name: np.array([pk(K * h, 1 / (1 + x), cosmo=cosmo) * h**3 for x in Z])
        for name, pk in power.items()
    }
    out["matter"] = np.array([cosmo.nonlin_matter_power(K * h, 1 / (1 + x)) * h**3 for x in Z])

    nz = {n: kernel_density(histogram(bins), BANDWIDTH, z) for n, bins in
          (("lens", LENS), ("source", SOURCE))}  # fmt: skip
    same = np.ones_like(z)
    lens = ccl.NumberCountsTracer(
        cosmo, has_rsd=False, dndz=(z, nz["lens"][0]), bias=(z, p["b1"] * same), n_samples=1200
    )
    shear = [ccl.WeakLensingTracer(cosmo, dndz=(z, n), n_samples=1200) for n in nz["source"]]
    aligned = [
        ccl.WeakLensingTracer(
            cosmo, dndz=(z, n), has_shear=False, ia_bias=(z, same), use_A_ia=False, n_samples=1200
        )
        for n in nz["source"]
    ]

    def cl(first: ccl.Tracer, second: ccl.Tracer, pk: ccl.Pk2D | None = None) -> np.ndarray:
        pk = "delta_matter:delta_matter" if pk is None else pk
        return np.asarray(ccl.angular_cl(cosmo, first, second, ELL, p_of_k_a=pk))

    pairs = [(0, 0), (0, 1), (1, 1)]
    out["C_ell_cross"] = np.array(
        [cl(lens, shear[j]) + cl(lens, aligned[j], power["GI"]) for j in range(2)]
    )
    out["C_ell_GG"] = np.array([cl(shear[i], shear[j]) for i, j in pairs])
    out["C_ell_shear"] = out["C_ell_GG"] + np.array(
        [
            cl(shear[i], aligned[j], power["GI"])
            + cl(aligned[i], shear[j], power["GI"])
            + cl(aligned[i], aligned[j], power["II_EE"])
            for i, j in pairs
        ]
    )
    out["C_ell_shear_B"] = np.array([cl(aligned[i], aligned[j], power["II_BB"]) for i, j in pairs])
    np.savez_compressed(
        OUTPUT,
        versions=np.array([f"{name} {version(name)}" for name in ("pyccl", "fast-pt")]),
        parameter_names=np.array(list(p)),
        parameters=np.array(list(p.values())),
        z=Z,
        k=K,
        ell=ELL,
        edges=EDGES,
        lens=histogram(LENS).counts,
        source=histogram(SOURCE).counts,
        bandwidth=BANDWIDTH,
        **out,
    )


if __name__ == "__main__":
    main()
