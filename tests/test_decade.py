"""DECADE cosmic shear, both caps: CosmoSIS's data vectors with TATT on the curved sky."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from checks import made_once
from stage3 import COSMOLOGY, cosmology, kept_by_pipeline, nuisances, read_point, tables

from jaxlike.data import read_two_point_fits
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.statistics import correlation_functions

OPTIONS = TheoryOptions(
    linear="emulator",
    nonlinear="hmcode2020",
    projection="curved",
    alignment="tatt",
)
NZ = ("histogram", "spline")  # CosmoSIS has a spline through the file's samples, as both of ours
WITHIN = {"histogram": 2e-3, "spline": 0.01}  # of Delta^T C^-1 Delta; its shifts are the former's
POINTS = ("p0", "p1")
CAPS = {"ngc": 220, "sgc": 234}  # and how many points the pipeline keeps


@pytest.fixture(scope="module", autouse=True)
def projections():
    """Likelihoods of the same angles have the same: made once."""
    with made_once(correlation_functions, "curved_sky"):
        yield


@pytest.fixture(scope="module")
def points(shared):
    """Name of a stored point -> its arrays."""
    return {name: read_point(shared, f"decade_{name}") for name in POINTS}


@pytest.fixture(scope="module", params=product(CAPS, NZ), ids="-".join)
def survey(request, shared, points):
    """A cap and its likelihood of the points that the pipeline kept, for a model of n(z)."""
    (cap, nz), stored = request.param, points["p0"]
    data = read_two_point_fits(shared / "data" / "stage3" / f"decade_{cap}.fits")
    kept = kept_by_pipeline(data, stored, f"2pt_{cap}", CAPS[cap])
    likelihood = build_likelihood(kept, replace(OPTIONS, nz=nz))
    np.testing.assert_allclose(likelihood.data.value, stored[f"2pt_{cap}/data"], rtol=1e-10)
    vector = likelihood.theory_vector
    return SimpleNamespace(cap=cap, within=WITHIN[nz], likelihood=likelihood, theory_vector=vector)


def parameters(stored, cap):
    """Ours of a stored point: canonical name -> value."""
    return cosmology(stored) | nuisances(stored, f"_{cap}")


def check(survey, found, stored):
    difference = np.asarray(found) - stored[f"2pt_{survey.cap}/theory"]
    assert difference @ survey.likelihood.precision @ difference <= survey.within
    chi2 = float(survey.likelihood.chi2_of(found))
    assert chi2 == pytest.approx(float(stored[f"2pt_{survey.cap}/chi2"]), abs=0.7)


@pytest.mark.parametrize("name", POINTS)
def test_stored_tables_give_the_stored_data_vector(survey, points, name):
    """With the stored P(k, z) and distances."""
    a, p = points[name], parameters(points[name], survey.cap)
    grid, table = tables(a, survey.likelihood)
    nuisance = {n: v for n, v in p.items() if n not in COSMOLOGY}
    found = survey.likelihood.theory_vector_from_tables(grid, table, nuisance)
    check(survey, found, a)


@pytest.mark.parametrize("name", POINTS)
def test_own_power_gives_the_stored_data_vector(survey, points, name):
    """With our own power of one massive neutrino, as that pipeline computes it, and distances."""
    found = survey.theory_vector(parameters(points[name], survey.cap))
    check(survey, found, points[name])
