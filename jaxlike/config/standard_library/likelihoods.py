"""Modules of likelihoods of two-point data: their tables, cuts and covariances."""

from pathlib import Path
from typing import Any

from jaxlike.config.standard_library.block import Block, Spectrum, TwoPoint
from jaxlike.config.standard_library.counting import NOT_LISTED
from jaxlike.config.standard_library.cuts import Cuts
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.likelihood_data import correction_of, cuts_of, tables_of
from jaxlike.config.standard_library.module import SILENT, Module, idle, only, refused, used
from jaxlike.config.standard_library.ratios import ratios_file
from jaxlike.data.fits2pt.tables import Table
from jaxlike.errors import ConfigError

# statistic -> where the theory of it stands, and what has been made of C_ell there
_THEORY = {
    "xi_plus": ("shear_xi_plus", "xi_plus"),
    "xi_minus": ("shear_xi_minus", "xi_minus"),
    "gamma_t": ("galaxy_shear_xi", "gamma_t"),
    "w": ("galaxy_xi", "w"),
    "C_ell_shear": ("shear_cl", ""),
    "C_ell_cross": ("galaxy_shear_cl", ""),
    "C_ell_counts": ("galaxy_cl", ""),
}
_CORRELATED = "a covariance that does not depend on parameters is needed here"
_NORMS = {True: "ln L has -0.5 ln|C|", False: "ln L has no -0.5 ln|C|"}


def _spectrum(block: Block, given: Given, table: Table, suffix: str) -> Spectrum:
    where = _THEORY.get(str(table.statistic))
    if where is None:
        raise given.refused(
            "data_file",
            f"table '{table.name}' holds {table.statistic}, which no module here computes",
        )
    return theory_in(block, given, table, where[0] + suffix, where[1])


def theory_in(block: Block, given: Given, table: Table, section: str, transform: str) -> Spectrum:
    """What stands in a section, of which this has been made; ConfigError where it does not."""
    spectrum = block.spectra.get(section)
    if spectrum is None or spectrum.transform != transform:
        raise ConfigError(
            f"{given.file.place}: {given.where} compares '{table.name}' with [{section}], which no "
            "module before it makes"
        )
    block.taken.add(section)
    return spectrum


def _suffixes(given: Given, count: int) -> list[str]:
    words = given.words("suffixes")
    ends = ["" if word.lower() == "none" else f"_{word}".lower() for word in words] or [""]
    if len(ends) == 1:
        ends *= count
    if len(ends) != count:
        raise given.refused("suffixes", f"one for all or one for each of {count} tables is needed")
    return ends


def _two_point(block: Block, given: Given, *, marginal: bool = False) -> None:
    file = str(given.place("data_file"))
    names = given.words("data_sets", "all")
    tables = tables_of(given, [] if names == ["all"] else names, file)
    theory = {}
    for table, end in zip(tables, _suffixes(given, len(tables)), strict=True):
        theory[table.name] = _spectrum(block, given, table, end)
    options = correction_of(given)
    if marginal:
        options |= _masses(block, given, tables, theory)
    given.say("data_file", f"data_file = {file}")
    given.say("data_sets", f"probes = {' '.join(str(t.statistic) for t in tables)}")
    given.say("include_norm", _NORMS[given.flag("include_norm", False)])
    append(block, given, file, tables, theory, cuts_of(given, tables), options)


def append(
    block: Block,
    given: Given,
    file: str,
    tables: list[Table],
    theory: dict[str, Spectrum],
    cuts: Cuts,
    options: dict[str, Any],
) -> None:
    """Add a likelihood of tables of a file to the block; ConfigError where another has its name or
    its data."""
    like = given.like_name
    if any(one.like_name == like for one in block.two_point):
        raise ConfigError(
            f"{given.file.place}: {given.where} has the likelihood '{like}', as another module "
            "has: give it a like_name of its own"
        )
    if any(
        t.like_name != like and t.file == Path(file) and {*t.theory} & {*theory}
        for t in block.two_point
    ):
        raise ConfigError(
            f"{given.file.place}: {given.where} has data that another likelihood has: they would "
            "count twice"
        )
    used_nz = {name for one in theory.values() for name in one.samples}
    block.two_point.append(
        TwoPoint(
            given.where,
            like,
            given.file,
            Path(file),
            theory,
            {name: block.nz[name] for name in used_nz},
            {t.name: str(t.statistic) for t in tables},
            {t.name: t.kernels for t in tables},
            cuts,
            options,
        )
    )


def _marginal(block: Block, given: Given) -> None:
    _two_point(block, given, marginal=True)


def _masses(
    block: Block, given: Given, tables: list[Table], theory: dict[str, Spectrum]
) -> dict[str, Any]:
    """Point masses that are marginalised."""
    lensing = [t.name for t in tables if t.statistic == "gamma_t"]
    if not given.flag("do_pm_marg", False):
        return {}
    if not lensing:
        for key in ("do_pm_marg", "do_pm_sigcritinv", "sigma_a"):
            given.say(key, "no effect: there is no gamma_t in use")
        return {}
    if not given.flag("do_pm_sigcritinv", False):
        raise given.refused(
            "do_pm_sigcritinv",
            "point masses go with Sigma_crit^-1 of both bins here: take do_pm_sigcritinv = T",
        )
    if given.number("sigma_a", -1.0) != 1e4:
        raise given.refused(
            "sigma_a",
            "amplitudes have a prior of width 10000 here: take sigma_a = 10000",
        )
    at = given.text("sigma_crit_inv_section", "sigma_crit_inv_lens_source").lower()
    if at not in block.point_mass:
        raise given.refused("do_pm_sigcritinv", f"no module before it makes [{at}]")
    for name in lensing:
        if theory[name].samples != block.point_mass[at]:
            raise given.refused("do_pm_sigcritinv", f"[{at}] is of other n(z) than '{name}'")
    given.say("do_pm_marg", "point_mass = marginalised")
    return {"point_mass": "marginalised"}


def _simple(block: Block, given: Given) -> None:
    file = str(given.place("data_file"))
    name = (given.words("data_set", "En n") or ["En"])[0]
    tables = tables_of(given, [name], file)
    section = given.text("theory_section", "cosebis").lower()
    spectrum = theory_in(block, given, tables[0], section, str(tables[0].statistic))
    given.say("data_set", f"probes = {tables[0].statistic}")
    given.say("data_file", f"data_file = {file}")
    most = spectrum.options.get("max_mode")
    if most is not None and tables[0].scale.max() > most:
        raise given.refused(
            "data_set",
            f"the data have modes up to {tables[0].scale.max():g}, the theory up to {most}: take "
            "n_max as large",
        )
    own = {"section": section}
    append(block, given, file, tables, {tables[0].name: spectrum}, Cuts(), own)


def _ratios(block: Block, given: Given) -> None:
    """Ratios of gamma_t, with the likelihood that has the same galaxies, if that counts."""
    spectrum = block.spectra.get("galaxy_shear_xi")
    if spectrum is None:
        raise ConfigError(
            f"{given.file.place}: {given.where} takes [galaxy_shear_xi], which no module makes"
        )
    found = [
        one
        for one in block.two_point
        if any(
            s.samples == spectrum.samples and s.kinds == spectrum.kinds for s in one.theory.values()
        )
    ]
    if not found and block.left_out:
        given.left_out = NOT_LISTED
        return
    if len(found) != 1:
        raise ConfigError(
            f"{given.file.place}: {given.where} goes with the likelihood that has gamma_t of the "
            f"same galaxies, of which there are {len(found)} before it: put it behind one"
        )
    if "shear_ratios" in found[0].options:
        raise ConfigError(
            f"{given.file.place}: {given.where} is a second likelihood of shear ratios"
        )
    found[0].options["shear_ratios"] = str(ratios_file(given))
    found[0].options["ratios_like"] = given.like_name
    given.say("data_file", f"shear_ratios = {found[0].options['shear_ratios']}")
    given.say("include_norm", _NORMS[given.flag("include_norm", False)])


_OF_DATA = (
    *used("data_file", "data_file"),
    *used("probes", "data_sets"),
    *used("limits of angles or multipoles: scale_cuts", "angle_range_*"),
    *used("pairs of bins that do not count: scale_cuts", "cut_*"),
    *used("the ends of the sections of its theory", "suffixes"),
    *used("its name among the likelihoods", "like_name"),
    *used("whether ln L has -0.5 ln|C|, a constant here", "include_norm"),
    *used("covariance_correction, n_simulations", "covariance_realizations", "sellentin"),
    only("covmat_name", ("COVMAT",), "the covariance is that of HDU COVMAT"),
    only("gaussian_covariance", ("F",), _CORRELATED),
    only("make_covariance", ("F",), _CORRELATED),
    only("constant_covariance", ("T",), _CORRELATED),
    only("cut_zeros", ("F",), "values of zero are data here"),
    only("cut_cross", ("F",), "give the pairs in cut_NAME"),
    only("moped", ("",), "compression is the option compression = moped here"),
    *idle("saves more than the likelihood", "likelihood_only"),
    *SILENT,
)

MODULES = (
    Module(
        ("likelihood/2pt/2pt_like",),
        "a likelihood of two-point data",
        _OF_DATA,
        _two_point,
        like="2pt",
    ),
    Module(
        ("likelihood/2pt/2pt_point_mass/2pt_point_mass",),
        "a likelihood of two-point data, whose point masses may be marginalised",
        (
            *_OF_DATA,
            *used("point_mass = marginalised", "do_pm_marg", "do_pm_sigcritinv", "sigma_a"),
            *used("which Sigma_crit^-1", "sigma_crit_inv_section"),
            only("do_smallscale_marg", ("F",), "shear ratios are a likelihood of their own here"),
            only("no_det_fac", ("F",), "ln L has the determinant of the marginal covariance here"),
            only("rescale_area", ("-1",), "scale the covariance in the file"),
            only("gammat_name", ("gammat",), "gamma_t is known by its quantities"),
        ),
        _marginal,
        like="2pt",
    ),
    Module(
        ("likelihood/2pt/cosebis/simple_like",),
        "a likelihood of COSEBIs, all of which count",
        (
            *used("data_file", "data_file"),
            *used("probes = E_n", "data_set"),
            *used("where the theory of it is", "theory_section"),
            *used("its name among the likelihoods", "like_name"),
            *SILENT,
        ),
        _simple,
        like="cosebis",
    ),
    Module(
        ("likelihood/des-y3/shear_ratio/shear_ratio_likelihood",),
        "shear_ratios",
        (
            *used("shear_ratios, written as .npz", "data_file"),
            *used(
                "limits of the angles that each ratio is a mean over", "theta_min_*", "theta_max"
            ),
            *used("whether ln L has -0.5 ln|C|, a constant here", "include_norm"),
            *used("its name among the likelihoods", "like_name"),
            *idle("saves more than the likelihood", "likelihood_only"),
            *SILENT,
        ),
        _ratios,
        like="shear_ratio",
    ),
    refused(
        "such two-point data are not read here",
        *("likelihood/cfhtlens/cfhtlens_interface", "likelihood/des_sv/des_sv"),
        "likelihood/jullo_bias/jullo_bias",
    ),
)
"""Of two-point data."""
