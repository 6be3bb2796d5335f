"""The redshift z* of last scattering as CAMB has it, from a table trained on it (docs/emulator.md).

CAMB's z* is where the optical depth to us, without reionisation, is one; recombination by RECFAST,
with the helium that nucleosynthesis makes. It depends on the densities of baryons and cold matter,
on N_eff, and on what else makes the universe expand at that time (massive neutrinos, dark energy):
ln z* is a polynomial in the first three, plus others times the rest's part of ln H^2 at two epochs.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, BinaryIO

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.constants import T_CMB
from jaxlike.theory.power.emulator import terms
from jaxlike.theory.universe.background import E_squared
from jaxlike.theory.universe.cosmology import Cosmology, Scalar

EPOCHS = (1 / 1090, 1 / 501)
"""Scale factors at which the expansion is compared with that of massless neutrinos."""

RANGES: Mapping[str, tuple[float, float]] = {
    "omega_b": (0.0087, 0.0399),
    "omega_cdm + omega_b": (0.024, 0.75),
    "omega_b / (omega_cdm + omega_b)": (0.033, 0.52),
    "N_eff": (1.0, 6.0),
    "T_cmb": (T_CMB - 0.001, T_CMB + 0.001),
    "ln H^2 at z = 1089 of what is not cold, photons or massless": (-1e-3, 0.15),
}
"""What the table answers for; CAMB's helium ends at omega_b = 0.04."""


@dataclass(frozen=True)
class ScatteringTable:
    """box: (3, 2) range of the coordinates; ln_z: (n_term,) of a universe with massless neutrinos;
    slope: (2, n_term) of ln z* in the rest's ln H^2 at EPOCHS; metadata: how it was trained and how
    well it does."""

    box: NDArray
    ln_z: NDArray
    slope: NDArray
    metadata: Mapping[str, Any]

    def save(self, file: BinaryIO) -> None:
        """Write as .npz."""
        header = json.dumps(dict(self.metadata))
        np.savez_compressed(file, header=header, box=self.box, ln_z=self.ln_z, slope=self.slope)

    @classmethod
    def read(cls, file: BinaryIO) -> "ScatteringTable":
        """Read what `save` wrote."""
        with np.load(file) as stored:
            header = json.loads(str(stored["header"]))
            return cls(stored["box"], stored["ln_z"], stored["slope"], header)


@functools.cache
def shipped_scattering() -> ScatteringTable:
    """The table that comes with the package."""
    file = resources.files("jaxlike.theory.power") / "last_scattering.npz"
    with file.open("rb") as opened:
        return ScatteringTable.read(opened)  # type: ignore[arg-type]


def coordinates(cosmo: Cosmology) -> Array:
    """ln omega_b, ln omega_cb, ln(3 + N_eff): (3,)."""
    omega_b, omega_cb = (jnp.asarray(x) * cosmo.h**2 for x in (cosmo.Omega_b, cosmo.Omega_cb))
    return jnp.stack([jnp.log(omega_b), jnp.log(omega_cb), jnp.log(3.0 + cosmo.N_eff)])


def excess(cosmo: Cosmology) -> Array:
    """ln of H^2 at EPOCHS over that with massless neutrinos in a flat LambdaCDM: (2,)."""
    plain = replace(
        cosmo, Omega_m=cosmo.Omega_cb, omega_nu=None, Omega_k=0.0, w0=-1.0, wa=0.0
    )  # fmt: skip
    a = np.array(EPOCHS)
    return jnp.log(E_squared(cosmo, a) / E_squared(plain, a))


def scattering_redshift(
    cosmo: Cosmology, table: ScatteringTable | None = None
) -> tuple[Array, Array]:
    """Whether the universe is in the range of the table, and CAMB's `zstar`, a finite number
    without meaning where it is not; good to 2e-5 (1e-6 with massless neutrinos)."""
    table = table or shipped_scattering()
    x, rest = coordinates(cosmo), excess(cosmo)
    low, high = table.box.T
    unit = 2 * (x - low) / (high - low) - 1
    found = np.concatenate([table.ln_z[None], table.slope]) @ terms(unit, table.ln_z.size)
    held = jnp.all(jnp.stack(list(conditions(cosmo, rest[0]).values())))
    return held, jnp.exp(found[0] + jnp.where(held, rest, 0.0) @ found[1:])


def conditions(cosmo: Cosmology, rest: Scalar) -> dict[str, Array]:
    """Boolean scalars, all true inside the range of the table; keys say what must hold.

    rest: the first of `excess` of the same universe.
    """
    omega_b, omega_cb = (jnp.asarray(x) * cosmo.h**2 for x in (cosmo.Omega_b, cosmo.Omega_cb))
    values = (omega_b, omega_cb, omega_b / omega_cb, cosmo.N_eff, cosmo.T_cmb, rest)
    return {
        f"{low:g} <= {name} <= {high:g} (range of z*)": jnp.asarray((low <= x) & (x <= high))
        for (name, (low, high)), x in zip(RANGES.items(), values, strict=True)
    }
