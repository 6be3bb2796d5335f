"""What `jaxlike plot`, `reweight` and `convert` do with chains, and what they print."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jaxlike.cli.commands import open_model, option_overrides, warn
from jaxlike.cli.sample import run_info
from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    from jaxlike.inference import Draws

ENDINGS = {"arviz": ".nc", "cosmosis": "_cosmosis.txt", "getdist": "_getdist"}
"""Accepted values of --to, and what the output's default name adds to that of the chains."""

_BANDS = (0.95, 0.68)


def plot(arguments: argparse.Namespace) -> int:
    """Plot chains, a data vector, and a posterior predictive check of one by the other."""
    _check_effects(arguments)
    import matplotlib

    matplotlib.use("agg")
    from jaxlike.inference import inference_data_of_files
    from jaxlike.plots.contours import load_chains, triangle_plot
    from jaxlike.plots.traces import trace_and_rank_plots

    stem = arguments.output or _stem((arguments.chains or [Path(arguments.config).stem])[0])
    runs = [load_chains(prefix) for prefix in arguments.chains]
    if runs:
        names = arguments.params.split(",") if arguments.params else None
        print(triangle_plot(runs, f"{stem}_triangle.png", names=names))
        if arguments.trace:
            for prefix in arguments.chains:
                own = stem if len(runs) == 1 else f"{stem}_{Path(_stem(prefix)).name}"
                data = inference_data_of_files(prefix)
                for path in trace_and_rank_plots(data, own, names):
                    print(path)
    if arguments.config:
        _plot_data_vector(arguments, stem)
    return 0


def _check_effects(arguments: argparse.Namespace) -> None:
    """ConfigError on options that would do nothing, and on bad ones."""
    chains, config = arguments.chains, arguments.config is not None
    if not chains and not config:
        raise ConfigError("nothing to plot; give a PREFIX of chains, --config CONFIG, or both")
    if not chains and (arguments.params or arguments.trace):
        raise ConfigError("options --params and --trace have no effect without a PREFIX of chains")
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
    from jaxlike.plots.data_vector import data_vector_plot
    from jaxlike.plots.predictive import chi2_plot

    model = jaxlike.load(arguments.config, **option_overrides(arguments))
    source = Path(model.data.source).name
    draws = read_draws(arguments.chains[0]) if arguments.chains else None
    x, where, bands, text = model.reference, "reference point", {}, ""
    if draws is not None:
        x, where = draws.best(model.parameters), "best draw"
        of = predictive(
            model, draws, n=arguments.draws or N_DRAWS, progress=not arguments.no_progress
        )
        bands = {probability: of.band(probability) for probability in _BANDS}
        checks = check(of)
        title = f"{source}: posterior predictive check, {len(of.weights)} draws"
        text = f"\n{title}\n{as_table(checks)}"
    theory = model.theory_vector(model.params_dict(x))
    for name in ("data_vector", *(["residuals"] if arguments.residuals else [])):
        path = data_vector_plot(
            model.data,
            theory,
            f"{stem}_{name}.png",
            title=f"{source}, {where}",
            residuals=name == "residuals",
            bands=bands,
        )
        print(path)
    if draws is not None:
        print(chi2_plot(checks, f"{stem}_chi2.png", title=title))
        print(text)


def reweight(arguments: argparse.Namespace) -> int:
    """Weight chains for another posterior; exit status 1 where the weights cannot be trusted."""
    from jaxlike.inference import (
        check_unused,
        read_draws,
        with_derived,
        with_external_priors,
        write_chains,
    )
    from jaxlike.inference.results import importance

    if Path(arguments.output).resolve() == Path(arguments.chains).resolve():
        raise ConfigError(f"output '{arguments.output}' is the chains themselves; give another")
    draws = read_draws(arguments.chains)
    model, prefix = open_model(arguments, "reweighted", check_unused)
    result = importance.reweight(model, draws, progress=not arguments.no_progress)
    chains = with_external_priors(model, with_derived(model, result.chains))
    result = replace(result, chains=chains)
    about = {"reweighted": str(arguments.chains), "k_hat": result.k_hat, "ess": result.ess}
    info = run_info(model.config, result.chains, arguments, about)
    files = write_chains(
        result.chains, prefix, overwrite=arguments.force, info=info, weights=result.weights
    )
    print(importance.report(result, draws))
    print(f"{'files':<11}{', '.join(map(str, files))}")
    warnings = importance.complaints(result)
    for warning in warnings:
        warn(warning)
    return 1 if warnings else 0


def convert(arguments: argparse.Namespace) -> int:
    """Write chains in another tool's format."""
    from jaxlike.inference import read_draws

    prefix, kind = arguments.chains, arguments.to
    draws = read_draws(prefix)
    output = arguments.output or _stem(prefix) + ENDINGS[kind]
    files = _convert(draws, prefix, kind, output, force=arguments.force)
    print(
        f"{prefix}: {len(draws.lengths)} {'chain' if len(draws.lengths) == 1 else 'chains'}, "
        f"{len(draws.weights)} draws{' with weights' if draws.is_weighted else ''}, "
        f"{len(draws.varied)} parameters sampled, {len(draws.names) - len(draws.varied)} derived"
    )
    print(f"files {', '.join(map(str, files))}")
    return 0


def _convert(draws: "Draws", prefix: str, kind: str, output: str, *, force: bool) -> list[Path]:
    from jaxlike.inference.results import convert
    from jaxlike.inference.results.chain_files import check_prefix, numbered_files
    from jaxlike.inference.results.cosmosis_text import write_cosmosis
    from jaxlike.inference.results.draws import is_whole

    own = "getdist" if numbered_files(Path(prefix)) else "cosmosis"
    if kind == own:
        raise ConfigError(f"chains '{prefix}' are in the format of --to {kind} already")
    if kind == "getdist":
        return convert.write_getdist(draws, output, overwrite=force)
    if kind == "cosmosis" and not output.endswith(".txt"):
        raise ConfigError(f"output '{output}': accepted is a name that ends in .txt, for CosmoSIS")
    path = check_prefix(output)
    if path.exists() and not force:
        raise ConfigError(
            f"output '{output}' exists already; give another --output, or --force to replace it"
        )
    if kind == "cosmosis":
        return [write_cosmosis(draws, path)]
    if not is_whole(draws.weights):
        warn("ArviZ knows no weights: the draws are resampled to as many that all count the same")
    return [convert.write_netcdf(convert.inference_data_of_draws(draws), path)]


def _stem(prefix: str) -> str:
    """A prefix of chains, or a CosmoSIS chain without its .txt."""
    return str(prefix).removesuffix(".txt")
