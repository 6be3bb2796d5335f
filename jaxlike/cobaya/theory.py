"""Cobaya's view of the JAX theory core: distances, matter power and sigma8 under its own names."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from cobaya.log import LoggedError
from cobaya.tools import Pool1D, Pool2D, PoolND
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

import jaxlike
from jaxlike.cobaya import products
from jaxlike.cobaya.precision import prepare_jax
from jaxlike.cobaya.spectra import OfSpectra, WithSpectra
from jaxlike.config import THEORY_OPTIONS
from jaxlike.config.renames import renamed, renames_from
from jaxlike.errors import JaxlikeError
from jaxlike.posterior.range_policy import RangeCount
from jaxlike.registry.effects import check_effects, check_universe
from jaxlike.registry.resolve import check_names
from jaxlike.theory.power.derived import DERIVED, OF_TABLES, derived_of, unmet_need
from jaxlike.theory.power.validity import has_solution, range_conditions, reason_of_failure
from jaxlike.theory.universe.cosmology import PARAMETERS, Cosmology, from_parameters

# the last of them says what is missing, where it is, in Cobaya's own words
_OWN = ("jaxlike_cosmology", "jaxlike_settings", "jaxlike.cobaya.Theory")


class _Pool(NamedTuple):
    """The redshifts of one product, where BoltzmannBase looks for them."""

    z_pool: PoolND


class _Compiled(NamedTuple):
    """The jitted functions of one set of requirements."""

    canonical: Callable[[Mapping[str, float]], dict[str, Array]]
    has_solution: Callable[[Cosmology], Array]
    products: Callable[[Cosmology], tuple[Array, ...]]
    derived: Callable[[Cosmology], dict[str, Array]]
    spectra: OfSpectra | None


class Theory(WithSpectra):
    r"""
    Background, matter power spectrum (Eisenstein & Hu \cite{Eisenstein:1997ik,Eisenstein:1997jh},
    halofit \cite{Takahashi:2012em,Smith:2002dz,Bird:2011rb}, HMCode \cite{Mead:2020vgs}),
    sigma8 and lensed spectra of the CMB from jaxlike's core.

    With the likelihoods of jaxlike it hands over the cosmology itself, and they run the whole
    pipeline as one compiled JAX function; other likelihoods get Cobaya's standard products.
    """

    bibtex_file = "jaxlike.bibtex"

    linear: str
    nonlinear: str
    boost: str | dict[str, str] | None
    neutrinos: str
    radiation: bool | str
    out_of_range: str
    power: str | dict[str, str]

    def initialize(self) -> None:
        """Switch JAX to double precision and check the options."""
        prepare_jax()
        for option in ("extra_args", "path"):
            if getattr(self, option, None):
                raise LoggedError(
                    self.log, "option '%s' has no effect on %s: leave it out", option, self
                )
        self.extra_args: dict[str, Any] = {}
        super().initialize()
        given = {name: getattr(self, name) for name in (*THEORY_OPTIONS, "power")}
        try:
            self._settings = products.settings_from(given)
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        self._check_renames()
        self._compiled: _Compiled | None = None
        self._out_of_range = RangeCount(
            self._settings.out_of_range, lambda sentence: self.log.warning("%s", sentence)
        )

    def _check_renames(self) -> None:
        known = {*(alias for one in PARAMETERS for alias in one.bare), *DERIVED}
        try:
            self.renames = renames_from(getattr(self, "renames", None), str(self), known)
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s", error) from error

    def initialize_with_params(self) -> None:
        """Check the names of the input parameters: missing, doubled or contradictory ones."""
        names = [self.translate_param(name) for name in self.input_params]
        try:
            renamed(dict.fromkeys(self.input_params, 0.0), [self.renames])
            check_names(names, ())
            check_effects(names, vars(self._settings))
            check_universe(names, vars(self._settings))
            some = dict.fromkeys(names, 1.0)
            jax.eval_shape(partial(products.canonical, self._settings), some)
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error
        self._check_derived(self.output_params)

    def initialize_with_provider(self, provider: Any) -> None:
        """Refuse values and priors that are nowhere possible."""
        super().initialize_with_provider(provider)
        given = provider.model.info()["params"]
        try:
            products.check_given({self.translate_param(n): given[n] for n in self.input_params})
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s: %s", self, error) from error

    def get_version(self) -> str:
        """Version of jaxlike."""
        return jaxlike.__version__

    def get_allow_agnostic(self) -> bool:
        """Parameters of unknown name belong to nobody, so that Cobaya reports them."""
        return False

    def get_can_support_params(self) -> list[str]:
        """Every accepted name of a cosmological parameter."""
        known = [alias for declared in PARAMETERS for alias in declared.bare]
        return known + [theirs for theirs, ours in self.renames.items() if ours in known]

    def get_can_provide_params(self) -> list[str]:
        """Names of the derived parameters."""
        return [*DERIVED, *(theirs for theirs, ours in self.renames.items() if ours in DERIVED)]

    def get_can_provide(self) -> Iterable[str]:
        """Cobaya's standard products of the late universe and the CMB, and jaxlike's own."""
        of_power = ("Pk_grid", "Pk_interpolator", "sigma8_z", "fsigma8", "sigma_R")
        return (*_OWN, *products.OF_REDSHIFT, *of_power, "Cl")

    def get_can_provide_methods(self) -> dict[str, Callable[..., Any]]:
        """Only what is computed here, of all that a Boltzmann code would have."""
        methods = super().get_can_provide_methods()
        return {name: method for name, method in methods.items() if name in self.get_can_provide()}

    def must_provide(self, **requirements: Any) -> None:
        """Collect the redshifts and wavenumbers that are asked for."""
        asked = {k: v for k, v in requirements.items() if k not in _OWN}
        if (power := "Pk_interpolator") in asked:
            asked[power] = products.interpolated(asked[power])
        super().must_provide(**asked)
        self._check_derived(requirements)
        for name, request in self._must_provide.items():
            if name == "Cl":
                self._check_spectra(request)
            if request is None or name == "Cl":
                continue
            pool = Pool2D(request["z_pairs"]) if "z_pairs" in request else Pool1D(request["z"])
            z_max = products.largest_redshift(name, self._settings)
            if pool.values.min() < 0 or pool.values.max() > z_max:
                raise LoggedError(
                    self.log,
                    "%s is computed for 0 <= z <= %g only (linear: %s, neutrinos: %s)",
                    *(name, z_max, self._settings.linear, self._settings.neutrinos),
                )
            if isinstance(name, tuple) and name[-2:] not in products.PAIRS:
                raise LoggedError(
                    self.log,
                    "the power spectrum of %s is not computed here: accepted are %s",
                    name[-2:],
                    ", ".join(str(pair) for pair in products.PAIRS),
                )
            self.collectors[name] = _Pool(pool)
        self._compiled = None  # compiled anew for what is asked for now

    def calculate(
        self, state: dict[str, Any], want_derived: bool = True, **params_values_dict: float
    ) -> bool:
        """Fill `state`; False, the reason in the debug log, if there is no such universe."""
        if self._compiled is None:
            self._compiled = self._compile()
        compiled = self._compiled
        given = {self.translate_param(name): x for name, x in params_values_dict.items()}
        canonical = {name: float(x) for name, x in compiled.canonical(given).items()}
        if canonical.get("omega_nu") == 0:
            del canonical["omega_nu"]  # massless neutrinos have no free-streaming scale
        settings = self._settings
        cosmo = from_parameters(
            canonical,
            radiation=settings.radiation,
            neutrinos=settings.neutrinos,  # type: ignore[arg-type]
        )
        if not compiled.has_solution(cosmo):
            reason = str(reason_of_failure(cosmo, settings.linear))
            if reason in range_conditions(cosmo, settings.linear):
                self._record(reason)
            return self._impossible(reason, canonical)
        state["jaxlike_cosmology"] = canonical
        for name, value in zip(self.collectors, compiled.products(cosmo), strict=True):
            array = np.asarray(value)
            if not np.all(np.isfinite(array)):
                return self._impossible(f"{name} is finite", canonical)
            if isinstance(name, tuple):
                z = self.collectors[name].z_pool.values
                radius = self._must_provide[name].get("R")
                # as Cobaya has them: (k, z, P) and (z, R, sigma_R)
                axes = (z, radius) if name[0] == "sigma_R" else (self._wavenumbers(name), z)
                state[name] = (*axes, array)  # type: ignore[index]
            else:
                state[name] = array
        if (why := self._put_spectra(compiled.spectra, cosmo, settings.linear, state)) is not None:
            self._record(why)
            return self._impossible(why, canonical)
        derived = {name: float(value) for name, value in compiled.derived(cosmo).items()}
        if lost := [name for name in OF_TABLES if np.isnan(derived.get(name, 0.0))]:
            reason = f"densities in the range of the emulator, for {lost[0]}"
            self._record(reason)
            return self._impossible(reason, canonical)
        state["derived_extra"] = derived
        if want_derived:
            own = {name: self.translate_param(name) for name in self.output_params}
            state["derived"] = {name: derived[ours] for name, ours in own.items()}
        return True

    def _record(self, reason: str) -> None:
        """Count a point that is out of range, or raise, as `out_of_range` says."""
        try:
            self._out_of_range.record(reason)
        except JaxlikeError as error:
            raise LoggedError(self.log, "%s", error) from error

    def _check_derived(self, names: Iterable[str]) -> None:
        settings = self._settings
        for name in sorted(self.translate_param(name) for name in names):
            if (need := unmet_need(name, settings.radiation)) is not None:
                given = vars(settings)[need.partition(":")[0]]
                raise LoggedError(
                    self.log, "%s is computed with %s only, not with %s", name, need, given
                )

    def close(self) -> None:
        """Say how many points were out of range in all."""
        if self._out_of_range.n > 1:
            self.log.warning("%s", self._out_of_range.sentence)
        super().close()

    def _wavenumbers(self, name: tuple[Any, ...]) -> NDArray:
        return products.wavenumbers(self._must_provide[name]["k_max"])

    def _compile(self) -> _Compiled:
        functions = [self._product(name) for name in self.collectors]
        required = {name for name, request in self._must_provide.items() if request is None}
        names = {self.translate_param(name) for name in required.union(self.output_params)}
        wanted = [name for name in DERIVED if name in names]
        settings = self._settings

        def derived(cosmo: Cosmology) -> dict[str, ArrayLike]:
            of = derived_of(cosmo, settings.linear)
            return {name: of(name) for name in wanted}

        return _Compiled(
            canonical=jax.jit(partial(products.canonical, settings)),
            has_solution=jax.jit(partial(has_solution, linear=settings.linear)),
            products=jax.jit(lambda cosmo: tuple(f(cosmo) for f in functions)),
            derived=jax.jit(derived),
            spectra=self._spectra(settings.linear) if "Cl" in self._must_provide else None,
        )

    def _product(self, name: str | tuple[Any, ...]) -> products.Product:
        z = self.collectors[name].z_pool.values
        settings = self._settings
        if isinstance(name, tuple):
            pair = name[-2:]
            if name[0] == "sigma_R":
                return products.sigma_R(self._must_provide[name]["R"], z, settings, pair)
            return products.matter_power(self._wavenumbers(name), z, name[1], settings, pair)
        function = products.OF_REDSHIFT.get(name)
        return function(z) if function else getattr(products, name)(z, settings)

    def get_angular_diameter_distance_2(self, z_pairs: Any) -> NDArray:
        """Physical angular-diameter distance in Mpc from z1 to z2; 0 where z1 > z2."""
        pairs = np.asarray(z_pairs, float)
        if pairs.ndim == 2 and pairs.shape[1] == 2 and np.all(pairs[:, 0] > pairs[:, 1]):
            return np.zeros(len(pairs))  # Cobaya looks for none of them, which NumPy refuses
        return super().get_angular_diameter_distance_2(z_pairs)

    def get_jaxlike_cosmology(self) -> Mapping[str, float]:
        """The cosmology as canonical parameters."""
        return self.current_state["jaxlike_cosmology"]

    def get_jaxlike_settings(self) -> products.Settings:
        """The models that the options choose; known before anything is computed."""
        return self._settings
