"""One-loop spectra of tidal alignment and torquing and of galaxy bias, by the method of FAST-PT.

McEwen et al. 2016 (arXiv:1603.04826), Fang et al. 2017 (arXiv:1609.05978). A convolution of P with
itself is a product in real space. The terms of tides take 7 distinct spherical Bessel transforms of
P and 15 distinct products of two: 3 + 7 + 15 + 8 short real FFTs, everything else is known before P
is. The terms of galaxy bias take 7 and 5. All grow as D^4.

P is taken as zero beyond the lattice of wavenumbers (5e-5 to 2e4 h/Mpc, so that there is nothing to
extrapolate), padded with zeros to 512 points, and its Fourier coefficients are damped as FAST-PT
damps them with C_window = 0.75.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.special import loggamma

from jaxlike.theory.power.one_loop_kernels import (
    CONVOLUTIONS,
    KERNELS,
    TERMS,
    Family,
    bessel_products,
)
from jaxlike.theory.wavenumbers import LN_K_STEP, K

_N = 512  # points of a transform: the lattice with zeros on both sides
_PAD = (_N - K.size) // 2
_DAMPED = 0.75  # share of the frequencies that the window touches
_ALPHAS = (-1, 0, 1)  # powers of q that kernels have


def _bessel_mellin(J: int, frequency: NDArray) -> NDArray:
    """Mellin transform int dx/x x^(i frequency) sqrt(x) J_(J+1/2)(x), i.e. of x j_J(x)."""
    q = -0.5 + 1j * frequency
    mu = J + 0.5
    ratio = loggamma((mu + 1 + q) / 2) - loggamma((mu + 1 - q) / 2)
    return np.exp(q * np.log(2) + ratio)


def _window(m: NDArray) -> NDArray:
    """Window on the Fourier coefficients m = 0.._N / 2, that of McEwen et al. 2016."""
    n_cut = int(_DAMPED * _N // 2)
    x = np.minimum((_N // 2 - m) / (n_cut - 1), 1.0)
    return x - np.sin(2 * np.pi * x) / (2 * np.pi)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class OneLoopGrid:
    """Everything about the integrals that does not depend on P: a pytree of arrays.

    tilt: (3, n_k) factors k^(2 + alpha) on P; transform: (n_factor, n_m) of the Fourier
    coefficients of P tilted by _ALPHAS[which]; first, second: (n_product,) factors; back:
    (n_product, n_l); coefficients: (n_term, n_product) of those of `terms` that are convolutions;
    kernels: (n_kernel, n_m) of those, after them, that are P(k) int dr Z(r) P(k r). Which rows meet
    is structure, hence static.
    """

    tilt: NDArray
    transform: NDArray
    which: tuple[int, ...] = field(metadata={"static": True})
    first: tuple[int, ...] = field(metadata={"static": True})
    second: tuple[int, ...] = field(metadata={"static": True})
    back: NDArray
    coefficients: NDArray
    kernels: NDArray
    terms: tuple[str, ...] = field(metadata={"static": True})

    @classmethod
    def build(cls, families: Sequence[Family] = ("tides",)) -> "OneLoopGrid":
        """The grid of the terms of some families; takes some milliseconds."""
        wanted = [name for family in families for name in TERMS[family]]
        convolved = [name for name in CONVOLUTIONS if name in wanted]
        local = [name for name in KERNELS if name in wanted]
        terms = [bessel_products(name) for name in convolved]
        products = sorted({product for term in terms for product in term})
        factors = sorted({factor for product in products for factor in product[:2]})
        m, l = np.arange(_N // 2 + 1), np.arange(_N + 1)  # noqa: E741
        unit = 2 * np.pi / (_N * LN_K_STEP)
        return cls(
            tilt=np.stack([K ** (2.0 + alpha) for alpha in _ALPHAS]),
            transform=_window(m) * np.stack([_bessel_mellin(J, unit * m) for _, J in factors]),
            which=tuple(_ALPHAS.index(alpha) for alpha, _ in factors),
            first=tuple(factors.index(first) for first, _, _ in products),
            second=tuple(factors.index(second) for _, second, _ in products),
            back=np.stack([_bessel_mellin(J, -unit * l) for _, _, J in products]),
            coefficients=np.array([[term.get(p, 0.0) for p in products] for term in terms]),
            kernels=_kernel_transforms(local),
            terms=(*convolved, *local),
        )

    def spectra(self, P: ArrayLike) -> dict[str, Array]:
        """The terms (n_k,) in (Mpc/h)^3 by name, from P_lin (n_k,) on the lattice K.

        Of tides in the notation of Blazek et al. 2019, A_0_0E: 0 is the density, 0E and 0B the
        tidal field weighted with density, E2 and B2 the tidal field squared. Of galaxies d1 is the
        density, d2 its square, s2 that of the tidal field, d3 what is of third order.
        """
        power = jnp.asarray(P)
        tilted = jnp.pad(power * self.tilt, ((0, 0), (_PAD, _N - _PAD - K.size)))
        fourier = jnp.fft.rfft(tilted) / _N

        # twice as many points: the product of two transforms has twice their frequencies
        which, first, second = map(np.array, (self.which, self.first, self.second))
        real = jnp.fft.irfft(fourier[which] * self.transform, 2 * _N) * (2 * _N)
        product = jnp.fft.rfft(real[first] * real[second]) / (2 * _N)
        spectrum = self.coefficients @ (product * self.back)
        # every other point of a long inverse transform is a short one of the folded frequencies
        folded = spectrum[:, : _N // 2 + 1] + jnp.conj(spectrum[:, : _N // 2 - 1 : -1])
        both = jnp.concatenate([folded, fourier[_ALPHAS.index(0)] * self.kernels])
        found = (jnp.fft.irfft(both, _N) * _N)[:, _PAD : _PAD + K.size]
        n = len(self.coefficients)
        every = jnp.concatenate([found[:n] / K, found[n:] * K * power])
        terms = dict(zip(self.terms, every, strict=True))
        if "A_0B_0B" in terms:
            B_modes = terms["A_0B_0B"]
            terms |= {"A_B2_B2": B_modes / 9, "D_0B_B2": B_modes / 3}
        return terms


def _kernel_transforms(names: Sequence[str]) -> NDArray:
    """Fourier transforms (n, n_m) of the kernels of KERNELS in ln(k / q), for q^2 P(q).

    The integrals are k^3 P(k) int dr Z(r) P(k r) = k P(k) int dln q [Z(r) / r] q^2 P(q), r = q / k.
    """
    step = np.fft.fftfreq(_N, 1 / _N)
    r = np.exp(-step * LN_K_STEP)
    rows = [size * kernel(r) / r for size, kernel in map(KERNELS.__getitem__, names)]
    return np.fft.rfft(np.stack(rows)) * LN_K_STEP
