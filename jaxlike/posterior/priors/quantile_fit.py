"""The table of a distribution of scipy.stats: panels that are halved until polynomials fit them."""

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.quantile_table import QuantileTable, Tail
from jaxlike.posterior.priors.stretch import Stretch

_FIRST = np.arange(-37.0, 38.0)  # edges of the panels at first; ndtr(-37) is near the last number
_LEAST = 3.0  # |u| that the table has to reach
_BAD_TAIL = 1e-6  # relative error of a tail probability, as it comes back from its quantile
_TOLERANCE = 1e-10
_NARROWEST = 2.0**-16  # a panel that holds a kink or a zero of the density
_MOST = 1000  # panels
_MULTIPLE = 128  # of panels in a table: tables of most distributions have one shape
_LOWEST = -700.0  # log-density: less is near the smallest number

_DEGREE = 7
_NODES = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
_TESTS = np.cos(np.pi * np.array([1, 3, 5, 7]) / (_DEGREE + 1))  # where the nodes know least
_TO_POWERS = np.linalg.inv(np.vander(_NODES))
_DENSE = np.linspace(-1.0, 1.0, 17)


@dataclass(frozen=True)
class _Sample:
    """Numbers of a distribution at u, arrays of one shape; `noise` is the error of u itself."""

    y: NDArray
    log_density: NDArray
    tail_error: NDArray
    noise: NDArray


class _Panel(NamedTuple):
    """Left and right end, y there, and the coefficients of y and of the log-density."""

    ends: tuple[float, float]
    y_ends: tuple[float, float]
    y_powers: NDArray
    density_powers: NDArray


def fit_table(distribution: Any) -> QuantileTable:
    """The table of a frozen distribution of scipy.stats, with its own loc and scale.

    Takes milliseconds where SciPy has a formula of the quantiles, else up to minutes.  Raises
    ParameterError where SciPy's quantiles fail within three deviations of the median.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy's, of places where its numbers end
        return _fitted(distribution)


def _fitted(distribution: Any) -> QuantileTable:
    low, high = (float(end) for end in distribution.support())
    middle, above, below = (float(distribution.ppf(ndtr(u))) for u in (0.0, 1.0, -1.0))
    width = (above - below) / 2
    if not (np.isfinite([middle, width]).all() and width > 0):
        raise ParameterError("its quantiles are not finite numbers that differ from each other")
    first, last = (end if np.isfinite(end) else None for end in (low, high))
    stretch = Stretch(first, last, middle, width)
    edges, y = _range(distribution, stretch)
    if not (edges[0] <= -_LEAST and edges[-1] >= _LEAST):
        raise ParameterError(
            f"SciPy computes its quantiles from {edges[0]:g} to {edges[-1]:g} deviations only, "
            f"but {_LEAST:g} on both sides are needed"
        )
    ends = _tried(distribution.logpdf, np.array([low, high])) > -np.inf
    panels = _panels(distribution, stretch, edges, y)
    return _table(stretch, panels, (bool(ends[0]), bool(ends[1])))


def _sample(distribution: Any, stretch: Stretch, u: NDArray) -> _Sample:
    """The distribution at u (n,); the tail is measured from the nearer end."""
    q, below = ndtr(-np.abs(u)), u < 0
    z, tail = np.empty_like(u), np.empty_like(u)
    for side, quantile, probability in (
        (below, distribution.ppf, distribution.cdf),
        (~below, distribution.isf, distribution.sf),
    ):
        z[side] = _tried(quantile, q[side])
        tail[side] = _tried(probability, z[side])
    log_density = _tried(distribution.logpdf, z)
    y = stretch.forward(z, np)
    error = np.abs(tail / q - 1.0)
    noise = error * q * np.sqrt(2.0 * np.pi) * np.exp(0.5 * u**2)
    return _Sample(y, log_density, np.nan_to_num(error, nan=np.inf), np.nan_to_num(noise))


def _tried(function: Any, x: NDArray) -> NDArray:
    """`function` of x (n,); NaN where it fails, as root finders of SciPy do far out."""
    try:
        return np.asarray(function(x), float)
    except (ValueError, RuntimeError, ArithmeticError):
        if x.size < 2:
            return np.full(x.size, np.nan)
        return np.concatenate([_tried(function, part) for part in np.array_split(x, 2)])


def _range(distribution: Any, stretch: Stretch) -> tuple[NDArray, NDArray]:
    """The edges, and y there, that lie together with u = 0 in the range of good numbers."""
    sides = []
    for sign in (-1.0, 1.0):
        u, y = [0.0], [float(_sample(distribution, stretch, np.zeros(1)).y[0])]
        # nearest first, a few at a time: most of those without a formula end early
        for some in np.array_split(_FIRST[_FIRST > 0], 9):
            found = _sample(distribution, stretch, sign * some)
            ordered = sign * np.diff(found.y, prepend=y[-1]) > 0
            known = np.isfinite(found.y) & (np.abs(found.log_density) < -_LOWEST)
            good = known & ordered & (found.tail_error < _BAD_TAIL)
            count = int(np.argmin(good)) if not good.all() else good.size
            u += list(sign * some[:count])
            y += list(found.y[:count])
            if count < good.size:
                break
        sides.append((u, y))
    (u_low, y_low), (u_high, y_high) = sides
    return np.array([*u_low[:0:-1], *u_high]), np.array([*y_low[:0:-1], *y_high])


def _panels(distribution: Any, stretch: Stretch, edges: NDArray, y_edges: NDArray) -> list[_Panel]:
    """Panels from the first to the last edge, in order."""
    y_at = dict(zip(edges.tolist(), y_edges.tolist(), strict=True))
    waiting = list(pairwise(edges.tolist()))
    done: list[_Panel] = []
    while waiting:
        left, right = np.array(waiting).T
        middle, half = (left + right) / 2, (right - left) / 2
        u = middle[:, None] + half[:, None] * np.concatenate([_NODES, _TESTS, [0.0]])
        found = _sample(distribution, stretch, u.ravel())
        enough = len(done) + len(waiting) > _MOST
        halves: list[tuple[float, float]] = []
        for ends, points, y, density, noise in zip(
            waiting,
            u,
            *(a.reshape(u.shape) for a in (found.y, found.log_density, found.noise)),
            strict=True,
        ):
            width = ends[1] - ends[0]
            allowed = _TOLERANCE + 20.0 * float(noise.max()) / width
            y_powers, density_powers = _powers(y, allowed), _powers(density, allowed)
            y_ends = y_at[ends[0]], y_at[ends[1]]
            if y_powers is not None and density_powers is not None and _rises(y_powers):
                done.append(_Panel(ends, y_ends, y_powers, density_powers))
            elif enough or width <= _NARROWEST or not np.isfinite(y[-1]):
                done.append(_Panel(ends, y_ends, _straight(y_ends), _level(density)))
            else:
                centre = float(points[-1])
                y_at[centre] = float(y[-1])
                halves += [(ends[0], centre), (centre, ends[1])]
        waiting = halves
    return sorted(done, key=lambda panel: panel.ends)


def _rises(powers: NDArray) -> bool:
    return bool(np.polyval(np.polyder(powers), _DENSE).min() > 0)


def _powers(values: NDArray, allowed: float) -> NDArray | None:
    """Coefficients of the polynomial through the nodes; None if it misses the tests.

    `allowed` is relative to the range of the values.
    """
    nodes, tests = values[: _NODES.size], values[_NODES.size : -1]
    if not np.isfinite(values[:-1]).all():
        return None
    powers = _TO_POWERS @ nodes
    most = allowed * np.ptp(nodes) + 1e-14 * np.abs(nodes).max() + 1e-13
    return powers if np.abs(np.polyval(powers, _TESTS) - tests).max() < most else None


def _straight(ends: tuple[float, float]) -> NDArray:
    """Coefficients of the line between two values."""
    return np.array([0.0] * (_DEGREE - 1) + [(ends[1] - ends[0]) / 2, (ends[0] + ends[1]) / 2])


def _level(values: NDArray) -> NDArray:
    """Coefficients of a constant, the mean of what is finite."""
    finite = values[np.isfinite(values)]
    return np.array([0.0] * _DEGREE + [finite.mean() if finite.size else _LOWEST])


def _table(stretch: Stretch, panels: list[_Panel], with_ends: tuple[bool, bool]) -> QuantileTable:
    tails = []
    for sign, panel in ((-1, panels[0]), (1, panels[-1])):
        half = (panel.ends[1] - panel.ends[0]) / 2
        slope = np.polyval(np.polyder(panel.y_powers), sign) / half
        bend = np.polyval(np.polyder(panel.y_powers, 2), sign) / half**2
        density_slope = np.polyval(np.polyder(panel.density_powers), sign) / half
        # Where y slows down it goes on as a straight line: a parabola would turn back.
        tails.append(Tail(float(slope), max(sign * float(bend), 0.0), float(density_slope / slope)))
    # Panels of no width before the first one, in which nothing lies, fill the table up.
    more = -len(panels) % _MULTIPLE
    first = panels[0]
    return QuantileTable(
        stretch,
        np.array([first.ends[0]] * (more + 1) + [panel.ends[1] for panel in panels]),
        np.array([first.y_ends[0]] * (more + 1) + [panel.y_ends[1] for panel in panels]),
        np.array([first.y_powers] * more + [panel.y_powers for panel in panels]),
        np.array([first.density_powers] * more + [panel.density_powers for panel in panels]),
        (tails[0], tails[1]),
        with_ends,
    )
