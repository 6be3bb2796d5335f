"""`jaxlike minimise`: the best fit of a posterior, and its files."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, add_config, add_force, add_prefix
from jaxlike.cli.opening import open_model

if TYPE_CHECKING:
    from jaxlike.config import Config

_PLOTS = ("data_vector", "residuals")


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `minimise` to the commands, in both spellings."""
    parser = subparsers.add_parser(
        "minimise",
        aliases=["minimize"],
        parents=[shared.device, shared.model],
        help="find the best fit of a posterior",
    )
    add_config(parser)
    parser.add_argument(
        "--starts",
        type=int,
        default=4,
        metavar="N",
        help="searches: from the reference point, then from draws of the prior (4)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the random numbers (0)"
    )
    add_prefix(parser, ".minimum, .minimum.txt, .covmat and two plots", "best_fit")
    add_force(parser, "an existing best fit")
    parser.add_argument("--no-plot", action="store_true", help="do not plot the data vector")
    parser.set_defaults(run=minimise)


def minimise(arguments: argparse.Namespace) -> int:
    """Find the best fit of a config; write it, its covariance and a plot of the data vector."""
    import matplotlib
    import numpy as np

    matplotlib.use("agg")
    from jaxlike.inference import best_fit, write_best_fit
    from jaxlike.inference.results.best_fit_files import existing_best_fit
    from jaxlike.inference.runs.options import SEED, check_whole
    from jaxlike.plots.data_vector import data_vector_images, data_vector_plots

    check_whole("--starts", arguments.starts, 1)
    check_whole("seed", arguments.seed, *SEED)  # before it takes its time

    def existing(prefix: str, config: "Config") -> list[Path]:
        names = () if arguments.no_plot else [one.name for one in config.likelihoods]
        images = data_vector_images(prefix, names, _PLOTS)
        return [*existing_best_fit(prefix), *(file for file in images if file.exists())]

    model, prefix = open_model(arguments, "best_fit", existing)
    begin = time.perf_counter()

    def tell(start: int, log_posterior: float) -> None:
        seconds = time.perf_counter() - begin
        print(
            f"start {start + 1} of {arguments.starts}: ln posterior = {log_posterior:.4f} "
            f"({seconds:.1f} s)",
            flush=True,
        )

    fit = best_fit(model, starts=arguments.starts, seed=arguments.seed, report=tell)
    values = np.asarray(model.derived(fit.x))
    latex = model.derived_parameters
    derived = {name: (float(v), latex[name]) for name, v in zip(latex, values, strict=True)}
    factors = np.asarray(model.log_priors(fit.x))[1:]
    files = write_best_fit(
        fit,
        prefix,
        names=model.parameters,
        latex=[spec.latex or spec.name for spec in model.specs],
        chi2s={name: float(value) for name, value in model.chi2s(fit.x).items()}
        if len(model.parts) > 1
        else {"jaxlike": fit.chi2},
        fixed={p.name: p.value for p in model.config.parameters if p.value is not None},
        derived=derived,
        external=dict(zip(model.external_priors, map(float, factors), strict=True)),
    )
    width = max(map(len, (*model.parameters, *derived)))
    for name, value, error in zip(
        model.parameters, fit.x, np.sqrt(np.diag(fit.covariance)), strict=True
    ):
        edge = "  at an end of its prior" if name in fit.at_edge else ""
        print(f"{name:<{width}} {value:12.5g} +- {error:<10.3g}{edge}")
    for name, (value, _) in derived.items():
        print(f"{name:<{width}} {value:12.5g}")
    same = int(np.sum(fit.ends > fit.log_posterior - 0.01))
    points = f" for {model.n_points} points" if model.n_points else ""
    print(
        f"\nchi2 = {fit.chi2:.3f}{points}, ln posterior = "
        f"{fit.log_posterior:.4f}; {same} of {arguments.starts} starts end there; "
        f"{fit.n_gradients} gradients, {time.perf_counter() - begin:.1f} s with compilation"
    )
    if model.measured and not arguments.no_plot:
        files += data_vector_plots(model, fit.x, prefix, "best fit", kinds=_PLOTS)
    print(f"files {', '.join(map(str, files))}")
    return 0
