"""Galaxy-survey two-point likelihoods with exact gradients, inside Cobaya and CosmoSIS or alone.

Parameters flow down one staircase of pure functions, and every interface is a door onto it:

    parameters -> cosmology -> background, growth -> P(k, z) -> kernels -> C_ell
               -> xi+, xi-, gamma_t, w -> likelihood -> posterior -> sampler

`jaxlike.load(config)` reads a Cobaya input or a CosmoSIS pipeline and returns the posterior: an
object of functions that work under `jax.jit`, `jax.grad` and `jax.vmap`, which `jaxlike.sample`,
`minimise`, `fisher` and `plot` take; `jaxlike.posterior([m1, m2, f], priors)` multiplies such, and
likelihoods of one's own; `jaxlike.numpyro_model` is for NumPyro. Importing the package changes no
configuration of JAX; double precision, which the theory needs, is chosen by the entry points (the
`jaxlike` command, the Cobaya and CosmoSIS components) or, in a script, by
`jax.config.update("jax_enable_x64", True)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jaxlike.errors import ConfigError, DataError, JaxlikeError, ParameterError

if TYPE_CHECKING:
    from jaxlike.config import Config, TheoryOptions, read_config
    from jaxlike.data import read_two_point, read_two_point_fits, write_sacc, write_two_point_fits
    from jaxlike.inference.numpyro_model import numpyro_model
    from jaxlike.likelihoods.two_point import Likelihood, build_likelihood
    from jaxlike.loading import load
    from jaxlike.notebook import fisher, minimise, plot, sample
    from jaxlike.posterior.model import Model

__version__ = "0.2.0"

_HOMES = {
    "Config": "jaxlike.config",
    "Likelihood": "jaxlike.likelihoods.two_point",
    "Model": "jaxlike.posterior.model",
    "TheoryOptions": "jaxlike.config",
    "build_likelihood": "jaxlike.likelihoods.two_point",
    "fisher": "jaxlike.notebook",
    "load": "jaxlike.loading",
    "minimise": "jaxlike.notebook",
    "numpyro_model": "jaxlike.inference.numpyro_model",
    "plot": "jaxlike.notebook",
    "read_config": "jaxlike.config",
    "read_two_point": "jaxlike.data",
    "read_two_point_fits": "jaxlike.data",
    "sample": "jaxlike.notebook",
    "write_sacc": "jaxlike.data",
    "write_two_point_fits": "jaxlike.data",
}

__all__ = [
    "Config",
    "ConfigError",
    "DataError",
    "JaxlikeError",
    "Likelihood",
    "Model",
    "ParameterError",
    "TheoryOptions",
    "build_likelihood",
    "fisher",
    "load",
    "minimise",
    "numpyro_model",
    "plot",
    "posterior",
    "read_config",
    "read_two_point",
    "read_two_point_fits",
    "sample",
    "write_sacc",
    "write_two_point_fits",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `import jaxlike` stays light."""
    if name == "posterior":  # a package that is a function too
        return import_module("jaxlike.posterior")
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxlike' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
