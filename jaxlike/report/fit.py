"""How well a model fits its data: theory at draws of the posterior, bands, replicated data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.forecast.predictive import N_DRAWS, Check, Predictive, check, predictive
from jaxlike.inference.results.draws import Draws
from jaxlike.posterior.model import Model

BANDS = (0.95, 0.68)


@dataclass(frozen=True)
class Fit:
    """A model and its theory at draws of chains: that of each likelihood, bands of it by likelihood
    and by what they hold, and posterior predictive checks."""

    model: Model
    of_each: Mapping[str, Predictive]
    bands: Mapping[str, Mapping[float, tuple[np.ndarray, np.ndarray]]]
    checks: Sequence[Check]

    @property
    def is_mock(self) -> bool:
        """Whether all data were computed, and not measured."""
        ours = self.model.config.likelihoods
        return bool(ours) and all(one.about_mock is not None for one in ours)


def fit_of(model: Model, draws: Draws, *, n: int = N_DRAWS, progress: bool = False) -> Fit:
    """The fit of two-point data by chains of the model; ConfigError where they are of another one,
    JaxlikeError where the theory is not finite."""
    of = predictive(model, draws, n=n, progress=progress)
    if of.best is None:
        raise ConfigError("the chains have no column minuslogpost: their best draw is not known")
    return Fit(model, of.parts, of.bands(BANDS), check(of))
