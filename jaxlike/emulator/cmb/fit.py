"""From CAMB's spectra to the table: components by their weight in an experiment, polynomials by
least squares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.emulator.cmb.design import TRAINED
from jaxlike.emulator.cmb.spectra import Universe
from jaxlike.emulator.fit import vander
from jaxlike.theory.power.cmb.coordinates import NAMES, seen
from jaxlike.theory.power.cmb.lattice import ELL_MAX, ELL_MIN, N_U, at_multipoles
from jaxlike.theory.power.cmb.spectra import SPECTRA, factor
from jaxlike.theory.power.cmb.table import ROOTS, CmbTable, Part
from jaxlike.theory.universe.cosmology import Cosmology

ELL = np.arange(ELL_MIN, ELL_MAX + 1)

_NOISE = {"tt": 5.0, "ee": 7.0}  # muK arcmin
_BEAM = 1.5  # arcmin, full width at half maximum
_ELL_LENSING = 700.0  # beyond which noise of the lensing potential rises


@dataclass(frozen=True)
class Degrees:
    """Of the polynomials: total, with no more of single coordinates than `each`; and of single ones
    `alone`, and of tau in a product with one other.

    noise: of a training spectrum's component, over its scatter; shrink: by how much a coefficient
    is expected to be smaller for each order beyond the first, `shrink_tau` for those of tau: with
    these least squares have a solution where there are many terms. tolerance: what of chi^2 of an
    experiment of the whole sky, with the noise of deep surveys, components may leave out of a
    training spectrum.
    """

    total: int = 3
    each: tuple[int, ...] = (3, 3, 3, 3, 3, 2, 1, 2, 3)
    alone: tuple[int, ...] = (4, 4, 4, 3, 7, 2, 1, 3, 3)
    tau: int = 4
    noise: float = 1e-2
    shrink: float = 0.05
    shrink_tau: float = 0.3
    tolerance: float = 0.02


@dataclass(frozen=True)
class Samples:
    """x (n, 9): coordinates before `away`; ln_amplitude (n,): ln of 10^9 A_s times that of lensing;
    scaled: name -> (n, n_ell) spectra over `factor` at ELL."""

    x: NDArray
    ln_amplitude: NDArray
    scaled: Mapping[str, NDArray]


def samples(universes: Sequence[Universe], spectra: Sequence[Mapping[str, NDArray]]) -> Samples:
    """All variants of all universes."""

    @jax.jit
    def look(cosmo: Cosmology) -> tuple[Any, ...]:
        assert cosmo.tau is not None
        found = seen(cosmo, cosmo.tau)
        of = {name: factor(name, cosmo, found.ln_convergence, ELL) for name in SPECTRA}
        return found.x, of

    x, ln_amplitude = [], []
    scaled = {name: [] for name in SPECTRA}  # type: ignore[var-annotated]
    for universe, found in zip(universes, spectra, strict=True):
        for i, one in enumerate(universe.every):
            cosmo = universe.cosmology(one.n_s)
            at, factors = look(replace(cosmo, tau=universe.tau))
            at = np.array(at)
            at[-1] += np.log(one.lensing)
            x.append(at)
            ln_amplitude.append(np.log(1e9 * universe.A_s * one.lensing))
            for name in SPECTRA:
                over = np.array(factors[name]) * (one.lensing if name == "pp" else 1.0)
                scaled[name].append(found[name][i, ELL] / over)
    every = {name: np.array(rows) for name, rows in scaled.items()}
    return Samples(np.array(x), np.array(ln_amplitude), every)


_TAU = NAMES.index("tau")
_WITH_TAU = [NAMES.index(name) for name in ("omega_b", "omega_cb", "thetastar", "n_s", "lensing")]


def exponents_of(degrees: Degrees) -> NDArray:
    """Orders (n_term, 9) of the Chebyshev polynomials."""
    n = len(NAMES)
    unit = np.eye(n, dtype=int)
    every = np.indices([degree + 1 for degree in degrees.each]).reshape(n, -1).T
    few = every[every.sum(axis=1) <= degrees.total]
    alone = [o * unit[i] for i, most in enumerate(degrees.alone) for o in range(1, most + 1)]
    pairs = [o * unit[_TAU] + unit[i] for i in _WITH_TAU for o in range(1, degrees.tau + 1)]
    return np.unique(np.concatenate([few, alone, pairs]), axis=0)


def expected(which: NDArray, degrees: Degrees) -> NDArray:
    """How large a coefficient (n_term,) is expected to be, over a component's scatter."""
    of_tau = which[:, _TAU]
    others = which.sum(axis=1) - of_tau
    beyond = np.where(of_tau > 0, others, np.maximum(others - 1, 0))
    return degrees.shrink**beyond * degrees.shrink_tau ** np.maximum(of_tau - 1, 0)


def fit_table(found: Samples, degrees: Degrees, metadata: Mapping[str, Any]) -> CmbTable:
    """The table of samples."""
    plane = _plane(found)
    x = found.x.copy()
    x[:, -1] -= plane[0] + x[:, :-1] @ plane[1:]
    box = np.stack([x.min(axis=0), x.max(axis=0)], axis=1)
    unit = 2 * (x - box[:, 0]) / (box[:, 1] - box[:, 0]) - 1
    which = exponents_of(degrees)
    matrix = vander(unit, which)
    size = expected(which, degrees)
    parts = {name: _part(name, found.scaled, matrix, size, degrees) for name in SPECTRA}
    return CmbTable(_accepted(box), box, plane, which, parts, {}, metadata)


def _plane(found: Samples) -> NDArray:
    """The linear function of the other coordinates that the last is nearest to, amplitudes apart:
    that of lensing is then about ln(10^9 A_s)."""
    rows = np.column_stack([np.ones(len(found.x)), found.x[:, :-1]])
    return np.linalg.lstsq(rows, found.x[:, -1] - found.ln_amplitude, rcond=None)[0]


def _accepted(box: NDArray) -> dict[str, tuple[float, float]]:
    """Ranges that the table answers for: a hundredth of the box inside of what was trained; of
    what is early all, from nothing on."""
    found = {}
    for name, (low, high) in zip(NAMES, box, strict=True):
        low, high = TRAINED.get(name, (low, high))
        edge = 0.01 * (high - low)
        found[name] = (float(low + edge), float(high - edge))
    # of what is early all, from nothing on; of dark energy that is none, less than nothing
    return found | {"early": (-1e-3, found["early"][1])}


def errors(name: str, scaled: Mapping[str, NDArray]) -> NDArray:
    """Standard error (n_ell,) of a scaled spectrum at each multipole, of the whole sky."""
    mean = {key: value.mean(axis=0) for key, value in scaled.items()}
    if name == "pp":
        return mean["pp"] * np.sqrt(2 / (2 * ELL + 1)) * (1 + (ELL / _ELL_LENSING) ** 2)
    amplitude = 2.1 * np.exp(-2 * 0.055)  # of A_s of 1e-9 behind reionised matter
    total = {}
    for key, depth in _NOISE.items():
        beam = np.exp(ELL * (ELL + 1) * np.radians(_BEAM / 60) ** 2 / (8 * np.log(2)))
        noise = np.radians(depth / 60) ** 2 * beam * ELL * (ELL + 1) / (2 * np.pi)
        total[key] = mean[key] + noise / amplitude
    variance = (
        2 * total[name] ** 2 if name in total else mean["te"] ** 2 + total["tt"] * total["ee"]
    )
    return np.sqrt(variance / (2 * ELL + 1))


def collocation() -> NDArray:
    """Matrix (n_ell, n_u + 2) from B-spline coefficients to values at ELL."""
    rows = jax.vmap(lambda one: at_multipoles(one, ELL))(np.eye(N_U + 2))
    return np.array(rows).T


def _part(
    name: str,
    scaled: Mapping[str, NDArray],
    matrix: NDArray,
    size: NDArray,
    degrees: Degrees,
) -> Part:
    values, error = scaled[name], errors(name, scaled)
    if name in ROOTS:
        values = np.sqrt(values)
        error = error / (2 * values.mean(axis=0))
    rows = values / error
    mean = rows.mean(axis=0)
    _, scatter, modes = np.linalg.svd(rows - mean, full_matrices=False)
    left_out = (np.sum(scatter**2) - np.cumsum(scatter**2)) / len(rows)
    n = int(np.argmax(left_out < degrees.tolerance)) + 1
    weight = _ridge(matrix, (rows - mean) @ modes[:n].T, degrees.noise / size).T
    coefficients = in_splines(np.vstack([mean, modes[:n]]), error)
    return Part(coefficients[0], coefficients[1:], weight)


def in_splines(rows: NDArray, error: NDArray) -> NDArray:
    """B-spline coefficients (n, n_u + 2) of values over their errors (n, n_ell) at ELL, by least
    squares in which errors (n_ell,) count."""
    natural = 1e-4 * np.array([[1, -2, 1, *np.zeros(N_U - 1)], [*np.zeros(N_U - 1), 1, -2, 1]])
    lhs = np.concatenate([collocation() / error[:, None], natural])
    rhs = np.concatenate([rows, np.zeros((len(rows), 2))], axis=1)
    return np.linalg.lstsq(lhs, rhs.T, rcond=1e-13)[0].T


def _ridge(matrix: NDArray, values: NDArray, penalty: NDArray) -> NDArray:
    """Coefficients (n_term, n_value) of values (n, n_value), each of which has its own scatter."""
    scatter = values.std(axis=0)
    lhs = np.concatenate([matrix, np.diag(penalty)])
    rhs = np.concatenate([values / scatter, np.zeros((penalty.size, values.shape[1]))])
    return np.linalg.lstsq(lhs, rhs, rcond=1e-12)[0] * scatter
