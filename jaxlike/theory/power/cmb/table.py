"""The trained numbers of the CMB's spectra, and their file."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOTS = ("ee",)
"""Spectra whose root is tabulated: reionisation adds to it in proportion to the optical depth."""


_HELIUM = "helium"


class Part(NamedTuple):
    """One spectrum, or its root: mean (n_u,) and components (n_component, n_u), B-spline
    coefficients on the lattice of multipoles (see `lattice`); weight (n_component, n_term) of the
    polynomials."""

    mean: NDArray
    components: NDArray
    weight: NDArray


@dataclass(frozen=True)
class CmbTable:
    """accepted: name -> range of each coordinate that the table answers for; box: (9, 2) range of
    the training set; plane: (9,) of `coordinates.away`; exponents: (n_term, 9) orders of the
    Chebyshev polynomials; parts: name -> spectrum; helium: name -> B-spline coefficients (n_u,) of
    the slope of a spectrum, or of its root, in the mass fraction of helium; metadata: how it was
    trained and how well it does."""

    accepted: Mapping[str, tuple[float, float]]
    box: NDArray
    plane: NDArray
    exponents: NDArray
    parts: Mapping[str, Part]
    helium: Mapping[str, NDArray]
    metadata: Mapping[str, Any]

    def save(self, file: BinaryIO) -> None:
        """Write as .npz; coefficients in single precision."""
        header = json.dumps(dict(self.metadata) | {"accepted": dict(self.accepted)})
        arrays = {
            f"{name}/{key}": value.astype(np.float32)
            for name, part in self.parts.items()
            for key, value in part._asdict().items()
        }
        arrays |= {f"{n}/{_HELIUM}": slope.astype(np.float32) for n, slope in self.helium.items()}
        np.savez_compressed(
            file,
            header=header,
            box=self.box,
            plane=self.plane,
            exponents=self.exponents.astype(np.int8),
            **arrays,
        )

    @classmethod
    def read(cls, file: BinaryIO) -> "CmbTable":
        """Read what `save` wrote."""
        with np.load(file) as stored:
            header = json.loads(str(stored["header"]))
            arrays = {name: np.asarray(stored[name]) for name in stored if name != "header"}
        names = dict.fromkeys(name.split("/")[0] for name in arrays if "/" in name)
        return cls(
            accepted={k: (x[0], x[1]) for k, x in header.pop("accepted").items()},
            box=arrays["box"],
            plane=arrays["plane"],
            exponents=arrays["exponents"].astype(int),
            parts={
                name: Part(*(arrays[f"{name}/{key}"].astype(float) for key in Part._fields))
                for name in names
            },
            helium={
                name: arrays[f"{name}/{_HELIUM}"].astype(float)
                for name in names
                if f"{name}/{_HELIUM}" in arrays
            },
            metadata=header,
        )


@functools.cache
def shipped_cmb() -> CmbTable:
    """The table that comes with the package."""
    file = resources.files("jaxlike.theory.power.cmb") / "cmb.npz"
    with file.open("rb") as opened:
        return CmbTable.read(opened)  # type: ignore[arg-type]
