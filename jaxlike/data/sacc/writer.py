"""Writer of SACC files, of which `sacc_reader` is the reader.

Tracers are lens_1, lens_2, ... and source_1, ..., numbered as the parameters b1, m1, ... are; with
several samples of a kind the names of their tables of n(z) stand for "lens" and "source".
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from jaxlike.data.convergence import Convergence
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.sacc.reader import sacc_module
from jaxlike.data.sacc.samples import SAMPLE
from jaxlike.data.sacc.types import CONVERGENCE, RANGE_TAGS, SAMPLES, SCALE_TAGS, TYPE_OF
from jaxlike.data.statistics import STATISTICS, scale_of
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError
from jaxlike.files import atomic_writer


def write_sacc(
    data: TwoPointData, path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write `data` so that reading it gives the same points, windows, n(z), modes and covariance.

    Edges of the cells of n(z) are not kept, only their middles.

    Args:
        data: Measurements, n(z) and covariance.
        path: Of the file.
        overwrite: Whether one that exists is replaced; else that is a DataError.

    Example:
        >>> jaxlike.write_sacc(model.data, "cut.sacc")
        >>> jaxlike.read_two_point("cut.sacc").n_data == model.data.n_data
        True
    """
    file = Path(path).expanduser()
    if file.exists() and not overwrite:
        raise DataError(f"{file}: exists already; choose another name or ask to overwrite it")
    content = to_sacc(data, file)
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "data.fits"  # sacc goes by the ending
        try:
            content.save_fits(str(whole), overwrite=True)
            with atomic_writer(file) as handle, whole.open("rb") as source:
                shutil.copyfileobj(source, handle)
        except OSError as error:
            raise DataError(f"{file}: cannot be written ({error.strerror or error})") from error


def to_sacc(data: TwoPointData, file: Path) -> Any:
    """A `sacc.Sacc` object of the data; `file` is named in messages.

    Example:
        >>> from pathlib import Path
        >>> content = jaxlike.data.to_sacc(model.data, Path("in memory"))
        >>> len(content.mean) == model.data.n_data
        True
    """
    sacc = sacc_module(file)
    content = sacc.Sacc()
    stems = _stems(data)
    for (name, kind), stem in stems.items():
        if kind == "convergence":
            _add_map(content, data.convergence_map(name))
        else:
            _add_sample(sacc, content, data.distribution(name), stem, SAMPLES[kind][1])
    for m in data.measurements:
        _add_points(sacc, content, m, stems)
    blocks = np.array(data.covariance)
    diagonal = np.diag(blocks)
    content.add_covariance(diagonal if np.array_equal(np.diag(diagonal), blocks) else blocks)
    return content


def _stems(data: TwoPointData) -> dict[tuple[str, str], str]:
    """(Name, kind) of each sample -> what its tracers are called before their number."""
    kinds = [kind for _, kind in data.samples]
    names = [name for name, _ in data.samples]
    stems = {}
    for name, kind in data.samples:
        if kind == "convergence":
            stems[name, kind] = name
        elif kinds.count(kind) == 1:
            stems[name, kind] = SAMPLES[kind][0]
        else:
            stems[name, kind] = f"{SAMPLES[kind][0]}_{name}" if names.count(name) > 1 else name
    return stems


def _add_map(content: Any, map_: Convergence) -> None:
    if map_.ell is not None and map_.beam is not None:
        table = {"ell": np.array(map_.ell), "beam": np.array(map_.beam), "spin": 0}
        content.add_tracer("Map", map_.name, **table, quantity=CONVERGENCE)
        return
    fwhm = map_.fwhm_arcmin
    metadata = {} if fwhm is None else {"fwhm_arcmin": float(fwhm)}
    content.add_tracer("Misc", map_.name, quantity=CONVERGENCE, metadata=metadata)


def _add_sample(
    sacc: Any, content: Any, table: RedshiftDistribution, stem: str, quantity: str
) -> None:
    names = [f"{stem}_{i}" for i in range(1, table.n_bin + 1)]
    metadata = _metadata(table)
    for i, name in enumerate(names):
        z, row = np.array(table.z_mid), np.array(table.dndz[i])
        about = {**metadata[i], SAMPLE: stem}
        content.add_tracer("NZ", name, z, row, quantity=quantity, metadata=about)
    if table.modes is not None:
        matrix = table.modes.reshape(table.n_mode, -1).T
        modes = sacc.NZLinearUncertainty(f"{stem}_modes", names, matrix)
        content.add_tracer_uncertainty_object(modes)


def _metadata(table: RedshiftDistribution) -> list[dict[str, float]]:
    """Number density and shape noise of each bin, where they are known."""
    numbers = {"n_gal": table.n_gal, "sigma_e": table.sigma_e}
    return [
        {key: float(values[i]) for key, values in numbers.items() if values is not None}
        for i in range(table.n_bin)
    ]


def _add_points(
    sacc: Any, content: Any, m: Measurement, stems: Mapping[tuple[str, str], str]
) -> None:
    names = [
        (stems[kernel, kind], kind)
        for kernel, kind in zip((m.kernel1, m.kernel2), STATISTICS[m.statistic], strict=True)
    ]
    of = scale_of(m.statistic)
    tag = SCALE_TAGS[of]
    shared = None
    if m.windows is not None:
        shared = sacc.BandpowerWindow(np.array(m.windows.ell), np.array(m.windows.weight.T))
    for i, value in enumerate(m.value):
        tags: dict[str, Any] = {tag: int(m.scale[i]) if of == "mode" else float(m.scale[i])}
        if m.windows is not None:
            tags |= {"window": shared, "window_ind": int(m.windows.row[i])}
        if m.theta_min_arcmin is not None and m.theta_max_arcmin is not None:
            edges = float(m.theta_min_arcmin[i]), float(m.theta_max_arcmin[i])
            if of == "mode":
                tags |= dict(zip(RANGE_TAGS, edges, strict=True))
            else:
                tags["window"] = sacc.TopHatWindow(*edges)
        tracers = tuple(
            stem if kind == "convergence" else f"{stem}_{number}"
            for (stem, kind), number in zip(names, (m.bin1[i], m.bin2[i]), strict=True)
        )
        content.add_data_point(TYPE_OF[m.statistic], tracers, float(value), **tags)
