"""What runs of several commands share: warnings, an orderly end, the record of what was run."""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from jaxlike.config import Config, LikelihoodConfig
    from jaxlike.inference import Chains
    from jaxlike.posterior.model import Model


def warn(sentence: str) -> None:
    """Say on stderr what is doubtful, without stopping for it."""
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
    """Of an installed package, without importing it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


_COMPONENTS = {"nuts": "jaxlike.cobaya.NUTS", "adjusted_mclmc": "jaxlike.cobaya.MCLMC"}
"""Methods that are samplers of Cobaya, too."""


_VERSIONS = ("jaxlib", "numpy", "scipy", "blackjax", "cobaya")


def begun(model: "Model", arguments: argparse.Namespace) -> dict[str, Any]:
    """What a run was at its beginning: command, date, devices, versions, and what the files were
    whose names the input has."""
    import os
    import platform
    from datetime import UTC, datetime

    import jax

    from jaxlike.files import sha256_of

    kinds = sorted({f"{d.platform} ({d.device_kind})" for d in jax.devices()})
    config = Path(arguments.config)
    sources = {name: Path(one.data.source) for name, one in model.measured.items()}
    return {
        "command": getattr(arguments, "command", None),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "devices": f"{len(jax.devices())} x {', '.join(kinds)}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            **{package: version_of(package) for package in _VERSIONS},
        },
        "config_sha256": sha256_of(config) if config.is_file() else None,
        "data_sha256": {n: sha256_of(file) for n, file in sources.items() if file.is_file()},
    }


def run_info(
    config: "Config",
    chains: "Chains",
    arguments: argparse.Namespace,
    options: Mapping[str, Any],
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the .updated.yaml says: an input that jaxlike and Cobaya run again, and what was run.

    Where Cobaya has no such sampler, the input's own is kept, or its mcmc. about: as of `begun`.
    """
    from jaxlike.config.written import as_cobaya

    component = _COMPONENTS.get(chains.method)
    own = config.sampler if config.path.suffix != ".ini" else {}
    is_run = "reweighted" not in options and component is not None
    sampler = {component: dict(options)} if is_run else dict(own) or {"mcmc": None}
    return {
        **as_cobaya(config),
        "sampler": sampler,
        "jaxlike": {
            "config": str(arguments.config),
            "data": {
                **{one.name: _whence(one) for one in config.likelihoods},
                **{one.name: one.source for one in config.others},
            },
            "version": version_of("jaxlike"),
            "jax": version_of("jax"),
            **options,
            **(about or {}),
            "seconds": round(chains.cost.total_s, 1),
        },
    }


def _whence(one: "LikelihoodConfig") -> str:
    """Where the data of a likelihood are from, in words."""
    from jaxlike.data.shipped import MOCK, SHIPPED

    if one.about_mock is None:
        return str(one.data_file)
    name = one.data_file or f"{SHIPPED[0]}, for no data_file was given"
    name = f"of the survey {one.survey}" if name == MOCK else name
    return f"a mock, which was computed and not measured: {name}"
