"""Figures of the benchmarks: contours of several samplers, histograms of ranks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jaxlike.benchmarks.ess import Result, method_of
from jaxlike.benchmarks.sbc import BINS, Calibration
from jaxlike.plots.contours import load_chains, triangle_plot
from jaxlike.plots.saving import save_image
from jaxlike.registry.names import split_name

if TYPE_CHECKING:
    from getdist.mcsamples import MCSamples

_LEVELS = (0.30, 0.68, 0.90)  # of figures 8 to 10 of Campagne et al. 2023 (arXiv:2302.05163)
# figure 8 has four of these
_FOUR = ("Omega_c", "Omega_m", "sigma8", "A_s", "S8", "w0", "A_IA", "h")


def contour_figures(results: Sequence[Result], folder: Path) -> list[Path]:
    """Figures 8 to 10 of arXiv:2302.05163 of the chains in a folder; returns their paths.

    contours.png: four parameters, every run but the guides'; guides.png: the guides' against the
    run with the largest ESS; biases.png: the biases of all lens bins, as contours.png.
    """
    names = results[0].names
    quantities = {(split_name(name) or (name, None)): name for name in names}
    four = [quantities[q, None] for q in _FOUR if (q, None) in quantities][:4] or list(names[:4])
    biases = [name for (stem, number), name in quantities.items() if stem == "b" and number]
    guides = [r for r in results if method_of(r.method) == "svi"]
    chains = [r for r in results if r not in guides]
    figures = [(chains, four, "contours"), (chains, biases, "biases")]
    if guides and chains:
        longest = max(chains, key=lambda r: r.worst)
        figures.append(([longest, *guides], four, "guides"))
    return [
        triangle_plot([_samples(folder, r) for r in runs], folder / f"{stem}.png", names=shown)
        for runs, shown, stem in figures
        if runs and len(shown) > 1
    ]


def _samples(folder: Path, result: Result) -> "MCSamples":
    samples = load_chains(folder / result.method)
    samples.label = result.method
    samples.updateSettings({"contours": list(_LEVELS)})
    return samples


def rank_figure(calibration: Calibration, path: Path) -> Path:
    """Write histograms of the ranks of every parameter, with the band of 99 % of even ones."""
    from matplotlib.figure import Figure
    from scipy.stats import binom

    n = len(calibration.names)
    columns = min(6, n)
    rows = -(-n // columns)
    figure = Figure(figsize=(1.7 * columns, 1.5 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    low, high = binom.ppf([0.005, 0.995], len(calibration.ranks), 1 / BINS)
    for i, ax in enumerate(axes.flat):
        if i >= n:
            ax.set_visible(False)
            continue
        ax.axhspan(low, high, color="0.88", linewidth=0)
        ax.bar(np.arange(BINS) + 0.5, calibration.counts[:, i], width=0.9, color="#1f5fa8")
        ax.set_title(f"{calibration.names[i]}: p = {calibration.p_values[i]:.2f}", fontsize=8)
        ax.tick_params(labelsize=7)
        ax.set_xticks([])
    figure.suptitle(
        f"Ranks of the truth in {len(calibration.ranks)} posteriors (grey: 99 % if uniform)",
        fontsize=10,
    )
    return save_image(figure, path, dpi=130)
