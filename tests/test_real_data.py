"""The real-data likelihood: numbers of CosmoSIS, Cobaya and CAMB, its nodes, the best fit."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from jaxlike.inference import best_fit
from jaxlike.likelihoods.two_point import NODE_TOLERANCE, build_likelihood, fine_likelihood
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources
from jaxlike.theory.power.halofit import LINEAR_BELOW
from jaxlike.theory.power.power_table import PowerTable
from jaxlike.theory.power.universe import UniverseGrid

STORED = ("fiducial", "fiducial_ia1", "low_omega_m", "w_-0.8")
SAMPLES = lenses_and_sources(5, 4)


@pytest.fixture(scope="module")
def histogram(real_model):
    """The real data with n(z) as CosmoSIS has them, its functions compiled once."""
    options = replace(real_model.config.theory, nz="histogram")
    assert options.linear == "emulator"
    likelihood = build_likelihood(real_model.data, options)
    return SimpleNamespace(
        likelihood=likelihood,
        theory_vector=lambda p: likelihood.theory_vector(resolve(p, SAMPLES)),
        kde_vector=lambda p: real_model.likelihood.theory_vector(resolve(p, SAMPLES)),
    )


def with_power(likelihood, **models):
    """A likelihood with other models of the power, on its own nodes."""
    options = replace(likelihood.options, **models)
    grid = UniverseGrid.build(
        likelihood.grid.nodes, linear=options.linear, nonlinear=options.nonlinear
    )
    return replace(likelihood, options=options, grid=grid)


@pytest.fixture(scope="module")
def eisenstein_hu(histogram):
    """chi^2 with the fitted linear power."""
    return with_power(histogram.likelihood, linear="eisenstein_hu").chi2


@pytest.fixture(scope="module")
def stored(shared):
    """Name of a stored point -> CosmoSIS's numbers."""
    points = {}
    for name in STORED:
        with np.load(shared / "reference" / "cosmosis" / f"{name}.npz") as file:
            points[name] = dict(file)
    return points


def parameters_of(point):
    """CosmoSIS's names and values."""
    return {
        str(n): float(v) for n, v in zip(point["param_names"], point["param_values"], strict=True)
    }


def table_of(point):
    """CosmoSIS's tables in h units; its growth is the root of the power's ratio."""
    h, power = float(point["cosmo_h0"]), point["matter_power_nl"]
    return PowerTable(
        P_nl=power,
        chi=point["distances_d_c"] * h,
        hubble=point["distances_h"] / h,
        growth=np.sqrt(power[:, 0] / power[0, 0]),
        Omega_m=float(point["cosmo_omega_m"]),
    )


def grid_of(likelihood, point):
    return likelihood.table_grid(
        point["matter_power_nl_z"], point["matter_power_nl_k_h"], point["distances_z"]
    )


def norm2(likelihood, difference):
    """Delta^T C^-1 Delta."""
    return float(difference @ likelihood.precision @ difference)


@pytest.mark.parametrize("name", STORED)
def test_cosmosis_tables_give_cosmosis_data_vector(histogram, stored, name):
    """Delta^T C^-1 Delta <= 0.01 and |chi^2 - stored| <= 0.5 with the stored P(k, z), distances."""
    likelihood, point = histogram.likelihood, stored[name]
    found = likelihood.theory_vector_from_tables(
        grid_of(likelihood, point), table_of(point), resolve(parameters_of(point), SAMPLES)
    )
    assert norm2(likelihood, np.asarray(found) - point["theory"]) <= 0.01
    assert float(likelihood.chi2_of(found)) == pytest.approx(float(point["chi2"]), abs=0.5)


def test_log_determinant_is_cosmosis(histogram, stored):
    """CosmoSIS's log-likelihood is -chi^2/2 - ln|C|/2."""
    point, likelihood = stored["fiducial"], histogram.likelihood
    assert likelihood.log_det_of_points == pytest.approx(float(point["log_det"]), rel=1e-6)
    found = -float(point["chi2"]) / 2 - likelihood.log_det_of_points / 2
    assert found == pytest.approx(float(point["loglike"]), abs=1e-3)


@pytest.mark.parametrize("name", STORED)
def test_fitted_power_is_near_cosmosis(eisenstein_hu, stored, name):
    """Eisenstein & Hu instead of CAMB, at the same sigma8: a few units of chi^2."""
    point = stored[name]
    chi2 = float(eisenstein_hu(resolve(parameters_of(point), SAMPLES)))
    assert chi2 == pytest.approx(float(point["chi2"]), abs=4)


SMOOTH_ROWS = {  # parameter -> its prior's or posterior's width
    "bin_bias--b1": 0.1,
    "shear_calibration_parameters--m1": 0.023,
    "intrinsic_alignment_parameters--a": 0.3,
    "intrinsic_alignment_parameters--alpha": 2.0,
}
SHIFT_ROWS = {
    "wl_photoz_errors--bias_1": 0.016,
    "wl_photoz_errors--bias_4": 0.022,
    "lens_photoz_errors--bias_1": 0.007,
    "lens_photoz_errors--bias_4": 0.010,
}


@pytest.fixture(scope="module")
def jacobian(shared):
    """CosmoSIS's finite-difference Jacobian at low_omega_m: parameter -> row (n_data,)."""
    with np.load(shared / "reference" / "cosmosis" / "low_omega_m_jacobian.npz") as file:
        names = [str(name) for name in file["param_names"]]
        return dict(zip(names, file["J"], strict=True))


def test_nuisance_rows_of_the_jacobian(histogram, stored, jacobian):
    """On CosmoSIS's tables: automatic derivatives, and differences where n(z) has kinks.

    A histogram that moves by linear interpolation has no derivative where a sample passes a
    sample (lens bin 4 sits exactly there), so shifts are compared as CosmoSIS computed them, by a
    central difference. Rows agree to 1e-2 of their length, and the data vectors one prior width
    away to the same 0.01 as everywhere.
    """
    likelihood, point = histogram.likelihood, stored["low_omega_m"]
    grid, table = grid_of(likelihood, point), table_of(point)
    here = parameters_of(point)

    @jax.jit
    def vector(smooth, shifts):
        values = resolve(here | smooth | shifts, SAMPLES)
        return likelihood.theory_vector_from_tables(grid, table, values)

    smooth, shifts = ({name: here[name] for name in rows} for rows in (SMOOTH_ROWS, SHIFT_ROWS))
    rows = jax.jit(jax.jacfwd(vector))(smooth, shifts)
    step = 0.002
    for name in SHIFT_ROWS:
        up, down = (vector(smooth, shifts | {name: here[name] + s}) for s in (step, -step))
        rows[name] = (up - down) / (2 * step)
    for name, width in (SMOOTH_ROWS | SHIFT_ROWS).items():
        expected = jacobian[name]
        error = norm2(likelihood, np.asarray(rows[name]) - expected)
        # 5.3e-3 (dz of lens bin 1) with the 40 multipole nodes chosen for this survey
        assert error <= (7e-3) ** 2 * norm2(likelihood, expected), name
        assert error * width**2 <= 0.01, name


@pytest.mark.parametrize(
    ("name", "step", "tolerance"),
    [
        ("cosmological_parameters--omega_m", 1e-3, 0.06),
        ("cosmological_parameters--sigma_8", 1e-3, 0.02),
        ("cosmological_parameters--n_s", 1e-3, 0.03),
        ("cosmological_parameters--w", 1e-2, 0.04),
        ("cosmological_parameters--h0", 1e-3, 0.13),
        ("cosmological_parameters--omega_b", 1e-4, 0.09),
    ],
)
def test_cosmology_rows_of_the_jacobian(histogram, stored, jacobian, name, step, tolerance):
    """Our own power against CosmoSIS's with CAMB: as near as Eisenstein & Hu's fit allows.

    Tables cannot tell the derivative to a cosmological parameter, so this compares models, not
    codes: tolerances are the measured difference of the fit, in lengths of the row.
    """
    here = parameters_of(stored["low_omega_m"])
    up, down = (
        np.asarray(histogram.theory_vector(here | {name: here[name] + s})) for s in (step, -step)
    )
    row, expected = (up - down) / (2 * step), jacobian[name]
    error = norm2(histogram.likelihood, row - expected)
    assert np.sqrt(error / norm2(histogram.likelihood, expected)) < tolerance


@pytest.mark.parametrize("name", ["fiducial", "low_omega_m"])
def test_kernel_density_is_near_the_histogram(histogram, stored, name):
    """The default bandwidth moves the data vector by Delta^T C^-1 Delta < 0.01."""
    values = parameters_of(stored[name])
    difference = histogram.kde_vector(values) - histogram.theory_vector(values)
    assert norm2(histogram.likelihood, np.asarray(difference)) < 0.01


def test_chosen_nodes_on_the_real_data(histogram, stored):
    """The estimate is below the tolerance, and the actual error within a factor 3 of it."""
    likelihood = histogram.likelihood
    assert 0 < likelihood.node_error < NODE_TOLERANCE
    fine = fine_likelihood(likelihood.data, likelihood.options)
    for name in STORED[1:]:
        values = parameters_of(stored[name])
        vector = fine.theory_vector(resolve(values, SAMPLES))
        difference = np.asarray(vector - histogram.theory_vector(values))
        assert norm2(likelihood, difference) < 3 * NODE_TOLERANCE, name


@pytest.mark.parametrize("name", STORED)
def test_emulated_power_gives_cosmosis_data_vector(histogram, stored, name):
    """Delta^T C^-1 Delta <= 0.02 and |chi^2 - stored| <= 0.7 with nothing of CosmoSIS's."""
    point, likelihood = stored[name], histogram.likelihood
    found = np.asarray(histogram.theory_vector(parameters_of(point)))
    assert norm2(likelihood, found - point["theory"]) <= 0.02
    assert float(likelihood.chi2_of(found)) == pytest.approx(float(point["chi2"]), abs=0.7)


ONE_LOOP = Path(__file__).parent / "reference" / "cosmosis_one_loop.npz"
"""CosmoSIS's data vectors with galaxy bias to one loop, by make_cosmosis_one_loop.py beside it."""


def test_bias_to_one_loop_is_cosmosis(histogram):
    """Delta^T C^-1 Delta <= 0.01 with our own power, where linear bias is more than one away."""
    linear = histogram.likelihood
    likelihood = build_likelihood(linear.data, replace(linear.options, bias="one_loop"))
    with np.load(ONE_LOOP) as file:
        stored = dict(file)
    for name in ("coevolution", "free"):
        point = {key: stored[f"{name}/{key}"] for key in ("param_names", "param_values", "theory")}
        values = parameters_of(point)
        found = np.asarray(likelihood.theory_vector(resolve(values, SAMPLES)))
        assert norm2(likelihood, found - point["theory"]) <= 0.01, name
        without = {n: v for n, v in values.items() if not re.search("b2e|bse|b3nle", n)}
        assert norm2(likelihood, histogram.theory_vector(without) - point["theory"]) > 1, name


CAMB_TABLES = Path(__file__).parent / "reference" / "camb_tables.npz"
CAMB_STORED = (
    "lcdm", "omega_nu_0.005", "omega_nu_0.01", "three_neutrinos", "w0_-0.8_wa_-0.4",
    "w0_-1.3_wa_0.3", "w0_-0.5", "Omega_k_0.05", "Omega_k_-0.05",
)  # fmt: skip
"""Cosmologies of camb_tables.npz, made by make_camb_tables.py beside it."""
CAMB_NUISANCE = {"b1": 1.45, "b2": 1.55, "b3": 1.65, "b4": 1.8, "b5": 2.0, "A_IA": 0.5}
CAMB_NUISANCE |= {f"m{i}": 0.012 for i in range(1, 5)}


@pytest.fixture(scope="module")
def camb_and_own(histogram):
    """Name of a cosmology -> data vectors with CAMB's tables and with our own power."""
    with np.load(CAMB_TABLES) as file:
        stored = dict(file)
    likelihood, k = histogram.likelihood, stored["k"]
    grid = likelihood.table_grid(stored["z"], k, stored["z_distance"])
    three = replace(likelihood, options=replace(likelihood.options, neutrinos="degenerate"))
    # dark energy clusters on the largest scales: growth is that of the last k with linear power
    last = np.searchsorted(k, LINEAR_BELOW) - 1

    def vectors(name):
        values = stored[f"{name}/parameters"].tolist()
        p = dict(zip(stored["parameter_names"].tolist(), values, strict=True)) | CAMB_NUISANCE
        own = three if p.pop("N_massive") == 3 else likelihood
        power = stored[f"{name}/P_nl"].astype(float)
        table = PowerTable(
            P_nl=power,
            chi=stored[f"{name}/chi"],
            hubble=stored[f"{name}/hubble"],
            growth=np.sqrt(power[:, last] / power[0, last]),
            Omega_m=p["Omega_m"],
            Omega_k=p["Omega_k"],
        )
        values = resolve(p, SAMPLES)
        found = likelihood.theory_vector_from_tables(grid, table, values), own.theory_vector(values)
        return tuple(map(np.asarray, found))

    return vectors


@pytest.mark.parametrize("name", CAMB_STORED)
def test_emulated_power_gives_camb_data_vector(histogram, camb_and_own, name):
    """Heavy neutrinos, w0-wa and curvature: Delta^T C^-1 Delta <= 0.002, |Delta chi^2| <= 0.2.

    The 0.02 and 0.7 of the stored points would not see w0 in the place of w(a) in halofit.
    """
    likelihood, (expected, found) = histogram.likelihood, camb_and_own(name)
    assert norm2(likelihood, found - expected) <= 0.002
    assert abs(likelihood.chi2_of(found) - likelihood.chi2_of(expected)) <= 0.2


@pytest.mark.parametrize(
    ("name", "nonlinear"),
    {"bf_takahashi": "takahashi", "planck": "takahashi", "bf_mead2020": "hmcode2020"}.items(),
)
def test_cobaya_points(histogram, shared, name, nonlinear):
    """|chi^2 - stored| <= 1.5: Cobaya's des_y1 has another growth in the alignment term, and n(z)
    that are not normalised again after their shift."""
    likelihood = histogram.likelihood
    if nonlinear != "takahashi":
        likelihood = with_power(likelihood, nonlinear=nonlinear)
    with np.load(shared / "reference" / "cobaya" / f"{name}.npz") as point:
        params = json.loads(str(point["params"]))
        chi2 = float(point["chi2"])
    params.pop("mnu", None)  # the same as its omnuh2
    params |= {"As": 1e-9 * params.pop("As_1e9"), "nnu": 3.044}
    vector = likelihood.theory_vector(resolve(params, SAMPLES))  # by the program of CAMB's points
    assert float(likelihood.chi2_of(vector)) == pytest.approx(chi2, abs=1.5)


def test_best_fit(real_model):
    """An independent code finds chi^2 = 497.6; from the reference and from draws of the prior."""
    fit = best_fit(real_model, starts=4, seed=1)
    assert fit.chi2 <= 499
    np.testing.assert_allclose(fit.ends, fit.log_posterior, atol=0.01)
    assert {"H0", "ns"} <= set(fit.at_edge)
    # the posterior is no wider than the prior, and Omega_m is measured
    width = np.sqrt(fit.covariance[0, 0])
    assert 0.015 < width < 0.05
