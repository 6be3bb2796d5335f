"""Modules of likelihoods of other data: BAO, supernovae, the CMB."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jaxlike.config.others.bao import COMPONENT
from jaxlike.config.others.supernovae import COMPONENT as SUPERNOVAE
from jaxlike.config.standard_library import planck_lite
from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.gaussian import NAME, NORM, PLACES, append
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, refused, used
from jaxlike.data.supernova_library import LIBRARY_SETS
from jaxlike.likelihoods.bao import RDH
from jaxlike.likelihoods.supernovae import ABSOLUTE_MAGNITUDE

_DESI = {
    "BGS": "desi_bao_bgs",
    "LRG1": "desi_bao_lrg1",
    "LRG2": "desi_bao_lrg2",
    "LRG3+ELG1": "desi_bao_lrg3pluselg1",
    "ELG2": "desi_bao_elg2",
    "QSO": "desi_bao_qso",
    "Lya": "desi_bao_lya",
}
_BAO = "desi_dr2_cosmosis"
_NUMBERS = (
    "the numbers are the module's own, rounded and with other correlations than those that DESI "
    "released, which are bao.desi_dr2: chi^2 of the two differs by 0.2 to 0.4 around the best fit "
    "of flat LCDM"
)


def _desi_dr2(block: Block, given: Given) -> None:
    given.notes.append(_NUMBERS)
    names = [one.strip() for one in given.text("desi_data_sets", "all").split(",")]
    if names == ["all"]:
        append(block, given, COMPONENT, data=_BAO)
        given.say("desi_data_sets", f"{_BAO}, all samples")
        return
    for name in names:
        if name not in _DESI:
            raise given.refused("desi_data_sets", f"accepted are all, {', '.join(_DESI)}")
        append(block, given, COMPONENT, data=f"{_BAO}.{_DESI[name]}")
    given.say("desi_data_sets", ", ".join(f"{_BAO}.{_DESI[name]}" for name in names))


def _rdh(block: Block, given: Given) -> None:
    name = "cosmological_parameters--rdh"
    if name not in block.values:
        raise given.without_value(name)
    block.own[RDH] = name


_FILES = {"data_file": "table", "covmat_file": "covariance"}
_MAGNITUDE = "supernova_params--m"


def _supernovae(data: str) -> Callable[[Block, Given], None]:
    def run(block: Block, given: Given) -> None:
        options: dict[str, Any] = {"data": data}
        for option, key in _FILES.items():
            beside = Path(given.text("file")).parent / getattr(LIBRARY_SETS[data], key)
            found = given.existing(option, Path(given.text(option, str(beside))))
            options[key] = str(found.resolve())
            given.say(option, f"{key} = {found}")
        if data not in _MARGINAL:
            if _MAGNITUDE not in block.values:
                raise given.without_value(_MAGNITUDE)
            block.own[ABSOLUTE_MAGNITUDE] = _MAGNITUDE
            options["use_abs_mag"] = True
        append(block, given, SUPERNOVAE, **options)

    return run


def _pantheon_plus(block: Block, given: Given) -> None:
    shoes = given.flag("include_shoes", False)
    data = "pantheonplusshoes_cosmosis" if shoes else "pantheonplus_cosmosis"
    given.say("include_shoes", data)
    _supernovae(data)(block, given)


_MARGINAL = ("desy5_cosmosis",)  # of which the module marginalises the absolute magnitude
_PLANCK = (
    "foregrounds and systematics are other programs' business: take likelihood/planck_py, "
    "where they are marginalised"
)
_OF_FILES = (
    *used("table: else the one beside the module", "data_file"),
    *used("covariance: else the one beside the module", "covmat_file"),
)

MODULES = (
    Module(
        ("utility/rescale_distances_rdh/rescale_distances_rdh",),
        "the parameter rdh rescales r_drag of BAO: by_rdh",
        SILENT,
        _rdh,
    ),
    Module(
        ("likelihood/bao/desi-dr2/desi_dr2",),
        "desi_dr2_cosmosis: DESI DR2 by the module's own numbers",
        (*used("which samples", "desi_data_sets"), *NAME, *NORM, *PLACES, *SILENT),
        _desi_dr2,
        like="desi_bao",
    ),
    Module(
        ("likelihood/pantheon_plus/pantheon_plus_shoes",),
        "jaxlike.cobaya.sn, data: pantheonplus_cosmosis, pantheonplusshoes_cosmosis",
        (
            *used("pantheonplusshoes_cosmosis", "include_shoes"),
            *_OF_FILES,
            *NAME,
            *NORM,
            *PLACES,
            *SILENT,
        ),
        _pantheon_plus,
        like="pantheon",
    ),
    Module(
        ("likelihood/des-sn/des_y5_sn_likelihood",),
        "jaxlike.cobaya.sn, data: desy5_cosmosis",
        (*_OF_FILES, *NAME, *NORM, *PLACES, *SILENT),
        _supernovae("desy5_cosmosis"),
        like="desy5sn",
    ),
    Module(
        ("likelihood/pantheon/pantheon",),
        "jaxlike.cobaya.sn, data: pantheon_cosmosis",
        (*_OF_FILES, *NAME, *NORM, *PLACES, *SILENT),
        _supernovae("pantheon_cosmosis"),
        like="pantheon",
    ),
    planck_lite.MODULE,
    refused(_PLANCK, "likelihood/planck2018/planck_interface"),
    refused(
        "its data do not join pipelines here; many of them do in Cobaya's inputs (docs/joint.md)",
        *("likelihood/bao/desi1-dr1/desi1_dr1", "likelihood/bao/desi1-dr1-arxiv/desi1_dr1_arxiv"),
        *("likelihood/bao/des/y6/bao_y6_like", "likelihood/bao/des/y6-5bin/bao_y6_5bins_like"),
        *("likelihood/6dfgs/6dfgs", "likelihood/mgs_bao/mgs_bao", "likelihood/boss/boss_rsd"),
        *("likelihood/boss_dr12/boss_dr12", "likelihood/des-y3-bao/bao_y3_like"),
        *(
            f"likelihood/eboss_dr16/{name}/eboss_dr16_{name}"
            for name in ("lrg", "elg", "qso", "lya")
        ),
        *(
            "likelihood/eboss_dr16/mgs/mgs",
            "likelihood/eboss_dr16/boss_dr12/boss_dr12_lrg_reanalyze",
        ),
        *("likelihood/wigglez_bao/wigglez_bao", "likelihood/bbn/bbn_ombh2"),
        *(
            "likelihood/riess11/riess11",
            "likelihood/riess21/riess21",
            "likelihood/candl/candl_interface",
        ),
        *(
            "likelihood/act-dr6-lens/act_dr6_lenslike_interface",
            "likelihood/tdcosmo/tdcosmo_likelihood",
        ),
        *("likelihood/act-dr6-lite/act_dr6_lite_interface", "likelihood/act-dr6/act_dr6_interface"),
        *("likelihood/planck-npipe/npipe_interface", "likelihood/wmap9/wmap_interface"),
    ),
)
"""Of other data."""
