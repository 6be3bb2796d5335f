"""`jaxlike reweight`: weights that are right, warned about, or refused."""

from pathlib import Path

import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.cli.main import main
from jaxlike.data import write_two_point_fits
from jaxlike.inference import read_draws
from jaxlike.mocks.making import with_vector
from jaxlike.plots.contours import load_chains

QUIET = "--no-progress"

BAD = [
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
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, places, tmp_path, refused):
    assert message.format(**places) in refused([a.format(**places) for a in argv])
    assert not list(tmp_path.glob("new*"))


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


@pytest.mark.slow
def test_re_weighted_chains_are_those_that_are_sampled(run, tmp_path, capsys):
    """To other data of the same form, whose posterior runs the same programs."""
    size = ["--chains", "2", "--warmup", "150", "--samples", "800", QUIET, "--no-report"]
    data = run.model.data
    brighter = np.concatenate(
        [m.value * (1.07 if m.statistic == "w" else 1.0) for m in data.measurements]
    )
    changed = with_vector(data, brighter, data.covariance)
    write_two_point_fits(changed, tmp_path / "changed.fits")
    other = ["--set", f"data_file={tmp_path / 'changed.fits'}"]
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
