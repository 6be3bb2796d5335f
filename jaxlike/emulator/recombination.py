"""Training of the redshift of last scattering: `python -m jaxlike.emulator.recombination FILE`.

Two thousand backgrounds of CAMB, 20 seconds. A low-discrepancy set that is denser towards the edges
of omega_b, omega_cb and N_eff: half of it with massless neutrinos, the rest with massive ones and
with dark energy that counts early. Every fifth of either is held out.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from jaxlike.emulator.fit import solve, vander
from jaxlike.emulator.spectra import camb_module, camb_parameters
from jaxlike.files import atomic_writer
from jaxlike.theory.power.emulator import exponents
from jaxlike.theory.power.last_scattering import RANGES, ScatteringTable, coordinates, excess
from jaxlike.theory.universe.cosmology import Cosmology

SEED = 3
N_POINTS = 2048
DEGREE, DEGREE_SLOPE = 6, 2
"""Of the polynomials in densities and N_eff: of ln z*, and of its slope in the rest's ln H^2."""

_OMEGA_B, _OMEGA_CB, _FRACTION = (0.0086, 0.04), (0.0228, 0.79), (0.0315, 0.525)
_N_EFF = (0.95, 6.1)


@dataclass(frozen=True)
class Point:
    """A universe for CAMB; mnu in eV, of `n_massive` eigenstates."""

    h: float
    omega_b: float
    omega_cb: float
    N_eff: float
    mnu: float = 0.0
    n_massive: int = 3
    w0: float = -1.0
    wa: float = 0.0


def design(n: int, seed: int) -> list[Point]:
    """The first `n` points: of four, two with massless neutrinos, one with massive ones (in turns
    three of a mass, and one) and one with dark energy of w0 + wa = -0.38 to -0.1."""
    rng = np.random.default_rng(seed)
    unit = qmc.Sobol(6, rng=rng).random_base2(int(np.ceil(np.log2(n))))[:n]
    unit = rng.permutation(unit)  # every second or fourth of the sequence fills a part of the box
    s = (1 - np.cos(np.pi * unit)) / 2
    found = []
    for i, x in enumerate(s):
        ln_b = _between(x[0], *np.log(_OMEGA_B))
        low = max(np.log(_OMEGA_CB[0]), ln_b - np.log(_FRACTION[1]))
        high = min(np.log(_OMEGA_CB[1]), ln_b - np.log(_FRACTION[0]))
        omega_cb = float(np.exp(_between(x[1], low, high)))
        h = max(_between(x[5], 0.55, 0.9), (omega_cb / 0.9) ** 0.5)
        plain = Point(h, float(np.exp(ln_b)), omega_cb, _between(x[2], *_N_EFF))
        if i % 4 == 2:
            mass = _between(x[3], 0.02, min(1.1, 18 * omega_cb))
            plain = replace(plain, mnu=mass, n_massive=3 if i % 8 == 2 else 1)
        if i % 4 == 3:
            w0 = _between(x[3], -1.3, -0.3)
            plain = replace(plain, w0=w0, wa=_between(x[4], -0.38, -0.1) - w0)
        found.append(plain)
    return found


def _between(x: float, low: float, high: float) -> float:
    return float(low + (high - low) * x)


def camb_redshift(point: Point) -> tuple[float, float]:
    """CAMB's z*, and the Omega_nu h^2 that it makes of the masses."""
    camb = camb_module()
    pars = camb_parameters(
        h=point.h,
        omega_b=point.omega_b,
        omega_cb=point.omega_cb,
        mnu=point.mnu,
        n_massive=point.n_massive,
        w0=point.w0,
        wa=point.wa,
        nnu=point.N_eff,
    )
    derived = camb.get_background(pars).get_derived_params()
    return float(derived["zstar"]), float(pars.omnuh2)


def _cosmology(point: Point, omega_nu: float) -> Cosmology:
    h2 = point.h**2
    return Cosmology(
        Omega_m=(point.omega_cb + omega_nu) / h2,
        Omega_b=point.omega_b / h2,
        h=point.h,
        n_s=1.0,
        A_s=2e-9,
        omega_nu=omega_nu or None,
        w0=point.w0,
        wa=point.wa,
        N_eff=point.N_eff,
        neutrinos="degenerate" if point.n_massive == 3 else "one_massive",
    )


def train(n: int = N_POINTS) -> ScatteringTable:
    """The table from `n` points, four fifths of them fitted; the rest says how well it does."""
    points = design(n, SEED)
    z, omega_nu = np.array([camb_redshift(point) for point in points]).T
    x, rest = _seen(points, omega_nu)
    ends = (_OMEGA_B, _OMEGA_CB, tuple(3 + np.array(_N_EFF)))
    box = np.log(np.array(ends))
    unit = 2 * (x - box[:, 0]) / (box[:, 1] - box[:, 0]) - 1
    kind, held_out = np.arange(n) % 4, np.arange(n) // 4 % 5 == 4
    massless, massive = (kind < 2) & ~held_out, (kind >= 2) & ~held_out
    ln_z = solve(unit[massless], DEGREE, np.log(z[massless])[:, None])[:, 0]
    terms = vander(unit, exponents(DEGREE, 3))
    left = np.log(z) - terms @ ln_z
    low = exponents(DEGREE, 3).sum(axis=1) <= DEGREE_SLOPE
    of_rest = _products(rest, terms[:, low])
    slope = np.linalg.lstsq(of_rest[massive], left[massive], rcond=1e-9)[0]
    slopes = np.zeros((rest.shape[1], ln_z.size))
    slopes[:, low] = slope.reshape(len(slopes), -1)
    error = np.abs(left - of_rest @ slope)
    names = {"massless": kind < 2, "massive": kind == 2, "early dark energy": kind == 3}
    accepted = held_out & (rest[:, 0] <= RANGES[list(RANGES)[-1]][1])
    metadata = {
        "camb": camb_module().__version__,
        "n_points": n,
        "seed": SEED,
        "degrees": [DEGREE, DEGREE_SLOPE],
        "held_out": {name: float(error[which & accepted].max()) for name, which in names.items()},
    }
    return ScatteringTable(box, ln_z, slopes, metadata)


def _products(rest: NDArray, terms: NDArray) -> NDArray:
    """(n, 2 n_term) of rest (n, 2) and terms (n, n_term)."""
    return (rest[:, :, None] * terms[:, None]).reshape(len(rest), -1)


def _seen(points: list[Point], omega_nu: NDArray) -> tuple[NDArray, NDArray]:
    """Coordinates (n, 3), and the rest's parts of ln H^2 (n, 2)."""
    look = jax.jit(lambda cosmo: (coordinates(cosmo), excess(cosmo)))
    found = [look(_cosmology(*one)) for one in zip(points, map(float, omega_nu), strict=True)]
    return np.array([x for x, _ in found]), np.array([rest for _, rest in found])


def main() -> None:
    """Train, write the file that is named, and say how well it does."""
    jax.config.update("jax_enable_x64", True)
    table = train()
    with atomic_writer(Path(sys.argv[1])) as handle:
        table.save(handle)
    print(table.metadata)


if __name__ == "__main__":
    main()
