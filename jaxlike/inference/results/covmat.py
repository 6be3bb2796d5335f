"""Covariance matrices of parameters as Cobaya's .covmat files."""

from collections.abc import Sequence

import numpy as np


def covmat_text(covariance: np.ndarray, names: Sequence[str]) -> str:
    """The text of a .covmat: a line of names after #, then the matrix (n, n)."""
    rows = (" ".join(f"{value: .10e}" for value in row) for row in covariance)
    return "# " + " ".join(names) + "\n" + "\n".join(rows) + "\n"
