"""Methods that explore a posterior; they know it only through `inference.target`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxlike.inference.geometry.best_fit import BestFit, best_fit
    from jaxlike.inference.results.best_fit_files import check_unused_best_fit, write_best_fit
    from jaxlike.inference.results.chain_files import check_unused, write_chains
    from jaxlike.inference.results.chains import Chains, Cost, Evidence, together
    from jaxlike.inference.results.convert import (
        inference_data,
        inference_data_of_draws,
        inference_data_of_files,
        write_getdist,
        write_netcdf,
    )
    from jaxlike.inference.results.cosmosis_text import write_cosmosis
    from jaxlike.inference.results.diagnostics import Summary, complaints, report, summarise
    from jaxlike.inference.results.draws import Draws
    from jaxlike.inference.results.evidence import BridgeEvidence, bridge_evidence
    from jaxlike.inference.results.importance import Reweighted, reweight
    from jaxlike.inference.results.read_draws import read_draws
    from jaxlike.inference.runs.parameter_space import (
        with_chi2s,
        with_derived,
        with_external_priors,
    )
    from jaxlike.inference.samplers.hmc import run_hmc
    from jaxlike.inference.samplers.laps import run_laps
    from jaxlike.inference.samplers.mclmc import run_adjusted_mclmc, run_mclmc
    from jaxlike.inference.samplers.nested import run_nested
    from jaxlike.inference.samplers.neutra import run_neutra
    from jaxlike.inference.samplers.nuts import run_nuts
    from jaxlike.inference.samplers.svi import run_svi

_HOMES = {
    "BestFit": "jaxlike.inference.geometry.best_fit",
    "BridgeEvidence": "jaxlike.inference.results.evidence",
    "Chains": "jaxlike.inference.results.chains",
    "Cost": "jaxlike.inference.results.chains",
    "Draws": "jaxlike.inference.results.draws",
    "Evidence": "jaxlike.inference.results.chains",
    "Reweighted": "jaxlike.inference.results.importance",
    "Summary": "jaxlike.inference.results.diagnostics",
    "best_fit": "jaxlike.inference.geometry.best_fit",
    "bridge_evidence": "jaxlike.inference.results.evidence",
    "check_unused": "jaxlike.inference.results.chain_files",
    "check_unused_best_fit": "jaxlike.inference.results.best_fit_files",
    "complaints": "jaxlike.inference.results.diagnostics",
    "inference_data": "jaxlike.inference.results.convert",
    "inference_data_of_draws": "jaxlike.inference.results.convert",
    "inference_data_of_files": "jaxlike.inference.results.convert",
    "read_draws": "jaxlike.inference.results.read_draws",
    "report": "jaxlike.inference.results.diagnostics",
    "reweight": "jaxlike.inference.results.importance",
    "run_adjusted_mclmc": "jaxlike.inference.samplers.mclmc",
    "run_hmc": "jaxlike.inference.samplers.hmc",
    "run_laps": "jaxlike.inference.samplers.laps",
    "run_mclmc": "jaxlike.inference.samplers.mclmc",
    "run_nested": "jaxlike.inference.samplers.nested",
    "run_neutra": "jaxlike.inference.samplers.neutra",
    "run_nuts": "jaxlike.inference.samplers.nuts",
    "run_svi": "jaxlike.inference.samplers.svi",
    "summarise": "jaxlike.inference.results.diagnostics",
    "together": "jaxlike.inference.results.chains",
    "with_chi2s": "jaxlike.inference.runs.parameter_space",
    "with_derived": "jaxlike.inference.runs.parameter_space",
    "with_external_priors": "jaxlike.inference.runs.parameter_space",
    "write_best_fit": "jaxlike.inference.results.best_fit_files",
    "write_chains": "jaxlike.inference.results.chain_files",
    "write_cosmosis": "jaxlike.inference.results.cosmosis_text",
    "write_getdist": "jaxlike.inference.results.convert",
    "write_netcdf": "jaxlike.inference.results.convert",
}

__all__ = [
    "BestFit",
    "BridgeEvidence",
    "Chains",
    "Cost",
    "Draws",
    "Evidence",
    "Reweighted",
    "Summary",
    "best_fit",
    "bridge_evidence",
    "check_unused",
    "check_unused_best_fit",
    "complaints",
    "inference_data",
    "inference_data_of_draws",
    "inference_data_of_files",
    "read_draws",
    "report",
    "reweight",
    "run_adjusted_mclmc",
    "run_hmc",
    "run_laps",
    "run_mclmc",
    "run_nested",
    "run_neutra",
    "run_nuts",
    "run_svi",
    "summarise",
    "together",
    "with_chi2s",
    "with_derived",
    "with_external_priors",
    "write_best_fit",
    "write_chains",
    "write_cosmosis",
    "write_getdist",
    "write_netcdf",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: the list of methods is needed where JAX is not."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxlike.inference' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
