"""Cobaya's own likelihoods beside those of a run, once, before it starts."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import option_overrides

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model


def add_no_check(parser: argparse.ArgumentParser) -> None:
    """Leave to run what Cobaya was not asked about."""
    parser.add_argument(
        "--no-check",
        action="store_true",
        help="do not compare likelihoods of Cobaya's with Cobaya's own value at the reference",
    )


def info_of(config: str) -> Mapping[str, Any] | None:
    """The Cobaya input in a file, None where it is another one."""
    from jaxlike.config.cobaya_yaml import text_of
    from jaxlike.config.yaml_text import load_yaml

    path = Path(config)
    return load_yaml(text_of(path), config) if path.suffix.lower() in (".yaml", ".yml") else None


def check_against_cobaya(arguments: argparse.Namespace, model: "Model") -> None:
    """Print what Cobaya says of its own likelihoods; ConfigError, with both numbers, where that is
    something else."""
    from jaxlike.config.others import KINDS

    info = info_of(arguments.config)
    if arguments.no_check or info is None:
        return
    kinds = {one.kind for one in model.config.others if not one.component}
    if not any(kind in KINDS and not kind.startswith("jaxlike.") for kind in kinds):
        return
    if {*option_overrides(arguments)} - {"likelihoods", "output"}:
        print("not checked against Cobaya, for options of the input are replaced")
        return
    from jaxlike.cobaya.own_values import NotThere, compared

    try:
        found = compared(info, model)
    except NotThere as reason:
        print(f"not checked against Cobaya: {reason}")
        return
    found.check()
    if found.text:
        print(found.text, flush=True)
