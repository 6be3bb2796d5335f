"""A Fisher matrix in files: Cobaya's .covmat, and the matrix itself."""

import os
from pathlib import Path

from jaxlike.forecast.fisher import Fisher
from jaxlike.inference.results.covmat import covmat_text
from jaxlike.inference.results.text_files import write_texts


def write_fisher(fisher: Fisher, prefix: str | os.PathLike[str]) -> list[Path]:
    """Write PREFIX.covmat, which Cobaya's samplers take, and PREFIX.fisher.txt; their paths.

    Both have a line of names, then a matrix. JaxlikeError, and no file, where it is singular.
    """
    texts = {
        ".covmat": covmat_text(fisher.covariance, fisher.names),
        ".fisher.txt": covmat_text(fisher.matrix, fisher.names),
    }
    return write_texts(prefix, texts)
