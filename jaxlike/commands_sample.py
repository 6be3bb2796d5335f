"""What `jaxlike nuts` and `jaxlike sample` do: chains, their files, and what they print."""

import argparse
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.commands import (
    named_value,
    open_model,
    option_overrides,
    termination_as_interrupt,
    version_of,
    warn,
)
from jaxlike.errors import ConfigError
from jaxlike.names import split_name

if TYPE_CHECKING:
    from jaxlike.config import Config
    from jaxlike.inference import Chains

_NUTS = ("chains", "warmup", "samples", "seed", "target_accept", "max_tree_depth")


def nuts(arguments: argparse.Namespace) -> int:
    """Sample the posterior of a config by NUTS; write chains, print the diagnostics."""
    return _run(arguments, "nuts", {name: getattr(arguments, name) for name in _NUTS})


def sample(arguments: argparse.Namespace) -> int:
    """The same by any method; exit status 1 where the result should not be trusted yet."""
    from jaxlike.samplers import checked_options

    given: dict[str, Any] = dict(
        named_value("--option", item, "NAME=VALUE") for item in arguments.option
    )
    for name in ("chains", "samples", "seed"):
        if getattr(arguments, name) is not None:
            given[name] = getattr(arguments, name)
    return _run(arguments, arguments.method, checked_options(arguments.method, given))


def _run(arguments: argparse.Namespace, method: str, options: Mapping[str, Any]) -> int:
    from jaxlike.inference import complaints, report, summarise, with_derived
    from jaxlike.inference.chains import Chains, check_unused, write_chains
    from jaxlike.samplers import sampler

    run = sampler(method)
    where: dict[str, Any] = {}
    resumable = "checkpoint" in inspect.signature(run).parameters
    if arguments.resume and not resumable:
        raise ConfigError(f"option --resume has no effect with method {method}")
    if arguments.resume and arguments.force:
        raise ConfigError("options --resume and --force contradict each other: give one")
    check = (lambda prefix: None) if arguments.resume else check_unused
    model, prefix = open_model(arguments, method, check)
    if resumable:
        where = {"checkpoint": Path(f"{prefix}.checkpoint.npz"), "resume": arguments.resume}
    kept: list[Chains] = []
    files: list[Path] = []

    def save(chains: Chains) -> None:
        info = run_info(model.config, chains, arguments, options)
        files[:] = write_chains(chains, prefix, overwrite=True, info=info)
        kept[:] = [chains]

    try:
        with termination_as_interrupt():
            chains = run(model, **options, **where, progress=not arguments.no_progress, save=save)
            chains = with_derived(model, chains)
            save(chains)
    except KeyboardInterrupt as stop:
        if not kept:
            raise KeyboardInterrupt("no draw was kept, the warm-up was under way") from stop
        raise KeyboardInterrupt(
            f"{kept[0].n_draws} of {kept[0].wanted} draws of each chain are in {_listed(files)}"
            f"{'; --resume goes on from there' if resumable else ''}"
        ) from stop
    if "elbo" in chains.trace:
        from jaxlike.plots import elbo_plot

        files.append(elbo_plot(chains.trace["elbo"], f"{prefix}_elbo.png"))
    summary = summarise(chains)
    print(report(chains, summary))
    print(f"{'files':<11}{_listed(files)}")
    warnings = complaints(chains, summary)
    for warning in warnings:
        warn(warning)
    return 1 if warnings else 0


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))


def run_info(
    config: "Config", chains: "Chains", arguments: argparse.Namespace, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What the .updated.yaml says besides parameters and sampler: components as Cobaya has them."""
    from jaxlike.config import LIKELIHOOD_OPTIONS, PROBE_SETS, THEORY_OPTIONS

    theory = vars(config.theory)
    of_data = {"data_file": config.data_file, "scale_cuts": config.scale_cuts, **theory}
    name = next((k for k, v in PROBE_SETS.items() if v == config.probes), None)
    return {
        "likelihood": {
            f"jaxlike.cobaya.{name}" if name else "jaxlike": {
                key: of_data[key] for key in LIKELIHOOD_OPTIONS
            }
        },
        "theory": {"jaxlike.cobaya.Theory": {key: theory[key] for key in THEORY_OPTIONS}},
        "params": {p.name: p.value for p in config.parameters if p.value is not None},
        "jaxlike": {
            "config": str(arguments.config),
            "version": version_of("jaxlike"),
            "jax": version_of("jax"),
            **options,
            "seconds": round(chains.cost.total_s, 1),
        },
    }


def benchmark(arguments: argparse.Namespace) -> int:
    """Time the likelihood, or with `ess` compare samplers by their effective sample sizes."""
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
    print(f"files {_listed(files)}")
    return 0
