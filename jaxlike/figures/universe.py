"""Figures 1 and 2: the comoving distance and the matter power spectrum, against CCL."""

import jax
import numpy as np

from jaxlike.figures.ccl import ccl_module, universe
from jaxlike.figures.panels import (
    OURS,
    THEIRS,
    THIRD,
    PaperFigure,
    difference_panels,
    largest,
)
from jaxlike.theory.power.halofit import LINEAR_BELOW
from jaxlike.theory.power.linear import linear_power
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.universe.background import comoving_distance
from jaxlike.theory.universe.cosmology import Cosmology

# The universe of the paper's notebook of comparisons.
PARAMETERS = {"Omega_c": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}
SCALE_FACTORS = np.linspace(0.01, 0.99, 50)
K = np.geomspace(1e-3, 10.0, 300)  # h/Mpc
REDSHIFTS = (0.0, 1.0)


def cosmology(parameters: dict[str, float]) -> Cosmology:
    """The same universe here: CCL's names, without radiation."""
    p = dict(parameters)
    p["Omega_m"] = p.pop("Omega_c") + p["Omega_b"]
    return Cosmology(**p, radiation=False)  # type: ignore[arg-type]


def figure_1() -> PaperFigure:
    """The radial comoving distance."""
    ccl = ccl_module("figure 1")
    a = SCALE_FACTORS
    ours = np.asarray(comoving_distance(cosmology(PARAMETERS), 1 / a - 1))
    theirs = ccl.comoving_radial_distance(universe(ccl, PARAMETERS), a) * PARAMETERS["h"]
    error = ours / theirs - 1
    drawing, upper, lower = difference_panels("Figure 1: radial comoving distance")
    upper.plot(a, theirs, color=THEIRS, linewidth=3.5, alpha=0.5, label="CCL")
    upper.plot(a, ours, "--", color=OURS, label="jaxlike")
    upper.set_ylabel(r"$\chi$ [Mpc/$h$]")
    upper.legend(frameon=False)
    lower.plot(a, error, color=OURS)
    lower.set_xlabel("scale factor $a$")
    numbers = {"chi(a), largest relative difference to CCL": largest(error)}
    return PaperFigure(1, "radial comoving distance", drawing, numbers)


def figure_2(n_k: int = K.size) -> PaperFigure:
    """The linear and the nonlinear matter power, at `n_k` wavenumbers."""
    ccl = ccl_module("figure 2")
    k = np.geomspace(K[0], K[-1], n_k)
    z, h = np.array(REDSHIFTS), PARAMETERS["h"]
    cosmo, other = cosmology(PARAMETERS), universe(ccl, PARAMETERS)
    ours = {
        "linear": jax.jit(lambda: linear_power(cosmo, k, z))(),
        "halofit": jax.jit(lambda: nonlinear_power(cosmo, k, z))(),
    }
    read = {"linear": ccl.linear_matter_power, "halofit": ccl.nonlin_matter_power}
    drawing, upper, lower = difference_panels("Figure 2: matter power spectrum")
    numbers = {}
    for name, colour, line in (("halofit", OURS, "-"), ("linear", THIRD, "--")):
        theirs = np.stack([read[name](other, k * h, 1 / (1 + at)) * h**3 for at in z])
        error = np.asarray(ours[name]) / theirs - 1
        for i, at in enumerate(z):
            width = {"linewidth": 1.5 if i == 0 else 0.8}
            upper.loglog(k, theirs[i], color=THEIRS, linewidth=3.5, alpha=0.4)
            label = f"jaxlike, {name}, $z = {at:g}$"
            upper.loglog(k, ours[name][i], line, color=colour, label=label, **width)
            lower.semilogx(k, error[i], line, color=colour, **width)
            what = f"P(k), {name}, z = {at:g}, largest relative difference to CCL"
            if name == "linear":
                numbers[what] = largest(error[i])
                continue
            edge = 2 * LINEAR_BELOW  # below, it goes over to linear, as CAMB's does and CCL's not
            numbers[f"{what}, k > {edge:g} h/Mpc"] = largest(error[i][k > edge])
            numbers[f"{what}, k < {edge:g} h/Mpc"] = largest(error[i][k <= edge])
    upper.plot([], [], color=THEIRS, linewidth=3.5, alpha=0.4, label="CCL")
    upper.set_ylabel(r"$P(k)$ [(Mpc/$h)^3$]")
    upper.legend(frameon=False, fontsize=9)
    lower.set_xlabel(r"$k$ [$h$/Mpc]")
    return PaperFigure(2, "matter power spectrum", drawing, numbers)
