"""shim"""

from dataclasses import dataclass

from jaxlike.registry.sizes import Sizes


@dataclass(frozen=True)
class Sample:
    kind: str
    n_bin: int
    n_mode: int = 0
    prefix: str = ""
    suffix: str = ""
    likelihood: str = ""


def own_parameters(parameters, sample):
    return parameters


def sizes(samples):
    if isinstance(samples, Sizes):
        return samples
    d = {"counts": (0, 0), "shear": (0, 0)}
    for s in samples:
        d[s.kind] = (s.n_bin, s.n_mode)
    return Sizes(d["counts"][0], d["shear"][0], d["counts"][1], d["shear"][1])
