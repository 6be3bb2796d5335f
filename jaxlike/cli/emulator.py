"""`jaxlike emulator train` and `emulator check`: the emulated linear power."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import Parents, positive
from jaxlike.cli.running import termination_as_interrupt


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `emulator`, with its two commands, to the commands."""
    spectra = argparse.ArgumentParser(add_help=False)
    for name, default, what in (
        ("n-check", 40, "cosmologies of the table of errors, none of them trained on"),
        ("jobs", 1, "processes that run CAMB"),
    ):
        spectra.add_argument(
            f"--{name}", type=positive, default=default, metavar="N", help=f"{what} ({default})"
        )
    spectra.add_argument(
        "--folder",
        type=Path,
        default=Path("emulator_spectra"),
        metavar="DIR",
        help="where CAMB's spectra are kept: those that are there are not computed again "
        "(emulator_spectra)",
    )
    emulator = subparsers.add_parser("emulator", help="the emulated linear power (needs CAMB)")
    commands = emulator.add_subparsers(metavar="COMMAND", required=True)
    training = commands.add_parser(
        "train", parents=[shared.device, spectra], help="train it; start it again to resume"
    )
    training.add_argument(
        "--output", type=Path, default=Path("emulator.npz"), metavar="FILE", help="(emulator.npz)"
    )
    training.add_argument(
        "--n", type=positive, default=96, metavar="N", help="points of the training set (96)"
    )
    training.set_defaults(run=train)
    checking = commands.add_parser(
        "check", parents=[shared.device, spectra], help="print its errors against CAMB"
    )
    checking.add_argument("--table", type=Path, metavar="FILE", help="instead of the shipped one")
    checking.add_argument(
        "--against",
        metavar="PROVIDER",
        help="print errors and cost of somebody else's linear power beside those of the shipped "
        "table, for cosmologies that both are made for: a name (emu_pk, cosmopower_jax) or "
        "package.module.name",
    )
    checking.set_defaults(run=check)


def train(arguments: argparse.Namespace) -> int:
    """Train the emulator of the linear power and write its table."""
    from jaxlike.emulator.check import as_text
    from jaxlike.emulator.train import train as train_table
    from jaxlike.files import atomic_writer

    with termination_as_interrupt():
        table = train_table(
            n=arguments.n, n_check=arguments.n_check, jobs=arguments.jobs, folder=arguments.folder
        )
    with atomic_writer(arguments.output) as file:
        table.save(file)
    print(as_text(table.metadata["held_out"]))
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1000:.0f} kB")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Print the errors of the emulator against CAMB, and those of a provider beside them."""
    if arguments.against is not None:
        return _check_against(arguments)
    from jaxlike.emulator.check import as_text
    from jaxlike.emulator.train import check as errors_against_camb
    from jaxlike.theory.power.emulator import Table, shipped_table

    table = shipped_table()
    if arguments.table is not None:
        with arguments.table.open("rb") as file:
            table = Table.read(file)
    with termination_as_interrupt():
        errors = errors_against_camb(
            table, n=arguments.n_check, jobs=arguments.jobs, folder=arguments.folder
        )
    print(as_text(errors))
    return 0


def _check_against(arguments: argparse.Namespace) -> int:
    from jaxlike.emulator.against import compared
    from jaxlike.errors import ConfigError
    from jaxlike.registry.power_options import check_linear

    if arguments.table is not None:
        raise ConfigError("--table has no effect with --against: leave it out")
    check_linear(arguments.against)
    with termination_as_interrupt():
        print(
            compared(
                arguments.against,
                n=arguments.n_check,
                jobs=arguments.jobs,
                folder=arguments.folder,
            )
        )
    return 0
