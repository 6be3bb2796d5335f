"""Settings of Boltzmann codes with which their P(k, z) is another one than that of fine settings.

Measured on DES-Y1's 457 points at the start values of the standard library's example, by CosmoSIS.
"""

from jaxlike.config.standard_library.given import Given

_LEAST = {
    "kmax": (3.0, "a P(k, z) that ends at 2 h/Mpc is 0.23 in chi^2 of DES-Y1 away"),
    "accuracyboost": (0.8, "with 0.5, chi^2 of DES-Y1 is 0.63 away"),
}

FINE = (
    "refused below kmax = 3 and AccuracyBoost = 0.8, which are within 0.05 in chi^2 of finer ones"
)
"""What such settings must be to be of no effect."""


def check_accuracy(given: Given) -> None:
    """ConfigError on a setting that is too coarse for 0.1 in chi^2."""
    for option, (least, reason) in _LEAST.items():
        if given.has(option) and given.number(option, least) < least:
            raise given.refused(option, f"{reason}; accepted are {least:g} and more")
