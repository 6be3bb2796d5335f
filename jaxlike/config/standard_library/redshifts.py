"""Modules of redshift distributions: where they are read, what shifts and stretches them."""

from dataclasses import replace
from typing import Any

from jaxlike.config.standard_library.block import Block, Nz, Source
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, only, refused, used
from jaxlike.errors import ConfigError

_LENSES = "lens"
_CURVES = {"linear": "histogram", "cubic": "spline"}
_SHIFTS = "bias_1, bias_2, ... of a section are dz of the bins"


def _table(name: str, given: Given) -> str:
    return f"nz_{name}" if given.flag("prefix_extension", True) else name


def _load(block: Block, given: Given) -> None:
    file = given.place_if_there("nz_file")
    names = given.words("data_sets")
    outputs = given.words("data_sets_output", given.text("data_sets"))
    if not names or len(names) != len(outputs):
        raise given.refused("data_sets_output", f"a name for each of {', '.join(names)} is needed")
    for name, output in zip(names, outputs, strict=True):
        section = f"nz_{output}" if given.flag("prefix_section", True) else output
        _add(block, given, section.lower(), Nz(file, _table(name, given), given.entry("nz_file")))
    given.say("nz_file", f"n(z) of {', '.join(names)}")


def _load_sacc(block: Block, given: Given) -> None:
    file = given.place_if_there("nz_file")
    for name in given.words("data_sets"):
        section = f"nz_{name}" if given.flag("prefix_section", True) else name
        _add(block, given, section.lower(), Nz(file, name, given.entry("nz_file")))
    given.say("nz_file", "nz_file, where n(z) are read")


def _add(block: Block, given: Given, section: str, nz: Nz) -> None:
    if section in block.nz:
        raise ConfigError(
            f"{given.file.place}: {given.where} makes [{section}], which another module has made: "
            "leave out one of the two"
        )
    block.nz[section] = nz


def _sample(block: Block, given: Given) -> tuple[str, Nz]:
    section = given.text("sample", "wl_number_density").lower()
    if section not in block.nz:
        listed = ", ".join(block.nz) or "none"
        raise given.refused("sample", f"no module before it makes this n(z); there are {listed}")
    return section, block.nz[section]


def _curve(given: Given) -> str:
    word = given.text("interpolation", "cubic").lower()
    if word not in _CURVES:
        raise given.refused("interpolation", f"accepted are {', '.join(_CURVES)}")
    return _CURVES[word]


def _of_bins(block: Block, given: Given, of: str, stem: str, section: str) -> Source:
    """Where a parameter of each bin, or one of all, is read."""
    if given.flag("per_bin", True):
        return Source(of, section, f"{stem}_", module=given.where)
    return Source(of, section, f"{stem}_0", numbered=False, module=given.where)


def _bias(block: Block, given: Given) -> None:
    name, nz = _sample(block, given)
    default = "wl_photoz_errors" if not given.has("sample") else f"{name}_errors"
    section = given.text("bias_section", default).lower()
    if nz.shift is not None:
        raise given.second(f"shifts [{name}]")
    source = _of_bins(block, given, "dz", "bias", section)
    block.nz[name] = _changed(nz, given, shift=source)
    given.say("bias_section", f"{section}--bias_1, ... are the shifts dz of its bins")
    given.say("sample", f"of the n(z) '{nz.table}'")


def _width(block: Block, given: Given) -> None:
    name, nz = _sample(block, given)
    if nz.shift is not None:
        raise ConfigError(
            f"{given.file.place}: {given.where} comes after the shifts of [{name}]: n(z) are "
            "stretched before they are shifted here"
        )
    section = given.text("bias_section", f"{name}_errors").lower()
    if nz.width is not None:
        raise given.second(f"stretches [{name}]")
    source = _of_bins(block, given, "sz", "width", section)
    block.nz[name] = _changed(nz, given, width=source)
    given.say("bias_section", f"{section}--width_1, ... are the widths sz of its bins")
    given.say("sample", f"of the n(z) '{nz.table}'")


def _changed(nz: Nz, given: Given, **sources: Any) -> Nz:
    curve = _curve(given)
    given.say("interpolation", f"nz = {curve}, or spline of shapes")
    return replace(nz, curve=nz.curve or curve, **sources)


_SAMPLE = (
    *used("the n(z) that it is for", "sample"),
    *used("the section of its parameters", "bias_section"),
    *used("nz = histogram (linear), spline (cubic)", "interpolation"),
    *used("a parameter for each bin, or _0 for all", "per_bin"),
)

MODULES = (
    Module(
        ("number_density/load_nz_fits/load_nz_fits",),
        "n(z) of a file",
        (
            *used("n(z) of the data file, or nz_file", "nz_file"),
            *used("which n(z)", "data_sets", "data_sets_output"),
            *used("what they are called", "prefix_section", "prefix_extension"),
            only("upsampling", ("1",), "n(z) go through the middles of their cells here"),
            *SILENT,
        ),
        _load,
    ),
    Module(
        ("number_density/load_nz_sacc/load_nz_sacc",),
        "n(z) of a SACC file",
        (
            *used("nz_file", "nz_file"),
            *used("which n(z)", "data_sets"),
            *used("what they are called", "prefix_section"),
            *idle("read by no version of the module", "prefix_extension"),
            *SILENT,
        ),
        _load_sacc,
    ),
    Module(
        ("number_density/photoz_bias/photoz_bias",),
        "shifts of n(z)",
        (
            *_SAMPLE,
            only("mode", ("additive",), "n(z) are shifted by dz here, not by dz z"),
            *idle("records mean redshifts", "output_deltaz_section_name"),
            *idle("read by no version of the module", "output_deltaz", "output_section_name"),
            *SILENT,
        ),
        _bias,
    ),
    Module(
        ("number_density/photoz_width/photoz_width",),
        "widths of n(z), about their means",
        (
            *_SAMPLE,
            only("mode", ("stretch",), "n(z) are stretched about their means here"),
            *SILENT,
        ),
        _width,
    ),
    Module(
        ("number_density/correlated_priors/correlated_priors",),
        "parameters that are mean + L u, of unit normals u",
        (
            *used("the unit normals u", "uncorrelated_parameters"),
            *used("the parameters that they make", "output_parameters"),
            *used("of which L is the Cholesky factor", "covariance"),
            *used("their means", "mean"),
            *SILENT,
        ),
    ),
    refused(
        "ranked n(z) are not sampled here; modes of n(z) are (docs/data.md)",
        "number_density/nz_multirank/nz_multirank",
    ),
    refused(
        "n(z) are read from files here: write them into one",
        *(
            "number_density/smail/photometric_smail",
            "number_density/gaussian_window/gaussian_window",
        ),
        *("number_density/load_nz/load_nz", "number_density/photoz_distortion/photoz_distortion"),
    ),
)
"""Of redshift distributions."""
