"""Likelihoods for covariances that were estimated from simulations, and are uncertain themselves.

With n points and r simulations: Hartlap, Simon & Schneider 2007 (astro-ph/0608064, eq. 17), whose
factor (r - n - 2) / (r - 1) makes the inverse unbiased; Percival et al. 2014 (arXiv:1312.4841,
eq. 18), whose factor widens the posterior of n_parameters by what the noise of the covariance adds
to the scatter of their estimates; Sellentin & Heavens 2016 (arXiv:1511.05969, eq. 12), a
t-distribution in the place of the Gaussian; and Percival et al. 2022 (arXiv:2108.10402),
such a distribution whose credible intervals cover as often as they say.
"""

from dataclasses import dataclass
from math import lgamma, log, pi

import jax.numpy as jnp
from jax import Array

from jaxlike.errors import ConfigError
from jaxlike.registry.additions import CovarianceCorrection


@dataclass(frozen=True)
class Form:
    """How -2 ln L depends on chi^2: chi^2 itself or, with a power m, m ln(1 + chi^2 / (r - 1)).

    freedom: r - 1.
    """

    power: float | None = None
    freedom: float = 1.0

    def deviance(self, chi2: Array) -> Array:
        """-2 ln L but for a constant, from chi^2."""
        if self.power is None:
            return chi2
        return self.power * jnp.log1p(chi2 / self.freedom)

    def normalisation(self, log_det: float, n: int) -> float:
        """ln L at chi^2 = 0 for `n` points whose covariance has ln|C| = log_det."""
        if self.power is None:
            return -0.5 * (log_det + n * log(2 * pi))
        m = self.power
        return lgamma(m / 2) - lgamma((m - n) / 2) - 0.5 * (n * log(pi * self.freedom) + log_det)

    def information(self, n: int) -> float:
        """What the Fisher matrix of n points has in the place of C^-1, over C^-1 (Lange, Little &
        Taylor 1989, JASA 84, 881)."""
        if self.power is None:
            return 1.0
        return self.power / (self.power + 2) * (self.power - n) / self.freedom


GAUSSIAN = Form()


@dataclass(frozen=True)
class Correction:
    """The factor on a covariance, and the form of the likelihood with it."""

    factor: float = 1.0
    form: Form = GAUSSIAN


def correction_of(
    correction: CovarianceCorrection, n: int, r: int | None, n_parameters: int | None
) -> Correction:
    """The correction for n points, r simulations and, for Percival's, n_parameters.

    ConfigError on too few simulations, or too many parameters.
    """
    if correction == "none":
        return Correction()
    assert r is not None  # as the options have checked
    least = {"hartlap": n + 3, "sellentin_heavens": n + 1}.get(correction, n + 5)
    if r < least:
        raise ConfigError(
            f"option 'n_simulations' is {r}, but covariance_correction = {correction} of {n} points"
            f" needs {least} or more"
        )
    if correction == "sellentin_heavens":
        return Correction(form=Form(r, r - 1))
    hartlap = (r - 1) / (r - n - 2)
    if correction == "hartlap":
        return Correction(hartlap)
    assert n_parameters is not None  # as the options have checked
    if n_parameters > n:
        raise ConfigError(
            f"option 'n_parameters' is {n_parameters}, but there are {n} points: give {n} or less"
        )
    A = 2 / ((r - n - 1) * (r - n - 4))
    B = (r - n - 2) / ((r - n - 1) * (r - n - 4))
    noise = B * (n - n_parameters)
    if correction == "percival":
        return Correction(hartlap * (1 + noise) / (1 + A + B * (n_parameters + 1)))
    return Correction(form=Form(n_parameters + 2 + (r - 1 + noise) / (1 + noise), r - 1))
