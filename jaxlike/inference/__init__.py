"""Methods that explore a posterior; they know it only through `posterior.Posterior`."""

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
from jaxlike.inference.results.importance import Reweighted, reweight
from jaxlike.inference.results.read_draws import read_draws
from jaxlike.inference.runs.parameter_space import with_derived, with_external_priors
from jaxlike.inference.samplers.hmc import run_hmc
from jaxlike.inference.samplers.laps import run_laps
from jaxlike.inference.samplers.mclmc import run_adjusted_mclmc, run_mclmc
from jaxlike.inference.samplers.nested import run_nested
from jaxlike.inference.samplers.neutra import run_neutra
from jaxlike.inference.samplers.nuts import run_nuts
from jaxlike.inference.samplers.svi import run_svi

__all__ = [
    "BestFit",
    "Chains",
    "Cost",
    "Draws",
    "Evidence",
    "Reweighted",
    "Summary",
    "best_fit",
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
    "with_derived",
    "with_external_priors",
    "write_best_fit",
    "write_chains",
    "write_cosmosis",
    "write_getdist",
    "write_netcdf",
]
