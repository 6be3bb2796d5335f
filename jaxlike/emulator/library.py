"""Spectra on disk: made in parallel, each file complete or absent."""

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxlike.emulator.cmb import spectra as cmb
from jaxlike.emulator.spectra import Settings, Transfer, Universe, camb_module, camb_transfer
from jaxlike.files import atomic_writer


def spectra(
    folder: Path, universes: Sequence[Universe], settings: Settings, *, jobs: int
) -> list[Transfer]:
    """Spectra of `universes`: read from `folder`, or computed on `jobs` processes and kept there.

    Progress and the expected time go to stderr. An interrupt keeps all that is finished.
    """
    made = partial(_arrays, settings)
    names = [f"{one.kind}_{_digest((one, settings))}" for one in universes]
    return [
        Transfer(one["k"], one["a"], one["total"], one["cold"], float(one["r_s"]))
        for one in kept(folder, names, universes, made, jobs)
    ]


def kept(
    folder: Path,
    names: Sequence[str],
    universes: Sequence[Any],
    made: Callable[[Any], Mapping[str, NDArray]],
    jobs: int,
) -> list[dict[str, NDArray]]:
    """Arrays that `made` makes of each universe: read from the .npz file of its name in `folder`,
    or computed on `jobs` processes and kept there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.npz" for name in names]
    missing = [(p, u) for p, u in zip(paths, universes, strict=True) if not p.exists()]
    if missing:
        camb_module()
        try:
            _compute(missing, made, jobs)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(
                f"the finished spectra are in {folder}, and the same command goes on from there"
            ) from stop
    return [_load(path) for path in paths]


def cmb_spectra(
    folder: Path, universes: Sequence[cmb.Universe], *, jobs: int
) -> list[dict[str, NDArray]]:
    """The same of spectra of the CMB."""
    names = [f"cmb_{_digest(one)}" for one in universes]
    return kept(folder, names, universes, cmb.camb_spectra, jobs)


def _digest(what: object) -> str:
    """A name that holds everything that spectra depend on."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def _arrays(settings: Settings, universe: Universe) -> dict[str, NDArray]:
    return vars(camb_transfer(universe, settings))


def _load(path: Path) -> dict[str, NDArray]:
    with np.load(path) as file:
        return {name: file[name] for name in file}


def _keep(path: Path, universe: Any, made: Callable[[Any], Mapping[str, NDArray]]) -> None:
    found = made(universe)
    with atomic_writer(path) as handle:
        np.savez(handle, **found)  # type: ignore[arg-type]


def _compute(
    missing: Sequence[tuple[Path, Any]],
    made: Callable[[Any], Mapping[str, NDArray]],
    jobs: int,
) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read when the children start
        os.environ.setdefault(name, "1")
    # an interrupt is the parent's business: it lets the running spectra finish and drops the rest
    ignore = (signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=signal.signal, initargs=ignore
    )
    start = time.monotonic()
    done = 0
    try:
        waiting = {pool.submit(_keep, path, universe, made) for path, universe in missing}
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            done += len(finished)
            minutes = (time.monotonic() - start) / 60
            print(
                f"\rCAMB: {done} of {len(missing)} spectra, {minutes:.1f} min, "
                f"{minutes / done * (len(missing) - done):.1f} min to go ",
                end="",
                file=sys.stderr,
                flush=True,
            )
    finally:
        pool.shutdown(cancel_futures=True)
        print(file=sys.stderr)
