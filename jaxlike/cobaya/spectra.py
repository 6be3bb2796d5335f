"""Spectra of the CMB for Cobaya: what its own likelihoods of Planck and others ask a theory for."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from cobaya.log import LoggedError
from cobaya.theories.cosmo import BoltzmannBase
from jax import Array
from numpy.typing import NDArray

from jaxlike.errors import JaxlikeError
from jaxlike.theory.constants import T_CMB
from jaxlike.theory.power.cmb.lattice import ELL_MIN
from jaxlike.theory.power.cmb.spectra import Spectra, check_multipoles, reason_unknown
from jaxlike.theory.universe.cosmology import Cosmology

OfSpectra = Callable[[Cosmology], tuple[Array, dict[str, Array]]]
"""Of a cosmology whether its spectra are known, and D_ell in muK^2 from ell = 2 on, by name."""


class WithSpectra(BoltzmannBase):
    """A theory that has them, and whose errors that are no property of a cosmology are not taken
    for one.

    A class with such an attribute of its own has no .yaml file to Cobaya.
    """

    stop_at_error: bool = True
    _has_said: bool = False

    def _impossible(self, condition: str, cosmology: Mapping[str, float]) -> bool:
        """False, for there is no likelihood at a point: the reason is told, once aloud."""
        say = self.log.debug if self._has_said else self.log.info
        say("Likelihood 0, for this fails: %s, at %r", condition, cosmology)
        self._has_said = True
        return False

    def _check_spectra(self, requested: Mapping[str, int]) -> None:
        """LoggedError on a spectrum or a multipole that there is not."""
        for name, ell_max in requested.items():
            try:
                check_multipoles(name, [ELL_MIN, max(ell_max, ELL_MIN)])
            except JaxlikeError as error:
                raise LoggedError(self.log, "%s: %s", self, error) from error

    def _spectra(self, linear: str) -> OfSpectra:
        """What of a cosmology gives the spectra that are asked for."""
        requested = self._must_provide["Cl"]
        if "tau" not in {self.translate_param(name) for name in self.input_params}:
            raise LoggedError(self.log, "%s needs the parameter tau for spectra of the CMB", self)
        ell = np.arange(ELL_MIN, max(requested.values()) + 1)

        def of(cosmo: Cosmology) -> tuple[Array, dict[str, Array]]:
            spectra = Spectra(cosmo, linear)
            return spectra.held, {name: spectra.D_ell(name, ell) for name in requested}

        return jax.jit(of)

    @staticmethod
    def _put_spectra(
        of: OfSpectra | None, cosmo: Cosmology, linear: str, state: dict[str, Any]
    ) -> str | None:
        """Fill `state`; why there are no spectra of such a cosmology, or None."""
        if of is None:
            return None
        known, spectra = of(cosmo)
        if not known:
            return str(reason_unknown(cosmo, linear))
        state["Cl"] = {name: np.asarray(one) for name, one in spectra.items()}
        return None

    def get_Cl(self, ell_factor: bool = False, units: str = "FIRASmuK2") -> dict[str, Any]:
        """Lensed spectra from ell = 0 on, by name, and `ell`: C_ell, or ell (ell + 1) C_ell / 2 pi
        with `ell_factor`, and of pp [ell (ell + 1)]^2 C_ell / 2 pi."""
        if "Cl" not in self.current_state:
            raise LoggedError(self.log, "no spectra of the CMB were asked for")
        factor = (self._cmb_unit_factor(units, T_CMB) / (1e6 * T_CMB)) ** 2
        known: Mapping[str, NDArray] = self.current_state["Cl"]
        ell = np.arange(ELL_MIN + len(next(iter(known.values()))))
        of_ell = np.maximum(ell * (ell + 1.0), 1.0)
        found: dict[str, Any] = {"ell": ell}
        for name, D in known.items():
            whole = np.append(np.zeros(ELL_MIN), D) * (1.0 if name == "pp" else factor)
            if not ell_factor:
                whole = whole * 2 * np.pi / of_ell ** (2 if name == "pp" else 1)
            found[name] = whole
        if "te" in found:
            found["et"] = found["te"]
        return found
