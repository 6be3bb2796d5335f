"""Methods that explore a posterior; they know it only through `posterior.Posterior`."""

from jaxlike.inference.best_fit import BestFit, best_fit
from jaxlike.inference.best_fit_files import check_unused_best_fit, write_best_fit
from jaxlike.inference.chains import Chains, Cost, check_unused, write_chains
from jaxlike.inference.diagnostics import Summary, complaints, report, summarise
from jaxlike.inference.nuts import run_nuts, with_derived

__all__ = [
    "BestFit",
    "Chains",
    "Cost",
    "Summary",
    "best_fit",
    "check_unused",
    "check_unused_best_fit",
    "complaints",
    "report",
    "run_nuts",
    "summarise",
    "with_derived",
    "write_best_fit",
    "write_chains",
]
