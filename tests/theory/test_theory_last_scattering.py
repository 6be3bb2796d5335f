"""Last scattering and distances to it and beyond, against CAMB; slopes; where the table ends."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import camb_background

from jaxlike.theory.power.derived import NEED_RADIATION, OF_TABLES, derived_of, unmet_need
from jaxlike.theory.power.last_scattering import (
    RANGES,
    conditions,
    excess,
    scattering_redshift,
    shipped_scattering,
)
from jaxlike.theory.universe.background import comoving_distance, transverse_distance
from jaxlike.theory.universe.cosmology import Cosmology

NAMES = ("zstar", "rstar", "DAstar", "thetastar")
Z = (3.0, 1089.9, 1100.0, 5000.0, 20000.0)

# h, ombh2, omch2, mnu, how many eigenstates have it, N_eff, Omega_k, w0, wa
POINTS = {
    "Planck": (0.6736, 0.02237, 0.12, 0.06, 1, 3.044, 0.0, -1.0, 0.0),
    "massless": (0.69, 0.0218, 0.135, 0.0, 0, 3.044, 0.0, -1.0, 0.0),
    "heavy": (0.62, 0.0226, 0.118, 0.6, 3, 3.044, 0.0, -1.0, 0.0),
    "one heavy, closed": (0.56, 0.0224, 0.12, 0.5, 1, 3.044, -0.03, -1.0, 0.0),
    "open, w0-wa": (0.66, 0.0223, 0.119, 0.06, 1, 3.044, 0.02, -0.5, -1.5),
    "early dark energy": (0.66, 0.0223, 0.119, 0.06, 3, 3.044, 0.0, -0.6, 0.35),
    "few neutrinos": (0.7, 0.0215, 0.11, 0.06, 3, 2.2, 0.0, -1.0, 0.0),
    "many": (0.75, 0.0232, 0.14, 0.3, 1, 4.4, 0.0, -0.9, 0.1),
    "baryons": (0.8, 0.036, 0.06, 0.1, 3, 3.044, 0.0, -1.0, 0.0),
    "cold": (0.9, 0.012, 0.3, 0.0, 0, 3.044, 0.0, -1.0, 0.0),
}
NEAR_PLANCK = ("Planck", "massless", "heavy", "one heavy, closed", "open, w0-wa")


def universe(h, ombh2, omch2, omega_nu, n_massive, N_eff, Omega_k, w0, wa):
    return Cosmology(
        Omega_m=(ombh2 + omch2 + omega_nu) / h**2,
        Omega_b=ombh2 / h**2,
        h=h,
        n_s=0.96,
        A_s=2e-9,
        omega_nu=omega_nu if n_massive else None,
        Omega_k=Omega_k,
        w0=w0,
        wa=wa,
        N_eff=N_eff,
        neutrinos="degenerate" if n_massive == 3 else "one_massive",
    )


@partial(jax.jit, static_argnums=1)
def scales(x, n_massive):
    """Derived parameters and comoving distances to Z, radial and transverse, in Mpc."""
    h, ombh2, omch2, omega_nu, N_eff, Omega_k, w0, wa = x
    cosmo = universe(h, ombh2, omch2, omega_nu, n_massive, N_eff, Omega_k, w0, wa)
    of = derived_of(cosmo, "eisenstein_hu")
    found = jnp.stack([jnp.asarray(of(name)) for name in NAMES])
    return found, comoving_distance(cosmo, Z) / h, transverse_distance(cosmo, Z) / h


@pytest.mark.parametrize("point", POINTS)
def test_it_is_cambs(point):
    """To 2e-6 of theta* near Planck (0.01 sigma), and 2e-5 in the whole of the table."""
    h, ombh2, omch2, mnu, n_massive, N_eff, Omega_k, w0, wa = POINTS[point]
    background, omega_nu = camb_background(
        h, ombh2, omch2, mnu, Omega_k, w0, wa, n_massive=n_massive, N_eff=N_eff
    )
    theirs = background.get_derived_params()
    x = np.array([h, ombh2, omch2, omega_nu, N_eff, Omega_k, w0, wa])
    found, radial, transverse = scales(x, n_massive)
    error = 2.5e-6 if point in NEAR_PLANCK else 2e-5
    np.testing.assert_allclose(found, [theirs[name] for name in NAMES], rtol=error)
    np.testing.assert_allclose(radial, background.comoving_radial_distance(np.array(Z)), rtol=2e-5)
    D_M = background.angular_diameter_distance(np.array(Z)) * (1 + np.array(Z))
    np.testing.assert_allclose(transverse, D_M, rtol=2e-5)


def test_slopes_and_batches():
    """In everything that a universe has."""
    x = np.array([0.6736, 0.02237, 0.12, 1e-3, 3.3, 0.01, -0.8, -0.4])
    steps = np.array([1e-4, 1e-5, 1e-4, 1e-5, 1e-3, 1e-4, 1e-3, 1e-3])

    @jax.jit
    def every(X):
        value = lambda x: scales(x, 3)[0]  # noqa: E731
        return jax.vmap(value)(X), jax.jacrev(value)(X[0])

    moves = [n * np.diag(steps) for n in (-2, -1, 1, 2)]
    values, slopes = every(np.concatenate([x[None], *(x + move for move in moves)]))
    f = np.asarray(values[1:]).reshape(4, x.size, len(NAMES))
    expected = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * steps[:, None])
    scale = np.abs(expected).max(axis=0)
    np.testing.assert_allclose(slopes.T / scale, expected / scale, rtol=2e-6, atol=1e-8)
    np.testing.assert_allclose(values[0], scales(x, 3)[0], rtol=1e-12)


OUTSIDE = {
    "omega_b": {"ombh2": 0.041},
    "omega_cdm + omega_b": {"omch2": 0.8, "h": 1.0, "ombh2": 0.035},
    "omega_b / (omega_cdm + omega_b)": {"ombh2": 0.03, "omch2": 0.02},
    "N_eff": {"N_eff": 0.5},
    "ln H^2": {"w0": -0.4, "wa": 0.39},
}


@pytest.fixture(scope="module")
def with_slopes():
    """x -> whether it is held, z*, and the slopes of theta*."""

    def angle(x):
        cosmo = universe(x[0], x[1], x[2], 6.4e-4, 1, x[3], 0.0, x[4], x[5])
        of = derived_of(cosmo, "eisenstein_hu")
        held, z = scattering_redshift(cosmo)
        return of("thetastar"), (held, z)

    def safe(x):
        theta, known = angle(x)
        return jnp.where(jnp.isfinite(theta), theta, 0.0), (theta, *known)

    return jax.jit(jax.value_and_grad(safe, has_aux=True))


@pytest.mark.parametrize("case", OUTSIDE)
def test_beyond_the_table_there_is_none_and_no_slope(with_slopes, case):
    given = {"h": 0.67, "ombh2": 0.0224, "omch2": 0.12, "N_eff": 3.044, "w0": -1.0, "wa": 0.0}
    (_, (theta, held, z)), slope = with_slopes(np.array([*(given | OUTSIDE[case]).values()]))
    assert np.isnan(theta)
    assert not held
    assert np.isfinite(z)
    np.testing.assert_array_equal(slope, 0)


def test_conditions_say_what_must_hold():
    cosmo = universe(0.67, 0.05, 0.12, 6.4e-4, 1, 3.044, 0.0, -1.0, 0.0)
    held = conditions(cosmo, excess(cosmo)[0])
    assert len(held) == len(RANGES)
    assert [name for name, one in held.items() if not one] == [
        "0.0087 <= omega_b <= 0.0399 (range of z*)"
    ]


def test_the_table_says_how_well_it_does():
    table = shipped_scattering()
    assert table.metadata["held_out"]["massless"] < 5e-6
    assert max(table.metadata["held_out"].values()) < 3e-5


@pytest.mark.parametrize("name", [*NAMES, "rdrag"])
def test_it_needs_radiation(name):
    assert name in OF_TABLES
    assert name in NEED_RADIATION
    assert unmet_need(name, False) == "radiation: true"
    assert unmet_need(name, True) is None
