"""Likelihoods of C_ell in SACC files: the general module, and HSC's with its PSF terms."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.config.standard_library.block import Block, Source, Spectrum
from jaxlike.config.standard_library.cuts import Cuts
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.likelihood_data import correction_of, keep_between
from jaxlike.config.standard_library.likelihoods import append, theory_in
from jaxlike.config.standard_library.module import SILENT, Module, Option, idle, only, used
from jaxlike.data.fits2pt.tables import Table
from jaxlike.data.measurement import Measurement
from jaxlike.data.sacc.reader import from_sacc, load_sacc
from jaxlike.data.statistics import STATISTICS
from jaxlike.errors import DataError

# data type -> statistic, and the section where the theory stands
_TYPES = {
    "cl_ee": ("C_ell_shear", "shear_cl"),
    "galaxy_shear_cl_ee": ("C_ell_shear", "shear_cl"),
    "galaxy_density_cl": ("C_ell_counts", "galaxy_cl"),
    "galaxy_sheardensity_cl_e": ("C_ell_cross", "galaxy_shear_cl"),
}
_FACTORS = ("psf_alpha2", "psf_beta2", "psf_alpha4", "psf_beta4")
_UNITY = 1e-6  # by which sums of weights may differ from it, where a module divides by them


def _sacc(block: Block, given: Given) -> None:
    _likelihood(block, given, Path(given.place("data_file")), {})


def _hsc(block: Block, given: Given) -> None:
    """The same with the PSF's terms in C_ell of shear, which are those of all pairs of bins."""
    keys = {"psf_file": "psf_file", "psf_transform": "psf_transformation_file"}
    files = {option: (given.entry(key), given.place(key)) for option, key in keys.items()}
    for option, key in keys.items():
        given.say(key, f"{option} = {files[option][1]}")
    sources = tuple(
        Source(word, "psf_parameters", word, numbered=False, module=given.where)
        for word in _FACTORS
    )
    psf = {"files": files, "sources": sources}
    _likelihood(block, given, Path(given.place("data_file")), psf)


def _likelihood(block: Block, given: Given, file: Path, psf: Mapping[str, Any]) -> None:
    try:
        content = load_sacc(file)
        types = _types(given, content)
        statistics = [_TYPES[one.lower()][0] for one in types]
        data = from_sacc(content, str(file), probes=statistics)
    except DataError as error:
        raise given.refused("data_file", str(error)) from error
    tables, theory, cuts = [], {}, Cuts()
    for name, statistic in zip(types, statistics, strict=True):
        found = [m for m in data.measurements if m.statistic == statistic]
        if len(found) != 1:
            raise given.refused("data_file", f"points of {name} are of several samples")
        table = _table(name, found[0])
        where = given.text(f"{name.lower()}_section", _TYPES[name.lower()][1]).lower()
        spectrum = replace(theory_in(block, given, table, where, ""), psf=psf)
        pairs = _pairs(block, given, content, name, spectrum, table, file)
        if psf and not _is_normalised(found[0]):
            raise given.refused("data_file", f"windows of {name} do not have the sum 1")
        _cut(given, cuts, table, pairs)
        tables.append(table)
        theory[name] = spectrum
    given.say("data_file", f"data_file = {file}")
    given.say("data_sets", f"probes = {' '.join(statistics)}")
    append(block, given, str(file), tables, theory, cuts, correction_of(given))


def _types(given: Given, content: Any) -> list[str]:
    """Data types that count, as the file has them."""
    there = list(content.get_data_types())
    words = given.words("data_sets", "all")
    found = there if words == ["all"] else [one for one in there if one in words]
    for word in [] if words == ["all"] else words:
        if word not in there:
            raise given.refused("data_sets", f"the file has no {word}, but {', '.join(there)}")
    for one in found:
        if one.lower() not in _TYPES:
            accepted = "cl_ee, galaxy_shear_cl_ee, galaxy_density_cl, galaxy_shearDensity_cl_e"
            raise given.refused(
                "data_sets",
                f"{one} is not computed here; accepted are {accepted}",
            )
    return found


def _table(name: str, m: Measurement) -> Table:
    pairs = dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True))
    return Table(name, m.statistic, (m.kernel1, m.kernel2), tuple(pairs), np.unique(m.scale), False)


def _pairs(
    block: Block,
    given: Given,
    content: Any,
    name: str,
    spectrum: Spectrum,
    table: Table,
    file: Path,
) -> dict[tuple[str, str], tuple[int, int]]:
    """Names of two tracers -> their bins, which are numbered as the module does it: by the number
    from 0 at the end of the names."""
    found = {}
    flipped = name in given.words("flip")
    same = STATISTICS[str(table.statistic)][0] == STATISTICS[str(table.statistic)][1]
    for first, second in content.get_tracer_combinations(name):
        try:
            i, j = (int(one.rpartition("_")[2]) + 1 for one in (first, second))
        except ValueError as error:
            raise given.refused("data_file", f"tracer {first} has no number at its end") from error
        pair = (j, i) if flipped else (i, j)
        if pair not in table.pairs and same:
            pair = pair[::-1]
        if pair not in table.pairs:
            raise given.refused(
                "data_file", f"the bins of {first}, {second} are not numbered from 0 in each sample"
            )
        found[first, second] = pair
        for tracer, section in zip((first, second), _in_order(spectrum, flipped), strict=True):
            nz = block.nz[section]
            if nz.file.resolve() == file.resolve() and not tracer.startswith(nz.table):
                raise given.refused(
                    "data_file", f"[{section}] is of the tracers {nz.table}, not of {tracer}"
                )
    return found


def _in_order(spectrum: Spectrum, flipped: bool) -> tuple[str, str]:
    return spectrum.samples[::-1] if flipped else spectrum.samples


def _is_normalised(m: Measurement) -> bool:
    if m.windows is None:
        return False
    return bool(np.all(np.abs(m.windows.extents()[2] - 1) < _UNITY))


def _cut(
    given: Given, cuts: Cuts, table: Table, pairs: Mapping[tuple[str, str], tuple[int, int]]
) -> None:
    """Limits of multipoles, and pairs without them, by the names of tracers."""
    name = table.name.lower()
    known = {f"angle_range_{name}_{a}_{b}".lower(): pair for (a, b), pair in pairs.items()}
    keep_between(given, cuts, table, known)
    if given.has(f"cut_{name}"):
        cuts.without[table.name] = [
            pairs[one] for one in _tracer_pairs(given, f"cut_{name}") if one in pairs
        ]
        given.say(f"cut_{name}", f"scale_cuts of {table.statistic} leave these pairs out")


def _tracer_pairs(given: Given, key: str) -> Iterator[tuple[str, str]]:
    for word in given.words(key):
        first, comma, second = word.partition(",")
        if not comma:
            raise given.refused(key, "pairs of tracers are needed, such as source_0,source_1")
        yield first, second


_OPTIONS: tuple[Option, ...] = (
    *used("data_file", "data_file"),
    *used("probes", "data_sets"),
    *used("limits of multipoles: scale_cuts", "angle_range_*"),
    *used("pairs of tracers that do not count: scale_cuts", "cut_*"),
    *used("where the theory of it is", *(f"{name}_section" for name in _TYPES)),
    *used("which of two tracers is which", "flip"),
    *used("its name among the likelihoods", "like_name"),
    *used("covariance_correction, n_simulations", "covariance_realizations", "sellentin"),
    only("keep_tracers", (".*",), "pairs of tracers are left out by cut_NAME here"),
    only(
        "constant_covariance", ("T",), "a covariance that does not depend on parameters is needed"
    ),
    *idle("a constant of ln L", "include_norm"),
    *idle("saves what CosmoSIS computes", "save_theory", "save_realization", "likelihood_only"),
    *idle("how CosmoSIS's theory is interpolated", "kind"),
    *SILENT,
)

MODULES = (
    Module(
        ("likelihood/sacc/sacc_like",),
        "a likelihood of C_ell in a SACC file",
        _OPTIONS,
        _sacc,
        like="2pt",
    ),
    Module(
        ("likelihood/hsc_cosmic_shear/hsc_cosmic_shear_like",),
        "the same with the PSF's terms in C_ell of shear",
        (
            *_OPTIONS,
            *used("psf_file", "psf_file"),
            *used("psf_transform", "psf_transformation_file"),
        ),
        _hsc,
        like="hsc",
    ),
)
"""Of SACC files."""
