"""What a likelihood of the standard library says of its data: tables, cuts, simulations."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxlike.config.standard_library.cuts import Cuts, pairs_in, two_numbers
from jaxlike.config.standard_library.given import Given
from jaxlike.data.fits2pt.tables import Table, table_called, two_point_tables
from jaxlike.errors import DataError


def tables_of(given: Given, names: list[str], place: str) -> list[Table]:
    """The tables that count, in the order of the file; ConfigError on what is unknown here."""
    try:
        every = two_point_tables(place, names or None)
        chosen = [table_called(every, name, place) for name in names] or list(every)
    except DataError as error:
        raise given.refused("data_file", str(error)) from error
    found = [one for one in every if any(one.name == other.name for other in chosen)]
    for one in found:
        if one.statistic is None:
            raise given.refused(
                "data_file", f"table '{one.name}' is of a quantity that is unknown here"
            )
        twins = [t.name for t in every if t.statistic == one.statistic and t not in found]
        if twins:
            raise given.refused(
                "data_sets", f"'{twins[0]}' is of the same statistic as '{one.name}': take both"
            )
    return found


def cuts_of(given: Given, tables: list[Table]) -> Cuts:
    """Cuts of each table; rows of limits are said what they are of."""
    cuts = Cuts()
    for table in tables:
        name = table.name.lower()
        known = {f"angle_range_{name}_{a}_{b}": (a, b) for a, b in table.pairs}
        keep_between(given, cuts, table, known)
        key = f"cut_{name}"
        if given.has(key):
            try:
                cuts.without[table.name] = [
                    p for p in pairs_in(given.text(key)) if p in table.pairs
                ]
            except ValueError as error:
                raise given.refused(key, "pairs of bins are needed, such as 1,2 1,3") from error
            given.say(key, f"scale_cuts of {table.statistic} leave these pairs out")
    return cuts


def keep_between(
    given: Given, cuts: Cuts, table: Table, known: Mapping[str, tuple[int, int]]
) -> None:
    """Add limits of a table to the cuts; known: options of these -> the pair of bins of each."""
    for key, pair in known.items():
        if given.has(key):
            try:
                limits = two_numbers(given.numbers(key))
            except ValueError as error:
                raise given.refused(key, "least and largest are needed") from error
            cuts.between.setdefault(table.name, {})[pair] = _open(limits, table.scale)
            given.say(key, f"scale_cuts of {table.statistic}")
    for key in given.section.entries:
        if key.startswith(f"angle_range_{table.name.lower()}_") and key not in known:
            given.say(key, "no effect: the data have no such pair of bins in this order")


def _open(limits: tuple[float, float], scale: np.ndarray) -> tuple[float, float]:
    """The ends of an open interval that keeps what is within the closed one."""
    low, high = limits
    if np.any(scale == low):
        low = math.nextafter(low, -math.inf)
    if np.any(scale == high):
        high = math.nextafter(high, math.inf)
    return max(low, 0.0), high


def correction_of(given: Given) -> dict[str, Any]:
    """What a covariance of simulations asks for."""
    number = int(given.number("covariance_realizations", -1))
    sellentin = given.flag("sellentin", False)
    if number <= 0:
        if sellentin and number < 0:
            raise given.refused("sellentin", "it needs covariance_realizations")
        return {}
    name = "sellentin_heavens" if sellentin else "hartlap"
    said = f"covariance_correction = {name}, n_simulations = {number}"
    given.say("covariance_realizations", said)
    given.say("sellentin", said)
    return {"covariance_correction": name, "n_simulations": number}
