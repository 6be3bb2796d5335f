"""Methods that explore a posterior; they know it only through `posterior.Posterior`."""

from jaxlike.inference.best_fit import BestFit, best_fit
from jaxlike.inference.best_fit_files import check_unused_best_fit, write_best_fit
from jaxlike.inference.carry import with_derived, with_external_priors
from jaxlike.inference.chain_files import check_unused, write_chains
from jaxlike.inference.chains import Chains, Cost, Evidence, together
from jaxlike.inference.convert import (
    inference_data,
    inference_data_of_draws,
    inference_data_of_files,
    write_getdist,
    write_netcdf,
)
from jaxlike.inference.cosmosis_text import write_cosmosis
from jaxlike.inference.diagnostics import Summary, complaints, report, summarise
from jaxlike.inference.draws import Draws
from jaxlike.inference.hmc import run_hmc
from jaxlike.inference.importance import Reweighted, reweight
from jaxlike.inference.laps import run_laps
from jaxlike.inference.mclmc import run_adjusted_mclmc, run_mclmc
from jaxlike.inference.nested import run_nested
from jaxlike.inference.neutra import run_neutra
from jaxlike.inference.nuts import run_nuts
from jaxlike.inference.read_draws import read_draws
from jaxlike.inference.svi import run_svi

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
