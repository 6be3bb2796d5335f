"""Modules of intrinsic alignment: what they make of P(k, z), and how it enters the spectra."""

from dataclasses import replace

from jaxlike.config.standard_library.block import Alignment, Block, Source, Spectrum
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, only, refused, used
from jaxlike.errors import ConfigError

SECTION = "intrinsic_alignment_parameters"

# canonical name here, key of the module, what it takes where there is none
_TATT = (
    ("A_IA", "a1", 1.0),
    ("A2_IA", "a2", 1.0),
    ("alpha_IA", "alpha1", 0.0),
    ("alpha2_IA", "alpha2", 0.0),
    ("z0_IA", "z_piv", 0.0),
    ("bTA_IA", "bias_ta", 1.0),
)
_LINEAR = tuple(one for one in _TATT if one[0] in ("A_IA", "alpha_IA", "z0_IA"))
_BEYOND = {"alphadel": "a power of redshift of its own", "adel": "Adel", "bias_tt": "bias_tt"}
_WITHOUT_SECOND = ("A2_IA", "bTA_IA")


def _source(
    block: Block, given: Given, of: str, section: str, key: str, default: float | None
) -> Source:
    """One parameter of alignment, as it stands in the block when the module runs."""
    name = block.values.get(f"{section}--{key}", f"{section}--{key}")
    at, _, stem = name.partition("--")
    return Source(of, at, stem, numbered=False, default=default, module=given.where)


def _tatt(block: Block, given: Given) -> None:
    model = given.text("ia_model", "nla").lower()
    if model not in ("tatt", "nla"):
        raise given.refused("ia_model", "accepted are tatt, nla")
    parameters, name = given.text("param_name", "").lower(), given.text("name", "").lower()
    section = SECTION + (f"_{parameters}" if parameters else "")
    for key, what in _BEYOND.items():
        if block.has(section, key):
            raise ConfigError(
                f"{given.file.place}: {given.where} reads '{section}--{key}': {what} is no "
                "parameter of alignment = tatt here; leave it out of the values"
            )
    listed = _LINEAR if model == "nla" else _TATT
    sources = tuple(_source(block, given, of, section, key, d) for of, key, d in listed)
    if model == "tatt" and all(
        block.numbers.get(s.key(None), s.default) == 0.0 for s in sources if s.of in _WITHOUT_SECOND
    ):
        model = "nla"
        for one in sources:
            if one.of in (*_WITHOUT_SECOND, "alpha2_IA"):
                block.dropped[one.key(None)] = "tatt with A2 = bias_ta = 0 is nla"
        sources = tuple(s for s in sources if s.of in {of for of, *_ in _LINEAR})
    given.say(
        "ia_model",
        f"alignment = {model}"
        + (" (A2 = bias_ta = 0)" if listed is _TATT and model == "nla" else ""),
    )
    given.say("param_name", f"its parameters are in [{section}]")
    _keep(block, given, f"_{name}" if name else "", Alignment(model, sources))


def _keep(block: Block, given: Given, end: str, alignment: Alignment) -> None:
    """Put P(k) of alignment into the block; ConfigError where another module has, and nothing has
    been made of it."""
    if end in block.alignment and end not in block.projected:
        raise given.second(f"computes P(k) of alignment (name = {end[1:] or 'none'})")
    block.projected.discard(end)
    block.alignment[end] = alignment


def _la_model(block: Block, given: Given) -> None:
    method = given.text("method").lower()
    if method != "bk_corrected":
        raise given.refused(
            "method", "accepted is bk_corrected, the tidal field of the nonlinear power"
        )
    name = given.text("name", "").lower()
    end = f"_{name}" if name else ""
    a = _source(block, given, "A_IA", SECTION + end, "a", None)
    given.say("method", "alignment = nla")
    _keep(block, given, end, Alignment("nla", (a,)))


def _z_powerlaw(block: Block, given: Given) -> None:
    name = given.text("name", "").lower()
    end = f"_{name}" if name else ""
    if end not in block.alignment:
        raise ConfigError(
            f"{given.file.place}: {given.where} comes before a module of alignment: put one first"
        )
    before = block.alignment[end]
    section = SECTION + end
    more = (
        _source(block, given, "alpha_IA", section, "alpha", None),
        _source(block, given, "z0_IA", section, "z0", 0.0),
    )
    block.alignment[end] = replace(before, sources=(*before.sources, *more))


def _choose(block: Block, given: Given) -> None:
    """Parameters that end in a suffix, under the names without it."""
    suffix = given.text("suffix", "").lower()
    for name in [*block.values]:
        section, _, key = name.partition("--")
        if section == SECTION and suffix in key:
            block.values[f"{section}--{key.replace(f'_{suffix}', '')}"] = block.values[name]
    given.say(
        "suffix", f"parameters of alignment that end in _{suffix} are those of the next module"
    )


def there(block: Block, given: Given, section: str) -> Spectrum:
    """A spectrum that a module takes; ConfigError where there is none."""
    if section not in block.spectra:
        raise ConfigError(
            f"{given.file.place}: {given.where} takes [{section}], which no module before it makes"
        )
    block.taken.add(section)
    return block.spectra[section]


def _add(block: Block, given: Given) -> None:
    suffix = given.text("suffix", "").lower()
    end = f"_{suffix}" if suffix else ""
    per_bin = given.flag("perbin", False)
    if given.flag("shear-shear", True):
        spectrum = there(block, given, f"shear_cl{end}")
        terms = [there(block, given, f"shear_cl_{term}{end}").alignment for term in ("gi", "ii")]
        alignment = _one(terms, given)
        if per_bin:
            alignment = _by_bin(block, given, alignment, SECTION + end)
        if spectrum.alignment is not None:
            raise given.second(f"adds alignment to [shear_cl{end}]")
        block.spectra[f"shear_cl{end}"] = replace(spectrum, alignment=alignment)
        if f"shear_cl_ii_bb{end}" in block.spectra:
            block.spectra[f"shear_cl_bb{end}"] = block.spectra[f"shear_cl_ii_bb{end}"]
    if given.flag("position-shear", True):
        spectrum = there(block, given, f"galaxy_shear_cl{end}")
        term = there(block, given, f"galaxy_intrinsic_cl{end}")
        if (term.bias, term.magnified) != (spectrum.bias, spectrum.magnified):
            raise ConfigError(
                f"{given.file.place}: {given.where}: [galaxy_intrinsic_cl{end}] has another bias "
                f"or magnification than [galaxy_shear_cl{end}]: both have one here"
            )
        alignment = _one([term.alignment], given)
        if per_bin:
            alignment = _by_bin(block, given, alignment, SECTION + end)
        if spectrum.alignment is not None:
            raise given.second(f"adds alignment to [galaxy_shear_cl{end}]")
        block.spectra[f"galaxy_shear_cl{end}"] = replace(spectrum, alignment=alignment)


def _one(terms: list[Alignment | None], given: Given) -> Alignment:
    first = terms[0]
    if first is None or any(one != first for one in terms):
        raise ConfigError(
            f"{given.file.place}: {given.where} adds spectra of different models of alignment"
        )
    return first


def _by_bin(block: Block, given: Given, alignment: Alignment, section: str) -> Alignment:
    """An amplitude for each bin, in the place of A = 1."""
    if alignment.model != "nla":
        raise given.refused(
            "perbin", f"amplitudes by bin are for alignment = nla, not {alignment.model}"
        )
    amplitude = next(s for s in alignment.sources if s.of == "A_IA")
    if block.numbers.get(amplitude.key(None), amplitude.default) != 1.0:
        raise given.refused(
            "perbin",
            f"'{amplitude.key(None)}' must be fixed to 1, for amplitudes are those of bins",
        )
    block.dropped[amplitude.key(None)] = "amplitudes are those of bins"
    rest = tuple(s for s in alignment.sources if s.of != "A_IA")
    given.say("perbin", "alignment = nla_per_bin")
    return Alignment(
        "nla_per_bin", (Source("A_IA", section, "a1_", module=given.where), *rest), alignment.values
    )


MODULES = (
    Module(
        ("intrinsic_alignments/tatt/tatt_interface",),
        "alignment of shapes",
        (
            *used("alignment = nla, tatt", "ia_model"),
            *used("the end of its spectra's and its parameters' sections", "name", "param_name"),
            only("sub_lowk", ("F",), "nothing is subtracted from P(k) at small k here"),
            only("no_ia_e", ("F",), "E modes of alignment are not left out here"),
            only("no_ia_b", ("F",), "B modes are left out by xi_type = 22"),
            only(
                "do_galaxy_intrinsic",
                ("F",),
                "alignment with galaxies is their linear bias times that with matter",
            ),
            *SILENT,
        ),
        _tatt,
    ),
    Module(
        ("intrinsic_alignments/la_model/linear_alignments_interface",),
        "alignment = nla, without a power of redshift",
        (
            *used("alignment = nla", "method"),
            *used("the end of its spectra's and its parameters' sections", "name"),
            *idle("galaxies are aligned as matter times their bias", "do_galaxy_intrinsic"),
            only("grid_mode", ("F",), "spectra are not handed on as ratios here"),
            *SILENT,
        ),
        _la_model,
    ),
    Module(
        ("intrinsic_alignments/z_powerlaw/ia_z_powerlaw",),
        "alpha_IA and z0_IA of alignment = nla",
        (
            *used("the end of its spectra's and its parameters' sections", "name"),
            *idle("galaxies are aligned as matter times their bias", "do_galaxy_intrinsic"),
            *SILENT,
        ),
        _z_powerlaw,
    ),
    Module(
        ("intrinsic_alignments/choose_ia/choose_ia_params",),
        "whose parameters of alignment the next module takes",
        (*used("the end of their names", "suffix"), *SILENT),
        _choose,
    ),
    Module(
        ("shear/add_intrinsic/add_intrinsic",),
        "alignment enters the spectra",
        (
            *used("alignment of shear with shear", "shear-shear"),
            *used("alignment of shear with galaxies", "position-shear"),
            only(
                "shear-cmbkappa",
                ("F",),
                "spectra with the CMB's convergence are not read from pipelines yet",
            ),
            *used("alignment = nla_per_bin", "perbin"),
            *used("which spectra", "suffix"),
            *SILENT,
        ),
        _add,
    ),
    refused(
        "its model of alignment is none of those here (nla, nla_per_bin, nla_m, tatt)",
        *(
            "intrinsic_alignments/flexible_grid/bias_grid",
            "intrinsic_alignments/add_colours/add_colours",
        ),
        *("intrinsic_alignments/luminosity_scaling/ia_lum_powerlaw",),
        *("intrinsic_alignments/flexible_grid/bias_JB_interface",),
    ),
)
"""Of intrinsic alignment."""
