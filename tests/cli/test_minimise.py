"""`jaxlike minimise`: its files and its bad input."""

from pathlib import Path

import pytest

from jaxlike.cli.main import main

BAD = [
    (["minimise"], "required: CONFIG"),
    (["minimise", "{config}", "--starts", "0"], "option --starts is 0; accepted are"),
    (["minimise", "{config}", "--seed", "-1"], "option seed is -1; accepted are whole numbers"),
    (["minimise", "{config}", "--output", ""], "output is given, and is empty"),
    (["minimise", "{config}", "--output", "{tmp}"], "is a folder; accepted is a prefix"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, fake_model, tmp_path, refused):
    (tmp_path / "notes.txt").write_text("")
    fill = {"tmp": tmp_path, "config": fake_model}
    assert message.format(**fill) in refused([a.format(**fill) for a in argv])


def test_minimise_writes_and_refuses_to_overwrite(fake_model, tmp_path, capsys):
    prefix = tmp_path / "best" / "run"
    command = ["minimise", fake_model, "--output", str(prefix), "--no-plot"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "4 of 4 starts end there" in out
    assert "omegam" in Path(f"{prefix}.minimum").read_text()
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


def test_images_of_an_earlier_fit_stay(fake_model, tmp_path, refused):
    image = tmp_path / "run_data_vector.png"
    image.write_bytes(b"drawn before")
    message = refused(["minimise", fake_model, "--output", str(tmp_path / "run")])
    assert f"{image} exists already; give another --output, or --force" in message
    assert image.read_bytes() == b"drawn before"
