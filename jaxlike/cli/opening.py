"""Opening a command's CONFIG: its model, and the prefix of the files that the command writes."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jaxlike.cli.common_options import option_overrides
from jaxlike.cli.running import warn

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model


def open_model(
    arguments: argparse.Namespace, ending: str, check: Callable[[str], None]
) -> tuple["Model", str]:
    """The model of a command's CONFIG, announced, and the prefix of the files to write.

    ConfigError of `check`, before the model is built, where the prefix is taken and not forced.
    """
    import jaxlike
    from jaxlike.config import read_config
    from jaxlike.posterior.range_policy import check_prior

    overrides = option_overrides(arguments)
    config = read_config(arguments.config, **overrides)
    prefix = arguments.output or f"{config.output or Path('chains', config.path.stem)}_{ending}"
    if not arguments.force:
        check(prefix)
    model = jaxlike.load(arguments.config, **overrides)
    short = f", as {model.n_points} numbers" if model.compressed else ""
    print(
        f"{arguments.config}: {len(model.parameters)} parameters, {model.data.n_data} points of "
        f"{model.data.source}{short}",
        flush=True,
    )
    check_prior(model, warn)
    return model, prefix
