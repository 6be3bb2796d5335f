"""Errors of the emulated spectrum against CAMB, at cosmologies that it was not trained on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.emulator.spectra import EIGENSTATES, Transfer, Universe
from jaxlike.theory.power.emulator import FIELDS, MatterField, Table, ln_neutrino_ratio, ln_transfer
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid

SEED = 20
Z = (0.0, 0.5, 1.0, 2.0, 3.0)
RANGES = ((1e-4, 1e-3), (1e-3, 1e-2), (1e-2, 20.0))
"""Wave numbers in 1/Mpc that errors are listed for."""

GROUPS = (*EIGENSTATES, "w0-wa", "curved")
"""Neutrino models in LambdaCDM; massless neutrinos with other dark energy and with curvature."""


def held_out(n: int) -> dict[str, list[Universe]]:
    """`n` random cosmologies of the DES-Y1 prior in each group, half as many in the last two.

    Baryons are less than half of the cold matter, neutrinos less than a fifth of all.
    """
    rng = np.random.default_rng(SEED)
    groups: dict[str, list[Universe]] = {name: [] for name in GROUPS}
    while len(groups["massless"]) < n:
        Omega_m, h, Omega_b = rng.uniform((0.1, 0.55, 0.03), (0.9, 0.91, 0.07))
        omega_nu = rng.uniform(0.0005, 0.01)
        w0, wa, Omega_k = rng.uniform((-2, -0.5, -0.1), (-1 / 3, 0.5, 0.1))
        h2 = h**2
        fraction = Omega_b * h2 / (Omega_m * h2 - omega_nu)
        if fraction > 0.5 or omega_nu > 0.2 * Omega_m * h2:
            continue
        flat = Universe(
            h=h,
            omega_b=Omega_b * h2,
            omega_cb=Omega_m * h2,
            omega_nu=0.0,
            kind="massless",
            a=tuple(1 / (1 + z) for z in reversed(Z)),
            k_max=22.0,
        )
        groups["massless"].append(flat)
        massive = replace(flat, omega_cb=Omega_m * h2 - omega_nu, omega_nu=omega_nu)
        for kind in ("one_massive", "degenerate"):
            groups[kind].append(replace(massive, kind=kind))
        if len(groups["curved"]) < n // 2:
            wa = min(wa, -0.1 - w0)  # dark energy fades in the past
            groups["w0-wa"].append(replace(flat, w0=w0, wa=wa))
            groups["curved"].append(replace(flat, Omega_k=Omega_k))
    return groups


def ln_power_error(
    table: Table, universe: Universe, truth: Transfer, field: MatterField
) -> NDArray:
    """ln of the emulated over CAMB's power (n_z, n_k), at CAMB's own wave numbers."""
    return _errors_of(table, truth.a)(universe, truth, field)


class Errors:
    """Errors of ln P of a model, compiled once for every neutrino model and field.

    ln_power: (cosmology, k [h/Mpc] (n_k,), field) -> ln of T^2 (n_z, n_k) at CAMB's redshifts.
    """

    def __init__(self, ln_power: Callable[[Cosmology, Array, MatterField], Array]) -> None:
        self._ln_power = jax.jit(ln_power, static_argnums=2)

    def __call__(self, universe: Universe, truth: Transfer, field: MatterField) -> NDArray:
        n = truth.k.size
        k = np.pad(truth.k, (0, -n % 1024), mode="edge") / universe.h  # one shape for all
        found = np.asarray(self._ln_power(universe.cosmology, k, field))[:, :n]
        return found - 2 * np.log(truth.total if field == "total" else truth.cold)


def _errors_of(table: Table, a: NDArray) -> Errors:
    """Those of a table at fixed scale factors."""
    grid = GrowthGrid.build(1 / a - 1)

    def ln_power(cosmo: Cosmology, k: Array, field: MatterField) -> Array:
        growth, _ = grid.growth(cosmo)
        found = ln_transfer(cosmo, k, table) + jnp.log(growth)[:, None]
        if cosmo.omega_nu is not None:
            found = found + ln_neutrino_ratio(cosmo, k, growth, field, table)
        return 2 * found

    return Errors(ln_power)


def error_table(
    table: Table, universes: dict[str, list[Universe]], spectra: dict[str, list[Transfer]]
) -> list[dict[str, Any]]:
    """The errors of a table in every group, field and range of k."""
    return error_rows(_errors_of(table, next(iter(spectra.values()))[0].a), universes, spectra)


def error_rows(
    error_of: Callable[[Universe, Transfer, MatterField], NDArray],
    universes: dict[str, list[Universe]],
    spectra: dict[str, list[Transfer]],
) -> list[dict[str, Any]]:
    """Largest and root-mean-square error (uniform in ln k) of every group, field and range of k.

    error_of: (universe, CAMB's spectrum, field) -> error of ln P (n_z, n_k).
    """
    rows = []
    for group, members in universes.items():
        for field in FIELDS:
            if field == "cdm_baryons" and not members[0].omega_nu:
                continue
            errors = [
                (truth.k, error_of(universe, truth, field))
                for universe, truth in zip(members, spectra[group], strict=True)
            ]
            for low, high in RANGES:
                grid = np.exp(np.arange(np.log(low), np.log(high), 0.02))
                inside = [error[:, (k >= low) & (k <= high)] for k, error in errors]
                even = [[np.interp(grid, k, row) for row in error] for k, error in errors]
                rows.append(
                    {
                        "group": group,
                        "field": field,
                        "k": [low, high],
                        "n": len(members),
                        "max": float(max(np.abs(e).max() for e in inside)),
                        "rms": float(np.sqrt(np.mean(np.square(even)))),
                    }
                )
    return rows


def as_text(rows: Sequence[dict[str, Any]]) -> str:
    """The error table for people, in per cent."""
    lines = ["neutrinos/model  field        k [1/Mpc]          n    max %   rms %"]
    for row in rows:
        low, high = row["k"]
        lines.append(
            f"{row['group']:<16} {row['field']:<12} {f'{low:g} to {high:g}':<16} {row['n']:>4} "
            f"{100 * row['max']:>8.3f} {100 * row['rms']:>7.3f}"
        )
    return "\n".join(lines)
