"""The library's module of distances by Astropy: matter, w0 and wa, curvature."""

from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.boltzmann import alone, check_unread
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, used

_FLAT = {"omega_k": 0.0}
_LAMBDA = {"w": -1.0, "wa": 0.0}
_CONSTANT = {"wa": 0.0}
_NEUTRINOS = dict.fromkeys(("mnu", "omnuh2", "omega_nu"), 0.0)
_UNREAD: dict[str, dict[str, float]] = {
    "lambdacdm": _LAMBDA,
    "flatlambdacdm": _LAMBDA | _FLAT,
    "wcdm": _CONSTANT,
    "flatwcdm": _CONSTANT | _FLAT,
    "w0wacdm": {},
    "flatw0wacdm": _FLAT,
}


def _astropy(block: Block, given: Given) -> None:
    alone(block, given)
    model = given.text("model").lower()
    if model not in _UNREAD:
        raise given.refused("model", f"accepted are {', '.join(_UNREAD)}")
    check_unread(block, given, _UNREAD[model] | _NEUTRINOS)
    given.say("model", "matter, dark energy and curvature as the values have them")
    block.universe |= {
        "linear": "eisenstein_hu",
        "nonlinear": "takahashi",
        "neutrinos": "massless",
        "radiation": False,
    }


MODULE = Module(
    ("background/astropy_background/astropy_background",),
    "radiation = false, neutrinos = massless: distances of matter, dark energy and curvature",
    (
        *used("what the module does not read must be without effect", "model"),
        *idle("distances are computed where they are needed, without a table", "zmax", "nz"),
        *SILENT,
    ),
    _astropy,
)
"""Astropy's."""
