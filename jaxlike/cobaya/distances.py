"""Cobaya's view of BAO and supernovae, by the distances of any theory."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from cobaya.likelihood import Likelihood
from cobaya.log import LoggedError
from jax import Array
from jax.typing import ArrayLike

import jaxlike
from jaxlike.cobaya.precision import prepare_jax
from jaxlike.config.others import KINDS, OtherConfig, check_counted_once
from jaxlike.errors import JaxlikeError
from jaxlike.likelihoods.bao import DISTANCES, GROWTH, Bao
from jaxlike.likelihoods.supernovae import Supernovae


class _Distances(Likelihood):
    """What both have in common: a set that inputs name, and what it is computed from."""

    stop_at_error: bool = True
    data: Any
    path: Any

    _kind: str = ""  # a name of KINDS

    def initialize(self) -> None:
        """Read the data, which come with the package or are those that Cobaya has installed."""
        prepare_jax()
        options = {name: getattr(self, name, None) for name in KINDS[self._kind].accepted}
        try:
            self._config = config_of(self.get_name(), self._kind, options)
            self._prepare(self._config.build())
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        self.log.info("%s", self._config.source)

    def _prepare(self, likelihood: Any) -> None:
        raise NotImplementedError

    def initialize_with_provider(self, provider: Any) -> None:
        """Check that no other likelihood, of Cobaya's own ones too, has the same data."""
        super().initialize_with_provider(provider)
        check_data_once(self, self._config)

    def get_version(self) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__

    def _finite(self, value: Array) -> float:
        return float(value) if np.isfinite(value) else -np.inf


def check_data_once(one: Likelihood, config: OtherConfig) -> None:
    """LoggedError where another likelihood of the input, of Cobaya's own ones too, has the same
    data."""
    likelihoods = one.provider.model.info()["likelihood"]
    try:
        others = [
            config_of(name, kind, options or {})
            for name, options in likelihoods.items()
            if name != one.get_name()
            and (kind := str((options or {}).get("class") or name)) in KINDS
        ]
        check_counted_once([config, *others])
    except JaxlikeError as error:
        raise LoggedError(one.log, "%s: %s", one, error) from error


def config_of(name: str, kind: str, options: Mapping[str, Any]) -> OtherConfig:
    of_kind = KINDS[kind]
    given = {
        key: options[key]
        for key in of_kind.accepted
        if options.get(key) is not None or (key in options and key in of_kind.nulls)
    }
    return of_kind.read(name, kind, given)


class _Bao(_Distances):
    """A class with a `type` of its own has no .yaml file to Cobaya."""

    type = "BAO"
    _kind = "jaxlike.cobaya.bao"

    measurements_file: Any
    cov_file: Any
    invcov_file: Any
    rs_fid: Any
    rs_rescale: Any

    def _prepare(self, likelihood: Bao) -> None:
        self._bao = likelihood
        self._z = np.asarray(likelihood.distance.z)
        self._z_growth = np.asarray(likelihood.growth.z)
        self._of_geometry = any(one in DISTANCES for one in likelihood.quantities)

        def value(D_M: ArrayLike, H: ArrayLike, r_d: ArrayLike, growth: ArrayLike) -> Array:
            return likelihood.of_vector(likelihood.vector(D_M, 1 / H, r_d, growth))  # type: ignore

        self._evaluate: Callable[..., Array] = jax.jit(value)

    def get_requirements(self) -> dict[str, Any]:
        """Distances, H, r_drag and f sigma8, as far as the data have them."""
        found: dict[str, Any] = {}
        if self._of_geometry:
            z = {"z": np.unique(self._z)}
            found |= {"angular_diameter_distance": z, "Hubble": z}
        if self._bao.needs_r_drag:
            found["rdrag"] = None
        if GROWTH in self._bao.quantities:
            found["fsigma8"] = {"z": np.unique(self._z_growth)}
        return found

    def logp(self, **params_values: Any) -> float:
        """-chi^2 / 2."""
        of, z = self.provider, self._z
        D_M, H, r_d, growth = np.ones_like(z), np.ones_like(z), 1.0, np.zeros(0)
        if self._of_geometry:
            D_M = (1 + z) * np.asarray(of.get_angular_diameter_distance(z))
            H = np.asarray(of.get_Hubble(z, units="1/Mpc"))
        if self._bao.needs_r_drag:
            r_d = float(of.get_param("rdrag"))
        if GROWTH in self._bao.quantities:
            growth = np.asarray(of.get_fsigma8(self._z_growth))
        return self._finite(self._evaluate(D_M, H, r_d, growth))


class _Sn(_Distances):
    """The same."""

    type = "SN"
    _kind = "jaxlike.cobaya.sn"

    dataset_file: Any
    dataset_params: Any
    use_abs_mag: Any

    def _prepare(self, likelihood: Supernovae) -> None:
        self._own = likelihood.parameters
        self._z = np.asarray(likelihood.distance.z)

        def value(D_M: Array, own: Mapping[str, ArrayLike]) -> Array:
            return likelihood.of_distances(own, D_M)

        self._evaluate: Callable[..., Array] = jax.jit(value)

    def get_requirements(self) -> dict[str, Any]:
        """Distances between which those to the supernovae are interpolated, and the magnitude."""
        found: dict[str, Any] = {"angular_diameter_distance": {"z": self._z}}
        return found | dict.fromkeys(self._own)

    def logp(self, **params_values: Any) -> float:
        """-chi^2 / 2."""
        D_M = (1 + self._z) * np.asarray(self.provider.get_angular_diameter_distance(self._z))
        own = {name: params_values[name] for name in self._own}
        return self._finite(self._evaluate(D_M, own))


class bao(_Bao):
    r"""
    Baryon acoustic oscillations: a Gaussian in distances over the sound horizon, and in growth. By
    default DESI DR2 \cite{DESI:2025zpo,DESI:2025zgx}, which comes with jaxlike.
    """

    bibtex_file = "bao.bibtex"


class sn(_Sn):
    r"""
    Supernovae: a Gaussian in their magnitudes, whose zero point is marginalised or sampled. By
    default Union3 \cite{Rubin:2023ovl}, which comes with jaxlike.
    """

    bibtex_file = "sn.bibtex"
