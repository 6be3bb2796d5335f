"""Two-point data of any format, recognised by what a file holds and not by its name."""

import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from jaxlike.data.cutting import apply_scale_cuts, with_angular_bins
from jaxlike.data.fits2pt.reader import read_two_point_fits
from jaxlike.data.formats import path_of
from jaxlike.data.lensing_dataset import read_lensing_dataset
from jaxlike.data.nz_file import NzFile, tables_from
from jaxlike.data.recognised import is_lensing_dataset, is_sacc
from jaxlike.data.sacc.reader import read_sacc
from jaxlike.data.scale_cuts import Cuts, ScaleCuts, read_scale_cuts
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError


def read_two_point(
    path: str | os.PathLike[str],
    *,
    probes: Iterable[str] | None = None,
    kernels: Mapping[str, str] | None = None,
    nz_file: NzFile | None = None,
    scale_cuts: Cuts | None = None,
) -> TwoPointData:
    """Read a 2pt FITS file or a SACC file (FITS or HDF5), compressed by gzip or not, or a .dataset
    file of CMB lensing.

    Args:
        path: The file.
        probes: Statistics; only these are then read and checked.
        kernels: For 2pt FITS alone: wrong names of n(z) -> right ones.
        nz_file: Where n(z) are read instead, a 2pt FITS or SACC file or columns z, n1, n2, ... of
            text, or such files by the names of n(z).
        scale_cuts: The name of a preset, a yaml file, or what is in one; points outside are left
            out, and their values and covariance may be anything.

    Returns:
        The data: `measurements` (angles in arcmin), `nz`, `covariance` (n_data, n_data).

    Raises:
        DataError: Saying what is wrong, and with which file.

    Example:
        >>> data = jaxlike.read_two_point("small.fits", probes=["w"])
        >>> data.n_data, data.measurements[0].theta_arcmin.shape
        (54, (54,))
    """
    file = path_of(path)
    cuts = None if scale_cuts is None else read_scale_cuts(scale_cuts)
    data = _read(file, probes, kernels, nz_file, cuts)
    return data if cuts is None else with_angular_bins(data, cuts)


def _read(
    file: Path,
    probes: Iterable[str] | None,
    kernels: Mapping[str, str] | None,
    nz_file: NzFile | None,
    cuts: ScaleCuts | None,
) -> TwoPointData:
    if is_lensing_dataset(file):
        data = _lensing(file, probes, kernels, nz_file)
        return data if cuts is None else apply_scale_cuts(data, cuts)
    elsewhere = None if nz_file is None else partial(tables_from, nz_file)
    if not is_sacc(file):
        return read_two_point_fits(
            file, probes=probes, kernels=kernels, elsewhere=elsewhere, cuts=cuts
        )
    if kernels:
        raise DataError(
            f"{file}: option kernels has no effect: a SACC file names the tracer of every point"
        )
    data = read_sacc(file, probes=probes, cuts=cuts)
    return data if elsewhere is None else data.with_nz(elsewhere([table.name for table in data.nz]))


def _lensing(file: Path, probes: Iterable[str] | None, *of_others: object) -> TwoPointData:
    for option, given in zip(("kernels", "nz_file"), of_others, strict=True):
        if given:
            raise DataError(f"{file}: option {option} has no effect: it is a map without n(z)")
    data = read_lensing_dataset(file)
    return data if probes is None else data.with_probes(probes)
