"""Cosmologies that the emulator was not trained for: counted warnings, or an error.

Their posterior is zero, never an extrapolation. Hosts count the points that they ask for; a
compiled sampler cannot, and so a command counts draws of the prior before it starts.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np

from jaxlike.errors import ConfigError, ParameterError
from jaxlike.kept.programs import Program
from jaxlike.likelihoods.compiled import cosmology
from jaxlike.likelihoods.protocol import SPECTRA_OF_CMB, Other
from jaxlike.numerics.compilation import as_array
from jaxlike.posterior.density import Density
from jaxlike.posterior.model import Model
from jaxlike.theory.power.cmb.spectra import Spectra
from jaxlike.theory.power.linear import linear_model
from jaxlike.theory.power.validity import range_conditions

N_DRAWS = 1000
"""Draws of the prior that `check_prior` looks at."""


@dataclass
class RangeCount:
    """Counts points out of range; `warn` hears of the 1st, 10th, 100th, ... and of no other.

    policy: the option `out_of_range`, `reject` or `error`; n: points so far.
    """

    policy: str
    warn: Callable[[str], None]
    n: int = 0

    def record(self, reason: str) -> None:
        """Count a point that breaks `reason`; ParameterError where the policy is `error`."""
        if self.policy == "error":
            raise ParameterError(
                f"a cosmology is out of range: it needs {reason}; with out_of_range: reject its "
                "likelihood would be zero"
            )
        self.n += 1
        if np.log10(self.n) % 1 == 0:
            self.warn(f"{self.sentence}; the last one needs {reason}")

    @property
    def sentence(self) -> str:
        """How many there have been."""
        points = "1 point was" if self.n == 1 else f"{self.n} points were"
        return f"{points} out of range so far, and of likelihood zero"


def prior_out_of_range(model: Model, n: int = N_DRAWS, seed: int = 0) -> dict[str, int]:
    """Range condition -> how many of `n` draws of the prior break it, the first one of each draw.

    Empty where the whole sample is inside.
    """
    linear = model.config.theory.linear
    others = (one for one in model.parts.values() if isinstance(one, Other))
    of_cmb = any(SPECTRA_OF_CMB in one.needs for one in others)
    if not (linear_model(linear).limited or of_cmb):
        return {}
    drawn = np.random.default_rng(seed).standard_normal((n, len(model.parameters)))
    u = as_array(drawn)

    def held(density: Density, u: jax.Array) -> dict[str, jax.Array]:
        x = density.from_unconstrained(u)
        cosmo = cosmology(density.canonical(x), density.options)
        held = range_conditions(cosmo, linear)
        return held | Spectra(cosmo, linear).conditions if of_cmb else held

    of = model.fingerprint
    about = None if of is None else ("ranges", of, linear, of_cmb)
    found = Program(jax.jit(jax.vmap(held, (None, 0))), (model.density, u), about, quick=True)
    conditions = {name: np.asarray(one) for name, one in found.compiled()(model.density, u).items()}
    broken = ~np.stack(list(conditions.values()), axis=1)
    first = np.argmax(broken[broken.any(axis=1)], axis=1)
    names = list(conditions)
    return {names[i]: count for i, count in Counter(first.tolist()).most_common()}


def check_prior(model: Model, warn: Callable[[str], None]) -> None:
    """Tell `warn` what part of the prior is out of range; ConfigError if the config refuses any."""
    counts = prior_out_of_range(model)
    if not counts:
        return
    reasons = ", ".join(f"{count} need {reason}" for reason, count in counts.items())
    sentence = f"{sum(counts.values())} of {N_DRAWS} draws of the prior are out of range: {reasons}"
    if model.config.theory.out_of_range == "error":
        raise ConfigError(
            f"{model.config.path}: {sentence}; take narrower priors, or out_of_range: reject"
        )
    warn(f"{sentence}; their posterior is zero")
