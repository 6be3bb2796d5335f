"""`jaxlike plot`: chains, data vectors and posterior predictive checks as images."""

from pathlib import Path

import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.plots.contours import load_chains
from jaxlike.plots.hidden import hidden

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
    (["plot", "--config", "{config}", "--priors"], "--priors have no effect without a PREFIX"),
    (["plot", "{prefix}", "--names", "a,b"], "option --names has 2 names for 1 chains; give one"),
    (["plot", "{prefix}", "--compare", "a"], "option --compare is 'a'; accepted is NAME=PREFIX"),
    (["plot", "{prefix}", "--compare", "a={absent}"], "there is no file {absent}.1.txt"),
    (["plot", "{prefix}", "--truth", "omegam"], "option --truth is 'omegam'; accepted is NAME=N"),
    (["plot", "{prefix}", "--truth", "w=-1"], "parameter 'w' is not in the chains; accepted are"),
    (["plot", "{prefix}", "--hide", "--trace"], "--hide hides what --trace shows: leave out one"),
    (["plot", "{prefix}", "--hide", "--truth", "omegam=0.3"], "--hide hides what --truth shows"),
    (["plot", "--config", "{config}", "--hide"], "--hide have no effect without a PREFIX"),
    (["plot", "{prefix}", "--format", "gif"], "invalid choice: 'gif' (choose from"),
    (["plot", "{prefix}", "--residuals"], "--residuals have no effect without --config"),
    (["plot", "{prefix}", "--draws", "9"], "--draws and --no-progress have no effect without"),
    (["plot", "{prefix}", "--config", "{config}", "--draws", "0"], "option --draws is 0; accepted"),
    (["plot", "{prefix}", "--config", "{config}", "--draws", "x"], "--draws: invalid int value"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, places, tmp_path, refused):
    assert message.format(**places) in refused([a.format(**places) for a in argv])
    assert not list(tmp_path.glob("new*"))


def test_plots_that_hide_values(run, tmp_path, capsys):
    """Means of the first chains are 0; widths, limits and what other chains differ by stay."""
    first, second = load_chains(run.prefix), load_chains(run.prefix)
    second.samples = second.samples + 0.25
    second.updateBaseStatistics()
    one, other = hidden([first, second])
    np.testing.assert_allclose(one.getMeans(), 0, atol=1e-12)
    np.testing.assert_allclose(other.getMeans(), 0.25, rtol=1e-9)
    np.testing.assert_allclose(one.std("omegam"), first.std("omegam"), rtol=1e-9)
    low = first.ranges.getLower("omegam") - first.mean("omegam")
    assert one.ranges.getLower("omegam") == pytest.approx(low)
    assert one.paramNames.parWithName("omegam").label == r"\Delta \Omega_\mathrm{m}"
    stem = str(tmp_path / "secret")
    assert main(["plot", run.prefix, "--hide", "--params", "omegam,As", "--output", stem]) == 0
    assert Path(f"{stem}_triangle.png").stat().st_size > 10_000


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


def test_a_triangle_with_names_priors_and_truth(run, tmp_path, capsys, monkeypatch):
    from getdist import plots

    monkeypatch.setattr(plots.plt, "close", lambda _: None)
    stem = tmp_path / "c"
    argv = ["plot", run.prefix, "--names", "ours", "--compare", f"published one={run.prefix}"]
    argv += ["--truth", "omegam=0.31", "--priors", "--config", run.config, "--draws", "50", QUIET]
    argv += ["--params", "omegam,b1", "--format", "pdf", "--output", str(stem)]
    assert main(argv) == 0
    figure = plots.plt.gcf()
    monkeypatch.undo()
    assert f"{stem}_triangle.pdf" in capsys.readouterr().out
    for name in ("triangle", "data_vector", "chi2"):
        assert Path(f"{stem}_{name}.pdf").read_bytes().startswith(b"%PDF")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "published one"]
    lines = [line for ax in figure.axes for line in ax.lines]
    assert any(set(line.get_xdata()) == {0.31} for line in lines)
    # flat priors under densities whose highest value is 1
    heights = []
    for name, width in (("omegam", 0.8), ("b1", 2.2)):
        density = load_chains(run.prefix).get1DDensity(name)
        heights.append(np.trapezoid(density.P, density.x) / density.P.max() / width)
    drawn = [line.get_ydata() for line in lines if len(line.get_xdata()) == 200]
    np.testing.assert_allclose(sorted(map(np.max, drawn)), sorted(heights), rtol=1e-3)
    assert all(np.ptp(one) == 0 for one in drawn)
    plots.plt.close(figure)


def test_plot_without_chains_has_no_check(run, tmp_path, capsys):
    stem = tmp_path / "b"
    assert main(["plot", "--config", run.config, "--output", str(stem), "--residuals"]) == 0
    assert capsys.readouterr().out.split() == [f"{stem}_data_vector.png", f"{stem}_residuals.png"]
