"""What `jaxlike fisher` and `jaxlike moped` do, and what they print."""

import argparse
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from jaxlike.cli.commands import named_value, open_model
from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from jaxlike.forecast.fisher import Fisher
    from jaxlike.posterior.model import Model


def fisher(arguments: argparse.Namespace) -> int:
    """Print the Fisher forecast of a config; write its covariance and a plot of its contours."""
    import jax
    import matplotlib
    import numpy as np

    matplotlib.use("agg")
    from jaxlike.forecast.fisher import check_inside, choose, information, named
    from jaxlike.forecast.fisher_files import unused_checker, write_fisher
    from jaxlike.forecast.model_covariance import gaussian_covariance_of
    from jaxlike.plots.forecast import Gaussian, gaussian_plot

    endings = (".covmat", ".fisher.txt", "_triangle.png")
    model, prefix = open_model(arguments, "fisher", unused_checker(*endings))
    fixed = _point("--fixed", arguments.fixed, value=False)
    at = _point("--at", arguments.at, value=True)
    values = {name: number for name, number in fixed.items() if number is not None}
    for name in values:
        if name in at:
            raise ConfigError(f"options --fixed and --at both give '{name}' a value: give one")
    columns, x = choose(model, _names(arguments.parameters), fixed, {**at, **values})
    check_inside(model, x)
    pair = _pair(arguments.pair, [model.parameters[i] for i in columns])
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


def moped(arguments: argparse.Namespace) -> int:
    """Compress the data of a config to one number a parameter; compare, write and plot."""
    import numpy as np

    from jaxlike.files import atomic_writer
    from jaxlike.forecast.compression import compare
    from jaxlike.forecast.fisher_files import unused_checker
    from jaxlike.inference.results.chain_files import check_prefix
    from jaxlike.plots.forecast import contour_plot

    if any(
        named_value("--set", item, "OPTION=VALUE")[0] == "compression" for item in arguments.set
    ):
        raise ConfigError("option --set compression has no effect: `jaxlike moped` compresses")
    arguments.set.append("compression=none")
    model, prefix = open_model(arguments, "moped", unused_checker(".npz", "_contours.png"))
    pair = _pair(arguments.pair, model.parameters) or tuple(model.parameters[:2])
    if len(pair) < 2:
        raise ConfigError(f"{arguments.config}: contours need two sampled parameters")
    found = compare(model, pair)
    width = max(map(len, model.parameters))
    print(f"{'':<{width}} {'b.data':>14} {'b.theory':>14}   difference [sigma]")
    for name, y, expected in zip(model.parameters, found.data, found.theory, strict=True):
        print(f"{name:<{width}} {y:14.4f} {expected:14.4f} {y - expected:12.3f}")
    print(
        f"\n{model.data.n_data} points to {len(found.data)} numbers; chi2 at the best fit "
        f"{found.chi2[0]:.3f} and {found.chi2[1]:.3f}; Fisher matrices differ by "
        f"{found.fisher_difference:.1e} of their diagonal"
    )
    path = check_prefix(prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(f"{prefix}.npz") as file:
        np.savez(
            file,
            names=np.array(model.parameters),
            at=found.at,
            vectors=found.vectors,
            compressed_data=found.data,
            compressed_theory=found.theory,
        )
    latex = {spec.name: spec.latex or spec.name for spec in model.specs}
    where = {n: float(v) for n, v in zip(model.parameters, found.at, strict=True)}
    plot = contour_plot(
        found.axes,
        {
            f"{model.data.n_data} points": found.surfaces[0],
            f"{len(found.data)} numbers": found.surfaces[1],
        },
        (latex[pair[0]], latex[pair[1]]),
        f"{prefix}_contours.png",
        at=(where[pair[0]], where[pair[1]]),
    )
    print(f"files {prefix}.npz, {plot}")
    return 0


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",")]


def _number(option: str, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"option {option} {name}='{text}' is not a number") from error


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


def _pair(text: str | None, names: Sequence[str]) -> tuple[str, ...]:
    """The two parameters of --pair; (w0, wa) where it is not given and both vary; else none."""
    from jaxlike.forecast.fisher import check_names
    from jaxlike.registry.names import split_name

    if text is not None:
        chosen = tuple(_names(text) or ())
        if len(chosen) != 2:
            raise ConfigError(
                f"option --pair is '{text}'; accepted is A,B, two of {', '.join(names)}"
            )
        check_names(chosen, names, "that varies")
        return chosen
    dark = {(split_name(name) or ("", None))[0]: name for name in names}
    return (dark["w0"], dark["wa"]) if {"w0", "wa"} <= set(dark) else ()


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
