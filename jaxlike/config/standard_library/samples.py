"""The samples of one likelihood of a pipeline: what its spectra say of them, if they agree."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jaxlike.config.explained import Entry
from jaxlike.config.standard_library.block import Alignment, Nz, Source, Spectrum, TwoPoint
from jaxlike.config.standard_library.given import ABSENT
from jaxlike.data.fits2pt.reader import read_redshift_distributions
from jaxlike.data.nz_file import nz_in
from jaxlike.data.recognised import is_sacc
from jaxlike.errors import ConfigError, DataError


@dataclass(frozen=True)
class Sampled:
    """One sample of galaxies: the section and the table of its n(z), its bins, and where its
    parameters are read."""

    kind: str
    section: str
    nz: Nz
    n_bin: int
    sources: tuple[Source, ...]

    @property
    def curve(self) -> str:
        """The option `nz` for it; shapes are shifted as smooth curves, which gradients like."""
        return "spline" if self.kind == "shear" else self.nz.curve or "histogram"


@dataclass(frozen=True)
class Model:
    """What a likelihood's spectra have in common: samples by kind, and options."""

    samples: tuple[Sampled, ...]
    options: dict[str, Any]
    alignment: Alignment | None = None


def model_of(one: TwoPoint) -> Model:
    """What the tables of a likelihood are computed from; ConfigError where two do not agree."""
    shapes = {n: s for n, s in one.theory.items() if "shear" in s.kinds}
    counts = {n: s for n, s in one.theory.items() if "counts" in s.kinds}
    clustering = {n: s for n, s in counts.items() if s.kinds == ("counts", "counts")}
    alignment = _same(one, shapes, "alignment", "a model of intrinsic alignment")
    m = _same(one, shapes, "m", "a calibration of shear")
    bias = _same(one, counts, "bias", "a galaxy bias")
    one_loop = _same(one, counts, "one_loop", "a galaxy bias to one loop") or ()
    magnified = _same(one, counts, "magnified", "magnification")
    samples = []
    if shapes:
        of_psf = [s.psf for s in shapes.values() if s.psf]
        sources = [m] if m else []
        sources += [*alignment.sources] if alignment else []
        sources += [*of_psf[0]["sources"]] if of_psf else []
        samples.append(_sample(one, "shear", _names(one, shapes, "shear"), sources))
    if counts:
        masses = [s.point_mass[1] for s in counts.values() if s.point_mass and s.point_mass[1]]
        sources = [s for s in (bias, *one_loop, magnified, *masses[:1]) if s]
        if bias is None:
            raise ConfigError(
                f"{one.entry.place}: {one.section}: no module gives the galaxies of its data a bias"
            )
        samples.append(_sample(one, "counts", _names(one, counts, "counts"), sources))
    options: dict[str, Any] = {
        "alignment": alignment.model if alignment else "nla",
        "bias": "one_loop" if one_loop else "constant",
        "magnification": magnified is not None,
        "limber": "beyond" if any(s.exact for s in one.theory.values()) else "all",
        "rsd": any(s.rsd for s in clustering.values()),
        **_of_transforms(one),
    }
    return Model(tuple(samples), options, alignment)


def _same(one: TwoPoint, spectra: dict[str, Spectrum], what: str, words: str) -> Any:
    """What all spectra have; ConfigError where one has another."""
    found = {name: getattr(spectrum, what) for name, spectrum in spectra.items()}
    if len(set(found.values())) > 1:
        with_it = [name for name, value in found.items() if value is not None]
        without = [name for name, value in found.items() if value is None]
        how = (
            f"'{with_it[0]}' has {words}, '{without[0]}' has none"
            if without
            else (f"'{with_it[0]}' and '{with_it[1]}' have {words} each")
        )
        raise ConfigError(
            f"{one.entry.place}: {one.section}: {how}: a likelihood here has one for all its data"
        )
    return next(iter(found.values()), None)


def _names(one: TwoPoint, spectra: dict[str, Spectrum], kind: str) -> str:
    names = {
        name
        for spectrum in spectra.values()
        for name, own in zip(spectrum.samples, spectrum.kinds, strict=True)
        if own == kind
    }
    if len(names) > 1:
        listed = " and ".join(f"[{name}]" for name in sorted(names))
        raise ConfigError(
            f"{one.entry.place}: {one.section}: its data are of the n(z) {listed}: give each a "
            "likelihood of its own"
        )
    return names.pop()


def _sample(one: TwoPoint, kind: str, name: str, sources: Iterable[Source]) -> Sampled:
    nz = one.nz[name]
    word = "source" if kind == "shear" else "lens"
    photo = [replace(source, of=f"{source.of}_{word}") for source in (nz.shift, nz.width) if source]
    return Sampled(kind, name, nz, _n_bin(nz), (*sources, *photo))


def _n_bin(nz: Nz) -> int:
    _there(nz.entry, nz.file)
    try:
        if is_sacc(nz.file):
            readers = {name.lower(): read for name, read in nz_in(nz.file).items()}
            if nz.table.lower() not in readers and len(readers) == 1:
                return next(iter(readers.values()))().n_bin
            return readers[nz.table.lower()]().n_bin
        found = {t.name.lower(): t for t in read_redshift_distributions(nz.file)}
        return found[nz.table.lower()].n_bin
    except KeyError as error:
        raise nz.entry.refused(f"the file has no n(z) '{nz.table}'") from error
    except DataError as error:
        raise nz.entry.refused(str(error)) from error


def _there(entry: Entry, file: Path) -> str:
    """A file that a likelihood reads; ConfigError where it is not there."""
    if not file.is_file():
        raise entry.refused(ABSENT)
    return str(file)


def _of_transforms(one: TwoPoint) -> dict[str, Any]:
    """Options of what has been made of C_ell, which all have in common."""
    options: dict[str, Any] = {}
    for name, spectrum in one.theory.items():
        for key, value in spectrum.options.items():
            if options.setdefault(key, value) != value:
                raise ConfigError(
                    f"{one.entry.place}: {one.section}: {key} of '{name}' is {value}, of others "
                    f"{options[key]}: a likelihood here has one for all of its data"
                )
        if spectrum.psf:
            options |= {name: _there(*place) for name, place in spectrum.psf["files"].items()}
        if spectrum.point_mass:
            options["point_mass"] = spectrum.point_mass[0]
    xi = [s for s in one.theory.values() if s.transform in ("xi_plus", "xi_minus")]
    if xi and any(s.alignment and s.alignment.model == "tatt" for s in xi):
        options["b_modes"] = all(s.b_modes for s in xi)
    return options


def kernels_of(one: TwoPoint, model: Model) -> tuple[dict[str, str], str | None]:
    """The options `kernels` and `nz_file` of a likelihood; ConfigError on n(z) of several files."""
    files = {sample.nz.file for sample in model.samples}
    elsewhere = {file for file in files if file.resolve() != one.file.resolve()}
    if elsewhere and len(files) > 1:
        raise ConfigError(
            f"{one.entry.place}: {one.section}: n(z) of lenses and sources are in different files: "
            "write them into one"
        )
    tables = {sample.section: sample.nz.table for sample in model.samples}
    kernels = {}
    for name, spectrum in one.theory.items():
        for kernel, section in zip(one.kernels[name], spectrum.samples, strict=True):
            table = tables[section]
            if kernel.lower() != table.lower() and not _known(one, elsewhere):
                kernels[kernel] = table
    return kernels, str(elsewhere.pop()) if elsewhere else None


def _known(one: TwoPoint, elsewhere: set[Path]) -> bool:
    """Whether n(z) are those of the tracers of a SACC file, or the only ones of another file."""
    return len(nz_in(next(iter(elsewhere)))) == 1 if elsewhere else is_sacc(one.file)


def sources_of(model: Model) -> Iterator[tuple[Sampled, Source, int | None]]:
    """Every parameter that the samples read, bin by bin."""
    for sample in model.samples:
        for source in sample.sources:
            if source.of in _SINGLE or (source.of == "A_IA" and not source.numbered):
                yield sample, source, None
            else:
                for number in range(1, sample.n_bin + 1):
                    yield sample, source, number


_SINGLE = (
    *("alpha_IA", "z0_IA", "A2_IA", "alpha2_IA", "bTA_IA", "beta_IA"),
    *("psf_alpha2", "psf_beta2", "psf_alpha4", "psf_beta4", "psf_c1", "psf_c2"),
)
"""Parameters of which a sample has one; A_IA has one, or one for each bin where it is numbered."""
