"""A posterior as a model of NumPyro."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from jaxlike.inference.runs.options import check_installed
from jaxlike.inference.target import Posterior, check_posterior

UNCONSTRAINED = "u"
"""The site that is sampled: all parameters in variables in which every prior is a unit normal."""


def numpyro_model(model: Posterior) -> Callable[[], dict[str, Array]]:
    """The model of NumPyro of a posterior: a function that NUTS, SVI or another program takes.

    Args:
        model: The posterior.

    Returns:
        A function without arguments. Its site `u` (n,) has a unit normal for a prior, of which the
        parameters are functions: sites of their own names, which it also returns; the factor
        `log_likelihood` has the likelihoods and the external priors.

    Raises:
        ConfigError: Where NumPyro is not installed, and on what is no posterior.

    Example:
        >>> from numpyro.infer.util import log_density
        >>> u = model.to_unconstrained(model.reference)
        >>> value, sites = log_density(jaxlike.numpyro_model(model), (), {}, {"u": u})
        >>> sorted(sites)
        ['b1', 'log_likelihood', 'omegam', 'u']

        With `numpyro.infer.MCMC(NUTS(jaxlike.numpyro_model(model), init_strategy=start), ...)` and
        `start = init_to_value(values={"u": u})` NumPyro samples it.
    """
    check_posterior(model, "jaxlike.numpyro_model")
    check_installed("numpyro_model", numpyro="NumPyro")
    import numpyro
    from numpyro import distributions as dist

    n, names = len(model.parameters), tuple(model.parameters)

    def program() -> dict[str, Array]:
        real = jnp.result_type(float)
        u = numpyro.sample(UNCONSTRAINED, dist.Normal(jnp.zeros(n, real), 1.0).to_event(1))
        x = model.from_unconstrained(u)
        numpyro.factor("log_likelihood", model.log_density(u) + 0.5 * (u @ u))
        return {name: numpyro.deterministic(name, x[i]) for i, name in enumerate(names)}

    return program
