"""`jaxlike data sacc`: a file of another format, used by every command as the original is."""

import pytest

from jaxlike.cli.main import main
from jaxlike.data import read_two_point, write_two_point_fits
from jaxlike.loading import load

pytest.importorskip("sacc", reason="sacc is not installed")


def test_a_2pt_fits_file_becomes_sacc(small_data, tmp_path, capsys):
    original, converted = tmp_path / "small.fits", tmp_path / "small.sacc"
    write_two_point_fits(small_data, original)
    assert main(["data", "sacc", str(original), str(converted)]) == 0
    assert "72 points (18 xi_plus, 18 xi_minus, 24 gamma_t, 12 w)" in capsys.readouterr().out
    assert read_two_point(converted).n_data == 72
    assert main(["data", "sacc", str(original), str(converted)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["data", "sacc", str(original), str(converted), "--force"]) == 0


def test_a_posterior_takes_it_and_its_data_vector_is_drawn(small_folder, small_model, tmp_path):
    converted = tmp_path / "small.sacc"
    assert main(["data", "sacc", str(small_folder / "small.fits"), str(converted)]) == 0
    pipeline = str(small_folder / "pipeline.ini")
    model = load(pipeline, data_file=str(converted))
    x = small_model.reference
    assert float(model.log_posterior(x)) == pytest.approx(
        float(small_model.log_posterior(x)), rel=1e-10
    )
    plot = ["plot", "--config", pipeline, "--data-file", str(converted)]
    assert main([*plot, "--output", str(tmp_path / "new")]) == 0
    assert (tmp_path / "new_data_vector.png").stat().st_size > 10_000
