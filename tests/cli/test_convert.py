"""`jaxlike convert` to each format, and plots of what it wrote."""

import shutil
from pathlib import Path

import arviz
import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.plots.contours import load_chains

QUIET = "--no-progress"

BAD = [
    (["convert", "{prefix}"], "required: --to"),
    (["convert", "{prefix}", "--to", "csv"], "--to: invalid choice: 'csv'"),
    (["convert", "{absent}", "--to", "arviz"], "there is no file {absent}.1.txt"),
    (["convert", "{prefix}", "--to", "getdist"], "are in the format of --to getdist already"),
    (["convert", "{prefix}", "--to", "arviz", "--output", "{taken}.1.txt"], "exists already; give"),
    (["convert", "{prefix}", "--to", "arviz", "--output", "{folder}"], "is a folder; accepted is"),
    (
        ["convert", "{prefix}", "--to", "cosmosis", "--output", "{new}"],
        "output '{new}': accepted is a name that ends in .txt",
    ),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, places, tmp_path, refused):
    assert message.format(**places) in refused([a.format(**places) for a in argv])
    assert not list(tmp_path.glob("new*"))


def test_what_is_read_is_never_what_is_written(run, tmp_path, refused, capsys):
    own = tmp_path / "own"
    for file in Path(run.prefix).parent.iterdir():
        shutil.copy(file, tmp_path / file.name.replace("run", "own"))
    first = Path(f"{own}.1.txt")
    linked = tmp_path / "linked.txt"
    linked.hardlink_to(first)
    before = first.read_text()
    for output in (first, linked):
        argv = ["convert", str(own), "--to", "cosmosis", "--output", str(output), "--force"]
        assert f"is the input '{first}' itself" in refused(argv)
    assert first.read_text() == before
    assert main(["convert", str(own), "--to", "cosmosis"]) == 0
    capsys.readouterr()
    theirs = tmp_path / "own_cosmosis.txt"
    shutil.copy(theirs, tmp_path / "x.1.txt")
    argv = ["convert", str(tmp_path / "x.1.txt"), "--to", "getdist", "--force"]
    assert "is the input" in refused([*argv, "--output", str(tmp_path / "x")])
    assert (tmp_path / "x.1.txt").read_text() == theirs.read_text()


def test_convert_to_each_and_plot(run, tmp_path, capsys):
    weighted = str(tmp_path / "wide")
    argv = ["reweight", run.prefix, "--config", run.config, "--output", weighted, QUIET]
    main([*argv, "--set", "nz_bandwidth=0.03"])
    capsys.readouterr()
    assert main(["convert", weighted, "--to", "arviz"]) == 0
    out, err = capsys.readouterr()
    assert "2 chains, 300 draws with weights, 4 parameters sampled, 2 derived" in out
    assert "ArviZ knows no weights: the draws are resampled" in err
    assert arviz.from_netcdf(f"{weighted}.nc").posterior["b1"].shape == (2, 150)
    assert main(["convert", weighted, "--to", "cosmosis"]) == 0
    theirs = f"{weighted}_cosmosis.txt"
    assert theirs in capsys.readouterr().out
    assert main(["convert", theirs, "--to", "cosmosis"]) == 2
    assert main(["convert", theirs, "--to", "getdist", "--output", str(tmp_path / "gd")]) == 0
    assert main(["convert", theirs, "--to", "getdist", "--output", str(tmp_path / "gd")]) == 2
    capsys.readouterr()
    means = [load_chains(p).getMeans()[:6] for p in (weighted, theirs, tmp_path / "gd")]
    np.testing.assert_allclose(means[1], means[0], rtol=1e-7)
    np.testing.assert_allclose(means[2], means[0], rtol=1e-7)
    stem = tmp_path / "both"
    argv = ["plot", weighted, theirs, "--trace", "--params", "omegam,b1", "--config", run.config]
    assert main([*argv, "--output", str(stem), QUIET]) == 0
    made = {path.name for path in tmp_path.glob("both_*.png")}
    assert made == {
        *("both_triangle.png", "both_data_vector.png", "both_chi2.png"),
        *(
            f"both_{run}_{kind}.png"
            for run in ("wide", "wide_cosmosis")
            for kind in ("trace", "rank")
        ),
    }
