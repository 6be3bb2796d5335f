"""Blinding of data vectors: a shift between two cosmologies, one of which is drawn from a secret.

Muir et al. 2020 (arXiv:1911.05929): d_blind = d + M(theta_blind) - M(theta_ref), so that blinded
data are as well fitted as the true ones, at parameters that nobody knows.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import ParameterError
from jaxlike.posterior.model import Model
from jaxlike.registry.names import find

Ranges = Mapping[str, tuple[float, float]]
"""Name of a parameter -> from and to which value it is drawn."""

# half of a default range, over the parameter at the reference point or as it is
_RELATIVE = {
    "A_s": 0.2, "A_s_1e9": 0.2, "sigma8": 0.1, "S8": 0.1, "Omega_m": 0.1, "omch2": 0.12,
}  # fmt: skip
_ABSOLUTE = {"logA": 0.2, "log10_A_s": 0.09, "w0": 0.2}


@dataclass(frozen=True)
class Blinding:
    """secret: nobody's to know; ranges: of the parameters that are drawn from it."""

    secret: str
    ranges: Ranges

    @property
    def name(self) -> str:
        """What the secret may be called by (16 hexadecimal digits)."""
        return hashlib.sha256(self.secret.encode()).hexdigest()[:16]

    def drawn(self) -> dict[str, float]:
        """Parameters of the other cosmology: the same for whoever has the secret."""
        return {
            name: low + _fraction(f"{self.secret} {name}") * (high - low)
            for name, (low, high) in self.ranges.items()
        }

    def shift(self, model: Model) -> NDArray:
        """What is added to the data vector (n_data,) of a model: its prediction at the reference
        point but for the drawn parameters, less that at the reference point.

        ParameterError where the other cosmology has no prediction.
        """
        here = dict(zip(model.parameters, map(float, model.reference), strict=True))
        for name in self.ranges:
            if name not in here:
                raise ParameterError(
                    f"parameter {name!r} is not sampled; accepted are {', '.join(here)}"
                )
        there = here | self.drawn()
        for point in (here, there):
            if reason := model.reason_of_failure(np.array(list(point.values()))):
                which = "reference" if point is here else "drawn"
                raise ParameterError(
                    f"the {which} point has no prediction"
                    + (f" ({reason})" if point is here else "; take narrower ranges")
                )
        return np.asarray(model.theory_vector(there)) - np.asarray(model.theory_vector(here))


def default_ranges(model: Model) -> dict[str, tuple[float, float]]:
    """Of the sampled amplitude, density of matter and w0, around the reference point: a fifth of
    A_s, a tenth of sigma8, S8, Omega_m, 0.2 of ln(10^10 A_s) and w0, to either side, as far as the
    prior goes."""
    found = {}
    for spec in model.specs:
        known, centre = find(spec.name), float(spec.ref_loc or 0.0)
        canonical = spec.name if known is None else known.canonical
        width = _ABSOLUTE.get(canonical, _RELATIVE.get(canonical, 0.0) * abs(centre))
        if width and spec.prior is not None:
            low, high = spec.prior.support
            found[spec.name] = max(low, centre - width), min(high, centre + width)
    return found


def _fraction(text: str) -> float:
    """A number from 0 to 1, uniform over texts."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
