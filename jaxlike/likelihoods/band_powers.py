"""Band powers of the primary CMB: a Gaussian in binned C_ell, as Planck's plik-lite has them, whose
foregrounds are marginalised (arXiv:1907.12875, sec. 3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data.planck_lite import BandPowers
from jaxlike.likelihoods.gaussian import factorise, quadratic_form, whole_inverse
from jaxlike.theory.power.cmb.helium import Helium
from jaxlike.theory.power.cmb.spectra import check_multipoles
from jaxlike.theory.power.universe import Universe


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CmbBandPowers:
    """A Gaussian in band powers of temperature and polarisation.

    value: (n,) C_ell in muK^2, those of one spectrum after those of another; inverse: (n, n) of
    their covariance; weights: spectrum by spectrum (n_bin, width), of D_ell from the bin's first
    multipole on; bins: (spectrum, first, last multipoles (n_bin,)); calibration: name of the
    parameter A by whose square the prediction is divided, or none; helium: that of the spectra.
    """

    value: NDArray | Array
    inverse: NDArray
    weights: tuple[NDArray, ...]
    bins: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = field(
        metadata={"static": True}
    )
    calibration: str = field(default="", metadata={"static": True})
    helium: Helium = field(default="camb", metadata={"static": True})

    @classmethod
    def of(
        cls, data: BandPowers, *, calibration: str = "", helium: Helium = "camb"
    ) -> "CmbBandPowers":
        """The likelihood of data; ParameterError on multipoles that no spectrum here has."""
        weights, bins = [], []
        for name in dict.fromkeys(data.spectrum):
            own = np.array([one == name for one in data.spectrum])
            first = data.first[own]
            check_multipoles(name, [first.min(), data.last[own].max()])
            of_C = data.weights[own]
            ell = first[:, None] + np.arange(of_C.shape[1])
            weights.append(of_C * 2 * np.pi / (ell * (ell + 1.0)))
            bins.append((name, tuple(map(int, first)), tuple(map(int, data.last[own]))))
        factors = factorise(np.asarray(data.covariance, float))
        inverse = whole_inverse(factors.inverse, factors.rows, len(data.value))
        value = np.asarray(data.value, float)
        return cls(value, inverse, tuple(weights), tuple(bins), calibration, helium)

    def __repr__(self) -> str:
        names = ", ".join(name for name, _, _ in self.bins)
        return f"CmbBandPowers: {self.n_points} of {names}"

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over."""
        return int(np.size(self.value))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The calibration, where it is one."""
        return (self.calibration,) if self.calibration else ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Spectra of the CMB."""
        return ("D_ell",)

    @property
    def ell_max(self) -> dict[str, int]:
        """Spectrum -> last multipole that counts."""
        return {name: max(last) for name, _, last in self.bins}

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2; -inf, with a slope of zero, where no spectra are known.

        ParameterError for a universe without optical depth.
        """
        known = universe.cmb.held
        r = jnp.where(known, self.value - self.theory_vector(parameters, universe), 0.0)
        return jnp.where(known, -0.5 * quadratic_form(jnp.asarray(self.inverse), r), -jnp.inf)

    def theory_vector(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """Binned C_ell (n,) in muK^2 in the order of the data."""
        spectra = universe.cmb
        every = {
            name: spectra.D_ell(name, np.arange(2, last + 1), helium=self.helium)
            for name, last in self.ell_max.items()
        }
        return self.of_spectra(every, parameters)

    def of_spectra(
        self, spectra: Mapping[str, ArrayLike], parameters: Mapping[str, ArrayLike]
    ) -> Array:
        """The same of D_ell in muK^2 from ell = 2 on, by spectrum."""
        parts = []
        for (name, first, last), weights in zip(self.bins, self.weights, strict=True):
            # beyond a bin's last multipole weights are zero
            ell = np.minimum(np.array(first)[:, None] + np.arange(weights.shape[1]), max(last))
            parts.append(jnp.sum(jnp.asarray(spectra[name])[ell - 2] * weights, axis=1))
        found = jnp.concatenate(parts)
        if not self.calibration:
            return found
        return found / jnp.asarray(parameters[self.calibration]) ** 2

    @property
    def n_noise(self) -> int:
        """As many as numbers."""
        return self.n_points

    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array
    ) -> "CmbBandPowers":
        """The likelihood of a mean that is the universe's and noise (n,) of unit variance."""
        triangle = jnp.linalg.cholesky(jnp.asarray(self.inverse))
        noise = jax.scipy.linalg.solve_triangular(triangle.T, noise, lower=False)
        return replace(self, value=self.theory_vector(parameters, universe) + noise)
