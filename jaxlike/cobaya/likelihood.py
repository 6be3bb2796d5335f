"""Cobaya's view of the two-point likelihoods: one class per set of probes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from cobaya.likelihood import Likelihood
from cobaya.log import LoggedError
from cobaya.typing import empty_dict
from cobaya.yaml import yaml_dump, yaml_load
from jax import Array
from jax.typing import ArrayLike

import jaxlike
from jaxlike.cobaya.host_tables import HostGrid
from jaxlike.cobaya.precision import prepare_jax
from jaxlike.cobaya.products import Settings
from jaxlike.config import LIKELIHOOD_OPTIONS, Config, TheoryOptions, config_from_info
from jaxlike.config.analysis import analysis_for, options_of
from jaxlike.config.container import located, make_config
from jaxlike.config.correlated import check_sampled, defaults_with_priors, of_survey
from jaxlike.config.defaults import check_aliases, default_params
from jaxlike.config.renames import renamed, renames_from
from jaxlike.data.shipped import SHIPPED
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.likelihoods.two_point import Likelihood as TwoPoint
from jaxlike.likelihoods.two_point import build_likelihoods
from jaxlike.loading import data_set_of, model_from_config
from jaxlike.registry.closed_form import check_host
from jaxlike.registry.effects import check_complete, check_effects, has_effect
from jaxlike.registry.names import Names
from jaxlike.registry.power_options import needs_linear
from jaxlike.registry.probes import component_probes
from jaxlike.registry.resolve import check_names, is_idle, resolve
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid

# `resolve` speaks of whole universes; where tables stand for one, it is given any.
_SOME_UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 1.0, "A_s": 2e-9}


class TwoPointLikelihood(Likelihood):
    r"""
    Gaussian likelihood of two-point functions of galaxy surveys in the layout of the Dark Energy
    Survey's files; its default parameters are those of DES Y1 \cite{DES:2017myr,Krause:2017ekm}.

    With ``power: jaxlike`` (and the theory ``jaxlike.cobaya.Theory``) everything from the
    cosmology to the likelihood is one compiled JAX function \cite{Campagne:2023ter}. With
    ``power: host`` the nonlinear matter power and the distances of any other theory are used.
    """

    bibtex_file = "jaxlike.bibtex"

    # Errors that are no property of a cosmology are not to be taken for one
    stop_at_error: bool = True

    # values in the .yaml files; checked by jaxlike, whose messages list what is accepted
    data_file: Any
    probes: Any
    scale_cuts: Any
    kernels: Any
    nz_file: Any
    kappa_beam_fwhm: Any
    kappa_ell_min: Any
    kappa_ell_max: Any
    nz: Any
    nz_bandwidth: Any
    projection: Any
    cosebis_theta: Any
    band_power_theta: Any
    band_power_apodisation: Any
    band_power_ell: Any
    ell_prefactors: Any
    limber: Any
    bias: Any
    alignment: Any
    f_r: Any
    log10_M_pivot: Any
    b_modes: Any
    magnification: Any
    rsd: Any
    point_mass: Any
    psf_file: Any
    psf_transform: Any
    shear_ratios: Any
    covariance_correction: Any
    n_simulations: Any
    n_parameters: Any
    power: Any
    compression: Any
    marginalise: Any
    marginalise_at: Any
    prefix: Any
    correlated_priors: Any
    survey: Any

    _probes: str = ""  # a name of PROBE_SETS

    @classmethod
    def get_defaults(
        cls,
        return_yaml: bool = False,
        yaml_expand_defaults: bool = True,
        input_options: Mapping[str, Any] = empty_dict,
    ) -> Any:
        """The options of the .yaml file, and the parameters of the survey of the default data, or
        those of the file where somebody's class derived from this has its own."""
        found = super().get_defaults(return_yaml, yaml_expand_defaults, input_options)
        content = yaml_load(found) if return_yaml else found
        if not cls._probes or content.get("params"):
            return found
        params = {"params": default_params(cls._probes, content)}
        return found + yaml_dump(params) if return_yaml else {**found, **params}

    @classmethod
    def get_modified_defaults(
        cls, defaults: dict[str, Any], input_options: Mapping[str, Any] = empty_dict
    ) -> dict[str, Any]:
        """The options and parameters of the likelihood's survey, without the parameters of bins or
        options that it has not got.

        There are no parameters in an .updated.yaml, where Cobaya has moved them into the input's.
        """
        if "input_params" in input_options:
            return {**defaults_with_priors(defaults, input_options), "params": {}}
        if super().get_defaults(input_options=input_options).get("params"):
            return defaults_with_priors(defaults, input_options)
        given = {k: v for k, v in input_options.items() if k in LIKELIHOOD_OPTIONS}
        try:
            place = located({**defaults, **given}, Path(cls.__name__))
            analysis = analysis_for(place.get("data_file"), place.get("survey"))
            # by its name: what a run writes then says that the data are a mock
            shipped = {"data_file": defaults.get("data_file") or SHIPPED[0]}
            defaults = {**defaults, **shipped, **options_of(analysis, given)}
            options = {name: defaults.get(name) for name in LIKELIHOOD_OPTIONS} | given
            own = _config(cls.__name__, options, cls._probes).likelihoods[0]
            samples = data_set_of(own).samples
            params = default_params(cls._probes, {**options, **place})
            chosen = vars(own.options)
            params = {
                name: info
                for name, info in params.items()
                if not is_idle(name, samples) and has_effect(name, chosen, samples)
            }
            for ours in renames_from(input_options.get("renames"), cls.__name__).values():
                params.pop(ours, None)
            own_priors = of_survey({**options, **place})
        except JaxlikeError:
            return defaults  # `initialize` will say what is wrong
        return defaults_with_priors({**defaults, **own_priors, "params": params}, input_options)

    def initialize(self) -> None:
        """Switch JAX to double precision; read the data and, for tables, prepare the theory."""
        prepare_jax()
        options = {name: getattr(self, name) for name in LIKELIHOOD_OPTIONS}
        self._settings: Settings | None = None
        try:
            self._renames = renames_from(getattr(self, "renames", None), self.get_name())
            self._config = _config(self.get_name(), options, self._probes)
            check_host(self._config.theory.marginalise)
            self._data_set = data_set_of(self._config.likelihoods[0])
            self._data, self._samples = self._data_set.data, self._data_set.samples
            if self._config.theory.power == "host":
                self._prepare_tables()
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s", error) from error
        where = self._config.likelihoods[0].said_of(self._data.source)
        self.log.info("%d points of %s", self._data.n_data, where)

    def initialize_with_params(self) -> None:
        """Check the names of the nuisance parameters: missing, doubled or idle ones."""
        supported = set(self.get_can_support_params())
        given = [name for name in self.input_params if name in supported]
        self._nuisance = {name: self._renames.get(name, name) for name in given}
        names = list(self._nuisance.values())
        try:
            renamed(dict.fromkeys(given, 0.0), [self._renames])
            place = {name: getattr(self, name) for name in ("data_file", "survey", "prefix")}
            defaults = default_params(self._probes, place)
            typed = {name for name in names if name not in defaults}
            check_aliases(names, typed, Names(self._samples))
            check_names([*_SOME_UNIVERSE, *names], self._samples)
            options = vars(self._config.theory)
            check_effects(names, options, self._samples)
            check_complete(names, options, self._samples)
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error

    def initialize_with_provider(self, provider: Any) -> None:
        """Compose the likelihood with the models that the theory's options choose."""
        super().initialize_with_provider(provider)
        try:
            check_sampled(self._config.correlated_priors, provider.model.info()["params"])
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        if self._config.theory.power == "host":
            return
        settings = provider.get_jaxlike_settings()
        if settings != self._settings:
            try:
                self._prepare_pipeline(settings, provider)
            except JaxlikeError as error:
                raise LoggedError(self.log, "%s", error) from error

    def get_version(self) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__

    def get_can_support_params(self) -> list[str]:
        """Every accepted name of a nuisance parameter of these data."""
        own = [name for sample in self._samples for name in Names(self._samples).of(sample)]
        return own + [theirs for theirs, ours in self._renames.items() if ours in own]

    def get_requirements(self) -> dict[str, Any]:
        """The cosmology itself from jaxlike's theory, or the products of any other."""
        if self._config.theory.power == "host":
            return self._host_grid.requirements()
        return {"jaxlike_cosmology": None, "jaxlike_settings": None}

    def logp(self, **params_values: Any) -> float:
        """-chi^2 / 2; -inf, with the reason in the debug log, where there is no solution."""
        nuisance = {ours: params_values[name] for name, ours in self._nuisance.items()}
        host, get = self._config.theory.power == "host", self.provider
        given = self._host_grid.table(get) if host else get.get_jaxlike_cosmology()
        value = float(self._evaluate(given, nuisance))
        if np.isfinite(value):
            return value
        self.log.debug("Likelihood 0, the theory is not finite at %r", params_values)
        return -np.inf

    def _canonical(
        self, cosmology: Mapping[str, ArrayLike], nuisance: Mapping[str, ArrayLike]
    ) -> dict[str, Array]:
        return resolve({**cosmology, **nuisance}, self._samples)

    def _prepare_pipeline(self, settings: Settings, provider: Any) -> None:
        if self._config.theory.compression != "none":
            two_point = self._compressed(provider)
        else:
            two_point = self._built(settings.of(self._config.theory))

        def evaluate(cosmology: Mapping[str, Array], nuisance: Mapping[str, Array]) -> Array:
            return two_point.log_likelihood(self._canonical(cosmology, nuisance))

        self._settings = settings
        self._evaluate: Callable[..., Array] = jax.jit(evaluate)

    def _built(self, options: TheoryOptions) -> TwoPoint:
        data_set = replace(self._data_set, options=options)
        return build_likelihoods([data_set])[data_set.name]

    def _compressed(self, provider: Any) -> TwoPoint:
        """The likelihood compressed for the input's own sampled parameters."""
        try:
            return model_from_config(config_from_info(provider.model.info(), "input")).likelihood
        except JaxlikeError as error:
            raise ConfigError(
                f"{self}: compression = {self._config.theory.compression}: {error}"
            ) from error

    def _prepare_tables(self) -> None:
        two_point = self._built(self._config.theory)
        nodes = two_point.grid.nodes
        last = nodes.last_scattering
        host = self._host_grid = HostGrid.build(
            float(nodes.z[-1]),
            float(nodes.lattices[0].z[-1]),
            linear=needs_linear(vars(self._config.theory)),
            z_last=None if last is None else float(last.z[0]),
        )
        grid: PowerTableGrid = two_point.table_grid(host.z, host.k, host.z_distance)

        def evaluate(table: PowerTable, nuisance: Mapping[str, Array]) -> Array:
            canonical = self._canonical(_SOME_UNIVERSE, nuisance)
            return -0.5 * two_point.evaluate_from_tables(grid, table, canonical).deviance

        self._evaluate = jax.jit(evaluate)


def _config(name: str, options: Mapping[str, Any], probes: str) -> Config:
    given = {**options, "probes": component_probes(probes, options["probes"])}
    return make_config(Path(name), {name: given}, {}, parameters=(), host="host", sampler={})


def _component(name: str, description: str) -> type[TwoPointLikelihood]:
    # a name that begins with a digit is no name in Python's grammar, but is one of a class
    doc = rf"{description} See \cite{{Campagne:2023ter}}, and \cite{{DES:2017myr}} for DES Y1."
    namespace = {"__doc__": doc, "__module__": __name__, "_probes": name}
    return type(name, (TwoPointLikelihood,), namespace)


_DESCRIPTIONS = {
    "3x2pt": "Everything in the data file: cosmic shear, galaxy-galaxy lensing, clustering.",
    "shear": "Cosmic shear: xi+ and xi-.",
    "2x2pt": "Galaxy-galaxy lensing and galaxy clustering: gamma_t and w.",
}
globals().update({name: _component(name, text) for name, text in _DESCRIPTIONS.items()})
