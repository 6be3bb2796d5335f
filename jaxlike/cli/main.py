"""The command line of `jaxlike`: its options, its errors, its device.

Exit status: 0 well, 1 ran but the result should not be trusted yet, 2 wrong input, 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jaxlike.cli import benchmark as benchmark_command
from jaxlike.cli import commands, options_data, options_forecast, options_post
from jaxlike.cli import minimise as minimise_command
from jaxlike.cli import sample as sample_command
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference.samplers.by_name import METHODS

_CONFIG_HELP = "a Cobaya input (.yaml) or a CosmoSIS pipeline (.ini)"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are the package's: one line, status 2."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (see '{self.prog} --help')")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own); returns the exit status."""
    try:
        arguments = _parser().parse_args(argv)
        _set_up(arguments)
        return int(arguments.run(arguments) or 0)
    except JaxlikeError as error:
        print(f"jaxlike: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.filename is None:
            raise
        print(f"jaxlike: error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"jaxlike: interrupted{f'; {stop}' if str(stop) else ''}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    device = _Parser(add_help=False)
    device.add_argument(
        "--device",
        choices=("cpu", "gpu"),
        help="where JAX computes (default: a GPU if it sees one)",
    )
    model = _Parser(add_help=False)
    model.add_argument("--data-file", metavar="FILE", help="data file instead of the config's")
    model.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="replace another option of the config, such as nz=histogram (repeatable)",
    )
    parser = _Parser(prog="jaxlike", description="Likelihoods of two-point functions, in JAX.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)

    nuts = subparsers.add_parser(
        "nuts", parents=[device, model], help="sample a posterior with NUTS"
    )
    nuts.add_argument("config", metavar="CONFIG", help=_CONFIG_HELP)
    for name, default, what in (
        ("chains", 4, "number of chains"),
        ("warmup", 500, "draws of each chain that tune the sampler and are dropped"),
        ("samples", 1000, "draws of each chain that are kept"),
        ("seed", 0, "seed of the random numbers"),
        ("max-tree-depth", 10, "largest number of doublings of a trajectory"),
    ):
        nuts.add_argument(
            f"--{name}", type=int, default=default, metavar="N", help=f"{what} ({default})"
        )
    nuts.add_argument(
        "--target-accept",
        type=float,
        default=0.95,
        metavar="P",
        help="acceptance rate that the step size is tuned to; more means shorter steps (0.95)",
    )
    _add_output(nuts)
    nuts.set_defaults(run=sample_command.nuts)

    sample = subparsers.add_parser(
        "sample", parents=[device, model], help="sample a posterior by any method"
    )
    sample.add_argument("config", metavar="CONFIG", help=_CONFIG_HELP)
    sample.add_argument(
        "--method", default="nuts", metavar="NAME", help=f"one of {', '.join(METHODS)} (nuts)"
    )
    for name, what in (
        ("chains", "number of chains"),
        ("samples", "draws of each chain that are kept"),
        ("seed", "seed of the random numbers"),
    ):
        sample.add_argument(f"--{name}", type=int, metavar="N", help=what)
    sample.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another option of the method, such as target_accept=0.9 (repeatable)",
    )
    _add_output(sample)
    sample.set_defaults(run=sample_command.sample)

    minimise = subparsers.add_parser(
        "minimise",
        aliases=["minimize"],
        parents=[device, model],
        help="find the best fit of a posterior",
    )
    minimise.add_argument("config", metavar="CONFIG", help=_CONFIG_HELP)
    minimise.add_argument(
        "--starts",
        type=int,
        default=4,
        metavar="N",
        help="searches: from the reference point, then from draws of the prior (4)",
    )
    minimise.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the random numbers (0)"
    )
    minimise.add_argument(
        "--output",
        metavar="PREFIX",
        help="written are PREFIX.minimum, .minimum.txt, .covmat and two plots (the config's "
        "output, or chains/ and its name, followed by _best_fit)",
    )
    minimise.add_argument("--force", action="store_true", help="replace an existing best fit")
    minimise.add_argument("--no-plot", action="store_true", help="do not plot the data vector")
    minimise.set_defaults(run=minimise_command.minimise)

    options_post.add_commands(subparsers, device, model, _CONFIG_HELP)
    options_forecast.add_commands(subparsers, device, model, _CONFIG_HELP)

    info = subparsers.add_parser(
        "info", parents=[device], help="print versions, devices, precision"
    )
    info.set_defaults(run=commands.info)

    options_data.add_commands(subparsers, device)

    benchmark = subparsers.add_parser(
        "benchmark",
        parents=[device, model],
        help="time the likelihood; compare samplers (ess), calibrate one (sbc), weigh (evidence)",
    )
    benchmark.add_argument(
        "config", nargs="+", metavar="[ess|sbc|evidence] CONFIG", help=_CONFIG_HELP
    )
    benchmark.add_argument(
        "--methods", metavar="A,B,...", help="samplers that are compared (with ess)"
    )
    benchmark.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="METHOD.NAME=VALUE",
        help="option of a sampler (with ess; NAME=VALUE with sbc and evidence; repeatable)",
    )
    benchmark.add_argument(
        "--output", metavar="DIR", help="folder of tables and figures (benchmark_ess, ...)"
    )
    benchmark.add_argument(
        "--mocks", type=_positive, metavar="N", help="simulated data vectors (with sbc; 200)"
    )
    benchmark.add_argument("--force", action="store_true", help="replace existing results")
    benchmark.add_argument("--resume", action="store_true", help="go on where it was stopped")
    benchmark.add_argument("--no-progress", action="store_true", help="do not show progress bars")
    benchmark.set_defaults(run=benchmark_command.benchmark)

    _add_emulator(subparsers, device)

    mock = subparsers.add_parser("mock", parents=[device], help="make a shipped mock survey again")
    mock.add_argument(
        "--survey",
        choices=("des_y1", "paper"),
        default="des_y1",
        help="DES-Y1 in real space, or the C_ell of arXiv:2302.05163 (des_y1)",
    )
    mock.add_argument("--output", metavar="FILE", required=True, help="FITS file to write")
    mock.add_argument("--force", action="store_true", help="replace an existing file")
    mock.set_defaults(run=commands.mock)
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        metavar="PREFIX",
        help="chains are written to PREFIX.1.txt, ... (the config's output, or chains/ and its "
        "name, followed by the method)",
    )
    parser.add_argument("--force", action="store_true", help="replace existing chains")
    parser.add_argument(
        "--resume", action="store_true", help="go on where a run of this output was stopped"
    )
    parser.add_argument("--no-progress", action="store_true", help="do not show a progress bar")
    parser.add_argument(
        "--devices", type=int, metavar="N", help="devices that share the chains (all GPUs, one CPU)"
    )
    parser.add_argument(
        "--distributed",
        metavar="WHERE",
        help="one of several processes, each with chains of its own: HOST:PORT,PROCESSES,RANK, or "
        "auto under Slurm and Open MPI",
    )


def _add_emulator(subparsers: Any, device: argparse.ArgumentParser) -> None:
    spectra = _Parser(add_help=False)
    for name, default, what in (
        ("n-check", 40, "cosmologies of the table of errors, none of them trained on"),
        ("jobs", 1, "processes that run CAMB"),
    ):
        spectra.add_argument(
            f"--{name}", type=_positive, default=default, metavar="N", help=f"{what} ({default})"
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
    commands_ = emulator.add_subparsers(metavar="COMMAND", required=True)
    train = commands_.add_parser(
        "train", parents=[device, spectra], help="train it; start it again to resume"
    )
    train.add_argument(
        "--output", type=Path, default=Path("emulator.npz"), metavar="FILE", help="(emulator.npz)"
    )
    train.add_argument(
        "--n", type=_positive, default=96, metavar="N", help="points of the training set (96)"
    )
    train.set_defaults(run=commands.emulator_train)
    check = commands_.add_parser(
        "check", parents=[device, spectra], help="print its errors against CAMB"
    )
    check.add_argument("--table", type=Path, metavar="FILE", help="instead of the shipped one")
    check.set_defaults(run=commands.emulator_check)


def _set_up(arguments: argparse.Namespace) -> None:
    from jaxlike.cli.devices import use_devices

    devices = getattr(arguments, "devices", None)
    # walkers are one batch, which one device of a CPU evaluates on one core
    spread = getattr(arguments, "method", None) == "laps"
    arguments.team = use_devices(
        arguments.device,
        devices,
        getattr(arguments, "distributed", None),
        cpu_devices=os.cpu_count() if spread else None,
    )


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive whole number")
    return int(text)
