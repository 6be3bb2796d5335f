"""Cobaya's view of anyone's likelihood: the same function, in the universe of jaxlike's theory."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import jax
import numpy as np
from cobaya.likelihood import Likelihood
from cobaya.log import LoggedError
from cobaya.typing import unset_params
from jax import Array

import jaxlike
from jaxlike.cobaya.precision import prepare_jax
from jaxlike.cobaya.products import Settings
from jaxlike.config.others import OtherConfig
from jaxlike.config.others.external import EXTERNAL, ExternalConfig
from jaxlike.errors import JaxlikeError
from jaxlike.likelihoods.common_nodes import usual_grid
from jaxlike.likelihoods.compiled import cosmology
from jaxlike.likelihoods.function import other_likelihood
from jaxlike.posterior.checked import check_number, fault
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power.derived import unmet_need


class OfUniverse(Likelihood):
    """A likelihood of jaxlike's as Cobaya's, in the universe of ``jaxlike.cobaya.Theory``."""

    # Errors that are no property of a cosmology are not to be taken for one
    stop_at_error: bool = True

    def _read(self) -> OtherConfig:
        """What the component's options ask for."""
        raise NotImplementedError

    def initialize(self) -> None:
        """Switch JAX to double precision, and read what it is and its data."""
        prepare_jax()
        params: Mapping[str, Any] = getattr(self, "params", None) or {}
        try:
            self._config = replace(self._read(), params=dict(params))
            own = self._config.parameters
            self._one = other_likelihood(self.get_name(), self._config.build(), None, own).arrays
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s", error) from error
        self._settings: Settings | None = None
        self.log.info("%s", self._config.source)

    def get_version(self) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__

    def get_can_support_params(self) -> list[str]:
        """The parameters of its own."""
        return list(self._config.parameters)

    def get_requirements(self) -> dict[str, Any]:
        """The cosmology itself from jaxlike's theory."""
        return dict.fromkeys(("jaxlike.cobaya.Theory", "jaxlike_cosmology", "jaxlike_settings"))

    def initialize_with_provider(self, provider: Any) -> None:
        """Compose the function with the models that the theory's options choose."""
        super().initialize_with_provider(provider)
        settings: Settings = provider.get_jaxlike_settings()
        if settings == self._settings:
            return
        for quantity in self._config.needs:
            if need := unmet_need(quantity, settings.radiation):
                raise LoggedError(self.log, "%s is computed with %s only", self, need)
        options = TheoryOptions(**asdict(settings))
        grid, one = usual_grid(options), self._one

        def evaluate(parameters: Mapping[str, Array]) -> Array:
            universe = grid.universe(cosmology(parameters, options))
            return jax.numpy.asarray(one.log_likelihood(parameters, universe))

        self._settings, self._evaluate = settings, jax.jit(evaluate)

    def logp(self, **params_values: Any) -> float:
        """The function's value; -inf, with the reason in the debug log, where it is not finite."""
        own = {name: params_values[name] for name in self._config.parameters}
        parameters = {**self.provider.get_jaxlike_cosmology(), **own}
        try:
            found = self._evaluate(parameters)
            check_number(found)
        except JaxlikeError as error:
            raise LoggedError(self.log, "likelihood '%s' %s", self, error) from error
        except Exception as error:  # a function written by the user may raise anything
            reason = fault(error, parameters)
            raise LoggedError(self.log, "likelihood '%s' %s", self, reason) from error
        value = float(found)
        if np.isfinite(value):
            return value
        self.log.debug("Likelihood 0, it is not finite at %r", params_values)
        return -np.inf


class external(OfUniverse):
    """
    Somebody's own likelihood: a function of parameters and of the universe of
    ``jaxlike.cobaya.Theory`` that is named by a dotted path, as in jaxlike's own commands.
    """

    function: Any
    data: Any

    def _read(self) -> OtherConfig:
        given = {"function": self.function, "data": self.data}
        given["python_path"] = getattr(self, "python_path", None)
        given = {name: value for name, value in given.items() if value is not None}
        if self.input_params is not unset_params:  # in an .updated.yaml
            given["input_params"] = list(self.input_params)
        return ExternalConfig.read(self.get_name(), EXTERNAL, given)
