"""The library's module of CLASS, whose P(k, z) is here that of the emulator trained on CAMB."""

from jaxlike.config.standard_library.accuracy import FINE, check_accuracy
from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.boltzmann import (
    ACCURACY,
    HALOES,
    LATTICE,
    alone,
    check_unread,
    emulated,
)
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, used
from jaxlike.config.standard_library.neutrinos import COSMOLOGY, eigenstates

_NONLINEAR = {"halofit": "takahashi", "hmcode": "hmcode2016", "none": "linear"}
_HMCODE = {"a": 3.13, "eta": 0.603}  # CLASS's c_min and eta_0, without feedback of baryons
_UNREAD = {"w": -1.0, "wa": 0.0, "omega_k": 0.0}


def _class(block: Block, given: Given) -> None:
    alone(block, given)
    check_unread(block, given, _UNREAD)
    word = given.text("class_non_linear", "none").lower()
    if word not in _NONLINEAR:
        raise given.refused("class_non_linear", f"accepted are {', '.join(_NONLINEAR)}")
    model = _NONLINEAR[word]
    check_accuracy(given)
    given.say("class_non_linear", f"nonlinear = {model}")
    neutrinos = _neutrinos(block, given)
    emulated(block, model, neutrinos, n_eff=3.046)
    _haloes(block, given, model)
    block.cmb = _unlike_the_emulator(given, model)


def _neutrinos(block: Block, given: Given) -> str:
    """The option `neutrinos`; without a number the module has massless ones."""
    name = f"{COSMOLOGY}--num_massive_neutrinos"
    number = block.numbers.get(block.values[name]) if name in block.values else 0.0
    return eigenstates(given, number)


def _haloes(block: Block, given: Given, model: str) -> None:
    """CLASS reads no parameters of haloes: those of its HMCode are fixed."""
    for key in ("logt_agn", *_HMCODE):
        block.dropped.setdefault(f"{HALOES}--{key}", f"{given.where} does not read it")
        block.values.pop(f"{HALOES}--{key}", None)
    if model == "hmcode2016":
        block.fixed |= {"A_bary": _HMCODE["a"], "eta_bary": _HMCODE["eta"]}


def _unlike_the_emulator(given: Given, model: str) -> str:
    """Why C_ell of the CMB are others than the emulator's, nothing where they are the same."""
    for option, lack in (("cmb", "computed"), ("lensing", "lensed")):
        if not given.flag(option, True):
            return f"'{option}' of {given.where} is F: spectra here are {lack}"
    if model == "linear":
        return f"{given.where} has no class_non_linear, of which lensing of spectra here is"
    return ""


MODULE = Module(
    ("boltzmann/class/class_interface",),
    "linear = emulator, trained on CAMB",
    (
        *used("nonlinear = takahashi, hmcode2016 (with A = 3.13), linear", "class_non_linear"),
        *used("C_ell of the CMB, where a likelihood reads them, are lensed", "cmb", "lensing"),
        *idle(LATTICE, "mpk", "zmax", "nk"),
        *idle(FINE, "kmax"),
        *idle(LATTICE, "save_matter_power_lin", "save_cdm_baryon_power_lin"),
        *idle(ACCURACY, "version", "lmax", "class_tol_*", "class_k_per_decade_*"),
        *idle(ACCURACY, "class_halofit_*", "class_nonlinear_min_k_max"),
        *SILENT,
    ),
    _class,
)
"""CLASS."""
