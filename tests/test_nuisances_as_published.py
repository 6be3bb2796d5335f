"""Point masses and shear ratios of DES-Y3, PSF terms of HSC-Y3: CosmoSIS's own numbers."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import interp1d
from stage3 import given, kept_by_pipeline, read_point

from jaxlike.data import read_psf, read_shear_ratios, read_two_point_fits
from jaxlike.likelihoods.assembly import arrays_of
from jaxlike.likelihoods.common_nodes import fine_grid
from jaxlike.likelihoods.shear_ratios import ShearRatios
from jaxlike.likelihoods.survey import build_survey, samples_of
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.spectra.limber import Spectra
from jaxlike.theory.systematics.psf import PsfTerms
from jaxlike.theory.systematics.registry import Context, Table

OPTIONS = TheoryOptions(
    linear="eisenstein_hu_no_wiggle", nonlinear="linear", nz="spline", point_mass="marginalised"
)
CONSTANT = 4 * np.log(1e8)  # CosmoSIS adds ln sigma^2 once for five templates
POINTS = ("full_p0", "full_p1", "v_limber_nla_pmmarg")


@pytest.fixture(scope="module")
def points(shared):
    return {name: read_point(shared, f"desy3mock_{name}") for name in POINTS}


@pytest.fixture(scope="module")
def masses(shared, points):
    """The likelihood of the points that the pipeline kept, on 40 nodes that none has chosen."""
    data = read_two_point_fits(shared / "data" / "stage3" / "mock_des_y3_3x2pt.fits")
    data = kept_by_pipeline(data, points["full_p0"], "2pt", 529)
    survey = build_survey(data, OPTIONS)
    grid = fine_grid([data], [survey], OPTIONS, 40)
    arrays = arrays_of(data, OPTIONS, samples_of(data), survey, grid, 0)
    np.testing.assert_allclose(arrays.value, points["full_p0"]["2pt/data"], rtol=1e-9)
    return arrays


def of_samples(found):
    """What Sigma_crit^-1 depends on: canonical parameters of the lenses and of the sources."""
    values = given(found)
    lens, source = {}, {}
    for i in range(1, 6):
        lens[f"dz_lens{i}"] = values[f"lens_photoz_errors--bias_{i}"]
        lens[f"sz_lens{i}"] = values[f"lens_photoz_errors--width_{i}"]
    for i in range(1, 5):
        source[f"dz_source{i}"] = values[f"wl_photoz_errors--bias_{i}"]
    return [lens, source]


@jax.jit
def with_templates(masses, vector, own):
    """chi^2 and ln|C| at the n(z) of a point."""
    templates = masses.marginal.at(masses.theory.tracers, own)
    log_det = masses.log_det + templates.log_det - masses.marginal.as_read.log_det
    return masses.chi2_of(vector, templates), log_det


@pytest.mark.parametrize("name", POINTS)
def test_marginalised_point_masses(masses, points, name):
    """chi^2 of the stored theory within 0.1, ln|C| within 0.005."""
    a, own = points[name], of_samples(points[name])
    chi2, log_det = with_templates(masses, a["2pt/theory"], own)
    assert float(chi2) == pytest.approx(float(a["2pt/chi2"]), abs=0.1)
    assert float(log_det) == pytest.approx(float(a["2pt/log_det"]) + CONSTANT, abs=5e-3)


@pytest.mark.parametrize("name", POINTS[:2])
def test_sampled_point_masses(masses, points, name):
    """Delta^T C^-1 Delta <= 0.01 for masses as large as those of the pipeline's own check."""
    one, a = masses.marginal.systematics[0], points[name]
    own = of_samples(a)
    amplitudes = np.array([1.2, -0.8, 2.0, 0.5, -1.5])
    own[0] |= {f"A_pm{i + 1}": A for i, A in enumerate(amplitudes)}
    expected = np.asarray(one.elements) @ (amplitudes[:, None] * a["sigma_crit_inv"]).ravel()
    difference = np.asarray(one.added(masses.theory.tracers, own)) - expected
    precision = np.asarray(masses.inverse)
    assert expected @ precision @ expected > 1
    assert difference @ precision @ difference <= 0.01


@pytest.mark.parametrize("name", POINTS[:2])
def test_shear_ratios_of_stored_spectra(shared, points, name):
    """The real ratios; C_ell with alignment and magnification, and shear calibration."""
    a = points[name]
    pairs = a["galaxy_shear_cl/pairs"]
    file = read_shear_ratios(
        str(shared / "reference" / "stage3" / "shear_ratio_redmagic_inputs.npz")
    )
    bins = tuple((int(i) - 1, int(j) - 1) for i, j in pairs)
    survey = SimpleNamespace(
        blocks=[SimpleNamespace(statistic="gamma_t", samples=(0, 1))],
        groups=[SimpleNamespace(first=0, second=1, bins=bins)],
        tracers=[None, SimpleNamespace(n_bin=4)],
    )
    curved = TheoryOptions(projection="curved")
    ratios = ShearRatios.build(file, survey, a["galaxy_shear_cl/ell"], curved)
    m = np.array([given(a)[f"shear_calibration_parameters--m{j}"] for _, j in pairs])
    spectra = [Spectra(jnp.asarray((1 + m)[:, None] * a["galaxy_shear_cl/values"]))]
    difference = np.asarray(ratios.theory(spectra)) - a["shear_ratio/theory"]
    assert difference @ np.asarray(ratios.inverse) @ difference <= 1e-6
    chi2 = float(ratios.chi2(spectra))
    assert chi2 == pytest.approx(float(a["shear_ratio/chi2"]), abs=2e-3)
    assert float(ratios.log_det) == pytest.approx(float(a["shear_ratio/log_det"]), abs=1e-6)


@pytest.mark.parametrize("name", ["p0", "p1"])
def test_psf_terms(shared, name):
    """Delta^T C^-1 Delta <= 1e-3 of what is 9 and 12 in all; the rest is how tables are read."""
    a = read_point(shared, f"hscy3_real_mocknz_{name}")
    folder = shared / "data" / "stage3"
    files = (str(folder / f"hsc_y3_psf{end}.npz") for end in ("", "_transform"))
    plus = np.flatnonzero(a["2pt/name"] == "xi_plus")
    theta, n = a["2pt/angle"][plus], a["2pt/theory"].size
    bins = np.zeros(plus.size, int)
    table = Table("xi_plus", (0, 0), bins, bins, theta, plus)
    context = Context((table,), n, (), None, None, None, {"psf_file": read_psf(*files)}, "HSC")
    (terms,) = PsfTerms.of(context, {"psf_file": "hsc_y3_psf.npz"})
    section, values = "psf_systematics_parameters", given(a)
    own = {
        f"psf_{word}": values[f"{section}--psf_cor{i + 1}_z1"]
        for i, word in enumerate(("alpha2", "beta2", "alpha4", "beta4"))
    }
    own |= {f"psf_c{i}": values[f"{section}--psf_c{i}_z1"] for i in (1, 2)}
    found = np.asarray(terms.added((), [own]))

    before, after = (f"after_{m}:shear_xi_plus" for m in ("cl_to_xi", "additive_systematics"))
    fine = a[f"{after}/theta"]
    row = np.searchsorted(a[f"{before}/theta"], fine * (1 - 1e-9))
    terms = (a[f"{after}/values"] - a[f"{before}/values"][:, row])[0]
    expected = np.zeros(n)
    expected[plus] = interp1d(np.log(fine), terms, kind="cubic")(np.log(theta))
    precision = np.linalg.inv(read_point(shared, "hscy3_real_cov")["2pt/covariance"])
    assert expected @ precision @ expected > 5
    difference = found - expected
    assert difference @ precision @ difference <= 1e-3
