"""Where a likelihood is looked at before it is used: what its nodes are chosen by."""

from jaxlike.theory.statistics.data_vector import Survey

REFERENCES = (
    {"Omega_m": 0.3, "Omega_b": 0.047, "h": 0.69, "n_s": 0.96, "sigma8": 0.82},
    {"Omega_m": 0.22, "Omega_b": 0.05, "h": 0.75, "n_s": 0.93, "sigma8": 0.9},
    {"Omega_m": 0.4, "Omega_b": 0.04, "h": 0.62, "n_s": 1.0, "sigma8": 0.7},
)
"""Cosmologies: between them P(k, z) of any shape that data prefer."""


def typical(survey: Survey) -> list[dict[str, float]]:
    """Parameters of each sample.

    Those of options, magnification and distortions apart, choose no nodes.
    """
    return [_of_bins(tracer.n_bin) for tracer in survey.tracers]


def _of_bins(n_bin: int) -> dict[str, float]:
    typical = {"A_IA": 0.5, "alpha_IA": 0.0, "z0_IA": 0.62}
    for i in range(1, n_bin + 1):
        typical |= {f"b{i}": 1.8, f"m{i}": 0.0, f"A_IA{i}": 0.5}
        typical |= {f"dz_lens{i}": 0.0, f"dz_source{i}": 0.0}
    return typical
