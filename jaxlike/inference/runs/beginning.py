"""Where a run of chains begins, kept for the next run of the same posterior.

The best fit and the chains around it follow from the posterior's numbers, a seed and a start: who
asks for the same again, with another number of draws or another sampler, need not search again.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from jaxlike.inference.target import Posterior, context_of, fingerprint_of
from jaxlike.kept import store
from jaxlike.kept.arrays import packed, unpacked
from jaxlike.kept.fingerprint import fingerprint

_KIND = "beginning"


class Beginning(NamedTuple):
    """Chains that have made no draw: points (chain, n) in u, log-density (chain,) and its gradient
    (chain, n) there; covariance (n, n) of the Gaussian around the best fit; what the log-density
    leaves out."""

    points: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    covariance: np.ndarray
    constant: np.ndarray


def key_of(model: Posterior, chains: int, seed: int, start: Any) -> str | None:
    """What a beginning is kept by; None where it is not."""
    of = fingerprint_of(model)
    if of is None or store.folder() is None:
        return None
    arrays, tree = jax.tree.flatten(context_of(model))
    return fingerprint(_KIND, of, tree, arrays, model.reference, chains, seed, start)


def keep(key: str | None, begun: Beginning) -> None:
    """Keep a beginning for the next run."""
    if key is not None:
        store.write(_KIND, key, packed(begun._asdict()))


def kept(key: str | None) -> Beginning | None:
    """What was kept, None where there is nothing."""
    return store.read(_KIND, key, _restored)


def _restored(payload: bytes) -> Beginning:
    return Beginning(**unpacked(payload))
