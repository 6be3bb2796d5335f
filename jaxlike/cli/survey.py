"""`jaxlike survey`: the forecast of a survey, what would help it, and a better design."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, add_force

if TYPE_CHECKING:
    from jaxlike.forecast.design import Design
    from jaxlike.forecast.optimise import Optimum
    from jaxlike.forecast.survey import Forecast, Merit

_ENDINGS = (".covmat", ".fisher.txt", "_improved.yaml", "_survey.png")


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `survey` to the commands."""
    parser = subparsers.add_parser(
        "survey", parents=[shared.device], help="forecast a survey of given design, and improve it"
    )
    parser.add_argument(
        "config", metavar="CONFIG", help="a survey, as cobaya_yaml/survey_example.yaml"
    )
    parser.add_argument(
        "--no-optimise", action="store_true", help="the forecast and its gradient alone"
    )
    parser.add_argument(
        "--output",
        metavar="PREFIX",
        help="written are PREFIX.covmat, .fisher.txt, _improved.yaml and _survey.png (the file's "
        "output, or chains/ and its name)",
    )
    add_force(parser, "existing files")
    parser.set_defaults(run=survey)


def survey(arguments: argparse.Namespace) -> int:
    """Print the forecast of a survey and its gradient; improve its design at equal cost."""
    import jax
    import numpy as np

    from jaxlike.files import atomic_writer
    from jaxlike.forecast.design import as_arrays
    from jaxlike.forecast.fisher import Fisher, inverted
    from jaxlike.forecast.fisher_files import write_fisher
    from jaxlike.forecast.optimise import gradient, optimise
    from jaxlike.forecast.options import read_survey
    from jaxlike.inference.results.chain_files import check_prefix, check_replaced
    from jaxlike.inference.results.text_files import existing_texts
    from jaxlike.outputs import check_no_input, locked
    from jaxlike.plots.survey import survey_plot
    from jaxlike.registry.names import default_latex

    config = read_survey(arguments.config)
    prefix = arguments.output or config.output or str(Path("chains", config.path.stem))
    check_prefix(prefix)
    arguments.held.enter_context(locked(prefix))
    there = existing_texts(prefix, _ENDINGS)
    if not arguments.force:
        check_replaced(prefix, there)
    check_no_input(there, [config.path])
    begin = time.perf_counter()
    forecast, design = config.forecast(), config.design
    matrix = np.asarray(jax.jit(forecast.fisher)(as_arrays(design)))
    inverted(matrix, forecast.names)  # which says what is not measured
    before = jax.device_get(jax.jit(forecast.merit)(as_arrays(design)))
    print(
        f"{config.path}: {len(forecast.names)} parameters, {int(forecast.kept.sum())} C_ell "
        f"({time.perf_counter() - begin:.1f} s)",
        flush=True,
    )
    latex = tuple(default_latex(name) for name in forecast.names)
    at = np.array([_fiducial(config, name) for name in forecast.names])
    found = Fisher(forecast.names, latex, at, matrix)
    width = max(map(len, forecast.names))
    for name, value, error in zip(found.names, at, before.errors, strict=True):
        print(f"{name:<{width}} {value:10.5g} +- {error:.3g}")
    print(_merit(forecast, before))

    merit = config.optimise.merit
    function = jax.jit(lambda d: gradient(forecast, d, merit))
    begin = time.perf_counter()
    compiled = function.lower(as_arrays(design)).compile()
    compiling = time.perf_counter() - begin
    _, slopes = jax.block_until_ready(compiled(as_arrays(design)))
    begin = time.perf_counter()
    jax.block_until_ready(compiled(as_arrays(design)))
    seconds = time.perf_counter() - begin
    what = "FoM" if merit == "fom" else "1 / error of S8"
    print(f"\nd ln({what}) / d ln of")
    for name, slope, value in _slopes(slopes, design):
        print(f"  {name:<20} {slope * value:8.3f}")
    print(
        f"{what} and gradient in {1000 * seconds:.0f} ms, compiled in {compiling:.1f} s", flush=True
    )

    files = write_fisher(found, prefix)
    after: Optimum | None = None
    if not arguments.no_optimise:
        begin = time.perf_counter()
        after = optimise(forecast, design, config.optimise)
        print(
            f"\n{config.optimise.steps} steps at equal cost "
            f"({time.perf_counter() - begin:.1f} s with compilation):"
        )
        print(_merit(forecast, jax.device_get(after.merit)))
        improved = _as_yaml(after.design, config.optimise.adjust)
        print(improved, end="")
        files.append(Path(f"{prefix}_improved.yaml"))
        with atomic_writer(files[-1]) as file:
            file.write(improved.encode())
    files.append(survey_plot(forecast, design, after, f"{prefix}_survey.png", merit=what))
    print(f"files {', '.join(map(str, files))}")
    return 0


def _fiducial(config: Any, name: str) -> float:
    stem = name.rstrip("0123456789")
    if stem == "b":
        return float(config.bias[int(name[1:]) - 1])
    return float({**config.fiducial, **config.alignment}.get(name, 0.0))


def _merit(forecast: "Forecast", found: "Merit") -> str:
    dark = {"w0", "wa"} <= set(forecast.names)
    fom = f"figure of merit (w0, wa) = {float(found.fom):.4g}, " if dark else ""
    return f"{fom}error of S8 = {float(found.sigma_S8):.4g}"


def _slopes(slopes: "Design", design: "Design") -> list[tuple[str, float, float]]:
    """Names, derivatives and values of every number of a design."""
    import jax
    import numpy as np

    rows = []
    for (path, slope), value in zip(
        jax.tree_util.tree_leaves_with_path(slopes), jax.tree.leaves(design), strict=True
    ):
        name = " ".join(part.name for part in path)
        pairs = zip(np.ravel(np.asarray(slope)), np.ravel(np.asarray(value)), strict=True)
        several = np.ndim(value) > 0
        for i, (derivative, number) in enumerate(pairs):
            rows.append((f"{name} {i + 1}" if several else name, float(derivative), float(number)))
    return rows


def _as_yaml(design: "Design", adjusted: tuple[str, ...]) -> str:
    """What was adjusted, as entries of the file's block `survey`."""
    import numpy as np
    import yaml

    def rounded(value: Any) -> Any:
        return [round(float(v), 4) for v in value] if np.ndim(value) else float(f"{value:.5g}")

    block: dict[str, Any] = {}
    if "area" in adjusted:
        block["area"] = rounded(design.area)
    for kind in ("source", "lens"):
        sample = getattr(design, kind)
        if f"{kind}_edges" in adjusted:
            block.setdefault(kind, {})["edges"] = rounded(sample.edges)
        if "area" in adjusted:
            block.setdefault(kind, {})["density"] = rounded(sample.density)
    return yaml.safe_dump({"survey": block}, sort_keys=False, default_flow_style=None)
