"""SP(k): how baryons lower the power, from the baryon fraction of haloes.

Salcido et al. 2023 (arXiv:2305.09710), fits for M500c, with the fraction of Akino et al. 2022
(arXiv:2111.10080): a power law in mass and in E(z).
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.theory.universe.background import E_squared
from jaxlike.theory.universe.cosmology import Cosmology

# Polynomials in 1 + z: table 2 of Salcido et al., with the digits of the authors' code (py-SP(k)).
_FIT = {
    "alpha": (14.783423122120318, -0.999062404857228, 0.12062854541689262),
    "beta": (14.620528368613265, -0.9136466201011957, 0.10835389086945699),
    "gamma": (0.9671320682693298, -0.03185388045484575, 0.02650236152450093),
    "lambda_a": (0.019349810078190303, -0.007410668383424459, 0.0008334762393555539),
    "lambda_b": (2.9566773924238143, 0.6205340408676114, -0.001928273640110775),
    "mu_a": (0.715853343781141, -0.19276613600825665, 0.04948240117059147),
    "mu_b": (3.385355123440431, 0.9658906605139421, -0.06825861100375574),
    "mu_c": (4.457257708010122, -2.191853871334233, 0.45457701107254733),
    "nu_a": (478.86477329610375, 429.88795783439946, 249.25655627821902),
    "nu_b": (-11.227459319819815, -0.5581080204509223, 0.4489962047114509),
    "nu_c": (3.499449440557995, -0.08488559389068073, -0.0923847866118189),
}
K_MAX, Z_MAX = 12.0, 3.0
"""Where the fit ends: in h/Mpc, and in redshift; its edges go on beyond."""

_LN_PIVOT = np.log(1e14)  # M_sun


def baryon_fraction(cosmo: Cosmology, ln_mass: Array, z: Array) -> Array:
    """That of haloes of M500c = exp(ln_mass) M_sun, over Omega_b / Omega_m."""
    assert cosmo.spk_alpha is not None
    assert cosmo.spk_beta is not None
    assert cosmo.spk_gamma is not None
    ln_E = jnp.log(E_squared(cosmo, 1 / (1 + z)) / E_squared(cosmo, 1 / 1.3)) / 2
    ln_f = cosmo.spk_alpha - np.log(100) + (cosmo.spk_beta - 1) * (ln_mass - _LN_PIVOT)
    return jnp.exp(ln_f + cosmo.spk_gamma * ln_E)


def suppression(cosmo: Cosmology, k: Array, z: Array) -> Array:
    """P / P of dark matter alone (n_z, n_k) at k (n_z, n_k) in h/Mpc, z (n_z, 1); eqs. 2 to 8.

    One where the parameters of the baryon fraction are not given.
    """
    if cosmo.spk_alpha is None:
        return jnp.ones_like(k)
    k, z = jnp.minimum(k, K_MAX), jnp.minimum(z, Z_MAX)
    at = {name: c[0] + (1 + z) * (c[1] + (1 + z) * c[2]) for name, c in _FIT.items()}
    x = jnp.log10(k)
    log10_mass = at["alpha"] - (at["alpha"] - at["beta"]) * k ** at["gamma"]
    fraction = baryon_fraction(cosmo, np.log(10) * log10_mass, z)
    high = 1 + at["lambda_a"] * jnp.exp(at["lambda_b"] * x)
    low = at["mu_a"] + (1 - at["mu_a"]) / (1 + jnp.exp(at["mu_b"] * x + at["mu_c"]))
    rate = at["nu_a"] * jnp.exp(-0.5 * ((x - at["nu_b"]) / at["nu_c"]) ** 2)
    return high - (high - low) * jnp.exp(-rate * fraction)
