"""The best-fit point and the Gaussian around it, from gradients of the log-density alone.

Gradients are evaluated in batches of one size (one compiled function): a point and its n
displacements give the Hessian, and Newton steps of many dampings are tried at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import JaxlikeError
from jaxlike.kept.programs import Program
from jaxlike.numerics.batches import in_blocks

# In u the prior alone has curvature 1.  Less means a banana or a ridge seen from its outside, for
# which a Gaussian twice as wide as the prior is wide enough.
_SMALLEST_CURVATURE = 0.25
_PRIOR_BATCHES = 20

_TRIALS = 16  # dampings of a Newton step
_LEAST_GAIN = 0.1  # of what a step promises, for its Hessian to serve another

#: Points (m, n), any m -> log-densities (m,) and their gradients (m, n).
Batch = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Laplace:
    """Mode (n,) in u, covariance (n, n) of the Gaussian there, log-density at the mode."""

    mode: np.ndarray
    covariance: np.ndarray
    log_density: float
    n_gradients: int


def gradient_batch(log_density: Callable[[ArrayLike], Array], n: int) -> Batch:
    """Compile the log-density and its gradient for many points at once; NaN becomes -inf, 0."""
    return batch_in_context(lambda _, point: log_density(point), n, ())(())


def batch_in_context(
    log_density: Callable[[Any, Array], Array], n: int, context: Any
) -> Callable[[Any], Batch]:
    """The same of a log-density of (context, point): a function from any such context to a Batch.

    One compilation serves contexts of the shapes of `context`.
    """
    return batches_of(batch_program(log_density, n, context, None))


def batch_program(
    log_density: Callable[[Any, Array], Array], n: int, context: Any, of: str | None
) -> Program:
    """What computes a batch: (context, points) -> log-densities and gradients; of: the fingerprint
    of the log-density, without which it is not kept."""
    size = _TRIALS if jax.default_backend() == "cpu" else max(n + 1, _TRIALS)
    function = jax.vmap(jax.value_and_grad(log_density, argnums=1), in_axes=(None, 0))
    shape = jax.ShapeDtypeStruct((size, n), jnp.result_type(float))
    about = None if of is None else ("gradients of a batch", of)
    return Program(jax.jit(function), (context, shape), about, quick=True)


def batches_of(program: Program) -> Callable[[Any], Batch]:
    """From a context to a Batch, by what `batch_program` has made."""
    compiled, size = program.compiled(), program.arguments[1].shape[0]

    def within(context: Any) -> Batch:
        def evaluate(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values, gradients = in_blocks(partial(compiled, context), points, size)
            good = np.isfinite(values) & np.isfinite(gradients).all(axis=1)
            return np.where(good, values, -np.inf), np.where(good[:, None], gradients, 0.0)

        return evaluate

    return within


def fit_laplace(
    evaluate: Batch,
    start: np.ndarray,
    rng: np.random.Generator,
    *,
    max_steps: int = 200,
    tolerance: float = 1e-2,
) -> Laplace:
    """Climb from `start` (n,) to the mode with damped Newton steps, and take the Hessian there.

    A start without a finite density and gradient is replaced by the best of random prior draws.
    Between Hessians, each of which takes n + 1 gradients, one gradient a step updates the last
    (symmetric rank one; Nocedal & Wright, section 6.2), as long as steps gain what it promises.
    Stops when a Newton step promises less than `tolerance` in log-density.  Raises JaxlikeError if
    no prior draw has a finite density.
    """
    point, n_gradients = _finite_start(evaluate, start, rng)
    value, gradient, hessian = _hessian(evaluate, point)
    n_gradients += start.size + 1
    exact = True  # the Hessian is of this point
    for _ in range(max_steps):
        curvature, axes = _positive(hessian)
        along = axes.T @ gradient
        promised, gain = 0.5 * float(np.sum(along**2 / curvature)), 0.0
        if promised >= tolerance:
            dampings = np.geomspace(1e-4, 1e4, _TRIALS - 1) * curvature.mean()
            damping = np.concatenate([[0.0], dampings])
            trials = point + (along / (curvature + damping[:, None])) @ axes.T
            values, gradients = evaluate(trials)
            n_gradients += _TRIALS
            best = int(np.argmax(values))
            gain = float(values[best]) - value
        if gain > 0:
            hessian = _updated(hessian, trials[best] - point, gradient - gradients[best])
            point, value, gradient = trials[best], float(values[best]), gradients[best]
            serves, exact = exact or gain > _LEAST_GAIN * promised, False
            if serves:
                continue
        elif exact:
            break
        value, gradient, hessian = _hessian(evaluate, point)
        n_gradients += start.size + 1
        exact = True
    if not exact:
        value, gradient, hessian = _hessian(evaluate, point)
        n_gradients += start.size + 1
    curvature, axes = _positive(hessian)
    return Laplace(point, (axes / curvature) @ axes.T, value, n_gradients)


def _hessian(evaluate: Batch, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-density, its gradient (n,), and minus its second derivatives (n, n) at a point (n,)."""
    n = point.size
    # A step that a change of gradient survives in the working precision.
    step = float(np.finfo(jnp.result_type(float)).eps) ** (1 / 3)
    values, gradients = evaluate(point + step * np.vstack([np.zeros(n), np.eye(n)]))
    # A displaced point outside the domain tells nothing: the prior's curvature stands in.
    known = np.isfinite(values[1:])
    rows = np.where(known[:, None], (gradients[0] - gradients[1:]) / step, np.eye(n))
    return float(values[0]), gradients[0], 0.5 * (rows + rows.T)


def _updated(hessian: np.ndarray, moved: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The Hessian of least rank that says how the gradient changes (n,) along what was moved (n,);
    as it was where the two are as good as orthogonal."""
    left = change - hessian @ moved
    along = float(left @ moved)
    if abs(along) < 1e-8 * float(np.linalg.norm(left) * np.linalg.norm(moved)):
        return hessian
    return hessian + np.outer(left, left) / along


def dispersed_starts(
    evaluate: Batch, laplace: Laplace, count: int, rng: np.random.Generator, *, spread: float = 1.5
) -> np.ndarray:
    """`count` points (count, n) drawn from the Gaussian around the mode, `spread` times as wide.

    Draws that have no finite density or fall absurdly low are drawn again, each time narrower.
    """
    n = laplace.mode.size
    root = np.linalg.cholesky(laplace.covariance)
    lowest = laplace.log_density - 10.0 * (n + 10.0)
    starts: list[np.ndarray] = []
    while len(starts) < count and spread > 1e-6:
        draws = laplace.mode + spread * rng.standard_normal((n + 1, n)) @ root.T
        values, _ = evaluate(draws)
        starts.extend(draws[values > lowest])
        spread *= 0.8
    starts.extend([laplace.mode] * (count - len(starts)))
    return np.array(starts[:count])


def best_of_prior(evaluate: Batch, n: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """The best (n,) of a batch of prior draws that has any of finite density, and gradients spent.

    Raises JaxlikeError if no batch of many has one.
    """
    size = max(n + 1, _TRIALS)
    for batch in range(1, _PRIOR_BATCHES + 1):
        points = rng.standard_normal((size, n))
        values, _ = evaluate(points)
        if np.isfinite(values).any():
            return points[int(np.argmax(values))], batch * size
    raise JaxlikeError(
        "no starting point: the posterior is zero or its gradient not finite at "
        f"{_PRIOR_BATCHES * size} draws from the prior"
    )


def _finite_start(
    evaluate: Batch, start: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    start = np.nan_to_num(start)
    if np.isfinite(evaluate(start[None])[0][0]):
        return start, 1
    point, n_gradients = best_of_prior(evaluate, start.size, rng)
    return point, n_gradients + 1


def _positive(hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, made positive, and eigenvectors: a saddle is left along its downward side."""
    values, axes = np.linalg.eigh(hessian)
    return np.maximum(np.abs(values), _SMALLEST_CURVATURE), axes
