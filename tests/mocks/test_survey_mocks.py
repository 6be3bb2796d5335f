"""Mock data in the layouts of surveys: those that come with the package, and one from outside."""

import hashlib
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from product_input import THEORY, UNIVERSE
from small_survey import SMALL

import jaxlike
from jaxlike.cli.main import main
from jaxlike.cli.opening import described
from jaxlike.cli.running import _whence
from jaxlike.config import read_config
from jaxlike.config.yaml_text import load_yaml
from jaxlike.data import (
    apply_scale_cuts,
    is_mock,
    read_scale_cuts,
    read_two_point,
    read_two_point_fits,
)
from jaxlike.errors import ConfigError, DataError, JaxlikeError, ParameterError
from jaxlike.forecast.fisher import fisher
from jaxlike.forecast.model_covariance import gaussian_covariance_of
from jaxlike.forecast.point_covariance import point_covariance
from jaxlike.likelihoods.two_point import DataSet, build_likelihoods
from jaxlike.loading import data_set_of, with_checked_parameters
from jaxlike.mocks.files import survey_mock_file
from jaxlike.mocks.layout import read_layout
from jaxlike.mocks.making import make_mock
from jaxlike.registry.resolve import resolve
from jaxlike.surveys import known_surveys, read_survey

# survey -> file of its data, and how many points it has before and after the cuts
FILES = {
    "decade_ngc": ("decade_ngc", 400, 220),
    "decade_sgc": ("decade_sgc", 400, 234),
    "des_y3_3x2pt": ("mock_des_y3_3x2pt", 900, 529),
    "des_y3_shear": ("mock_des_y3_3x2pt", 400, 227),
    "des_y3_kids_1000_des": ("des_y3_kids_1000", 400, 273),
    "des_y3_kids_1000_kids": ("des_y3_kids_1000", 75, 75),
    "hsc_y3": ("hsc_y3_real", 230, 140),
    "hsc_y3_fourier": ("hsc_y3_fourier", 170, 60),
    "kids_1000_band_powers": ("kids_1000_bp", 200, 200),
    "kids_1000_cosebis": ("kids_1000_cosebis", 300, 75),
    "kids_1000_xi": ("kids_1000_xipm", 270, 225),
    "kids_legacy": ("kids_legacy_cosebis", 126, 126),
}
# surveys that are not there yet -> how many C_ell, and how many points of angles
TO_COME = {
    "euclid": (5250, 4400),
    "lsst_y1": (1375, 1200),
    "lsst_y10": (5250, 4400),
    "roman": (5250, 4400),
}
INPUTS = (
    *("decade", "des_y3_3x2pt", "des_y3_kids_1000", "des_y3_shear", "hsc_y3", "hsc_y3_fourier"),
    *("kids_1000_band_powers", "kids_1000_cosebis", "kids_1000_xi", "kids_legacy"),
)


@cache
def layout_of(name):
    return read_layout(read_survey(name))


@cache
def empty_of(name):
    return layout_of(name).empty()


@cache
def empty_in_files(name):
    return layout_of(name).as_in_files(empty_of(name))


def cut(name, data):
    return apply_scale_cuts(data, read_scale_cuts(str(read_survey(name).scale_cuts)))


@pytest.mark.parametrize("name", FILES)
def test_numbers_of_points_before_and_after_cuts(name):
    empty = empty_in_files(name)
    assert (empty.n_data, cut(name, empty).n_data) == FILES[name][1:]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore:.*is not symmetric")
def test_the_layout_is_that_of_the_file(shared, name):
    """Tables, kernels, bins, scales and about the n(z)."""
    file = shared / "data" / "stage3" / f"{FILES[name][0]}.fits"
    if not file.is_file():
        pytest.skip(f"reference material is not there: {file}")
    kernels, nz_file = read_survey(name).options.get("kernels"), None
    if name == "hsc_y3":  # whose n(z) are elsewhere
        nz_file = shared / "data" / "stage3" / "hsc_y3_mock_nz.sacc"
    probes = empty_of(name).statistics
    real = read_two_point(file, probes=probes, kernels=kernels, nz_file=nz_file)
    made = empty_in_files(name)
    assert [m.name for m in made.measurements] == [m.name for m in real.measurements]
    for ours, theirs in zip(made.measurements, real.measurements, strict=True):
        assert ours.statistic == theirs.statistic
        np.testing.assert_array_equal(ours.pairs, theirs.pairs)
        np.testing.assert_allclose(ours.scale, theirs.scale, rtol=4e-3)
        assert (ours.theta_min_arcmin is None) == (theirs.theta_min_arcmin is None)
        for kernel in ("kernel1", "kernel2"):
            nz, other = (
                d.distribution(getattr(m, kernel)) for d, m in ((made, ours), (real, theirs))
            )
            if name != "hsc_y3":  # whose n(z) there are another mock, under another name
                assert getattr(ours, kernel) == getattr(theirs, kernel)
                np.testing.assert_allclose(nz.moments()[0], other.moments()[0], atol=0.02)
    assert cut(name, made).n_data == cut(name, real).n_data


def test_every_survey_has_one_and_every_input_takes_it(repository):
    """Whose theory is that of the input, and which has every parameter of the survey's analysis."""
    assert {name for name in known_surveys() if read_survey(name).mock} == {
        "des_y1",
        *FILES,
        *TO_COME,
    }
    for name in INPUTS:
        config = read_config(repository / "cobaya_yaml" / f"{name}.yaml", data_file="mock")
        assert len({layout_of(one.survey).seed for one in config.likelihoods}) == len(
            config.likelihoods
        )
        for one in config.likelihoods:
            options = layout_of(one.survey).options
            for option in ("linear", "nonlinear", "neutrinos", "radiation", "alignment", "nz"):
                assert getattr(options, option) == getattr(one.options, option), option
            assert one.about_mock.startswith("a mock survey")
    hsc = read_config(repository / "cobaya_yaml" / "hsc_y3.yaml", data_file="mock").likelihoods[0]
    assert hsc.nz_file is hsc.options.psf_file is hsc.options.psf_transform is None
    assert "for which nz_file, psf_file, psf_transform of the input are not read" in hsc.about_mock
    for name in INPUTS:
        ini = repository / "cosmosis_modules" / f"{name}_pipeline.ini"
        for one in read_config(ini, data_file="mock").likelihoods:
            assert (one.data_file, one.survey in FILES) == ("mock", True)


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.slow] * (one != "lsst_y10")) for one in TO_COME]
)
def test_surveys_to_come(name):
    """Points in both spaces, of which counts are cut; bins have no more galaxies than there are."""
    n_cl, n_xi = TO_COME[name]
    empty, real = empty_of(name), read_layout(read_survey(name), "real").empty()
    assert (empty.n_data, real.n_data) == (n_cl, n_xi)
    kept = cut(name, empty)
    assert kept.measurement("shear_cl").value.size == empty.measurement("shear_cl").value.size
    assert kept.measurement("galaxy_cl").scale.max() < 2000
    assert 0 < cut(name, real).n_data < n_xi
    layout = layout_of(name)
    for table in layout.tables():
        density = layout.samples[table.name]["photometric"]["density"]
        assert table.n_gal.sum() <= 1.001 * density
        np.testing.assert_allclose(table.dndz.sum(axis=1) * 0.01, 1, rtol=1e-8)
        mean = table.dndz @ table.z_mid * 0.01
        assert np.all(np.diff(mean) > 0.05)
    assert layout.seed is None
    assert layout.fiducial["A_IA1"] == 0.5


@pytest.mark.parametrize(("name", "n"), [("shear", 37), ("3x2pt", 157)])
def test_inputs_of_surveys_to_come(repository, name, n):
    """As many parameters as in Piras et al. 2024, and two more of w0waCDM; one universe for all."""
    for more, name_of in ((0, f"stage4_{name}"), (2, f"stage4_{name}_w0wa")):
        config = read_config(repository / "cobaya_yaml" / f"{name_of}.yaml")
        found = []
        for one in config.likelihoods:
            data = empty_of(one.survey)
            data = data.with_probes(["C_ell_shear"]) if name == "shear" else data
            found.append(DataSet(one.name, data, one.options, one.prefix, one.suffix))
            options = layout_of(one.survey).options
            for option in ("linear", "nonlinear", "neutrinos", "alignment", "nz"):
                assert getattr(options, option) == getattr(one.options, option), option
        checked = with_checked_parameters(config, found)
        assert len(checked.sampled) == n + more
        universes = {
            tuple(layout_of(one.survey).fiducial.items())[:8] for one in config.likelihoods
        }
        assert len(universes) == 1


@pytest.mark.parametrize("name", ["kids_legacy", "kids_1000_band_powers", "hsc_y3"])
def test_covariances_are_positive_definite(name):
    """Those of COSEBIs, band powers and xi+-, for steep spectra of bins that are much alike."""
    layout, data = layout_of(name), empty_of(name)
    if data.n_data > 200:
        data = cut(name, data)
    covariance_of = point_covariance(data, layout.options)
    depth = 1.0 + np.arange(len(covariance_of.fields)) / 3
    shape = 1e-9 * (np.maximum(covariance_of.ell, 2) / 100) ** -1.1
    matrix = np.minimum.outer(depth, depth)[:, :, None] * shape
    covariance = covariance_of(matrix, layout.f_sky)
    sigma = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-9 * sigma.max() ** 2)
    assert np.linalg.eigvalsh(covariance / np.outer(sigma, sigma)).min() > 1e-3


@pytest.mark.slow
def test_the_fiducial_fits_its_mock(repository, monkeypatch, tmp_path):
    """chi^2 through the input, with its cuts and options, is that of the noise."""
    monkeypatch.setenv("JAXLIKE_DATA", str(tmp_path))
    config = read_config(repository / "cobaya_yaml" / "kids_legacy.yaml", data_file="mock")
    found = data_set_of(config.likelihoods[0])
    likelihood = build_likelihoods([DataSet("", found.data, found.options)])[""]
    fiducial = resolve(layout_of("kids_legacy").fiducial, likelihood.samples)
    chi2, n = float(likelihood.chi2(fiducial)), likelihood.n_points
    assert abs(chi2 - n) < 3 * np.sqrt(2 * n)


LIKELIHOOD = """\
likelihood:
  jaxlike.cobaya.3x2pt: {data_file: mock, survey: ./small, prefix: S_}
"""
INPUT = THEORY + LIKELIHOOD + UNIVERSE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An input, the survey beside it, and the user's data folder, in which the mock is made."""
    folder = tmp_path_factory.mktemp("mocks")
    (folder / "small").mkdir()
    for name, text in SMALL.items():
        (folder / "small" / name).write_text(text)
    (folder / "in.yaml").write_text(INPUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAXLIKE_DATA", str(folder / "data"))
        yield folder


@pytest.fixture(scope="module")
def model(folder):
    return jaxlike.load(folder / "in.yaml")


def test_parameters_of_files_that_mocks_have_not_got(repository):
    """Those of the PSF, which HSC-Y3's pipeline varies, go; what else has no effect is an error."""
    config = read_config(repository / "cosmosis_modules" / "hsc_y3_pipeline.ini", data_file="mock")
    (one,) = config.likelihoods
    found = [DataSet(one.name, empty_of("hsc_y3"), one.options, one.prefix, one.suffix)]
    names = [p.name for p in with_checked_parameters(config, found).sampled]
    assert [p.name for p in config.sampled if p.name not in names] == [
        f"psf_systematics_parameters--psf_cor{i}_z1" for i in range(1, 5)
    ]
    read = replace(config, likelihoods=(replace(one, unread=()),))
    with pytest.raises(ParameterError, match="no effect with psf_file = null"):
        with_checked_parameters(read, found)


def test_a_mock_is_made_once_and_said_to_be_one(folder, model):
    (file,) = (folder / "data" / "mocks").iterdir()
    assert re.fullmatch(r"small_mock_[0-9a-f]{12}\.fits", file.name)
    content, when = file.read_bytes(), file.stat().st_mtime_ns
    assert survey_mock_file(str(folder / "small")) == file
    assert file.stat().st_mtime_ns == when
    line = described("in.yaml", model)
    assert "6 points" in line
    assert "3 cut, 2 source bins, a mock survey" in line
    (one,) = model.config.likelihoods
    assert "computed and not measured: of the survey" in _whence(one)
    assert is_mock(str(file))
    # chi^2 where it was made is that of the noise; the same again, bit for bit
    point = {"omegam": 0.3, "S_A_IA": 0.5}
    assert 0.3 < float(model.chi2(point)) < 18
    layout = read_layout(read_survey(str(folder / "small")))
    made = make_mock(layout)
    read = read_two_point_fits(file)
    np.testing.assert_array_equal(made.value, read.value)
    np.testing.assert_array_equal(made.covariance, read.covariance)
    assert replace(layout, text="another").key != layout.key
    assert hashlib.sha256(content).hexdigest()  # a file, whole


def test_a_forecast_has_the_covariance_of_the_mock(model):
    """Its own where the mock was made, on other nodes; and a slope that counts."""
    f_sky = 2000 * np.pi / 360**2
    covariance = gaussian_covariance_of(model, f_sky)
    x = np.array([0.3, 0.5])
    found = np.asarray(covariance(x))
    sigma = np.sqrt(np.diag(model.data.covariance))
    assert found.shape == (1, 6, 6)
    assert np.max(np.abs(found[0] - model.data.covariance) / np.outer(sigma, sigma)) < 1e-3
    whole = fisher(model, at={"omegam": 0.3}, covariance=covariance)
    mean = fisher(model, at={"omegam": 0.3})
    more = (np.asarray(covariance(x + [1e-3, 0])) - covariance(x - [1e-3, 0]))[0] / 2e-3
    relative = np.linalg.solve(found[0], more)
    expected = 0.5 * np.trace(relative @ relative)
    assert whole.matrix[0, 0] - mean.matrix[0, 0] == pytest.approx(expected, rel=1e-4)


def test_the_command_makes_it_again(folder, model, capsys):
    output = folder / "my_mock.fits"
    command = ["mock", "--survey", str(folder / "small"), "--output", str(output)]
    assert main(command) == 0
    assert "a mock of Small, 9 points, seed 7" in capsys.readouterr().out
    (file,) = (folder / "data" / "mocks").iterdir()
    assert output.read_bytes() == file.read_bytes()
    assert is_mock(str(output))
    assert main(command) != 0
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


def test_it_is_the_same_in_cobaya(folder, model, caplog):
    get_model = pytest.importorskip("cobaya.model", reason="Cobaya is not installed").get_model
    info = load_yaml(INPUT, "in.yaml")
    info["likelihood"]["jaxlike.cobaya.3x2pt"]["survey"] = str(folder / "small")
    theirs = get_model(info)
    point = {"omegam": 0.28, "S_A_IA": 0.2}
    assert set(theirs.parameterization.sampled_params()) == set(point)
    assert theirs.loglike(point)[0] == pytest.approx(float(model.log_likelihood(point)), rel=1e-9)


def test_mock_without_a_survey_is_a_file_of_that_name(folder):
    with pytest.raises(JaxlikeError, match=r"^data file 'mock' is of no|^mock: there is no such"):
        jaxlike.load(load_yaml(INPUT.replace(", survey: ./small", ""), "in.yaml"))


def test_a_folder_that_cannot_be_made(folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JAXLIKE_DATA", str(tmp_path / "file"))
    with pytest.raises(DataError, match="set JAXLIKE_DATA to a folder of yours"):
        survey_mock_file(str(folder / "small"))
    with pytest.raises(ConfigError, match="option 'survey' is 'des_y9'; accepted are"):
        survey_mock_file("des_y9")
