"""Whether to trust chains, in words: each diagnostic, how it stands, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from jaxlike.inference.results.diagnostics import (
    MAX_DIVERGENT,
    MAX_R_HAT,
    MIN_E_BFMI,
    MIN_ESS_PER_CHAIN,
    Summary,
)
from jaxlike.inference.results.draws import Draws

Level = Literal["good", "care", "bad", "unknown"]
_ORDER: tuple[Level, ...] = ("unknown", "good", "care", "bad")
_FAR_R_HAT = 1.05  # above which chains are in different places
_RARE = 0.05  # p-values below it, or as close to 1, are worth a thought
_VERY_RARE = 0.005


@dataclass(frozen=True)
class Verdict:
    """One diagnostic: its value as text, how good that is, what it means, what to do."""

    name: str
    value: str
    level: Level
    words: str
    advice: str = ""


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """What they amount to, in a sentence."""
    levels: list[Level] = [one.level for one in verdicts]
    worst: Level = max(levels, key=_ORDER.index, default="unknown")
    wrong = [one.name for one in verdicts if one.level == worst]
    match worst:
        case "good":
            words = "The chains agree and are long enough: the numbers below can be used."
        case "care":
            words = f"The numbers below can be used with care: see {_and(wrong)}."
        case "bad":
            words = f"Do not use the numbers below yet: see {_and(wrong)}."
        case _:
            words = "Whether the chains can be trusted is not known: their files do not tell."
    return Verdict("in all", "", worst, words)


def verdicts_of(
    draws: Draws, summary: Summary, run: Mapping[str, Any], *, ours: bool
) -> list[Verdict]:
    """Diagnostics of chains; run: what the run recorded of itself, if it did; ours: whether jaxlike
    made them, whose options it then names."""
    longer = "Sample longer (--samples), or with a longer --warmup." if ours else "Sample longer."
    found = [_r_hat(summary, draws, longer), *_sizes(summary, draws, longer)]
    if "divergent" in run and np.isfinite(run.get("step_size", np.nan)):
        found.append(_divergences(int(run["divergent"]), draws))
    if run.get("e_bfmi"):
        found.append(_energy([float(x) for x in run["e_bfmi"]]))
    wanted, made = run.get("wanted"), run.get("draws")
    if wanted and made and made < wanted:
        found.append(
            Verdict(
                "length",
                f"{made} of {wanted} draws",
                "care",
                "The run was stopped before its end.",
                "Go on with --resume.",
            )
        )
    for sentence in run.get("cautions") or ():
        found.append(Verdict("the method itself", "", "bad", f"{sentence}."))
    return found


def _r_hat(summary: Summary, draws: Draws, longer: str) -> Verdict:
    known = np.isfinite(summary.r_hat)
    if not known.any():
        if len(set(draws.weights)) > 1:
            words = "Weighted draws are none of a chain: R-hat has no meaning for them."
            return Verdict("R-hat", "", "unknown", words)
        words = "Undefined: too few draws, or parameters that do not move."
        return Verdict("R-hat", "undefined", "bad", words, longer)
    at = int(np.nanargmax(summary.r_hat))
    worst, name = float(summary.r_hat[at]), summary.names[at]
    value = f"{worst:.4f} ({name})"
    whole = "halves of the chain" if len(draws.lengths) == 1 else f"{len(draws.lengths)} chains"
    if worst <= MAX_R_HAT:
        return Verdict("R-hat", value, "good", f"The {whole} agree (at most {MAX_R_HAT}).")
    level: Level = "care" if worst <= _FAR_R_HAT else "bad"
    return Verdict(
        "R-hat", value, level, f"The {whole} do not agree yet (above {MAX_R_HAT}).", longer
    )


def _sizes(summary: Summary, draws: Draws, longer: str) -> list[Verdict]:
    n = len(draws.lengths)
    least = MIN_ESS_PER_CHAIN * n
    found = []
    for name, what, ess in (
        ("bulk ESS", "means", summary.ess_bulk),
        ("tail ESS", "limits", summary.ess_tail),
    ):
        if not np.isfinite(ess).any():
            found.append(Verdict(name, "undefined", "bad", "Too few draws to tell.", longer))
            continue
        at = int(np.nanargmin(ess))
        value = f"{ess[at]:.0f} ({summary.names[at]})"
        if ess[at] >= least:
            words = f"Enough independent draws for {what} (at least {least})."
            found.append(Verdict(name, value, "good", words))
        else:
            level: Level = "care" if ess[at] >= least / 4 else "bad"
            words = f"Fewer independent draws than {what} want ({least})."
            found.append(Verdict(name, value, level, words, longer))
    return found


def _divergences(count: int, draws: Draws) -> Verdict:
    total = len(draws.weights)
    value = f"{count} of {total}"
    if count == 0:
        return Verdict("divergences", value, "good", "No trajectory broke down.")
    if count <= MAX_DIVERGENT * total:
        words = f"So few ({100 * MAX_DIVERGENT:g} % may) leave nothing out."
        return Verdict("divergences", value, "good", words)
    words = "Trajectories broke down where the posterior is sharply curved, which may be missed."
    advice = (
        "Raise --target-accept towards 0.99; look for a prior whose end the posterior leans on, or "
        "sample another combination of parameters."
    )
    return Verdict("divergences", value, "bad", words, advice)


def _energy(values: Sequence[float]) -> Verdict:
    worst = min(values)
    value = f"{worst:.2f}"
    if worst >= MIN_E_BFMI:
        words = f"Momenta reach all energies of the posterior (at least {MIN_E_BFMI})."
        return Verdict("E-BFMI", value, "good", words)
    words = "Momenta change the energy by too little to reach the tails of the posterior."
    advice = "Sample longer; parameters with heavy tails are better sampled as logarithms."
    return Verdict("E-BFMI", value, "care", words, advice)


def fit_level(p_value: float) -> Level:
    """How a posterior predictive p-value stands."""
    rare = min(p_value, 1.0 - p_value)
    if rare < _VERY_RARE:
        return "bad"
    return "care" if rare < _RARE else "good"


def fit_words(p_value: float, mock: bool) -> str:
    """What a posterior predictive p-value of all data means."""
    p = f"p = {p_value:.3f}"
    if p_value > 1.0 - _RARE:
        why = "a mock without noise is" if mock else "errors that are too large make them"
        return f"The data are closer to the model than noise would have them, as {why} ({p})."
    if p_value < _VERY_RARE:
        return f"The model does not describe the data ({p}): see below which probe it is."
    if p_value < _RARE:
        return f"The model describes the data poorly ({p}): see below which probe it is."
    return f"The model describes the data ({p})."


def _and(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
