"""Errors and cost of somebody else's linear power beside those of the emulator, against CAMB."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.emulator import library
from jaxlike.emulator.check import Errors, Z, as_text, error_rows
from jaxlike.emulator.design import ACCEPTED
from jaxlike.emulator.spectra import Settings, Universe
from jaxlike.errors import ConfigError
from jaxlike.theory.constants import NEUTRINO_EV_PER_OMEGA
from jaxlike.theory.power.emulator import MatterField
from jaxlike.theory.power.linear import LINEAR, ln_power_shape
from jaxlike.theory.power.primordial import primordial
from jaxlike.theory.power.provider import load_provider
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import K_NODES

OURS = "emulator"
_SEED = 30
# Where a provider does not say otherwise: as the held-out cosmologies of `check`.
_BOX = {
    "h": (0.55, 0.91),
    "omega_b": ACCEPTED.omega_b,
    "omega_cdm": (ACCEPTED.omega_cb[0], 0.4),
    "mnu": (0.0, 0.9),
    "w0": (-2.0, -1 / 3),
    "wa": (-0.5, 0.5),
    "Omega_k": (-0.1, 0.1),
}
_ROUNDS, _CALLS = 5, 20


def compared(name: str, *, n: int, jobs: int, folder: Path) -> str:
    """Both tables of errors, of `n` cosmologies a group that both are made for, and both costs."""
    groups = within(_ranges(name), n)
    every = [universe for members in groups.values() for universe in members]
    found = iter(library.spectra(folder, every, Settings(), jobs=jobs))
    spectra = {group: [next(found) for _ in members] for group, members in groups.items()}
    parts = []
    for model in (name, OURS):
        rows = error_rows(_errors_of(model), groups, spectra)
        parts.append(f"{model}\n{as_text(rows)}")
    cost = costs((name, OURS))
    parts += [
        f"{model}: {value:.2f} ms of P(k, z), {slopes:.2f} ms with its gradient (CPU time, "
        f"{K_NODES.size} k, {len(Z)} z)"
        for model, (value, slopes) in cost.items()
    ]
    ratio = cost[name][1] / cost[OURS][1]
    return "\n".join([*parts, f"{name} costs {ratio:.1f} times what {OURS} does"])


def _ranges(name: str) -> dict[str, tuple[float, float]]:
    """Of parameters of _BOX, what a model and the emulator have in common."""
    own: Mapping[str, tuple[float, float]] = {} if name in LINEAR else load_provider(name).ranges
    found = {}
    for key, (low, high) in _BOX.items():
        first, last = own.get(key, (low, high))
        found[key] = max(low, first), min(high, last)
        if found[key][0] > found[key][1]:
            raise ConfigError(
                f"provider '{name}' is for {key} from {first:g} to {last:g}, where the emulator is "
                f"not: {low:g} to {high:g}"
            )
    return found


def within(ranges: Mapping[str, tuple[float, float]], n: int) -> dict[str, list[Universe]]:
    """`n` random cosmologies in each group that differs from the first in what ranges allow."""
    rng = np.random.default_rng(_SEED)
    draws = {key: rng.uniform(*ranges[key], n) for key in _BOX}
    flat = [
        Universe(
            h=h,
            omega_b=omega_b,
            omega_cb=omega_b + omega_cdm,
            omega_nu=0.0,
            kind="massless",
            a=tuple(1 / (1 + z) for z in reversed(Z)),
            k_max=22.0,
        )
        for h, omega_b, omega_cdm in zip(
            *(map(float, draws[key]) for key in ("h", "omega_b", "omega_cdm")), strict=True
        )
    ]
    groups = {"massless": flat} if ranges["mnu"][0] == 0 else {}
    if ranges["mnu"][1] > 0:
        omega_nu = draws["mnu"] / NEUTRINO_EV_PER_OMEGA
        for kind in ("one_massive", "degenerate"):
            groups[kind] = [
                replace(one, kind=kind, omega_nu=float(nu))
                for one, nu in zip(flat, omega_nu, strict=True)
            ]
    if np.ptp(ranges["w0"]) > 0:
        pairs = zip(flat, draws["w0"], draws["wa"], strict=True)
        # dark energy fades in the past
        groups["w0-wa"] = [
            replace(one, w0=float(w0), wa=float(min(wa, -0.1 - w0))) for one, w0, wa in pairs
        ]
    if np.ptp(ranges["Omega_k"]) > 0:
        groups["curved"] = [
            replace(one, Omega_k=float(k)) for one, k in zip(flat, draws["Omega_k"], strict=True)
        ]
    return groups


def _errors_of(model: str) -> Errors:
    """Those of a model at the redshifts Z."""
    z = np.array(sorted(Z, reverse=True))
    grid = GrowthGrid.build(z)

    def ln_power(cosmo: Cosmology, k: Array, field: MatterField) -> Array:
        growth, _ = grid.growth(cosmo)
        return ln_power_shape(cosmo, k, growth, model, field, z=z) - primordial(cosmo, k)

    return Errors(ln_power)


def costs(models: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """CPU time in ms of ln P at K_NODES and five redshifts, and of the same with its gradient.

    The least of some rounds, in which the models take turns.
    """
    z, grid = np.array(Z), GrowthGrid.build(np.array(Z))
    cosmo = Cosmology(Omega_m=0.31, Omega_b=0.049, h=0.68, n_s=0.966, A_s=2.1e-9)
    calls: dict[tuple[str, int], Any] = {}
    for model in models:

        def total(cosmo: Cosmology, model: str = model) -> Array:
            growth, _ = grid.growth(cosmo)
            return jnp.sum(ln_power_shape(cosmo, K_NODES, growth, model, z=z))

        calls[model, 0], calls[model, 1] = jax.jit(total), jax.jit(jax.value_and_grad(total))
    arrays = jax.tree.map(jnp.asarray, cosmo)
    least = dict.fromkeys(calls, np.inf)
    for call in calls.values():
        jax.block_until_ready(call(arrays))
    for _ in range(_ROUNDS):
        for key, call in calls.items():
            start = time.process_time()
            for _ in range(_CALLS):
                jax.block_until_ready(call(arrays))
            least[key] = min(least[key], (time.process_time() - start) / _CALLS * 1e3)
    return {model: (least[model, 0], least[model, 1]) for model in models}
