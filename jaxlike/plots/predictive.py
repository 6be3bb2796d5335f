"""Figure of a posterior predictive check: chi^2 of the measured data and of replicated ones."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from jaxlike.forecast.predictive import TOTAL, Check
from jaxlike.plots.data_vector import symbol_of
from jaxlike.plots.saving import save_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MEASURED, _REPLICATED = "#c2410c", "0.75"


def chi2_plot(checks: Sequence[Check], path: str | os.PathLike[str], *, title: str = "") -> Path:
    """Write histograms of both chi^2 over the posterior, a panel per check; returns the path.

    With them is the chi^2 density of as many degrees of freedom as there are points, which the
    replicated data follow.  The heights of the measured ones are in units of their own.
    """
    from matplotlib.figure import Figure

    n_columns = min(3, len(checks))
    n_rows = -(-len(checks) // n_columns)
    figure = Figure(figsize=(max(5.0, 3.4 * n_columns), 2.6 * n_rows + 1.1), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=11)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax, check in zip(axes, checks, strict=False):
        _draw(ax, check)
    for ax in axes[len(checks) :]:
        ax.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    if len(axes) > len(checks):
        axes[len(checks)].legend(handles, labels, loc="center", frameon=False)
    else:
        columns = 3 if n_columns == 3 else 1
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    return save_image(figure, path, dpi=130)


def _draw(ax: "Axes", check: Check) -> None:
    density = chi2_distribution(check.n)
    peak = density.pdf(max(check.n - 2, 1))
    for chi2, colour, label in (
        (check.replicated, _REPLICATED, "replicated data"),
        (check.measured, _MEASURED, "measured data (height arbitrary)"),
    ):
        height, edges = np.histogram(chi2, 18, weights=check.weights, density=True)
        # the narrow one would hide the other
        height *= 1.0 if colour == _REPLICATED else 1.4 * peak / height.max()
        ax.stairs(height, edges, fill=True, color=colour, alpha=0.75, label=label)
    ends = density.ppf([1e-4, 1.0 - 1e-4])
    at = np.linspace(min(ends[0], check.replicated.min()), ends[1], 300)
    label = r"expected: $\chi^2$ of as many points"
    ax.plot(at, density.pdf(at), color="0.15", linewidth=1.1, label=label)
    name = "all data" if check.name == TOTAL else _name_of(check.name)
    ax.set_title(f"{name}, {check.n} points: p = {check.p_value:.3f}", fontsize=10)
    ax.set_xlabel(r"$\chi^2$", fontsize=10)
    ax.set_yticks([])
    ax.tick_params(labelsize=8)


def _name_of(check: str) -> str:
    """A probe as its symbol, after the name of its likelihood if that is given."""
    likelihood, colon, probe = check.rpartition(": ")
    return f"{likelihood}{colon}${symbol_of(probe)}$"
