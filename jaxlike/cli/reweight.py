"""`jaxlike reweight`: chains of one posterior as weighted chains of another."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import (
    CONFIG_HELP,
    Parents,
    add_chains,
    add_force,
    add_no_progress,
)
from jaxlike.cli.opening import open_model
from jaxlike.cli.running import begun, run_info, warn
from jaxlike.errors import ConfigError


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `reweight` to the commands."""
    parser = subparsers.add_parser(
        "reweight",
        parents=[shared.device, shared.model],
        help="chains of one posterior as weighted chains of another",
    )
    add_chains(parser)
    parser.add_argument(
        "--config",
        required=True,
        help="the other posterior, of the same parameters: " + CONFIG_HELP,
    )
    parser.add_argument(
        "--output",
        metavar="NEW",
        required=True,
        help="weighted chains are written to NEW.1.txt, ...",
    )
    add_force(parser, "existing chains")
    add_no_progress(parser)
    parser.set_defaults(run=reweight)


def reweight(arguments: argparse.Namespace) -> int:
    """Weight chains for another posterior; exit status 1 where the weights cannot be trusted."""
    from jaxlike.inference import (
        read_draws,
        with_chi2s,
        with_derived,
        with_external_priors,
        write_chains,
    )
    from jaxlike.inference.results import importance
    from jaxlike.inference.results.chain_files import chain_files
    from jaxlike.inference.results.read_draws import files_of_draws

    if Path(arguments.output).resolve() == Path(arguments.chains).resolve():
        raise ConfigError(f"output '{arguments.output}' is the chains themselves; give another")
    draws = read_draws(arguments.chains)
    model, prefix = open_model(
        arguments,
        "reweighted",
        lambda p, _: chain_files(p),
        inputs=files_of_draws(arguments.chains),
        whole=True,
    )
    result = importance.reweight(model, draws, progress=not arguments.no_progress)
    chains = with_external_priors(model, with_derived(model, result.chains))
    chains = with_chi2s(model, chains)
    result = replace(result, chains=chains)
    about = {"reweighted": str(arguments.chains), "k_hat": result.k_hat, "ess": result.ess}
    info = run_info(model.config, result.chains, arguments, about, begun(model, arguments))
    files = write_chains(
        result.chains, prefix, overwrite=arguments.force, info=info, weights=result.weights
    )
    print(importance.report(result, draws))
    print(f"{'files':<11}{', '.join(map(str, files))}")
    warnings = importance.complaints(result)
    for warning in warnings:
        warn(warning)
    return 1 if warnings else 0
