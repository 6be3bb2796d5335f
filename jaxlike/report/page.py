"""The page itself: everything about a run in one HTML file that opens without a network."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.files import atomic_writer
from jaxlike.forecast.predictive import TOTAL
from jaxlike.inference.results.draws import Draws, kish
from jaxlike.inference.results.read_draws import read_draws
from jaxlike.plots.contours import default_names
from jaxlike.report.fit import Fit, fit_of
from jaxlike.report.pictures import Picture, data_and_theory, movements, replicated, triangle
from jaxlike.report.record import Record, read_record
from jaxlike.report.table import AS_PRIOR, Row, rows_of, with_error
from jaxlike.report.verdicts import fit_level, fit_words, overall, verdicts_of

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model

_TEMPLATE = "page.html.j2"
_MARK = b'<meta name="generator" content="jaxlike'
_SHOWN = 4  # parameters whose traces are drawn


@dataclass(frozen=True)
class ModelGiven:
    """The model of the chains, or in words why there is none."""

    model: "Model | None" = None
    why: str = "no input of them is given: --config CONFIG"


def write_report(
    prefix: str | os.PathLike[str],
    given: ModelGiven | None = None,
    *,
    output: str | os.PathLike[str] | None = None,
    force: bool = False,
    version: str = "",
) -> Path:
    """Write the page about the chains `prefix` to PREFIX.html or `output`; returns its path.

    given: the posterior that they are of; without one there is no data vector, and the page says
    so. ConfigError where there are no chains, or where a file of that name is no such page and
    `force` is not set.

    >>> write_report("chains/mock_nuts", ModelGiven(jaxlike.load("mock.yaml")))
    """
    begin = time.perf_counter()
    root = Path(str(prefix).removesuffix(".txt"))
    target = Path(output) if output is not None else root.with_name(f"{root.name}.html")
    check_replaceable(target, force=force)
    draws, record = read_draws(prefix), read_record(Path(prefix))
    text = render(**contents(root.name, draws, record, given or ModelGiven()), version=version)
    seconds = f"{time.perf_counter() - begin:.1f}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(target) as handle:
        handle.write(text.replace("@SECONDS@", seconds).encode())
    return target


def check_replaceable(target: Path, *, force: bool = False) -> None:
    """ConfigError where there is something else under this name, unless `force` is set."""
    if target.is_dir():
        raise ConfigError(f"output '{target}' is a folder; accepted is a file, such as run.html")
    if force or not target.exists():
        return
    with target.open("rb") as handle:
        if _MARK not in handle.read(4096):
            raise ConfigError(
                f"output '{target}' exists and is no report; give another --output, or --force to "
                "replace it"
            )


def render(**found: Any) -> str:
    """The template, filled."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"level": lambda p: fit_level(p), "size": _size}
    return environment.get_template(_TEMPLATE).render(**found)


def contents(label: str, draws: Draws, record: Record, given: ModelGiven) -> dict[str, Any]:
    """All that the template shows."""
    problems: list[str] = []

    def pictures(draw: Callable[[], list[Picture]], what: str) -> list[Picture]:
        try:
            return draw()
        except Exception as error:  # one figure fewer is better than no page
            problems.append(f"{what} could not be drawn: {error or type(error).__name__}")
            return []

    with ThreadPoolExecutor(1) as pool:
        fitting = pool.submit(_fit, draws, given)  # most of which is compilation
        rows, summary = rows_of(draws)
        verdicts = verdicts_of(draws, summary, record.run, ours=record.program == "jaxlike")
        names = _slowest(draws, summary.ess_bulk)
        known = [row.name for row in rows if row.remark != AS_PRIOR]
        corners = pictures(lambda: triangle(draws, label, known), "The triangle")
        moved = pictures(lambda: movements(draws, names), "Traces and ranks")
        fit, why = fitting.result()

    return {
        "label": label,
        "record": record,
        "overall": overall(verdicts),
        "verdicts": verdicts,
        "cards": _cards(draws, rows, summary, record, fit),
        "rows": rows,
        "best": _best(draws),
        "fit": fit,
        "why_no_fit": why,
        "total": fit.checks[-1] if fit else None,
        "all_data": TOTAL,
        "fit_words": fit_words(fit.checks[-1].p_value, fit.is_mock) if fit else "",
        "triangle": corners,
        "data": pictures(lambda: data_and_theory(fit) if fit else [], "The data vector"),
        "replicated": pictures(lambda: replicated(fit) if fit else [], "Replicated data"),
        "movements": moved,
        "data_files": record.data_files(given.model),
        "times": _times(record, draws, summary.ess_bulk),
        "problems": problems,
        "weighted": draws.is_weighted,
    }


def _fit(draws: Draws, given: ModelGiven) -> tuple[Fit | None, str]:
    """The fit, or why there is none."""
    if given.model is None:
        return None, given.why
    if not given.model.measured:
        return None, "the input has no two-point data"
    try:
        return fit_of(given.model, draws), ""
    except JaxlikeError as error:
        return None, str(error)


def _slowest(draws: Draws, ess: np.ndarray) -> list[str]:
    """The sampled parameters of fewest effective draws: what went wrong shows in them."""
    order = np.argsort(np.where(np.isfinite(ess), ess, -1.0))
    return [draws.names[i] for i in order if draws.sampled[i]][:_SHOWN]


def _best(draws: Draws) -> dict[str, str]:
    """Log-posterior and -2 ln L at the best draw, as far as the files tell."""
    if not np.isfinite(draws.log_posterior).any():
        return {}
    at = int(np.nanargmax(draws.log_posterior))
    found = {"ln posterior": f"{draws.log_posterior[at]:.2f}"}
    log_likelihood = draws.log_posterior[at] - draws.log_prior[at]
    if np.isfinite(log_likelihood):
        found["-2 ln L"] = f"{-2 * log_likelihood:.2f}"
    return found


def _cards(
    draws: Draws, rows: Sequence[Row], summary: Any, record: Record, fit: Fit | None
) -> list[tuple[str, str]]:
    """What one wants to know first: name and value."""
    by_name = {row.name: row for row in rows}
    found = [(name, by_name[name].value) for name in default_names(draws.names)[:3]]
    best = _best(draws)
    if "-2 ln L" in best:
        points = f" for {fit.checks[-1].n} points" if fit else ""
        found.append(("-2 ln L of the best draw", f"{best['-2 ln L']}{points}"))
    sampled = sum(draws.sampled)
    worth = f", worth {kish(draws.weights):.0f}" if draws.is_weighted else ""
    chains = len(draws.lengths)
    found.append(("parameters", f"{sampled} sampled, {len(draws.names) - sampled} derived"))
    many = f" in {chains} chains" if chains > 1 else ""
    found.append(("draws", f"{len(draws.weights)}{many}{worth}"))
    if (seconds := record.about.get("seconds")) is not None:
        found.append(("time", f"{float(seconds):.0f} s"))
    if evidence := record.run.get("evidence"):
        found.append(("ln evidence", with_error(float(evidence["ln_z"]), float(evidence["error"]))))
    return found


def _times(record: Record, draws: Draws, ess: np.ndarray) -> dict[str, str]:
    """What the run took."""
    phases = dict(record.run.get("seconds") or {})
    rows = {name: f"{float(value):.1f} s" for name, value in phases.items() if value}
    total = record.about.get("seconds")
    if total is not None:
        rows["in all"] = f"{float(total):.1f} s"
    if cpu := record.run.get("cpu_seconds"):
        rows["CPU"] = f"{float(cpu):.1f} s"
    if gradients := record.run.get("gradients"):
        rows["gradients"] = f"{gradients}, {gradients / len(draws.weights):.1f} a draw"
    if total and np.isfinite(ess).any():
        least = float(np.nanmin(ess))
        rows["effective draws"] = f"{least:.0f} at least, {least / float(total):.1f} a second"
    return rows


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.2f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.1f} kB"
