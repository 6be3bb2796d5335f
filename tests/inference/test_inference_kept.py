"""What a run of chains finds of the run before: programs, and where chains begin."""

from dataclasses import dataclass

import numpy as np
import pytest

from jaxlike.inference.runs import initial_points
from jaxlike.inference.runs.beginning import kept, key_of
from jaxlike.inference.samplers.nuts import run_nuts
from jaxlike.kept import programs, store

from .conftest import Movable

SHORT = {"warmup": 20, "samples": 10, "chains": 2, "seed": 4, "progress": False}


@dataclass(frozen=True)
class Recognised(Movable):
    """A posterior that says what its functions depend on, besides its context."""

    fingerprint: str | None = "three Gaussians"


def recognised(make_gaussian, seed=1, **changes):
    model = make_gaussian(3, seed)
    return Recognised(model.mu, model.precision, **changes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where things are kept in a test."""
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def work(monkeypatch):
    """What has been compiled and searched for."""
    found = []

    def spied(module, name):
        before = getattr(module, name)

        def spy(*arguments, **more):
            found.append(name)
            return before(*arguments, **more)

        monkeypatch.setattr(module, name, spy)

    spied(programs, "_stored")
    spied(initial_points, "best_fit_from")
    return found


def test_a_second_run_compiles_nothing_and_has_the_same_draws(
    make_gaussian, folder, work, monkeypatch
):
    model = recognised(make_gaussian)
    first = run_nuts(model, **SHORT)
    assert sorted({*work}) == ["_stored", "best_fit_from"]
    assert {path.name.partition("-")[0] for path in folder.iterdir()} == {"program", "beginning"}
    assert first.cost.fit_gradients > 0
    work.clear()
    second = run_nuts(model, **SHORT)
    assert not work
    assert second.cost.fit_gradients == 0
    monkeypatch.setattr(store, "folder", lambda: None)
    without = run_nuts(model, **SHORT)
    assert work == ["best_fit_from"]  # what is not kept is not stored either
    for other in (second, without):
        np.testing.assert_array_equal(other.draws, first.draws)
        np.testing.assert_array_equal(other.log_posterior, first.log_posterior)
    work.clear()
    monkeypatch.setattr(store, "folder", lambda: folder)
    elsewhere = run_nuts(recognised(make_gaussian, seed=2), **SHORT)
    assert work == ["best_fit_from"]  # the programs are the same
    assert not np.array_equal(elsewhere.draws, first.draws)


def test_a_beginning_is_of_all_that_it_follows_from(make_gaussian, folder):
    model = recognised(make_gaussian)
    key = key_of(model, 2, 4, "reference")
    others = [
        key_of(model, 3, 4, "reference"),
        key_of(model, 2, 5, "reference"),
        key_of(model, 2, 4, "prior"),
        key_of(model, 2, 4, (0.0, 0.1, 0.2)),
        key_of(recognised(make_gaussian, seed=2), 2, 4, "reference"),
        key_of(recognised(make_gaussian, walls=3.0), 2, 4, "reference"),
        key_of(recognised(make_gaussian, start=np.ones(3)), 2, 4, "reference"),
        key_of(recognised(make_gaussian, fingerprint="another"), 2, 4, "reference"),
    ]
    assert None not in [key, *others]
    assert len({key, *others}) == 1 + len(others)
    assert key == key_of(recognised(make_gaussian), 2, 4, "reference")
    assert key_of(recognised(make_gaussian, fingerprint=None), 2, 4, "reference") is None
    assert kept(key) is None


def test_a_posterior_that_says_nothing_keeps_nothing_of_its_own(make_movable, folder, work):
    run_nuts(make_movable(3), **SHORT)
    assert work.count("_stored") == 1  # random words, which are of no posterior
    assert len(list(folder.iterdir())) == 1


def test_a_damaged_beginning_is_searched_for_again(make_gaussian, folder, work):
    model = recognised(make_gaussian)
    first = run_nuts(model, **SHORT)
    for path in folder.glob("beginning-*"):
        path.write_bytes(path.read_bytes()[:-5])
    work.clear()
    with pytest.warns(UserWarning, match="is left unused: it is damaged"):
        second = run_nuts(model, **SHORT)
    assert work == ["best_fit_from"]
    np.testing.assert_array_equal(second.draws, first.draws)
