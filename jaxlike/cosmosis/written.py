"""What the module writes in any case: its likelihoods and its data vector."""

import numpy as np
from cosmosis.datablock import DataBlock, names
from numpy.typing import NDArray

from jaxlike.data.statistics import scale_of
from jaxlike.data.units import ARCMIN
from jaxlike.likelihoods.compiled import Evaluated
from jaxlike.likelihoods.two_point import Likelihood


def write_likelihood(
    block: DataBlock,
    name: str,
    likelihood: Likelihood,
    found: Evaluated,
    *,
    log_det: float,
    log_prior: float,
    cholesky: NDArray | None,
) -> None:
    """The entries of cosmosis.gaussian_likelihood, with the angles and bins of CosmoSIS's 2pt.

    cholesky: factor of the covariance; None: numbers alone. `angle` is in radians, or a multipole,
    or the number of a mode.
    """
    data, theory, norm = likelihood.data, np.asarray(found.vector), -0.5 * log_det
    block[names.likelihoods, f"{name}_like"] = -0.5 * float(found.deviance) + norm + log_prior
    entries: dict[str, object] = {
        "chi2": float(found.chi2),
        "n": int(likelihood.n_points),
        "log_det": log_det,
        "norm": norm,
    }
    if cholesky is not None:
        noise = np.random.default_rng().standard_normal(data.n_data)
        measurements = data.measurements
        entries |= {
            "theory": theory,
            "data": data.value,
            "covariance": likelihood.covariance,
            "inverse_covariance": likelihood.precision,
            "simulation": theory + cholesky @ noise,
            "angle": np.concatenate(
                [
                    m.scale * (ARCMIN if scale_of(m.statistic) == "theta" else 1)
                    for m in measurements
                ]
            ),
            "bin1": np.concatenate([m.bin1 for m in measurements]).astype(np.intc),
            "bin2": np.concatenate([m.bin2 for m in measurements]).astype(np.intc),
        }
    for entry, value in entries.items():
        block[names.data_vector, f"{name}_{entry}"] = value


def write_other(block: DataBlock, name: str, deviance: float) -> None:
    """The likelihood of other data, of which there is -2 ln L alone: it is zero where that is not
    finite."""
    block[names.likelihoods, f"{name}_like"] = -0.5 * deviance if np.isfinite(deviance) else -np.inf
    block[names.data_vector, f"{name}_chi2"] = deviance
