"""Cobaya's view of the compressed CMB, a Gaussian in parameters of any theory, and of Planck's
temperature at the largest scales, by the spectra of any theory."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from cobaya.likelihood import Likelihood
from cobaya.log import LoggedError

import jaxlike
from jaxlike.cobaya.distances import check_data_once, config_of
from jaxlike.cobaya.precision import prepare_jax
from jaxlike.config.others.cmb import COMPONENT, OPTIONS
from jaxlike.errors import JaxlikeError
from jaxlike.likelihoods.band_powers import CmbBandPowers
from jaxlike.likelihoods.cmb import GaussianConstraint

_SUMS = {"ombch2": ("ombh2", "omch2")}
"""What theories may not know -> what it is the sum of."""


class cmb(Likelihood):  # Cobaya looks for a class of the component's own name
    r"""
    Gaussian likelihood of the few numbers of the CMB that do not depend on the late universe: the
    angle of the acoustic scale and the densities of baryons and cold matter of Planck PR4
    \cite{Lemos:2023xhs}, as used with DESI DR2 \cite{DESI:2025zgx}; of Planck 2018's temperature
    in two bins of the lowest multipoles \cite{Prince:2019hse}; or of any other parameters.
    """

    bibtex_file = "cmb.bibtex"

    data: Any
    mean: Any
    error: Any
    covariance: Any

    def initialize(self) -> None:
        """Read the data."""
        prepare_jax()
        options = {name: getattr(self, name) for name in OPTIONS}
        try:
            self._config = config_of(self.get_name(), COMPONENT, options)
            self._one = self._config.build()
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error

    def initialize_with_provider(self, provider: Any) -> None:
        """Check that no other likelihood, of Cobaya's own ones too, has the same data."""
        super().initialize_with_provider(provider)
        check_data_once(self, self._config)

    def get_version(self) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__

    def get_requirements(self) -> dict[str, Any]:
        """Its quantities, or what they are sums of; spectra of the CMB where it is of those."""
        if isinstance(self._one, CmbBandPowers):
            return {"Cl": self._one.ell_max}
        assert isinstance(self._one, GaussianConstraint)
        return {part: None for name in self._one.quantities for part in _SUMS.get(name, (name,))}

    def logp(self, **params_values: float) -> float:
        """-chi^2 / 2."""
        one = self._one
        if isinstance(one, CmbBandPowers):
            spectra = self.provider.get_Cl(ell_factor=True)
            every = {name: spectra[name][2:] for name in one.ell_max}
            r = jnp.asarray(one.value) - one.of_spectra(every, {})
            return -0.5 * float(r @ jnp.asarray(one.inverse) @ r)
        assert isinstance(one, GaussianConstraint)
        found = [
            sum(self.provider.get_param(part) for part in _SUMS.get(name, (name,)))
            for name in one.quantities
        ]
        r = one.whitening @ (np.array(found, float) - np.asarray(one.mean))
        return -0.5 * float(r @ r)
