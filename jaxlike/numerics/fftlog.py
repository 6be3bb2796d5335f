"""Integrals over spherical Bessel functions as products of Fourier series: FFTLog.

On a lattice that is uniform in ln r, f(r) r^-nu is a Fourier series in ln r, and the integral of
each of its powers r^(nu + i eta) with a Bessel function is known in closed form (Hamilton 2000,
astro-ph/9905191; Fang et al. 2020, arXiv:1911.11947). All that depends on the multipole is thus
one multiplier for each frequency, known before f is.
"""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike, NDArray
from scipy.fft import next_fast_len
from scipy.special import loggamma

BIAS = 1.5
"""nu, by which f is tilted: integrals of j_ell / x^2 and j_ell'' then converge at x = 0 from
ell = 1/2 on, and at infinity."""

_BEFORE = 0.2  # the first wavenumber, in units of that where an integral over all r begins
_PADDING = 2.5  # e-folds by which the lattice is longer than f: what wraps around falls there


def mellin_bessel(ell: ArrayLike, s: ArrayLike) -> NDArray:
    """int_0^oo x^(s-1) j_ell(x) dx for complex s; ell and s broadcast; -Re(ell) < Re(s) < 2."""
    ell, s = np.asarray(ell), np.asarray(s)
    ratio = np.exp(loggamma((ell + s) / 2) - loggamma((3 + ell - s) / 2))
    return np.asarray(2.0 ** (s - 2) * np.sqrt(np.pi) * ratio)


def mellin_second_derivative(ell: ArrayLike, s: ArrayLike) -> NDArray:
    """The same of j_ell''(x), by parts."""
    s = np.asarray(s)
    return (s - 1) * (s - 2) * mellin_bessel(ell, s - 2)


def mellin_over_square(ell: ArrayLike, s: ArrayLike) -> NDArray:
    """The same of j_ell(x) / x^2."""
    return mellin_bessel(ell, np.asarray(s) - 2)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LogLattice:
    """Distances r (n,) uniform in ln r, and for each multipole wavenumbers of the same step.

    tilt: (n,) r^-nu; first: (n_ell,) which point of the lattice `k` each multipole begins with; k:
    (n_k,) all wavenumbers; size: of one multipole's, and of the Fourier series.
    """

    r: NDArray
    tilt: NDArray
    k: NDArray
    first: tuple[int, ...] = field(metadata={"static": True})
    size: int = field(metadata={"static": True})

    @classmethod
    def build(cls, r_first: float, r_last: float, step: float, ell: NDArray) -> "LogLattice":
        """For f between two distances, with at most this step in ln r, at multipoles (n_ell,)."""
        n = int(np.ceil(np.log(r_last / r_first) / step)) + 1
        r = np.geomspace(r_first, r_last, n)
        step = float(np.log(r[1] / r[0]))
        size = next_fast_len(n + int(np.ceil(_PADDING / step)), real=True)
        start = np.log(_BEFORE * (ell + 0.5) / r_last)
        first = np.rint((start - start.min()) / step).astype(int)
        k = np.exp(start.min() + step * np.arange(first.max() + size))
        return cls(r, r**-BIAS, k, tuple(first.tolist()), int(size))

    @property
    def step(self) -> float:
        """That of ln r and of ln k."""
        return float(np.log(self.r[1] / self.r[0]))

    @property
    def exponents(self) -> NDArray:
        """nu + i eta (size / 2 + 1,), the powers of r."""
        n = self.size // 2 + 1
        return np.asarray(BIAS + 2j * np.pi * np.arange(n) / (self.size * self.step))

    @property
    def wavenumbers(self) -> NDArray:
        """k (n_ell, size) of each multipole."""
        return np.stack([self.k[i : i + self.size] for i in self.first])

    def multipliers(self, mellin: NDArray) -> NDArray:
        """Of the frequencies of f (n_ell, n_eta), from the Mellin transform of what stands beside f
        at `exponents`."""
        phase = np.exp(-1j * self.exponents.imag * np.log(self.wavenumbers[:, :1] * self.r[0]))
        return np.conj(mellin * phase)

    def frequencies(self, f: Array) -> Array:
        """The Fourier series (..., n_eta) of f (..., n), conjugated."""
        return jnp.conj(jnp.fft.rfft(f * self.tilt, self.size))

    def tilted(self, frequencies: Array) -> Array:
        """k^nu int dlnr f(r) g(k r) (..., size) from the series of f times multipliers of g."""
        return jnp.fft.irfft(frequencies, self.size)

    def windows(self, values: Array) -> Array:
        """What is given on `k` (n_k,) at the wavenumbers of each multipole (n_ell, size)."""
        return jnp.stack([values[i : i + self.size] for i in self.first])
