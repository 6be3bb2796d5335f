"""Figure 3: the angular power spectrum of galaxy positions and shapes, against CCL."""

import numpy as np

from jaxlike.figures.mock import OPTIONS, SmailSurvey
from jaxlike.figures.panels import OURS, THEIRS, PaperFigure, difference_panels, largest
from jaxlike.figures.universe import PARAMETERS
from jaxlike.likelihoods.two_point import fine_likelihood

# One n(z) for lenses and sources, as in the paper's notebook of comparisons.
SMAIL = (1.0, 2.0, 1.0)
ELL = np.geomspace(2.0, 1000.0, 50)
ELL_LINEAR = 20.0  # multipoles below see k < 0.005 h/Mpc, where halofit is taken to be linear here


def figure_3(n_ell: int = ELL.size) -> PaperFigure:
    """The shape-position C_ell at `n_ell` multipoles."""
    ell = np.geomspace(ELL[0], ELL[-1], n_ell)
    survey = SmailSurvey((SMAIL,), (SMAIL,), (1.0,), ell, PARAMETERS)
    empty = survey.empty()
    likelihood = fine_likelihood(empty, OPTIONS)
    vector = np.asarray(likelihood.theory_vector(survey.canonical()))
    ours = vector.reshape(3, n_ell)
    theirs = survey.ccl_vector(likelihood).reshape(3, n_ell)
    error = ours / theirs - 1
    drawing, upper, lower = difference_panels("Figure 3: shape-position angular power spectrum")
    upper.loglog(ell, theirs[1], color=THEIRS, linewidth=3.5, alpha=0.5, label="CCL")
    upper.loglog(ell, ours[1], "--", color=OURS, label="jaxlike")
    upper.set_ylabel(r"$C_\ell^{\delta\gamma}$")
    upper.legend(frameon=False)
    lower.semilogx(ell, error[1], color=OURS)
    lower.set_xlabel(r"$\ell$")
    names = ("position-position", "shape-position", "shape-shape")
    numbers = {}
    for name, row in zip(names, error, strict=True):
        what = f"C_ell, {name}, largest relative difference to CCL"
        numbers[f"{what}, ell > {ELL_LINEAR:g}"] = largest(row[ell > ELL_LINEAR])
        numbers[f"{what}, ell < {ELL_LINEAR:g}"] = largest(row[ell < ELL_LINEAR])
    return PaperFigure(3, "shape-position angular power spectrum", drawing, numbers)
