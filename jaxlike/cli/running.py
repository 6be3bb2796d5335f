"""What runs of several commands share: warnings, an orderly end, the record of what was run."""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from jaxlike.config import Config, LikelihoodConfig
    from jaxlike.inference import Chains


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


def run_info(
    config: "Config", chains: "Chains", arguments: argparse.Namespace, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What the .updated.yaml says besides parameters and sampler: components as Cobaya has them."""
    from jaxlike.config import THEORY_OPTIONS

    theory = vars(config.theory)
    likelihoods = [_component_of(one) for one in config.likelihoods]
    if len(likelihoods) == 1:
        component, own = likelihoods[0]
        named = {component: own}
    else:
        pairs = zip(config.likelihoods, likelihoods, strict=True)
        named = {one.name: {"class": component, **own} for one, (component, own) in pairs}
    return {
        "likelihood": named,
        "theory": {"jaxlike.cobaya.Theory": {key: theory[key] for key in THEORY_OPTIONS}},
        "params": {p.name: p.value for p in config.parameters if p.value is not None},
        "prior": {prior.name: prior.text for prior in config.external_priors},
        "jaxlike": {
            "config": str(arguments.config),
            "version": version_of("jaxlike"),
            "jax": version_of("jax"),
            **options,
            "seconds": round(chains.cost.total_s, 1),
        },
    }


def _component_of(one: "LikelihoodConfig") -> tuple[str, dict[str, Any]]:
    """Cobaya's component of a likelihood's statistics, and its options."""
    from jaxlike.config import LIKELIHOOD_OPTIONS, PROBE_SETS

    given = {**vars(one.options), **vars(one), **one.kappa, "prefix": one.prefix or None}
    name = next((k for k, v in PROBE_SETS.items() if v == one.probes), None)
    own = {key: given.get(key) for key in LIKELIHOOD_OPTIONS}
    return f"jaxlike.cobaya.{name}" if name else "jaxlike", own
