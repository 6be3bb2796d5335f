"""Effective sample sizes of several samplers on one posterior, under one clock.

The relative ESS of table 2 of Campagne et al. 2023 (arXiv:2302.05163), and what it lacks: what an
effective draw costs in gradients, values and seconds, and how far means and widths are from those
of the run with the largest ESS.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import jaxlike
from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference import Chains, complaints, summarise, write_chains
from jaxlike.inference.samplers.by_name import checked_options, sampler

METHODS = ("nuts", "hmc", "adjusted_mclmc", "mclmc", "laps", "mh")
"""Methods that are compared unless others are asked for."""


def method_of(label: str) -> str:
    """The method of a run that is labelled METHOD or METHOD@ANYTHING."""
    return label.partition("@")[0]


@dataclass(frozen=True)
class Result:
    """One run: arrays over the parameters, totals, and what its own diagnostics object to.

    method: its label, see `method_of`; relative: bulk ESS over the number of states of the chains,
    draws or steps of a random walk; mean_error, std_error: what Monte Carlo leaves open of mean and
    std.  seconds and cpu_s are all; sampling_s leaves out compilation, fit and warm-up.
    """

    method: str
    options: Mapping[str, Any]
    names: tuple[str, ...]
    ess: tuple[float, ...]
    ess_tail: tuple[float, ...]
    relative: tuple[float, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    mean_error: tuple[float, ...]
    std_error: tuple[float, ...]
    r_hat: float
    divergent: int
    draws: int
    gradients: int
    values: int
    seconds: float
    sampling_s: float
    cpu_s: float
    complaints: tuple[str, ...]

    @property
    def worst(self) -> float:
        """Bulk ESS of the worst parameter."""
        return min(self.ess)


def result_of(label: str, chains: Chains, options: Mapping[str, Any]) -> Result:
    """What is kept of a run."""
    summary, cost = summarise(chains), chains.cost
    states = cost.values or chains.divergent.size  # a random walk has one state for each value
    return Result(
        method=label,
        options=dict(options),
        names=summary.names,
        ess=tuple(map(float, summary.ess_bulk)),
        ess_tail=tuple(map(float, summary.ess_tail)),
        relative=tuple(map(float, summary.ess_bulk / states)),
        mean=tuple(map(float, summary.mean)),
        std=tuple(map(float, summary.std)),
        mean_error=tuple(map(float, summary.mean_error)),
        std_error=tuple(map(float, summary.std_error)),
        r_hat=float(np.max(summary.r_hat)),
        divergent=int(chains.divergent.sum()),
        draws=int(chains.divergent.size),
        gradients=cost.gradients,
        values=cost.values,
        seconds=cost.total_s,
        sampling_s=cost.sampling_s,
        cpu_s=cost.cpu_s,
        complaints=complaints(chains, summary),
    )


def compare(
    model: "jaxlike.Model",
    options: Mapping[str, Mapping[str, Any]],
    folder: Path,
    *,
    progress: bool = True,
    resume: bool = False,
    report: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Run every method of `options` (label -> its options) one after another.

    Chains, their checkpoints and ess.json in `folder` are written as they are made; with `resume`
    runs that are there already are not made again, and one that was stopped goes on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = read(folder) if resume and (folder / "ess.json").exists() else []
    done = {r.method for r in results}
    for label, given in options.items():
        if label in done:
            continue
        checked = checked_options(method_of(label), given)
        checkpoint = folder / f"{label}.checkpoint.npz"
        chains = sampler(method_of(label))(
            model, **checked, progress=progress, checkpoint=checkpoint, resume=resume
        )
        write_chains(chains, folder / label, overwrite=True)
        results.append(result_of(label, chains, checked))
        write(results, folder)
        if report:
            report(results[-1])
    return results


def read(folder: Path) -> list[Result]:
    """The results that `write` has left in a folder; ConfigError where they cannot be read."""
    path = folder / "ess.json"
    try:
        return [Result(**record) for record in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read as results ({error}); give --force") from error


@dataclass(frozen=True)
class Deviation:
    """Largest shift of a mean [sigma] or change of a width, against the longest run.

    error: what Monte Carlo leaves open of it, in both runs; of the longest run its own largest.
    """

    value: float
    error: float


def deviations(results: Sequence[Result]) -> dict[str, tuple[Deviation, Deviation]]:
    """Method -> how far its means and its widths are from those of the run with the largest ESS."""
    longest = max(results, key=lambda r: r.worst)
    reference, sigma = np.array([longest.mean, longest.std]), np.array(longest.std)
    reference_error = np.array([longest.mean_error, longest.std_error])
    found = {}
    for r in results:
        value = np.abs(np.array([r.mean, r.std]) - reference) / sigma
        error = np.array([r.mean_error, r.std_error]) / sigma
        if r is longest:
            at = np.argmax(error, axis=1)
        else:
            at = np.argmax(value, axis=1)
            error = np.hypot(error, reference_error / sigma)
        mean, width = (Deviation(float(value[i, at[i]]), float(error[i, at[i]])) for i in (0, 1))
        found[r.method] = mean, width
    return found


def relative_table(results: Sequence[Result]) -> str:
    """Relative ESS in per cent, a row for each method, as Markdown."""
    names = results[0].names
    lines = ["| relative ESS [%] | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for r in results:
        lines.append(f"| {r.method} | " + " | ".join(f"{100 * x:.3g}" for x in r.relative) + " |")
    return "\n".join(lines)


def cost_table(results: Sequence[Result]) -> str:
    """What an effective draw of the worst parameter costs, as Markdown."""
    far = deviations(results)
    head = (
        "method", "worst ESS", "tail", "R-hat", "divergent", "gradients", "values", "wall [s]",
        "CPU [s]", "ESS / gradient", "ESS / value", "ESS / CPU h", "ESS / wall s",
        "ESS / sampling s", "means [sigma]", "widths [%]",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for r in results:
        per_value = f"{r.worst / r.values:.2g}" if r.values else ""
        per_gradient = "" if r.values else f"{r.worst / r.gradients:.2g}"
        shift, width = far[r.method]
        row = (
            r.method, f"{r.worst:.0f}", f"{min(r.ess_tail):.0f}", f"{r.r_hat:.4f}",
            str(r.divergent), str(r.gradients), str(r.values), f"{r.seconds:.0f}",
            f"{r.cpu_s:.0f}", per_gradient, per_value, f"{3600 * r.worst / r.cpu_s:.0f}",
            f"{r.worst / r.seconds:.1f}", f"{r.worst / r.sampling_s:.1f}",
            f"{shift.value:.3f} +- {shift.error:.3f}",
            f"{100 * width.value:.1f} +- {100 * width.error:.1f}",
        )  # fmt: skip
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write ess.json and ess.md; each is replaced as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "ess.json": json.dumps([asdict(r) for r in results], indent=1),
        "ess.md": f"{cost_table(results)}\n\n{relative_table(results)}\n",
    }
    for name, text in texts.items():
        with atomic_writer(folder / name) as handle:
            handle.write(text.encode())
    return [folder / name for name in texts]
