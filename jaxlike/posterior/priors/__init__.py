"""Priors of one parameter: density, and the map to and from a unit normal variable.

A prior with distribution function F is carried to a unit normal u by x = F^-1(Phi(u)), with Phi
the distribution function of N(0, 1); in u every prior has the same density, which is what gradient
samplers want.  All methods work under `jit`, `grad` and `vmap`, on scalars or arrays.

`Uniform`, `Normal` and `TruncatedNormal` are closed forms, `Quantile` is any other continuous
distribution of scipy.stats; `scipy_prior` finds the right one by name.  `CorrelatedPrior` is a
Gaussian of several parameters together, `ExternalPrior` a function of them that multiplies the
others.
"""

from jaxlike.posterior.priors.by_name import scipy_prior
from jaxlike.posterior.priors.closed_form import Normal, TruncatedNormal, Uniform
from jaxlike.posterior.priors.correlated import CorrelatedPrior, correlated_gaussian
from jaxlike.posterior.priors.external import ExternalPrior
from jaxlike.posterior.priors.quantile import Quantile

Prior = Uniform | Normal | TruncatedNormal | Quantile

__all__ = [
    "CorrelatedPrior",
    "ExternalPrior",
    "Normal",
    "Prior",
    "Quantile",
    "TruncatedNormal",
    "Uniform",
    "correlated_gaussian",
    "scipy_prior",
]
