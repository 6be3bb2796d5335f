"""What values of parameters by any accepted name are to the theory: canonical ones, checked.

`resolve` is a pure function of the values, which may be traced; names are static.
"""

import math
from collections.abc import Iterable, Mapping

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.registry.names import (
    ALIGNMENT,
    BIAS,
    NUMBERED,
    TATT,
    aliases,
    canonical_name,
    split_name,
)
from jaxlike.registry.sizes import Sizes, described, is_of_mode, sample_of
from jaxlike.theory.constants import NEUTRINO_EV_PER_OMEGA

EXCLUSIVE = (
    ("A_s", "sigma8"),
    ("h", "H0"),
    ("Omega_c", "omch2"),
    ("Omega_b", "ombh2"),
    ("omega_nu", "mnu"),
)
"""Quantities of which a universe takes one of the two."""

_DEFAULTS = {"w0": -1.0, "wa": 0.0, "N_eff": 3.046}
# Left out where they are the number zero, so that the theory need not compute what has no effect.
_NOTHING_AT_ZERO = ("omega_nu", "mnu", "Omega_k")
_ALIGNMENT_DEFAULTS = {"A_IA": 0.0, "alpha_IA": 0.0, "z0_IA": 0.62}
_BIN_DEFAULTS = {"b": 0.0, "m": 0.0, "dz_source": 0.0, "dz_lens": 0.0}
# where another bin, or mode, has one
_DEFAULTS_BESIDE_OTHERS = {"sz_source": 1.0, "sz_lens": 1.0, "u_source": 0.0, "u_lens": 0.0}


def is_idle(name: str, sizes: Sizes) -> bool:
    """Whether a parameter belongs to a bin or field that the data have not got."""
    stem, number = split_name(name) or ("", None)
    if number is None:
        return (stem in ALIGNMENT and sizes.source == 0) or (stem in BIAS and sizes.lens == 0)
    return number > sizes.of(stem)


def check_names(names: Iterable[str], sizes: Sizes | None = None) -> dict[str, str]:
    """Map quantity -> given name; ParameterError on unknown, doubled, missing or idle parameters.

    The numbers of bins and of modes are checked where `sizes` are given.
    """
    given: dict[str, str] = {}
    for name in names:
        quantity = canonical_name(name)
        if quantity in given:
            raise ParameterError(
                f"{quantity} is given twice, as '{given[quantity]}' and as '{name}': give one"
            )
        given[quantity] = name
        if sizes is not None:
            _check_number(name, sizes)
    for one, other in EXCLUSIVE:
        if one in given and other in given:
            raise ParameterError(
                f"'{given[one]}' and '{given[other]}' are both given: give one of the two"
            )
    for alternatives in (
        ("Omega_m", "Omega_c", "omch2"),
        ("Omega_b", "ombh2"),
        ("h", "H0"),
        ("n_s",),
        ("A_s", "sigma8"),
    ):
        if not any(quantity in given for quantity in alternatives):
            accepted = "|".join(aliases(quantity) for quantity in alternatives)
            raise ParameterError(f"parameter {alternatives[0]} is missing: give one of {accepted}")
    if sizes is None:
        return given
    for bias in sizes.names("b"):
        if bias not in given:
            raise ParameterError(
                f"parameter {bias} is missing: the data have {sizes.lens} lens bins, "
                f"give the bias of each as {bias}|DES_{bias}|bin_bias--{bias}"
            )
    return given


def _check_number(name: str, sizes: Sizes) -> None:
    stem, number = split_name(name) or ("", None)
    if number is None:
        for group, sample in ((ALIGNMENT, "source"), (BIAS, "lens")):
            if stem in group and not sizes.of_sample(sample):
                raise ParameterError(
                    f"parameter '{name}' has no effect: the data have no {sample} bins"
                )
        return
    count = sizes.of(stem)
    if number > count:
        kind = "mode" if is_of_mode(stem) else "bin"
        none = f"there is no {sample_of(stem)} {kind}"
        accepted = f"accepted are {kind}s 1 to {count}" if count else none
        raise ParameterError(
            f"parameter '{name}' is for {described(stem, number)}, but the data have {count}: "
            f"{accepted}"
        )


def _scalar(name: str, value: ArrayLike) -> Array:
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


def resolve(params: Mapping[str, ArrayLike], sizes) -> dict[str, Array]:
    """Canonical parameters, each a scalar array, from a mapping of any accepted names.

    `sizes` are those of the data.  Omega_m is total matter, so Omega_c + Omega_b + omega_nu / h^2
    where Omega_c is given.  mnu [eV] becomes omega_nu = mnu / 94.07
    (N_eff / 3)^(3/4), as CAMB has it for three species at one temperature.  omega_nu, Omega_k
    and log_T_AGN are left out where they are not given, the first two also where they are the
    number 0 (not an array); so are parameters that only some options need.  A width of n(z)
    that is given for one bin is 1 for the others, and of its modes 0.  Traceable in the values.
    Raises ParameterError on names that are unknown, missing, given twice, or without effect on
    these data.
    """
    from jaxlike.registry.samples import sizes as _s

    sizes = _s(sizes)
    given = check_names(params, sizes)
    values = {
        quantity: _scalar(name, params[name])
        for quantity, name in given.items()
        if not (quantity in _NOTHING_AT_ZERO and _is_zero(params[name]))
    }
    out = {name: values.get(name, jnp.asarray(value, float)) for name, value in _DEFAULTS.items()}
    out["h"] = values["h"] if "h" in values else values["H0"] / 100.0
    h2 = out["h"] ** 2
    out["n_s"] = values["n_s"]
    amplitude = "A_s" if "A_s" in values else "sigma8"
    out[amplitude] = values[amplitude]
    out["Omega_b"] = values["Omega_b"] if "Omega_b" in values else values["ombh2"] / h2
    if "omega_nu" in values:
        out["omega_nu"] = values["omega_nu"]
    elif "mnu" in values:
        out["omega_nu"] = values["mnu"] / NEUTRINO_EV_PER_OMEGA * (out["N_eff"] / 3.0) ** 0.75
    out["Omega_m"] = _total_matter(given, values, out, h2)
    for name in ("Omega_k", "log_T_AGN", *BIAS, *TATT):
        if name in values:
            out[name] = values[name]
    for name, value in _ALIGNMENT_DEFAULTS.items():
        out[name] = values.get(name, jnp.asarray(value, float))
    for stem in NUMBERED:
        every = sizes.names(stem)
        some = [name for name in every if name in values]
        default = _BIN_DEFAULTS.get(stem, _DEFAULTS_BESIDE_OTHERS.get(stem) if some else None)
        out |= {name: values[name] for name in some}
        if default is not None:
            out |= {name: jnp.asarray(default, float) for name in every if name not in values}
        if stem in _ALIGNMENT_DEFAULTS and some and stem not in values:
            del out[stem]  # an amplitude for each bin stands for the one of all
    return out


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
