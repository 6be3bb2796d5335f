"""`jaxlike blind`: data whose values are moved by a secret difference of two cosmologies."""

import argparse
import getpass
import json
import math
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, add_force, option_overrides
from jaxlike.errors import ConfigError
from jaxlike.outputs import check_no_input, check_output_file, locked

if TYPE_CHECKING:
    from jaxlike.data import TwoPointData
    from jaxlike.posterior.model import Model


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `blind` to the commands."""
    parser = subparsers.add_parser(
        "blind",
        parents=[shared.device, shared.model],
        help="move a data vector by a secret difference of two cosmologies, and back",
    )
    parser.add_argument(
        "input", metavar="CONFIG", help="an input of the data; with --unblind, blinded data"
    )
    parser.add_argument("--output", metavar="FILE", required=True, help="data file to write")
    parser.add_argument(
        "--key",
        metavar="KEY",
        required=True,
        help="file that keeps the secret and what undoes it: made where it is not there, else its "
        "secret blinds these data too. Whoever has it knows the truth",
    )
    parser.add_argument("--likelihood", metavar="NAME", help="of several in CONFIG, whose data")
    parser.add_argument(
        "--range",
        action="append",
        default=[],
        metavar="PARAMETER=LOW:HIGH",
        help="what is drawn from the secret (repeatable; default: the sampled amplitude, density "
        "of matter and w, within 10 to 20 %% of CONFIG's reference point)",
    )
    parser.add_argument("--unblind", action="store_true", help="write the true values")
    parser.add_argument(
        "--reason", metavar="TEXT", help="of --unblind, which goes to KEY.log with time and user"
    )
    add_force(parser, "an existing file")
    parser.set_defaults(run=blind)


def blind(arguments: argparse.Namespace) -> int:
    """Blind or unblind a file."""
    if Path(arguments.output).expanduser().exists() and not arguments.force:
        raise ConfigError(f"{arguments.output} exists already: choose another name, or --force")
    _check_files(arguments)
    return _unblind(arguments) if arguments.unblind else _blind(arguments)


def _check_files(arguments: argparse.Namespace) -> None:
    """ConfigError, before anything is computed, where what is read or the key would be lost."""
    from jaxlike.config import files_named_by

    if Path(arguments.output).resolve() == Path(arguments.key).resolve():
        raise ConfigError(f"options --output and --key are both '{arguments.key}'")
    read = [arguments.key]
    if arguments.unblind:
        read.append(arguments.input)
    elif Path(arguments.input).is_file():
        read += map(str, files_named_by(arguments.input, option_overrides(arguments)))
    output = check_output_file(arguments.output, read, force=True)
    arguments.held.enter_context(locked(output))


def _blind(arguments: argparse.Namespace) -> int:
    import jax.numpy as jnp

    from jaxlike.data.blinded import difference, digest, write_with_values
    from jaxlike.forecast.blinding import Blinding, default_ranges

    if arguments.reason is not None:
        raise ConfigError("option --reason has no effect without --unblind")
    model, data = _whole(arguments)
    check_no_input([Path(arguments.output).expanduser()], [data.source])
    file = Path(arguments.key).expanduser()
    key = _read_key(file) if file.exists() else _new_key()
    blinding = Blinding(key["secret"], _ranges(arguments, key) or default_ranges(model))
    if not blinding.ranges:
        raise ConfigError(
            f"{arguments.input} samples neither an amplitude nor a density of matter: name what is "
            "to be drawn, --range PARAMETER=LOW:HIGH"
        )
    shift = blinding.shift(model)
    blinded = write_with_values(
        data, data.value + shift, arguments.output, blinding.name, overwrite=arguments.force
    )
    key["ranges"] = {name: list(ends) for name, ends in blinding.ranges.items()}
    key["files"][digest(blinded)] = {
        "of": Path(data.source).name,
        "true": digest(data.value),
        "difference": difference(data.value, blinded),
    }
    _keep(file, key)
    print(f"{arguments.output}: {data.n_data} points, blinded with key {blinding.name}")
    print(f"drawn are {', '.join(blinding.ranges)}; {file} has the secret: put it away")
    moved = float(model.information(jnp.asarray(shift)[:, None])[0, 0]) ** 0.5
    if moved < 1:
        print(f"the data have moved by {moved:.1f} sigma in all: take wider ranges")
    return 0


def _whole(arguments: argparse.Namespace) -> tuple["Model", "TwoPointData"]:
    """The posterior of all points of one file, and these; ConfigError where it is of fewer."""
    import jaxlike
    from jaxlike.config import read_config
    from jaxlike.data import read_two_point

    overrides = option_overrides(arguments)
    names = [one.name for one in read_config(arguments.input, **overrides).likelihoods]
    name = arguments.likelihood or names[0]
    if name not in names or (arguments.likelihood is None and len(names) > 1):
        raise ConfigError(
            f"{arguments.input} has the data of {', '.join(names) or 'no likelihood'}: name one of "
            "them with --likelihood"
        )
    whole = {"scale_cuts": "none", "compression": "none", "marginalise": None}
    model = jaxlike.load(arguments.input, **overrides, **whole, likelihoods=name)
    data = next(iter(model.measured.values())).data
    own = next(one for one in model.config.likelihoods if one.name == name)
    there = read_two_point(
        data.source, kernels=own.kernels or None, nz_file=own.nz_file
    )  # all of its statistics
    if there.blinded:
        raise ConfigError(f"{data.source} is blinded already, with key {there.blinded}")
    if left := [m for m in there.measurements if m.name not in {n.name for n in data.measurements}]:
        raise ConfigError(
            f"{data.source} has {', '.join(m.statistic for m in left)} too, which would keep "
            f"their true values: {arguments.input} must predict them, or take a file without them"
        )
    return model, data


def _ranges(arguments: argparse.Namespace, key: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """What is drawn: by --range, else as the key's secret has been used before."""
    form = "PARAMETER=LOW:HIGH"
    found = {}
    for item in arguments.range:
        name, equals, ends = item.partition("=")
        try:
            low, high = map(float, ends.split(":"))
        except ValueError:
            low = high = math.nan
        if not equals or not -math.inf < low < high < math.inf:
            raise ConfigError(f"option --range is '{item}'; accepted is {form}, LOW below HIGH")
        found[name] = low, high
    before = {name: (low, high) for name, (low, high) in key["ranges"].items()}
    if found and before and found != before:
        raise ConfigError(
            f"option --range: {arguments.key} has the ranges "
            + ", ".join(f"{name}={low:g}:{high:g}" for name, (low, high) in before.items())
            + " already, which other data are blinded with: take another key, or leave it out"
        )
    return found or before


def _unblind(arguments: argparse.Namespace) -> int:
    from jaxlike.data import read_two_point
    from jaxlike.data.blinded import digest, undone, write_with_values

    if not (arguments.reason or "").strip():
        raise ConfigError("option --unblind needs --reason TEXT, which is kept in KEY.log")
    file = Path(arguments.key).expanduser()
    key, data = _read_key(file), read_two_point(arguments.input)
    known = key["files"].get(digest(data.value))
    if known is None:
        of = ", ".join(one["of"] for one in key["files"].values()) or "nothing"
        raise ConfigError(
            f"{arguments.input} has not been blinded with {file}, or was changed since; it has "
            f"blinded {of}"
        )
    try:
        true = undone(data.value, known["difference"])
    except ValueError as error:
        raise ConfigError(f"{file} does not undo {arguments.input} ({error})") from error
    if digest(true) != known["true"]:
        raise ConfigError(f"{file} does not undo {arguments.input}: it was changed")
    log = file.with_name(f"{file.name}.log")
    row = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": getpass.getuser(),
        "file": str(arguments.input),
        "output": str(arguments.output),
        "reason": arguments.reason,
    }
    with log.open("a") as opened:  # before the values are there
        opened.write(json.dumps(row) + "\n")
    write_with_values(data, true, arguments.output, "", overwrite=arguments.force)
    print(f"{arguments.output}: {data.n_data} points, as they were measured; {log} says so")
    return 0


def _new_key() -> dict[str, Any]:
    return {"secret": secrets.token_hex(32), "ranges": {}, "files": {}}


def _read_key(file: Path) -> dict[str, Any]:
    """What a key says; ConfigError where it is none."""
    try:
        key = json.loads(file.read_text())
        if set(key) != {"secret", "ranges", "files"} or not isinstance(key["secret"], str):
            raise ValueError("it has other entries")
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{file} cannot be read as a key of jaxlike blind ({reason})") from error
    return key


def _keep(file: Path, key: dict[str, Any]) -> None:
    """Write a key, for its owner alone to read."""
    from jaxlike.files import atomic_writer

    with atomic_writer(file) as handle:
        os.fchmod(handle.fileno(), 0o600)
        handle.write((json.dumps(key, indent=1) + "\n").encode())
