"""What modules of Gaussian likelihoods of other data have in common."""

from jaxlike.config.others.bao import BY_RDH, COMPONENT
from jaxlike.config.standard_library.block import Block, OtherLikelihood
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import idle, used
from jaxlike.likelihoods.bao import RDH

PLACES = idle(
    "where CosmoSIS keeps its theory",
    *("x_section", "x_name", "y_section", "y_name", "kind", "likelihood_only"),
)
"""Options of the block."""

NAME = used("its name among the likelihoods", "like_name")
"""Of what CosmoSIS calls it."""

NORM = idle("a constant of ln L", "include_norm")
"""Of constants."""


def append(block: Block, given: Given, kind: str, **options: object) -> None:
    """Add a likelihood of a kind that Cobaya's inputs name."""
    if RDH in block.own and kind == COMPONENT:
        options[BY_RDH] = True
    number = sum(one.entry == given.file for one in block.others)
    name = given.name if not number else f"{given.name}_{number + 1}"
    block.others.append(OtherLikelihood(name, given.like_name, kind, given.file, dict(options)))
