"""Shear ratios of a pipeline, whose data are a pickle, as the .npz that is read here."""

import hashlib
from pathlib import Path

from jaxlike.config.standard_library.given import Given
from jaxlike.data import convert_shear_ratios, data_folder
from jaxlike.errors import DataError


def ratios_file(given: Given) -> Path:
    """The file made of the module's `data_file` and its limits, in the folder of data; it is made
    once, and again where one of these changes."""
    source = given.place("data_file")
    largest = given.numbers("theta_max")
    least: list[list[float]] = []
    while given.has(f"theta_min_{len(least) + 1}"):
        least.append(given.numbers(f"theta_min_{len(least) + 1}"))
    for number, row in enumerate(least, start=1):
        if len(row) != len(largest):
            raise given.refused(
                f"theta_min_{number}", f"{len(largest)} lens bins are needed, as in theta_max"
            )
    limits = repr((least, largest)).encode()
    mark = hashlib.sha256(source.read_bytes() + limits).hexdigest()[:16]
    target = data_folder() / "converted" / f"{source.stem}_{mark}.npz"
    if not target.is_file():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            convert_shear_ratios(source, target, theta_min=least, theta_max=largest)
        except (DataError, OSError) as error:
            raise given.refused("data_file", str(error)) from error
    return target
