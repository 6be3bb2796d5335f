"""What values of parameters by any accepted name are to the theory: canonical ones, checked.

`resolve` is a pure function of the values, which may be traced; names are static.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.registry.names import Named, Names, find
from jaxlike.registry.samples import Sample
from jaxlike.theory.constants import NEUTRINO_EV_PER_OMEGA
from jaxlike.theory.universe.acoustic_scale import h_of_theta
from jaxlike.theory.universe.cosmology import (
    EXCLUSIVE,
    FEEDBACK,
    NECESSARY,
    Cosmology,
    NeutrinoModel,
    from_parameters,
    hot_as_massive,
)
from jaxlike.theory.universe.cosmology import PARAMETERS as COSMOLOGY

# Left out where they are the number zero, so that the theory need not compute what has no effect.
_NOTHING_AT_ZERO = ("omega_nu", "mnu", "Omega_k")


class Background(Protocol):
    """Those of the theory's options that an acoustic scale depends on."""

    @property
    def radiation(self) -> bool: ...
    @property
    def neutrinos(self) -> Any: ...


def is_idle(name: str, samples: Sequence[Sample]) -> bool:
    """Whether a parameter belongs to a bin or field that the data have not got."""
    named = Names(samples).find(name)
    return named is not None and not named.there


def check_names(
    names: Iterable[str], samples: Sequence[Sample] | None = None, known: Names | None = None
) -> dict[str, str]:
    """Map quantity -> given name; ParameterError on unknown, doubled, missing or idle parameters.

    The numbers of bins and of modes are checked where `samples` are given; `known` names are those
    of the samples, or without a prefix.
    """
    known = known or Names(samples or ())
    given: dict[str, str] = {}
    for name in names:
        named = known.named(name)
        quantity = named.canonical
        if quantity in given:
            raise ParameterError(
                f"{quantity} is given twice, as '{given[quantity]}' and as '{name}': give one"
            )
        given[quantity] = name
        if samples is not None:
            _check_there(name, named)
    for group in EXCLUSIVE:
        both = [given[quantity] for quantity in group if quantity in given]
        if len(both) > 1:
            raise ParameterError(f"'{both[0]}' and '{both[1]}' are both given: give one of the two")
    bare = {declared.name: declared.bare for declared in COSMOLOGY}
    for alternatives in NECESSARY:
        if not any(quantity in given for quantity in alternatives):
            accepted = "|".join("|".join(bare[quantity]) for quantity in alternatives)
            raise ParameterError(f"parameter {alternatives[0]} is missing: give one of {accepted}")
    for sample in samples or ():
        _check_necessary(sample, given)
    return given


def _check_there(name: str, named: Named) -> None:
    """ParameterError on a parameter of a bin, mode or sample that is not there."""
    declared, number, sample = named
    if named.there or sample is None:
        return
    if number is None:
        raise ParameterError(
            f"parameter '{name}' has no effect: the data have no {sample.word} bins"
        )
    count = sample.count(declared)
    kind = "mode" if declared.per == "mode" else "bin"
    none = f"there is no {sample.word} {kind}"
    accepted = f"accepted are {kind}s 1 to {count}" if count else none
    raise ParameterError(
        f"parameter '{name}' is for {sample.described(declared, number)}, but the data have "
        f"{count}: {accepted}"
    )


def _check_necessary(sample: Sample, given: Mapping[str, str]) -> None:
    for declared in sample.parameters:
        if not declared.necessary:
            continue
        for number, name in zip(sample.numbers(declared), sample.names(declared), strict=True):
            other = f"{sample.own}{declared.or_else}{number}" if declared.or_else else ""
            if name in given and other in given:
                raise ParameterError(
                    f"'{given[name]}' and '{given[other]}' are both given: give one of the two"
                )
            if name not in given and other not in given:
                raise ParameterError(
                    f"parameter {name} is missing: the data have {sample.n_bin} {sample.word} bins,"
                    f" give the bias of each as {'|'.join(sample.accepted(declared, number)[:3])}"
                )


def scalar(name: str, value: ArrayLike) -> Array:
    """A parameter's value as an array without axes; ParameterError on what is no real number."""
    if isinstance(value, str | bytes | bool) or value is None:
        raise ParameterError(f"parameter '{name}' is {value!r}, but must be a real number")
    try:
        array = jnp.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"parameter '{name}' is {value!r}, but must be a real number"
        ) from error
    if array.ndim:
        raise ParameterError(
            f"parameter '{name}' has shape {array.shape}, but must be a scalar: "
            "use jax.vmap for many points"
        )
    return array


def _is_zero(value: ArrayLike) -> bool:
    return isinstance(value, int | float) and value == 0


def resolve(
    params: Mapping[str, ArrayLike],
    samples: Sequence[Sample],
    options: Background | None = None,
) -> dict[str, Array]:
    """Canonical parameters, each a scalar array, from a mapping of any accepted names.

    `samples` are those of all likelihoods.  Omega_m is total matter, so Omega_c + Omega_b +
    omega_nu / h^2 where Omega_c is given.  mnu [eV] becomes omega_nu = mnu / 94.07
    (N_eff / 3)^(3/4), as CAMB has it, with that N_eff that massive ones are as hot as.  A_s_1e9,
    logA and log10_A_s become A_s; S8 becomes sigma8 = S8 (Omega_m / 0.3)^-0.5; w0_plus_wa becomes
    wa; an acoustic scale becomes the h of a universe with the options' radiation and neutrinos, or
    -1 where there is none between 0.3 and 1.5.  omega_nu, Omega_k and parameters of feedback are
    left out where not given, the first two also where they are the number 0 (not an array); so are
    parameters that only some options need.  A width of n(z) that is given for one bin is 1 for the
    others, and of its modes 0.  Traceable in the values.
    Raises ParameterError on names that are unknown, missing, given twice, or without effect on
    these data.
    """
    given = check_names(params, samples)
    values = {
        quantity: scalar(name, params[name])
        for quantity, name in given.items()
        if not (quantity in _NOTHING_AT_ZERO and _is_zero(params[name]))
    }
    out = _universe(given, values, options)
    for sample in samples:
        out |= _of_sample(sample, values)
    return out


def _universe(
    given: Mapping[str, str],
    values: Mapping[str, Array],
    options: Background | None,
) -> dict[str, Array]:
    """The canonical parameters of the universe."""
    radiation = options is None or options.radiation
    neutrinos: NeutrinoModel = "one_massive" if options is None else options.neutrinos
    defaults = {
        declared.name: values.get(declared.name, jnp.asarray(declared.default, float))
        for declared in COSMOLOGY
        if declared.default is not None
    }

    def at(h: Array) -> dict[str, Array]:
        out, h2 = {**defaults, "h": h}, h**2
        out["n_s"] = values["n_s"]
        if "w0_plus_wa" in values:
            out["wa"] = values["w0_plus_wa"] - out["w0"]
        out |= _amplitude(values)
        out["Omega_b"] = values["Omega_b"] if "Omega_b" in values else values["ombh2"] / h2
        if "omega_nu" in values:
            out["omega_nu"] = values["omega_nu"]
        elif "mnu" in values:
            hot = hot_as_massive(out["N_eff"], neutrinos)
            out["omega_nu"] = values["mnu"] / NEUTRINO_EV_PER_OMEGA * (hot / 3.0) ** 0.75
        out["Omega_m"] = _total_matter(given, values, out, h2)
        for name in ("Omega_k", "tau", *FEEDBACK):
            if name in values:
                out[name] = values[name]
        if "S8" in values:
            # a universe has room for baryons, and so some matter, or no posterior
            some = jnp.maximum(out["Omega_m"], 1e-6)
            out["sigma8"] = values["S8"] * jnp.sqrt(0.3 / some)
        return out

    def universe(h: Array) -> Cosmology:
        return from_parameters(at(h), radiation=radiation, neutrinos=neutrinos)

    return at(_hubble(given, values, universe, radiation))


def _hubble(
    given: Mapping[str, str],
    values: Mapping[str, Array],
    universe: Callable[[Array], Cosmology],
    radiation: bool,
) -> Array:
    """h, given in one of the ways that HUBBLE lists."""
    if "h" in values:
        return values["h"]
    if "H0" in values:
        return values["H0"] / 100.0
    name = "theta_MC_100" if "theta_MC_100" in values else "cosmomc_theta"
    if not radiation:
        raise ParameterError(
            f"'{given[name]}' is the angle of a sound horizon, which a universe with radiation = "
            "false has not: give h or H0"
        )
    return h_of_theta(values[name] / (100.0 if name == "theta_MC_100" else 1.0), universe)


def _amplitude(values: Mapping[str, Array]) -> dict[str, Array]:
    """A_s or sigma8, in one of the ways that AMPLITUDES lists; {} of S8, which needs Omega_m."""
    if "A_s" in values:
        return {"A_s": values["A_s"]}
    if "A_s_1e9" in values:
        return {"A_s": 1e-9 * values["A_s_1e9"]}
    if "logA" in values:
        return {"A_s": 1e-10 * jnp.exp(values["logA"])}
    if "log10_A_s" in values:
        return {"A_s": 10.0 ** values["log10_A_s"]}
    return {"sigma8": values["sigma8"]} if "sigma8" in values else {}


def _of_sample(sample: Sample, values: Mapping[str, Array]) -> dict[str, Array]:
    """The canonical parameters of a sample: those that are given, and defaults of others."""
    out: dict[str, Array] = {}
    replaced: set[str] = set()
    for declared in sample.parameters:
        every = sample.names(declared)
        some = [name for name in every if name in values]
        out |= {name: values[name] for name in some}
        default = declared.default
        if default is None and some:
            default = declared.beside
        if default is not None:
            out |= {name: jnp.asarray(default, float) for name in every if name not in values}
        if declared.instead_of and some:
            replaced.add(sample.own + declared.instead_of)
    return {name: value for name, value in out.items() if name in values or name not in replaced}


def _total_matter(
    given: Mapping[str, str], values: Mapping[str, Array], out: Mapping[str, Array], h2: Array
) -> Array:
    """Omega_m, given directly or as the sum of its parts; both only where they agree."""
    if "Omega_c" in values:
        cold = values["Omega_c"]
    elif "omch2" in values:
        cold = values["omch2"] / h2
    else:
        return values["Omega_m"]
    total = cold + out["Omega_b"] + out.get("omega_nu", 0.0) / h2
    if "Omega_m" not in values:
        return total
    names = [given[q] for q in ("Omega_m", "Omega_c", "omch2", "Omega_b", "ombh2") if q in given]
    listed = ", ".join(f"'{name}'" for name in names)
    if isinstance(total, jax.core.Tracer) or isinstance(values["Omega_m"], jax.core.Tracer):
        raise ParameterError(f"{listed} are all given, which cannot be checked under jit: give two")
    if not math.isclose(float(total), float(values["Omega_m"]), rel_tol=1e-5):
        raise ParameterError(
            f"{listed} are inconsistent: Omega_m is {float(values['Omega_m']):.6g}, but the sum of "
            f"cold matter, baryons and neutrinos is {float(total):.6g}: give two of them"
        )
    return values["Omega_m"]


def of_universe(name: str) -> bool:
    """Whether a name is of a parameter of the universe, not of a sample."""
    named = find(name)
    return named is not None and named.sample is None
