"""What `jaxlike benchmark` does: time the likelihood, or compare samplers."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.commands import named_value, option_overrides, warn
from jaxlike.errors import ConfigError
from jaxlike.names import split_name

if TYPE_CHECKING:
    from jaxlike.inference import Chains


def benchmark(arguments: argparse.Namespace) -> int:
    """Time the likelihood, or with `ess` compare samplers by their effective sample sizes."""
    from jaxlike.compile_cache import forget_compiled

    forget_compiled()
    if arguments.config[0] == "ess" and len(arguments.config) == 2:
        return _benchmark_ess(arguments, arguments.config[1])
    if len(arguments.config) > 1:
        raise ConfigError(
            f"benchmark takes one CONFIG, or ess and one CONFIG, not {' '.join(arguments.config)}"
        )
    for name in ("methods", "option", "output", "force", "no_progress"):
        if getattr(arguments, name):
            raise ConfigError(f"option --{name.replace('_', '-')} has no effect without ess")
    from jaxlike.benchmarks import likelihood

    return likelihood.run(arguments.config[0], option_overrides(arguments)) or 0


def _benchmark_ess(arguments: argparse.Namespace, config: str) -> int:
    import matplotlib

    matplotlib.use("agg")
    import jaxlike
    from jaxlike.benchmarks import ess
    from jaxlike.plots import chains_as_samples, triangle_plot
    from jaxlike.samplers import checked_options

    folder = Path(arguments.output or "benchmark_ess")
    if (folder / "ess.json").exists() and not arguments.force:
        raise ConfigError(
            f"output '{folder}': {folder / 'ess.json'} exists already; give another --output, or "
            "--force to replace it"
        )
    methods = arguments.methods.split(",") if arguments.methods else ess.METHODS
    options: dict[str, dict[str, Any]] = {method: {} for method in methods}
    form = f"METHOD.NAME=VALUE with METHOD of {', '.join(options)}"
    for item in arguments.option:
        name, value = named_value("--option", item, form)
        method, dot, option = name.partition(".")
        if not dot or method not in options:
            raise ConfigError(f"option --option is '{item}'; accepted is {form}")
        options[method][option] = value
    for method, given in options.items():  # before any of them takes its time
        checked_options(method, given)
    model = jaxlike.load(config, **option_overrides(arguments))
    print(f"{config}: {len(model.parameters)} parameters, {model.data.n_data} points", flush=True)
    samples = []

    def report(result: ess.Result, chains: "Chains") -> None:
        samples.append(chains_as_samples(chains, result.method))
        print(
            f"{result.method}: worst ESS {result.worst:.0f}, R-hat {result.r_hat:.4f}, "
            f"{result.seconds:.0f} s",
            flush=True,
        )
        for complaint in result.complaints:
            warn(f"{result.method}: {complaint}")

    results = ess.compare(model, options, progress=not arguments.no_progress, report=report)
    files = ess.write(results, folder)
    files.append(triangle_plot(samples, folder / "contours.png"))
    biases = [name for name in model.parameters if (split_name(name) or ("",))[0] == "b"]
    if len(biases) > 1:
        files.append(triangle_plot(samples, folder / "biases.png", names=biases))
    print(f"\n{ess.cost_table(results)}\n\n{ess.relative_table(results)}\n")
    print("files", ", ".join(map(str, files)))
    return 0
