"""The trained numbers of the emulated linear power, and their file."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Domain:
    """Ranges of omega_b, omega_cb (cold matter and baryons), omega_b / omega_cb and omega_nu, and
    the largest neutrino fraction of all matter."""

    omega_b: tuple[float, float]
    omega_cb: tuple[float, float]
    baryon_fraction: tuple[float, float]
    omega_nu: tuple[float, float]
    f_nu: float


@dataclass(frozen=True)
class Table:
    """The trained numbers.

    box: (3, 2) range of the coordinates that polynomials are in (see `emulator`); ln_growth:
    range of ln D; ln_x: first node and step of the lattice in ln x; cold: (n_term, n_x + 2)
    B-spline coefficients of ln T; ratio: (kind, field) -> (n_term, n_growth, n_t); sound_horizon:
    kind -> (n_term,) of ln r_s [Mpc] for massless neutrinos, and of what massive ones add to it,
    over f_nu; metadata: how it was trained and how well it does.
    """

    domain: Domain
    box: NDArray
    ln_growth: tuple[float, float]
    ln_x: tuple[float, float]
    cold: NDArray
    ratio: Mapping[tuple[str, str], NDArray]
    sound_horizon: Mapping[str, NDArray]
    metadata: Mapping[str, Any]

    def save(self, file: BinaryIO) -> None:
        """Write as .npz; coefficients in single precision."""
        header = dict(self.metadata)
        header |= {"domain": vars(self.domain), "ln_growth": self.ln_growth, "ln_x": self.ln_x}
        arrays = {f"ratio/{kind}/{field}": a for (kind, field), a in self.ratio.items()}
        arrays |= {f"sound_horizon/{kind}": a for kind, a in self.sound_horizon.items()}
        small = {name: a.astype(np.float32) for name, a in (arrays | {"cold": self.cold}).items()}
        np.savez_compressed(file, header=json.dumps(header), box=self.box, **small)  # type: ignore[arg-type]

    @classmethod
    def read(cls, file: BinaryIO) -> "Table":
        """Read what `save` wrote."""
        with np.load(file) as stored:
            header = json.loads(str(stored["header"]))
            arrays = {name: stored[name].astype(float) for name in stored if name != "header"}
        parts = {tuple(name.split("/")[1:]): a for name, a in arrays.items() if "/" in name}
        return cls(
            domain=Domain(**{k: _pair(x) for k, x in header.pop("domain").items()}),
            ln_growth=_pair(header.pop("ln_growth")),
            ln_x=_pair(header.pop("ln_x")),
            box=arrays["box"],
            cold=arrays["cold"],
            ratio={(key[0], key[1]): a for key, a in parts.items() if len(key) == 2},
            sound_horizon={key[0]: a for key, a in parts.items() if len(key) == 1},
            metadata=header,
        )


def _pair(value: Any) -> Any:
    """JSON knows lists only."""
    return tuple(value) if isinstance(value, list) else value


@functools.cache
def shipped_table() -> Table:
    """The table that comes with the package."""
    with (resources.files("jaxlike.theory.power") / "emulator.npz").open("rb") as file:
        return Table.read(file)  # type: ignore[arg-type]
