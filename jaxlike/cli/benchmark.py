"""`jaxlike benchmark`: time a posterior, compare samplers, calibrate one, weigh by evidence."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import (
    CONFIG_HELP,
    Parents,
    add_force,
    add_no_progress,
    named_value,
    option_overrides,
    positive,
)
from jaxlike.cli.running import termination_as_interrupt, warn
from jaxlike.errors import ConfigError
from jaxlike.outputs import locked

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `benchmark` to the commands."""
    parser = subparsers.add_parser(
        "benchmark",
        parents=[shared.device, shared.model],
        help="time a posterior (all of it with speed); compare samplers (ess), calibrate one "
        "(sbc), weigh (evidence)",
    )
    parser.add_argument(
        "config", nargs="+", metavar="[speed|ess|sbc|evidence] CONFIG", help=CONFIG_HELP
    )
    parser.add_argument(
        "--vs",
        metavar="A,B,...",
        help="other codes beside it, in turns: ccl, jax-cosmo, camb (with speed; those installed)",
    )
    parser.add_argument(
        "--longest",
        type=float,
        metavar="SECONDS",
        help="of one call: larger batches are left out (with speed; 10)",
    )
    parser.add_argument(
        "--methods", metavar="A,B,...", help="samplers that are compared (with ess)"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="METHOD.NAME=VALUE",
        help="option of a sampler (with ess; NAME=VALUE with sbc and evidence; repeatable)",
    )
    parser.add_argument(
        "--output", metavar="DIR", help="folder of tables and figures (benchmark_ess, ...)"
    )
    parser.add_argument(
        "--mocks", type=positive, metavar="N", help="simulated data vectors (with sbc; 200)"
    )
    add_force(parser, "existing results")
    parser.add_argument("--resume", action="store_true", help="go on where it was stopped")
    add_no_progress(parser, "progress bars")
    parser.set_defaults(run=benchmark)


def benchmark(arguments: argparse.Namespace) -> int:
    """Time the likelihood, or run one of `KINDS`."""
    from jaxlike.compile_cache import forget_compiled

    forget_compiled()
    kind, configs = arguments.config[0], arguments.config[1:]
    if kind in KINDS and configs:
        if kind != "evidence" and len(configs) > 1:
            raise ConfigError(f"benchmark {kind} takes one CONFIG, not {' '.join(configs)}")
        run, unused = KINDS[kind]
        _refuse(arguments, unused, f"with {kind}")
        return run(arguments, configs)
    if len(arguments.config) > 1:
        raise ConfigError(
            f"benchmark takes one CONFIG, or one of {', '.join(KINDS)} and a CONFIG, not "
            f"{' '.join(arguments.config)}"
        )
    _refuse(arguments, _EVERY, f"without {' or '.join(KINDS)}")
    from jaxlike.benchmarks import speed

    print(speed.table(speed.run(kind, option_overrides(arguments))))
    return 0


def _refuse(arguments: argparse.Namespace, names: Sequence[str], where: str) -> None:
    for name in names:
        if getattr(arguments, name) not in (None, False, []):
            raise ConfigError(f"option --{name.replace('_', '-')} has no effect {where}")


def _speed(arguments: argparse.Namespace, configs: Sequence[str]) -> int:
    """The table of load, compilation, value, gradient and batches."""
    from jaxlike.benchmarks import speed

    longest = 10.0 if arguments.longest is None else arguments.longest
    if not longest > 0:
        raise ConfigError(f"option --longest is {longest:g}; accepted are seconds above 0")
    folder = _folder(arguments, "speed")
    vs = arguments.vs.split(",") if arguments.vs else ()
    found = speed.run(
        configs[0], option_overrides(arguments), batches=speed.MANY, longest_s=longest, vs=vs
    )
    print(speed.table(found))
    print("files", ", ".join(map(str, speed.write(found, folder))))
    return 0


def _ess(arguments: argparse.Namespace, configs: Sequence[str]) -> int:
    """Compare samplers by their effective sample sizes."""
    from jaxlike.benchmarks import ess
    from jaxlike.inference.samplers.by_name import checked_options
    from jaxlike.plots.benchmarks import contour_figures

    folder = _folder(arguments, "ess")
    methods = arguments.methods.split(",") if arguments.methods else ess.METHODS
    options: dict[str, dict[str, Any]] = {method: {} for method in methods}
    form = f"METHOD.NAME=VALUE with METHOD of {', '.join(options)}"
    for item in arguments.option:
        name, value = named_value("--option", item, form)
        label, dot, option = name.partition(".")
        if not dot or label not in options:
            raise ConfigError(f"option --option is '{item}'; accepted is {form}")
        options[label][option] = value
    for label, given in options.items():  # before any of them takes its time
        checked_options(ess.method_of(label), given)
    model = _model(arguments, configs[0])

    def report(result: ess.Result) -> None:
        print(
            f"{result.method}: worst ESS {result.worst:.0f}, R-hat {result.r_hat:.4f}, "
            f"{result.seconds:.0f} s",
            flush=True,
        )
        for complaint in result.complaints:
            warn(f"{result.method}: {complaint}")

    shown = not arguments.no_progress
    with termination_as_interrupt():
        results = ess.compare(
            model, options, folder, progress=shown, resume=arguments.resume, report=report
        )
    files = [*ess.write(results, folder), *contour_figures(results, folder)]
    print(f"\n{ess.cost_table(results)}\n\n{ess.relative_table(results)}\n")
    print("files", ", ".join(map(str, files)))
    return 0


def _sbc(arguments: argparse.Namespace, configs: Sequence[str]) -> int:
    """Simulation-based calibration; status 1 where a parameter's ranks are not uniform."""
    from jaxlike.benchmarks import sbc
    from jaxlike.plots.benchmarks import rank_figure

    options = _named_options(arguments, "nuts")
    folder = _folder(arguments, "sbc")
    model = _model(arguments, configs[0])
    with termination_as_interrupt():
        found = sbc.calibrate(
            model,
            arguments.mocks or 200,
            options=options,
            progress=not arguments.no_progress,
            checkpoint=folder / "sbc.checkpoint.npz",
            resume=arguments.resume,
        )
    files = [*sbc.write(found, folder), rank_figure(found, folder / "sbc.png")]
    print(sbc.table(found))
    worst = int(found.p_values.argmin())
    print(
        f"{len(found.ranks)} mocks, smallest p {found.p_values[worst]:.3f} ({found.names[worst]}), "
        f"largest R-hat {found.r_hat.max():.3f}, {found.divergent.sum()} divergent draws"
    )
    print("files", ", ".join(map(str, files)))
    if found.p_values[worst] < 0.01:
        warn(f"the ranks of {found.names[worst]} are not uniform: p < 0.01")
        return 1
    return 0


def _evidence(arguments: argparse.Namespace, configs: Sequence[str]) -> int:
    """Evidence of each configuration, by two methods."""
    from jaxlike.benchmarks import evidence

    options = _named_options(arguments, "nested")
    folder = _folder(arguments, "evidence")
    shown = not arguments.no_progress
    estimates: list[evidence.Estimate] = []
    for config in configs:
        model = _model(arguments, config)
        live, seed = options.get("live", 500), options.get("seed", 0)
        estimates.append(evidence.nautilus(config, model, 4 * live, seed, shown))
        estimates.append(evidence.nested(config, model, options, shown, folder))
        files = evidence.write(estimates, folder)
    print(evidence.table(estimates))
    print("files", ", ".join(map(str, files)))
    return 0


KINDS: dict[str, tuple[Callable[[argparse.Namespace, Sequence[str]], int], tuple[str, ...]]] = {
    "speed": (_speed, ("methods", "mocks", "option", "resume", "no_progress")),
    "ess": (_ess, ("mocks", "vs", "longest")),
    "sbc": (_sbc, ("methods", "vs", "longest")),
    "evidence": (_evidence, ("methods", "mocks", "resume", "vs", "longest")),
}
"""Benchmarks besides a short look at the time, and the options that each has no use for."""
_EVERY = ("methods", "mocks", "option", "output", "force", "resume", "no_progress", "vs", "longest")


def _named_options(arguments: argparse.Namespace, method: str) -> dict[str, Any]:
    """The options NAME=VALUE of the one method that a benchmark runs."""
    from jaxlike.inference.samplers.by_name import checked_options

    given = dict(named_value("--option", item, "NAME=VALUE") for item in arguments.option)
    return checked_options(method, given)


def _model(arguments: argparse.Namespace, config: str) -> "Model":
    import jaxlike

    model = jaxlike.load(config, **option_overrides(arguments))
    print(f"{config}: {len(model.parameters)} parameters, {model.data.n_data} points", flush=True)
    return model


def _folder(arguments: argparse.Namespace, kind: str) -> Path:
    """Where a benchmark writes; ConfigError where there is one already."""
    import matplotlib

    matplotlib.use("agg")
    folder = Path(arguments.output or f"benchmark_{kind}")
    if arguments.resume and arguments.force:
        raise ConfigError("options --resume and --force contradict each other: give one")
    existing = sorted(folder.glob(f"{kind}.*")) if folder.is_dir() else []
    if existing and not (arguments.force or arguments.resume):
        raise ConfigError(
            f"output '{folder}': {existing[0]} exists already; give another --output, --resume to "
            "go on, or --force to replace it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    arguments.held.enter_context(locked(folder / kind))
    return folder
