"""What each command of `jaxlike` does; a command takes its arguments and returns its exit status.

Everything heavy is imported by the command that needs it, so that `jaxlike --help` is quick.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jaxlike.errors import ConfigError, JaxlikeError

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model

_PACKAGES = (
    *("jaxlike", "jax", "jaxlib", "numpy", "scipy", "blackjax", "arviz", "getdist"),
    *("fitsio", "astropy", "sacc", "cobaya", "cosmosis"),
)


def option_overrides(arguments: argparse.Namespace) -> dict[str, str]:
    """Keywords for `jaxlike.load` from --data-file and --set."""
    overrides = dict(named_value("--set", item, "OPTION=VALUE") for item in arguments.set)
    if arguments.data_file is not None:
        overrides["data_file"] = arguments.data_file
    return overrides


def named_value(option: str, item: str, form: str) -> tuple[str, str]:
    """Name and value of NAME=VALUE, as `option` takes it; ConfigError tells the `form`."""
    name, equals, value = item.partition("=")
    if not equals or not name:
        raise ConfigError(f"option {option} is '{item}'; accepted is {form}")
    return name.strip().replace("-", "_"), value.strip()


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
    short = "" if model.likelihood.vectors is None else f", as {model.likelihood.n_points} numbers"
    print(
        f"{arguments.config}: {len(model.parameters)} parameters, {model.data.n_data} points of "
        f"{model.data.source}{short}",
        flush=True,
    )
    check_prior(model, warn)
    return model, prefix


def warn(sentence: str) -> None:
    print(f"jaxlike: warning: {sentence}", file=sys.stderr, flush=True)


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """SIGTERM, which batch systems send when the time is up, saves the draws as Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def info(arguments: argparse.Namespace) -> int:
    """Print versions, devices and precision."""
    import platform

    import jax
    import jax.numpy as jnp

    from jaxlike.data import data_folder, default_data_file

    try:
        mock_file = str(default_data_file())
    except JaxlikeError as error:
        mock_file = str(error)
    rows = [("python", platform.python_version()), *((p, version_of(p)) for p in _PACKAGES)]
    rows += [
        ("devices", ", ".join(f"{d.platform}:{d.id} ({d.device_kind})" for d in jax.devices())),
        ("cores", str(os.cpu_count())),
        ("precision", str(jnp.zeros(()).dtype)),
        ("mock survey", mock_file),
        ("data folder", str(data_folder())),
    ]
    for name, value in rows:
        print(f"{name:<12} {value}")
    return 0


def emulator_train(arguments: argparse.Namespace) -> int:
    """Train the emulator of the linear power and write its table."""
    from jaxlike.emulator import check, train
    from jaxlike.files import atomic_writer

    with termination_as_interrupt():
        table = train.train(
            n=arguments.n, n_check=arguments.n_check, jobs=arguments.jobs, folder=arguments.folder
        )
    with atomic_writer(arguments.output) as file:
        table.save(file)
    print(check.as_text(table.metadata["held_out"]))
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1000:.0f} kB")
    return 0


def emulator_check(arguments: argparse.Namespace) -> int:
    """Print the errors of the emulator against CAMB."""
    from jaxlike.emulator import check, train
    from jaxlike.theory.power.emulator import Table, shipped_table

    table = shipped_table()
    if arguments.table is not None:
        with arguments.table.open("rb") as file:
            table = Table.read(file)
    with termination_as_interrupt():
        errors = train.check(
            table, n=arguments.n_check, jobs=arguments.jobs, folder=arguments.folder
        )
    print(check.as_text(errors))
    return 0


def mock(arguments: argparse.Namespace) -> int:
    """Make one of the mock surveys."""
    from jaxlike.mocks import des_y1, paper

    make = {"des_y1": des_y1, "paper": paper}[arguments.survey]
    return make.run(arguments.output, overwrite=arguments.force)
