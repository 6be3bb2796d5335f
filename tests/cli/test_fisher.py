"""`jaxlike fisher` from files to files, and its bad input."""

import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.data import write_two_point_fits


def covmat(prefix):
    path = prefix.with_name(prefix.name + ".covmat")
    return path.read_text().splitlines()[0].split()[1:], np.loadtxt(path)


def test_fisher_writes_what_it_prints(cl_config, tmp_path, capsys):
    prefix = tmp_path / "out" / "a"
    assert main(["fisher", cl_config.path, "--output", str(prefix)]) == 0
    out = capsys.readouterr().out
    names, covariance = covmat(prefix)
    assert names == ["omegam", "sigma8", "b1", "b2"]
    for name, error in zip(names, np.sqrt(np.diag(covariance)), strict=True):
        row = next(line for line in out.splitlines() if line.startswith(name + " "))
        assert f"+- {error:.3g}" in row
    assert "S8 " in out
    assert "Fisher matrix by the jacobian in" in out
    assert (tmp_path / "out" / "a_triangle.png").stat().st_size > 5000
    # once more only when forced
    assert main(["fisher", cl_config.path, "--output", str(prefix)]) == 2
    assert "a.covmat exists already" in capsys.readouterr().err


def test_fisher_of_some_parameters_with_the_covariance(cl_config, tmp_path, capsys):
    prefixes = [tmp_path / name for name in ("less", "more")]
    common = [
        "--fixed",
        "b1",
        "--fixed",
        "b2=1.7",
        "--at",
        "sigma8=0.75",
        "--pair",
        "omegam,sigma8",
    ]
    for prefix, more in zip(prefixes, ([], ["--f-sky", "0.1"]), strict=True):
        assert main(["fisher", cl_config.path, *common, "--output", str(prefix), *more]) == 0
    (names, less), (_, more) = map(covmat, prefixes)
    assert names == ["omegam", "sigma8"]
    assert "figure of merit (omegam, sigma8) = " in capsys.readouterr().out
    assert np.all(np.diag(more) < np.diag(less))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--parameters", "b1", "--fixed", "b1"], "'b1' is fixed and varied at once"),
        (["--fixed", "b1=2", "--at", "b1=1"], "both give 'b1' a value"),
        (["--fixed", "b1=much"], "--fixed b1='much' is not a number"),
        (["--fixed", "="], "accepted is NAME or NAME=VALUE"),
        (["--at", "b1"], "option --at is 'b1'; accepted is NAME=VALUE"),
        (["--at", "b1=9"], "'b1' = 9 is outside its prior [0.8, 3]"),
        (["--pair", "b1"], "option --pair is 'b1'; accepted is A,B"),
        (["--pair", "b1,h"], "'h' is not a parameter that varies"),
        (["--f-sky", "2"], "f_sky is 2; accepted is a fraction of the sky"),
        (["--method", "guess"], "invalid choice"),
    ],
)
def test_fisher_refuses(cl_config, tmp_path, refused, arguments, words):
    prefix = str(tmp_path / "x")
    assert words in refused(["fisher", cl_config.path, "--output", prefix, *arguments])
    assert not list(tmp_path.iterdir())


def test_f_sky_needs_edges_and_densities(cl_config, small_folder, tmp_path, capsys, cl_data):
    command = ["fisher", str(small_folder / "pipeline.ini"), "--f-sky", "0.1"]
    assert main([*command, "--output", str(tmp_path / "x")]) == 2
    assert "which a Gaussian covariance (option f_sky)" in capsys.readouterr().err
    write_two_point_fits(cl_data, tmp_path / "bare.fits")
    command = ["fisher", cl_config.path, "--f-sky", "0.1", "--data-file", f"{tmp_path}/bare.fits"]
    assert main([*command, "--output", str(tmp_path / "x")]) == 2
    assert "has no n_gal, which a Gaussian covariance" in capsys.readouterr().err
