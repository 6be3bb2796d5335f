"""From the training spectra to the emulator's table: polynomials by least squares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from jaxlike.emulator.design import ACCEPTED, TRAINED, Point
from jaxlike.emulator.spectra import A_REFERENCE, EIGENSTATES, X_MAX, Transfer, reference
from jaxlike.numerics.splines import prefilter
from jaxlike.theory.power.emulator import (
    FIELDS,
    Table,
    compact,
    coordinates,
    exponents,
    k_nonrelativistic,
)
from jaxlike.theory.power.linear import LN_K_STEP
from jaxlike.theory.universe.growth import GrowthGrid

X_MIN = 0.02
LN_GROWTH = (float(np.log(0.058)), 0.2)
"""Range of ln D; the reference universe ends at D = 1, the last fifth of an e-fold goes beyond."""


@dataclass(frozen=True)
class Degrees:
    """Degrees of the polynomials: in the densities for massless neutrinos (`cold`), in densities
    and growth (`ratio`) and in the compact wave number (`wave`) for massive ones."""

    cold: int = 8
    ratio: int = 5
    wave: int = 10


@dataclass(frozen=True)
class Sample:
    """A point of the training set with its spectra and the growth D (n_a,) of their universes, by
    the code that will compute that of any other; keys are neutrino models."""

    point: Point
    spectra: Mapping[str, Transfer]
    growth: Mapping[str, NDArray]

    @property
    def ln_growth_today(self) -> float:
        """ln D(a = 1) with massless neutrinos."""
        return float(np.log(self.growth["massless"][-1]))


def samples(points: Sequence[Point], spectra: Mapping[str, Sequence[Transfer]]) -> list[Sample]:
    """Samples from the spectra of every neutrino model, in the order of `points`."""
    grid = GrowthGrid.build(1 / np.array(A_REFERENCE) - 1)
    grow = jax.jit(lambda cosmo: grid.growth(cosmo)[0])
    return [
        Sample(
            point,
            {kind: spectra[kind][i] for kind in EIGENSTATES},
            {kind: np.asarray(grow(reference(point, kind).cosmology)) for kind in EIGENSTATES},
        )
        for i, point in enumerate(points)
    ]


def fit_table(samples: Sequence[Sample], degrees: Degrees, metadata: Mapping[str, Any]) -> Table:
    """The table of all neutrino models from at least as many samples as polynomial terms."""
    box = _box()
    unit = np.array([_unit(s.point, box) for s in samples])
    step = LN_K_STEP / 2
    ln_x = np.arange(np.log(X_MIN), np.log(X_MAX), step)
    cold = np.array([_cold(s.spectra["massless"])(ln_x) - s.ln_growth_today for s in samples])
    f_nu = np.array([s.point.omega_nu / (s.point.omega_cb + s.point.omega_nu) for s in samples])
    ln_r = {k: np.log([s.spectra[k].r_s for s in samples]) for k in EIGENSTATES}
    horizon = {"massless": solve(unit[:, :2], degrees.cold, ln_r["massless"][:, None])[:, 0]}
    ratio: dict[tuple[str, str], NDArray] = {}
    for kind in (kind for kind, n_massive in EIGENSTATES.items() if n_massive):
        shift = (ln_r[kind] - ln_r["massless"]) / f_nu
        horizon[kind] = solve(unit, degrees.ratio, shift[:, None], f_nu)[:, 0]
        for field in FIELDS:
            ratio[kind, field] = _fit_ratio(samples, unit, kind, field, degrees)
    return Table(
        domain=ACCEPTED,
        box=box,
        ln_growth=LN_GROWTH,
        ln_x=(float(ln_x[0]), step),
        cold=prefilter(solve(unit[:, :2], degrees.cold, cold)),
        ratio=ratio,
        sound_horizon=horizon,
        metadata=metadata,
    )


def _box() -> NDArray:
    """Range of each coordinate over the training set."""
    low, high = TRAINED.baryon_fraction
    ends = ((low**0.5, high**0.5), np.log(TRAINED.omega_cb), np.log(TRAINED.omega_nu))
    return np.array(ends, float)


def _unit(point: Point, box: NDArray) -> NDArray:
    x = np.asarray(coordinates(point.omega_b, point.omega_cb, point.omega_nu))
    return 2 * (x - box[:, 0]) / (box[:, 1] - box[:, 0]) - 1


def vander(unit: NDArray, which: NDArray) -> NDArray:
    """Products of Chebyshev polynomials (n_sample, n_term)."""
    every = chebvander(unit, int(which.max()))  # (n_sample, n, degree + 1)
    return np.prod([every[:, i, which[:, i]] for i in range(which.shape[1])], axis=0)


def solve(unit: NDArray, degree: int, values: NDArray, weight: NDArray | None = None) -> NDArray:
    """Least-squares coefficients (n_term, n_value)."""
    matrix = vander(unit, exponents(degree, unit.shape[1]))
    rows = np.ones(len(unit)) if weight is None else weight
    return np.linalg.lstsq(matrix * rows[:, None], values * rows[:, None], rcond=1e-9)[0]


def _cold(spectrum: Transfer) -> CubicSpline:
    """ln of total matter today against ln(k r_s)."""
    return CubicSpline(np.log(spectrum.k * spectrum.r_s), np.log(spectrum.total[-1]))


def _fit_ratio(
    samples: Sequence[Sample], unit: NDArray, kind: str, field: str, degrees: Degrees
) -> NDArray:
    """(n_term, n_growth, n_t): rows weigh by f_nu, which multiplies the ratio."""
    inputs, targets, weights = [], [], []
    low, high = LN_GROWTH
    for sample, x in zip(samples, unit, strict=True):
        ln_d = np.log(sample.growth[kind])
        series, f_nu = _ratio_series(sample, kind, field, ln_d, degrees.wave)
        inputs.append(np.column_stack([np.tile(x, (ln_d.size, 1)), _rescale(ln_d, low, high)]))
        targets.append(series)
        weights.append(np.full(ln_d.size, f_nu))
    flat = solve(
        np.concatenate(inputs), degrees.ratio, np.concatenate(targets), np.concatenate(weights)
    )
    which = exponents(degrees.ratio, 4)
    rows = {tuple(row): i for i, row in enumerate(exponents(degrees.ratio, 3))}
    tensor = np.zeros((len(rows), degrees.ratio + 1, flat.shape[1]))
    for term, values in zip(which, flat, strict=True):
        tensor[rows[tuple(term[:3])], term[3]] = values
    return tensor


def _rescale(x: NDArray, low: float, high: float) -> NDArray:
    return 2 * (x - low) / (high - low) - 1


def _ratio_series(
    sample: Sample, kind: str, field: str, ln_d: NDArray, degree: int
) -> tuple[NDArray, float]:
    """Chebyshev coefficients (n_a, degree + 1) of ln(T_nu / T) / f_nu in compact k, and f_nu."""
    point, spectrum = sample.point, sample.spectra[kind]
    omega_m = point.omega_cb + point.omega_nu
    f_nu = point.omega_nu / omega_m
    massless = sample.spectra["massless"]
    # Only where CAMB has it: between its wave numbers the wiggles of the massive one are unknown.
    ln_x = np.log(spectrum.k * spectrum.r_s)
    ends = np.log(massless.k[[0, -1]] * massless.r_s)
    known = (ln_x >= ends[0]) & (ln_x <= ends[1])
    ln_x = ln_x[known]
    power = (spectrum.total if field == "total" else spectrum.cold)[:, known]
    ln_t0 = _cold(massless)(ln_x) - sample.ln_growth_today
    ratio = (np.log(power) - ln_d[:, None] - ln_t0) / f_nu
    # constant beyond both ends
    k_nr = k_nonrelativistic(omega_m, point.omega_nu, EIGENSTATES[kind])
    t = np.asarray(compact(spectrum.k[known], k_nr))
    n = 20
    ratio = np.concatenate([ratio[:, :1]] * n + [ratio] + [ratio[:, -1:]] * n, axis=1)
    weight = np.sqrt(np.concatenate([np.full(n, 0.05), np.gradient(ln_x), np.full(n, 0.05)]))
    t = np.concatenate([np.linspace(-1, t[0], n), t, np.linspace(t[-1], 1, n)])
    matrix = chebvander(t, degree) * weight[:, None]
    return np.linalg.lstsq(matrix, (ratio * weight).T, rcond=None)[0].T, f_nu
