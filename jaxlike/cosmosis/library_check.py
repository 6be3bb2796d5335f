"""Likelihoods of a pipeline of the standard library, here and in CosmoSIS, at its start values."""

from collections.abc import Iterator, Mapping
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
        names = [like.name, *([like.ratios] if like.ratios else [])]
        there = sum(saved.log_likelihoods[n] for n in names)
        norm = sum(saved.numbers.get(f"{n}_norm", 0.0) for n in names)
        chi2_there = -2 * (there - norm)
        theory = saved.theory.get(like.name)
        if theory is None and (found := saved.by_bins.get(like.section or "")):
            theory = _of_bins(one, found)
        apart = _apart(one, vector, theory)
        here = chi2s[name]
        yield Compared(name, one.n_points, here, chi2_there, -0.5 * here + norm, there, apart)
    yield from _others(library, model, chi2s, saved)


def _others(
    library: Library, model: Model, chi2s: Mapping[str, float], saved: Saved
) -> Iterator[Compared]:
    """Those of other data, which may be several of one module's here."""
    names = library.translation.other_likes
    for like in dict.fromkeys(names.values()):
        own = [name for name in names if names[name] == like]
        n = sum(model.parts[name].n_points or 0 for name in own)
        here = sum(chi2s[name] for name in own)
        there, norm = saved.log_likelihoods[like], saved.numbers.get(f"{like}_norm", 0.0)
        chi2_there = -2 * (there - norm)
        yield Compared(like, n, here, chi2_there, -0.5 * here + norm, there, None)


def _of_bins(one: Likelihood, found: Mapping[tuple[int, int], NDArray]) -> NDArray:
    """The data vector (n_data,) of modes by pairs of bins."""
    rows = [
        found[max(i, j), min(i, j)][int(mode) - 1]
        for m in one.data.measurements
        for i, j, mode in zip(m.bin1, m.bin2, m.scale, strict=True)
    ]
    return np.array(rows)


def _apart(one: Likelihood, vector: NDArray, there: NDArray | None) -> float | None:
    """Delta^T C^-1 Delta of two data vectors (n_data,) in the order of the data's file."""
    if there is None or there.shape != vector.shape:
        return None
    difference = vector - there
    return float(difference @ one.precision @ difference)
