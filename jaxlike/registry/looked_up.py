"""What options find by a name, for whoever must know whether a name still means the same."""

from typing import Any

from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power.boost import BOOSTS, FEEDBACK, load_boost
from jaxlike.theory.power.linear import LINEAR, linear_model
from jaxlike.theory.power.nonlinear import NONLINEAR
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.systematics import SYSTEMATICS
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.tracers.alignment import ALIGNMENTS


def looked_up(options: TheoryOptions) -> tuple[Any, ...]:
    """The functions and classes behind all names that a theory with these options may ask for: all
    that has been registered, and what the options have loaded."""
    loaded: list[Any] = [linear_model(options.linear)]
    if options.boost not in ("none", FEEDBACK):
        loaded.append(load_boost(options.boost))
    registries = LINEAR, NONLINEAR, BOOSTS, STATISTICS, TRACERS, SYSTEMATICS, ALIGNMENTS
    return (*registries, *loaded)
