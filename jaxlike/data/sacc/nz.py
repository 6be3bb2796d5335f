"""n(z) of the tracers of a SACC file, and the modes by which they may change."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxlike.data.checks import check_density, finite_array
from jaxlike.data.redshift_distribution import RedshiftDistribution, edges_between
from jaxlike.errors import DataError

_MOST = 100_000  # rows of a table that several tracers share
_MODES = "nz_linear_uncertainty"  # what sacc calls n(z) + matrix @ u


def sample(
    name: str,
    tracers: Sequence[Any],
    uncertainties: Iterable[Any],
    unused: Mapping[str, Any] | None = None,
) -> RedshiftDistribution:
    """One table of n(z) from the tracers of a sample of galaxies.

    Modes are those of the uncertainties of kind `NZLinearUncertainty` of these tracers alone, one
    after another in the order of the file; what they say of `unused` tracers is left out.
    """
    grids, rows = zip(*(_checked(tracer) for tracer in tracers), strict=True)
    modes = _modes(tracers, uncertainties, unused or {})
    # n(z) of a tracer and the modes that change it, (1 + n_mode, n_z), go the same way
    stacks = [np.vstack([row, mode]) for row, mode in zip(rows, modes, strict=True)]
    z = grids[0]
    if any(grid.size != z.size or not np.allclose(grid, z, rtol=0, atol=1e-9) for grid in grids):
        z, stacks = _resampled(grids, stacks)
    edges = edges_between(z)
    if edges[0] < 0 and not any(stack[:, 0].any() for stack in stacks):
        # a sample at z = 0 has half a cell only, and no galaxies
        z, stacks, edges = z[1:], [stack[:, 1:] for stack in stacks], edges[1:]
    edges[0] = max(edges[0], 0.0)
    together = np.stack(stacks, axis=1)
    return RedshiftDistribution(
        name,
        edges[:-1],
        z,
        edges[1:],
        together[0],
        n_gal=_metadata(tracers, "n_gal"),
        sigma_e=_metadata(tracers, "sigma_e"),
        modes=together[1:] if len(together) > 1 else None,
    )


def _checked(tracer: Any) -> tuple[np.ndarray, np.ndarray]:
    where = f"tracer {tracer.name!r}"
    z = finite_array(tracer.z, f"{where}: z")
    dndz = finite_array(tracer.nz, f"{where}: nz", size=z.size)
    if z.size < 3 or z[0] < 0 or np.any(np.diff(z) <= 0):
        raise DataError(f"{where}: z must be at least three increasing redshifts >= 0")
    try:
        check_density(dndz, f"{where}: nz")
    except DataError as error:
        raise DataError(f"{where}: nz must be >= 0, and not zero everywhere") from error
    return z, dndz


def _modes(
    tracers: Sequence[Any], uncertainties: Iterable[Any], unused: Mapping[str, Any]
) -> list[np.ndarray]:
    """Modes (n_mode, n_z) of each tracer, zero where those of the others change."""
    own = {tracer.name: np.size(tracer.z) for tracer in tracers}
    kind = tracers[0].quantity
    others = [t for t in unused.values() if t.type_name == "NZ" and t.quantity == kind]
    sizes = {tracer.name: np.size(tracer.z) for tracer in others} | own
    columns: list[dict[str, np.ndarray]] = []
    for uncertainty in uncertainties:
        names = list(uncertainty.tracer_names)
        if (
            uncertainty.type_name != _MODES
            or not set(names) <= set(sizes)
            or not set(names) & set(own)
        ):
            continue
        matrix = finite_array(
            uncertainty.linear_transformation,
            f"tracer uncertainty {uncertainty.name!r}: its matrix",
            ndim=2,
        )
        ends = np.cumsum([sizes[name] for name in names])
        if len(matrix) != ends[-1]:
            raise DataError(
                f"tracer uncertainty {uncertainty.name!r} has a matrix of {len(matrix)} rows, but"
                f" its tracers {', '.join(names)} have {ends[-1]} redshifts together"
            )
        columns += [
            dict(zip(names, np.split(column, ends[:-1]), strict=True)) for column in matrix.T
        ]
    return [
        np.array([column.get(name, np.zeros(size)) for column in columns]).reshape(-1, size)
        for name, size in own.items()
    ]


def _resampled(
    grids: Iterable[np.ndarray], stacks: Iterable[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Tracers with redshifts of their own, on the finest of the grids, extended to the last one."""
    grids = list(grids)
    step = min(float(np.median(np.diff(grid))) for grid in grids)
    last = max(grid[-1] for grid in grids)
    if last > _MOST * step:
        raise DataError(
            f"tracers of one sample have redshifts of their own, from steps of {step:.3g} up to"
            f" {last:.3g}, of which no table of fewer than {_MOST} rows is made"
        )
    z = step * np.arange(1, int(np.ceil(max(grid[-1] for grid in grids) / step)) + 1)
    return z, [
        np.stack([np.interp(z, grid, row, left=0, right=0) for row in stack])
        for grid, stack in zip(grids, stacks, strict=True)
    ]


def _metadata(tracers: Sequence[Any], key: str) -> np.ndarray | None:
    values = [tracer.metadata.get(key) for tracer in tracers]
    if any(value is None for value in values):
        return None
    return finite_array(values, f"metadata {key} of the tracers {tracers[0].name!r}, ...")
