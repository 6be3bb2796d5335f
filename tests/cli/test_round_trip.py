"""PREFIX.updated.yaml says what was run, and runs again: in jaxlike and in Cobaya."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.cli.main import main
from jaxlike.config import read_config
from jaxlike.config.written import as_cobaya
from jaxlike.data import write_two_point_fits

CONFIG = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  small: {{class: jaxlike.cobaya.3x2pt, data_file: data.fits, scale_cuts: none, params: {{}}}}
params:
  omch2: {{prior: [0.05, 0.3], ref: {{dist: norm, loc: 0.12, scale: 0.01}}, proposal: 0.01}}
  logA: {{prior: [1.6, 3.9], ref: 3.0, drop: true, latex: '\\ln(10^{{10}} A)'}}
  As: {{value: 'lambda logA: 1e-10 * np.exp(logA)', latex: A_s}}
  H0: 70
  omegab: 0.046
  ns: 0.96
  b1: {{prior: {{dist: norm, loc: 1.4, scale: 0.1}}}}
  b2: {{value: 'lambda b1: b1 + 0.2', derived: false}}
  omegam: {{latex: '\\Omega_m'}}
  S8: {{derived: 'lambda sigma8, omegam: sigma8 * (omegam / 0.3)**0.6', latex: S}}
  twice: {{derived: 'lambda S8: 2 * S8'}}
prior:
  tie: 'lambda omch2, b1: stats.norm.logpdf(omch2 * b1, 0.17, 0.05)'
"""
DRAWS = ["--chains", "1", "--warmup", "10", "--samples", "8", "--no-progress", "--no-report"]


@pytest.fixture(scope="module")
def run(tmp_path_factory, small_data):
    """A short run of an input with all that an input may have, and its .updated.yaml."""
    folder = tmp_path_factory.mktemp("round")
    write_two_point_fits(small_data, folder / "data.fits")
    config = folder / "in.yaml"
    config.write_text(CONFIG.format())
    prefix = folder / "chains" / "run"
    assert main(["nuts", str(config), "--output", str(prefix), *DRAWS]) in (0, 1)
    updated = Path(f"{prefix}.updated.yaml")
    return SimpleNamespace(
        folder=folder,
        prefix=prefix,
        updated=updated,
        record=yaml.safe_load(updated.read_text()),
        model=jaxlike.load(config),
        columns=(Path(f"{prefix}.1.txt").read_text().splitlines()[0].split()[1:]),
        rows=np.loadtxt(f"{prefix}.1.txt"),
    )


def test_derived_parameters_of_the_input_are_recorded_as_it_defines_them(run):
    """Functions of parameters, canonical quantities, and S8 under the input's own definition."""
    assert list(run.model.derived_parameters) == ["As", "omegam", "S8", "twice", "sigma8"]
    assert run.model.derived_parameters["S8"] == "S"
    value = dict(zip(run.columns, run.rows.T, strict=True))
    assert run.columns.count("S8") == 1
    assert "b2" not in run.columns  # derived: false
    np.testing.assert_allclose(value["As"], 1e-10 * np.exp(value["logA"]), rtol=1e-8)
    np.testing.assert_allclose(value["omegam"], value["omch2"] / 0.49 + 0.046, rtol=1e-8)
    own = value["sigma8"] * (value["omegam"] / 0.3) ** 0.6
    np.testing.assert_allclose(value["S8"], own, rtol=1e-8)
    np.testing.assert_allclose(value["twice"], 2 * value["S8"], rtol=1e-8)


def test_the_record_says_what_was_run(run):
    record = run.record
    assert record["params"]["As"] == {"value": "lambda logA: 1e-10 * np.exp(logA)", "latex": "A_s"}
    assert record["params"]["logA"]["drop"] is True
    assert record["prior"]["tie"].startswith("lambda omch2, b1")
    assert record["sampler"]["jaxlike.cobaya.NUTS"]["samples"] == 8
    assert record["jaxlike"]["data"] == {"small": str(run.folder / "data.fits")}
    assert record["jaxlike"]["jaxlike_nuts"]["chains"] == 1


def test_a_mock_is_called_one(tmp_path):
    from jaxlike.cli.running import run_info
    from jaxlike.inference import Chains

    file = tmp_path / "mock.yaml"
    file.write_text(
        "likelihood: {jaxlike.cobaya.shear: {scale_cuts: des_y1}}\n"
        "params: {omegam: [0.1, 0.9], As: 2.1e-9, H0: 70, omegab: 0.05, ns: 0.96}\n"
    )
    chains = Chains((), (), (), *(np.zeros((1, 0)) for _ in range(4)))
    info = run_info(read_config(file), chains, SimpleNamespace(config=file), {})
    assert "a mock, which was computed and not measured" in str(info["jaxlike"]["data"])


def test_an_input_that_is_written_reads_as_the_same(run):
    config = run.model.config
    again = read_config(run.updated)
    assert again.outputs[: len(config.outputs)] == config.outputs
    assert [p.role for p in again.parameters] == [p.role for p in config.parameters]
    assert again.theory == config.theory
    assert again.external_priors == config.external_priors
    assert as_cobaya(again)["likelihood"] == as_cobaya(config)["likelihood"]


def test_it_runs_again_in_jaxlike(run, tmp_path):
    model = jaxlike.load(run.updated)
    value = dict(zip(run.columns, run.rows[0], strict=True))
    x = np.array([value[name] for name in model.parameters])
    assert float(model.log_posterior(x)) == pytest.approx(-value["minuslogpost"], abs=1e-6)
    found = dict(zip(model.derived_parameters, model.derived(x), strict=True))
    assert {name: float(found[name]) for name in ("S8", "As", "omegam")} == pytest.approx(
        {name: value[name] for name in ("S8", "As", "omegam")}, rel=1e-8
    )
    assert main(["nuts", str(run.updated), "--output", str(tmp_path / "again"), *DRAWS]) in (0, 1)
    again = np.loadtxt(tmp_path / "again.1.txt")
    np.testing.assert_allclose(again, run.rows, rtol=1e-6)


@pytest.mark.slow
def test_it_runs_again_in_cobaya(run, tmp_path):
    cobaya_model = pytest.importorskip("cobaya.model")
    from cobaya.run import run as cobaya_run

    info = yaml.safe_load(run.updated.read_text())
    model = cobaya_model.get_model(info)
    value = dict(zip(run.columns, run.rows[0], strict=True))
    names = list(model.parameterization.sampled_params())
    found = model.logposterior({name: value[name] for name in names}, as_dict=True)
    assert found["logpost"] == pytest.approx(-value["minuslogpost"], abs=1e-4)
    for name in ("S8", "As", "omegam", "twice"):
        assert found["derived"][name] == pytest.approx(value[name], rel=1e-5)
    _, sampler = cobaya_run({**info, "output": str(tmp_path / "again")})
    assert len(sampler.products()["sample"]) == 8
    assert "S8" in (tmp_path / "again.1.txt").read_text().splitlines()[0]
