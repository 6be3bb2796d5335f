"""`jaxlike fisher`, `moped` and `survey` from files to files, and their bad input."""

from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from jaxlike.cli.main import main

CL_CONFIG = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear, radiation: false}}
likelihood:
  jaxlike.cobaya.3x2pt: {{data_file: {folder}/cl.fits, scale_cuts: none, params: {{}}}}
params:
  omegam: [0.1, 0.9, 0.3, 0.01]
  sigma8: [0.4, 1.2, 0.8, 0.01]
  H0: 70
  omegab: 0.046
  ns: 0.96
  b1: [0.8, 3.0, 1.4, 0.1]
  b2: [0.8, 3.0, 1.6, 0.1]
"""
SURVEY = {
    "survey": {
        "area": 5000,
        "sigma_e": 0.26,
        "source": {
            "density": 20,
            "smail": {"a": 2.0, "b": 1.0, "z0": 0.3},
            "edges": [0.0, 0.8, 3.0],
            "sigma_z": 0.05,
        },
        "lens": {
            "density": 3,
            "smail": {"a": 2.0, "b": 1.5, "z0": 0.5},
            "edges": [0.2, 0.5, 0.9],
            "sigma_z": 0.03,
            "bias": [1.4, 1.7],
        },
    },
    "fiducial": {
        "Omega_m": 0.3, "sigma8": 0.8, "Omega_b": 0.048, "h": 0.68, "n_s": 0.965,
        "w0": -1.0, "wa": 0.0,
    },
    "vary": ["Omega_m", "sigma8", "w0", "wa", "b"],
    "theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"},
    "ell": {"min": 30, "max": 600, "n": 6},
    "optimise": {"adjust": ["source_edges", "area"], "steps": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def cl_config(tmp_path_factory, cl_data):
    """An input of C_ell whose file has densities and shape noise."""
    from dataclasses import replace

    from jaxlike.data import write_two_point_fits

    folder = tmp_path_factory.mktemp("cl")
    lens, source = (replace(nz, n_gal=np.array([1.0, 2.0])) for nz in cl_data.nz)
    nz = (lens, replace(source, sigma_e=np.array([0.3, 0.3])))
    write_two_point_fits(replace(cl_data, nz=nz), folder / "cl.fits")
    config = folder / "cl.yaml"
    config.write_text(CL_CONFIG.format(folder=folder))
    return SimpleNamespace(folder=folder, path=str(config))


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
def test_fisher_refuses(cl_config, tmp_path, capsys, arguments, words):
    prefix = str(tmp_path / "x")
    assert main(["fisher", cl_config.path, "--output", prefix, *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_f_sky_needs_spectra_and_densities(cl_config, small_folder, tmp_path, capsys, cl_data):
    from jaxlike.data import write_two_point_fits

    command = ["fisher", str(small_folder / "pipeline.ini"), "--f-sky", "0.1"]
    assert main([*command, "--output", str(tmp_path / "x")]) == 2
    assert "f_sky is for data of C_ell, and" in capsys.readouterr().err
    write_two_point_fits(cl_data, tmp_path / "bare.fits")
    command = ["fisher", cl_config.path, "--f-sky", "0.1", "--data-file", f"{tmp_path}/bare.fits"]
    assert main([*command, "--output", str(tmp_path / "x")]) == 2
    assert "has no n_gal, which the covariance" in capsys.readouterr().err


def test_moped_compares_and_writes(cl_config, tmp_path, capsys):
    prefix = tmp_path / "m"
    assert main(["moped", cl_config.path, "--output", str(prefix)]) == 0
    out = capsys.readouterr().out
    assert "80 points to 4 numbers" in out
    difference = float(out.split("Fisher matrices differ by ")[1].split()[0])
    assert difference < 1e-8
    with np.load(f"{prefix}.npz") as file:
        assert file["names"].tolist() == ["omegam", "sigma8", "b1", "b2"]
        assert file["vectors"].shape == (80, 4)
    assert (tmp_path / "m_contours.png").stat().st_size > 5000
    bad = ["moped", cl_config.path, "--set", "compression=moped", "--output", str(prefix)]
    assert main([*bad, "--force"]) == 2
    assert "--set compression has no effect" in capsys.readouterr().err


def test_survey_prints_and_improves(tmp_path, capsys):
    path = tmp_path / "survey.yaml"
    path.write_text(yaml.safe_dump(SURVEY))
    prefix = str(tmp_path / "s")
    assert main(["survey", str(path), "--output", prefix]) == 0
    out = capsys.readouterr().out
    first, last = (
        float(part.split()[0].rstrip(",")) for part in out.split("figure of merit (w0, wa) = ")[1:]
    )
    assert last > first
    assert "d ln(FoM) / d ln of" in out
    assert "source edges 2" in out
    improved = yaml.safe_load((tmp_path / "s_improved.yaml").read_text())["survey"]
    assert set(improved) == {"area", "source", "lens"}
    assert set(improved["source"]) == {"edges", "density"}
    assert (tmp_path / "s_survey.png").stat().st_size > 5000
    names, covariance = covmat(tmp_path / "s")
    assert names == ["Omega_m", "sigma8", "w0", "wa", "b1", "b2"]
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_a_survey_that_cannot_tell(tmp_path, capsys):
    """The alignment's slope has no effect where there is no alignment."""
    path = tmp_path / "survey.yaml"
    path.write_text(yaml.safe_dump({**SURVEY, "vary": [*SURVEY["vary"], "alpha_IA"]}))
    assert main(["survey", str(path), "--output", str(tmp_path / "s")]) == 2
    assert "singular: alpha_IA has no effect on the data" in capsys.readouterr().err
