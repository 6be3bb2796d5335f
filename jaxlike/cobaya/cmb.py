"""Cobaya's view of the compressed CMB: a Gaussian in parameters of any theory."""

from typing import Any

import numpy as np
from cobaya.likelihood import Likelihood
from cobaya.log import LoggedError

import jaxlike
from jaxlike.config.others.cmb import OPTIONS, gaussian_of
from jaxlike.errors import JaxlikeError
from jaxlike.likelihoods.gaussian import whitening

_SUMS = {"ombch2": ("ombh2", "omch2")}
"""What theories may not know -> what it is the sum of."""


class cmb(Likelihood):  # Cobaya looks for a class of the component's own name
    r"""
    Gaussian likelihood of the few numbers of the CMB that do not depend on the late universe: the
    angle of the acoustic scale and the densities of baryons and cold matter of Planck PR4
    \cite{Lemos:2023xhs}, as used with DESI DR2 \cite{DESI:2025zgx}; or of any other parameters.
    """

    bibtex_file = "cmb.bibtex"

    data: Any
    mean: Any
    error: Any
    covariance: Any

    def initialize(self) -> None:
        """Read the data."""
        options = {name: getattr(self, name) for name in OPTIONS}
        try:
            data = gaussian_of(options, str(self))
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        self._names = data.names
        self._mean = np.asarray(data.mean, float)
        self._whitening = whitening(np.asarray(data.covariance, float))

    def get_version(self) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__

    def get_requirements(self) -> dict[str, None]:
        """Its quantities, or what they are sums of."""
        return {part: None for name in self._names for part in _SUMS.get(name, (name,))}

    def logp(self, **params_values: float) -> float:
        """-chi^2 / 2."""
        found = [
            sum(self.provider.get_param(part) for part in _SUMS.get(name, (name,)))
            for name in self._names
        ]
        r = self._whitening @ (np.array(found, float) - self._mean)
        return -0.5 * float(r @ r)
