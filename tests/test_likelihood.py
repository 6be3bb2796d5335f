"""The likelihood: CosmoSIS's stored numbers, the choice of nodes, and Gaussian algebra."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.stats import multivariate_normal

from jaxlike.config import TheoryOptions
from jaxlike.errors import ConfigError, DataError, ParameterError
from jaxlike.likelihood import NODE_TOLERANCE, build_likelihood, quadratic_form
from jaxlike.parameters import resolve
from jaxlike.survey import fine_theory
from jaxlike.theory.power_table import PowerTable

STORED = ("fiducial", "fiducial_ia1", "low_omega_m", "w_-0.8")
BINS = {"n_lens": 5, "n_source": 4}


# --- the real data, CosmoSIS's numbers -----------------------------------------------------------


@pytest.fixture(scope="module")
def histogram(real_model):
    """The real data with n(z) as CosmoSIS has them, its functions compiled once."""
    options = replace(real_model.config.theory, nz="histogram")
    likelihood = build_likelihood(real_model.data, options)
    return SimpleNamespace(
        likelihood=likelihood,
        theory_vector=jax.jit(lambda p: likelihood.theory_vector(resolve(p, **BINS))),
        kde_vector=jax.jit(lambda p: real_model.likelihood.theory_vector(resolve(p, **BINS))),
    )


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
        grid_of(likelihood, point), table_of(point), resolve(parameters_of(point), **BINS)
    )
    assert norm2(likelihood, np.asarray(found) - point["theory"]) <= 0.01
    assert float(likelihood.chi2_of(found)) == pytest.approx(float(point["chi2"]), abs=0.5)


def test_log_determinant_is_cosmosis(histogram, stored):
    """CosmoSIS's log-likelihood is -chi^2/2 - ln|C|/2."""
    point, likelihood = stored["fiducial"], histogram.likelihood
    assert likelihood.log_det == pytest.approx(float(point["log_det"]), rel=1e-6)
    found = -float(point["chi2"]) / 2 - likelihood.log_det / 2
    assert found == pytest.approx(float(point["loglike"]), abs=1e-3)


@pytest.mark.parametrize("name", STORED)
def test_own_power_is_near_cosmosis(histogram, stored, name):
    """Eisenstein & Hu instead of CAMB, at the same sigma8: a few units of chi^2."""
    point = stored[name]
    found = histogram.theory_vector(parameters_of(point))
    chi2 = float(histogram.likelihood.chi2_of(found))
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
    def vector(changes):
        values = resolve(here | changes, **BINS)
        return likelihood.theory_vector_from_tables(grid, table, values)

    rows = jax.jit(jax.jacfwd(vector))({name: here[name] for name in SMOOTH_ROWS})
    step = 0.002
    for name in SHIFT_ROWS:
        up, down = (vector({name: here[name] + s}) for s in (step, -step))
        rows[name] = (up - down) / (2 * step)
    for name, width in (SMOOTH_ROWS | SHIFT_ROWS).items():
        expected = jacobian[name]
        error = norm2(likelihood, np.asarray(rows[name]) - expected)
        assert error <= (1e-2) ** 2 * norm2(likelihood, expected), name
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
    fine = replace(likelihood, theory=fine_theory(likelihood.data, likelihood.options))
    vector = jax.jit(lambda p: fine.theory_vector(resolve(p, **BINS)))
    for name in STORED[1:]:
        values = parameters_of(stored[name])
        difference = np.asarray(vector(values) - histogram.theory_vector(values))
        assert norm2(likelihood, difference) < 3 * NODE_TOLERANCE, name


# --- Gaussian algebra, on a small data set -------------------------------------------------------

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "Omega_k": 0.0,
    "w0": -1.0, "wa": 0.0, "N_eff": 3.046, "b1": 1.4, "b2": 1.6, "m1": 0.01, "m2": -0.01,
    "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62,
    "dz_lens1": 0.0, "dz_lens2": 0.002, "dz_source1": -0.01, "dz_source2": 0.005,
}  # fmt: skip


@pytest.fixture(scope="module")
def small(small_data):
    return build_likelihood(small_data, QUICK)


@pytest.fixture(scope="module")
def small_vector(small):
    return np.asarray(jax.jit(small.theory_vector)(POINT))


def test_normalised_log_likelihood_is_a_gaussian_density(small, small_vector):
    # in units of the errors: SciPy takes a covariance of such different entries for singular
    sigma = np.sqrt(np.diag(small.data.covariance))
    scaled = small.data.covariance / np.outer(sigma, sigma)
    density = multivariate_normal(small_vector / sigma, scaled)
    expected = density.logpdf(small.data.value / sigma) - np.log(sigma).sum()
    found = jax.jit(lambda p: small.log_likelihood(p, normalised=True))(POINT)
    assert float(found) == pytest.approx(expected, rel=1e-10)
    assert small.log_det == pytest.approx(np.linalg.slogdet(small.data.covariance)[1], rel=1e-12)


def test_log_likelihood_is_minus_half_chi2(small, small_vector):
    r = small.data.value - small_vector
    chi2 = r @ np.linalg.solve(small.data.covariance, r)
    assert float(small.chi2_of(jnp.asarray(small_vector))) == pytest.approx(chi2, rel=1e-10)
    assert float(jax.jit(small.log_likelihood)(POINT)) == pytest.approx(-chi2 / 2, rel=1e-10)


def test_perfect_fit(small, small_vector):
    parts = np.split(small_vector, np.cumsum([m.value.size for m in small.data.measurements])[:-1])
    pairs = zip(small.data.measurements, parts, strict=True)
    data = replace(small.data, measurements=tuple(replace(m, value=v) for m, v in pairs))
    assert float(replace(small, data=data).chi2_of(jnp.asarray(small_vector))) == 0


def test_quadratic_form_and_its_derivatives():
    rng = np.random.default_rng(0)
    square = rng.normal(size=(5, 5))
    precision, r = jnp.asarray(square @ square.T), jnp.asarray(rng.normal(size=5))
    assert float(quadratic_form(precision, r)) == pytest.approx(float(r @ precision @ r))
    gradient = jax.grad(quadratic_form, argnums=1)(precision, r)
    np.testing.assert_allclose(gradient, 2 * precision @ r, rtol=1e-13)
    np.testing.assert_allclose(jax.hessian(quadratic_form, argnums=1)(precision, r), 2 * precision)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Omega_b": 0.4}, "room for cold dark matter"),
        ({"sigma8": -0.1}, "amplitude"),
        ({"w0": 0.5}, "w0 + wa < 0"),
        ({"Omega_k": -2.0}, "H^2 > 0"),
        ({"h": float("nan")}, "h > 0"),
    ],
)
def test_impossible_cosmologies(small, impossible, changes, reason):
    """-inf with a gradient of zeros, never NaN, and the reason in words."""
    value, gradient = impossible({**POINT, **changes})
    assert float(value) == -np.inf
    assert not np.any(list(gradient.values()))
    assert reason in str(small.reason_of_failure({**POINT, **changes}))


@pytest.fixture(scope="module")
def impossible(small):
    return jax.jit(jax.value_and_grad(small.log_likelihood))


def test_possible_cosmologies(small, impossible):
    value, gradient = impossible(POINT)
    assert np.isfinite(value)
    assert np.all(np.isfinite(list(gradient.values())))
    assert small.reason_of_failure(POINT) is None


def test_feedback_reaches_the_data_vector(small, small_data, small_vector):
    """HMCode2020 with feedback is less correlated at small angles; other models refuse it."""
    with pytest.raises(ParameterError, match=r"'log_T_AGN' has no effect with nonlinear = linear"):
        small.log_likelihood(POINT | {"log_T_AGN": 7.8})
    options = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="hmcode2020")
    likelihood = replace(
        small, options=options, theory=replace(small.theory, nonlinear="hmcode2020")
    )
    vector = jax.jit(likelihood.theory_vector)
    values = ({}, {"log_T_AGN": 7.6}, {"log_T_AGN": 8.2})
    without, weak, strong = (np.asarray(vector(POINT | extra)) for extra in values)
    assert small_data.measurements[1].statistic == "xi_minus"
    first = small_data.measurements[0].value.size
    assert 0.5 < strong[first] / without[first] < 0.95
    assert strong[first] < weak[first]
    assert without[first] > small_vector[first]


def test_outside_the_emulators_range(small_data):
    """-inf with a gradient of zeros and the reason, as for impossible cosmologies."""
    likelihood = build_likelihood(small_data, replace(QUICK, linear="emulator"))
    compute = jax.jit(jax.value_and_grad(likelihood.log_likelihood))
    massive = POINT | {"omega_nu": 2e-3}
    value, gradient = compute(massive)
    assert np.isfinite(value)
    assert np.all(np.isfinite(list(gradient.values())))
    for changes, reason in (
        ({"Omega_b": 0.015}, "<= omega_b <="),
        ({"omega_nu": 0.02}, "<= omega_nu <="),
        ({"N_eff": 4.0}, "<= N_eff <="),
    ):
        value, gradient = compute(massive | changes)
        assert float(value) == -np.inf
        assert not np.any(list(gradient.values()))
        assert reason in str(likelihood.reason_of_failure(massive | changes))


@pytest.mark.parametrize(
    ("probes", "bins"),
    [
        (("xi_plus", "xi_minus"), (0, 2)),
        (("gamma_t", "w"), (2, 2)),
        (("w",), (2, 0)),
    ],
)
def test_a_selection_of_probes(small_data, small_vector, probes, bins):
    """It needs only its own parameters, and predicts its part of the whole data vector.

    Nodes are chosen anew for less data, so the parts agree to what that may cost each.
    """
    data = small_data.with_probes(probes)
    likelihood = build_likelihood(data, QUICK)
    assert (likelihood.n_lens, likelihood.n_source) == bins
    unused = ["b", "dz_lens"] * (bins[0] == 0) + ["m", "dz_source"] * (bins[1] == 0)
    values = {k: v for k, v in POINT.items() if k.rstrip("12") not in unused}
    found = np.asarray(jax.jit(likelihood.theory_vector)(values))
    kept = np.concatenate(
        [np.full(m.value.size, m.statistic in probes) for m in small_data.measurements]
    )
    difference = found - small_vector[kept]
    assert difference @ likelihood.precision @ difference < 4 * NODE_TOLERANCE


def test_curved_sky_on_bins(small_data, small_vector):
    """The mean over each bin of the curve through the values at the centres.

    The curved sky itself differs from the flat one, through its lowest multipoles: by 0.3 % in
    xi+ at 3 arcmin, by 2 % at 150.
    """
    likelihood = build_likelihood(small_data, replace(QUICK, projection="curved"))
    found = np.asarray(jax.jit(likelihood.theory_vector)(POINT))
    xi_plus = small_data.measurements[0]
    curve = CubicSpline(np.log(xi_plus.theta_arcmin[:6]), np.log(small_vector[:6]))
    for i in range(6):
        theta = np.linspace(xi_plus.theta_min_arcmin[i], xi_plus.theta_max_arcmin[i], 200)
        mean = np.average(np.exp(curve(np.log(theta))), weights=theta)
        assert found[i] == pytest.approx(mean, rel=0.03)


def test_curved_sky_without_bins(small_data):
    measurements = tuple(
        replace(m, theta_min_arcmin=None, theta_max_arcmin=None) for m in small_data.measurements
    )
    data = replace(small_data, measurements=measurements)
    with pytest.raises(ConfigError, match=r"projection = curved needs .* small\.fits: HDU 'xip'"):
        build_likelihood(data, TheoryOptions(projection="curved"))


def test_two_tables_for_one_field(small_data):
    """The counts of gamma_t and of w must come from one sample."""
    other = replace(small_data.distribution("NZ_LENS"), name="NZ_OTHER")
    *rest, w = small_data.measurements
    w = replace(w, kernel1="NZ_OTHER", kernel2="NZ_OTHER")
    data = replace(small_data, measurements=(*rest, w), nz=(*small_data.nz, other))
    with pytest.raises(DataError, match="NZ_LENS, NZ_OTHER; one n"):
        build_likelihood(data, QUICK)
