"""Chains in the forms of other tools: ArviZ's InferenceData, NetCDF, GetDist's root files."""

import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference.results.chain_files import write_tables
from jaxlike.inference.results.chains import Chains
from jaxlike.inference.results.draws import Draws, equal_chains
from jaxlike.inference.results.read_draws import read_draws
from jaxlike.registry.names import default_latex


def inference_data(chains: Chains) -> Any:
    """ArviZ's InferenceData: posterior (sampled and derived), densities, divergences, chi2_NAME of
    each likelihood; `latex`, `sampled`, `low` and `high` (of the prior) are attributes."""
    posterior = {name: chains.values[:, :, i] for i, name in enumerate(chains.columns)}
    statistics = {"lp": chains.log_posterior, "diverging": chains.divergent}
    statistics |= {f"chi2_{name}": values for name, values in chains.chi2s.items()}
    data = _arviz().from_dict(posterior=posterior, sample_stats=statistics)
    labels = (*chains.latex, *chains.derived_latex.values())
    for name, latex in zip(chains.columns, labels, strict=True):
        low, high = chains.limits.get(name, (-np.inf, np.inf))
        ends = {"low": float(low), "high": float(high)}
        data.posterior[name].attrs.update(latex=latex, sampled=int(name in chains.names), **ends)
    return data


def draws_of_inference_data(data: Any) -> Draws:
    """Draws of equal weight of InferenceData; variables of more than one number are left out."""
    found = {name: one for name, one in data.posterior.items() if one.dims == ("chain", "draw")}
    if not found:
        raise ConfigError("the InferenceData have no posterior of single numbers")
    values = np.stack([np.asarray(one) for one in found.values()], axis=-1)
    n_chain, n_draw, n = values.shape
    attributes = {str(name): one.attrs for name, one in found.items()}
    statistics = getattr(data, "sample_stats", {})
    unknown = np.full(n_chain * n_draw, np.nan)
    return Draws(
        names=tuple(attributes),
        latex=tuple(a.get("latex") or default_latex(name) for name, a in attributes.items()),
        sampled=tuple(bool(a.get("sampled", True)) for a in attributes.values()),
        values=values.reshape(-1, n),
        weights=np.ones(n_chain * n_draw),
        log_posterior=np.asarray(statistics["lp"]).ravel() if "lp" in statistics else unknown,
        log_prior=unknown,
        lengths=(n_draw,) * n_chain,
        limits={
            name: (a.get("low", -np.inf), a.get("high", np.inf)) for name, a in attributes.items()
        },
    )


def inference_data_of_files(prefix: str | os.PathLike[str]) -> Any:
    """The same of chain files, of one length each; ConfigError as of `read_draws`."""
    return inference_data_of_draws(read_draws(prefix))


def inference_data_of_draws(draws: Draws) -> Any:
    """The same of Draws: those of weight w count w times, longer chains are cut to the shortest.

    Where the weights are no whole numbers each chain is resampled, to as many draws as it has.
    """
    values = equal_chains(draws, draws.values)
    log_posterior = equal_chains(draws, draws.log_posterior)
    posterior = {name: values[:, :, i] for i, name in enumerate(draws.names)}
    statistics = {} if np.isnan(log_posterior).any() else {"lp": log_posterior}
    return _arviz().from_dict(posterior=posterior, sample_stats=statistics)


def write_netcdf(data: Any, path: str | os.PathLike[str]) -> Path:
    """Write InferenceData as a NetCDF file, which `arviz.from_netcdf` reads, as a whole.

    ConfigError if the package that writes NetCDF is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        try:
            # of one group after another, which is no single stream of bytes
            whole = Path(data.to_netcdf(str(Path(folder) / "data.nc")))
        except (ImportError, ValueError) as error:
            raise ConfigError(
                f"output '{path}': NetCDF cannot be written ({error}): pip install h5netcdf"
            ) from error
        with atomic_writer(path) as handle:
            handle.write(whole.read_bytes())
    return path


def write_getdist(
    draws: Draws, prefix: str | os.PathLike[str], *, overwrite: bool = False
) -> list[Path]:
    """Write PREFIX.1.txt, ... (one file a chain), .paramnames and .ranges; ConfigError if there."""
    densities = {"minuslogprior": -draws.log_prior}
    densities["chi2"] = -2.0 * (draws.log_posterior - draws.log_prior)
    known = {name: column for name, column in densities.items() if not np.isnan(column).any()}
    columns = [draws.weights, -draws.log_posterior, draws.values, *known.values()]
    latex = {"minuslogprior": r"-\log\pi", "chi2": r"\chi^2"}
    marks = zip(draws.names, draws.sampled, draws.latex, strict=True)
    names = [f"{name}{'' if is_sampled else '*'}\t{label}" for name, is_sampled, label in marks]
    names += [f"{name}*\t{latex[name]}" for name in known]
    ranges = [
        f"{name} {' '.join(repr(float(e)) if np.isfinite(e) else 'N' for e in ends)}"
        for name, ends in draws.limits.items()
    ]
    return write_tables(
        prefix,
        " ".join(("weight", "minuslogpost", *draws.names, *known)),
        draws.by_chain(np.column_stack(columns)),
        {".paramnames": "\n".join(names) + "\n", ".ranges": "".join(f"{r}\n" for r in ranges)},
        overwrite=overwrite,
    )


def _arviz() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ announces its next version when imported
        import arviz
    return arviz
