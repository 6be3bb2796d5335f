"""`jaxlike benchmark speed`: its table, and that other codes compute what the posterior sees."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.benchmarks import peers, speed
from jaxlike.benchmarks.timing import Stage, Timing, available_bytes, measure, peak_bytes
from jaxlike.cli.main import main
from jaxlike.errors import ConfigError
from jaxlike.mocks.files import write_survey_mock
from jaxlike.posterior.density import Density

pytestmark = pytest.mark.slow

INPUT = """\
theory:
  jaxlike.cobaya.Theory: {linear: eisenstein_hu, nonlinear: takahashi, radiation: false}
likelihood:
  jaxlike.cobaya.shear: {data_file: cl.fits, scale_cuts: none, nz: spline, params: {}}
params:
  omegam: {prior: {min: 0.1, max: 0.9}, ref: 0.3}
  sigma8: 0.81
  H0: 70
  omegab: 0.046
  ns: 0.96
  A_IA: 0.5
"""
MOCK = """\
seed: null
area: 2000
theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
fiducial: {Omega_m: 0.3, A_s: 2.1e-9, h: 0.7, Omega_b: 0.046, n_s: 0.96, A_IA: 0.5}
samples:
  nz_source:
    {kind: shear, z: [0, 3, 300], family: gaussian, bins: [[0.6, 0.1], [1, 0.1]], n_eff: [3, 3],
     sigma_e: 0.3}
points:
  cl: {statistic: C_ell_shear, kernels: nz_source, bands: [80, 120, 280, 320]}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """An input of nine C_ell of two bins of shear, smooth enough for any code."""
    folder = tmp_path_factory.mktemp("speed")
    (folder / "survey.yaml").write_text("title: Small\noptions: {nz: spline}\n")
    (folder / "mock.yaml").write_text(MOCK)
    write_survey_mock(str(folder), folder / "cl.fits")
    (folder / "in.yaml").write_text(INPUT)
    return folder / "in.yaml"


@pytest.fixture(scope="module")
def model(config):
    return jaxlike.load(config)


def test_a_function_is_measured():
    found = measure("square", lambda x: x @ x.T, jnp.ones((300, 300)), points=3)
    assert (found.name, found.points) == ("square", 3)
    assert 0 < found.wall_s < found.compile_s + 1
    assert found.cpu_s > 0
    assert found.operations == pytest.approx(2 * 300**3 / 3, rel=0.1)
    assert peak_bytes() > 1e7
    assert available_bytes() > 1e7


def made_up():
    timings = [
        Timing("value", 1, 2.0, 1e-3, 1e-3, 1e5, 1e6, 1e6),
        Timing("value and gradient", 1, 5.0, 3e-3, 3e-3, 2e5),
        Timing("batch of 4 values", 4, 2.0, 5e-4, 5e-4, 1e5),
        Timing("batch of 4 gradients", 4, 2.0, 1.5e-3, 1.5e-3, 1e5),
    ]
    about = dict.fromkeys(("input", "data", "device", "processor", "jax", "precision"), "x")
    size = dict.fromkeys(
        ("points", "parameters", "redshift_nodes", "multipole_nodes", "points_at_once"), 3
    )
    beside = [
        peers.PeerTiming("jaxlike", "all", 1e-3, 1e-3, 20),
        peers.PeerTiming("ccl", "some", 1.0, 0.5, 20),
    ]
    stages = [Stage("load", 1.0, 0.9, 1e9)]
    return speed.Speed(about, {**size, "node_error": 1e-3}, stages, timings, beside)


def test_the_table_and_the_numbers(tmp_path):
    found = made_up()
    lines = speed.table(found).splitlines()
    assert "gradient / value: 3.00" in lines
    (values,) = (line for line in lines if line.startswith("batch of 4 values"))
    (gradients,) = (line for line in lines if line.startswith("batch of 4 gradients"))
    assert values.split()[10] == gradients.split()[10] == "0.50"
    assert lines[-1].split()[:6] == ["ccl", "1000.00", "ms", "500.00", "ms", "500.0"]
    numbers, text = speed.write(found, tmp_path)
    content = json.loads(numbers.read_text())
    assert content["timings"][1]["cpu_s"] == 3e-3
    assert content["stages"][0]["peak_bytes"] == 1e9
    assert text.read_text().splitlines() == lines


def chi2_of_matter(density, what, parameters):
    """chi^2 of Omega_m = 0.3 +- 0.02 alone."""
    return ((parameters["Omega_m"] - 0.3) / 0.02) ** 2


def test_a_posterior_is_measured(config, monkeypatch, tmp_path, capsys):
    """Batches that would take too long are left out, and everything is in the files."""
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)
    monkeypatch.setattr(Density, "_sum", chi2_of_matter)  # which compiles in no time
    monkeypatch.setattr(speed, "MANY", (2, 10**7))
    output = ["--output", str(tmp_path / "out")]
    assert main(["benchmark", "speed", str(config), *output]) == 0
    content = json.loads((tmp_path / "out" / "speed.json").read_text())
    assert [t["name"] for t in content["timings"]] == [
        *("value", "value and gradient", "batch of 2 values", "batch of 2 gradients")
    ]
    assert content["size"]["points"] == 9
    assert content["size"]["parameters"] == 1
    assert "9 points, 1 parameters" in capsys.readouterr().out


def test_ccl_computes_the_same(model):
    """C_ell of CCL at the reference are the data vector's, but for the power spectrum's model."""
    pytest.importorskip("pyccl", reason="CCL is not installed")
    (peer,) = peers.peers_of(model, ["ccl"])
    theirs = np.stack(peer.value(0))
    ours = np.asarray(model.theory_vector(dict.fromkeys(["omegam"], 0.3))).reshape(3, 3)
    np.testing.assert_allclose(theirs, ours, rtol=5e-3)
    assert not np.array_equal(np.stack(peer.value(1000)), theirs)
    (first, second) = peers.compared([peer, peers.Peer("none", "nothing", lambda turn: turn)])
    assert first.wall_s > second.wall_s


def test_what_cannot_be_compared(model, monkeypatch):
    with pytest.raises(ConfigError, match="--vs has 'class'; accepted are ccl, jax-cosmo, camb"):
        peers.peers_of(model, ["class"])

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(peers, "import_module", absent)
    with pytest.raises(ConfigError, match="jax-cosmo is not installed: pip install jax-cosmo"):
        peers.peers_of(model, ["jax-cosmo"])
