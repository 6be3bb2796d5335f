"""`jaxlike explain`: what is printed, what is written, and the comparison with CosmoSIS."""

import sys

import numpy as np
import pytest
from library_pipelines import FIRST_VALUES, first_generation, written

from jaxlike.cli.main import main
from jaxlike.config.read import read_config
from jaxlike.loading import load

# What stands in CosmoSIS's place: it saves what CosmoSIS saves, or fails
FAKE = """\
import pathlib, sys
import numpy as np
saved = next(word for word in sys.argv if word.startswith("test.save_dir=")).partition("=")[2]
if {fails}:
    sys.exit("a module failed")
for name in ("likelihoods", "data_vector"):
    (pathlib.Path(saved) / name).mkdir(parents=True)
(pathlib.Path(saved) / "likelihoods" / "values.txt").write_text("2pt_like = {like}\\n")
numbers = "2pt_chi2 = 5.0\\n2pt_norm = 7.0\\n2pt_name = text\\n"
(pathlib.Path(saved) / "data_vector" / "values.txt").write_text(numbers)
np.savetxt(pathlib.Path(saved) / "data_vector" / "2pt_theory.txt", np.load({theory!r}))
"""


@pytest.fixture
def pipeline(tmp_path, small_folder):
    """A pipeline of the library's modules, with files of that name beside it."""
    modules = first_generation(str(small_folder / "small.fits"))
    for options in modules.values():
        file = tmp_path / options["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return written(tmp_path, modules, FIRST_VALUES)


def test_it_prints_what_becomes_of_each_option(pipeline, tmp_path, capsys):
    output = tmp_path / "own.yaml"
    assert main(["explain", str(pipeline), "--output", str(output)]) == 0
    said = capsys.readouterr().out
    assert "nonlinear, halofit_version" in said
    assert "nonlinear = takahashi" in said
    assert "no effect here" in said
    assert "parameters are sampled" in said
    assert output.read_text().startswith("# Made by jaxlike explain of")
    assert main(["explain", str(pipeline), "--output", str(output)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["explain", str(pipeline), "--output", str(tmp_path / "own.txt")]) == 2
    assert "FILE.yaml" in capsys.readouterr().err
    assert main(["explain", str(pipeline), "--output", str(tmp_path / "own.ini")]) == 0
    assert f"file {tmp_path / 'own_values.ini'}" in capsys.readouterr().out
    assert read_config(tmp_path / "own.ini").likelihoods[0].name == "2pt"
    (tmp_path / "own.ini").unlink()  # no file is replaced, if it has another's name
    assert main(["explain", str(pipeline), "--output", str(tmp_path / "own.ini")]) == 2
    assert "own_cuts_2pt.yaml' exists" in capsys.readouterr().err


def test_an_input_is_not_written_over_by_its_translation(pipeline, capsys):
    before = pipeline.read_text()
    assert main(["explain", str(pipeline), "--output", str(pipeline), "--force"]) == 2
    assert f"output '{pipeline}' is the input" in capsys.readouterr().err
    assert pipeline.read_text() == before


def test_an_input_of_jaxlike_s_own(small_folder, capsys):
    assert main(["explain", str(small_folder / "pipeline.ini")]) == 0
    assert "an input of jaxlike's own" in capsys.readouterr().out
    assert main(["explain", str(small_folder / "pipeline.ini"), "--check"]) == 2
    assert "--check is for pipelines of the standard library" in capsys.readouterr().err


def test_the_comparison_with_cosmosis(pipeline, tmp_path, capsys):
    """A data vector that is ours but for one point, which is 2 deviations off."""
    model = load(pipeline)
    theory = np.array(model.theory_vector(model.reference))
    chi2 = float(model.chi2(model.reference))
    (one,) = model.measured.values()
    theory[3] += 2 / np.sqrt(one.precision[3, 3])
    np.save(tmp_path / "theory.npy", theory)

    def check(like, fails=False):
        fake = tmp_path / "fake.py"
        text = FAKE.format(like=like, fails=fails, theory=str(tmp_path / "theory.npy"))
        fake.write_text(text)
        command = f"{sys.executable} {fake}"
        return main(["explain", str(pipeline), "--check", "--cosmosis", command])

    assert check(-0.5 * chi2 + 7.0 + 0.1) == 0
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[0] == "2pt"
    assert int(row[1]) == theory.size
    assert float(row[-2]) == pytest.approx(-0.1, abs=2e-3)
    assert float(row[-1]) == pytest.approx(4.0, rel=1e-3)
    assert check(-0.5 * chi2 + 7.0 + 0.6) == 1
    capsys.readouterr()
    assert check(0.0, fails=True) == 2
    assert "CosmoSIS failed: a module failed" in capsys.readouterr().err


def test_a_library_that_is_not_there(pipeline, tmp_path, capsys):
    (tmp_path / "boltzmann" / "camb" / "camb_interface.py").unlink()
    assert main(["explain", str(pipeline), "--check"]) == 2
    error = capsys.readouterr().err
    assert "camb_interface.py' is not found" in error
    assert "$CSL_DIR" in error
