"""Simulation-based calibration: what it finds right, and what it would find wrong."""

from dataclasses import dataclass, field, replace

import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.benchmarks import sbc
from jaxlike.errors import ConfigError
from jaxlike.plots.benchmarks import rank_figure
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal


def calibration(ranks):
    zero = np.zeros(len(ranks))
    return sbc.Calibration(("a", "b"), ranks, zero, zero.astype(int))


def test_even_ranks_and_uneven_ones(tmp_path):
    rng = np.random.default_rng(0)
    even = rng.integers(0, sbc.DRAWS + 1, 400)
    narrow = np.clip(rng.normal(32, 12, 400), 0, sbc.DRAWS).astype(int)
    found = calibration(np.column_stack([even, narrow]))
    assert found.counts.sum(axis=0).tolist() == [400, 400]
    assert found.p_values[0] > 0.01
    assert found.p_values[1] < 1e-6
    assert sbc.table(found).splitlines()[3].startswith("| b | 0.000 |")
    assert {path.name for path in sbc.write(found, tmp_path)} == {"sbc.json", "sbc.md"}
    assert rank_figure(found, tmp_path / "sbc.png").stat().st_size > 5_000


DESIGN = np.random.default_rng(3).normal(size=(5, 2))
NORMAL = Normal(0.3, 1.5)


@dataclass(frozen=True, eq=False)
class Linear:
    """Five points of unit noise whose mean is linear in two parameters.

    The likelihood is taken to a `power` that is 1 where it is right.
    """

    power: float = 1.0
    value: object = field(default_factory=lambda: np.zeros(5))
    parameters = ("a", "b")
    specs = tuple(Parameter(name, prior=NORMAL) for name in "ab")
    reference = np.zeros(2)
    external_priors = ()
    covariance = np.eye(5)

    @property
    def context(self):
        return self.value

    def in_context(self, value):
        return replace(self, value=value)

    with_context = in_context

    def params_dict(self, x):
        return x

    def theory_vector(self, x):
        return jnp.asarray(DESIGN) @ x

    def from_unconstrained(self, u):
        return NORMAL.from_unit_normal(jnp.asarray(u))

    def to_unconstrained(self, x):
        return NORMAL.to_unit_normal(jnp.asarray(x))

    def log_prior(self, x):
        return jnp.sum(NORMAL.log_density(x))

    def log_posterior(self, x):
        residual = self.value - self.theory_vector(x)
        return self.log_prior(x) - 0.5 * self.power * residual @ residual

    def log_reference(self, u):
        return -0.5 * u @ u

    def log_density(self, u):
        return self.log_posterior(self.from_unconstrained(u))


@pytest.mark.slow
def test_a_right_posterior_and_one_that_is_too_narrow(tmp_path):
    """48 mocks tell them apart; a calibration is resumed as if uninterrupted."""
    options = {"options": {"warmup": 40, "samples": 64}, "progress": False}
    path = tmp_path / "sbc.npz"
    right = sbc.calibrate(Linear(), 48, **options)
    assert right.p_values.min() > 1e-3
    assert right.r_hat.max() < 1.2
    assert sbc.calibrate(Linear(power=9.0), 48, **options).p_values.max() < 1e-6
    sbc.calibrate(Linear(), 3, **options, checkpoint=path)
    resumed = sbc.calibrate(Linear(), 6, **options, checkpoint=path, resume=True)
    np.testing.assert_array_equal(right.ranks[:6], resumed.ranks)


def test_the_best_fit_is_searched_for_from_the_truth(monkeypatch):
    """Which is a draw of the posterior itself, however narrow and bent that is."""
    starts, run = [], sbc.run_nuts
    monkeypatch.setattr(
        sbc, "run_nuts", lambda *a, start, **k: starts.append(start) or run(*a, start=start, **k)
    )
    options = {"warmup": 10, "samples": 64}
    sbc.calibrate(Linear(), 2, options=options, progress=False)
    sbc.calibrate(Linear(), 1, options=options | {"start": "prior"}, progress=False)
    simulate = sbc._simulator(Linear())
    truths = [tuple(simulate(np.random.default_rng((0, i)))[0].tolist()) for i in range(2)]
    assert starts == [*truths, "prior"]


def test_data_are_simulated_with_a_survey_s_theory_and_covariance(small_model):
    simulate, chi2 = sbc._simulator(small_model), []
    for i in range(4):
        x, data, others = simulate(np.random.default_rng(i))
        assert others == {}
        assert np.isfinite(float(small_model.log_prior(x)))
        residual = data - np.asarray(small_model.theory_vector(small_model.params_dict(x)))
        chi2.append(residual @ small_model.likelihood.precision @ residual)
    n = small_model.data.n_data
    assert sum(chi2) == pytest.approx(4 * n, abs=5 * np.sqrt(2 * 4 * n))


DISTANCES = {
    "likelihood": {
        "jaxlike.cobaya.bao": {"data": "desi_dr2.desi_bao_lrg1"},
        "jaxlike.cobaya.sn": {"data": "union3", "use_abs_mag": True},
        "bbn": {"class": "jaxlike.cobaya.cmb", "mean": {"ombh2": 0.022}, "error": {"ombh2": 0.001}},
    },
    "params": {
        "omegam": {"prior": [0.2, 0.4], "ref": 0.3},
        "ombh2": {"prior": [0.018, 0.026], "ref": 0.022},
        "Mb": {"prior": [-0.2, 0.2], "ref": 0.0},
        **{"H0": 70, "ns": 0.965, "As": 2.1e-9},
    },
}


def test_other_data_are_drawn_too():
    """chi^2 at the truth is that of as many unit normals as there are numbers."""
    model, chi2s = jaxlike.load(DISTANCES), []
    simulate = sbc._simulator(model)
    for i in range(200):
        x, data, drawn = simulate(np.random.default_rng(i))
        assert data.size == 0
        chi2s.append(model.with_others(drawn).chi2s(x))
    assert drawn.keys() == model.parts.keys()
    for name, size in zip(DISTANCES["likelihood"], (2, 22, 1), strict=True):
        rest = float(drawn[name].rest) if name.endswith("sn") else 0.0  # which is no variable
        mean = np.mean([float(one[name]) for one in chi2s]) - rest
        assert drawn[name].n_noise == size
        assert mean == pytest.approx(size, abs=5 * np.sqrt(2 * size / 200)), name


def test_data_that_cannot_be_drawn_are_said_so():
    def mine(parameters, universe):
        return -0.5 * (universe.cosmo.Omega_m - 0.3) ** 2

    model = jaxlike.load(DISTANCES).with_likelihood("mine", mine)
    with pytest.raises(ConfigError, match="draws data, but likelihood 'mine' cannot: leave it out"):
        sbc.calibrate(model, 1, progress=False)
