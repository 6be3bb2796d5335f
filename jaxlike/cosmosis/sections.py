"""Sections of C_ell and of correlation functions as the standard library's modules write them.

C_ell as project_2d, correlation functions as cl_to_xi: names, units, order of bins. All that
belongs to the galaxies is in C_ell (alignment, magnification, shear calibration); point masses and
PSF terms are in the data vector alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.measurement import Measurement
from jaxlike.data.units import ARCMIN
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.theory.spectra.limber import Spectra
from jaxlike.theory.spectra.pairs import PairGroup
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.projection import cl_matrix

_CL = {
    ("counts", "counts"): "galaxy_cl",
    ("counts", "shear"): "galaxy_shear_cl",
    ("shear", "shear"): "shear_cl",
    ("counts", "convergence"): "galaxy_cmbkappa_cl",
    ("shear", "convergence"): "shear_cmbkappa_cl",
    ("convergence", "convergence"): "cmbkappa_cl",
}
_XI = {
    "xi_plus": "shear_xi_plus",
    "xi_minus": "shear_xi_minus",
    "gamma_t": "galaxy_shear_xi",
    "w": "galaxy_xi",
    "w_kappa": "galaxy_cmbkappa_xi",
    "gamma_t_kappa": "shear_cmbkappa_xi",
}
_N_ELL = 200


@dataclass(frozen=True)
class Section:
    """A section of the galaxies: matrix (n, n_ell) takes C_ell of a group to its points.

    group: its number; sign: with which C_ell of B modes enter, None where they are all that enters;
    rows: of the group's pairs; axis, at: what the points are at; edges: of angular bins.
    """

    name: str
    group: int
    sign: int | None
    rows: tuple[int, ...]
    axis: str
    at: NDArray
    matrix: NDArray
    edges: NDArray | None = None

    def entries(self, likelihood: Likelihood, spectra: Spectra) -> Iterator[tuple[str, Any]]:
        """(Name, value) of all that is in it; nothing for B modes that no tracer has."""
        c_ell = spectra.B if self.sign is None else spectra.E
        if c_ell is None:
            return
        if self.sign and spectra.B is not None and likelihood.theory.b_modes:
            c_ell = c_ell + self.sign * spectra.B
        group = likelihood.theory.groups[self.group]
        yield from _described(self, group, likelihood).items()
        for row in self.rows:
            first, second = group.bins[row]
            if group.auto:  # of which the standard library has the lower triangle
                first, second = second, first
            yield f"bin_{first + 1}_{second + 1}", self.matrix @ np.asarray(c_ell[row])


def _described(one: Section, group: PairGroup, likelihood: Likelihood) -> dict[str, Any]:
    """What a section says of itself."""
    samples = likelihood.data.samples
    names = [samples[i][0].lower().removeprefix("nz_") for i in group.samples]
    sizes = [likelihood.theory.tracers[i].n_bin for i in group.samples]
    entries: dict[str, Any] = {
        one.axis: one.at,
        "sep_name": one.axis,
        "save_name": _suffix(group, likelihood),
        "sample_a": names[0],
        "sample_b": names[1],
        "nbin_a": sizes[0],
        "nbin_b": sizes[1],
        "is_auto": group.auto,
        "auto_only": group.diagonal,
    }
    if group.auto:
        entries["nbin"] = sizes[0]
    if one.axis == "theta":
        entries["bin_avg"] = one.edges is not None
    if one.edges is not None:
        entries["theta_edges"] = one.edges
    return entries


def _suffix(group: PairGroup, likelihood: Likelihood) -> str:
    words = [likelihood.samples[i].suffix for i in group.samples]
    return "_".join(dict.fromkeys(word for word in words if word))


def _named(section: str, group: PairGroup, likelihood: Likelihood) -> str:
    return "_".join(word for word in (section, _suffix(group, likelihood)) if word)


def cl_sections(likelihood: Likelihood) -> list[Section]:
    """C_ell of every pair of bins that the data have."""
    theory, nodes = likelihood.theory, np.asarray(likelihood.grid.nodes.ell)
    ell = np.geomspace(nodes.min(), nodes.max(), _N_ELL)
    matrix = cl_matrix(ell, nodes)
    found = []
    for i, group in enumerate(theory.groups):
        section = _CL[theory.tracers[group.first].kind, theory.tracers[group.second].kind]
        rows = tuple(range(len(group.bins)))
        name = _named(section, group, likelihood)
        found.append(Section(name, i, 0, rows, "ell", ell, matrix))
        if section == "shear_cl" and likelihood.survey.has_b_modes:
            name = _named("shear_cl_bb", group, likelihood)
            found.append(Section(name, i, None, rows, "ell", ell, matrix))
    return found


def xi_sections(likelihood: Likelihood) -> list[Section]:
    """Correlation functions of every pair at every angle that the data have for one of them."""
    theory, ell = likelihood.theory, np.asarray(likelihood.grid.nodes.ell)
    found = []
    for block, (_, number), m in zip(
        likelihood.survey.blocks, theory.statistics, likelihood.data.measurements, strict=True
    ):
        if m.statistic not in _XI:
            continue
        group = theory.groups[number]
        known = {pair: row for row, pair in enumerate(group.bins)}
        rows = sorted({known[i, j] for _, i, _, j in block.pairs()})
        edges = _edges(m) if likelihood.options.projection == "curved" else None
        name = _named(_XI[m.statistic], group, likelihood)
        sign = STATISTICS[m.statistic].b_modes
        theta = np.unique(m.scale) * ARCMIN
        matrix = np.asarray(block.project(ell))
        found.append(Section(name, number, sign, tuple(rows), "theta", theta, matrix, edges))
    if not found:
        statistics = ", ".join(dict.fromkeys(m.statistic for m in likelihood.data.measurements))
        raise ConfigError(
            f"option 'outputs' has xi, but {likelihood.data.source} has {statistics} and no"
            " correlation functions: leave it out, or take cl"
        )
    return found


def _edges(measurement: Measurement) -> NDArray | None:
    """Edges (n + 1,) of the angular bins in radians; ConfigError where they leave gaps."""
    _, row = np.unique(measurement.scale, return_index=True)
    assert measurement.theta_min_arcmin is not None  # as whoever asks for curved has checked
    assert measurement.theta_max_arcmin is not None
    low, high = measurement.theta_min_arcmin[row], measurement.theta_max_arcmin[row]
    if not np.allclose(low[1:], high[:-1], rtol=1e-3):
        raise ConfigError(
            f"option 'outputs' has xi, but the angular bins of HDU '{measurement.name}' leave gaps,"
            " which a section of CosmoSIS cannot say: leave it out, or take scale_cuts = none"
        )
    return np.append(low, high[-1]) * ARCMIN


SECTIONS: dict[str, Callable[[Likelihood], list[Section]]] = {
    "cl": cl_sections,
    "xi": xi_sections,
}
"""What `outputs` may list of the galaxies."""
