"""`nz` of each sample by the name of its n(z): what it is, how it is written, bad input."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from jaxlike.config import read_config
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.other_nz import with_nz
from jaxlike.likelihoods.sample_nz import nz_models_of
from jaxlike.likelihoods.survey import build_survey
from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.registry.options import TheoryOptions, theory_options

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
MIXED = {"nz_lens": "histogram", "NZ_SOURCE": "kde"}
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "b1": 1.4, "b2": 1.6,
    "m1": 0.01, "m2": -0.01, "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62, "dz_lens1": 0.013,
    "dz_lens2": -0.018, "dz_source1": -0.01, "dz_source2": 0.015,
}  # fmt: skip


def options(nz, **others):
    return theory_options({**vars(QUICK), "nz": nz, **others})


@pytest.fixture(scope="module")
def vectors(small_data):
    """Data vectors of both models for all, and of one for each sample, on fine nodes."""
    wide = {"nz_bandwidth": 0.02}  # which tells the models apart
    found = {
        "kde": options("kde", **wide),
        "histogram": options("histogram"),
        "mixed": options(MIXED, **wide),
    }
    likelihoods = {name: fine_likelihood(small_data, one) for name, one in found.items()}
    return likelihoods, {n: np.asarray(one.theory_vector(POINT)) for n, one in likelihoods.items()}


def test_each_sample_has_its_own_model(small_data, vectors):
    """xi+- is that of kde for all, w that of histogram, gamma_t neither's: to a fiftieth of the
    Delta^T C^-1 Delta between the two."""
    found = vectors[1]
    first, sigma = 0, np.sqrt(np.diag(small_data.covariance))
    for m in small_data.measurements:
        rows = slice(first, first + m.value.size)
        first += m.value.size

        def apart(one, other, rows=rows):
            difference = (found[one] - found[other])[rows] / sigma[rows]
            return difference @ difference

        both = apart("kde", "histogram")
        assert both > 2e-4
        same = {"xi_plus": "kde", "xi_minus": "kde", "w": "histogram"}.get(m.statistic)
        if same is not None:
            assert apart("mixed", same) < 0.02 * both
        else:
            assert min(apart("mixed", "kde"), apart("mixed", "histogram")) > 0.02 * both


def test_other_tables_keep_their_models(small_data, vectors):
    """n(z) that are given in the place of the file's are read as its own are."""
    mixed = vectors[0]["mixed"]
    tables = {table.name: table.dndz for table in small_data.nz}
    again = with_nz(mixed, tables)
    for one, other in zip(again.theory.tracers, mixed.theory.tracers, strict=True):

        @jax.jit
        def both(shifts, pair=(one.distributions, other.distributions)):
            return [distributions.dndz(shifts) for distributions in pair]

        np.testing.assert_allclose(*both(np.full(2, 0.01)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "text", [MIXED, "{nz_lens: histogram, NZ_SOURCE: kde}", "nz_lens:histogram NZ_SOURCE:kde"]
)
def test_yaml_and_ini_say_the_same(small_data, text):
    found = options(text)
    assert found.nz == tuple(MIXED.items())
    assert hash(found) == hash(theory_options(vars(found)))
    assert [name for name, _ in small_data.samples] == ["NZ_LENS", "NZ_SOURCE"]
    assert nz_models_of(small_data, found) == ["histogram", "kde"]


def test_others_have_the_default(small_data):
    tracers = build_survey(small_data, options({"NZ_LENS": "spline"})).tracers
    assert [t.distributions.model for t in tracers] == ["spline", "kde"]
    assert options({"NZ_LENS": "spline"}, nz_bandwidth=0.01).nz_bandwidth == 0.01


def test_written_as_an_input_has_it(small_folder):
    given = read_config(small_folder / "pipeline.ini", nz=MIXED)
    assert given.theory.nz == tuple(MIXED.items())
    (found,) = as_cobaya(given)["likelihood"].values()
    assert found["nz"] == MIXED
    assert given.with_options(nz="kde").theory.nz == "kde"


BAD = {
    "model": ({"NZ_LENS": "smooth"}, "'nz: NZ_LENS' is 'smooth'; accepted are kde, histogram, spl"),
    "number": ({"NZ_LENS": 1}, "'nz: NZ_LENS' is 1; accepted"),
    "list": (["kde", "histogram"], r"'nz' is \['kde', 'histogram'\]; accepted are .*{NAME of an n"),
    "empty": ({}, r"'nz' is {}; accepted are kde, histogram, spline, {NAME"),
    "none": (None, "'nz' is None; accepted"),
    "twice": ({"NZ_LENS": "kde", "nz_lens": "spline"}, "accepted are each n.z. once"),
    "text": ("NZ_LENS:kde NZ_LENS:spline", "each name once"),
    "braces": ("{NZ_LENS: [", "a mapping such as"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_values(case):
    nz, message = BAD[case]
    with pytest.raises(ConfigError, match=message):
        options(nz)


def test_what_the_data_have_not_got(small_data):
    with pytest.raises(ConfigError, match=r"'nz' has 'maglim', which is no n.z. of .*NZ_LENS, NZ"):
        build_survey(small_data, options({"maglim": "kde"}))
    none = options({"NZ_LENS": "spline", "NZ_SOURCE": "histogram"}, nz_bandwidth=0.01)
    with pytest.raises(ConfigError, match=r"'nz_bandwidth' has no effect: no n.z. of .* = kde"):
        build_survey(small_data, none)
    with pytest.raises(ConfigError, match="'nz_bandwidth' has no effect with nz = spline"):
        replace(QUICK, nz="spline", nz_bandwidth=0.01)
