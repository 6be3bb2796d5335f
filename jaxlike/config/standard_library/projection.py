"""Modules of C_ell: Limber's integrals, bias and magnification of galaxies, shear calibration."""

from dataclasses import replace

from jaxlike.config.standard_library.block import Block, Source, Spectrum
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, only, refused, used
from jaxlike.config.standard_library.spectrum_kinds import REFUSED, SPECTRA, SpectrumKind
from jaxlike.errors import ConfigError

EXACT = "limber = beyond, where any spectrum is exact: at low multipoles that the data ask for"


_NODES = "multipoles and nodes are chosen here for an error far below that of the data"


def _project(block: Block, given: Given) -> None:
    exact = given.words("do_exact")
    for name, kind in SPECTRA.items():
        if not given.has(name) or given.text(name).lower() in ("f", "false"):
            given.say(name, "not computed")
            continue
        made = []
        for word in given.words(name):
            made.append(_spectrum(block, given, name, kind, word, exact))
        given.say(name, f"C_ell in {', '.join(made)}")
    if exact:
        given.say("do_exact", "limber = beyond")
    given.say("do_rsd", f"rsd = {'true' if given.flag('do_rsd', False) and exact else 'false'}")


def _spectrum(
    block: Block, given: Given, name: str, kind: SpectrumKind, word: str, exact: list[str]
) -> str:
    """Make one spectrum; the section that it is in."""
    try:
        first, rest = word.split("-", 1)
    except ValueError as error:
        raise given.refused(name, "names of two n(z) are needed, such as source-source") from error
    second, _, ends = rest.partition(":")
    power, save = ends.split(":", 1) if ":" in ends else ("", ends)
    if "{" in power:
        raise given.refused(name, "spectra of one bin each are not read")
    samples = f"nz_{first}".lower(), f"nz_{second}".lower()
    for one in samples:
        if one not in block.nz:
            listed = ", ".join(block.nz) or "none"
            raise given.refused(name, f"no module before it makes [{one}]; there are {listed}")
    alignment = None
    if kind.aligned:
        end = f"_{power}".lower() if power else ""
        if end not in block.alignment:
            raise given.refused(name, "no module before it makes P(k) of intrinsic alignment")
        alignment = block.alignment[end]
        block.projected.add(end)
    bias = magnified = None
    lens = samples[0].removeprefix("nz_")
    one_loop: tuple[Source, ...] = ()
    if kind.galaxy:
        stem = given.text("lin_bias_prefix", "b").lower()
        if kind.one_loop:
            stem, one_loop = "b1e_bin", _one_loop(block, given, name, f"bias_{lens}")
        bias = Source("b", f"bias_{lens}", stem, module=given.where)
    if kind.magnified:
        # of galaxies and magnification it is the second sample
        of = samples[1] if kind.galaxy else samples[0]
        section = f"mag_alpha_{of.removeprefix('nz_')}"
        magnified = Source("alpha_mag", section, "alpha_", module=given.where)
    section = kind.section + (f"_{save}".lower() if save else "")
    if kind.kinds == ("shear", "shear") and samples[0] != samples[1]:
        raise given.refused(name, "shear of two samples is not read from pipelines")
    if kind.kinds == ("counts", "counts") and samples[0] != samples[1]:
        raise given.refused(name, "clustering of two samples is not read from pipelines")
    if block.is_waiting(section):
        raise given.refused(
            name, f"[{section}] is there already, and nothing has been made of it: leave out one"
        )
    block.taken.discard(section)
    block.spectra[section] = Spectrum(
        kind.kinds,
        samples,
        alignment=alignment,
        bias=bias,
        one_loop=one_loop,
        magnified=magnified,
        exact=name in exact,
        rsd=name in exact and given.flag("do_rsd", False),
        b_modes=kind.aligned == "B",
    )
    return f"[{section}]"


def _one_loop(block: Block, given: Given, name: str, section: str) -> tuple[Source, ...]:
    """What project_2d reads of bias beyond the linear one."""
    higher = f"{section}--bke_bin"
    for key, value in block.numbers.items():
        if key.startswith(higher) and value != 0:
            raise given.refused(
                name, f"'{key}' is not 0: galaxies have no bias that goes with k^2 here"
            )
    return (
        Source("b2_", section, "b2e_bin", default=0.0, module=given.where),
        Source("bs2_", section, "bse_bin", left_out=True, module=given.where),
        Source("b3nl_", section, "b3nle_bin", left_out=True, module=given.where),
    )


def _no_bias(block: Block, given: Given) -> None:
    """Galaxies have the power of matter, until a later module gives them a bias."""


def _bin_bias(block: Block, given: Given) -> None:
    to_cl = given.flag("apply_to_cl", True)
    numbered = given.flag("perbin", True)
    source = Source("b", "bin_bias", "b" if numbered else "b0", numbered, module=given.where)
    kind = "cl" if to_cl else "xi"
    biased = False
    for name in (f"galaxy_{kind}", f"galaxy_shear_{kind}", *(["galaxy_intrinsic_cl"] * to_cl)):
        if name in block.spectra:
            spectrum = block.spectra[name]
            if spectrum.bias is not None:
                raise given.second(f"gives [{name}] a galaxy bias")
            block.spectra[name] = replace(spectrum, bias=source)
            biased = True
    if not biased:
        raise ConfigError(f"{given.file.place}: {given.where} finds no spectra of galaxies")
    given.say("perbin", f"bin_bias--b{'1, b2, ...' if numbered else '0'} are galaxy biases")


def _magnification(block: Block, given: Given) -> None:
    clustering, lensing = (given.flag(f"galaxy-{what}", True) for what in ("galaxy", "shear"))
    intrinsic = given.flag("include_intrinsic", False)
    if clustering:
        parts = ("galaxy_magnification_cl", "magnification_cl")
        _magnify(block, given, "galaxy_cl", parts)
    if lensing:
        _magnify(block, given, "galaxy_shear_cl", ("magnification_shear_cl",))
    if intrinsic:
        _magnify(block, given, "galaxy_intrinsic_cl", ("magnification_intrinsic_cl",))


def _magnify(block: Block, given: Given, section: str, parts: tuple[str, ...]) -> None:
    for name in (section, *parts):
        if name not in block.spectra:
            raise ConfigError(
                f"{given.file.place}: {given.where} takes [{name}], which no module before it makes"
            )
    block.taken.update(parts)
    if block.spectra[section].magnified is not None:
        raise given.second(f"adds magnification to [{section}]")
    first = block.spectra[parts[0]]
    if first.bias is not None and first.one_loop != block.spectra[section].one_loop:
        raise ConfigError(
            f"{given.file.place}: {given.where}: the galaxies of [{parts[0]}] and [{section}] have "
            "different biases: take lingal- of both, or nlgal- of both"
        )
    sources = {block.spectra[name].magnified for name in parts}
    if len(sources) > 1:
        raise ConfigError(f"{given.file.place}: {given.where} adds magnification of two samples")
    block.spectra[section] = replace(block.spectra[section], magnified=sources.pop())


def _m_bias(block: Block, given: Given) -> None:
    section = given.text("cal_section", "shear_calibration_parameters").lower()
    numbered = given.flag("m_per_bin", True)
    source = Source("m", section, "m" if numbered else "m0", numbered, module=given.where)
    found = False
    for key, default in (("cl_section", "shear_cl"), ("cross_section", "galaxy_shear_cl")):
        for name in given.text(key, default).lower().split():
            spectrum = block.spectra.get(name)
            if spectrum is None:
                continue
            if spectrum.m is not None:
                raise given.refused(key, f"[{name}] has been calibrated before")
            block.spectra[name] = replace(spectrum, m=source)
            found = True
        given.say(key, f"shear calibration of {given.text(key, default)}")
    if not found:
        raise ConfigError(f"{given.file.place}: {given.where} finds nothing to calibrate")
    given.say("cal_section", f"{section}--m1, ... are m of its bins")


MODULES = (
    Module(
        ("structure/projection/project_2d",),
        "C_ell, in Limber's approximation or beyond it",
        (
            *used("C_ell of two samples, with the section of its P(k) and its own end", *SPECTRA),
            *used("rsd = true where clustering is exact", "do_rsd"),
            *used(EXACT, "do_exact"),
            *used("what the names of galaxy biases begin with", "lin_bias_prefix"),
            *(only(name, ("F",), "no such spectrum is read from pipelines") for name in REFUSED),
            only("fz_from_block", ("F",), "the growth rate is that of the universe here"),
            *idle(
                _NODES,
                *("ell_min_logspaced", "ell_max_logspaced", "n_ell_logspaced", "dlogchi"),
                *("ell_min_linspaced", "ell_max_linspaced", "n_ell_linspaced", "clip_chi_kernels"),
                *("sig_over_dchi", "shear_kernel_dchi", "sig_over_dchi_exact", "limber_ell_start"),
                *("chi_pad_upper", "chi_pad_lower", "limber_transition_end", "get_kernel_peaks"),
                *("save_kernels", "fatal_errors"),
            ),
            *idle("pairs that are not in the data are not computed here", "auto_only"),
            *SILENT,
        ),
        _project,
    ),
    Module(
        ("bias/no_bias/no_bias",),
        "galaxies have the power of matter times their bias",
        (only("use_lin_power", ("F",), "galaxies have the nonlinear power here"), *SILENT),
        _no_bias,
    ),
    Module(
        ("bias/binwise_bias/bin_bias",),
        "bias of lens bins",
        (
            *used("a bias for each bin, or b0 for all", "perbin"),
            *used("before or after the transform to angles", "apply_to_cl"),
            *idle("pairs that are not in the data are not computed here", "auto_only"),
            *SILENT,
        ),
        _bin_bias,
    ),
    Module(
        ("structure/magnification/add_magnification",),
        "magnification = true",
        (
            *used("magnification of clustering", "galaxy-galaxy"),
            *used("magnification of galaxy-galaxy lensing", "galaxy-shear"),
            *used("alignment with magnified galaxies", "include_intrinsic"),
            only(
                "galaxy-cmbkappa",
                ("F",),
                "spectra with the CMB's convergence are not read from pipelines yet",
            ),
            *SILENT,
        ),
        _magnification,
    ),
    Module(
        ("shear/shear_bias/shear_m_bias",),
        "calibration m of shear",
        (
            *used("a calibration for each bin, or m0 for all", "m_per_bin"),
            *used("what it calibrates", "cl_section", "cross_section"),
            *used("where m are read", "cal_section"),
            *idle("spectra with the CMB's convergence are not read", "cmbcross_section"),
            *SILENT,
        ),
        _m_bias,
    ),
    refused(
        "it is of an older library: take structure/projection/project_2d.py",
        *("shear/spectra/interface", "structure/projection/projection", "shear/limber/interface"),
        *("structure/pk_to_cl/pk_to_cl", "shear/spectra-ppf/interface"),
    ),
    refused(
        "its galaxy bias is none of those here (constant, power_law, inverse_growth, one_loop)",
        *(
            "bias/clerkin/clerkin_interface",
            "bias/constant_bias/constant_bias",
            "bias/binwise_bias/bin_r",
        ),
    ),
    refused(
        "spectra with the CMB's convergence are not read from pipelines yet",
        *("cmb_lensing/kappa_beam/kappa_beam", "cmb_lensing/kappa_ell_cut/kappa_ell_cut"),
        "cmb_lensing/fiducial_cl/fiducial_cl",
    ),
)
"""Of C_ell."""
