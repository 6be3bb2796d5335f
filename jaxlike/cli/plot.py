"""`jaxlike plot`: chains, a data vector, and a posterior predictive check of one by the other."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import (
    CONFIG_HELP,
    Parents,
    add_no_progress,
    names_in,
    option_overrides,
    stem_of,
)
from jaxlike.errors import ConfigError

_BANDS = (0.95, 0.68)
_OF_CHAINS = ("params", "trace", "names", "compare", "truth", "priors", "hide")
_TELLING = ("trace", "truth", "priors")
"""Options that show what --hide hides."""

"""Options that are about chains."""


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `plot` to the commands."""
    parser = subparsers.add_parser(
        "plot",
        parents=[shared.device, shared.model],
        help="plot the chains of a run, its data vector and a posterior predictive check",
    )
    parser.add_argument(
        "chains",
        metavar="PREFIX",
        nargs="*",
        help="prefixes of chains, or CosmoSIS chains, drawn over each other",
    )
    parser.add_argument(
        "--config",
        help="also plot its data vector, at the best draw of the (first) chains, with bands of the "
        "posterior's theory and chi^2 of replicated data, or else at the reference point: "
        + CONFIG_HELP,
    )
    parser.add_argument("--params", metavar="A,B,...", help="parameters of the plots of chains")
    parser.add_argument(
        "--names", metavar="A,B,...", help="what the chains are called in the legend (their files)"
    )
    parser.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="NAME=PREFIX",
        help="other chains, such as published ones, by what the legend calls them (repeatable)",
    )
    parser.add_argument(
        "--truth",
        metavar="A=X,B=Y,...",
        help="values of parameters that the triangle marks, such as those that a mock was made of",
    )
    parser.add_argument(
        "--priors",
        action="store_true",
        help="also priors in the triangle, of --config or else of PREFIX.updated.yaml",
    )
    parser.add_argument(
        "--hide",
        action="store_true",
        help="hide what parameters are: each less its mean in the first chains",
    )
    parser.add_argument(
        "--trace", action="store_true", help="also traces and ranks: STEM_trace.png, STEM_rank.png"
    )
    parser.add_argument(
        "--residuals",
        action="store_true",
        help="also the data vector minus the theory: STEM_residuals.png",
    )
    parser.add_argument(
        "--draws",
        type=int,
        metavar="N",
        help="draws that the bands and the check are made of (400)",
    )
    parser.add_argument(
        "--output",
        metavar="STEM",
        help="images are STEM_triangle.png, STEM_data_vector.png, STEM_chi2.png",
    )
    parser.add_argument(
        "--format", choices=("png", "pdf", "svg"), default="png", help="of the images (png)"
    )
    add_no_progress(parser)
    parser.set_defaults(run=plot)


def plot(arguments: argparse.Namespace) -> int:
    """Plot chains, a data vector, and a posterior predictive check of one by the other."""
    _check_effects(arguments)
    import matplotlib

    matplotlib.use("agg")
    from jaxlike.inference import inference_data_of_files
    from jaxlike.plots.contours import load_chains, triangle_plot
    from jaxlike.plots.hidden import hidden
    from jaxlike.plots.traces import trace_and_rank_plots

    stem = arguments.output or stem_of((arguments.chains or [Path(arguments.config).stem])[0])
    prefixes, labels = _named_chains(arguments)
    runs = [load_chains(prefix) for prefix in prefixes]
    for run, label in zip(runs, labels, strict=True):
        run.label = label or run.label
    suffix = arguments.format
    if runs:
        names = names_in(arguments.params)
        runs = hidden(runs) if arguments.hide else runs
        path = triangle_plot(
            runs,
            f"{stem}_triangle.{suffix}",
            names=names,
            truth=_truth(arguments.truth),
            priors=_priors(arguments) if arguments.priors else None,
        )
        print(path)
        if arguments.trace:
            for prefix in arguments.chains:
                own = stem if len(prefixes) == 1 else f"{stem}_{Path(stem_of(prefix)).name}"
                data = inference_data_of_files(prefix)
                for path in trace_and_rank_plots(data, own, names, suffix=suffix):
                    print(path)
    if arguments.config:
        _plot_data_vector(arguments, stem)
    return 0


def _named_chains(arguments: argparse.Namespace) -> tuple[list[str], list[str | None]]:
    """Prefixes of all chains to draw, and what each is called, None where its file says it."""
    prefixes, names = list(arguments.chains), names_in(arguments.names)
    if names is not None and len(names) != len(prefixes):
        raise ConfigError(
            f"option --names has {len(names)} names for {len(prefixes)} chains; give one for each "
            "PREFIX"
        )
    labels: list[str | None] = list(names) if names is not None else [None for _ in prefixes]
    for item in arguments.compare:
        name, equals, prefix = item.partition("=")
        if not (name and equals and prefix):
            raise ConfigError(f"option --compare is '{item}'; accepted is NAME=PREFIX")
        prefixes.append(prefix)
        labels.append(name)
    return prefixes, labels


def _truth(text: str | None) -> dict[str, float]:
    """Parameter -> value that is marked."""
    found = {}
    for item in names_in(text) or ():
        name, _, value = item.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise ConfigError(
                f"option --truth is '{text}'; accepted is NAME=NUMBER,... such as omegam=0.3"
            ) from None
    return found


def _priors(arguments: argparse.Namespace) -> dict[str, Any]:
    """The priors of the first chains, by name of the parameter."""
    from jaxlike.config import read_config

    recorded = Path(f"{arguments.chains[0]}.updated.yaml")
    if arguments.config is None and not recorded.is_file():
        raise ConfigError(f"option --priors needs --config, for there is no {recorded}")
    config = read_config(arguments.config or recorded)
    return {p.name: p.prior for p in config.sampled}


def _check_effects(arguments: argparse.Namespace) -> None:
    """ConfigError on options that would do nothing, and on bad ones."""
    chains, config = arguments.chains, arguments.config is not None
    if not chains and not config:
        raise ConfigError("nothing to plot; give a PREFIX of chains, --config CONFIG, or both")
    of_chains = {name: getattr(arguments, name) for name in _OF_CHAINS}
    if not chains and any(of_chains.values()):
        given = " and ".join(f"--{name}" for name, value in of_chains.items() if value)
        raise ConfigError(f"options {given} have no effect without a PREFIX of chains")
    if arguments.hide and (shown := [name for name in _TELLING if of_chains[name]]):
        raise ConfigError(f"option --hide hides what --{shown[0]} shows: leave out one of the two")
    if not config and (arguments.data_file or arguments.set or arguments.residuals):
        raise ConfigError(
            "options --data-file, --set and --residuals have no effect without --config"
        )
    if not (chains and config) and (arguments.draws is not None or arguments.no_progress):
        raise ConfigError(
            "options --draws and --no-progress have no effect without a PREFIX of chains and "
            "--config"
        )
    if arguments.draws is not None and arguments.draws < 1:
        raise ConfigError(f"option --draws is {arguments.draws}; accepted is a number above 0")


def _plot_data_vector(arguments: argparse.Namespace, stem: str) -> None:
    import jaxlike
    from jaxlike.forecast.predictive import N_DRAWS, as_table, check, predictive
    from jaxlike.inference import read_draws
    from jaxlike.plots.data_vector import data_vector_plots
    from jaxlike.plots.predictive import chi2_plot

    model = jaxlike.load(arguments.config, **option_overrides(arguments))
    if not model.measured:
        if arguments.chains:
            print(f"{arguments.config}: no two-point data, so there is no data vector to draw")
            return
        raise ConfigError(
            f"{arguments.config}: no two-point data, of which there is nothing to draw"
        )
    source = ", ".join(Path(one.data.source).name for one in model.measured.values())
    draws = read_draws(arguments.chains[0]) if arguments.chains else None
    x, where, text = model.reference, "reference point", ""
    bands: dict[str, Any] = {}
    if draws is not None:
        x, where = draws.best(model.parameters), "best draw"
        of = predictive(
            model, draws, n=arguments.draws or N_DRAWS, progress=not arguments.no_progress
        )
        bands = of.bands(_BANDS)
        checks = check(of)
        title = f"{source}: posterior predictive check, {len(of.weights)} draws"
        text = f"\n{title}\n{as_table(checks)}"
    kinds = ("data_vector", *(["residuals"] if arguments.residuals else []))
    suffix = arguments.format
    for path in data_vector_plots(model, x, stem, where, kinds=kinds, bands=bands, suffix=suffix):
        print(path)
    if draws is not None:
        print(chi2_plot(checks, f"{stem}_chi2.{suffix}", title=title))
        print(text)
