"""Training from beginning to end: design, spectra, fit, errors."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from jaxlike.emulator import library
from jaxlike.emulator.cmb import helium
from jaxlike.emulator.cmb.check import held_out, rows_of
from jaxlike.emulator.cmb.design import CURVED, HEAVIEST, TRAINED, design
from jaxlike.emulator.cmb.fit import Degrees, fit_table, samples
from jaxlike.emulator.cmb.spectra import LENS_ACCURACY
from jaxlike.emulator.spectra import camb_module
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.band_powers import CmbBandPowers
from jaxlike.theory.power.cmb.lattice import ELL_MAX
from jaxlike.theory.power.cmb.table import CmbTable

SEED = 1

LEAST = 16
"""Runs of CAMB with which there is a table at all."""


def train(
    *, n: int, n_check: int, jobs: int, folder: Path, planck: CmbBandPowers | None = None
) -> CmbTable:
    """Table trained on `n` runs of CAMB and a third as many of curved universes, and checked at
    `n_check` others of LambdaCDM and at extensions; spectra are kept in `folder`.

    planck: plik-lite, in whose chi^2 errors are then told too.
    """
    degrees = Degrees()
    if n < LEAST:
        raise ConfigError(f"option --n is {n}, but must be {LEAST} at least")
    version = camb_module().__version__
    universes = design(n, SEED)
    spectra = library.cmb_spectra(folder, universes, jobs=jobs)
    metadata = {
        "camb": version,
        "ell_max": ELL_MAX,
        "lens_potential_accuracy": LENS_ACCURACY,
        "degrees": asdict(degrees),
        "trained": dict(TRAINED),
        "heaviest": dict(HEAVIEST),
        "curved": CURVED,
        "n_points": len(universes),
        "seed": SEED,
    }
    table = fit_table(samples(universes, spectra), degrees, metadata)
    pair = helium.universes()
    of_pair = samples(pair, library.cmb_spectra(folder, pair, jobs=jobs))
    table = replace(table, helium=helium.slopes(of_pair))
    errors = check(table, n=n_check, jobs=jobs, folder=folder, planck=planck)
    return replace(table, metadata={**metadata, "held_out": errors})


def check(
    table: CmbTable, *, n: int, jobs: int, folder: Path, planck: CmbBandPowers | None = None
) -> Sequence[dict[str, Any]]:
    """Errors of `table` at `n` universes of LambdaCDM that it was not trained on, and at others."""
    groups = held_out(n)
    every = [universe for members in groups.values() for universe in members]
    found = iter(library.cmb_spectra(folder, every, jobs=jobs))
    spectra = {name: [next(found) for _ in members] for name, members in groups.items()}
    return rows_of(table, groups, spectra, planck)
