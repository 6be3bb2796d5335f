"""`jaxlike plot`: chains, data vectors and posterior predictive checks as images."""

from pathlib import Path

import pytest

from jaxlike.cli.main import main

QUIET = "--no-progress"

BAD = [
    (["plot"], "nothing to plot; give"),
    (["plot", "--config", "{config}", "--trace"], "--trace have no effect without a PREFIX"),
    (["plot", "{absent}"], "there is no file {absent}.1.txt"),
    (["plot", "{absent}", "--set", "nz"], "--set and --residuals have no effect without"),
    (
        ["plot", "{absent}", "--config", "{config}"],
        "there is no file {absent}.1.txt; give the pref",
    ),
    (["plot", "{prefix}", "--config", "{absent}.yaml"], "'{absent}.yaml' is not a file"),
    (["plot", "{prefix}", "--residuals"], "--residuals have no effect without --config"),
    (["plot", "{prefix}", "--draws", "9"], "--draws and --no-progress have no effect without"),
    (["plot", "{prefix}", "--config", "{config}", "--draws", "0"], "option --draws is 0; accepted"),
    (["plot", "{prefix}", "--config", "{config}", "--draws", "x"], "--draws: invalid int value"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, places, tmp_path, refused):
    assert message.format(**places) in refused([a.format(**places) for a in argv])
    assert not list(tmp_path.glob("new*"))


def test_plot_checks_the_fit(run, tmp_path, capsys):
    stem = tmp_path / "plots" / "a"
    argv = ["plot", run.prefix, "--config", run.config, "--output", str(stem), QUIET]
    assert main([*argv, "--residuals", "--draws", "100"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for name in ("triangle", "data_vector", "residuals", "chi2"):
        assert f"{stem}_{name}.png" in out
        assert Path(f"{stem}_{name}.png").stat().st_size > 10_000
    assert "data.fits: posterior predictive check, 100 draws" in out
    rows = [line.split() for line in out.splitlines()[-5:]]
    assert [row[0] for row in rows] == ["xi_plus", "xi_minus", "gamma_t", "w", "all"]
    assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1]) == 72
    p_value, error = float(rows[-1][-3]), float(rows[-1][-1])
    assert 0.02 < p_value < 0.98
    assert 0.0 < error < 0.06


def test_plot_without_chains_has_no_check(run, tmp_path, capsys):
    stem = tmp_path / "b"
    assert main(["plot", "--config", run.config, "--output", str(stem), "--residuals"]) == 0
    assert capsys.readouterr().out.split() == [f"{stem}_data_vector.png", f"{stem}_residuals.png"]
