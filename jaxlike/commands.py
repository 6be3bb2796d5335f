"""What each command of `jaxlike` does; a command takes its arguments and returns its exit status.

Everything heavy is imported by the command that needs it, so that `jaxlike --help` is quick.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jaxlike.errors import ConfigError, JaxlikeError

if TYPE_CHECKING:
    from jaxlike.config import Config
    from jaxlike.inference import Chains
    from jaxlike.model import Model

_PACKAGES = (
    *("jaxlike", "jax", "jaxlib", "numpy", "scipy", "blackjax", "arviz", "getdist"),
    *("fitsio", "astropy", "cobaya", "cosmosis"),
)


def option_overrides(arguments: argparse.Namespace) -> dict[str, str]:
    """Keywords for `jaxlike.load` from --data-file and --set."""
    overrides = {}
    for item in arguments.set:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise ConfigError(f"option --set is '{item}'; accepted is OPTION=VALUE")
        overrides[name.strip().replace("-", "_")] = value.strip()
    if arguments.data_file is not None:
        overrides["data_file"] = arguments.data_file
    return overrides


def open_model(
    arguments: argparse.Namespace, ending: str, check: Callable[[str], None]
) -> tuple["Model", str]:
    """The model of a command's CONFIG, announced, and the prefix of the files to write.

    ConfigError of `check`, before the model is built, where the prefix is taken and not forced.
    """
    import jaxlike
    from jaxlike.config import read_config

    overrides = option_overrides(arguments)
    config = read_config(arguments.config, **overrides)
    prefix = arguments.output or f"{config.output or Path('chains', config.path.stem)}_{ending}"
    if not arguments.force:
        check(prefix)
    model = jaxlike.load(arguments.config, **overrides)
    print(
        f"{arguments.config}: {len(model.parameters)} parameters, {model.data.n_data} points of "
        f"{model.data.source}",
        flush=True,
    )
    return model, prefix


def nuts(arguments: argparse.Namespace) -> int:
    """Sample the posterior of a config; write chains, print the diagnostics."""
    from jaxlike.inference import complaints, report, run_nuts, summarise, with_derived
    from jaxlike.inference.chains import Chains, check_unused, write_chains

    model, prefix = open_model(arguments, "nuts", check_unused)
    kept: list[Chains] = []
    files: list[Path] = []

    def save(chains: Chains) -> None:
        info = _run_info(model.config, chains, arguments)
        files[:] = write_chains(chains, prefix, overwrite=True, info=info)
        kept[:] = [chains]

    try:
        with _termination_as_interrupt():
            chains = run_nuts(
                model,
                chains=arguments.chains,
                warmup=arguments.warmup,
                samples=arguments.samples,
                seed=arguments.seed,
                target_accept=arguments.target_accept,
                max_tree_depth=arguments.max_tree_depth,
                progress=not arguments.no_progress,
                save=save,
            )
            chains = with_derived(model, chains)
            save(chains)
    except KeyboardInterrupt as stop:
        if not kept:
            raise KeyboardInterrupt("no draw was kept, the warm-up was under way") from stop
        raise KeyboardInterrupt(
            f"{kept[0].n_draws} of {arguments.samples} draws of each chain are in {_listed(files)}"
        ) from stop
    summary = summarise(chains)
    print(report(chains, summary))
    print(f"{'files':<11}{_listed(files)}")
    warnings = complaints(chains, summary)
    for warning in warnings:
        print(f"jaxlike: warning: {warning}", file=sys.stderr)
    return 1 if warnings else 0


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))


def _run_info(config: "Config", chains: "Chains", arguments: argparse.Namespace) -> dict[str, Any]:
    """What the .updated.yaml says besides parameters and sampler: components as Cobaya has them."""
    from jaxlike.config import LIKELIHOOD_OPTIONS, PROBE_SETS, THEORY_OPTIONS

    theory = vars(config.theory)
    options = {"data_file": config.data_file, "scale_cuts": config.scale_cuts, **theory}
    name = next((k for k, v in PROBE_SETS.items() if v == config.probes), None)
    return {
        "likelihood": {
            f"jaxlike.cobaya.{name}" if name else "jaxlike": {
                key: options[key] for key in LIKELIHOOD_OPTIONS
            }
        },
        "theory": {"jaxlike.cobaya.Theory": {key: theory[key] for key in THEORY_OPTIONS}},
        "params": {p.name: p.value for p in config.parameters if p.value is not None},
        "jaxlike": {
            "config": str(arguments.config),
            "version": _version("jaxlike"),
            "jax": _version("jax"),
            "seed": arguments.seed,
            "warmup": arguments.warmup,
            "target_accept": arguments.target_accept,
            "seconds": round(chains.cost.total_s, 1),
        },
    }


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """SIGTERM, which batch systems send when the time is up, saves the draws as Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def plot(arguments: argparse.Namespace) -> int:
    """Plot chains and a data vector."""
    if arguments.chains is None and arguments.config is None:
        raise ConfigError("nothing to plot; give a PREFIX of chains, --config CONFIG, or both")
    import matplotlib

    matplotlib.use("agg")
    import jaxlike
    from jaxlike.plots import best_point, data_vector_plot, load_chains, triangle_plot

    stem = arguments.output or arguments.chains or Path(arguments.config).stem
    samples = load_chains(arguments.chains) if arguments.chains else None
    if samples is not None:
        names = arguments.params.split(",") if arguments.params else None
        print(triangle_plot(samples, f"{stem}_triangle.png", names=names))
    elif arguments.params:
        raise ConfigError("option --params has no effect without a PREFIX of chains")
    if arguments.config:
        model = jaxlike.load(arguments.config, **option_overrides(arguments))
        x = model.reference if samples is None else best_point(samples, model.parameters)
        theory = model.theory_vector(model.params_dict(x))
        where = "reference point" if samples is None else "best draw"
        title = f"{Path(model.data.source).name}, {where}"
        print(data_vector_plot(model.data, theory, f"{stem}_data_vector.png", title=title))
    elif option_overrides(arguments):
        raise ConfigError("options --data-file and --set have no effect without --config")
    return 0


def _version(package: str) -> str:
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
    rows = [("python", platform.python_version()), *((p, _version(p)) for p in _PACKAGES)]
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


def data_get(arguments: argparse.Namespace) -> int:
    """Fetch a published data set and print where it is."""
    from jaxlike.data import get_data_set

    print(get_data_set(arguments.name, from_file=arguments.from_file, folder=arguments.folder))
    return 0


def benchmark(arguments: argparse.Namespace) -> int:
    """Time the likelihood."""
    from jaxlike.benchmarks import likelihood

    return likelihood.run(arguments.config, option_overrides(arguments)) or 0


def emulator_train(arguments: argparse.Namespace) -> int:
    """Train the emulator of the linear power and write its table."""
    from jaxlike.emulator import check, train
    from jaxlike.files import atomic_writer

    with _termination_as_interrupt():
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
    from jaxlike.theory.emulator import Table, shipped_table

    table = shipped_table()
    if arguments.table is not None:
        with arguments.table.open("rb") as file:
            table = Table.read(file)
    with _termination_as_interrupt():
        errors = train.check(
            table, n=arguments.n_check, jobs=arguments.jobs, folder=arguments.folder
        )
    print(check.as_text(errors))
    return 0


def mock(arguments: argparse.Namespace) -> int:
    """Make the mock survey."""
    from jaxlike import mock

    return mock.run(arguments.output, overwrite=arguments.force) or 0
