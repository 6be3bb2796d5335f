"""Chains in the forms of other tools: ArviZ's InferenceData, in memory or from chain files."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.chains import Chains, chain_files


def inference_data(chains: Chains) -> Any:
    """ArviZ's InferenceData: posterior (sampled and derived), densities, divergences."""
    posterior = {name: chains.values[:, :, i] for i, name in enumerate(chains.columns)}
    statistics = {"lp": chains.log_posterior, "diverging": chains.divergent}
    return _arviz().from_dict(posterior=posterior, sample_stats=statistics)


def inference_data_of_files(prefix: str | os.PathLike[str]) -> Any:
    """The same of the files PREFIX.1.txt, ..., of one length each; ConfigError without any.

    Rows of weight w count as w draws; longer chains are cut to the length of the shortest.
    """
    files = [f for f in chain_files(prefix) if f.suffix == ".txt"]
    if not files:
        raise ConfigError(f"chains '{prefix}': there is no file {prefix}.1.txt; give the prefix")
    chains = [_read(file) for file in files]
    names = chains[0][0]
    for file, (other, _) in zip(files, chains, strict=True):
        if other != names:
            raise ConfigError(f"{file}: its columns are not those of {files[0]}")
    length = min(len(table) for _, table in chains)
    table = np.stack([table[:length] for _, table in chains])
    posterior = {
        name: table[:, :, i]
        for i, name in enumerate(names)
        if not name.startswith(("minuslog", "chi2"))
    }
    at = names.index("minuslogpost") if "minuslogpost" in names else None
    statistics = {} if at is None else {"lp": -table[:, :, at]}
    return _arviz().from_dict(posterior=posterior, sample_stats=statistics)


def _read(file: Path) -> tuple[list[str], np.ndarray]:
    """Names of the columns but the weight, and draws (n_draw, n_column)."""
    with file.open() as handle:
        header = handle.readline().lstrip("#").split()
    try:
        table = np.loadtxt(file, ndmin=2)
        weights = np.rint(table[:, header.index("weight")]).astype(int)
    except ValueError as error:
        raise ConfigError(f"{file}: cannot be read as a chain ({error})") from error
    rows = np.repeat(np.arange(len(table)), weights)
    columns = [i for i, name in enumerate(header) if name != "weight"]
    return [header[i] for i in columns], table[rows][:, np.array(columns)]


def _arviz() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ announces its next version when imported
        import arviz
    return arviz
