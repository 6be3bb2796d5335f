"""The Config container, and how overrides and relative paths enter it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import ExternalPrior
from jaxlike.registry.options import (
    THEORY_FIELDS,
    TheoryOptions,
    bad_value,
    check_option_names,
    probes_from,
    theory_options,
)

DEFAULT_SCALE_CUTS = "des_y1"
OVERRIDES = ("data_file", "scale_cuts", "probes", "output", *THEORY_FIELDS)
"""Keywords that replace what the file says."""


@dataclass(frozen=True)
class Config:
    """What a configuration file asks for.

    data_file: a path or the name of a data set, None for the default mock of the package.
    scale_cuts: a preset, a path, or "none".  probes: statistics, or None for all in the data file.
    output: prefix of files to write, or None.  sampler: the host's sampler name -> its options.
    external_priors: functions of the parameters that multiply the priors of single ones.
    """

    path: Path
    data_file: str | None
    scale_cuts: str
    probes: tuple[str, ...] | None
    parameters: tuple[Parameter, ...]
    theory: TheoryOptions
    output: str | None = None
    sampler: Mapping[str, object] = field(default_factory=dict)
    external_priors: tuple[ExternalPrior, ...] = ()

    @property
    def sampled(self) -> tuple[Parameter, ...]:
        """The parameters with a prior, in order."""
        return tuple(p for p in self.parameters if p.prior is not None)


def find_file(name: str, beside: Path, *, above: bool = False) -> str:
    """`name` where it is a file as seen from here, else from the folder of `beside`, else as given.

    With `above` also from the folder that holds that folder.
    """
    folders = [Path(), beside.parent, *([beside.parent.resolve().parent] if above else [])]
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    return name


def _text(name: str, value: object, accepted: str) -> str:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise bad_value(name, value, accepted)
    return os.path.expanduser(os.path.expandvars(str(value)))


def make_config(
    path: Path,
    options: Mapping[str, object],
    overrides: Mapping[str, object],
    *,
    parameters: tuple[Parameter, ...],
    host: str,
    sampler: Mapping[str, object],
    external_priors: tuple[ExternalPrior, ...] = (),
) -> Config:
    """A Config from a file's options (names as OVERRIDES) and the keywords that replace them.

    `host` is the file's word for power from outside.  Raises ConfigError naming the option.
    """
    check_option_names(overrides, OVERRIDES, "keyword")
    check_option_names(options, OVERRIDES, "option")
    try:
        given = dict(options)
        # In the file's words first, so that its own mistakes are reported as such.
        given.update(
            vars(theory_options({k: given[k] for k in THEORY_FIELDS if k in given}, host=host))
        )
        if overrides.get("nz", "kde") != "kde" and "nz_bandwidth" not in overrides:
            given["nz_bandwidth"] = None  # the file's bandwidth belongs to the file's choice
        given.update(overrides)
        theory = theory_options({k: given[k] for k in THEORY_FIELDS})
        data_file, cuts = given.get("data_file"), given.get("scale_cuts", DEFAULT_SCALE_CUTS)
        if data_file is not None:
            accepted = "a path, the name of a data set, paper_mock, null (the mock)"
            data_file = find_file(_text("data_file", data_file, accepted), path)
        if cuts is None:
            cuts = "none"
        cuts = find_file(_text("scale_cuts", cuts, "a preset, a path, none"), path)
        output = given.get("output")
        if output is not None:
            output = _text("output", output, "a file prefix, null")
        probes = probes_from(given.get("probes"))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return Config(
        path=path,
        data_file=data_file,
        scale_cuts=cuts,
        probes=probes,
        parameters=parameters,
        theory=theory,
        output=output,
        sampler=dict(sampler),
        external_priors=external_priors,
    )
