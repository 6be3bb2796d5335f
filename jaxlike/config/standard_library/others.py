"""Modules of likelihoods of other data: BAO, supernovae, the CMB."""

from collections.abc import Callable

from jaxlike.config.standard_library.block import Block, OtherLikelihood
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, refused, used

_DESI = {
    "BGS": "desi_bao_bgs",
    "LRG1": "desi_bao_lrg1",
    "LRG2": "desi_bao_lrg2",
    "LRG3+ELG1": "desi_bao_lrg3pluselg1",
    "ELG2": "desi_bao_elg2",
    "QSO": "desi_bao_qso",
    "Lya": "desi_bao_lya",
}
_GAUSSIAN = idle(
    "where CosmoSIS keeps its theory",
    *("x_section", "x_name", "y_section", "y_name", "kind", "likelihood_only"),
)
_NAME = used("its name among the likelihoods", "like_name")
_NORM = idle("a constant of ln L", "include_norm")


def _append(block: Block, given: Given, kind: str, **options: object) -> None:
    number = sum(one.section == given.name for one in block.others)
    name = given.name if not number else f"{given.name}_{number + 1}"
    block.others.append(OtherLikelihood(name, kind, given.file, dict(options)))


def _desi_dr2(block: Block, given: Given) -> None:
    names = [one.strip() for one in given.text("desi_data_sets", "all").split(",")]
    if names == ["all"]:
        _append(block, given, "bao.desi_dr2")
        given.say("desi_data_sets", "bao.desi_dr2, all samples")
        return
    for name in names:
        if name not in _DESI:
            raise given.refused("desi_data_sets", f"accepted are all, {', '.join(_DESI)}")
        _append(block, given, f"bao.desi_dr2.{_DESI[name]}")
    given.say("desi_data_sets", ", ".join(f"bao.desi_dr2.{_DESI[name]}" for name in names))


_INSTALLED = "data are those that Cobaya installs (jaxlike data, docs/joint.md)"


def _of_cobaya(kind: str) -> Callable[[Block, Given], None]:
    def run(block: Block, given: Given) -> None:
        for option in ("data_file", "covmat_file"):
            if given.has(option):
                raise given.refused(option, f"{_INSTALLED}: leave it out")
        _append(block, given, kind)

    return run


def _pantheon_plus(block: Block, given: Given) -> None:
    shoes = given.flag("include_shoes", False)
    kind = "sn.pantheonplusshoes" if shoes else "sn.pantheonplus"
    given.say("include_shoes", kind)
    _of_cobaya(kind)(block, given)


_PLANCK = (
    "Planck's compressed C_ell are no likelihood of this version yet; cmb.planck_2018_compressed "
    "constrains distances (docs/joint.md)"
)

MODULES = (
    Module(
        ("likelihood/bao/desi-dr2/desi_dr2",),
        "bao.desi_dr2, as it comes with jaxlike",
        (*used("which samples", "desi_data_sets"), *_NAME, *_NORM, *_GAUSSIAN, *SILENT),
        _desi_dr2,
    ),
    Module(
        ("likelihood/pantheon_plus/pantheon_plus_shoes",),
        "sn.pantheonplus, or sn.pantheonplusshoes",
        (
            *used("sn.pantheonplusshoes", "include_shoes"),
            *used(_INSTALLED, "data_file", "covmat_file"),
            *_NAME,
            *_NORM,
            *_GAUSSIAN,
            *SILENT,
        ),
        _pantheon_plus,
    ),
    Module(
        ("likelihood/des-sn/des_y5_sn_likelihood",),
        "sn.desy5",
        (*used(_INSTALLED, "data_file", "covmat_file"), *_NAME, *_NORM, *_GAUSSIAN, *SILENT),
        _of_cobaya("sn.desy5"),
    ),
    Module(
        ("likelihood/pantheon/pantheon",),
        "sn.pantheon",
        (*used(_INSTALLED, "data_file", "covmat_file"), *_NAME, *_NORM, *_GAUSSIAN, *SILENT),
        _of_cobaya("sn.pantheon"),
    ),
    refused(
        _PLANCK,
        *("likelihood/planck_py/planck_py_interface", "likelihood/planck2018/planck_interface"),
    ),
    refused(
        "it is not computed here",
        *("likelihood/bao/desi1-dr1/desi1_dr1", "likelihood/bao/des/y6/des_y6_bao"),
    ),
)
"""Of other data."""
