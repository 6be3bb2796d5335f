"""Modules that make of C_ell what is measured: correlation functions, COSEBIs, and what adds."""

from dataclasses import replace
from typing import Any

from jaxlike.config.standard_library.block import Block, Source, Spectrum
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, only, refused, used

_SUMS = "the transform to angles is exact in the curved sky here"


def _take(block: Block, given: Given, key: str, section: str) -> Spectrum:
    if section not in block.spectra:
        raise given.refused(key, f"it takes [{section}], which no module before it makes")
    block.taken.add(section)
    return block.spectra[section]


def _make(block: Block, given: Given, section: str, made: Spectrum) -> None:
    """Put what is made of a spectrum into the block; ConfigError where another module has."""
    if block.is_waiting(section):
        raise given.second(f"makes [{section}]")
    block.taken.discard(section)
    block.spectra[section] = made


def _bins(given: Given) -> dict[str, Any] | None:
    """Angular bins that the options say themselves, None where they are those of the data."""
    if given.text("theta_file", ""):
        given.say("theta_file", "angular bins are those of the data")
        return None
    if given.has("theta_edges") or given.has("theta"):
        key = "theta_edges" if given.has("theta_edges") else "theta"
        raise given.refused(key, "give theta_file, theta_min, theta_max and n_theta_bins")
    return {
        "min": given.number("theta_min", 1.0),
        "max": given.number("theta_max", 300.0),
        "number": int(given.number("n_theta_bins", 20)),
    }


def _full_sky(block: Block, given: Given) -> None:
    kind = given.text("xi_type").strip("'\" ")
    if not given.flag("bin_avg", False):
        raise given.refused(
            "bin_avg",
            "correlation functions on the curved sky are averaged over angular bins here: take "
            "bin_avg = T",
        )
    options: dict[str, Any] = {"projection": "curved"}
    bins = _bins(given)
    if bins is not None:
        options["angular_bins"] = bins
    end = given.text("save_name", "").lower()
    end = f"_{end}" if end else ""
    given.say("bin_avg", "projection = curved, averaged over angular bins")
    section, output = (given.text(f"{key}_section_name", "").lower() for key in ("input", "output"))
    if kind == "EB":
        inputs = section.split() or ["shear_cl", "shear_cl_bb"]
        outputs = output.split() or ["shear_xi_plus", "shear_xi_minus"]
        spectrum = _take(block, given, "input_section_name", inputs[0])
        b = _take(block, given, "input_section_name", inputs[1])
        if b.alignment != spectrum.alignment or not b.b_modes:
            raise given.refused(
                "input_section_name",
                f"[{inputs[1]}] has no B modes of the alignment of [{inputs[0]}]",
            )
        made = replace(spectrum, b_modes=True, transform="xi", options=options)
        for word, name in zip(("plus", "minus"), outputs, strict=True):
            _make(block, given, name + end, replace(made, transform=f"xi_{word}"))
        given.say("xi_type", "xi+ of E + B modes, xi- of E - B modes")
        return
    defaults = {
        "22": "shear_cl",
        "00": "galaxy_cl",
        "02": "galaxy_shear_cl",
        "02+": "galaxy_shear_cl",
    }
    if kind not in defaults:
        raise given.refused("xi_type", f"accepted are EB, {', '.join(defaults)}")
    section = section or defaults[kind]
    made = replace(_take(block, given, "input_section_name", section), options=options)
    if kind == "22":
        for word in ("plus", "minus"):
            name = f"{output}_{word}" if output else section.replace("cl", f"xi_{word}")
            _make(block, given, name + end, replace(made, transform=f"xi_{word}"))
        given.say("xi_type", "xi+ and xi- of E modes")
        return
    word = "w" if kind == "00" else "gamma_t"
    name = (output or section.replace("cl", "xi")) + end
    _make(block, given, name, replace(made, transform=word))
    given.say("xi_type", word)


def _nicaea(block: Block, given: Given) -> None:
    kind = int(given.number("corr_type", 0))
    tables = {
        0: ("shear_cl", "shear_xi"),
        1: ("galaxy_cl", "galaxy_xi"),
        2: ("galaxy_shear_cl", "galaxy_shear_xi"),
    }
    if kind not in tables:
        raise given.refused("corr_type", "accepted are 0, 1, 2")
    section = given.text("input_section_name", tables[kind][0]).lower()
    output = given.text("output_section_name", tables[kind][1]).lower()
    made = replace(
        _take(block, given, "input_section_name", section), options={"projection": "flat"}
    )
    names = {0: ("xi_plus", "xi_minus"), 1: ("w",), 2: ("gamma_t",)}[kind]
    for name in names:
        word = f"{output}_{name.removeprefix('xi_')}" if kind == 0 else output
        _make(block, given, word, replace(made, transform=name))
    given.say("corr_type", f"{' and '.join(names)}, projection = flat")


def _cosebis(block: Block, given: Given) -> None:
    section = given.text("input_section_name", "shear_cl").lower()
    output = given.text("output_section_name", "cosebis").lower()
    spectrum = _take(block, given, "input_section_name", section)
    angles = [given.number("theta_min", 0.5), given.number("theta_max", 300.0)]
    modes = int(given.number("n_max", 5))
    options = {"cosebis_theta": angles, "max_mode": modes}
    _make(block, given, output, replace(spectrum, transform="E_n", options=options))
    for key in ("theta_min", "theta_max"):
        given.say(key, f"cosebis_theta = {angles[0]:g} {angles[1]:g}")
    given.say("n_max", f"modes up to {modes}")


def _point_mass(block: Block, given: Given) -> None:
    lens, source = (
        given.text(f"{what}_nz_section", f"nz_{what}").lower() for what in ("lens", "source")
    )
    added = given.flag("add_togammat", False)
    name = given.text("gammat_section", "galaxy_shear_xi").lower()
    at = given.text("sigcrit_inv_section", "sigma_crit_inv_lens_source").lower()
    if not given.flag("use_fiducial", False):
        raise given.refused(
            "use_fiducial", "Sigma_crit^-1 is at a fixed cosmology here: take use_fiducial = T"
        )
    block.point_mass[at] = (lens, source)
    if not added:
        given.say("add_togammat", "point masses are marginalised where the likelihood does")
        return
    spectrum = _take(block, given, "gammat_section", name)
    section = given.text("bias_section", "add_pm").lower()
    stem = given.text("bias_prefix", "b_").lower()
    if spectrum.point_mass is not None:
        raise given.second(f"adds point masses to [{name}]")
    masses = Source("A_pm", section, stem, module=given.where)
    block.spectra[name] = replace(spectrum, point_mass=("sampled", masses))
    given.say("add_togammat", "point_mass = sampled")


_PSF = "psf_systematics_parameters"
_PSF_FILES = {"psf_file": "psf_file", "tfile": "psf_transform"}


def _psf(block: Block, given: Given) -> None:
    name = "shear_xi_plus"
    spectrum = _take(block, given, "model_type", name)
    if spectrum.psf:
        raise given.second(f"adds the PSF's terms to [{name}]")
    keys = ["psf_file", *(["tfile"] if given.text("tfile", "") else [])]
    files = {_PSF_FILES[key]: (given.entry(key), given.place_if_there(key)) for key in keys}
    words = ("psf_alpha2", "psf_beta2", "psf_alpha4", "psf_beta4")
    sources = [
        Source(word, _PSF, f"psf_cor{i}_z1", numbered=False, module=given.where)
        for i, word in enumerate(words, start=1)
    ]
    sources += [
        Source(f"psf_c{i}", _PSF, f"psf_c{i}_z1", False, left_out=True, module=given.where)
        for i in (1, 2)
    ]
    block.spectra[name] = replace(spectrum, psf={"files": files, "sources": tuple(sources)})
    for option, (entry, file) in files.items():
        given.say(entry.key, f"{option} = {file}")


MODULES = (
    Module(
        ("shear/cl_to_xi_fullsky/cl_to_xi_interface",),
        "correlation functions, projection = curved",
        (
            *used("which correlation functions", "xi_type"),
            *used("projection = curved", "bin_avg"),
            *used("angular bins of the data", "theta_file"),
            *used(
                "angular bins, where no file says them", "theta_min", "theta_max", "n_theta_bins"
            ),
            *used(
                "the sections that it takes and makes",
                "input_section_name",
                "output_section_name",
                "save_name",
            ),
            *used(
                "angular bins in the options are theta_min, theta_max, n_theta_bins",
                "theta_edges",
                "theta",
            ),
            *idle(_SUMS, "ell_max", "high_l_filter"),
            *idle("of no effect on averages over bins", "two_thirds_midpoint", "n_theta"),
            *idle("angular bins are those of each table of the data", "theta_section"),
            *idle("what the sums of E and B modes are called", "e_plus_b_name"),
            *SILENT,
        ),
        _full_sky,
    ),
    Module(
        ("shear/cl_to_xi_nicaea/nicaea_interface",),
        "correlation functions, projection = flat",
        (
            *used("which correlation functions", "corr_type"),
            *used(
                "the sections that it takes and makes", "input_section_name", "output_section_name"
            ),
            only("filter_type", ("0",), "C_ell are not filtered here"),
            *idle("pairs that are not in the data are not computed here", "auto_corr"),
            *SILENT,
        ),
        _nicaea,
    ),
    Module(
        ("shear/cosebis/cl_to_cosebis/cl_to_cosebis_interface",),
        "COSEBIs E_n",
        (
            *used("cosebis_theta", "theta_min", "theta_max"),
            *used("how many modes", "n_max"),
            *used(
                "the sections that it takes and makes", "input_section_name", "output_section_name"
            ),
            *idle(
                "tables of filters, which are computed here",
                *("wn_output_foldername", "wn_file_name", "table_precision", "number_of_wn_l_bins"),
                "roots_n_norms_foldername",
            ),
            *SILENT,
        ),
        _cosebis,
    ),
    Module(
        ("shear/point_mass/add_gammat_point_mass",),
        "point masses",
        (
            *used("point_mass = sampled, else as the likelihood has it", "add_togammat"),
            *used("at a fixed cosmology", "use_fiducial"),
            only("omega_m_fid", ("0.3",), "Sigma_crit^-1 is that of Omega_m = 0.3 here"),
            only("h0_fid", ("69",), "Sigma_crit^-1 is that of H0 = 69 here"),
            *used("add_pm--b_1, ... are A_pm", "bias_section", "bias_prefix"),
            *used("whose n(z)", "lens_nz_section", "source_nz_section"),
            *used("what they are added to", "gammat_section", "sigcrit_inv_section"),
            *SILENT,
        ),
        _point_mass,
    ),
    Module(
        ("likelihood/hsc_cosmic_shear/additive_systematic/sys_model",),
        "what the PSF adds to xi+",
        (
            *used("psf_file", "psf_file"),
            *used("psf_transform", "tfile"),
            only("model_type", ("systematics",), "the PSF's terms are quadratic forms here"),
            only("nzs", ("1",), "the PSF's terms are those of all bins here"),
            *idle(
                "angles of the theory that are kept; cuts of the data are the likelihood's",
                "theta_min",
                "theta_max",
            ),
            *SILENT,
        ),
        _psf,
    ),
    refused(
        "take shear/cl_to_xi_fullsky/cl_to_xi_interface.py or shear/cl_to_xi_nicaea",
        *("shear/cl_to_corr/cl_to_corr", "shear/cl_to_xi_wigner/wigner_cl_xi_interface"),
    ),
    refused(
        "data are made by jaxlike mock, not by a pipeline",
        *(
            "likelihood/2pt/save_2pt",
            "shear/generate_observable_cls/generate_observable_spectra_interface",
        ),
    ),
)
"""Of what is measured."""
