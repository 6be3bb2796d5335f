"""Writer of SACC files, of which `sacc_reader` is the reader.

Tracers are lens_1, lens_2, ... and source_1, ..., numbered as the parameters b1, m1, ... are.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.sacc.reader import sacc_module
from jaxlike.data.sacc.types import SAMPLES, TYPE_OF
from jaxlike.data.statistics import FOURIER_SPACE, STATISTICS
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError


def write_sacc(
    data: TwoPointData, path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write `data` so that reading it gives the same points, windows, n(z), modes and covariance.

    Edges of the cells of n(z) are not kept, only their middles. Raises DataError if `path` exists,
    unless `overwrite`, and where lenses or sources have more than one table of n(z).
    """
    file = Path(path).expanduser()
    if file.exists() and not overwrite:
        raise DataError(f"{file}: exists already; choose another name or ask to overwrite it")
    content = to_sacc(data, file)
    partial = file.with_name(f".{file.name}.{os.getpid()}.fits")  # sacc goes by the ending
    try:
        content.save_fits(str(partial), overwrite=True)
        os.replace(partial, file)
    except OSError as error:
        raise DataError(f"{file}: cannot be written ({error.strerror or error})") from error
    finally:
        partial.unlink(missing_ok=True)


def to_sacc(data: TwoPointData, file: Path) -> Any:
    """A `sacc.Sacc` object of the data; `file` is named in messages."""
    sacc = sacc_module(file)
    content = sacc.Sacc()
    for field, (stem, quantity) in SAMPLES.items():
        table = _table(data, field)
        if table is None:
            continue
        names = [f"{stem}_{i}" for i in range(1, table.n_bin + 1)]
        metadata = _metadata(table)
        for i, name in enumerate(names):
            z, row = np.array(table.z_mid), np.array(table.dndz[i])
            content.add_tracer("NZ", name, z, row, quantity=quantity, metadata=metadata[i])
        if table.modes is not None:
            matrix = table.modes.reshape(table.n_mode, -1).T
            modes = sacc.NZLinearUncertainty(f"{stem}_modes", names, matrix)
            content.add_tracer_uncertainty_object(modes)
    for m in data.measurements:
        _add_points(sacc, content, m)
    blocks = np.array(data.covariance)
    diagonal = np.diag(blocks)
    content.add_covariance(diagonal if np.array_equal(np.diag(diagonal), blocks) else blocks)
    return content


def _table(data: TwoPointData, field: str) -> RedshiftDistribution | None:
    """The n(z) of the sample that a field is of."""
    names = {
        (m.kernel1, m.kernel2)[i]
        for m in data.measurements
        for i, own in enumerate(STATISTICS[m.statistic])
        if own == field
    }
    if len(names) > 1:
        raise DataError(
            f"{data.source}: the {field} measurements use the n(z) HDUs {', '.join(sorted(names))};"
            " one for all of them is needed"
        )
    return data.distribution(names.pop()) if names else None


def _metadata(table: RedshiftDistribution) -> list[dict[str, float]]:
    """Number density and shape noise of each bin, where they are known."""
    numbers = {"n_gal": table.n_gal, "sigma_e": table.sigma_e}
    return [
        {key: float(values[i]) for key, values in numbers.items() if values is not None}
        for i in range(table.n_bin)
    ]


def _add_points(sacc: Any, content: Any, m: Measurement) -> None:
    stems = [SAMPLES[field][0] for field in STATISTICS[m.statistic]]
    tag = "ell" if m.statistic in FOURIER_SPACE else "theta"
    shared = None
    if m.windows is not None:
        shared = sacc.BandpowerWindow(np.array(m.windows.ell), np.array(m.windows.weight.T))
    for i, value in enumerate(m.value):
        tags: dict[str, Any] = {tag: float(m.scale[i])}
        if m.windows is not None:
            tags |= {"window": shared, "window_ind": int(m.windows.row[i])}
        if m.theta_min_arcmin is not None and m.theta_max_arcmin is not None:
            edges = float(m.theta_min_arcmin[i]), float(m.theta_max_arcmin[i])
            tags["window"] = sacc.TopHatWindow(*edges)
        tracers = (f"{stems[0]}_{m.bin1[i]}", f"{stems[1]}_{m.bin2[i]}")
        content.add_data_point(TYPE_OF[m.statistic], tracers, float(value), **tags)
