"""`jaxlike emulator train` and `emulator check`: the linear power, or the spectra of the CMB."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import Parents, positive
from jaxlike.cli.running import termination_as_interrupt
from jaxlike.outputs import check_output_file, locked


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
    spectra.add_argument(
        "--cmb", action="store_true", help="the lensed spectra of the CMB, not the linear power"
    )
    spectra.add_argument(
        "--planck-lite",
        type=Path,
        metavar="PATH",
        help="with --cmb: plik_lite_v22.dataset, or a folder of planck-lite-py, to tell errors in "
        "Planck's chi^2 too",
    )
    emulator = subparsers.add_parser(
        "emulator", help="the emulated linear power and spectra of the CMB (needs CAMB)"
    )
    commands = emulator.add_subparsers(metavar="COMMAND", required=True)
    training = commands.add_parser(
        "train", parents=[shared.device, spectra], help="train it; start it again to resume"
    )
    training.add_argument(
        "--output", type=Path, metavar="FILE", help="(emulator.npz, or cmb.npz with --cmb)"
    )
    training.add_argument(
        "--n",
        type=positive,
        default=96,
        metavar="N",
        help="points of the training set (96); with --cmb a third as many curved ones more",
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
    """Train an emulator and write its table."""
    from jaxlike.files import atomic_writer

    output = arguments.output or Path("cmb.npz" if arguments.cmb else "emulator.npz")
    check_output_file(output, force=True)
    arguments.held.enter_context(locked(output))
    how = {
        "n": arguments.n,
        "n_check": arguments.n_check,
        "jobs": arguments.jobs,
        "folder": arguments.folder,
    }
    table: Any
    with termination_as_interrupt():
        if arguments.cmb:
            from jaxlike.emulator.cmb.check import as_text as text_of_cmb
            from jaxlike.emulator.cmb.train import train as train_cmb

            table = train_cmb(**how, planck=_planck_lite(arguments))
            text = text_of_cmb(table.metadata["held_out"])
        else:
            from jaxlike.emulator.check import as_text
            from jaxlike.emulator.train import train as train_table

            _check_alone(arguments)
            table = train_table(**how)
            text = as_text(table.metadata["held_out"])
    with atomic_writer(output) as file:
        table.save(file)
    print(text)
    print(f"{output}: {output.stat().st_size / 1000:.0f} kB")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Print the errors of an emulator against CAMB, and those of a provider beside them."""
    how = {"n": arguments.n_check, "jobs": arguments.jobs, "folder": arguments.folder}
    if arguments.cmb:
        return _check_cmb(arguments, how)
    _check_alone(arguments)
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
        errors = errors_against_camb(table, **how)
    print(as_text(errors))
    return 0


def _check_cmb(arguments: argparse.Namespace, how: dict[str, Any]) -> int:
    from jaxlike.emulator.cmb.check import as_text
    from jaxlike.emulator.cmb.train import check as errors_against_camb
    from jaxlike.errors import ConfigError
    from jaxlike.theory.power.cmb.table import CmbTable, shipped_cmb

    if arguments.against is not None:
        raise ConfigError("--against is for the linear power: leave it out, or --cmb")
    table = shipped_cmb()
    if arguments.table is not None:
        with arguments.table.open("rb") as file:
            table = CmbTable.read(file)
    with termination_as_interrupt():
        errors = errors_against_camb(table, **how, planck=_planck_lite(arguments))
    print(as_text(errors))
    return 0


def _planck_lite(arguments: argparse.Namespace) -> Any:
    """Planck's band powers, where they are at hand."""
    if arguments.planck_lite is None:
        return None
    from jaxlike.data.planck_lite import read_plik_lite
    from jaxlike.likelihoods.band_powers import CmbBandPowers

    return CmbBandPowers.of(read_plik_lite(arguments.planck_lite))


def _check_alone(arguments: argparse.Namespace) -> None:
    from jaxlike.errors import ConfigError

    if arguments.planck_lite is not None:
        raise ConfigError("--planck-lite has no effect without --cmb: leave it out")


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
