"""A posterior in at most ten lines: what a notebook shows of it."""

from collections.abc import Iterable, Mapping

from jaxlike.config import Config
from jaxlike.likelihoods.protocol import Other
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.registry.nz_models import nz_in_words

_SHOWN = 4  # likelihoods, each in a line
_NAMES = 8  # parameters


def described(config: Config, parts: Mapping[str, Likelihood | Other], compressed: bool) -> str:
    """Likelihoods with their points and bins, parameters, options of the theory, where from."""
    measured = [one for one in parts.values() if isinstance(one, Likelihood)]
    n = sum(one.data.n_data if one in measured else one.n_points for one in parts.values())
    short = f" as {measured[0].n_points} numbers" if compressed else ""
    if n_mode := sum(one.arrays.modes.n_mode for one in measured if one.arrays.modes is not None):
        short += f" by {n_mode} modes"
    sampled = [p.name for p in config.sampled]
    lines = [f"Model of {config.path}: {len(sampled)} sampled parameters, {n} points{short}"]
    shown = list(parts.values())[:_SHOWN]
    lines += [f"  {one.name}: {one.summary}" for one in shown]
    if len(parts) > _SHOWN:
        lines.append(f"  and {len(parts) - _SHOWN} likelihoods more")
    lines.append(f"  sampled: {_some(sampled)}")
    fixed = [f"{p.name} = {p.value:g}" for p in config.parameters if p.value is not None]
    if fixed:
        lines.append(f"  fixed: {_some(fixed)}")
    theory = config.theory
    lines.append(
        f"  theory: linear {theory.linear}, nonlinear {theory.matter}, "
        f"alignment {theory.alignment}, bias {theory.bias}, n(z) {nz_in_words(theory.nz)}"
    )
    return "\n".join(lines)


def _some(words: Iterable[str]) -> str:
    words = list(words)
    more = f" and {len(words) - _NAMES} more" if len(words) > _NAMES else ""
    return ", ".join(words[:_NAMES]) + more
