"""Matter power as somebody else might write it, found by dotted paths: good ones, and bad ones."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.theory.power import transfer
from jaxlike.theory.power.linear import ln_free_streaming
from jaxlike.theory.power.primordial import ln_amplitude_of, primordial
from jaxlike.theory.power.provider import Provider, forward_mode
from jaxlike.theory.universe import growth
from jaxlike.theory.universe.cosmology import Cosmology

_N, _START = growth._T.size, growth._T.min()
_TO_SERIES = np.linalg.inv(np.polynomial.chebyshev.chebvander(1 - 2 * growth._T / _START, _N - 1))


def cosmology(p):
    names = ("Omega_m", "Omega_b", "h", "n_s", "A_s", "omega_nu", "w0", "wa", "Omega_k")
    return Cosmology(**{name: p[name] for name in names})


def massless(p):
    return dataclasses.replace(cosmology(p), omega_nu=None)


def growth_at(cosmo, z):
    """D at redshifts that are not known beforehand."""
    x = 1 - 2 * jnp.arcsinh(-jnp.log1p(z) / growth._CROWDING) / _START
    every = [jnp.ones_like(x), x]
    for _ in range(_N - 2):
        every.append(2 * x * every[-1] - every[-2])
    series = _TO_SERIES @ growth.growth_history(cosmo)[0]
    return series @ jnp.stack(every) / (1 + z)


def _power(function, cosmo, k, z):
    at_z = growth_at(cosmo, z)
    ln_p = primordial(cosmo, k) + 2 * jnp.log(function(cosmo, k)) + 2 * jnp.log(at_z)[:, None]
    if cosmo.omega_nu is not None:
        ln_p += ln_free_streaming(cosmo, k, at_z, "eisenstein_hu", z=z)
    return jnp.exp(ln_p + ln_amplitude_of(cosmo.A_s, cosmo.Omega_m))


def eisenstein_hu(p, k, z):
    return _power(transfer.eisenstein_hu, massless(p), k, z)


def no_wiggle(p, k, z):
    return _power(transfer.eisenstein_hu_no_wiggle, massless(p), k, z)


def massive(p, k, z):
    return _power(transfer.eisenstein_hu, cosmology(p), k, z)


def enhanced(p, k, z):
    return eisenstein_hu(p, k, z) * (1 + p["Omega_m"] * k / (1 + z[:, None]))


ENHANCED = Provider(eisenstein_hu, nonlinear=enhanced)
NARROW = Provider(
    no_wiggle, k_range=(1e-3, 5.0), z_max=1.0, ranges={"Omega_m": (0.2, 0.5), "h": (0.5, 0.9)}
)


def stepped(p, k, z):
    """By a loop whose end only the run knows, as an adaptive solver's: no derivatives backwards."""
    _, factor = jax.lax.while_loop(
        lambda state: state[0] < 3.5 * p["h"],
        lambda state: (state[0] + p["h"], state[1] * (1 + p["Omega_m"] * k / 10)),
        (0 * p["h"], jnp.ones_like(k)),
    )
    return eisenstein_hu(p, k, z) * factor


def multiplied(p, k, z):
    return eisenstein_hu(p, k, z) * (1 + p["Omega_m"] * k / 10) ** 4


forwards = forward_mode(stepped)


def lifted(p, k, z):
    return 1 + p["h"] * k / (1 + z) / 10


def transposed(p, k, z):
    return eisenstein_hu(p, k, z).T


def negative(p, k, z):
    return jnp.full((z.size, k.size), jnp.nan)


def in_numpy(p, k, z):
    return np.asarray(k) * float(p["h"])


def branching(p, k, z):
    return eisenstein_hu(p, k, z) if p["wa"] == 0 else 0 * k


def steep(p, k, z):
    return eisenstein_hu(p, k, z) * (1 + jnp.sqrt(p["wa"]))


def unfinished(p, k, z):
    return p["sigma_8"] * k


of_no_parameter = Provider(eisenstein_hu, ranges={"sigma8": (0.5, 1.0)})
number = 3.0

_NARROWER = {"mnu": (0.0, 0.0), "w0": (-1.0, -1.0), "wa": (0.0, 0.0), "Omega_k": (0.0, 0.0)}
PLAIN = Provider(no_wiggle, ranges={**_NARROWER, "omega_b": (0.02, 0.024)})
ELSEWHERE = Provider(no_wiggle, ranges={"h": (0.2, 0.4)})
