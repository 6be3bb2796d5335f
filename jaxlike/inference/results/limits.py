"""Where a prior ends, from the terms in which chain files have it."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def limits_of(prior: Mapping[str, Any]) -> tuple[float, float]:
    """Ends of a prior in Cobaya's terms, infinite where it has none."""
    terms = dict(prior)
    dist = terms.pop("dist", "uniform")
    if dist == "norm":
        return -np.inf, np.inf
    if "min" in terms or "max" in terms:
        return terms.get("min", 0.0), terms.get("max", 1.0)
    from scipy import stats  # which takes a second

    low, high = getattr(stats, dist)(**terms).support()
    return float(low), float(high)
