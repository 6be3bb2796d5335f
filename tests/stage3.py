"""Points of CosmoSIS's pipelines for surveys after DES-Y1, as the reference material has them."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from jaxlike.theory.power.power_table import PowerTable

COSMOLOGY = {
    "Omega_m": "omega_m", "Omega_b": "omega_b", "h": "h0", "n_s": "n_s", "A_s": "a_s",
    "omega_nu": "omnuh2", "w0": "w", "N_eff": "n_eff",
}  # fmt: skip
TATT = {
    "A_IA": "a1", "alpha_IA": "alpha1", "A2_IA": "a2", "alpha2_IA": "alpha2", "bTA_IA": "bias_ta",
    "z0_IA": "z_piv",
}  # fmt: skip
"""Ours -> the pipelines' names, in their sections."""


def read_point(shared, name):
    """The arrays of a stored point; skips where it is not there."""
    path = shared / "reference" / "stage3" / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"reference material is not there: {path}")
    with np.load(path) as file:
        return dict(file)


def given(point):
    """section--name -> value of what the pipeline was given."""
    return dict(zip(point["param_names"].tolist(), point["param_values"].tolist(), strict=True))


def cosmology(point):
    """The cosmology that it used: canonical name -> value."""
    used = dict(zip(point["derived_names"], point["derived_values"], strict=True))
    return {o: float(used[f"cosmological_parameters--{t}"]) for o, t in COSMOLOGY.items()}


def nuisances(point, end=""):
    """Alignment by TATT, calibration and shifts of four source bins, of sections that end so."""
    values = given(point)
    p = {o: values[f"intrinsic_alignment_parameters{end}--{t}"] for o, t in TATT.items()}
    for i in range(1, 5):
        p[f"m{i}"] = values[f"shear_calibration_parameters{end}--m{i}"]
        p[f"dz_source{i}"] = values[f"wl_photoz_errors{end}--bias_{i}"]
    return {name: float(value) for name, value in p.items()}


def lenses(point):
    """Bias, magnification, shifts and widths of five lens bins."""
    values, p = given(point), {}
    for i in range(1, 6):
        p[f"b{i}"] = values[f"bias_lens--b{i}"]
        p[f"alpha_mag{i}"] = values[f"mag_alpha_lens--alpha_{i}"]
        p[f"dz_lens{i}"] = values[f"lens_photoz_errors--bias_{i}"]
        p[f"sz_lens{i}"] = values[f"lens_photoz_errors--width_{i}"]
    return {name: float(value) for name, value in p.items()}


def tables(point, likelihood, *, z=None, growth="D_k0p03"):
    """(grid, table) of the stored P(k, z), distances at z (by default all) and growth."""
    distance = CubicSpline(point["distances/z"], point["distances/chi_Mpc_over_h"])
    z = point["distances/z"] if z is None else z
    table = PowerTable(
        P_nl=point["pk/nl_p"].astype(float),
        chi=distance(z),
        hubble=1 / distance(z, 1),
        growth=point[f"growth/{growth}"] / point[f"growth/{growth}"][0],
        Omega_m=cosmology(point)["Omega_m"],
        P_lin=point["pk/lin_p_z0"],
    )
    return likelihood.table_grid(point["pk/nl_z"], point["pk/nl_k_h"], z), table


def rows_of(point, like):
    """(name, bin, bin, arcmin) of a point that the pipeline kept -> its row."""
    columns = (point[f"{like}/{column}"] for column in ("name", "bin1", "bin2", "angle"))
    return {
        (str(name), int(i), int(j), round(float(np.degrees(angle) * 60), 4)): row
        for row, (name, i, j, angle) in enumerate(zip(*columns, strict=True))
    }


def keys_of(data):
    """The same of every point of `data`, in order."""
    return [
        (m.name, int(i), int(j), round(float(theta), 4))
        for m in data.measurements
        for i, j, theta in zip(m.bin1, m.bin2, m.theta_arcmin, strict=True)
    ]


def kept_by_pipeline(data, point, like, n):
    """The points of `data` that the pipeline kept, which are all of its `n`."""
    rows = rows_of(point, like)
    mask = np.array([key in rows for key in keys_of(data)])
    assert mask.sum() == len(rows) == n
    return data.select(mask)
