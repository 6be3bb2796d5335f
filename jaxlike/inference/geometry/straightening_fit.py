"""Learning a straightening from draws of a posterior and the gradients there.

The thickness of the sheet is what the gradient says: for a Gaussian profile the mean of g^2 is the
inverse variance, whose logarithm is fitted first.  phi is then fitted to where the sheet is, not to
where the draws are: for a sheet of Gaussian profile with covariance S, the gradient g leads back to
it, u + S g, and S^-1 = <g g^T>, all in the coordinates that are bent, in units of their thickness.
Of the coordinates that could be bent those are that make the posterior less rough.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxlike.inference.geometry.straightening import (
    Straightening,
    no_straightening,
    slope_of_span,
    within_span,
)

_LEAST_GAIN = 1.2  # in roughness, for a map to be worth it
_LEAST_GAIN_OF_A_BEND = 1.05
_ROUGHEST = 8.0  # beyond this a map flatters the bulk: its longer steps would fail in the tails
_RIDGE = 0.1
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
    moved = straightening.bent | straightening.scaled
    fit = _Fit(sample, np.flatnonzero(~moved), np.flatnonzero(moved), straightening)
    return fit.roughness(fit.all)


def fit_straightening(sample: Sample, bounded: Sequence[int]) -> Straightening:
    """The map that makes the posterior least rough; `no_straightening` where none is worth it.

    Of the coordinates listed in `bounded` those that vary most are left as they are and enter phi
    and omega, as many as serve best and the number of draws allows; the rest may be straightened.
    """
    m, n = sample.u.shape
    best = no_straightening(n)
    if m < 4 * n:
        return best
    widest = np.array(sorted(bounded, key=lambda i: -np.std(sample.u[:, i])), int)
    most = min(_affordable(m, n), len(widest) - 1)
    fits = [_fitted(sample, widest[:k], widest[k:]) for k in range(1, most + 1)]
    fits = sorted(fits, key=lambda fit: min(fit.roughness(~fit.all), fit.roughness(fit.all)))
    least = min(_ROUGHEST, roughness(best, sample) / _LEAST_GAIN)
    for fit in fits[:_CHOICES]:
        kept, rough = fit.worth_bending()
        if rough < least:
            best, least = fit.with_bends(kept), rough
    return best


class _Fit:
    """Straightened coordinates of a sample, of which some may be left without their phi.

    free, moved: indices of the coordinates that phi and omega depend on, and of the straightened.
    """

    def __init__(
        self, sample: Sample, free: np.ndarray, moved: np.ndarray, straightening: Straightening
    ) -> None:
        self.sample, self.free, self.moved = sample, free, moved
        self.straightening = straightening
        self.all = np.ones(len(moved), bool)
        s = within_span(straightening, sample.x)[:, free]
        self.ds_du = slope_of_span(s) * (sample.dx_du / straightening.scale)[:, free]
        linear, self.d_omega = (
            a[np.ix_(free, moved)] for a in (straightening.linear, straightening.widening)
        )
        quadratic = straightening.quadratic[np.ix_(free, free, moved)]
        along = np.tensordot(s, quadratic, (1, 0))  # (m, j, a)
        other = np.tensordot(s, quadratic, (1, 1))
        self.omega = s @ self.d_omega
        constant = straightening.constant[moved]
        self.phi = constant + s @ linear + np.sum(along * s[:, :, None], axis=1)
        # what the gradient along the sheet owes to phi (m, i, a)
        self.through_phi = (linear + along + other) * sample.gradient[:, None, moved]

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
        kinds = ("constant", "linear", "quadratic")
        arrays = {kind: getattr(self.straightening, kind).copy() for kind in kinds}
        for array in arrays.values():
            array[..., self.moved[~kept]] = 0.0
        return self.straightening._replace(**arrays)


def _fitted(sample: Sample, free: np.ndarray, moved: np.ndarray) -> _Fit:
    """phi and omega of the moved coordinates, by the parameters that are free."""
    n = sample.u.shape[1]
    none = no_straightening(n)._replace(centre=sample.x.mean(axis=0), scale=sample.x.std(axis=0))
    s = within_span(none, sample.x)[:, free]
    force = sample.gradient[:, moved]
    slopes = np.stack([_slope_of_log_square(s, f) for f in force.T], axis=1)
    thickness = np.exp(-s @ slopes / 2.0)
    scaled = force * thickness
    precision = scaled.T @ scaled / len(force)
    sheet = sample.u[:, moved] + thickness * (scaled @ np.linalg.pinv(precision, hermitian=True))
    one, two = np.triu_indices(len(free))
    # phi; what is linear in v is left to the mass matrix
    own = np.column_stack([np.ones(len(s)), s, s[:, one] * s[:, two]])
    others = np.column_stack([np.ones(len(s)), np.delete(sample.u / sample.u.std(0), moved, 1)])
    weights = np.stack(
        [
            _regress(np.column_stack([own / t[:, None], others]), y / t)
            for y, t in zip(sheet.T, thickness.T, strict=True)
        ],
        axis=1,
    )
    constant, linear, quadratic, widening = (np.zeros((n,) * k) for k in (1, 2, 3, 2))
    constant[moved] = weights[0]
    linear[np.ix_(free, moved)] = weights[1 : 1 + free.size]
    quadratic[free[one][:, None], free[two][:, None], moved] = weights[1 + free.size : own.shape[1]]
    widening[np.ix_(free, moved)] = -slopes / 2.0
    found = Straightening(none.centre, none.scale, constant, linear, quadratic, widening)
    return _Fit(sample, free, moved, found)


def _affordable(m: int, n: int) -> int:
    """Largest k such that k + k (k + 1) / 2 more weights are at most half the draws."""
    room = m / 2 - n
    return int((np.sqrt(9.0 + 8.0 * room) - 3.0) / 2.0) if room > 0 else 0


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
