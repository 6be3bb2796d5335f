"""What `jaxlike nuts` and `jaxlike sample` do: chains, their files, and what they print."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.commands import (
    named_value,
    open_model,
    termination_as_interrupt,
    version_of,
    warn,
)
from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    from jaxlike.config import Config
    from jaxlike.inference import Chains

_NUTS = ("chains", "warmup", "samples", "seed", "target_accept", "max_tree_depth")


def nuts(arguments: argparse.Namespace) -> int:
    """Sample the posterior of a config by NUTS; write chains, print the diagnostics."""
    return _run(arguments, "nuts", {name: getattr(arguments, name) for name in _NUTS})


def sample(arguments: argparse.Namespace) -> int:
    """The same by any method; exit status 1 where the result should not be trusted yet."""
    from jaxlike.inference.samplers.by_name import checked_options

    given: dict[str, Any] = dict(
        named_value("--option", item, "NAME=VALUE") for item in arguments.option
    )
    for name in ("chains", "samples", "seed"):
        if getattr(arguments, name) is not None:
            given[name] = getattr(arguments, name)
    return _run(arguments, arguments.method, checked_options(arguments.method, given))


def _run(arguments: argparse.Namespace, method: str, options: Mapping[str, Any]) -> int:
    from jaxlike.inference import (
        complaints,
        report,
        summarise,
        with_derived,
        with_external_priors,
    )
    from jaxlike.inference.results.chain_files import check_unused, write_chains
    from jaxlike.inference.results.chains import Chains
    from jaxlike.inference.samplers.by_name import options_of, sampler

    run, team = sampler(method), arguments.team
    if arguments.resume and arguments.force:
        raise ConfigError("options --resume and --force contradict each other: give one")
    each = options.get("chains", options_of(method)["chains"])
    options = {**options, "seed": options.get("seed", 0) + team.rank * each}
    resuming = False

    def check(prefix: str) -> None:
        nonlocal resuming
        path = _checkpoint(prefix, team.rank)
        resuming = arguments.resume and path.exists()
        if team.leads and not resuming:
            check_unused(prefix)
            if arguments.resume:
                warn(f"there is no {path} to go on from: the run starts")

    model, prefix = open_model(arguments, method, check)
    checkpoint = _checkpoint(prefix, team.rank)
    shown = team.leads and not arguments.no_progress
    kept: list[Chains] = []
    files: list[Path] = []

    def save(chains: Chains) -> None:
        chains = with_external_priors(model, chains)
        info = run_info(model.config, chains, arguments, options)
        files[:] = write_chains(
            chains,
            prefix,
            overwrite=True,
            info=info,
            first=team.rank * each,
            total=team.size * each,
        )
        kept[:] = [chains]

    try:
        with termination_as_interrupt():
            chains = run(
                model,
                **options,
                progress=shown,
                save=save,
                checkpoint=checkpoint,
                resume=resuming,
            )
            chains = with_derived(model, chains)
            save(chains)
    except KeyboardInterrupt as stop:
        goes_on = "; --resume goes on from there" if checkpoint.exists() else ""
        if not kept:
            raise KeyboardInterrupt(f"no draw was kept yet{goes_on}") from stop
        raise KeyboardInterrupt(
            f"{kept[0].n_draws} of {kept[0].wanted} draws of each chain are in {_listed(files)}"
            f"{goes_on}"
        ) from stop
    if "elbo" in chains.trace and team.leads:
        from jaxlike.plots.contours import elbo_plot

        files.append(elbo_plot(chains.trace["elbo"], f"{prefix}_elbo.png"))
    chains = team.together(chains)
    summary = summarise(chains)
    warnings = complaints(chains, summary)
    if team.leads:
        print(report(chains, summary))
        print(f"{'files':<11}{_listed(files)}")
        for warning in warnings:
            warn(warning)
    return 1 if warnings else 0


def _checkpoint(prefix: str, rank: int) -> Path:
    return Path(f"{prefix}.checkpoint{f'.{rank}' if rank else ''}.npz")


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))


def run_info(
    config: "Config", chains: "Chains", arguments: argparse.Namespace, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What the .updated.yaml says besides parameters and sampler: components as Cobaya has them."""
    from jaxlike.config import LIKELIHOOD_OPTIONS, PROBE_SETS, THEORY_OPTIONS

    theory = vars(config.theory)
    of_data = {"data_file": config.data_file, "scale_cuts": config.scale_cuts, **theory}
    name = next((k for k, v in PROBE_SETS.items() if v == config.probes), None)
    return {
        "likelihood": {
            f"jaxlike.cobaya.{name}" if name else "jaxlike": {
                key: of_data[key] for key in LIKELIHOOD_OPTIONS
            }
        },
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
