"""CosmoSIS's priors as those of this package, each cut to the limits of its parameter.

CosmoSIS cuts a prior of the priors file to the range of the values file and normalises it there.
"""

import math
import sys
from collections.abc import Callable

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors import Normal, Prior, Quantile, TruncatedNormal, Uniform
from jaxlike.posterior.priors.arguments import check_scale

ACCEPTED = (
    "'uniform min max', 'gaussian mean deviation', 'exponential scale' and 'one-over-x min max'"
)


def uniform(a: float, b: float, *, low: float, high: float) -> Prior:
    """Flat from a to b."""
    return Uniform(max(low, a), min(high, b))


def gaussian(mean: float, deviation: float, *, low: float, high: float) -> Prior:
    """Normal."""
    normal = Normal(mean, deviation)
    # Eight deviations away the cut changes nothing that double precision can hold.
    if min(mean - low, high - mean) >= 8 * deviation:
        return normal
    return TruncatedNormal(mean, deviation, low, high)


def exponential(scale: float, *, low: float, high: float) -> Prior:
    """exp(-x / scale) above zero."""
    check_scale("exponential", 0.0, scale)
    low = max(low, 0.0)
    if math.isinf(high):
        return Quantile("expon", (), low, scale)
    if not low < high:
        raise ParameterError(f"it is zero from {low:g} to {high:g}")
    return Quantile("truncexpon", (("b", (high - low) / scale),), low, scale)


def one_over_x(a: float, b: float, *, low: float, high: float) -> Prior:
    """1 / x from a to b."""
    low, high = max(low, a), min(high, b)
    # CosmoSIS puts the smallest number of double precision in the place of a limit of zero.
    if not sys.float_info.min < low < high:
        raise ParameterError(f"1/x from {low:g} to {high:g}: limits must be above zero, in order")
    return Quantile("loguniform", (("a", low), ("b", high)))


# As CosmoSIS recognises them: by their first letters.
_KINDS: dict[str, tuple[Callable[..., Prior], int]] = {
    "uni": (uniform, 2),
    "gau": (gaussian, 2),
    "nor": (gaussian, 2),
    "exp": (exponential, 1),
    "one": (one_over_x, 2),
}


def prior_of_line(text: str, low: float, high: float) -> Prior:
    """The prior that a line of a priors file gives a parameter between `low` and `high`.

    Raises ParameterError, which lists the accepted forms.
    """
    kind, *terms = text.lower().split() or [""]
    make, count = _KINDS.get(kind[:3], (uniform, 0))
    try:
        numbers = [float(term) for term in terms]
    except ValueError:
        numbers = []
    if not count or len(numbers) != count:
        raise ParameterError(f"accepted are {ACCEPTED}")
    return make(*numbers, low=low, high=high)
