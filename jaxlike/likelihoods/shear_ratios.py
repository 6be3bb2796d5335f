"""Ratios of gamma_t around the same lenses: geometry, from scales too small for anything else.

Sanchez, Prat et al. 2022 (arXiv:2105.13542): the mean over angles, with fixed weights,
of gamma_t(s) / gamma_t(last), of galaxies that a two-point likelihood has anyhow. So they are a
part of that likelihood, and have its n(z), calibrations and alignment: nothing counts twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.errors import ConfigError
from jaxlike.likelihoods.gaussian import factorise, quadratic_form, whole_inverse
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.spectra.limber import Spectra
from jaxlike.theory.statistics.correlation_functions import GAMMA_T
from jaxlike.theory.statistics.data_vector import Survey
from jaxlike.theory.statistics.registry import Points

_SMALLEST = 1e-12  # of gamma_t; what is divided by less has no likelihood to speak of


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ShearRatios:
    """Measured ratios and what predicts them.

    projection: (n_theta, n_ell), C_ell at the nodes to gamma_t; pairs: (n_lens n_source,) rows of
    the group's C_ell; weights: (n_lens, n_source - 1, n_theta); value: (n_lens (n_source - 1),),
    lens by lens; inverse of its covariance, log_det of that.
    """

    projection: NDArray
    pairs: NDArray
    weights: NDArray
    value: NDArray
    inverse: NDArray
    log_det: float
    group: int = field(metadata={"static": True})

    @classmethod
    def build(
        cls, file: Mapping[str, NDArray], survey: Survey, ell: NDArray, options: TheoryOptions
    ) -> "ShearRatios":
        """For the arrays of a file (`data.read_shear_ratios`) and a survey on multipoles (n_ell,).

        ConfigError where the survey has not gamma_t of every bin that they need.
        """
        samples = {block.samples for block in survey.blocks if block.statistic == GAMMA_T.name}
        n_lens, n_source = file["weights"].shape[0], file["weights"].shape[1] + 1
        wanted = [(i, j) for i in range(n_lens) for j in range(n_source)]
        if len(samples) != 1:
            raise ConfigError(
                "option 'shear_ratios' needs gamma_t of one sample of lenses and one of sources "
                f"among the data, which have {len(samples)}: leave it out"
            )
        pair = next(iter(samples))
        group = [(g.first, g.second) for g in survey.groups].index(pair)
        known = {bins: row for row, bins in enumerate(survey.groups[group].bins)}
        n_bin = survey.tracers[pair[1]].n_bin
        if n_bin != n_source:
            raise ConfigError(
                f"option 'shear_ratios': its file is of {n_source} source bins, and the data in use"
                f" have {n_bin}"
            )
        for i, j in wanted:
            if (i, j) not in known:
                raise ConfigError(
                    f"option 'shear_ratios': its file needs lens bin {i + 1} and source bin {j + 1}"
                    ", of which the data in use have no gamma_t"
                )
        factors = factorise(file["covariance"])
        found = cls(
            GAMMA_T.operator(_points(file["theta"], options), ell),
            np.array([known[one] for one in wanted]),
            file["weights"],
            file["value"],
            whole_inverse(factors.inverse, factors.rows, file["value"].size),
            factors.log_det,
            group,
        )
        return jax.device_put(found)

    def theory(self, spectra: Sequence[Spectra]) -> Array:
        """Predicted ratios (n_lens (n_source - 1),) of C_ell of all groups."""
        n_lens, n_ratio, _ = self.weights.shape
        gamma_t = spectra[self.group].E[self.pairs] @ self.projection.T
        gamma_t = gamma_t.reshape(n_lens, n_ratio + 1, -1)
        last = gamma_t[:, -1:]
        safe = jnp.where(jnp.abs(last) > _SMALLEST, last, _SMALLEST)
        return jnp.sum(self.weights * (gamma_t[:, :-1] / safe), axis=-1).ravel()

    def chi2(self, spectra: Sequence[Spectra]) -> Array:
        """chi^2 of the ratios."""
        return quadratic_form(jnp.asarray(self.inverse), self.value - self.theory(spectra))


def _points(theta: NDArray, options: TheoryOptions) -> Points:
    """At the angles or, on the curved sky, in bins of equal width in ln theta, whose mean angles
    (by area) these are."""
    if options.projection != "curved":
        return Points(theta)
    width = np.exp(np.log(theta[-1] / theta[0]) / (theta.size - 1))
    low = theta * 1.5 * (width**2 - 1) / (width**3 - 1)
    edges = low, low * width
    return Points(theta, edges, "curved", convergence=not options.ell_prefactors)
