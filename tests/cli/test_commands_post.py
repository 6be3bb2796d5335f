"""`jaxlike plot`, `reweight` and `convert` from files to files, on a survey made from its model."""

from pathlib import Path
from types import SimpleNamespace

import arviz
import jax
import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.cli.main import main
from jaxlike.data import write_two_point_fits
from jaxlike.inference import read_draws, with_derived, write_chains
from jaxlike.inference.runs.parameter_space import chains_of
from jaxlike.mocks.des_y1 import with_vector
from jaxlike.plots.contours import load_chains

CONFIG = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.3x2pt: {{data_file: {folder}/data.fits, scale_cuts: none, params: {{}}}}
params:
  omegam: [0.1, 0.9, 0.3, 0.01]
  As: [5.0e-10, 5.0e-9, 2.1e-9, 1.0e-11]
  H0: 70
  omegab: 0.046
  ns: 0.96
  b1: [0.8, 3.0, 1.4, 0.1]
  b2: [0.8, 3.0, 1.6, 0.1]
"""
QUIET = "--no-progress"


@pytest.fixture(scope="module")
def run(tmp_path_factory, small_data):
    """A config, and chains of draws near its posterior with their exact densities."""
    folder = tmp_path_factory.mktemp("post")
    config = folder / "small.yaml"
    config.write_text(CONFIG.format(folder=folder))
    write_two_point_fits(small_data, folder / "data.fits")
    model = jaxlike.load(config)
    rng = np.random.default_rng(0)
    theory = np.asarray(model.theory_vector(model.params_dict(model.reference)))
    noise = np.linalg.cholesky(small_data.covariance) @ rng.standard_normal(theory.size)
    simulated = with_vector(small_data, theory + noise, small_data.covariance)
    write_two_point_fits(simulated, folder / "data.fits", overwrite=True)
    model = jaxlike.load(config)
    scale = np.array([0.1, 1e-9, 1.0, 1.0])
    derivatives = jax.jacfwd(lambda x: model.theory_vector(model.params_dict(x)))(model.reference)
    scaled = np.asarray(derivatives) * scale
    fisher = scaled.T @ np.linalg.solve(small_data.covariance, scaled)
    best = model.reference + scale * np.linalg.solve(
        fisher, scaled.T @ np.linalg.solve(small_data.covariance, noise)
    )
    spread = scale[:, None] * np.linalg.cholesky(np.linalg.inv(fisher))
    draws = best + rng.standard_normal((2, 150, 4)) @ spread.T
    flat = draws.reshape(-1, 4)
    log_prior = np.full((2, 150), float(model.log_prior(model.reference)))
    chains = chains_of(
        model,
        draws=draws,
        log_posterior=np.asarray(model.log_posterior_batch(flat)).reshape(2, 150),
        log_prior=log_prior,
    )
    prefix = folder / "chains" / "run"
    write_chains(with_derived(model, chains), prefix)
    return SimpleNamespace(folder=folder, config=str(config), prefix=str(prefix), model=model)


BAD = [
    (
        ["plot", "{absent}", "--config", "{config}"],
        "there is no file {absent}.1.txt; give the pref",
    ),
    (["plot", "{prefix}", "--config", "{absent}.yaml"], "'{absent}.yaml' is not a file"),
    (["plot", "{prefix}", "--residuals"], "--residuals have no effect without --config"),
    (["plot", "{prefix}", "--draws", "9"], "--draws and --no-progress have no effect without"),
    (["plot", "{prefix}", "--config", "{config}", "--draws", "0"], "option --draws is 0; accepted"),
    (["plot", "{prefix}", "--config", "{config}", "--draws", "x"], "--draws: invalid int value"),
    (["reweight", "{prefix}", "--config", "{config}"], "required: --output"),
    (["reweight", "{prefix}", "--output", "{new}"], "required: --config"),
    (["reweight", "{absent}", "--config", "{config}", "--output", "{new}"], "there is no file"),
    (["reweight", "{prefix}", "--config", "{prefix}", "--output", "{new}"], "accepted are .yaml"),
    (
        ["reweight", "{prefix}", "--config", "{config}", "--output", "{prefix}", "--force"],
        "output '{prefix}' is the chains themselves; give another",
    ),
    (
        ["reweight", "{prefix}", "--config", "{config}", "--output", "{taken}"],
        "{taken}.1.txt exists already; give another --output, or --force",
    ),
    (
        ["reweight", "{prefix}", "--config", "{config}", "--output", "{new}", "--set", "nz=x"],
        "option 'nz' is 'x'; accepted are kde, histogram",
    ),
    (
        ["reweight", "{prefix}", "--config", "{fixed}", "--output", "{new}"],
        "parameter 'b2' of the chains is not sampled by the configuration, and weights cannot",
    ),
    (
        ["reweight", "{prefix}", "--config", "{freed}", "--output", "{new}"],
        "parameter 'ns' of the configuration is not sampled by the chains; they sample omegam, As",
    ),
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
def test_wrong_input_is_one_line_and_status_2(argv, message, run, tmp_path, capsys):
    text = Path(run.config).read_text()
    (tmp_path / "fixed.yaml").write_text(text.replace("b2: [0.8, 3.0, 1.6, 0.1]", "b2: 1.6"))
    (tmp_path / "freed.yaml").write_text(text.replace("ns: 0.96", "ns: [0.9, 1.0]"))
    (tmp_path / "taken.1.txt").write_text("")
    names = ("absent", "new", "taken")
    fill = {name: str(tmp_path / name) for name in names} | {
        "config": run.config,
        "prefix": run.prefix,
        "folder": run.folder,
        "fixed": tmp_path / "fixed.yaml",
        "freed": tmp_path / "freed.yaml",
    }
    assert main([a.format(**fill) for a in argv]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("jaxlike: error: ")
    assert message.format(**fill) in lines[0]
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


def test_the_same_config_gives_equal_weights(run, tmp_path, capsys):
    new = str(tmp_path / "same")
    argv = ["reweight", run.prefix, "--config", run.config, "--output", new, QUIET]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "small.yaml: 4 parameters, 72 points of" in out
    assert "300.0 of 300 draws (100.0 %), by Kish" in out
    assert "all weights are as good as equal" in out
    before, after = read_draws(run.prefix), read_draws(new)
    np.testing.assert_array_equal(after.weights, 1.0)
    np.testing.assert_allclose(after.values, before.values, rtol=1e-9)
    np.testing.assert_allclose(after.log_posterior, before.log_posterior, rtol=1e-7)
    assert after.names == (*run.model.parameters, "sigma8", "S8")
    assert main(argv) == 2
    assert main([*argv, "--force"]) == 0


def test_another_n_of_z(run, tmp_path, capsys):
    new = str(tmp_path / "wide")
    argv = ["reweight", run.prefix, "--config", run.config, "--output", new, QUIET]
    status = main([*argv, "--set", "nz_bandwidth=0.05"])
    out, err = capsys.readouterr()
    assert status == (1 if err else 0)
    record = yaml.safe_load(Path(f"{new}.updated.yaml").read_text())
    assert record["likelihood"]["jaxlike.cobaya.3x2pt"]["nz_bandwidth"] == 0.05
    assert record["jaxlike"]["reweighted"] == run.prefix
    assert f"ESS        {record['jaxlike']['ess']:.1f} of 300 draws" in out
    other = jaxlike.load(run.config, nz_bandwidth=0.05)
    before, after = read_draws(run.prefix), read_draws(new)
    np.testing.assert_allclose(
        after.log_posterior[:9], other.log_posterior_batch(after.columns(other.parameters)[:9])
    )
    # below the smoothed tail they are the ratios themselves, up to their mean
    ratio = np.exp(after.log_posterior - before.log_posterior)
    small = ratio < np.median(ratio)
    factor = after.weights[small] / ratio[small]
    np.testing.assert_allclose(factor, factor[0], rtol=1e-4)
    samples = load_chains(new)
    expected = np.average(after.values[:, 0], weights=after.weights)
    assert samples.getMeans()[0] == pytest.approx(expected, rel=1e-6)


def test_a_config_far_away_ends_with_status_1(run, tmp_path, capsys):
    new = str(tmp_path / "far")
    argv = ["reweight", run.prefix, "--config", run.config, "--output", new, QUIET]
    assert main([*argv, "--set", "nonlinear=takahashi"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("jaxlike: warning: ") for line in lines)
    assert "below 100: few draws carry all the weight" in lines[-1]
    assert Path(f"{new}.1.txt").is_file()


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


@pytest.mark.slow
def test_re_weighted_chains_are_those_that_are_sampled(run, tmp_path, capsys):
    size = ["--chains", "2", "--warmup", "200", "--samples", "1000", QUIET]
    other = ["--set", "nz_bandwidth=0.02"]
    first, direct, new = (str(tmp_path / name) for name in ("first", "direct", "new"))
    assert main(["nuts", run.config, "--output", first, *size]) == 0
    assert main(["nuts", run.config, "--output", direct, *size, *other]) == 0
    assert main(["reweight", first, "--config", run.config, "--output", new, QUIET, *other]) == 0
    old, sampled, weighted = (load_chains(prefix) for prefix in (first, direct, new))
    for name in run.model.parameters:
        std = sampled.std(name)
        shift = (sampled.mean(name) - old.mean(name)) / std
        print(
            f"{name}: {shift:+.2f} sigma, {(weighted.mean(name) - sampled.mean(name)) / std:+.2f}"
        )
        assert weighted.mean(name) == pytest.approx(sampled.mean(name), abs=0.2 * std)
        assert weighted.std(name) == pytest.approx(std, rel=0.15)
    assert (
        max(abs(sampled.mean(n) - old.mean(n)) / sampled.std(n) for n in run.model.parameters) > 0.5
    ), "the comparison tells nothing"
