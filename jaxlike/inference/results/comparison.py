"""How far the draws of an inexact sampler are from exact ones."""

from dataclasses import replace

import numpy as np

from jaxlike.inference.results.chains import Chains
from jaxlike.inference.results.diagnostics import standard_errors

_SIGNIFICANT = 4.5  # standard errors: of some fifty means and widths one is 3 off by chance
_FEWEST = 100  # exact draws that are worth a comparison


def compared(chains: Chains, u: np.ndarray, exact: np.ndarray) -> Chains:
    """The chains, with a remark on means and widths of u (chain, draw, n) against `exact` ones.

    A significant difference is a caution too.
    """
    exact = exact[:, exact.shape[1] // 2 :]
    if exact.shape[0] * exact.shape[1] < _FEWEST:
        return replace(chains, cautions=("inexact draws, and no warm-up to compare them with",))
    flat, own = (draws.reshape(-1, u.shape[-1]) for draws in (exact, u))
    scale = flat.std(axis=0)
    shift = (own.mean(axis=0) - flat.mean(axis=0)) / scale
    width = own.std(axis=0) / scale - 1
    of_exact, of_own = (standard_errors(draws) for draws in (exact, u))
    shift_error, width_error = np.hypot(of_exact, of_own) / scale
    sentence = (
        f"inexact    means within {np.abs(shift).max():.2f} sigma and widths within "
        f"{100 * np.abs(width).max():.0f} % of those of the warm-up by NUTS, which are good to "
        f"{shift_error.max():.2f} sigma and {100 * width_error.max():.0f} %"
    )
    worst = max(np.abs(shift / shift_error).max(), np.abs(width / width_error).max())
    cautions = (f"{chains.method} is biased here: {sentence}",) if worst > _SIGNIFICANT else ()
    return replace(chains, remarks=(sentence,), cautions=cautions)
