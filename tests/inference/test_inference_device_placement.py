"""Where chains run, and that it does not change their draws."""

import os

import jax
import numpy as np
import pytest

from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.samplers.by_name import sampler

from .conftest import functions_of


@pytest.mark.parametrize(
    ("chains", "cores", "few", "group"),
    [(4, 2, 1, 1), (4, 2, 4, 2), (8, 2, 4, 4), (8, 8, 4, 1), (5, 2, 4, 1), (6, 2, 4, 3)],
)
def test_every_core_has_a_group(chains, cores, few, group, monkeypatch):
    if jax.devices()[0].platform != "cpu" or jax.local_device_count() > 1:
        pytest.skip("this is about one CPU device")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert Placement.of(chains, few).group == group


@pytest.fixture(scope="module")
def warm_up():
    """Number of cores -> what the methods need compiled besides a function of their own."""
    return {}


@pytest.mark.parametrize("method", ["hmc", "adjusted_mclmc", "mclmc"])
def test_chains_that_keep_pace_are_those_of_one_chain_a_group(
    method, make_movable, warm_up, monkeypatch
):
    """Rounding differs, and grows along a chain."""
    model, found = make_movable(3), {}
    options = {"chains": 4, "warmup": 25, "samples": 6, "seed": 2, "progress": False}
    for cores in (1, 4):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        compiled = functions_of(method, model, 4, warm_up.get(cores))
        warm_up[cores] = compiled
        found[cores] = sampler(method)(model, **options, compiled=compiled)
    np.testing.assert_allclose(found[1].draws, found[4].draws, rtol=1e-4, atol=1e-4)
    assert found[1].cost.gradients == found[4].cost.gradients
    assert len(np.unique(found[1].draws[:, -1, 0])) == 4
