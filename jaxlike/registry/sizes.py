"""How many there are of what parameters are numbered by: bins of a sample, modes of its n(z)."""

from dataclasses import dataclass

from jaxlike.registry.names import COUNTED_BY


@dataclass(frozen=True)
class Sizes:
    """Bins of lenses and of sources in use, and modes by which the n(z) of each can change."""

    lens: int
    source: int
    lens_modes: int = 0
    source_modes: int = 0

    def of(self, stem: str) -> int:
        """How many parameters there are of a stem, such as 4 of "m"."""
        return int(getattr(self, COUNTED_BY[stem]))

    def names(self, stem: str) -> list[str]:
        """Their canonical names: m1, m2, ..."""
        return [f"{stem}{i}" for i in range(1, self.of(stem) + 1)]

    def of_sample(self, sample: str) -> int:
        """How many bins there are of "lens" or of "source" galaxies."""
        return self.lens if sample == "lens" else self.source


def sample_of(stem: str) -> str:
    """Whose galaxies a numbered parameter belongs to: "lens" or "source"."""
    return COUNTED_BY[stem].removesuffix("_modes")


def is_of_mode(stem: str) -> bool:
    """Whether a numbered parameter belongs to a mode of n(z), not to a bin."""
    return COUNTED_BY[stem].endswith("_modes")


def described(stem: str, number: int) -> str:
    """What one of the parameters is for: "lens bin 3", "mode 2 of the source n(z)"."""
    sample = sample_of(stem)
    return f"mode {number} of the {sample} n(z)" if is_of_mode(stem) else f"{sample} bin {number}"
