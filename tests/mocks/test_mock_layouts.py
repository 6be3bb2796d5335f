"""Layouts of mocks: those of C_ell, and what is wrong with one."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from small_survey import SMALL, changed

from jaxlike.cli.main import main
from jaxlike.data import read_two_point_fits
from jaxlike.errors import JaxlikeError
from jaxlike.likelihoods.two_point import DataSet, build_likelihoods
from jaxlike.mocks.files import write_survey_mock
from jaxlike.registry.resolve import resolve

WRONG = {
    "none": (None, "has no layout of a mock: give a data_file, or its folder a mock.yaml"),
    "no yaml": ("seed: [", "mock.yaml: is not yaml"),
    "no mapping": ("- 1", "mock.yaml: the file must be a mapping with the keys seed, area"),
    "key": (changed(colour="red"), "the file has the unknown key 'colour'; accepted are seed"),
    "missing": (changed(area=None), "mock.yaml: the file has no area"),
    "option": (changed(theory={"linear": "none"}), "option 'linear' is 'none'; accepted are"),
    "theory": (changed(theory={"colour": 1}), "unknown option of theory: 'colour'; accepted are"),
    "family": (changed(samples__nz_source__family="beta"), "'beta'; accepted are gaussian, log_n"),
    "numbers": (changed(samples__nz_source__bins=[[1], [1, 2]]), "a bin of 1 numbers; log_normal"),
    "densities": (changed(samples__nz_source__n_eff=[1]), "has 2 bins, and n_eff for 1"),
    "shapes": (changed(samples__nz_source__sigma_e=None), "sample 'nz_source' has no sigma_e"),
    "statistic": (changed(points__En__statistic="C_ell_kappa"), "'C_ell_kappa'; accepted are xi_p"),
    "bands": (changed(points__En__statistic="C_ell_shear"), "points 'En' have no bands"),
    "both": (
        changed(points__cl={"statistic": "C_ell_shear", "kernels": "nz_source", "bands": [1, 2]}),
        "points are of C_ell and of other statistics; give one or the other",
    ),
    "kernel": (changed(points__En__kernels="lens"), "'lens', which is no sample; accepted are nz_"),
    "modes": (changed(points__En__modes=None), "points 'En' have no modes"),
    "two n(z)": (
        changed(samples__nz_source__photometric={"density": 6}),
        "sample 'nz_source' has photometric and family, bins, n_eff; give one of the two",
    ),
    "two points": (
        changed(other_points={"E": {"statistic": "E_n", "kernels": "nz_source", "modes": 2}}),
        "points and other_points are both of real space; one is needed",
    ),
    "parameter": (changed(fiducial__Omega_m=None), "mock.yaml: parameter Omega_m is missing"),
    "fiducial": (
        changed(fiducial__Omega_m="dark"),
        "yaml: has a value of the wrong kind (could",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_sentence(tmp_path, case):
    text, sentence = WRONG[case]
    (tmp_path / "survey.yaml").write_text(SMALL["survey.yaml"])
    if text is not None:
        (tmp_path / "mock.yaml").write_text(text)
    with pytest.raises(JaxlikeError) as error:
        write_survey_mock(str(tmp_path), tmp_path / "out.fits")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_mock_of_c_ell(tmp_path):
    """chi^2 of the fiducial is that of the noise; modes are those of the bands and of the area."""
    bands = [20, 60, 120, 240, 480]
    points = {"cl": {"statistic": "C_ell_shear", "kernels": "nz_source", "bands": bands}}
    (tmp_path / "survey.yaml").write_text("title: Small\n")
    (tmp_path / "mock.yaml").write_text(changed(points=points))
    data, layout = write_survey_mock(str(tmp_path), tmp_path / "out.fits")
    read = read_two_point_fits(tmp_path / "out.fits")
    np.testing.assert_allclose(np.unique(read.measurements[0].ell), [40, 90, 180, 360])
    np.testing.assert_array_equal(read.value, data.value)
    options = replace(layout.options, nz="histogram")
    likelihood = build_likelihoods([DataSet("", read, options)])[""]
    fiducial = resolve(layout.fiducial, likelihood.samples)
    assert 2 < float(likelihood.chi2(fiducial)) < 30
    clean = np.asarray(likelihood.theory_vector(fiducial)).reshape(3, 4)
    noise = 0.3**2 / (3 * (180 * 60 / np.pi) ** 2)
    modes = (2 * 180 + 1) * (360 - 90) / 2 * 2000 / (4 * np.pi * (180 / np.pi) ** 2)
    expected = 2 * (clean[0, 2] + noise) ** 2 / modes
    assert read.covariance[2, 2] == pytest.approx(expected, rel=2e-3)


def photometric(**content):
    """The small survey in bins of photometric redshift, without noise."""
    galaxies = {
        "density": 6,
        "smail": {"a": 2, "b": 1.5, "z0": 0.5},
        "edges": [0, 0.6, 3],
        "sigma_z": 0.05,
    }
    mock = yaml.safe_load(changed(**content))
    mock["seed"] = None
    sample = {"kind": "shear", "z": [0, 3, 60], "sigma_e": 0.3, "photometric": galaxies}
    mock["samples"]["nz_source"] = sample
    return yaml.safe_dump(mock)


BANDS = [20, 60, 120, 240, 480]
CL = {"cl": {"statistic": "C_ell_shear", "kernels": "nz_source", "bands": BANDS}}
XI = {"xi": {"statistic": "xi_plus", "kernels": "nz_source", "angles": [10, 100, 3]}}


def test_a_mock_of_photometric_bins_in_both_spaces(tmp_path, capsys):
    """Without a seed data are the theory; densities are those that fall into the bins."""
    (tmp_path / "survey.yaml").write_text("title: Small\noptions: {nz: spline}\n")
    (tmp_path / "mock.yaml").write_text(photometric(points=CL, other_points=XI))
    data, layout = write_survey_mock(str(tmp_path), tmp_path / "out.fits")
    read = read_two_point_fits(tmp_path / "out.fits")
    density = read.nz[0].n_gal
    assert density.sum() == pytest.approx(6, rel=1e-3)
    assert np.all(density > 1)
    likelihood = build_likelihoods([DataSet("", read, layout.options)])[""]
    assert float(likelihood.chi2(resolve(layout.fiducial, likelihood.samples))) < 0.01
    command = ["mock", "--survey", str(tmp_path), "--output", str(tmp_path / "real.fits")]
    assert main([*command, "--space", "real"]) == 0
    assert "a mock of Small, 9 points, without noise" in capsys.readouterr().out
    real = read_two_point_fits(tmp_path / "real.fits")
    assert real.statistics == ("xi_plus",)
    np.testing.assert_array_equal(real.nz[0].dndz, data.nz[0].dndz)
    (tmp_path / "mock.yaml").write_text(photometric(points=CL))
    assert main([*command, "--space", "real", "--force"]) == 2
    assert "mock.yaml: has no points in real space; accepted is harmonic" in capsys.readouterr().err
