"""`jaxlike nuts` and `jaxlike sample`: chains of a posterior, and their files."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.checking import add_no_check, check_against_cobaya
from jaxlike.cli.common_options import (
    Parents,
    add_config,
    add_force,
    named_value,
    whole,
)
from jaxlike.cli.opening import open_model
from jaxlike.cli.report import report_of_run
from jaxlike.cli.running import begun, run_info, termination_as_interrupt, warn
from jaxlike.errors import ConfigError
from jaxlike.inference.samplers.by_name import METHODS
from jaxlike.inference.samplers.method_options import METHOD_OPTIONS, options_for

if TYPE_CHECKING:
    from jaxlike.inference import Chains
    from jaxlike.inference.runs.progress import Shown

_NUTS = ("chains", "warmup", "samples", "seed", "target_accept", "max_tree_depth")
_NUTS_ACCEPT = 0.95
"""What of NUTS is recorded where it is not given, too, and what suits it."""

_READERS: dict[type, Callable[[str], Any]] = {int: whole, float: float, str: str, bool: str}
"""How the command line reads options of each kind; what is true is left to the method's check."""

_SHOWN: dict[str, "Shown"] = {"bar": True, "json": "json", "none": False}


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `nuts` and `sample`, with the options of the methods, to the commands."""
    parser = subparsers.add_parser(
        "nuts", parents=[shared.device, shared.model], help="sample a posterior with NUTS"
    )
    add_config(parser)
    _add_options(parser, "nuts")
    _add_output(parser)
    parser.set_defaults(run=sample, method="nuts")

    parser = subparsers.add_parser(
        "sample", parents=[shared.device, shared.model], help="sample a posterior by any method"
    )
    add_config(parser)
    parser.add_argument(
        "--method", default="nuts", metavar="NAME", help=f"one of {', '.join(METHODS)} (nuts)"
    )
    _add_output(parser)
    _add_options(parser, None)
    parser.set_defaults(run=sample)


def _add_options(parser: argparse.ArgumentParser, method: str | None) -> None:
    """The options of a method, or of all of them; each is also NAME=VALUE of --option."""
    title = f"options of {method}" if method else "options of the methods, and whose they are"
    group = parser.add_argument_group(title)
    for option in METHOD_OPTIONS if method is None else options_for(method):
        group.add_argument(
            option.flag,
            type=_READERS[option.kind],
            metavar={int: "N", float: "X"}.get(option.kind, "WHAT"),
            help=option.help(method),
        )
    group.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the same in another spelling, such as target_accept=0.9, and any option of a method "
        "that is none of the package's (repeatable)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    """Where chains go, and who makes them."""
    parser.add_argument(
        "--output",
        metavar="PREFIX",
        help="chains are written to PREFIX.1.txt, ... (the config's output, or chains/ and its "
        "name, followed by the method)",
    )
    add_force(parser, "existing chains")
    parser.add_argument(
        "--resume", action="store_true", help="go on where a run of this output was stopped"
    )
    parser.add_argument(
        "--no-report", action="store_true", help="do not write the page about the run, PREFIX.html"
    )
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="on stderr a bar, or for programs a JSON object a line, or nothing (bar)",
    )
    parser.add_argument(
        "--no-progress", action="store_const", dest="progress", const="none", help="nothing of it"
    )
    add_no_check(parser)
    parser.add_argument(
        "--devices", type=int, metavar="N", help="devices that share the chains (all GPUs, one CPU)"
    )
    parser.add_argument(
        "--distributed",
        metavar="WHERE",
        help="one of several processes, each with chains of its own: HOST:PORT,PROCESSES,RANK, or "
        "auto under Slurm and Open MPI",
    )


def sample(arguments: argparse.Namespace) -> int:
    """Sample the posterior of a config; write chains, print the diagnostics.

    Exit status 1 where the result should not be trusted yet.
    """
    from jaxlike.inference.samplers.by_name import checked_options

    given: dict[str, Any] = dict(
        named_value("--option", item, "NAME=VALUE") for item in arguments.option
    )
    for option in METHOD_OPTIONS:
        value = getattr(arguments, option.name, None)
        if value is None:
            continue
        if option.name in given:
            raise ConfigError(f"option {option.flag} is given twice, once as --option")
        given[option.name] = value
    if arguments.method == "nuts":
        known = {o.name: o.defaults["nuts"] for o in options_for("nuts") if o.name in _NUTS}
        given = {**known, "target_accept": _NUTS_ACCEPT, **given}
    return _run(arguments, arguments.method, checked_options(arguments.method, given))


def _run(arguments: argparse.Namespace, method: str, options: Mapping[str, Any]) -> int:
    from jaxlike.cli.room import check_room
    from jaxlike.inference import (
        complaints,
        report,
        summarise,
        with_chi2s,
        with_derived,
        with_external_priors,
    )
    from jaxlike.inference.results.chain_files import chain_files, checkpoints, write_chains
    from jaxlike.inference.runs.progress import tell
    from jaxlike.inference.samplers.by_name import options_of, sampler

    run, team = sampler(method), arguments.team
    if arguments.resume and arguments.force:
        raise ConfigError("options --resume and --force contradict each other: give one")
    each = options.get("chains", options_of(method)["chains"])
    options = {**options, "seed": options.get("seed", 0) + team.rank * each}

    def existing(prefix: str, _: Any) -> list[Path]:
        return [*chain_files(prefix), *checkpoints(prefix)] if team.leads else []

    def resumes(prefix: str) -> bool:
        return arguments.resume and _checkpoint(prefix, team.rank).exists()

    model, prefix = open_model(arguments, method, existing, resumes=resumes)
    checkpoint, resuming = _checkpoint(prefix, team.rank), resumes(prefix)
    if team.leads and not resuming:
        if arguments.resume:
            warn(f"there is no {checkpoint} to go on from: the run starts")
        check_against_cobaya(arguments, model)
    check_room(
        prefix,
        len(model.parameters),
        len(model.derived_parameters),
        {
            **options_of(method),
            **options,
        },
    )
    shown = _SHOWN[arguments.progress] if team.leads else False
    beginning = begun(model, arguments)
    kept: list[Chains] = []
    files: list[Path] = []

    def save(chains: "Chains") -> None:
        chains = with_external_priors(model, chains)
        chains = with_chi2s(model, chains, kept[0] if kept else None)
        info = run_info(model.config, chains, arguments, options, beginning)
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
        raise KeyboardInterrupt(_what_is_kept(kept, files, checkpoint)) from stop
    except OSError as error:  # such as that of a full disk, which leaves what was written before
        about = f"{error.strerror or error}; {_what_is_kept(kept, files, checkpoint)}"
        raise OSError(error.errno, about, error.filename) from error
    if "elbo" in chains.trace and team.leads:
        from jaxlike.plots.contours import elbo_plot

        files.append(elbo_plot(chains.trace["elbo"], f"{prefix}_elbo.png"))
    chains = team.together(chains)
    summary = summarise(chains)
    warnings = complaints(chains, summary)
    if team.leads:
        every = chain_files(prefix)  # those of other processes too
        files = [*every, *(file for file in files if file not in every)]
        print(report(chains, summary), flush=True)
        if not arguments.no_report:
            files += report_of_run(prefix, model)
        print(f"{'files':<11}{_listed(files)}")
        for warning in warnings:
            warn(warning)
        if shown == "json":
            tell(
                "end",
                trusted=not warnings,
                warnings=list(warnings),
                r_hat=round(float(summary.r_hat.max()), 4),
                ess=round(float(min(summary.ess_bulk.min(), summary.ess_tail.min())), 1),
                divergent=int(chains.divergent.sum()),
                seconds=round(chains.cost.total_s, 1),
                files=list(map(str, files)),
            )
    return 1 if warnings else 0


def _what_is_kept(kept: Sequence["Chains"], files: Sequence[Path], checkpoint: Path) -> str:
    """What there is of a run that has ended too early, in words."""
    goes_on = "; --resume goes on from there" if checkpoint.exists() else ""
    if not kept:
        return f"no draw was kept yet{goes_on}"
    draws = f"{kept[0].n_draws} of {kept[0].wanted} draws of each chain"
    return f"{draws} are in {_listed(files)}{goes_on}"


def _checkpoint(prefix: str, rank: int) -> Path:
    return Path(f"{prefix}.checkpoint{f'.{rank}' if rank else ''}.npz")


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))
