"""One-loop spectra of tidal alignment and tidal torquing, by the FFTLog method of FAST-PT.

McEwen et al. 2016 (arXiv:1603.04826), Fang et al. 2017 (arXiv:1609.05978). A convolution of P with
itself is a product in real space. All ten terms take 7 distinct spherical Bessel transforms of P
and 15 distinct products of two: 3 + 7 + 15 + 8 short real FFTs, everything else is known before P
is. The spectra grow as D^4.

P is taken as zero beyond the lattice of wavenumbers (5e-5 to 2e4 h/Mpc, so that there is nothing to
extrapolate), padded with zeros to 512 points, and its Fourier coefficients are damped as FAST-PT
damps them with C_window = 0.75.
"""

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
    bessel_products,
    kernel_B_0_E2,
    kernel_C_0_0E,
)
from jaxlike.theory.wavenumbers import LN_K_STEP, K

_N = 512  # points of a transform: the lattice with zeros on both sides
_PAD = (_N - K.size) // 2
_DAMPED = 0.75  # share of the frequencies that the window touches
_ALPHAS = (-1, 0, 1)  # powers of q that kernels have


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class OneLoopSpectra:
    """Terms (n_k,) in (Mpc/h)^3 on the lattice K, in the notation of Blazek et al. 2019.

    0: density, 0E and 0B: tidal field weighted with density, E2 and B2: tidal field squared.
    """

    A_0_0E: Array
    C_0_0E: Array
    A_0E_0E: Array
    A_0B_0B: Array
    A_E2_E2: Array
    A_B2_B2: Array
    A_0_E2: Array
    B_0_E2: Array
    D_0E_E2: Array
    D_0B_B2: Array


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
    (n_product, n_l); coefficients: (6, n_product) of the terms in CONVOLUTIONS; kernels: (2, n_m)
    of the two terms P(k) int dr Z(r) P(k r). Which rows meet is structure, hence static.
    """

    tilt: NDArray
    transform: NDArray
    which: tuple[int, ...] = field(metadata={"static": True})
    first: tuple[int, ...] = field(metadata={"static": True})
    second: tuple[int, ...] = field(metadata={"static": True})
    back: NDArray
    coefficients: NDArray
    kernels: NDArray

    @classmethod
    def build(cls) -> "OneLoopGrid":
        """The grid; takes some milliseconds."""
        terms = [bessel_products(name) for name in CONVOLUTIONS]
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
            kernels=_kernel_transforms(),
        )

    def spectra(self, P: ArrayLike) -> OneLoopSpectra:
        """The ten terms, from P_lin (n_k,) in (Mpc/h)^3 on the lattice K."""
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
        convolved = dict(zip(CONVOLUTIONS, found[: len(CONVOLUTIONS)] / K, strict=True))
        C_0_0E, B_0_E2 = found[len(CONVOLUTIONS) :] * K * power
        B_modes = convolved["A_0B_0B"]
        return OneLoopSpectra(
            **convolved, C_0_0E=C_0_0E, B_0_E2=B_0_E2, A_B2_B2=B_modes / 9, D_0B_B2=B_modes / 3
        )


def _kernel_transforms() -> NDArray:
    """Fourier transforms (2, n_m) of the kernels in ln(k / q), for q^2 P(q).

    The integrals are k^3 P(k) int dr Z(r) P(k r) = k P(k) int dln q [Z(r) / r] q^2 P(q), r = q / k.
    """
    step = np.fft.fftfreq(_N, 1 / _N)
    r = np.exp(-step * LN_K_STEP)
    sizes = 1 / (448 * np.pi**2), 2 / np.pi**2
    rows = [
        size * kernel(r) / r
        for size, kernel in zip(sizes, (kernel_C_0_0E, kernel_B_0_E2), strict=True)
    ]
    return np.fft.rfft(np.stack(rows)) * LN_K_STEP
