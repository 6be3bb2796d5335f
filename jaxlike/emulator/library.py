"""Spectra on disk: made in parallel, each file complete or absent."""

import hashlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from jaxlike.emulator.spectra import Settings, Transfer, Universe, camb_module, camb_transfer
from jaxlike.files import atomic_writer


def spectra(
    folder: Path, universes: Sequence[Universe], settings: Settings, *, jobs: int
) -> list[Transfer]:
    """Spectra of `universes`: read from `folder`, or computed on `jobs` processes and kept there.

    Progress and the expected time go to stderr. An interrupt keeps all that is finished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [_file(folder, universe, settings) for universe in universes]
    missing = [(p, u) for p, u in zip(paths, universes, strict=True) if not p.exists()]
    if missing:
        camb_module()
        try:
            _compute(missing, settings, jobs)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(
                f"the finished spectra are in {folder}, and the same command goes on from there"
            ) from stop
    return [_load(path) for path in paths]


def _file(folder: Path, universe: Universe, settings: Settings) -> Path:
    """The name holds everything that the spectrum depends on."""
    digest = hashlib.sha256(repr((universe, settings)).encode()).hexdigest()
    return folder / f"{universe.kind}_{digest[:16]}.npz"


def _load(path: Path) -> Transfer:
    with np.load(path) as file:
        return Transfer(file["k"], file["a"], file["total"], file["cold"], float(file["r_s"]))


def _keep(path: Path, universe: Universe, settings: Settings) -> None:
    spectrum = camb_transfer(universe, settings)
    with atomic_writer(path) as handle:
        np.savez(handle, **vars(spectrum))


def _compute(missing: Sequence[tuple[Path, Universe]], settings: Settings, jobs: int) -> None:
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
        waiting = {pool.submit(_keep, path, universe, settings) for path, universe in missing}
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
