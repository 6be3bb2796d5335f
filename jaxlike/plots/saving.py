"""Images on disk: whole or not at all, in a format that their name tells."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_image(figure: "Figure", path: str | os.PathLike[str], **how: Any) -> Path:
    """Write a figure, and its folder where there is none; `how` is for Matplotlib's savefig.

    ConfigError on an ending that is of no image; a name without one is of a PNG.
    """
    target = Path(path)
    form = target.suffix.removeprefix(".").lower() or "png"
    accepted = figure.canvas.get_supported_filetypes()
    if form not in accepted:
        raise ConfigError(
            f"output '{target}' ends in '.{form}'; accepted are {', '.join(sorted(accepted))}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(target) as handle:
        figure.savefig(handle, format=form, **how)
    return target
