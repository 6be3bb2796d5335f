"""`jaxlike survey`: a design, its forecast and a better one."""

import numpy as np
import yaml

from jaxlike.cli.main import main

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
    text = (tmp_path / "s.covmat").read_text()
    names, covariance = text.splitlines()[0].split()[1:], np.loadtxt(tmp_path / "s.covmat")
    assert names == ["Omega_m", "sigma8", "w0", "wa", "b1", "b2"]
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_a_survey_that_cannot_tell(tmp_path, capsys):
    """The alignment's slope has no effect where there is no alignment."""
    path = tmp_path / "survey.yaml"
    path.write_text(yaml.safe_dump({**SURVEY, "vary": [*SURVEY["vary"], "alpha_IA"]}))
    assert main(["survey", str(path), "--output", str(tmp_path / "s")]) == 2
    assert "singular: alpha_IA has no effect on the data" in capsys.readouterr().err
