"""Boosts of the power from a file: a table of redshifts, wavenumbers and ratios."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.errors import ConfigError
from jaxlike.numerics.splines import cardinal_splines, lattice_values, prefilter_matrix
from jaxlike.theory.universe.cosmology import Cosmology

_N_Z = 64  # between which the table is read by straight lines
_STEP = 0.03  # in ln k, at most
_FEWEST = 4  # points of a cubic spline


def named(path: str | Path) -> str:
    """What stands for a file and what is in it, path#digest: two files of one path have two."""
    path = Path(path).resolve()
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise ConfigError(f"table '{path}' of boost cannot be read: {error.strerror}") from error
    return f"{path}#{digest}"


@dataclass(frozen=True)
class BoostTable:
    """A boost on lattices in ln(1 + z) and ln k.

    x: first node and step in ln(1 + z); ln_k: the same in ln k; rows: (n_x, n_k + 2) coefficients
    of the splines in ln k. Outside of the table its edges go on.
    """

    x: tuple[float, float]
    ln_k: tuple[float, float]
    rows: NDArray

    @classmethod
    def of(cls, name: str) -> "BoostTable":
        """The table of a file as `named` has it; ConfigError on what is none."""
        path = name.rpartition("#")[0]
        if named(path) != name:
            raise ConfigError(f"table '{path}' of boost has changed since it was read: load again")
        return cls.build(*_read(Path(path)), path)

    @classmethod
    def build(cls, z: NDArray, k: NDArray, ratio: NDArray, path: str) -> "BoostTable":
        """That of ratio (n_z, n_k) at z (n_z,), k (n_k,) in h/Mpc; ConfigError names `path`."""
        _check(z, k, ratio, path)
        x_in, ln_k_in = np.log1p(z), np.log(k)
        x = np.linspace(x_in[0], x_in[-1], _N_Z)
        ln_k = np.linspace(ln_k_in[0], ln_k_in[-1], int(np.ceil(np.ptp(ln_k_in) / _STEP)) + 5)
        in_z = cardinal_splines(x_in, x)
        in_k = prefilter_matrix(ln_k.size) @ cardinal_splines(ln_k_in, ln_k)
        steps = float(x[1] - x[0]), float(ln_k[1] - ln_k[0])
        return cls((float(x[0]), steps[0]), (float(ln_k[0]), steps[1]), in_z @ ratio @ in_k.T)

    def boost(self, cosmo: Cosmology, k: Array, z: Array) -> Array:
        """The ratio (n_z, n_k) at k (n_z, n_k) in h/Mpc, z (n_z, 1), whatever the cosmology."""
        rows = jnp.asarray(self.rows)
        at = jnp.clip((jnp.log1p(z[:, 0]) - self.x[0]) / self.x[1], 0.0, _N_Z - 1.0)
        low = jnp.minimum(jnp.floor(at).astype(int), _N_Z - 2)
        share = (at - low)[:, None]
        mixed = rows[low] * (1 - share) + rows[low + 1] * share
        position = (jnp.log(k) - self.ln_k[0]) / self.ln_k[1]
        return jax.vmap(lambda row, there: lattice_values(row[None], there)[0])(mixed, position)


def _read(path: Path) -> tuple[NDArray, NDArray, NDArray]:
    if zipfile.is_zipfile(path):
        with np.load(path) as stored:
            missing = [name for name in ("z", "k", "ratio") if name not in stored]
            if missing:
                raise ConfigError(
                    f"table '{path}' of boost has no array '{missing[0]}': it must have z (n_z,), "
                    "k (n_k,) in h/Mpc and ratio (n_z, n_k)"
                )
            z, k, ratio = (np.asarray(stored[name], float) for name in ("z", "k", "ratio"))
        return z, k, ratio
    try:
        columns = np.loadtxt(path, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigError(f"table '{path}' of boost is no table of numbers: {error}") from error
    if columns.shape[1] != 3:
        raise ConfigError(
            f"table '{path}' of boost has {columns.shape[1]} columns, but must have 3: z, k in "
            "h/Mpc, ratio"
        )
    z, k = np.unique(columns[:, 0]), np.unique(columns[:, 1])
    if z.size * k.size != len(columns):
        raise ConfigError(
            f"table '{path}' of boost has {len(columns)} rows, but {z.size} redshifts and {k.size} "
            "wavenumbers: it must have each k at each z, once"
        )
    order = np.lexsort((columns[:, 1], columns[:, 0]))
    return z, k, columns[order, 2].reshape(z.size, k.size)


def _check(z: NDArray, k: NDArray, ratio: NDArray, path: str) -> None:
    what = f"table '{path}' of boost"
    if z.ndim != 1 or k.ndim != 1 or ratio.shape != (z.size, k.size):
        raise ConfigError(
            f"{what} has z {z.shape}, k {k.shape} and ratio {ratio.shape}, but must have (n_z,), "
            "(n_k,) and (n_z, n_k)"
        )
    if min(z.size, k.size) < _FEWEST:
        raise ConfigError(
            f"{what} has {z.size} redshifts and {k.size} wavenumbers, but must have {_FEWEST} of "
            "each or more"
        )
    for name, values, lowest in (("z", z, 0.0), ("k", k, 1e-300)):
        if not (np.all(np.diff(values) > 0) and values[0] >= lowest):
            raise ConfigError(f"{what} has {name} that do not ascend from 0 on")
    if not (np.all(np.isfinite(ratio)) and np.all(ratio > 0)):
        raise ConfigError(f"{what} has ratios that are not positive numbers")
