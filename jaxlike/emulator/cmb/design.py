"""Where the emulator of the CMB is trained: a low-discrepancy set that is denser at the edges.

What spectra depend on at fixed densities of baryons and cold matter is the angle of the acoustic
scale, not the Hubble constant: h of a training universe is the one that has the angle.
"""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
from scipy.optimize import brentq
from scipy.stats import qmc

from jaxlike.emulator.cmb.spectra import Universe, Variant
from jaxlike.theory.power.derived import derived_of

TRAINED = {
    "omega_b": (0.0206, 0.0242),
    "omega_cb": (0.125, 0.160),
    "thetastar": (1.0365, 1.0460),
    "n_s": (0.91, 1.02),
    "tau": (0.004, 0.14),
    "A_s_1e9": (1.5, 2.65),
}
"""What the training set covers; thetastar is 100 times the angle."""

HEAVIEST = {"degenerate": 0.62, "one_massive": 0.37}
"""Largest sum of masses in eV of the training set, about as relativistic at last scattering."""
_H = (0.4, 1.1)  # where h is looked for

N_VARIANTS = 3
"""Further tilts and amplitudes of lensing of every run of CAMB."""

_TILT, _LENSING = 0.02, 0.05  # how far they go: the nonlinear part of lensing does not follow them

CURVED = (-0.035, 0.035)
"""Omega_k of a third as many universes more."""


def design(n: int, seed: int) -> list[Universe]:
    """The first `n` flat universes of the training set and a third as many curved ones, half of
    them with three alike massive neutrinos, the others with one."""
    rng, every = np.random.default_rng(seed), n + n // 3
    unit = qmc.Sobol(8, rng=rng).random_base2(int(np.ceil(np.log2(every))))[:every]
    curved = np.random.default_rng(seed).permutation(np.linspace(*CURVED, n // 3))
    s = (1 - np.cos(np.pi * unit)) / 2  # polynomials want the density of Chebyshev nodes
    found = []
    for row, Omega_k in zip(s, [*np.zeros(n), *curved], strict=True):
        kind = "degenerate" if row[7] < 0.5 else "one_massive"
        x = {
            name: float(low + (high - low) * t)
            for (name, (low, high)), t in zip(TRAINED.items(), row, strict=False)
        }
        mnu = HEAVIEST[kind] * float(np.sqrt(row[6]))  # what counts early goes as its square
        plain = Universe(
            h=0.7,
            omega_b=x["omega_b"],
            omega_cb=x["omega_cb"],
            n_s=x["n_s"],
            A_s=1e-9 * x["A_s_1e9"],
            tau=x["tau"],
            mnu=mnu,
            kind=kind,
            Omega_k=float(Omega_k),
        )
        variants = _variants(plain.n_s, rng)
        found.append(replace(at_angle(x["thetastar"], plain), variants=variants))
    return found


def _variants(n_s: float, rng: np.random.Generator) -> tuple[Variant, ...]:
    tilts = n_s + _TILT * rng.uniform(-1, 1, N_VARIANTS)
    lensing = np.exp(_LENSING * rng.uniform(-1, 1, N_VARIANTS))
    return tuple(
        Variant(float(np.clip(tilt, *TRAINED["n_s"])), float(factor))
        for tilt, factor in zip(tilts, lensing, strict=True)
    )


@partial(jax.jit, static_argnums=1)
def _angle(values: dict[str, float], kind: str) -> jax.Array:
    cosmo = Universe(**values, kind=kind).cosmology()  # type: ignore[arg-type]
    return jax.numpy.asarray(derived_of(cosmo, "eisenstein_hu")("thetastar"))


def at_angle(thetastar: float, universe: Universe) -> Universe:
    """The same with the h at which 100 r_*/D_* is this; nearer to flat where none has it."""
    values = {k: v for k, v in vars(universe).items() if isinstance(v, float)}
    kind = universe.kind

    def excess(h: float, Omega_k: float) -> float:
        return float(_angle({**values, "h": h, "Omega_k": Omega_k}, kind)) - thetastar

    Omega_k = universe.Omega_k
    while Omega_k and excess(_H[0], Omega_k) * excess(_H[1], Omega_k) > 0:
        Omega_k /= 2
    h = brentq(excess, *_H, args=(Omega_k,), xtol=1e-9)
    return replace(universe, h=h, Omega_k=Omega_k)
