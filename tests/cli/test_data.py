"""`jaxlike data`: data sets that are not there, and a file of another format in use."""

from importlib.util import find_spec

import pytest

from jaxlike.cli.main import main
from jaxlike.data import read_two_point, write_two_point_fits
from jaxlike.data.download import DATA_SETS
from jaxlike.data.shipped import SHIPPED
from jaxlike.loading import load

needs_sacc = pytest.mark.skipif(find_spec("sacc") is None, reason="sacc is not installed")

BAD = [
    (["data"], "required: COMMAND"),
    (["data", "get", "des_y9"], "there is no data set 'des_y9'; accepted are des_y1"),
    (["data", "get", "des_y1", "--from", "absent.fits"], "absent.fits: cannot be read"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, refused):
    assert message in refused(argv)


def test_list_says_what_is_here(tmp_path, capsys):
    one = DATA_SETS["kids_legacy"]
    (tmp_path / one.file_name).write_bytes(b"")
    assert main(["data", "list", "--folder", str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert {*SHIPPED, *DATA_SETS} <= set(lines)
    assert "158 kB  here" in lines["kids_legacy"]
    assert "to fetch" in lines["des_y1"]


@needs_sacc
def test_a_2pt_fits_file_becomes_sacc(small_data, tmp_path, capsys):
    original, converted = tmp_path / "small.fits", tmp_path / "small.sacc"
    write_two_point_fits(small_data, original)
    assert main(["data", "sacc", str(original), str(converted)]) == 0
    assert "72 points (18 xi_plus, 18 xi_minus, 24 gamma_t, 12 w)" in capsys.readouterr().out
    assert read_two_point(converted).n_data == 72
    assert main(["data", "sacc", str(original), str(converted)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["data", "sacc", str(original), str(converted), "--force"]) == 0


@needs_sacc
@pytest.mark.parametrize("link", [False, True])
def test_a_file_is_never_written_over_itself(small_data, tmp_path, refused, link):
    file, output = tmp_path / "small.fits", tmp_path / "link.fits"
    write_two_point_fits(small_data, file)
    before = file.read_bytes()
    if link:
        output.symlink_to(file)
    output = output if link else file
    said = refused(["data", "sacc", str(file), str(output), "--force"])
    assert f"output '{output}' is the input '{file}' itself" in said
    assert "itself" in refused(["data", "show", str(file), "--output", str(output)])
    assert file.read_bytes() == before


@needs_sacc
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
