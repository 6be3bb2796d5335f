"""`jaxlike explain`: what becomes of an input that was written for other programs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, add_config, add_force, option_overrides
from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.outputs import check_no_input, check_output_file, locked

if TYPE_CHECKING:
    from jaxlike.config import Config
    from jaxlike.config.explain import Explained


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `explain` to the commands."""
    parser = subparsers.add_parser(
        "explain",
        parents=[shared.device, shared.model],
        help="say what each option of an input is here, such as one of CosmoSIS's library",
    )
    add_config(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="write the same as an input of jaxlike's own: .yaml for Cobaya, .ini for CosmoSIS",
    )
    add_force(parser, "an existing file")
    parser.add_argument(
        "--check",
        action="store_true",
        help="run CosmoSIS or Cobaya on the input once, and compare likelihoods where it starts",
    )
    parser.add_argument(
        "--cosmosis",
        metavar="COMMAND",
        help="CosmoSIS for --check (default: that of this environment)",
    )
    parser.set_defaults(run=explain)


def explain(arguments: argparse.Namespace) -> int:
    """Print what becomes of each entry of an input, or the options of one of jaxlike's own."""
    from jaxlike.config import files_named_by
    from jaxlike.config.explain import explained

    output = _output(arguments)
    if output is not None:
        arguments.held.enter_context(locked(output))
    found = explained(arguments.config, option_overrides(arguments))
    if found.explanation is None:
        print(f"{arguments.config}: an input of jaxlike's own")
    else:
        for line in found.explanation.lines():
            print(line)
    for line in _likelihoods(found.config):
        print(line)
    if output is not None:
        texts = _texts(output, found)
        check_no_input(texts, files_named_by(arguments.config, option_overrides(arguments)))
        for file in texts:
            check_output_file(file, force=arguments.force)
        for file, text in texts.items():
            with atomic_writer(file) as handle:
                handle.write(text.encode())
            print(f"file {file}")
    if arguments.check:
        return _check(arguments, found)
    return 0


def _texts(file: Path, found: "Explained") -> dict[Path, str]:
    """What is written: one file for Cobaya, for CosmoSIS a pipeline with those that it names."""
    from jaxlike.config.standard_library.normals import normals_of
    from jaxlike.config.translated import translated_yaml
    from jaxlike.config.written_ini import translated_ini
    from jaxlike.loading import data_set_of, with_checked_parameters

    if file.suffix != ".ini":
        return {file: translated_yaml(found.config, found.explanation)}
    config = found.config
    # default parameters of bins that the data have not got are none of a pipeline's
    if any(p.assumed for p in config.parameters):
        config = with_checked_parameters(config, [data_set_of(one) for one in config.likelihoods])
    normals = normals_of(found.library.translation) if found.library else ()
    return translated_ini(file, config, found.explanation, normals)


def _output(arguments: argparse.Namespace) -> Path | None:
    """The file to write; ConfigError on another suffix, and on one that is there."""
    if arguments.output is None:
        return None
    file = Path(arguments.output)
    if file.suffix not in (".yaml", ".yml", ".ini"):
        raise ConfigError(
            f"option --output is '{file}'; accepted are a Cobaya input, FILE.yaml, and a pipeline "
            "of CosmoSIS, FILE.ini"
        )
    return check_output_file(file, [arguments.config], force=arguments.force)


def _likelihoods(config: "Config") -> list[str]:
    """The likelihoods, in words, with those of their options that are not the default ones."""
    from jaxlike.registry.options import TheoryOptions

    found = []
    for one in config.likelihoods:
        found.append(
            f"likelihood {one.name}: {' '.join(one.probes or ('all',))} of {one.data_file}"
        )
        options = vars(one.options)
        given = [f"{k} = {v}" for k, v in options.items() if v != getattr(TheoryOptions, k)]
        found.append(f"  {', '.join(given)}")
    found += [f"likelihood {one.name}: {one.source}" for one in config.others]
    return [*found, f"{len(config.sampled)} parameters are sampled"]


def _check(arguments: argparse.Namespace, found: "Explained") -> int:
    """Compare with CosmoSIS; status 1 where a likelihood is apart by more than 0.5 in ln L."""
    from jaxlike.cosmosis.library_check import compared
    from jaxlike.cosmosis.library_run import default_command, run_library
    from jaxlike.loading import model_from_config

    path = Path(arguments.config)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _check_cobaya(arguments, found.config)
    library = found.library
    if library is None:
        raise ConfigError(f"{path}: --check is for pipelines of the standard library's modules")
    likes = library.translation.likes.values()
    saved = run_library(
        arguments.cosmosis or default_command(),
        library.translation.modules,
        [one.section for one in likes if one.section],
    )
    model = model_from_config(library.config)
    rows = list(compared(library, model, saved))
    print(
        f"{'at the start values':<22}{'points':>7}{'ln L here':>13}{'CosmoSIS':>13}{'apart':>9}"
        "  Delta^T C^-1 Delta"
    )
    for row in rows:
        apart = "" if row.apart is None else f"{row.apart:.4f}"
        difference = row.log_likelihood - row.log_likelihood_there
        print(
            f"{row.name:<22}{row.n:>7}{row.log_likelihood:>13.3f}{row.log_likelihood_there:>13.3f}"
            f"{difference:>+9.3f}  {apart}"
        )
    if (reason := model.reason_of_failure(model.reference)) is not None:
        print(f"ln L here: {reason}")
    far = [row for row in rows if not abs(row.log_likelihood - row.log_likelihood_there) <= _FAR]
    return 1 if far else 0


def _check_cobaya(arguments: argparse.Namespace, config: "Config") -> int:
    """Compare with Cobaya; status 1 where a likelihood is further apart than it may be."""
    from jaxlike.cli.checking import info_of
    from jaxlike.cobaya.own_values import NotThere, compared
    from jaxlike.loading import model_from_config

    info = info_of(arguments.config)
    assert info is not None
    model = model_from_config(config)
    try:
        found = compared(info, model, every=True)
    except NotThere as reason:
        raise ConfigError(f"{arguments.config}: cannot be compared with Cobaya: {reason}") from None
    print(f"{'at the reference':<28}{'points':>7}{'chi^2 here':>13}{'Cobaya':>13}{'apart':>10}")
    for row in found.rows:
        print(f"{row.name:<28}{row.n:>7}{row.here:>13.3f}{row.there:>13.3f}{row.apart:>+10.4f}")
    for name in found.missing:
        print(f"{name:<28} Cobaya has not got its data")
    print(f"Cobaya with {found.theory}")
    return 0 if all(row.agrees for row in found.rows) else 1


_FAR = 0.5  # in ln L, above which something is another model
