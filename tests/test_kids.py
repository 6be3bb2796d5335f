"""COSEBIs of KiDS-1000 and KiDS-Legacy: CosmoSIS's data vectors at the stored points.

n(z) are the stored ones, which that pipeline has shifted; alignment that depends on mass is one
amplitude for each source bin. The m-bias is in the covariance.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from stage3 import cosmology, given, read_point, tables

from jaxlike.data import read_two_point
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions

OPTIONS = TheoryOptions(
    linear="emulator", nonlinear="hmcode2020", nz="spline", cosebis_theta=(2.0, 300.0)
)
KIDS_1000 = "des_y3_kids_1000", replace(OPTIONS, neutrinos="degenerate")
LEGACY = "kids_legacy_cosebis", replace(OPTIONS, alignment="nla_per_bin")
POINTS = {
    "desy3_kids1000_p0": KIDS_1000,
    "desy3_kids1000_p1": KIDS_1000,
    "kids1000_example_p0": KIDS_1000,
    "kidslegacy_p0": LEGACY,
    "kidslegacy_p1": LEGACY,
}


def alignment(stored, values):
    """Amplitudes of the source bins, and their powers of 1 + z."""
    if "ia/coef" in stored:
        amplitudes = float(stored["ia/a"]) * stored["ia/coef"]
        own = {f"A_IA{i}": float(a) for i, a in enumerate(amplitudes, start=1)}
        return own | {"alpha_IA": 0.0, "z0_IA": 0.62}
    section = "intrinsic_alignment_parameters--"
    end = "_kids" if f"{section}a1_kids" in values else ""
    names = {"A_IA": f"a1{end}", "alpha_IA": f"alpha1{end}", "z0_IA": "z_piv"}
    return {ours: float(values[section + theirs]) for ours, theirs in names.items()}


@pytest.fixture(scope="module", params=POINTS)
def point(request, shared):
    """A stored point: its arrays, its parameters, and the likelihood of its n(z)."""
    name, (file, options) = request.param, POINTS[request.param]
    stored = read_point(shared, name)
    values = given(stored)
    data = read_two_point(shared / "data" / "stage3" / f"{file}.fits", probes=("E_n",))
    table = data.nz[0]
    key = "nz_source_kids/bins" if "nz_source_kids/bins" in stored else "nz_source/bins"
    shifted = replace(table, dndz=stored[key][:, 1:])  # whose first sample is n(0) = 0
    likelihood = build_likelihood(replace(data, nz=(shifted,)), options)
    np.testing.assert_allclose(data.value, stored["cosebis/data"], rtol=1e-10)
    nuisance = alignment(stored, values)
    for i in range(1, table.n_bin + 1):
        nuisance |= {f"m{i}": 0.0, f"dz_source{i}": 0.0}
    universe = cosmology(stored)
    universe["log_T_AGN"] = float(values["halo_model_parameters--logt_agn"])
    # the published code has the alignment's factor squared where a bin meets itself
    fixed = "_diagGI_fixed" if "cosebis/theory_diagGI_fixed" in stored else ""
    return SimpleNamespace(
        stored=stored,
        likelihood=likelihood,
        nuisance=nuisance,
        cosmology=universe,
        theory=stored[f"cosebis/theory{fixed}"],
        chi2=float(stored[f"cosebis/chi2{fixed}"]),
    )


def check(point, found, tolerance):
    difference = np.asarray(found) - point.theory
    assert difference @ point.likelihood.precision @ difference <= tolerance
    assert float(point.likelihood.chi2_of(found)) == pytest.approx(point.chi2, abs=0.7)


def test_stored_tables_give_the_stored_modes(point):
    """Delta^T C^-1 Delta <= 0.01 with the stored P(k, z), distances and growth."""
    a = point.stored
    z = np.append(a["distances/z"][:: max(1, a["distances/z"].size // 200)], a["distances/z"][-1])
    z = np.unique(z)
    grid, table = tables(a, point.likelihood, z=z, growth="D_k0p001")
    found = point.likelihood.theory_vector_from_tables(grid, table, point.nuisance)
    check(point, found, 0.01)


def test_own_power_gives_the_stored_modes(point):
    """Delta^T C^-1 Delta <= 0.03 with our own power, growth and distances."""
    check(point, point.likelihood.theory_vector(point.cosmology | point.nuisance), 0.03)
