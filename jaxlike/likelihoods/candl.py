"""Likelihoods of candl (Balkenhol et al. 2024, arXiv:2401.13433) in the CMB's spectra."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.registry.names import find
from jaxlike.theory.power.cmb.lattice import ELL_MAX
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.cosmology import COSMOLOGY_NAMES

_ELL_MIN = 2  # where all of candl's spectra begin
# Its names -> ours, and the factor between: [ell (ell + 1)]^2 C_ell / 2 pi of phi, C_ell of kappa
_SPECTRA: Mapping[str, tuple[str, float]] = {
    "TT": ("tt", 1.0),
    "TE": ("te", 1.0),
    "EE": ("ee", 1.0),
    "pp": ("pp", 1.0),
    "kk": ("pp", np.pi / 2),
}
_METHODS = ("get_model_specs", "bin_model_specs")


@dataclass(frozen=True)
class CandlModel:
    """What a likelihood of candl is apart from its data: equal where class, options and the
    arrays of the data model are.

    like: the object itself, with its data; spectra: (name, last multipole) of those it needs.
    """

    identity: str
    like: Any = field(compare=False, repr=False)
    parameters: tuple[str, ...] = ()
    of_universe: tuple[str, ...] = ()
    spectra: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, like: Any) -> "CandlModel":
        """Of candl's Like or LensLike; ParameterError on spectra and multipoles that there are
        none of."""
        needed = like.requirements_dict["Dl"]
        for name, last in needed.items():
            if name not in _SPECTRA:
                raise ParameterError(
                    f"candl's {like.name} needs the spectrum {name}; there are "
                    f"{', '.join(_SPECTRA)}"
                )
            if last > ELL_MAX:
                raise ParameterError(
                    f"candl's {like.name} has windows of {name} to ell = {last}, but spectra are "
                    f"known to {ELL_MAX}: take a data set or windows that end before"
                )
        inside = [name for prior in like.priors for name in prior.par_names]
        every = dict.fromkeys([*like.required_nuisance_parameters, *map(str, inside)])
        of_universe = tuple(name for name in every if find(name) is not None)
        for name in of_universe:
            if _canonical(name) not in COSMOLOGY_NAMES:
                raise ParameterError(
                    f"candl's {like.name} takes '{name}', which is that of something else here"
                )
        own = tuple(name for name in every if name not in of_universe)
        spectra = tuple((str(name), int(last)) for name, last in needed.items())
        return cls(_identity(like), like, own, of_universe, spectra)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Candl:
    """candl's likelihood: band powers, windows and covariance are `arrays`, by their names there;
    templates of its data model are a part of `model`."""

    arrays: dict[str, Any]
    model: CandlModel = field(metadata={"static": True})

    @classmethod
    def of(cls, like: Any) -> "Candl":
        """Of a likelihood that candl has set up; ParameterError on what it needs and there is none
        of."""
        return cls(_arrays_of(like), CandlModel.of(like))

    def __repr__(self) -> str:
        return f"Candl: {self.model.like.name}"

    @property
    def n_points(self) -> int:
        """How many band powers it is the sum over."""
        return int(self.model.like.N_bins_total)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Those of its data model, and of priors inside of it, but for the universe's."""
        return self.model.parameters

    @property
    def needs(self) -> tuple[str, ...]:
        """Spectra of the CMB."""
        return ("D_ell",)

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """candl's own value; -inf, with a slope of zero, where no spectra are known.

        ParameterError for a universe without optical depth.
        """
        spectra = universe.cmb
        found = {}
        for name, last in self.model.spectra:
            ours, factor = _SPECTRA[name]
            found[name] = factor * spectra.D_ell(ours, np.arange(_ELL_MIN, last + 1))
        known = spectra.held
        return jnp.where(known, self.of_spectra(found, parameters), -jnp.inf)

    def of_spectra(
        self, spectra: Mapping[str, ArrayLike], parameters: Mapping[str, ArrayLike]
    ) -> Array:
        """The same of D_ell from ell = 2 on, by candl's names of spectra: in muK^2, C_ell of kk."""
        # a copy whose arrays may be traced, with none of candl's compiled methods, which would keep
        # the copy as long as the process lives
        one = copy.copy(self.model.like)
        vars(one).update(self.arrays)
        for name in _METHODS:
            setattr(one, name, partial(getattr(type(one), name).__wrapped__, one))
        one.prior_logl = partial(_of_priors, one.priors)
        if hasattr(one, "logl_function"):
            one.logl_function = getattr(one, one.logl_function.__name__)
        own = {name: jnp.asarray(parameters[name]) for name in self.model.parameters}
        own |= {name: jnp.asarray(parameters[_canonical(name)]) for name in self.model.of_universe}
        given = {**own, "Dl": {name: jnp.asarray(one) for name, one in spectra.items()}}
        return jnp.asarray(type(one).log_like.__wrapped__(one, given))


def _of_priors(priors: Any, parameters: Mapping[str, Array]) -> Array:
    """-ln of the Gaussian priors inside of a likelihood without their norm, as candl defines them
    (its own code does not run with this version of JAX)."""
    total = jnp.zeros(())
    for prior in priors:
        x = jnp.stack([parameters[str(name)] for name in prior.par_names])
        off = jnp.log(x) if prior.multiplicative_par else x - prior.central_value
        total += 0.5 * jnp.sum(jnp.linalg.solve(prior.prior_covariance_chol, off) ** 2)
    return total


def _canonical(name: str) -> str:
    named = find(name)
    return name if named is None else named.canonical


def _is_data(value: object) -> bool:
    if isinstance(value, list) and value:
        return all(map(_is_data, value))
    is_array = isinstance(value, np.ndarray | jax.Array) and np.ndim(value) > 0
    return is_array and jnp.issubdtype(value.dtype, jnp.inexact)  # type: ignore[attr-defined]


def _arrays_of(like: Any) -> dict[str, Any]:
    """Its attributes that are real arrays, or lists of them, by name.

    The covariance is there twice, and counts as its factor unless there are beams besides.
    """
    found = {name: value for name, value in vars(like).items() if _is_data(value)}
    if getattr(like, "beam_correlation", None) is None:
        found.pop("covariance", None)
    found.pop("data_bandpowers", None)  # the blinded ones, which nothing is computed with
    return found


def _identity(like: Any) -> str:
    """What tells a model from others: class, options, and the arrays of its transformations."""
    digest = hashlib.sha256()
    for part in (*like.data_model, *like.priors):
        for name, value in sorted(vars(part).items()):
            digest.update(f"{type(part).__name__}.{name}".encode())
            is_array = isinstance(value, np.ndarray | jax.Array)
            digest.update(np.asarray(value).tobytes() if is_array else repr(value).encode())
    options = {k: v for k, v in like.data_set_dict.items() if k not in ("priors", "feedback")}
    return f"{type(like).__name__} {options!r} {like.N_bins!r} {digest.hexdigest()}"
