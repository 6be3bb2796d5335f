"""Which statistics of a data file a likelihood takes: by their names, or by those of usual sets."""

from collections.abc import Iterable

from jaxlike.data.statistics import STATISTICS, ProbeSet
from jaxlike.errors import ConfigError
from jaxlike.registry.option_values import bad_value

PROBE_SETS: dict[str, tuple[str, ...] | None] = {
    "3x2pt": None,
    "shear": ProbeSet(("xi_plus", "xi_minus")),
    "2x2pt": ProbeSet(("gamma_t", "w")),
}
"""Named sets of statistics, or what a file has of the same tracers; None is all that it holds."""


def probes_from(value: object) -> tuple[str, ...] | None:
    """Statistics, in the data vector's order, from a set's name, statistics or a list of them.

    None, like "3x2pt", is all that the data file holds.  ConfigError names an unknown probe.
    """
    if value is None:
        return None
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if isinstance(items, ProbeSet):
        return items
    if not isinstance(items, Iterable):
        raise bad_value("probes", value, ", ".join([*PROBE_SETS, *STATISTICS]))
    items = list(items)
    if len(items) == 1 and isinstance(items[0], str) and items[0] in PROBE_SETS:
        return PROBE_SETS[items[0]]
    chosen: set[str] = set()
    for one in items:
        item = one if isinstance(one, str) else repr(one)
        if item in PROBE_SETS:
            named = PROBE_SETS[item]
            if named is None:
                return None
            chosen.update(named)
        elif item in STATISTICS:
            chosen.add(item)
        else:
            raise ConfigError(
                f"unknown probe {item!r}; accepted are {', '.join([*PROBE_SETS, *STATISTICS])}"
            )
    if not chosen:
        raise bad_value("probes", value, ", ".join([*PROBE_SETS, *STATISTICS]))
    return tuple(s for s in STATISTICS if s in chosen)


def component_probes(component: str, given: object) -> tuple[str, ...] | None:
    """Statistics of a Cobaya component of this name: those given of its own, or (null) all of them;
    ConfigError on others."""
    own = PROBE_SETS[component]
    if given in (None, "") or own is None:
        return own if given in (None, "") else probes_from(given)
    chosen = probes_from(given)
    if chosen is None or not set(chosen) <= set(own):
        raise ConfigError(
            f"option 'probes' of jaxlike.cobaya.{component} is {given!r}; accepted are "
            f"{', '.join(own)}, null (both), and others in jaxlike.cobaya.3x2pt"
        )
    return chosen
