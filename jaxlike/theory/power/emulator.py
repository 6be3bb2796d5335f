"""Linear matter power of Boltzmann accuracy, from a table trained on CAMB (docs/emulator.md).

In an Einstein-de Sitter universe the transfer function depends on the physical densities alone;
h, w0, wa and Omega_k enter through the growth D, the primordial spectrum analytically. Tables:

- ln T(x) of massless neutrinos, x = k r_s, as a B-spline in ln x whose coefficients are
  polynomials in the densities of baryons and cold matter;
- ln(T_nu / T) / f_nu of massive neutrinos at those densities, at equal x: polynomials in the
  densities and ln D, in a variable that is compact in k / k_nr.
"""

import functools
import operator
from dataclasses import replace
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.splines import bspline_taps
from jaxlike.theory.constants import HUBBLE_DISTANCE, NEUTRINO_EV_PER_OMEGA, T_CMB
from jaxlike.theory.power.emulator_table import Domain as Domain
from jaxlike.theory.power.emulator_table import Table as Table
from jaxlike.theory.power.emulator_table import shipped_table as shipped_table
from jaxlike.theory.universe import acoustic_scale
from jaxlike.theory.universe.cosmology import Cosmology, Scalar

MatterField = Literal["total", "cdm_baryons"]
FIELDS: tuple[MatterField, ...] = ("total", "cdm_baryons")

N_EFF = 3.046
"""Effective number of neutrinos of the training spectra."""

_A_DRAG = 1 / 1061  # its exact value does not matter for a small change of the expansion
_LATER_DRAG = 4.9e-4  # what r_drag loses for every further neutrino, besides by the expansion

Z_MAX_NEUTRINOS = 14.0
"""Largest redshift at which growth is inside the table of massive neutrinos in every universe."""

Z_MAX = 100.0
"""Largest redshift at which growth is where the table goes on linearly in every universe."""

_LN_GROWTH_BELOW = 2.0  # how far it goes on below its end, in ln D

LN_X_END = 15.5
"""ln(k r_s) to which the transfer function goes on by its asymptotic form, beyond the table."""


def exponents(degree: int, dimension: int) -> NDArray:
    """Exponents (n_term, dimension) of the monomials of at most total `degree`, in fixed order."""
    every = np.indices((degree + 1,) * dimension).reshape(dimension, -1).T
    return every[every.sum(axis=1) <= degree]


@functools.cache
def _exponents_of(n_term: int, dimension: int) -> NDArray:
    degree = next(d for d in range(40) if len(exponents(d, dimension)) >= n_term)
    return exponents(degree, dimension)


def chebyshev(unit: ArrayLike, n: int) -> Array:
    """T_0..T_{n-1} (..., n) at `unit` (...,), which is kept inside [-1, 1]."""
    inside = jnp.clip(jnp.asarray(unit), -1 + 1e-12, 1 - 1e-12)  # finite slope of arccos
    return jnp.cos(jnp.arange(n) * jnp.arccos(inside)[..., None])


def terms(unit: Array, n_term: int) -> Array:
    """Products (n_term,) of Chebyshev polynomials in the coordinates `unit` (n,)."""
    which = _exponents_of(n_term, unit.shape[0])
    n = int(which.max()) + 1
    # a product with zeros and ones, where an index would be a scatter in the gradient
    chosen = [row @ np.eye(n)[:, w] for row, w in zip(chebyshev(unit, n), which.T, strict=True)]
    return functools.reduce(operator.mul, chosen)


def coordinates(omega_b: Scalar, omega_cb: Scalar, omega_nu: Scalar) -> Array:
    """sqrt(omega_b / omega_cb), ln omega_cb, ln omega_nu: (3,)."""
    return jnp.stack(
        [jnp.sqrt(omega_b / omega_cb), jnp.log(omega_cb), jnp.log(jnp.asarray(omega_nu))]
    )


def k_nonrelativistic(omega_m: Scalar, omega_nu: Scalar, n_massive: int) -> Scalar:
    """k_nr = 0.018 sqrt(omega_m m_nu / eV) in 1/Mpc, for the mass of one eigenstate."""
    mass = NEUTRINO_EV_PER_OMEGA * (3 / N_EFF) ** 0.75 * omega_nu / n_massive
    return 0.018 * (omega_m * mass) ** 0.5


def compact(k: ArrayLike, k_nr: ArrayLike) -> Array:
    """k between 0 and infinity as a number between -1 and 1, 0 at 2.7 k_nr."""
    return jnp.tanh(0.4 * (jnp.log(k) - jnp.log(k_nr) - 1))


def _unit(cosmo: Cosmology, table: Table, omega_nu: Scalar | None = None) -> Array:
    h2 = cosmo.h**2
    low, high = table.box.T
    # lighter neutrinos act as the lightest of the training set, in proportion to their density
    nu = jnp.maximum(0.0 if omega_nu is None else omega_nu, np.exp(low[2]))
    x = coordinates(cosmo.Omega_b * h2, cosmo.Omega_cb * h2, nu)
    return 2 * (x - low) / (high - low) - 1


class _Massive(NamedTuple):
    """Eigenstates of one mass: the kind of the table that has them, with n of density omega_nu in
    it (and what their mass is made of), and the fraction of all matter that they are."""

    kind: str
    n: int
    omega_nu: Scalar
    of_mass: Scalar
    share: Scalar


def _species(cosmo: Cosmology) -> list[_Massive]:
    """The massive eigenstates by tables: what each mass does is small, so effects add up.

    In normal order the heavy one is one of its table; the light pair is two thirds of three.
    """
    assert cosmo.omega_nu is not None
    if cosmo.neutrinos != "normal":
        share, of_mass = cosmo.Omega_nu / cosmo.Omega_m, cosmo.Omega_nu * cosmo.h**2
        return [_Massive(cosmo.neutrinos, cosmo.n_massive, cosmo.omega_nu, of_mass, share)]
    (_, light), (_, heavy) = cosmo.species
    omega_m = cosmo.Omega_m * cosmo.h**2
    return [
        _Massive("degenerate", 3, 1.5 * light, 1.5 * light, light / omega_m),
        _Massive("one_massive", 1, heavy, heavy, heavy / omega_m),
    ]


def _ln_sound_horizon(cosmo: Cosmology, unit: Array, table: Table) -> Array:
    horizon = table.sound_horizon["massless"]
    ln_r = terms(unit[:2], horizon.size) @ horizon
    if cosmo.omega_nu is None:
        return ln_r
    for one in _species(cosmo):
        shift = table.sound_horizon[one.kind]
        ln_r = ln_r + one.share * (terms(_unit(cosmo, table, one.omega_nu), shift.size) @ shift)
    return ln_r


def sound_horizon(cosmo: Cosmology, table: Table | None = None) -> Array:
    """Comoving sound horizon at the drag epoch in Mpc, CAMB's `rdrag`; good to 5e-5.

    N_eff = 2 to 5 included; for the densities of `conditions` without those of the background.
    """
    table = table or shipped_table()
    later = _LATER_DRAG * (cosmo.N_eff - N_EFF)
    trained = jnp.exp(_ln_sound_horizon(cosmo, _unit(cosmo, table), table) - later)
    plain = replace(cosmo, N_eff=N_EFF, Omega_k=0.0, w0=-1.0, wa=0.0)
    horizon, of_plain = (acoustic_scale.sound_horizon(c, _A_DRAG) for c in (cosmo, plain))
    return trained * (horizon / of_plain)


def ln_transfer(cosmo: Cosmology, k: ArrayLike, table: Table | None = None) -> Array:
    """ln T (n_k,) of cold matter and baryons with massless neutrinos; k in h/Mpc.

    NaN outside the table's domain. With massive neutrinos k is scaled to their sound horizon.
    """
    table = table or shipped_table()
    unit = _unit(cosmo, table)
    held = jnp.all(jnp.stack(list(conditions(cosmo, table).values())))
    known = terms(unit[:2], table.cold.shape[0]) @ table.cold
    ln_r = _ln_sound_horizon(cosmo, unit, table)

    # Beyond the table T ~ ln(k) / k^2; before it, T is one.
    start, step = table.ln_x
    excess = jnp.maximum((known[-1] - known[-2]) / step + 2, 0.0)
    beyond = step * np.arange(1, int((LN_X_END - start) / step) - known.size + 2)
    tail = known[-1] - 2 * beyond + jnp.log1p(excess * beyond)
    n_before = int(8 / step)
    every = jnp.concatenate([jnp.full(n_before, known[0]), known, tail])
    position = (jnp.log(cosmo.h) + ln_r - start) / step + n_before
    ln_t = jnp.where(held, 0.0, jnp.nan) + _read(every, position, k, step)
    if isinstance(cosmo.Omega_k, float) and cosmo.Omega_k == 0.0:
        return ln_t
    # Poisson's equation in curved space has k^2 - 3 K; a closed universe has no k^2 < 8 K
    curved = 3 * cosmo.Omega_k / (HUBBLE_DISTANCE * k) ** 2
    return ln_t + jnp.log1p(jnp.maximum(curved, -0.9))


def _read(coefficients: Array, position: Array, k: ArrayLike, step: float) -> Array:
    """B-spline at position + ln k / step, (n_k,); coefficient 1 is at position 0."""
    last = coefficients.size - 4
    stride = _stride(k, step)
    if stride is None:
        at = jnp.clip(position + jnp.log(jnp.asarray(k)) / step, 0.0, last)
        first = jnp.minimum(jnp.floor(lax.stop_gradient(at)), last)
        index = first.astype(int) + np.arange(4)[:, None]
        return jnp.sum(bspline_taps(at - first) * coefficients[index], axis=0)
    # on a lattice all points share one fraction: a contiguous window serves them
    k = np.asarray(k)
    span = stride * (k.size - 1) + 1
    at = jnp.clip(position + np.log(k[0]) / step, 0.0, coefficients.size - span - 3.0)
    first = jnp.floor(lax.stop_gradient(at))
    window = lax.dynamic_slice(coefficients, (first.astype(int),), (span + 3,))
    taps = bspline_taps(at - first)
    return sum(taps[i] * window[i : i + span : stride] for i in range(4))  # type: ignore[return-value]


def _stride(k: ArrayLike, step: float) -> int | None:
    """Table steps between neighbours of `k`, if it is a fixed lattice of a multiple of them."""
    if not isinstance(k, np.ndarray) or k.ndim != 1 or k.size < 2:
        return None
    strides = np.diff(np.log(k)) / step
    stride = round(strides[0])
    return stride if stride > 0 and np.allclose(strides, stride, rtol=0, atol=1e-8) else None


def ln_neutrino_ratio(
    cosmo: Cosmology,
    k: ArrayLike,
    growth: ArrayLike,
    field: MatterField = "total",
    table: Table | None = None,
) -> Array:
    """ln of the factor (n_z, n_k) by which massive neutrinos change the transfer function.

    growth: D (n_z,), normalised to a in matter domination; k (n_k,) or (n_z, n_k) in h/Mpc.
    Linear in ln D above the table's 1.22, as in Eisenstein & Hu's fit to 5e-4 of ln T at D = 1.8,
    and below its 0.058 (z > 14); NaN where D is below 0.0078 (z > 100).
    """
    table = table or shipped_table()
    parts = [_ratio(cosmo, k, growth, table, field, one) for one in _species(cosmo)]
    return functools.reduce(operator.add, parts)


def _ratio(
    cosmo: Cosmology,
    k: ArrayLike,
    growth: ArrayLike,
    table: Table,
    field: MatterField,
    one: _Massive,
) -> Array:
    """What eigenstates of one mass do."""
    tensor = table.ratio[one.kind, field]
    n_term, n_growth, n_t = tensor.shape
    of_growth = terms(_unit(cosmo, table, one.omega_nu), n_term) @ tensor.reshape(n_term, -1)
    ln_d = jnp.log(jnp.asarray(growth))
    low, high = table.ln_growth
    unit = 2 * (ln_d - low) / (high - low) - 1
    # beyond the table (closed universes, early times) the ratio goes on as it ends: T_n'(1) = n^2
    order = np.arange(n_growth)
    slope = jnp.where(unit[:, None] < 0, (-1.0) ** order, 1.0) * order**2
    beyond = jnp.maximum(jnp.abs(unit) - 1, 0.0)[:, None] * slope
    basis = chebyshev(unit, n_growth) + beyond
    c = jnp.where(ln_d > low - _LN_GROWTH_BELOW, 0.0, jnp.nan)[:, None]
    c = c + basis @ of_growth.reshape(n_growth, n_t)

    omega_m = cosmo.Omega_m * cosmo.h**2
    k_nr = k_nonrelativistic(omega_m, jnp.maximum(one.of_mass, 1e-5), one.n)
    t = compact(k, k_nr / cosmo.h)
    every = [jnp.ones_like(t), t]
    for _ in range(n_t - 2):
        every.append(2 * t * every[-1] - every[-2])
    wave = jnp.stack(every, axis=-2)
    series = c @ wave if wave.ndim == 2 else (c[:, None] @ wave)[:, 0]
    return one.share * series


def conditions(
    cosmo: Cosmology, table: Table | None = None, *, background: bool = True
) -> dict[str, Array]:
    """Boolean scalars, all true inside the table's domain; keys say what must hold.

    background: that of the training too (`sound_horizon` corrects for another).
    """
    domain = (table or shipped_table()).domain
    h2 = cosmo.h**2
    omega_b, omega_cb = cosmo.Omega_b * h2, cosmo.Omega_cb * h2
    ranges = {
        "omega_b": (omega_b, domain.omega_b),
        "omega_cdm + omega_b": (omega_cb, domain.omega_cb),
        "omega_b / (omega_cdm + omega_b)": (omega_b / omega_cb, domain.baryon_fraction),
        "N_eff": (cosmo.N_eff, (N_EFF - 0.01, N_EFF + 0.01)),
        "T_cmb": (cosmo.T_cmb, (T_CMB - 0.001, T_CMB + 0.001)),
    }
    if not background:
        del ranges["N_eff"], ranges["T_cmb"]
    if cosmo.omega_nu is not None:
        ranges["omega_nu"] = (cosmo.omega_nu, domain.omega_nu)
        ranges["Omega_nu / Omega_m"] = (cosmo.Omega_nu / cosmo.Omega_m, (0.0, domain.f_nu))
    return {
        f"{low:g} <= {name} <= {high:g} (range of the emulator)": jnp.asarray(
            (low <= value) & (value <= high)
        )
        for name, (value, (low, high)) in ranges.items()
    }
