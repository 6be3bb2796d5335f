"""`jaxlike evidence`: the evidence of a posterior from its chains."""

import argparse
import json
from typing import Any

from jaxlike.cli.common_options import (
    CONFIG_HELP,
    Parents,
    add_chains,
    add_force,
    add_no_progress,
)
from jaxlike.cli.opening import open_model
from jaxlike.cli.running import warn


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `evidence` to the commands."""
    parser = subparsers.add_parser(
        "evidence",
        parents=[shared.device, shared.model],
        help="evidence of a posterior from its chains, by bridge sampling",
    )
    add_chains(parser)
    parser.add_argument(
        "--config", required=True, help="the posterior that was sampled: " + CONFIG_HELP
    )
    parser.add_argument(
        "--proposal",
        choices=("normal", "flow"),
        default="normal",
        help="density that the posterior is compared with; a flow is trained, for posteriors far "
        "from normal (default: normal)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the proposal (default: 0)")
    parser.add_argument(
        "--output", metavar="NAME", help="ln Z is written to NAME.json (default: PREFIX_evidence)"
    )
    add_force(parser, "an existing file")
    add_no_progress(parser)
    parser.set_defaults(run=evidence)


def evidence(arguments: argparse.Namespace) -> int:
    """Print and write ln Z; exit status 1 where its error says nothing."""
    from jaxlike.inference import read_draws
    from jaxlike.inference.results import evidence as bridged
    from jaxlike.inference.results.text_files import existing_texts, write_texts

    arguments.output = arguments.output or f"{arguments.chains.removesuffix('.txt')}_evidence"
    draws = read_draws(arguments.chains)
    model, name = open_model(arguments, "evidence", lambda p, _: existing_texts(p, [".json"]))
    found = bridged.bridge_evidence(
        model,
        draws,
        proposal=arguments.proposal,
        seed=arguments.seed,
        progress=not arguments.no_progress,
    )
    record = {
        "config": arguments.config,
        "chains": arguments.chains,
        "proposal": arguments.proposal,
        "ln_z": found.evidence.ln_z,
        "error": found.evidence.error,
        "halves": found.halves,
        "converged": found.converged,
        "values": found.values,
    }
    (file,) = write_texts(name, {".json": f"{json.dumps(record, indent=1)}\n"})
    print(bridged.report(found))
    print(f"{'file':<11}{file}")
    warnings = bridged.complaints(found, arguments.proposal)
    for warning in warnings:
        warn(warning)
    return 1 if warnings else 0
