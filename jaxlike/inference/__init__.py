"""Methods that explore a posterior; they know it only through `posterior.Posterior`."""

from jaxlike.inference.chains import Chains, Cost, check_unused, write_chains
from jaxlike.inference.diagnostics import Summary, complaints, report, summarise
from jaxlike.inference.nuts import run_nuts, with_derived

__all__ = [
    "Chains",
    "Cost",
    "Summary",
    "check_unused",
    "complaints",
    "report",
    "run_nuts",
    "summarise",
    "with_derived",
    "write_chains",
]
