"""The one entry: a configuration file of either kind."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from jaxlike.config.cobaya_yaml import config_from_info, read_cobaya_yaml
from jaxlike.config.container import Config
from jaxlike.config.cosmosis_ini import read_cosmosis_ini
from jaxlike.errors import ConfigError

_READERS = {
    ".yaml": read_cobaya_yaml,
    ".yml": read_cobaya_yaml,
    ".ini": read_cosmosis_ini,
}

_OF_MAPPING = "input"  # in the place of a file's name in messages


def read_config(path: str | PathLike[str] | Mapping[str, Any], **overrides: object) -> Config:
    """Read a Cobaya input (.yaml, .yml, or the mapping in it) or a CosmoSIS pipeline (.ini).

    Args:
        path: The file, or the mapping. Relative data and cuts files are looked for in the current
            folder, then in the configuration's.
        overrides: Options in the place of the file's: data_file, scale_cuts, probes, output, and
            the fields of TheoryOptions.

    Returns:
        What the file asks for; nothing is computed, and no data are read.

    Raises:
        ConfigError: Naming the file and the option.
        ParameterError: Naming the file and the parameter.

    Example:
        >>> config = jaxlike.read_config("small.yaml", nonlinear="takahashi")
        >>> [p.name for p in config.sampled], config.theory.nonlinear
        (['omegam', 'b1'], 'takahashi')
    """
    if isinstance(path, Mapping):
        return config_from_info(path, _OF_MAPPING, **overrides)
    if not isinstance(path, str | PathLike):
        raise ConfigError(
            f"a configuration is the path of a file or a mapping, not a {type(path).__name__}"
        )
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(
            f"configuration '{path}' has suffix '{path.suffix}'; accepted are {', '.join(_READERS)}"
        )
    if not path.is_file():
        raise ConfigError(
            f"configuration '{path}' is not a file; give a Cobaya .yaml or CosmoSIS .ini"
        )
    return reader(path, overrides)
