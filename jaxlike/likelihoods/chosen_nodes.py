"""The nodes that data sets and options ask for, kept for the next time they do."""

from collections.abc import Sequence

import numpy as np

from jaxlike.data import TwoPointData
from jaxlike.kept import store
from jaxlike.kept.arrays import packed, unpacked
from jaxlike.kept.fingerprint import fingerprint
from jaxlike.likelihoods.common_nodes import fine_grid
from jaxlike.likelihoods.gaussian import whitening
from jaxlike.likelihoods.references import REFERENCES, typical
from jaxlike.registry.looked_up import looked_up
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.statistics.data_vector import Survey
from jaxlike.theory.statistics.node_choice import Judged, NodeChoice, choose_nodes
from jaxlike.theory.universe.cosmology import from_parameters

_KIND = "nodes"
_STRICTER = 20.0  # times, for CMB lensing alone, whose points are few


def chosen_nodes(
    data: Sequence[TwoPointData],
    options: Sequence[TheoryOptions],
    surveys: Sequence[Survey],
    tolerance: float,
) -> NodeChoice:
    """The nodes for surveys, each of its data and options, that cost at most `tolerance`, or what
    was found for the same before."""
    if store.folder() is None:
        return _choice(data, options[0], surveys, tolerance)
    known = [(one, own, looked_up(own)) for one, own in zip(data, options, strict=True)]
    key = fingerprint(_KIND, known, tolerance)
    found = store.read(_KIND, key, _restored)
    if found is None:
        found = _choice(data, options[0], surveys, tolerance)
        store.write(_KIND, key, packed(vars(found)))
    return found


def strictness(data: TwoPointData) -> float:
    """How many times its error on the nodes counts."""
    return _STRICTER if data.statistics == ("C_ell_kappa",) else 1.0


def _choice(
    data: Sequence[TwoPointData],
    options: TheoryOptions,
    surveys: Sequence[Survey],
    tolerance: float,
) -> NodeChoice:
    return choose_nodes(
        [_judged(one, survey) for one, survey in zip(data, surveys, strict=True)],
        [from_parameters(p, radiation=options.radiation) for p in REFERENCES],
        lambda n_z: fine_grid(data, surveys, options, n_z),
        tolerance=tolerance,
    )


def _judged(data: TwoPointData, survey: Survey) -> Judged:
    whiten = whitening(data.covariance)
    signal = float(np.sum((whiten @ data.value) ** 2))
    return Judged(survey, whiten, typical(survey), strictness(data), signal)


def _restored(payload: bytes) -> NodeChoice:
    found = unpacked(payload)
    numbers = int(found["n_z"]), float(found["z_max"])
    return NodeChoice(*numbers, found["ell_lattice"], float(found["error"]))
