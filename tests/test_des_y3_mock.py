"""CosmoSIS's DES-Y3 pipeline on a mock of its layout: one ingredient at a time, then all."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from checks import made_once
from stage3 import cosmology, kept_by_pipeline, lenses, nuisances, read_point, tables

from jaxlike.data import read_shear_ratios, read_two_point_fits
from jaxlike.likelihoods.shear_ratios import ShearRatios
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import own_parameters
from jaxlike.theory.statistics import correlation_functions

OPTIONS = TheoryOptions(nz="histogram", projection="curved", alignment="tatt", magnification=True)
"""Shifts by linear interpolation between the file's samples. One set of options serves all: TATT
without its second order is NLA, and alpha = 1 is no magnification."""
NLA = {"A2_IA": 0.0, "bTA_IA": 0.0}
UNMAGNIFIED = {f"alpha_mag{i}": 1.0 for i in range(1, 6)}
INGREDIENTS = {
    "limber_noIA": {"A_IA": 0.0, **NLA, **UNMAGNIFIED},
    "limber_nla": NLA | UNMAGNIFIED,
    "limber_nla_mag": NLA,
    "limber_tatt": UNMAGNIFIED,
}
"""What the pipeline has left out of its parameters."""


def read(shared, name):
    return read_point(shared, f"desy3mock_{name}")


@pytest.fixture(scope="module", autouse=True)
def projections():
    """Likelihoods of the same angles have the same: made once."""
    with made_once(correlation_functions, "curved_sky"):
        yield


@pytest.fixture(scope="module")
def common(shared):
    """P(k), distances and growth of the point that all ingredients were added at."""
    return read(shared, "v_limber_noIA")


@pytest.fixture(scope="module")
def survey(shared, common):
    """The likelihood of the points that the pipeline kept, and which of them are clustering."""
    data = read_two_point_fits(shared / "data" / "stage3" / "mock_des_y3_3x2pt.fits")
    kept = kept_by_pipeline(data, common, "2pt", 529)
    likelihood = build_likelihood(kept, OPTIONS)
    np.testing.assert_allclose(likelihood.data.value, common["2pt/data"], rtol=1e-10)
    return SimpleNamespace(likelihood=likelihood, clustering=common["2pt/name"] == "wtheta")


def parameters(stored):
    """Ours of a stored point but those of the universe: canonical name -> value."""
    return nuisances(stored) | lenses(stored)


def prediction(survey, of_tables, stored, changes):
    """The data vector with the stored P(k, z), distances and growth of a point."""
    grid, table = tables(of_tables, survey.likelihood)
    p = parameters(stored) | changes
    return np.asarray(survey.likelihood.theory_vector_from_tables(grid, table, p))


@pytest.mark.parametrize("name", INGREDIENTS)
def test_one_ingredient_at_a_time(survey, common, shared, name):
    """Delta^T C^-1 Delta <= 0.01, where Limber's approximation is the pipeline's too."""
    stored = read(shared, f"v_{name}")
    found = prediction(survey, common, stored, INGREDIENTS[name])
    difference = found - stored["2pt/theory"]
    assert difference @ survey.likelihood.precision @ difference <= 0.01
    assert float(survey.likelihood.chi2_of(found)) == pytest.approx(stored["2pt/chi2"], abs=1.5)


def test_own_power_gives_the_stored_data_vector(survey, shared):
    """Delta^T C^-1 Delta <= 0.01 with our own power of three neutrinos alike, growth, distances."""
    stored = read(shared, "v_limber_tatt")
    options = replace(OPTIONS, linear="emulator", neutrinos="degenerate")
    likelihood = build_likelihood(survey.likelihood.data, options)
    found = likelihood.theory_vector(cosmology(stored) | parameters(stored) | UNMAGNIFIED)
    difference = np.asarray(found) - stored["2pt/theory"]
    assert difference @ likelihood.precision @ difference <= 0.01


@pytest.mark.parametrize("point", ["p0", "p1"])
def test_shear_and_lensing_with_everything_on(survey, shared, point):
    """Magnification, TATT, shifts and, at p1, lens widths, which come before shifts: 0.01 for xi+-
    and gamma_t. The pipeline's w is beyond Limber's approximation."""
    stored = read(shared, f"full_{point}")
    found = prediction(survey, stored, stored, {})
    here = ~survey.clustering
    difference = (found - stored["2pt/theory"])[here]
    covariance = survey.likelihood.data.covariance[np.ix_(here, here)]
    assert difference @ np.linalg.solve(covariance, difference) <= 0.01


@pytest.fixture(scope="module")
def beyond(survey):
    """The same beyond Limber's approximation, with distortions, as the pipeline has them."""
    options = replace(OPTIONS, limber="beyond", rsd=True)
    likelihood = build_likelihood(survey.likelihood.data, options)
    return SimpleNamespace(likelihood=likelihood, clustering=survey.clustering)


def test_multipoles_beyond_limber_are_few(beyond):
    """Of counts with counts those below about 200, of shear next to none."""
    counts, cross, shear = beyond.likelihood.theory.exact.counts
    ell = beyond.likelihood.grid.nodes.ell
    assert 50 < ell[counts - 1] < 400
    assert shear < cross < counts < ell.size / 2


@pytest.mark.parametrize(
    ("name", "changes", "growth"),
    [
        ("v_exact_rsd_nla", NLA | UNMAGNIFIED, "D_k0p03"),
        # massive neutrinos: growth at another wavenumber does not matter
        ("v_exact_rsd_nla", NLA | UNMAGNIFIED, "D_k0p001"),
        ("full_p0", {}, "D_k0p03"),
        ("full_p1", {}, "D_k0p03"),
    ],
)
def test_exact_clustering_and_distortions(beyond, common, shared, name, changes, growth):
    """Delta^T C^-1 Delta <= 0.02 of the whole data vector; Limber's approximation leaves 8 of it
    where it knows no distortions."""
    stored, likelihood = read(shared, name), beyond.likelihood
    of_tables = stored if name.startswith("full") else common
    grid, table = tables(of_tables, likelihood, growth=growth)
    p = parameters(stored) | changes
    difference = likelihood.theory_vector_from_tables(grid, table, p) - stored["2pt/theory"]
    assert difference @ likelihood.precision @ difference <= 0.02


@jax.jit
def ratios_of(ratios, theory, grid, table_grid, table, own):
    """The ratios and their chi^2."""
    spectra = theory.spectra(grid.universe_of_tables(table_grid, table), own)
    return ratios.theory(spectra), ratios.chi2(spectra)


@pytest.mark.parametrize("point", ["p0", "p1"])
def test_shear_ratios_of_stored_power(survey, shared, point):
    """Delta^T C^-1 Delta <= 5e-4 with everything on, widths of narrow lens bins at p1 included."""
    stored, likelihood = read(shared, f"full_{point}"), survey.likelihood
    file = shared / "reference" / "stage3" / "shear_ratio_redmagic_inputs.npz"
    ratios = ShearRatios.build(
        read_shear_ratios(str(file)), likelihood.survey, likelihood.grid.nodes.ell, OPTIONS
    )
    own = [own_parameters(parameters(stored), sample) for sample in likelihood.samples]
    grid, table = tables(stored, likelihood)
    found, chi2 = ratios_of(ratios, likelihood.theory, likelihood.grid, grid, table, own)
    difference = np.asarray(found) - stored["shear_ratio/theory"]
    assert difference @ np.asarray(ratios.inverse) @ difference <= 5e-4
    assert float(chi2) == pytest.approx(stored["shear_ratio/chi2"], abs=0.3)


def test_histograms_are_the_pipelines(survey, shared):
    """n(z) at the file's samples after widths and shifts: of lenses, and of sources whose last cell
    holds all beyond. To 1e-4 of the peak, by which the line from (0, 0) to the first differs."""
    stored = read(shared, "full_p1")
    p = parameters(stored)
    for tracer in survey.likelihood.theory.tracers:
        bins = stored[f"nz_{tracer.word}/bins"]
        n = range(1, len(bins) + 1)
        width = [p.get(f"sz_{tracer.word}{i}", 1.0) for i in n]
        dz = np.array([p[f"dz_{tracer.word}{i}"] for i in n])
        dndz = jax.jit(tracer.distributions.dndz)
        found = dndz(dz, None if tracer.word == "source" else np.array(width))
        samples = np.asarray(found)[:, 1::2]
        expected = bins[:, 1 : 1 + samples.shape[1]]
        np.testing.assert_allclose(samples / expected.max(), expected / expected.max(), atol=1.5e-4)
