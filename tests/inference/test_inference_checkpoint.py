"""Runs that are stopped and resumed: the draws of the uninterrupted run, bit for bit."""

import shutil
from functools import cache

import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference.runs import checkpoint, drive
from jaxlike.inference.runs.checkpoint import Checkpoint
from jaxlike.inference.samplers import guides, laps, nested, variational
from jaxlike.inference.samplers.by_name import sampler

from .conftest import CHAINS

SHORT = {"warmup": 60, "samples": 300, "chains": 2, "seed": 4, "progress": False}


@pytest.fixture(scope="module")
def shared_functions(functions):
    """From a method to an option of its runs: functions compiled before, if it takes any.

    A run that is resumed compiles its own, as it does in a new process.
    """
    return lambda method: {"compiled": functions(method, 3, 2)} if method in CHAINS else {}


@pytest.fixture(scope="module")
def whole_run(make_movable, shared_functions):
    """A function of a method and its options: the run that nothing stopped."""
    known = {}

    def run(method, options):
        key = method, tuple(options.items())
        if key not in known:
            known[key] = sampler(method)(make_movable(3), **options, **shared_functions(method))
        return known[key]

    return run


@pytest.fixture(scope="module")
def stopped_run(make_movable, shared_functions, tmp_path_factory):
    """A function that runs a method until its second checkpoint: the file, and the draws in it."""

    @cache
    def run(method):
        path = tmp_path_factory.mktemp(method) / "run.checkpoint.npz"
        saved = []

        def save(chains):
            saved.append(chains)
            if len(saved) == 2:
                raise RuntimeError("killed")  # no chance to tidy up

        model, options = make_movable(3), {**SHORT, **shared_functions(method)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drive, "_SAVE_S", 0.0)
            with pytest.raises(RuntimeError):
                sampler(method)(model, **options, save=save, checkpoint=path)
        return path, saved[-1]

    return run


@pytest.fixture
def stopped(make_movable, stopped_run, tmp_path):
    """The same, with the model and a file of the test's own."""

    def run(method):
        path, last = stopped_run(method)
        own = shutil.copy(path, tmp_path / path.name)
        return make_movable(3), own, last

    return run


@pytest.mark.parametrize("method", ["nuts", "adjusted_mclmc", "mclmc"])
def test_a_resumed_run_equals_the_uninterrupted_one(stopped, whole_run, method):
    model, path, before = stopped(method)
    assert 0 < before.n_draws < 300
    whole = whole_run(method, SHORT)
    resumed = sampler(method)(model, **SHORT, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.draws, whole.draws)
    np.testing.assert_array_equal(resumed.log_posterior, whole.log_posterior)
    np.testing.assert_array_equal(resumed.draws[:, : before.n_draws], before.draws)
    assert resumed.cost.gradients == whole.cost.gradients


CHAIN = {"warmup": 60, "samples": 50, "chains": 2}
KILLED = [  # method, its options, and after which of its checkpoints it dies
    ("nuts", CHAIN, 1),
    ("nuts", CHAIN, 8),
    ("nuts", CHAIN, 19),
    ("hmc", CHAIN, 15),
    ("hmc", CHAIN, 30),
    ("laps", {"chains": 2, "walkers": 16, "burn_in": 30, "samples": 48}, 1),
    ("laps", {"chains": 2, "walkers": 16, "burn_in": 30, "samples": 48}, 15),
    ("svi", {"steps": 60, "samples": 50, "chains": 2}, 20),
    ("neutra", {"steps": 30, **CHAIN}, 10),
    ("neutra", {"steps": 30, **CHAIN}, 40),
    ("nested", {"live": 50}, 7),
]


@pytest.fixture(scope="module")
def saved_run(make_movable, shared_functions, tmp_path_factory):
    """A function of a method and its options: a run that saves all it can, and its folders then.

    What a death leaves after one of its checkpoints is what was there.
    """
    known = {}

    def run(method, options):
        key = method, tuple(options.items())
        if key not in known:
            known[key] = _run(method, options)
        return known[key]

    def _run(method, options):
        own = {k: v for k, v in options.items() if k not in ("seed", "progress")}
        wanted = [saves for name, asked, saves in KILLED if (name, asked) == (method, own)]
        root = tmp_path_factory.mktemp(method)
        write, written, folders = Checkpoint.save, [], {}

        def kept(checkpoint, where):
            write(checkpoint, where)
            written.append(where)
            if len(written) in wanted:
                folder = root / f"after_{len(written)}"
                folders[len(written)] = shutil.copytree(where.parent, folder)

        with pytest.MonkeyPatch.context() as patch:
            for module in (drive, laps, variational, nested):
                patch.setattr(module, "_SAVE_S", 0.0)
                if hasattr(module, "_REPORT_S"):
                    patch.setattr(module, "_REPORT_S", 0.0)
            patch.setattr(guides, "_REPORT_S", 0.0)
            patch.setattr(Checkpoint, "save", kept)
            path = root / "alive" / "run.checkpoint.npz"
            options = options | shared_functions(method)
            whole = sampler(method)(make_movable(3), **options, checkpoint=path)
        assert len(written) > max(wanted)  # so that there was more to do
        return whole, folders

    return run


_SLOW = ("svi", "neutra")  # compile much


@pytest.mark.parametrize(
    ("method", "options", "saves"),
    [pytest.param(*one, marks=[pytest.mark.slow] * (one[0] in _SLOW)) for one in KILLED],
)
def test_a_run_killed_at_any_moment_goes_on(
    make_movable, saved_run, shared_functions, tmp_path, method, options, saves
):
    if method in ("svi", "neutra"):
        pytest.importorskip("numpyro")
    model, options = make_movable(3), {**options, "seed": 4, "progress": False}
    known = shared_functions(method)
    whole, folders = saved_run(method, options)
    path = shutil.copytree(folders[saves], tmp_path / "own") / "run.checkpoint.npz"
    # compiled anew for each method of chains once, here or in the test above
    own = {} if (method, saves) == ("hmc", 30) else known
    resumed = sampler(method)(model, **options, **own, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.draws, whole.draws)
    np.testing.assert_array_equal(resumed.log_posterior, whole.log_posterior)
    assert resumed.cost.gradients == whole.cost.gradients
    assert resumed.cost.values == whole.cost.values
    other = make_movable(3, seed=2)
    with pytest.raises(ConfigError, match="is of another posterior"):
        sampler(method)(other, **options, **known, checkpoint=path, resume=True)


def test_a_finished_run_is_extended(make_movable, shared_functions, tmp_path):
    model, path = make_movable(3), tmp_path / "run.checkpoint.npz"
    first = sampler("nuts")(model, **SHORT, **shared_functions("nuts"), checkpoint=path)
    more = sampler("nuts")(model, **SHORT | {"samples": 500}, checkpoint=path, resume=True)
    assert more.n_draws == 500
    np.testing.assert_array_equal(more.draws[:, :300], first.draws)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 5}, "belongs to a run with seed = 4, not 5"),
        ({"chains": 3}, "belongs to a run with chains = 2, not 3"),
    ],
)
def test_another_run_s_checkpoint_is_refused(stopped, change, words):
    model, path, _ = stopped("nuts")
    with pytest.raises(ConfigError, match=words):
        sampler("nuts")(model, **SHORT | change, checkpoint=path, resume=True)


def test_another_method_s_checkpoint_is_refused(stopped):
    model, path, _ = stopped("nuts")
    with pytest.raises(ConfigError, match="method = nuts, not hmc"):
        sampler("hmc")(model, **SHORT, checkpoint=path, resume=True)


def test_another_posterior_s_checkpoint_is_refused(stopped, make_movable):
    _, path, _ = stopped("nuts")
    other = make_movable(3, seed=2)
    with pytest.raises(ConfigError, match="is of another posterior"):
        sampler("nuts")(other, **SHORT, checkpoint=path, resume=True)


def test_a_truncated_checkpoint_is_named(stopped):
    model, path, _ = stopped("nuts")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ConfigError, match="is damaged"):
        sampler("nuts")(model, **SHORT, checkpoint=path, resume=True)


def test_a_checkpoint_of_another_version_is_named(stopped, monkeypatch):
    model, path, _ = stopped("nuts")
    monkeypatch.setattr(checkpoint, "_version", lambda package: "0.0.1")
    with pytest.raises(ConfigError, match="belongs to a run with version of"):
        sampler("nuts")(model, **SHORT, checkpoint=path, resume=True)


def test_a_run_that_died_before_its_first_checkpoint_starts_again(
    make_movable, whole_run, tmp_path
):
    model, path = make_movable(3), tmp_path / "run.checkpoint.npz"
    short = SHORT | {"samples": 40}
    resumed = sampler("nuts")(model, **short, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.draws, whole_run("nuts", short).draws)
