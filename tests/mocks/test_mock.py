"""The mock surveys that come with the package are what their makers make."""

import hashlib
from dataclasses import fields

import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.config import read_config
from jaxlike.data import default_data_file, find_data_file, read_two_point_fits, scale_cut_presets
from jaxlike.likelihoods.two_point import NODE_TOLERANCE
from jaxlike.loading import model_from_config
from jaxlike.mocks import files
from jaxlike.mocks import paper as paper_mock
from jaxlike.mocks.layout import read_layout
from jaxlike.mocks.making import make_mock
from jaxlike.surveys import read_survey

MAKERS = {
    "des_y1_mock": lambda: make_mock(read_layout(read_survey("des_y1"))),
    "paper_mock": paper_mock.make_mock,
}


def test_checksums(repository):
    lines = (repository / "data" / "SHA256SUMS").read_text().splitlines()
    stated = dict(reversed(line.split()) for line in lines)
    assert set(stated) == {f"{name}.fits" for name in MAKERS}
    for name, checksum in stated.items():
        content = (repository / "data" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum, name
        shipped = find_data_file(name.removesuffix(".fits"))
        assert shipped.read_bytes() == content
    assert default_data_file().name == "des_y1_mock.fits"
    assert "none" in scale_cut_presets()


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_the_files_are_made_again(name):
    """Nine digits are kept: another machine may round the last of them otherwise."""
    made, shipped = MAKERS[name](), read_two_point_fits(find_data_file(name))
    np.testing.assert_allclose(made.value, shipped.value, rtol=1e-7)
    np.testing.assert_allclose(made.covariance, shipped.covariance, rtol=1e-7)
    for ours, theirs in zip(made.nz, shipped.nz, strict=True):
        for field in fields(ours):
            assert np.array_equal(getattr(ours, field.name), getattr(theirs, field.name))
    for ours, theirs in zip(made.measurements, shipped.measurements, strict=True):
        np.testing.assert_allclose(ours.scale, theirs.scale, rtol=1e-12)


@pytest.fixture(scope="module")
def paper():
    return read_two_point_fits(find_data_file("paper_mock"))


def test_the_papers_survey(paper):
    """Section 5.1 of arXiv:2302.05163: 45 spectra of 50 multipoles in a quarter of the sky."""
    assert find_data_file("paper_mock").stat().st_size < 1.5e6
    sizes = {m.statistic: m.value.size for m in paper.measurements}
    assert sizes == {"C_ell_shear": 500, "C_ell_cross": 1000, "C_ell_counts": 750}
    for m in paper.measurements:
        np.testing.assert_allclose(np.unique(m.ell), np.geomspace(10, 1000, 50), rtol=1e-8)
    source, lens = paper.nz
    np.testing.assert_array_equal(source.n_gal, [1.47, 1.46, 1.50, 0.73])
    np.testing.assert_array_equal(source.sigma_e, 4 * [0.26])
    np.testing.assert_array_equal(lens.n_gal, 5 * [1.0])


def test_the_covariance_is_that_of_its_own_spectra(paper):
    """(C_11 + N)^2 and (C_11 + N)(C_22 + N) + C_12^2 over (2 ell + 1) Delta_ell f_sky."""
    shear = paper.measurement("shear_cl")
    cl = {
        (i, j): shear.value[(shear.bin1 == i) & (shear.bin2 == j)]
        for i, j in ((1, 1), (1, 2), (2, 2))
    }
    ell = np.unique(shear.ell)
    steradian = (180 * 60 / np.pi) ** 2  # arcmin^2
    first, second = (cl[i, i] + 0.26**2 / n / steradian for i, n in ((1, 1.47), (2, 1.46)))
    modes = (2 * ell + 1) * np.gradient(ell) * 0.25
    variance = np.diag(paper.covariance)[:500]
    one, two = (variance[(shear.bin1 == 1) & (shear.bin2 == j)] for j in (1, 2))
    np.testing.assert_allclose(one, 2 * first**2 / modes, rtol=1e-7)
    np.testing.assert_allclose(two, (first * second + cl[1, 2] ** 2) / modes, rtol=1e-7)


@pytest.mark.slow
def test_the_fiducial_fits_the_papers_mock(repository):
    """There is no noise: what is left of chi^2 is the error of the nodes."""
    config = read_config(repository / "cobaya_yaml" / "paper_3x2pt.yaml")
    model = model_from_config(config)
    assert len(model.parameters) == 21
    assert model.likelihood.arrays.inverse.shape == (50, 45, 45)
    chi2 = float(model.chi2(paper_mock.FIDUCIAL))
    assert 0 < chi2 < 1e-3
    assert model.likelihood.node_error < NODE_TOLERANCE
    u = model.to_unconstrained(model.reference)
    assert np.all(np.isfinite(u))
    value, gradient = model.value_and_gradient(model.reference)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    # far from it the data tell: one per cent of sigma8 is many sigma
    assert float(model.chi2({**paper_mock.FIDUCIAL, "sigma8": 0.809})) > 100


def test_the_command_names_the_surveys(tmp_path, capsys, monkeypatch, paper):
    made = []

    def of_the_paper(output, overwrite):
        made.append(("paper", overwrite))
        return paper

    def survey(name, output, space, overwrite):
        made.append((name, overwrite))
        assert space is None
        return paper, read_layout(read_survey(name))

    monkeypatch.setattr(paper_mock, "write_paper_mock", of_the_paper)
    monkeypatch.setattr(files, "write_survey_mock", survey)
    output = str(tmp_path / "mock.fits")
    assert main(["mock", "--output", output]) == 0
    assert main(["mock", "--survey", "paper", "--output", output, "--force"]) == 0
    assert main(["mock", "--survey", "kids_legacy", "--output", output]) == 0
    assert made == [("des_y1", False), ("paper", True), ("kids_legacy", False)]
    monkeypatch.undo()
    assert main(["mock", "--survey", "des_y9", "--output", output]) != 0
    assert "option 'survey' is 'des_y9'; accepted are decade_ngc" in capsys.readouterr().err
