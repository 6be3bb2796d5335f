"""The example of section 4: ten spectra of four bins, and its two parameters.

Planck 2015 parameters; lensing bins 1 and 4, counts bins 2 and 3 of the paper's four n(z), one
galaxy per arcmin^2 each.
"""

from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.figures.mock import OPTIONS, SmailSurvey
from jaxlike.likelihoods.two_point import Likelihood, build_likelihood

PLANCK_15 = {"Omega_c": 0.2589, "Omega_b": 0.0486, "h": 0.6774, "n_s": 0.9667, "sigma8": 0.8159}
NAMES = ("Omega_c", "sigma8")
LATEX = (r"$\Omega_\mathrm{c}$", r"$\sigma_8$")
CENTRE = np.array([PLANCK_15[name] for name in NAMES])
SURVEY = SmailSurvey(
    lenses=((5.0, 5.0, 1.3), (5.0, 5.0, 1.0)),
    sources=((5.0, 4.0, 1.5), (1.0, 2.0, 0.4)),
    bias=(1.0, 1.0),
    ell=np.geomspace(10.0, 1000.0, 50),
    parameters=PLANCK_15,
)


@dataclass(frozen=True)
class Example:
    """The likelihood of the example: functions of x = (Omega_c, sigma8), (2,)."""

    survey: SmailSurvey
    likelihood: Likelihood

    @classmethod
    def build(cls, survey: SmailSurvey = SURVEY) -> "Example":
        """From the survey: its data are noiseless, by the theory on the nodes of the likelihood."""
        likelihood = build_likelihood(survey.data(), OPTIONS)
        example = cls(survey, likelihood)
        vector = np.asarray(jax.jit(example.mean)(CENTRE))
        return cls(survey, likelihood.with_value(vector))

    def mean(self, x: ArrayLike) -> Array:
        """Data vector (n_data,) by the theory."""
        return self.likelihood.theory_vector(self._parameters(x))

    def log_likelihood(self, x: ArrayLike) -> Array:
        """-chi^2 / 2, the covariance being that of the fiducial universe."""
        return self.likelihood.log_likelihood(self._parameters(x))

    @cached_property
    def jacobian(self) -> NDArray:
        """d mean / d x (n_data, 2) at the fiducial universe, exact."""
        return np.asarray(jax.jit(jax.jacfwd(self.mean))(CENTRE))

    def fisher(self, jacobian: NDArray) -> NDArray:
        """J^T C^-1 J (2, 2) of a Jacobian (n_data, 2): the paper's eq. 13."""
        return jacobian.T @ self.likelihood.precision @ jacobian

    def ccl_mean(self, x: NDArray) -> NDArray:
        """Data vector (n_data,) by CCL."""
        changes = dict(zip(NAMES, map(float, x), strict=True))
        return self.survey.ccl_vector(self.likelihood, **changes)

    def _parameters(self, x: ArrayLike) -> dict[str, Array]:
        return self.survey.canonical(**dict(zip(NAMES, jnp.asarray(x), strict=True)))
