"""The command line: its errors, its exit statuses, and NUTS from config to chain files."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.cli.main import main
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal, Uniform

NO_GPU = not any(d.platform == "gpu" for d in jax.devices())


class Model:
    """Two parameters, one with a flat prior; a Gaussian likelihood."""

    specs = (
        Parameter("omegam", prior=Uniform(0.1, 0.9), latex=r"\Omega_\mathrm{m}"),
        Parameter("DES_AIA", prior=Normal(0.0, 1.0), latex=r"A_\mathrm{IA}"),
    )
    parameters = ("omegam", "DES_AIA")
    reference = np.array([0.4, 0.1])
    data = SimpleNamespace(n_data=7, source="fake.fits")
    likelihood = SimpleNamespace(vectors=None, n_points=7)
    external_priors = ()
    derived_parameters = {"twice": r"2\Omega_\mathrm{m}"}  # noqa: RUF012

    def derived(self, x):
        return 2 * x[:1]

    def __init__(self, config):
        self.config = config

    def from_unconstrained(self, u):
        return jnp.stack([s.prior.from_unit_normal(u[i]) for i, s in enumerate(self.specs)])

    def to_unconstrained(self, x):
        return jnp.stack([s.prior.to_unit_normal(x[i]) for i, s in enumerate(self.specs)])

    def log_prior(self, x):
        return sum(s.prior.log_density(x[i]) for i, s in enumerate(self.specs))

    def log_priors(self, x):
        return self.log_prior(x)[None]

    def log_likelihood(self, x):
        return -0.5 * ((x[0] - 0.3) ** 2 / 0.05**2 + (x[1] - x[0]) ** 2 / 0.3**2)

    def log_posterior(self, x):
        return self.log_prior(x) + self.log_likelihood(x)

    def log_density(self, u):
        return self.log_likelihood(self.from_unconstrained(u)) + self.log_reference(u)

    def log_reference(self, u):
        return -0.5 * u @ u


@pytest.fixture
def fake_model(monkeypatch, tmp_path):
    """A config file whose model is `Model`."""
    path = tmp_path / "fake.yaml"
    path.write_text(
        "likelihood:\n  jaxlike.cobaya.shear:\n"
        "params:\n  omegam: {prior: {min: 0.1, max: 0.9}}\n"
        "  DES_AIA: {prior: {dist: norm, loc: 0, scale: 1}}\n"
        "  As: 2.1e-9\n  H0: 70\n  omegab: 0.05\n  ns: 0.96\n"
    )
    from jaxlike.config import read_config

    monkeypatch.setattr(jaxlike, "load", lambda p, **o: Model(read_config(p, **o)), raising=False)
    return str(path)


BAD = [
    ([], "required: COMMAND"),
    (["explore"], "invalid choice: 'explore' (choose from"),
    (["nuts"], "required: CONFIG"),
    (["nuts", "absent.yaml"], "'absent.yaml' is not a file"),
    (["nuts", "{tmp}/notes.txt"], "accepted are .yaml, .yml, .ini"),
    (["nuts", "{config}", "--sampels", "3"], "unrecognized arguments: --sampels"),
    (["nuts", "{config}", "--chains", "many"], "--chains: invalid int value: 'many'"),
    (["nuts", "{config}", "--chains", "0"], "option chains is 0; accepted are"),
    (["nuts", "{config}", "--target-accept", "2"], "option target_accept is 2.0; accepted are"),
    (["nuts", "{config}", "--set", "nz"], "option --set is 'nz'; accepted is OPTION=VALUE"),
    (["nuts", "{config}", "--set", "nzz=kde"], "unknown keyword 'nzz'; accepted are"),
    (["nuts", "{config}", "--set", "nz=spline"], "option 'nz' is 'spline'; accepted are"),
    (["nuts", "{config}", "--device", "tpu"], "invalid choice: 'tpu' (choose from"),
    (["nuts", "{config}", "--output", "{tmp}"], "is a folder; accepted is a prefix"),
    (["nuts", "{config}", "--output", "{config}/a"], "is not a folder that can be written to"),
    (["sample", "{config}", "--method", "gibbs"], "option --method is 'gibbs'; accepted are nuts,"),
    (["sample", "{config}", "--option", "seed"], "option --option is 'seed'; accepted is"),
    (["sample", "{config}", "--option", "guide=x"], "option guide has no effect with method nuts"),
    (
        ["sample", "{config}", "--method", "mh", "--option", "steps=3"],
        "option steps is 3; accepted",
    ),
    (["nuts", "{config}", "--resume", "--force"], "--resume and --force contradict each other"),
    (["benchmark", "{config}", "--force"], "option --force has no effect without ess"),
    (["minimise"], "required: CONFIG"),
    (["minimise", "{config}", "--starts", "0"], "option --starts is 0; accepted is"),
    (["minimise", "{config}", "--output", "{tmp}"], "is a folder; accepted is a prefix"),
    (["plot"], "nothing to plot; give"),
    (["plot", "--config", "{config}", "--trace"], "--trace have no effect without a PREFIX"),
    (["plot", "{tmp}/absent"], "there is no file {tmp}/absent.1.txt"),
    (["plot", "{tmp}/absent", "--set", "nz"], "--set and --residuals have no effect without"),
    (["data"], "required: COMMAND"),
    (["data", "get", "des_y9"], "there is no data set 'des_y9'; accepted are des_y1"),
    (["data", "get", "des_y1", "--from", "absent.fits"], "absent.fits: cannot be read"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, fake_model, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("")
    fill = {"tmp": tmp_path, "config": fake_model}
    assert main([a.format(**fill) for a in argv]) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    # Only what NUTS itself refuses comes after the line about the model.
    assert len(out.splitlines()) <= 1
    assert len(lines) == 1
    assert lines[0].startswith("jaxlike: error: ")
    assert message.format(**fill) in lines[0]


@pytest.mark.skipif(not NO_GPU, reason="JAX sees a GPU")
@pytest.mark.parametrize("command", [["info"], ["nuts", "a.yaml"], ["data", "get", "des_y1"]])
def test_a_gpu_that_is_not_there(command, capsys):
    assert main([*command, "--device", "gpu"]) == 2
    assert "JAX sees no GPU, only cpu; take --device cpu" in capsys.readouterr().err


def test_info_names_versions_devices_and_precision(capsys):
    assert main(["info", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    for word in ("jaxlike", jax.__version__, "devices", "cpu:0", "float64"):
        assert word in out


def run_nuts(config, prefix, *more):
    size = ["--chains", "2", "--warmup", "100", "--samples", "400", "--no-progress"]
    return main(["nuts", config, "--output", str(prefix), *size, *more])


def test_nuts_writes_chains_and_refuses_to_overwrite_them(fake_model, tmp_path, capsys):
    prefix = tmp_path / "chains" / "run"
    assert run_nuts(fake_model, prefix) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "2 parameters, 7 points of fake.fits" in out
    assert "omegam" in out
    assert str(prefix) + ".2.txt" in out
    first = Path(f"{prefix}.1.txt").read_text()

    assert run_nuts(fake_model, prefix, "--seed", "1") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "exists already" in err
    assert Path(f"{prefix}.1.txt").read_text() == first

    assert run_nuts(fake_model, prefix, "--seed", "1", "--force") == 0
    assert Path(f"{prefix}.1.txt").read_text() != first
    recorded = yaml.safe_load(Path(f"{prefix}.updated.yaml").read_text())["jaxlike"]
    assert (recorded["seed"], recorded["warmup"]) == (1, 100)

    from jaxlike.plots.contours import load_chains

    samples = load_chains(prefix)
    assert samples.getMeans()[0] == pytest.approx(0.3, abs=0.02)
    assert main(["plot", str(prefix)]) == 0
    assert Path(f"{prefix}_triangle.png").stat().st_size > 10_000
    assert main(["plot", str(prefix), "--params", "omegam,S8"]) == 2
    assert "parameter 'S8' is not in the chains" in capsys.readouterr().err


def test_minimise_writes_and_refuses_to_overwrite(fake_model, tmp_path, capsys):
    prefix = tmp_path / "best" / "run"
    command = ["minimise", fake_model, "--output", str(prefix), "--no-plot"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "4 of 4 starts end there" in out
    assert "omegam" in Path(f"{prefix}.minimum").read_text()
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0


@pytest.mark.parametrize(
    ("method", "more"), [("adjusted_mclmc", []), ("mh", ["--option", "steps=500"])]
)
def test_sample_writes_chains_of_any_method(fake_model, tmp_path, capsys, method, more):
    prefix = tmp_path / "run"
    argv = ["sample", fake_model, "--method", method, "--output", str(prefix)]
    argv += ["--samples", "400", "--chains", "2", "--no-progress", *more]
    assert main(argv) in (0, 1)
    text = (tmp_path / "run.updated.yaml").read_text()
    assert f"jaxlike_{method}:" in text
    assert yaml.safe_load(text)["jaxlike"]["samples"] == 400
    assert len((tmp_path / "run.2.txt").read_text().splitlines()) == 401
    assert "R-hat" in capsys.readouterr().out
    assert main(argv) == 2
    assert "exists already" in capsys.readouterr().err


def test_few_draws_are_warned_about_with_status_1(fake_model, tmp_path, capsys):
    assert run_nuts(fake_model, tmp_path / "run", "--samples", "20") == 1
    assert "jaxlike: warning: bulk ESS" in capsys.readouterr().err


def test_nuts_goes_on_from_its_checkpoint(fake_model, tmp_path, capsys):
    prefix = tmp_path / "run"
    assert run_nuts(fake_model, prefix, "--samples", "200") in (0, 1)
    assert run_nuts(fake_model, prefix, "--resume") in (0, 1)
    resumed = (tmp_path / "run.1.txt").read_text()
    assert run_nuts(fake_model, tmp_path / "whole") in (0, 1)
    assert resumed == (tmp_path / "whole.1.txt").read_text()
    assert run_nuts(fake_model, prefix, "--resume", "--seed", "9") == 2
    assert "belongs to a run with seed = 0, not 9" in capsys.readouterr().err


def test_resuming_what_was_never_begun_begins_it_and_overwrites_nothing(
    fake_model, tmp_path, capsys
):
    prefix = tmp_path / "run"
    assert run_nuts(fake_model, prefix, "--resume", "--samples", "200") in (0, 1)
    assert "to go on from: the run starts" in capsys.readouterr().err
    before = (tmp_path / "run.1.txt").read_text()
    (tmp_path / "run.checkpoint.npz").unlink()
    assert run_nuts(fake_model, prefix, "--resume", "--seed", "3") == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "run.1.txt").read_text() == before


def test_the_default_prefix_comes_from_the_config(fake_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_nuts(fake_model, "", "--samples", "20")
    assert Path("chains/fake_nuts.1.txt").is_file()


@pytest.fixture
def obeys_ctrl_c():
    """Ctrl-C interrupts even tests that run in the background, where a shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("obeys_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_says_what_was_kept(fake_model, tmp_path, capsys, monkeypatch, number):
    from jaxlike.inference.runs import drive

    monkeypatch.setattr(drive, "_SAVE_S", 0.0)
    prefix = tmp_path / "run"
    written = Path(f"{prefix}.1.txt")

    def interrupt():
        while not written.exists():
            threading.Event().wait(0.05)
        signal.raise_signal(number)
        if not stopped.wait(10):  # a callback from C may swallow an exception
            signal.raise_signal(number)

    stopped = threading.Event()
    stopper = threading.Thread(target=interrupt)
    stopper.start()
    status = run_nuts(fake_model, prefix, "--samples", "1000000")
    stopped.set()
    stopper.join()
    assert status == 130
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("jaxlike: interrupted; ")
    kept = int(message.split()[2])
    assert f"of 1000000 draws of each chain are in {written}" in message
    assert np.loadtxt(written, ndmin=2).shape[0] == kept > 0


def test_help_is_quick_because_it_imports_nothing_heavy():
    code = (
        "import sys; from jaxlike.cli.main import main\n"
        "try: main(['nuts', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'jax', 'numpy', 'matplotlib', 'blackjax', 'astropy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "--max-tree-depth" in run.stdout
