"""NUTS through a trained guide: draws of the posterior itself, whatever the guide."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import complaints, run_neutra, summarise
from jaxlike.inference.runs import drive
from jaxlike.inference.samplers import neutra, variational

pytestmark = pytest.mark.slow

pytest.importorskip("numpyro")

SHORT = {"steps": 20, "warmup": 60, "samples": 40, "chains": 2, "progress": False}


@pytest.fixture(scope="module")
def flow_run(make_gaussian):
    """A model, its chains, and the flow they went through."""
    model, fits = make_gaussian(4), []

    def fit_guide(*arguments, **options):
        fits.append(variational.fit_guide(*arguments, **options))
        return fits[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neutra, "fit_guide", fit_guide)
        # A flow that is far from trained: the draws must not depend on it.
        chains = run_neutra(
            model, guide="bnaf", steps=50, warmup=200, samples=800, seed=3, progress=False
        )
    return model, chains, fits[0].guide


@pytest.fixture(scope="module")
def run(flow_run):
    return flow_run[:2]


def test_moments_of_a_correlated_gaussian_are_recovered(run):
    model, chains = run
    mean, covariance = model.posterior
    summary = summarise(chains)
    error = np.sqrt(np.diag(covariance) / summary.ess_bulk)
    assert np.all(np.abs(summary.mean - mean) < 4.0 * error)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = (chains.draws.reshape(-1, mean.size) - mean) @ root.T
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(mean.size), atol=0.15)
    assert complaints(chains, summary) == ()


def test_densities_of_the_draws_are_the_model_s(run):
    model, chains = run
    assert chains.method == "neutra"
    x = jnp.asarray(chains.draws.reshape(-1, 4)[::50])
    for values, function in (
        (chains.log_posterior, model.log_posterior),
        (chains.log_prior, model.log_prior),
    ):
        expected = jax.jit(jax.vmap(function))(x)
        np.testing.assert_allclose(values.reshape(-1)[::50], expected, atol=1e-7)


def test_cost_counts_the_training(run):
    _, chains = run
    assert chains.trace["elbo"].shape == (50,)
    assert chains.cost.warmup_gradients > 50 * 16
    assert chains.cost.sampling_gradients >= chains.divergent.size
    assert chains.cost.cpu_s > 0


def test_walls_are_respected(make_gaussian):
    model = make_gaussian(4, walls=0.0)
    chains = run_neutra(model, **SHORT)
    assert chains.draws[..., 0].max() <= 0.0
    assert np.isfinite(chains.log_posterior).all()


@pytest.fixture(scope="module")
def interrupted(make_gaussian):
    """What a run saves that is interrupted with the draws of a short one, and at which save."""
    saved, interrupts = [], []

    def save(chains):
        saved.append(chains)
        if not interrupts and len(saved) > 1 and chains.n_draws >= SHORT["samples"]:
            interrupts.append(len(saved))
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drive, "_SAVE_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            run_neutra(make_gaussian(4), **SHORT | {"samples": 4000}, seed=5, save=save)
    return saved, *interrupts


def test_a_seed_gives_the_same_draws_again(make_gaussian, interrupted):
    first, again = run_neutra(make_gaussian(4), seed=5, **SHORT), interrupted[0][-1]
    np.testing.assert_array_equal(first.draws, again.draws[:, : first.n_draws])


def test_an_interrupt_saves_the_draws_so_far(interrupted):
    saved, when = interrupted
    assert len(saved) == when + 1
    assert {part.method for part in saved} == {"neutra"}
    assert 0 < saved[-1].n_draws < 4000


def test_an_interrupt_of_the_training_leaves_nothing_to_save(make_gaussian, interrupt):
    interrupt(after=2)
    saved = []
    with pytest.raises(KeyboardInterrupt):
        run_neutra(make_gaussian(4), **SHORT | {"steps": 10000}, save=saved.append)
    assert saved == []


def test_variables_are_carried_there_and_back(flow_run):
    model, _, guide = flow_run
    carried = neutra.Transported(model, guide)
    inverse = jax.jit(carried.to_unconstrained)
    np.testing.assert_allclose(inverse(carried.reference), 0.0, atol=1e-6)
    z = jnp.array([0.4, -1.1, 0.3, 0.7])

    @jax.jit
    def at(z):
        """x, the logarithm of the volume there, and the densities over x and z."""
        x, jacobian = carried.from_unconstrained(z), jax.jacfwd(carried.from_unconstrained)(z)
        log_volume = jnp.linalg.slogdet(jacobian)[1]
        return x, log_volume, model.log_posterior(x), carried.log_density(z)

    x, log_volume, over_x, over_z = at(z)
    np.testing.assert_allclose(inverse(x), z, atol=1e-6)
    # The density over z is that over x times the volume that z takes up there.
    other = jnp.array([-0.2, 0.5, 0.9, -0.4])
    _, other_volume, other_over_x, other_over_z = at(other)
    wanted = over_x + log_volume - other_over_x - other_volume
    assert float(over_z - other_over_z) == pytest.approx(float(wanted))


@pytest.mark.parametrize(
    ("option", "value"),
    [("guide", "flow"), ("steps", 0), ("chains", 0), ("warmup", -1), ("target_accept", 1.0)],
)
def test_options_out_of_range(make_gaussian, option, value):
    with pytest.raises(ConfigError, match=f"option {option} is .*accepted"):
        run_neutra(make_gaussian(2), **{option: value})
