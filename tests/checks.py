"""Checks that several test files make of what they have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest


@contextmanager
def made_once(module: ModuleType, name: str) -> Iterator[None]:
    """A function of a module is computed once for the same arguments, arrays by their content.

    For matrices of angles and multipoles that several surveys of a file have in common.
    """
    function, made = getattr(module, name), {}

    def known(*arguments: Any, **options: Any) -> Any:
        parts = (*arguments, *sorted(options.items()))
        key = tuple(np.asarray(x).tobytes() if hasattr(x, "dtype") else x for x in parts)
        if key not in made:
            made[key] = function(*arguments, **options)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, known)
        yield


def check_slopes(values_and_slopes, centre, weight, batch):
    """Slopes at `centre`, name -> value, against differences of fourth order.

    values_and_slopes: of a function weighted by `weight`, at points (batch, n).
    """
    x = np.array(list(centre.values()))
    steps = 1e-4 * np.diag(np.abs(x))
    points = np.tile(x, (batch, 1))  # the last is x itself
    points[: 4 * x.size] += np.concatenate([n * steps for n in (-2, -1, 1, 2)])
    values, slopes = (np.asarray(found) for found in values_and_slopes(points, weight))
    f = values[: 4 * x.size].reshape(4, x.size)
    expected = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * np.diag(steps))
    for i, name in enumerate(centre):
        assert slopes[-1, i] == pytest.approx(expected[i], rel=1e-5), name


def check_slope(compute, slopes, point, name, step=1e-3):
    """The slope along one of a dictionary of numbers, of compute(point) -> (value, ...), against
    differences of fourth order."""
    values = [compute({**point, name: point[name] + s * step})[0] for s in (2, 1, -1, -2)]
    difference = (8 * (values[1] - values[2]) - (values[0] - values[3])) / (12 * step)
    assert float(slopes[name]) == pytest.approx(float(difference), rel=1e-6)


def check_chains(model, chains):
    """Chains (n, m, 3) have the model's log-posterior, log-prior and chi^2 at every 37th draw, and
    the means, widths and evidence of its `posterior`."""
    x = jnp.asarray(chains.draws.reshape(-1, 3)[::37])
    functions = model.log_posterior, model.log_prior, model.log_likelihood
    rows = jax.jit(lambda x: [jax.vmap(function)(x) for function in functions])(x)
    for values, row in zip((chains.log_posterior, chains.log_prior), rows[:2], strict=True):
        np.testing.assert_allclose(values.reshape(-1)[::37], row, atol=1e-6)
    np.testing.assert_allclose(chains.chi2.reshape(-1)[::37], -2 * rows[2], atol=1e-6)
    mean, covariance = model.posterior
    width, flat = np.sqrt(np.diag(covariance)), chains.draws.reshape(-1, 3)
    np.testing.assert_allclose((flat.mean(axis=0) - mean) / width, 0, atol=0.3)
    np.testing.assert_allclose(flat.std(axis=0) / width, 1, atol=0.25)
    if chains.evidence is not None:
        assert abs(chains.evidence.ln_z - model.ln_z) < max(4 * chains.evidence.error, 0.02)


def check_slopes_and_batches(value, likelihood, other, x, names):
    """value(likelihood, x): its slopes at x (n,) are those of differences by Richardson, a batch is
    the loop, and another likelihood of the same form has other values and compiles nothing."""
    slope = jax.jit(jax.value_and_grad(value, argnums=1))
    x = np.asarray(x)
    _, found = slope(likelihood, x)
    for i in range(len(names)):
        step = 1e-4 * np.eye(len(names))[i]
        coarse, fine = (
            (float(slope(likelihood, x + s)[0]) - float(slope(likelihood, x - s)[0])) / (2 * s[i])
            for s in (step, step / 2)
        )
        assert float(found[i]) == pytest.approx((4 * fine - coarse) / 3, rel=1e-5), names[i]
    before = slope._cache_size()
    assert float(slope(other, x)[0]) != float(slope(likelihood, x)[0])
    assert slope._cache_size() == before
    X = np.stack([x, x * 1.01])
    batch = jax.jit(jax.vmap(value, in_axes=(None, 0)))(likelihood, X)
    np.testing.assert_allclose(batch, [slope(likelihood, x)[0] for x in X], rtol=1e-10)


def camb_background(
    h: float,
    ombh2: float,
    omch2: float,
    mnu: float,
    Omega_k: float,
    w0: float,
    wa: float,
    *,
    n_massive: int,
    N_eff: float,
) -> tuple[Any, float]:
    """CAMB's background of a universe with masses alike, and its Omega_nu h^2; skips without
    CAMB."""
    camb = pytest.importorskip("camb", reason="CAMB is not installed")
    pars = camb.CAMBparams()
    pars.set_cosmology(
        H0=100 * h,
        ombh2=ombh2,
        omch2=omch2,
        mnu=mnu,
        omk=Omega_k,
        nnu=N_eff,
        num_massive_neutrinos=n_massive,
        neutrino_hierarchy="degenerate",
    )
    pars.set_dark_energy(w=w0, wa=wa, dark_energy_model="ppf")
    return camb.get_background(pars), pars.omnuh2
