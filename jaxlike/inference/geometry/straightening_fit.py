"""Learning a straightening from draws of a posterior and the gradients there.

The thickness of the sheet is what the gradient says: for a Gaussian profile the mean of g^2 is the
inverse variance, whose logarithm is fitted first.  phi is then fitted to where the sheet is, not to
where the draws are: for a sheet of Gaussian profile with covariance S, the gradient g leads back to
it, u + S g, and S^-1 = <g g^T>, all in the coordinates that are bent, in units of their thickness.
Of the coordinates that could be bent those are that make the posterior less rough.
"""

from collections.abc import Sequence
from math import comb
from typing import NamedTuple

import numpy as np

from jaxlike.inference.geometry.straightening import (
    Straightening,
    monomials,
    no_straightening,
    slope_of_span,
    within_span,
)

_LEAST_GAIN = 1.2  # in roughness, for a map to be worth it
_LEAST_GAIN_OF_A_BEND = 1.05
_ROUGHEST = 8.0  # beyond this a map flatters the bulk: its longer steps would fail in the tails
_RIDGE = 0.1
_DRAWS_A_WEIGHT = 8  # draws, which are not independent, for one of a cubic
_SIGNIFICANT = 4.0  # errors of a slope of the thickness
_CHOICES = 3  # of what may bend the rest: so many of the best are looked at closely
_SCORINGS = 20
_LARGEST_SQUARE = 9.0  # of a standard normal: larger ones are tails that say nothing of the bulk


class Sample(NamedTuple):
    """Draws u (m, n), their parameters x, dx/du and the log-density's gradient in u (m, n)."""

    u: np.ndarray
    x: np.ndarray
    dx_du: np.ndarray
    gradient: np.ndarray


def roughness(straightening: Straightening, sample: Sample) -> float:
    """Mean of (g.C.g / n)^4, to the power 1/4, with g the gradient and C the covariance in v.

    About one for a Gaussian; large where one mass matrix does not suit the posterior everywhere.
    The high power is for the steepest places, which limit the step and make draws diverge.
    """
    fit = _Fit(sample, np.flatnonzero(straightening.bent | straightening.scaled), straightening)
    return fit.roughness(fit.all)


def fit_straightening(
    sample: Sample, bounded: Sequence[int], *, last: bool = True
) -> Straightening:
    """The map that makes the posterior least rough; `no_straightening` where none is worth it.

    Of the coordinates listed in `bounded` those that vary most are left as they are and enter phi
    and omega, as many as serve best and the number of draws allows; the rest may be straightened.
    last: whether draws to keep are made with it; a warm-up gets on with a map that errs in the
    tails.
    """
    m, n = sample.u.shape
    best = no_straightening(n)
    if m < 4 * n:
        return best
    widest = np.array(sorted(bounded, key=lambda i: -np.std(sample.u[:, i])), int)
    without = roughness(best, sample)
    fits = [
        _fitted(sample, widest[:k], np.zeros(k, bool), widest[k:], order=2)
        for k in range(1, min(len(widest) - 1, len(best.of_x)) + 1)
        if comb(k + 2, 2) <= m / 2 - n
    ]
    least = min(_ROUGHEST if last else np.inf, without / _LEAST_GAIN)
    for fit in sorted(fits, key=_Fit.score)[:_CHOICES]:
        tried = [_better_in_u(fit)]
        if comb(len(fit.free) + 3, 3) <= m / _DRAWS_A_WEIGHT:
            tried.append(_fitted(sample, fit.free, tried[0].in_u, fit.moved, order=3))
        for one in tried:
            kept, rough = one.worth_bending()
            if rough < least:
                best, least = one.with_bends(kept), rough
    return best


def _better_in_u(fit: "_Fit") -> "_Fit":
    """A quadratic fit with those of the free coordinates taken as they are that serve better so.

    Where a prior's edge cuts a posterior off, what data fix may change much within little of a
    parameter.
    """
    score = fit.score()
    for i in range(len(fit.free)):
        in_u = fit.in_u ^ (np.arange(len(fit.free)) == i)
        tried = _fitted(fit.sample, fit.free, in_u, fit.moved, order=2)
        found = tried.score()
        if found < score / _LEAST_GAIN_OF_A_BEND:
            fit, score = tried, found
    return fit


class _Fit:
    """Straightened coordinates of a sample, of which some may be left without their phi.

    moved: indices of the coordinates that are straightened.
    """

    def __init__(self, sample: Sample, moved: np.ndarray, straightening: Straightening) -> None:
        self.sample, self.moved, self.straightening = sample, moved, straightening
        self.all = np.ones(len(moved), bool)
        both = straightening.of_x + straightening.of_u
        used = both.any(axis=1)
        self.free, self.in_u = both.argmax(axis=1)[used], straightening.of_u.any(axis=1)[used]
        s = within_span(straightening, sample.u, sample.x)[:, used]
        change = np.where(self.in_u, 1.0, sample.dx_du[:, self.free])
        self.ds_du = slope_of_span(s) / straightening.scale[used] * change
        weights = straightening.weights[np.isfinite(_orders(used))][:, moved]
        self.d_omega = straightening.widening[np.ix_(used, moved)]
        self.omega = s @ self.d_omega
        self.phi = monomials(s) @ weights
        # what the gradient along the sheet owes to phi (m, i, a); derivatives by a complex step
        self.through_phi = np.empty((len(s), len(self.free), len(moved)))
        for i, step in enumerate(1e-20j * np.eye(s.shape[1])):
            slope = (monomials(s + step) @ weights).imag / 1e-20
            self.through_phi[:, i] = slope * sample.gradient[:, moved]

    def roughness(self, kept: np.ndarray) -> float:
        """That over v where the moved coordinates that are not `kept` (a,) have no phi."""
        u, gradient = self.sample.u, self.sample.gradient
        force, above = gradient[:, self.moved], u[:, self.moved] - np.where(kept, self.phi, 0.0)
        through = self.through_phi[:, :, kept].sum(axis=2) + (above * force + 1) @ self.d_omega.T
        v, along = u.copy(), gradient.copy()
        v[:, self.moved] = above * np.exp(-self.omega)
        along[:, self.moved] = force * np.exp(self.omega)
        along[:, self.free] += through * self.ds_du
        n = u.shape[1]
        squares = np.sum((along @ np.cov(v, rowvar=False).reshape(n, n)) * along, axis=1) / n
        return float(np.mean(squares**4) ** 0.25)

    def score(self) -> float:
        """The roughness with all of the moved coordinates bent, or none, whichever is less."""
        return min(self.roughness(~self.all), self.roughness(self.all))

    def worth_bending(self) -> tuple[np.ndarray, float]:
        """Which of the moved coordinates are worth a phi, found one by one, and the roughness."""
        kept, rough = ~self.all, self.roughness(~self.all)
        while not kept.all():
            tried = [kept | (np.arange(len(kept)) == a) for a in np.flatnonzero(~kept)]
            found = [self.roughness(one) for one in tried]
            least = int(np.argmin(found))
            if not found[least] < rough / _LEAST_GAIN_OF_A_BEND:
                break
            kept, rough = tried[least], found[least]
        return kept, rough

    def with_bends(self, kept: np.ndarray) -> Straightening:
        """The map where the moved coordinates that are not `kept` (a,) have no phi."""
        weights = self.straightening.weights.copy()
        weights[:, self.moved[~kept]] = 0.0
        return self.straightening._replace(weights=weights)


def _fitted(
    sample: Sample, free: np.ndarray, in_u: np.ndarray, moved: np.ndarray, order: int
) -> _Fit:
    """phi to an order, and omega, of the moved coordinates by those that are free, of which some
    count as they are and not as parameters."""
    u, n, k = sample.u, sample.u.shape[1], len(free)
    none = no_straightening(n)
    found = Straightening(*(a.copy() for a in none))
    found.of_u[np.arange(k), free], found.of_x[np.arange(k), free] = in_u, ~in_u
    given = np.where(in_u, u[:, free], sample.x[:, free])
    found.centre[:k], found.scale[:k] = given.mean(axis=0), given.std(axis=0)
    s = within_span(found, u, sample.x)
    force = sample.gradient[:, moved]
    slopes = np.stack([_slope_of_log_square(s[:, :k], f) for f in force.T], axis=1)
    thickness = np.exp(-s[:, :k] @ slopes / 2.0)
    scaled = force * thickness
    precision = scaled.T @ scaled / len(force)
    sheet = u[:, moved] + thickness * (scaled @ np.linalg.pinv(precision, hermitian=True))
    # phi; what is linear in v is left to the mass matrix
    used = _orders(np.arange(len(none.of_x)) < k) <= order
    own = monomials(s[:, :k])[:, : np.count_nonzero(used)]
    others = np.column_stack([np.ones(len(s)), np.delete(u / u.std(0), moved, 1)])
    for a, y, t in zip(moved, sheet.T, thickness.T, strict=True):
        weights = _regress(np.column_stack([own / t[:, None], others]), y / t)
        found.weights[used, a] = weights[: own.shape[1]]
    found.widening[:k, moved] = -slopes / 2.0
    return _Fit(sample, moved, found)


def _orders(used: np.ndarray) -> np.ndarray:
    """Orders (n_monomial,) of the monomials of those that are used (k,), infinite of the others."""
    two = monomials(np.where(used, 2.0, 0.0))
    return np.where(two > 0, np.log2(np.maximum(two, 1.0)), np.inf)


def _regress(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Ridge regression weights (k,) of features (m, k) for a target (m,)."""
    normal = features.T @ features + _RIDGE * np.eye(features.shape[1])
    return np.linalg.solve(normal, features.T @ target)


def _slope_of_log_square(s: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Weights b (k,) of ln <g^2> = a + s.b for normal g (m,), zero where they are not significant.

    By Fisher's scoring; the weights of standardised s (m, k) have the variance 2 / m.
    """
    m, k = s.shape
    found, used = np.zeros(k), np.arange(k)
    while used.size:
        features = np.column_stack([np.ones(m), s[:, used]])
        root = np.linalg.inv(features.T @ features + np.eye(used.size + 1))
        weights = np.zeros(used.size + 1)
        weights[0] = np.log(np.mean(g**2) + np.finfo(float).tiny)
        for _ in range(_SCORINGS):
            square = np.minimum(g**2 * np.exp(-features @ weights), _LARGEST_SQUARE)
            weights = weights + root @ (features.T @ (square - 1.0))
        significant = np.abs(weights[1:]) > _SIGNIFICANT * np.sqrt(2.0 / m)
        if significant.all():
            found[used] = weights[1:]
            break
        used = used[significant]
    return found
