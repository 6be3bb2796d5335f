"""Layouts of mocks: those of C_ell, and what is wrong with one."""

from dataclasses import replace

import numpy as np
import pytest
from small_survey import SMALL, changed

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
