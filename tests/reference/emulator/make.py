"""Make camb.npz, the transfer functions of CAMB that the emulator is tested against.

    python tests/reference/emulator/make.py FOLDER

FOLDER keeps the spectra: that of `jaxlike emulator train` or `check` has them already. Universes
are those of the held-out error table, which no training has seen: at 48 wave numbers and
z = 3, 1 and 0.
"""

import sys
from dataclasses import asdict
from pathlib import Path

import camb
import numpy as np

from jaxlike.emulator.check import held_out
from jaxlike.emulator.library import spectra
from jaxlike.emulator.spectra import Settings

KEPT_Z = [0, 2, 4]
N = 40
N_K = 48
N_OTHER = 12  # of the groups with massive neutrinos and beyond LambdaCDM


def main(folder: Path) -> None:
    """Write camb.npz beside this file."""
    groups = held_out(N)
    universes = [
        (group, universe)
        for group, members in groups.items()
        for universe in members[: N if group == "massless" else N_OTHER]
    ]
    found = spectra(folder, [u for _, u in universes], Settings(), jobs=1)
    columns: dict[str, list] = {name: [] for name in ("k", "ln_total", "ln_cold")}
    for transfer in found:
        index = np.linspace(np.searchsorted(transfer.k, 1e-4), transfer.k.size - 1, N_K).astype(int)
        columns["k"].append(transfer.k[index])
        columns["ln_total"].append(np.log(transfer.total[np.ix_(KEPT_Z, index)]))
        columns["ln_cold"].append(np.log(transfer.cold[np.ix_(KEPT_Z, index)]))
    names = [name for name, x in asdict(universes[0][1]).items() if isinstance(x, float)]
    np.savez_compressed(
        Path(__file__).with_name("camb.npz"),
        version=np.array(camb.__version__),
        z=1 / found[0].a[KEPT_Z] - 1,
        group=np.array([group for group, _ in universes]),
        neutrinos=np.array([universe.kind for _, universe in universes]),
        names=np.array(names),
        values=np.array([[getattr(u, name) for name in names] for _, u in universes]),
        **{name: np.array(column, np.float32) for name, column in columns.items()},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
