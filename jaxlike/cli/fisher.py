"""`jaxlike fisher`: the errors that a posterior's Fisher matrix forecasts."""

import argparse
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import (
    Parents,
    add_config,
    add_force,
    add_prefix,
    names_in,
    pair_in,
)
from jaxlike.cli.opening import open_model
from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from jaxlike.forecast.fisher import Fisher
    from jaxlike.posterior.model import Model


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `fisher` to the commands."""
    parser = subparsers.add_parser(
        "fisher",
        parents=[shared.device, shared.model],
        help="forecast the errors of a posterior by its Fisher matrix",
    )
    add_config(parser)
    parser.add_argument(
        "--parameters", metavar="A,B,...", help="parameters that vary (all that are sampled)"
    )
    parser.add_argument(
        "--fixed",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a sampled parameter that is known, at its reference or this value (repeatable)",
    )
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="where to expand, instead of at the reference value (repeatable)",
    )
    parser.add_argument(
        "--no-priors", action="store_true", help="the data alone, without Gaussian priors"
    )
    parser.add_argument(
        "--method",
        choices=("jacobian", "hessian"),
        default="jacobian",
        help="derivatives of the mean, or the Hessian of ln L of data without noise (jacobian)",
    )
    parser.add_argument(
        "--f-sky",
        type=float,
        metavar="F",
        help="add what the Gaussian covariance of C_ell tells by its dependence on the parameters, "
        "for this fraction of the sky and the file's densities and shape noise",
    )
    parser.add_argument(
        "--pair", metavar="A,B", help="print the figure of merit of these two (w0,wa if they vary)"
    )
    add_prefix(parser, ".covmat, .fisher.txt and _triangle.png", "fisher")
    add_force(parser, "existing files")
    parser.set_defaults(run=fisher)


def fisher(arguments: argparse.Namespace) -> int:
    """Print the Fisher forecast of a config; write its covariance and a plot of its contours."""
    import jax
    import matplotlib
    import numpy as np

    matplotlib.use("agg")
    from jaxlike.forecast.fisher import check_inside, choose, information, named
    from jaxlike.forecast.fisher_files import write_fisher
    from jaxlike.forecast.model_covariance import gaussian_covariance_of
    from jaxlike.inference.results.text_files import existing_texts
    from jaxlike.plots.forecast import Gaussian, gaussian_plot

    endings = (".covmat", ".fisher.txt", "_triangle.png")
    model, prefix = open_model(arguments, "fisher", lambda p, _: existing_texts(p, endings))
    fixed = _point("--fixed", arguments.fixed, value=False)
    at = _point("--at", arguments.at, value=True)
    values = {name: number for name, number in fixed.items() if number is not None}
    for name in values:
        if name in at:
            raise ConfigError(f"options --fixed and --at both give '{name}' a value: give one")
    columns, x = choose(model, names_in(arguments.parameters), fixed, {**at, **values})
    check_inside(model, x)
    pair = pair_in(arguments.pair, [model.parameters[i] for i in columns])
    covariance = None
    if arguments.f_sky is not None:
        covariance = gaussian_covariance_of(model, arguments.f_sky)
    function = partial(
        information,
        model,
        columns,
        method=arguments.method,
        priors=not arguments.no_priors,
        covariance=covariance,
    )
    begin = time.perf_counter()
    compiled = jax.jit(function).lower(x).compile()
    seconds = time.perf_counter() - begin
    memory = compiled.memory_analysis()
    matrix = jax.block_until_ready(compiled(x))
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        jax.block_until_ready(compiled(x))
        times.append(time.perf_counter() - begin)
    found = named(model, columns, x, matrix)
    print(_table(found))
    for name, value, error in _derived(model, found, columns, x):
        print(f"{name:<{max(map(len, found.names))}} {value:12.5g} +- {error:<10.3g}")
    if pair:
        print(f"\nfigure of merit ({', '.join(pair)}) = {found.figure_of_merit(*pair):.4g}")
    megabytes = (memory.temp_size_in_bytes if memory else 0) / 1e6
    print(
        f"\nFisher matrix by the {arguments.method} in {1000 * np.median(times):.1f} ms, compiled "
        f"in {seconds:.1f} s, {megabytes:.1f} MB of temporary memory"
    )
    files = write_fisher(found, prefix)
    drawn = Gaussian(found.names, found.latex, found.at, found.covariance)
    files.append(gaussian_plot([drawn], f"{prefix}_triangle.png"))
    print(f"files {', '.join(map(str, files))}")
    return 0


def _point(option: str, items: Iterable[str], *, value: bool) -> dict[str, Any]:
    """Names and values of NAME=VALUE, or (no `value` needed) of NAME alone."""
    found: dict[str, Any] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not name or (value and not equals):
            accepted = "NAME=VALUE" if value else "NAME or NAME=VALUE"
            raise ConfigError(f"option {option} is '{item}'; accepted is {accepted}")
        if name in found:
            raise ConfigError(f"option {option} names '{name}' twice")
        found[name] = _number(option, name, text) if equals else None
    return found


def _number(option: str, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"option {option} {name}='{text}' is not a number") from error


def _table(found: "Fisher") -> str:
    width = max(map(len, found.names))
    rows = [f"{'':<{width}} {'value':>12}    error      if all others are known"]
    for row in zip(found.names, found.at, found.errors, found.conditional_errors, strict=True):
        rows.append(f"{row[0]:<{width}} {row[1]:12.5g} +- {row[2]:<10.3g} {row[3]:<10.3g}")
    return "\n".join(rows)


def _derived(
    model: "Model", found: "Fisher", columns: Sequence[int], x: "np.ndarray"
) -> list[tuple[str, float, float]]:
    """Derived parameters with their values and forecast errors."""
    import jax
    import numpy as np

    if not model.derived_parameters:
        return []

    def both(x: "np.ndarray") -> tuple[jax.Array, jax.Array]:
        return jax.jacfwd(model.derived)(x), model.derived(x)

    gradients, values = map(np.asarray, jax.jit(both)(x))
    return [
        (name, float(value), found.error_of(gradient[list(columns)]))
        for name, value, gradient in zip(model.derived_parameters, values, gradients, strict=True)
        if np.any(gradient[list(columns)])
    ]
