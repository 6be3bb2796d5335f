"""Figures of how chains moved: traces, and ranks of each chain's draws among all."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.results.draws import matching
from jaxlike.plots.saving import save_image


def trace_and_rank_plots(
    data: Any,
    stem: str | os.PathLike[str],
    names: Sequence[str] | None = None,
    *,
    suffix: str = "png",
) -> list[Path]:
    """Write STEM_trace.png and STEM_rank.png of ArviZ's `data`; returns their paths.

    Ranks are uniform where chains agree (Vehtari et al. 2021, arXiv:1903.08008). `names` are by
    default all, and may go by other names of the same quantities; ConfigError if one is not in the
    chains.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ announces its next version, and uses old Matplotlib
        import arviz
        import matplotlib.pyplot as plt

        known = list(data.posterior.data_vars)
        found = matching(names or known, known)
        for name in names or ():
            if name not in found:
                raise ConfigError(
                    f"parameter '{name}' is not in the chains; accepted are {', '.join(known)}"
                )
        chosen = list(found.values())
        paths = []
        with arviz.rc_context({"plot.max_subplots": 2 * len(chosen) + 2}):
            columns = min(3, -(-len(chosen) // 2))
            grid: dict[str, Any] = {"grid": (-(-len(chosen) // columns), columns)}
            for kind, draw, how in (
                ("trace", arviz.plot_trace, {}),
                ("rank", arviz.plot_rank, grid),
            ):
                axes = draw(data, var_names=chosen, **how)
                figure = np.ravel(axes)[0].figure
                figure.set_layout_engine("constrained")
                paths.append(save_image(figure, f"{stem}_{kind}.{suffix}", dpi=90))
                plt.close(figure)
    return paths
