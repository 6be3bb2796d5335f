"""Several samples of one kind in one likelihood, and maps of the convergence of the CMB."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.config import read_config
from jaxlike.config.written import as_cobaya
from jaxlike.data import TwoPointData, with_maps, write_two_point_fits
from jaxlike.errors import ConfigError, DataError, JaxlikeError, ParameterError
from jaxlike.likelihoods.common_nodes import z_max_of
from jaxlike.likelihoods.survey import build_survey, load_data, samples_of
from jaxlike.likelihoods.two_point import (
    NODE_TOLERANCE,
    DataSet,
    build_likelihood,
    build_likelihoods,
    fine_likelihood,
)
from jaxlike.loading import load
from jaxlike.registry.names import Names
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import Sample

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}
SOURCES = {"A_IA": 0.5, "m1": 0.01, "m2": -0.01, "dz_source1": -0.01}
LENS_PREFIX = {"NZ_LENS_RED": "RED_", "NZ_LENS_MAG": "MAG_"}
SOURCE_PREFIX = {"NZ_SOURCE_A": "A_", "NZ_SOURCE_B": "B_"}


def copies(table, names):
    return tuple(replace(table, name=name) for name in names)


def diagonal(measurements, nz, convergence=(), error=0.1):
    """Data whose errors are a tenth of the values."""
    value = np.concatenate([m.value for m in measurements])
    return TwoPointData(
        tuple(measurements), tuple(nz), np.diag((error * value) ** 2), "made.fits", convergence
    )


def renamed(measurement, name, kernel1, kernel2):
    return replace(measurement, name=name, kernel1=kernel1, kernel2=kernel2)


@pytest.fixture(scope="module")
def two_lens_samples(small_data):
    """The lenses of the small data twice, each with the sources and with itself."""
    xip, _, gammat, w = small_data.measurements
    lens, source = small_data.nz
    measurements = [xip]
    for name in LENS_PREFIX:
        measurements.append(renamed(gammat, f"gammat_{name}", name, "NZ_SOURCE"))
        measurements.append(renamed(w, f"w_{name}", name, name))
    return diagonal(measurements, (*copies(lens, LENS_PREFIX), source))


@pytest.fixture(scope="module")
def two_source_samples(small_data):
    """The sources of the small data twice, and xi+ of the first with the second."""
    xip, xim, *_ = small_data.measurements
    a, b = SOURCE_PREFIX
    every = xip.bin1.size // 3
    bins = np.array([(1, 1), (1, 2), (2, 1), (2, 2)]).repeat(every, axis=0)
    whole = {
        field: np.tile(getattr(xip, field)[:every], 4)
        for field in ("theta_arcmin", "theta_min_arcmin", "theta_max_arcmin", "angle_bin", "value")
    }
    cross = replace(
        xip, name="xip_ab", kernel1=a, kernel2=b, bin1=bins[:, 0], bin2=bins[:, 1], **whole
    )
    own = [renamed(m, f"{m.name}_{name}", name, name) for name in (a, b) for m in (xip, xim)]
    return diagonal([*own, cross], copies(small_data.nz[1], (a, b)))


def build(data, prefix=""):
    return build_likelihoods([DataSet("it", data, QUICK, prefix)])["it"]


def vector_of(likelihood, point):
    """The data vector at a point, whose other parameters are at their defaults."""
    return likelihood.theory_vector(resolve(point, likelihood.samples))


def vector_and_slopes(likelihood, canonical):
    """The data vector, and the gradient of -chi^2 / 2, by one program."""

    def both(p):
        found = likelihood.evaluate(p)
        return -0.5 * found.chi2, found.vector

    gradient, vector = jax.jit(jax.grad(both, has_aux=True))(canonical)
    return vector, gradient


def parts(likelihood, point):
    """Name of each measurement -> its share of the data vector at a point."""
    return split(likelihood, vector_of(likelihood, point))


def split(likelihood, vector):
    measurements = likelihood.data.measurements
    ends = np.cumsum([m.value.size for m in measurements])[:-1]
    shares = np.split(np.asarray(vector), ends)
    return {m.name: share for m, share in zip(measurements, shares, strict=True)}


def test_two_copies_of_lenses_give_what_one_gives(two_lens_samples):
    one = two_lens_samples.select(
        np.concatenate(
            [np.full(m.value.size, "MAG" not in m.kernel1) for m in two_lens_samples.measurements]
        )
    )
    point = UNIVERSE | SOURCES
    both, single = build(two_lens_samples, LENS_PREFIX), build(one)
    assert [(s.kind, s.own) for s in both.samples] == [
        ("counts", "RED_"),
        ("counts", "MAG_"),
        ("shear", ""),
    ]
    lenses = {"RED_b1": 1.4, "RED_b2": 1.6, "MAG_b1": 1.9, "MAG_b2": 1.1, "MAG_dz_lens1": 0.01}
    canonical = resolve(point | lenses, both.samples)
    vector, gradient = vector_and_slopes(both, canonical)
    found = split(both, vector)
    for prefix, name in (("RED_", "NZ_LENS_RED"), ("MAG_", "NZ_LENS_MAG")):
        own = {k.removeprefix(prefix): v for k, v in lenses.items() if k.startswith(prefix)}
        expected = parts(single, point | own)
        for kind in ("gammat", "w"):
            np.testing.assert_allclose(
                found[f"{kind}_{name}"], expected[f"{kind}_NZ_LENS_RED"], rtol=2e-3
            )
    np.testing.assert_allclose(found["xip"], expected["xip"], rtol=2e-3)
    assert all(np.isfinite(gradient[name]) and gradient[name] != 0 for name in lenses)


def test_two_copies_of_sources_and_their_cross_pairs(two_source_samples):
    """With one calibration all of A x A, A x B and B x B are the same."""
    likelihood = build(two_source_samples, SOURCE_PREFIX)
    point = UNIVERSE | {f"{own}{k}": v for own in ("A_", "B_") for k, v in SOURCES.items()}
    found = parts(likelihood, point)
    np.testing.assert_allclose(found["xip_NZ_SOURCE_A"], found["xip_NZ_SOURCE_B"], rtol=1e-10)
    cross = found["xip_ab"].reshape(4, -1)
    own = found["xip_NZ_SOURCE_A"].reshape(3, -1)
    np.testing.assert_allclose(cross[[0, 1, 3]], own, rtol=1e-10)
    np.testing.assert_allclose(cross[1], cross[2], rtol=1e-10)
    other = parts(likelihood, point | {"B_m1": 0.21})  # 1 + m from 1.01 to 1.21
    ratio = other["xip_ab"].reshape(4, -1) / cross
    np.testing.assert_allclose(ratio[[0, 2]], 1.21 / 1.01, rtol=1e-10)
    np.testing.assert_allclose(ratio[[1, 3]], 1.0, rtol=1e-10)


def test_sharing_by_accident_says_the_way_out(two_lens_samples):
    with pytest.raises(DataError, match=r"lens samples NZ_LENS_RED, NZ_LENS_MAG; one needs"):
        samples_of(two_lens_samples)
    with pytest.raises(DataError, match=r"lens samples NZ_LENS_RED, NZ_LENS_MAG; one needs"):
        build(two_lens_samples, "SAME_")
    with pytest.raises(ParameterError, match=r"two lens samples .* 'b1'.*\{NZ_LENS_RED: RED_, NZ_"):
        Names([Sample("counts", 2), Sample("counts", 3)])
    with pytest.raises(ConfigError, match=r"'NZ_LENS_BLUE', which is no n.z. of made\.fits; those"):
        samples_of(two_lens_samples, "", {"NZ_LENS_BLUE": "BLUE_"})


INPUT = """
likelihood:
  it:
    class: jaxlike.cobaya.3x2pt
    data_file: {file}
    scale_cuts: none
    prefix: {{NZ_LENS_RED: RED_, NZ_LENS_MAG: MAG_}}
theory: {{jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}}}
params:
  Omega_m: {{prior: [0.1, 0.5], ref: 0.3}}
  Omega_b: 0.046
  h: 0.7
  n_s: 0.96
  sigma8: 0.8
  RED_b1: {{prior: [0.8, 3], ref: 1.4}}
  RED_b2: 1.6
  MAG_b1: {{prior: [0.8, 3], ref: 1.9}}
  MAG_b2: 1.1
  A_IA: 0.5
"""


def test_a_posterior_of_two_lens_samples(two_lens_samples, tmp_path):
    write_two_point_fits(two_lens_samples, tmp_path / "made.fits")
    (tmp_path / "in.yaml").write_text(INPUT.format(file=tmp_path / "made.fits"))
    model = load(tmp_path / "in.yaml")
    assert model.parameters == ("Omega_m", "RED_b1", "MAG_b1")
    assert [sample.own for sample in model.samples] == ["RED_", "MAG_", ""]
    again = load(
        tmp_path / "in.yaml", prefix={"NZ_LENS_RED": "RED_", "NZ_LENS_MAG": "MAG_"}, nz="histogram"
    )
    assert again.config.likelihoods[0].prefix == LENS_PREFIX
    shared = INPUT.replace("RED_", "").replace("  MAG_b1: {{prior: [0.8, 3], ref: 1.9}}\n", "")
    shared = shared.replace("  MAG_b2: 1.1\n", "").replace("prefix: {{NZ_LENS_RED", "x: {{NZ")
    lines = [line for line in shared.splitlines() if not line.strip().startswith("x:")]
    (tmp_path / "shared.yaml").write_text("\n".join(lines).format(file=tmp_path / "made.fits"))
    with pytest.raises(JaxlikeError, match=r"NZ_LENS_RED, NZ_LENS_MAG; one needs"):
        load(tmp_path / "shared.yaml")
    with pytest.raises(
        ConfigError, match=r"option 'prefix' is {'NZ_LENS_RED': 3}; accepted are te"
    ):
        load(tmp_path / "in.yaml", prefix={"NZ_LENS_RED": 3})


INI = """\
[runtime]
sampler = test
[pipeline]
modules = here
values = values.ini
likelihoods = jaxlike
[here]
file = jaxlike_two_point.py
data_file = made.fits
scale_cuts = none
linear = eisenstein_hu_no_wiggle
nonlinear = linear
suffix = nz_lens_red:red NZ_LENS_MAG:mag
"""
VALUES = """\
[cosmological_parameters]
omega_m = 0.1 0.3 0.5
omega_b = 0.046
h0 = 0.7
n_s = 0.96
sigma_8 = 0.8
[bin_bias_red]
b1 = 0.8 1.4 3.0
b2 = 1.6
[bin_bias]
b1_mag = 0.8 1.9 3.0
b2_mag = 1.1
[intrinsic_alignment_parameters]
A = 0.5
"""


def test_suffixes_of_two_lens_samples(two_lens_samples, tmp_path):
    """A pipeline's likelihood is that of the yaml with a prefix for each n(z)."""
    write_two_point_fits(two_lens_samples, tmp_path / "made.fits")
    (tmp_path / "in.yaml").write_text(INPUT.format(file=tmp_path / "made.fits"))
    (tmp_path / "in.ini").write_text(INI)
    (tmp_path / "values.ini").write_text(VALUES)
    model, same = load(tmp_path / "in.ini"), load(tmp_path / "in.yaml")
    assert list(model.parts) == ["here"]
    assert [sample.own for sample in model.samples] == ["red_", "mag_", ""]
    assert float(model.chi2(model.reference)) == pytest.approx(
        float(same.chi2(same.reference)), rel=1e-10
    )
    words = {"nz_lens_red": "red", "NZ_LENS_MAG": "mag"}
    written = as_cobaya(model.config)
    prefix = {table: f"{word}_" for table, word in words.items()}
    assert written["likelihood"]["here"]["prefix"] == prefix
    assert {"red_b1", "mag_b1", "A_IA"} < set(written["params"])
    braces = "{nz_lens_red: red, NZ_LENS_MAG: mag}"
    (tmp_path / "in.ini").write_text(INI.replace("nz_lens_red:red NZ_LENS_MAG:mag", braces))
    again = read_config(tmp_path / "in.ini").likelihoods[0].suffix
    assert again == model.config.likelihoods[0].suffix == words
    (tmp_path / "in.ini").write_text(INI.replace("NZ_LENS_MAG:", "NZ_LENS_BLUE:"))
    with pytest.raises(ConfigError, match=r"'suffix' has 'NZ_LENS_BLUE', which is no n.z. of"):
        load(tmp_path / "in.ini")
    (tmp_path / "in.ini").write_text(INI.replace(" NZ_LENS_MAG:mag", " mag"))
    with pytest.raises(ConfigError, match=r"in.ini: .*'suffix' is 'nz_lens_red:red mag'; accepted"):
        load(tmp_path / "in.ini")


def test_kernels_of_a_published_file(shared):
    """xi+- of DES-Y3 in the joint file, whose tables name an n(z) that is not there."""
    file = shared / "data" / "stage3" / "des_y3_kids_1000.fits"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    probes = ("xi_plus", "xi_minus")
    data = load_data(str(file), "none", probes, kernels={"nz_source": "nz_source_des"})
    (sample,) = samples_of(data, "des", {"nz_source_des": "DES_"})
    assert (sample.kind, sample.n_bin, sample.own) == ("shear", 4, "DES_")
    likelihood = build_likelihoods([DataSet("des", data, QUICK, {"nz_source_des": "DES_"})])["des"]
    point = UNIVERSE | {"DES_A_IA": 0.3} | {f"DES_m{i}": 0.0 for i in range(1, 5)}
    assert np.isfinite(likelihood.chi2(resolve(point, likelihood.samples)))
    with pytest.raises(DataError, match="give kernels"):
        load_data(str(file), "none", probes)


# maps of the CMB's convergence

BEAMS = {"kappa_beam_fwhm": {"spt": 6.0}, "kappa_ell_min": 8, "kappa_ell_max": 3000}


CROSS = ("C_ell_kappa_counts", "C_ell_kappa_shear")
LENSES = {"b1": 1.4, "b2": 1.6}


def test_only_kappa_with_itself_needs_early_structure(kappa_data):
    cross = kappa_data.with_probes(CROSS)
    assert z_max_of(cross) < 3
    assert z_max_of(kappa_data) > 900
    survey = build_survey(cross, QUICK)
    assert [tracer.kind for tracer in survey.tracers] == ["counts", "shear", "convergence"]
    assert survey.sees_last_scattering


def test_kappa_likelihood_is_that_of_fine_nodes(kappa_data):
    """The chosen nodes cost what they say, and gradients of all parameters are finite."""
    likelihood, fine = build_likelihood(kappa_data, QUICK), fine_likelihood(kappa_data, QUICK)
    point = UNIVERSE | SOURCES | LENSES
    found, gradient = vector_and_slopes(likelihood, resolve(point, likelihood.samples))
    difference = np.asarray(found) - np.asarray(vector_of(fine, point))
    assert difference @ likelihood.precision @ difference < 3 * NODE_TOLERANCE
    assert likelihood.grid.size < fine.grid.size / 10
    assert all(np.isfinite(g) for g in gradient.values())


def test_kappa_alone_needs_no_galaxies(kappa_data):
    data = replace(kappa_data.with_probes(("C_ell_kappa",)), nz=())
    likelihood = build_likelihood(data, QUICK)
    (sample,) = likelihood.samples
    assert (sample.kind, sample.n_bin, sample.parameters) == ("convergence", 1, ())
    vector = np.asarray(vector_of(likelihood, UNIVERSE))
    assert np.all(np.diff(vector[1:]) < 0)
    assert 1e-8 < vector[0] < 1e-6
    with pytest.raises(
        ConfigError, match=r"'magnification' is true, which has no effect: .* lens b"
    ):
        build_survey(data, replace(QUICK, magnification=True))


def test_maps_are_told_beams_and_cuts(kappa_data):
    told = with_maps(kappa_data, BEAMS)
    (spt,) = told.convergence
    assert (spt.fwhm_arcmin, spt.ell_min, spt.ell_max) == (6.0, 8, 3000)
    plain, beamed = (build_likelihood(data, QUICK) for data in (kappa_data, told))
    point = UNIVERSE | SOURCES | LENSES
    vectors = [parts(one, point) for one in (plain, beamed)]
    transfer = spt.transfer(kappa_data.measurements[2].ell)
    for statistic, power in (("C_ell_kappa", 2), ("C_ell_kappa_counts", 1)):
        before, after = (v[statistic][: transfer.size] for v in vectors)
        np.testing.assert_allclose(after, before * transfer**power, rtol=5e-3)
    with pytest.raises(DataError, match=r"'kappa_ell_min' is given for 'act', which is no .* spt"):
        with_maps(kappa_data, {"kappa_ell_min": {"act": 8}})
    with pytest.raises(DataError, match="0 <= ell_min < ell_max"):
        with_maps(kappa_data, {"kappa_ell_min": 3000, "kappa_ell_max": 8})


def test_options_of_maps_need_maps(small_data):
    with pytest.raises(DataError, match=r"'kappa_beam_fwhm' is given, which is no map .*: none"):
        with_maps(small_data, {"kappa_beam_fwhm": 6.0})


def test_options_come_from_inputs(kappa_data, tmp_path):
    write_two_point_fits(kappa_data, tmp_path / "made.fits")
    text = INPUT.replace("prefix: {{NZ_LENS_RED: RED_, NZ_LENS_MAG: MAG_}}", "{more}")
    text = text.replace("RED_b", "b").replace("  MAG_b1: {{prior: [0.8, 3], ref: 1.9}}\n", "")
    text = text.replace("  MAG_b2: 1.1\n", "")
    more = "kernels: {spt: act}\n    kappa_beam_fwhm: 5\n    kappa_ell_max: {act: 2000}"
    path = tmp_path / "in.yaml"
    path.write_text(text.format(file=tmp_path / "made.fits", more="kappa_beam_fwhm: 5"))
    config = load(path, kappa_ell_max="{spt: 2000}").data.convergence[0]
    assert (config.fwhm_arcmin, config.ell_min, config.ell_max) == (5.0, 0.0, 2000.0)
    path.write_text(text.format(file=tmp_path / "made.fits", more=more))
    assert load(path).data.convergence[0].name == "act"
    with pytest.raises(ConfigError, match="'kappa_ell_min' is 'low'; accepted are a number, null"):
        load(path, kappa_ell_min="low")
    with pytest.raises(ConfigError, match=r"'kernels' is 3; accepted are {NAME in the file: NAME"):
        load(path, kernels=3)
    with pytest.raises(DataError, match="'kappa_ell_min' is given for 'spt', which is no map"):
        load(path, kappa_ell_min={"spt": 8})


def test_a_universe_that_closes_before_last_scattering(kappa_data):
    """Its likelihood is zero, with a slope of zero, as that of others without a solution."""
    likelihood = build_likelihood(kappa_data.with_probes(CROSS), QUICK)
    point = resolve(UNIVERSE | SOURCES | LENSES | {"Omega_k": 0.1}, likelihood.samples)
    run = jax.jit(jax.value_and_grad(lambda k: likelihood.log_likelihood(point | {"Omega_k": k})))
    for curvature, possible in ((-0.4, True), (-2.0, False), (-1.2, False), (-0.7, False)):
        value, slope = run(curvature)
        assert bool(np.isfinite(value)) is possible
        assert bool(slope != 0) is possible
        assert np.isfinite(slope)
        reason = likelihood.reason_of_failure(point | {"Omega_k": jnp.asarray(curvature)})
        assert (reason is None) is possible
    assert "to last scattering (a closed universe ends)" in reason


def test_vectors_of_many_points(kappa_data):
    """jit and vmap of the likelihood with a map."""
    likelihood = build_likelihood(kappa_data.with_probes(CROSS), QUICK)
    point = resolve(UNIVERSE | SOURCES | LENSES, likelihood.samples)
    points = {k: jnp.full(3, v) for k, v in point.items()} | {"sigma8": jnp.array([0.7, 0.8, 0.9])}
    run = jax.jit(likelihood.chi2)
    expected = [float(run(point | {"sigma8": s})) for s in (0.7, 0.8, 0.9)]
    np.testing.assert_allclose(jax.jit(jax.vmap(likelihood.chi2))(points), expected, rtol=1e-8)
