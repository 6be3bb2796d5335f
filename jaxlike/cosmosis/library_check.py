"""The likelihoods of a pipeline of the standard library here and in CosmoSIS, at its start values."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaxlike.config.standard_library.pipeline import Library
from jaxlike.cosmosis.library_run import Saved
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.posterior.model import Model


@dataclass(frozen=True)
class Compared:
    """One likelihood: chi^2 and ln L of both, ln L with CosmoSIS's constant; apart: Delta^T C^-1
    Delta of the two data vectors, None where CosmoSIS saves none; n: points."""

    name: str
    n: int
    chi2: float
    chi2_there: float
    log_likelihood: float
    log_likelihood_there: float
    apart: float | None


def compared(library: Library, model: Model, saved: Saved) -> Iterator[Compared]:
    """Each likelihood of a pipeline, whose model this is, with what CosmoSIS has saved."""
    x = model.reference
    vectors = np.asarray(model.theory_vector(x))
    chi2s = {name: float(value) for name, value in model.chi2s(x).items()}
    start = 0
    for name, one in model.measured.items():
        vector = vectors[start : start + one.data.n_data]
        start += one.data.n_data
        like = library.translation.likes[name]
        names = [like.name, *([like.ratios[0]] if like.ratios else [])]
        there = sum(saved.log_likelihoods[n] for n in names)
        norm = sum(saved.numbers.get(f"{n}_norm", 0.0) for n in names)
        chi2_there = -2 * (there - norm)
        apart = _apart(one, vector, saved.theory.get(like.name))
        here = chi2s[name]
        yield Compared(name, one.n_points, here, chi2_there, -0.5 * here + norm, there, apart)


def _apart(one: Likelihood, vector: NDArray, there: NDArray | None) -> float | None:
    """Delta^T C^-1 Delta of two data vectors (n_data,) in the order of the data's file."""
    if there is None or there.shape != vector.shape:
        return None
    difference = vector - there
    return float(difference @ one.precision @ difference)
