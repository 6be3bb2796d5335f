"""Training from beginning to end: design, spectra, fit, errors."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from jaxlike.emulator import library
from jaxlike.emulator.check import error_table, held_out
from jaxlike.emulator.design import TRAINED, design
from jaxlike.emulator.fit import Degrees, fit_table, samples
from jaxlike.emulator.spectra import EIGENSTATES, Settings, camb_module, reference
from jaxlike.errors import ConfigError
from jaxlike.theory.power.emulator import Table, exponents

SEED = 1


def train(*, n: int, n_check: int, jobs: int, folder: Path) -> Table:
    """Table trained on `n` points and checked at `n_check` others; spectra are kept in `folder`."""
    settings, degrees = Settings(), Degrees()
    least = len(exponents(degrees.cold, 2))
    if n <= least:
        raise ConfigError(f"option --n is {n}, but must exceed {least}, the number of coefficients")
    version = camb_module().__version__
    points = design(n, SEED)
    universes = [reference(point, kind) for kind in EIGENSTATES for point in points]
    spectra = library.spectra(folder, universes, settings, jobs=jobs)
    by_kind = {kind: spectra[i * n : (i + 1) * n] for i, kind in enumerate(EIGENSTATES)}
    metadata = {
        "camb": version,
        "settings": asdict(settings),
        "degrees": asdict(degrees),
        "trained": asdict(TRAINED),
        "n_points": n,
        "seed": SEED,
    }
    table = fit_table(samples(points, by_kind), degrees, metadata)
    errors = check(table, n=n_check, jobs=jobs, folder=folder)
    return replace(table, metadata={**metadata, "held_out": errors})


def check(table: Table, *, n: int, jobs: int, folder: Path) -> Sequence[dict[str, Any]]:
    """Errors of `table` at `n` cosmologies of the prior that it was not trained on."""
    groups = held_out(n)
    every = [universe for members in groups.values() for universe in members]
    spectra = iter(library.spectra(folder, every, Settings(), jobs=jobs))
    return error_table(
        table, groups, {name: [next(spectra) for _ in members] for name, members in groups.items()}
    )
