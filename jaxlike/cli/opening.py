"""Opening a command's CONFIG: its model, and the prefix of the files that the command writes."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jaxlike.cli.common_options import option_overrides
from jaxlike.cli.running import warn
from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    from jaxlike.config import Config
    from jaxlike.likelihoods.two_point import Likelihood
    from jaxlike.posterior.model import Model


def open_model(
    arguments: argparse.Namespace,
    ending: str,
    existing: Callable[[str, "Config"], Sequence[Path]],
    *,
    inputs: Sequence[Path] = (),
    resumes: Callable[[str], bool] | None = None,
    whole: bool = False,
) -> tuple["Model", str]:
    """The model of a command's CONFIG, announced, and the prefix of the files to write.

    The prefix is the command's until its end. existing: the files of a prefix that it would
    replace; inputs: what it reads besides its CONFIG; resumes: whether the run of a prefix goes on.
    ConfigError, before the model is built, where another run writes this prefix, where files are
    there and neither force nor resumes, and where one of them is an input.
    With `whole` a choice of likelihoods leaves the parameters of the others, with their priors.
    """
    import jaxlike
    from jaxlike.config import files_named_by, read_config
    from jaxlike.inference.results.chain_files import check_prefix, check_replaced
    from jaxlike.loading import model_from_config
    from jaxlike.outputs import check_no_input, locked
    from jaxlike.posterior.range_policy import check_prior

    overrides = option_overrides(arguments)
    config = read_config(arguments.config, **overrides)
    prefix = arguments.output or f"{config.output or Path('chains', config.path.stem)}_{ending}"
    if not config.sampled:
        raise ConfigError(f"{arguments.config}: nothing is sampled: give a parameter a prior")
    check_prefix(prefix)
    arguments.held.enter_context(locked(prefix, arguments.team.rank))
    there = existing(prefix, config)
    if not (arguments.force or (resumes is not None and resumes(prefix))):
        check_replaced(prefix, there)
    if there:
        check_no_input(there, [*inputs, *files_named_by(arguments.config, overrides)])
    wanted = overrides.pop("likelihoods", None) if whole else None
    if wanted is None:
        model = model_from_config(config)
    else:
        model = jaxlike.load(arguments.config, **overrides)
        model = model.with_likelihoods(wanted.replace(",", " ").split())
    print(described(arguments.config, model), flush=True)
    for note in model.config.notes:
        warn(note)
    check_prior(model, warn)
    return model, prefix


def described(config: str, model: "Model") -> str:
    """What is opened, in a line: parameters, points of each file and what of it was cut, bins,
    whether it is a mock, and how many priors are a survey's and not the input's."""
    measured = list(model.measured.values())
    short = f", as {measured[0].n_points} numbers" if model.compressed else ""
    assumed = sum(p.assumed for p in model.config.sampled)
    if assumed:
        short += f"; {assumed} priors are those of {_surveys(model)}"
    data = [_data(one, model) for one in measured]
    for name, part in model.parts.items():
        if name not in model.measured:
            data.append(f"{part.n_points} points of {name}" if part.n_points else name)
    each = " and ".join(data)
    return f"{config}: {len(model.parameters)} parameters, {each}{short}"


def _surveys(model: "Model") -> str:
    """What the surveys are called whose analyses the likelihoods follow."""
    from jaxlike.config.analysis import analysis_for

    found = [analysis_for(one.data_file, one.survey) for one in model.config.likelihoods]
    return " and ".join(dict.fromkeys(one.title for one in found if one)) or "the components"


def _data(one: "Likelihood", model: "Model") -> str:
    about = [f"{one.data.n_cut} cut"] if one.data.n_cut else []
    about += [f"blinded with key {one.data.blinded}"] if one.data.blinded else []
    about += [f"{sample.n_bin} {sample.word} bins" for sample in one.samples]
    own = next((own for own in model.config.likelihoods if own.name == one.name), None)
    about += [own.about_mock] if own is not None and own.about_mock else []
    if own is not None and own.assumed:
        about += [f"with the {', '.join(own.assumed)} of its survey"]
    after = f" ({', '.join(about)})" if about else ""
    return f"{one.data.n_data} points of {one.data.source}{after}"
