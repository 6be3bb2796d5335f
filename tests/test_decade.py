"""DECADE cosmic shear, both caps: CosmoSIS's data vectors with TATT on the curved sky."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from jaxlike.data import read_two_point_fits
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power.power_table import PowerTable

OPTIONS = TheoryOptions(
    linear="emulator",
    nonlinear="hmcode2020",
    projection="curved",
    alignment="tatt",
)
NZ = ("histogram", "spline")  # CosmoSIS has a spline through the file's samples, as both of ours
POINTS = ("p0", "p1")
CAPS = {"ngc": 220, "sgc": 234}  # and how many points the pipeline keeps
ALIGNMENT = {
    "A_IA": "a1", "alpha_IA": "alpha1", "A2_IA": "a2", "alpha2_IA": "alpha2", "bTA_IA": "bias_ta",
    "z0_IA": "z_piv",
}  # fmt: skip
COSMOLOGY = {
    "Omega_m": "omega_m", "Omega_b": "omega_b", "h": "h0", "n_s": "n_s", "A_s": "a_s",
    "omega_nu": "omnuh2", "w0": "w", "N_eff": "n_eff",
}  # fmt: skip


@pytest.fixture(scope="module")
def points(shared):
    """Name of a stored point -> its arrays."""
    found = {}
    for name in POINTS:
        with np.load(shared / "reference" / "stage3" / f"decade_{name}.npz") as file:
            found[name] = dict(file)
    return found


@pytest.fixture(scope="module", params=product(CAPS, NZ), ids="-".join)
def survey(request, shared, points):
    """A cap and its likelihood of the points that the pipeline kept, for a model of n(z)."""
    (cap, nz), stored = request.param, points["p0"]
    data = read_two_point_fits(shared / "data" / "stage3" / f"decade_{cap}.fits")
    columns = (stored[f"2pt_{cap}/{column}"] for column in ("name", "bin1", "bin2", "angle"))
    kept = {
        (str(name), int(i), int(j), round(float(np.degrees(angle) * 60), 4))
        for name, i, j, angle in zip(*columns, strict=True)
    }
    mask = [
        (m.name, int(i), int(j), round(float(theta), 4)) in kept
        for m in data.measurements
        for i, j, theta in zip(m.bin1, m.bin2, m.theta_arcmin, strict=True)
    ]
    assert sum(mask) == len(kept) == CAPS[cap]
    likelihood = build_likelihood(data.select(np.array(mask)), replace(OPTIONS, nz=nz))
    np.testing.assert_allclose(likelihood.data.value, stored[f"2pt_{cap}/data"], rtol=1e-10)
    vector = jax.jit(likelihood.theory_vector)
    return SimpleNamespace(cap=cap, likelihood=likelihood, theory_vector=vector)


def parameters(stored, cap):
    """Ours of a stored point: canonical name -> value."""
    given = dict(zip(stored["param_names"], stored["param_values"], strict=True))
    used = dict(zip(stored["derived_names"], stored["derived_values"], strict=True))
    p = {o: used[f"cosmological_parameters--{t}"] for o, t in COSMOLOGY.items()}
    p |= {o: given[f"intrinsic_alignment_parameters_{cap}--{t}"] for o, t in ALIGNMENT.items()}
    for i in range(1, 5):
        p[f"m{i}"] = given[f"shear_calibration_parameters_{cap}--m{i}"]
        p[f"dz_source{i}"] = given[f"wl_photoz_errors_{cap}--bias_{i}"]
    return {name: float(value) for name, value in p.items()}


def check(survey, found, stored, tolerance):
    difference = np.asarray(found) - stored[f"2pt_{survey.cap}/theory"]
    assert difference @ survey.likelihood.precision @ difference <= tolerance
    chi2 = float(survey.likelihood.chi2_of(found))
    assert chi2 == pytest.approx(float(stored[f"2pt_{survey.cap}/chi2"]), abs=1.5)


@pytest.mark.parametrize("name", POINTS)
def test_stored_tables_give_the_stored_data_vector(survey, points, name):
    """Delta^T C^-1 Delta <= 0.01 with the stored P(k, z) and distances."""
    a, p = points[name], parameters(points[name], survey.cap)
    chi = a["distances/chi_Mpc_over_h"]
    table = PowerTable(
        P_nl=a["pk/nl_p"].astype(float),
        chi=chi,
        hubble=1 / CubicSpline(a["distances/z"], chi)(a["distances/z"], 1),
        growth=a["growth/D_k0p03"] / a["growth/D_k0p03"][0],
        Omega_m=p["Omega_m"],
        P_lin=a["pk/lin_p_z0"],
    )
    grid = survey.likelihood.table_grid(a["pk/nl_z"], a["pk/nl_k_h"], a["distances/z"])
    nuisance = {n: v for n, v in p.items() if n not in COSMOLOGY}
    found = survey.likelihood.theory_vector_from_tables(grid, table, nuisance)
    check(survey, found, a, 0.01)


@pytest.mark.parametrize("name", POINTS)
def test_own_power_gives_the_stored_data_vector(survey, points, name):
    """Delta^T C^-1 Delta <= 0.03 with our own power, growth and distances."""
    found = survey.theory_vector(parameters(points[name], survey.cap))
    check(survey, found, points[name], 0.03)
