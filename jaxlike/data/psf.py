"""Tables of what the PSF leaves in xi+, as HSC-Y3 publishes them."""

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.arrays import check_angles, check_shape, read_arrays
from jaxlike.data.units import ARCMIN

_N = 4  # factors of moments; the last row and column are those of a constant


def read_psf(path: str, transform: str | None = None) -> dict[str, NDArray]:
    """theta (n,) in radians, tables (2, 5, 5, n) of both components, jacobian (4, 4), centre (4,).

    From r [arcmin], sys1 and sys2 of one file, and jacobian and center of another, by default the
    identity. DataError, naming the file and the array, on another shape.
    """
    file = read_arrays(path, "psf_file", ("r", "sys1", "sys2"))
    theta = file["r"]
    check_angles(theta, f"psf_file '{path}': r")
    for name in ("sys1", "sys2"):
        check_shape(file[name], (_N + 1, _N + 1, theta.size), f"psf_file '{path}': {name}")
    found = {
        "theta": theta * ARCMIN,
        "tables": np.stack([file["sys1"], file["sys2"]]),
        "jacobian": np.eye(_N),
        "centre": np.zeros(_N),
    }
    if transform is not None:
        other = read_arrays(transform, "psf_transform", ("jacobian", "center"))
        for name, shape in (("jacobian", (_N, _N)), ("center", (_N,))):
            check_shape(other[name], shape, f"psf_transform '{transform}': {name}")
        found |= {"jacobian": other["jacobian"], "centre": other["center"]}
    return found
