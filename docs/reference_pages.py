"""The pages of the reference that the package writes itself: options, parameters, commands.

A page of docs/reference/ has a line `<!-- generated: NAME -->`, in whose place Sphinx puts what the
function of that name here makes of the package: of the components' own yaml files (what
`cobaya-doc` prints), of CosmoSIS's `module.yaml`, of what the theory declares, of the parsers of
the commands.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

import jaxlike
from jaxlike.cli.common_options import parents
from jaxlike.cli.main import COMMANDS
from jaxlike.inference.samplers.by_name import METHODS, options_of
from jaxlike.registry.options import CHOICES
from jaxlike.registry.samples import Sample
from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.universe.cosmology import PARAMETERS as UNIVERSE

PACKAGE = Path(jaxlike.__file__).resolve().parent
MODULE = PACKAGE.parent / "cosmosis_modules" / "module.yaml"
MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)

COMPONENTS = ("Theory", "3x2pt", "bao", "sn", "cmb", "candl", "external", "NUTS", "MCLMC")
"""Components of Cobaya whose options are listed; `shear` and `2x2pt` have those of `3x2pt`."""


_CORE = ("Theory", "3x2pt")


class Option(NamedTuple):
    """An option of a component: its name, default as yaml has it, and what its comment says."""

    name: str
    default: str
    text: str


def component_options(component: str) -> tuple[str, list[Option]]:
    """What a component of Cobaya is, in its file's first comment, and its options in order.

    A comment is of all options that follow it without an empty line or another comment between.
    """
    lines = (PACKAGE / "cobaya" / f"{component}.yaml").read_text(encoding="utf-8").splitlines()
    title, comment, options, fresh = "", [], [], True
    for line in lines:
        if line.startswith("#"):
            comment = [*([] if fresh else comment), line.removeprefix("#").strip()]
            fresh = False
        elif not line.strip():
            title, fresh = title or " ".join(comment), True
        elif found := re.match(r"(\w+):\s*(.*)$", line):
            options.append(Option(found[1], found[2], " ".join(comment)))
            fresh = True
    return title, options


def module_options() -> dict[str, str]:
    """Options of CosmoSIS's module: name -> what `module.yaml` says of it."""
    return dict(yaml.safe_load(MODULE.read_text(encoding="utf-8"))["params"])


def options() -> str:
    """Every option of Cobaya's components, with that of CosmoSIS's module of the same name."""
    ours, text, shown = module_options(), [], set()
    for component in COMPONENTS:
        title, found = component_options(component)
        beside = ", `jaxlike.cobaya.shear` and `2x2pt`" if component == "3x2pt" else ""
        text += [f"## jaxlike.cobaya.{component}", f"`jaxlike.cobaya.{component}`{beside}: {title}"]
        for one in found:
            text.append(f"### {one.name}" if component in _CORE else f"**{one.name}**")
            text += list(_described(one, component))
            if component in _CORE and one.name in ours:
                text.append(f"In CosmoSIS: {_plain(ours[one.name])}")
                shown.add(one.name)
    text.append("## CosmoSIS's module")
    text.append(
        "What `cosmosis_modules/jaxlike_two_point.py` takes besides, in the section of its own; an "
        "option above has the same name there."
    )
    others = {name: what for name, what in ours.items() if name not in shown}
    text += [f"**{name}**\n\n{_plain(what)}" for name, what in others.items()]
    return "\n\n".join(text)


def _described(one: Option, component: str) -> Iterator[str]:
    """Default, accepted values where they are a list, and the text of an option."""
    default = f"Default `{one.default or 'null'}`."
    known = component in _CORE and one.name in CHOICES
    accepted = ", ".join(f"`{value}`" for value in CHOICES[one.name]) if known else ""
    yield default + (f" Names: {accepted}." if accepted else "")
    yield _plain(one.text)


def methods() -> str:
    """The options of every method of `jaxlike sample`, from its function."""
    rows = ["| method | option = default |", "|---|---|"]
    for method in METHODS:
        found = ", ".join(f"`{name} = {value}`" for name, value in options_of(method).items())
        rows.append(f"| `{method}` | {found} |")
    return "\n".join(rows)


def parameters() -> str:
    """Every parameter that the theory declares, under all its names."""
    text = ["## Universe", _table(UNIVERSE, lambda one: one.bare)]
    for kind, tracer in TRACERS.items():
        sample = Sample(kind, 1)
        if sample.parameters:
            text.append(f"## {tracer.word[:1].upper()}{tracer.word[1:]} samples")
            text.append(_table(sample.parameters, sample.stems))
    return "\n\n".join(text)


def _table(declared: Iterable[Declared], names: Callable[[Declared], Iterable[str]]) -> str:
    heads = ("parameter", "names", "CosmoSIS", "not given", "has an effect with")
    rows = [_row(*heads), _row(*("---" for _ in heads))]
    for one in declared:
        end = "1.." if one.per else None
        spelt = [f"`{one.spelt(name, end)}`" for name in names(one)]
        sections = [f"`{one.spelt(name, end)}`" for name in one.sections]
        names_of = ", ".join(spelt), ", ".join(sections)
        rows.append(_row(_math(one.latex), *names_of, _missing(one), _needs(one)))
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _math(latex: str) -> str:
    return f"${latex.replace('#', 'i')}$" if latex else ""


def _missing(one: Declared) -> str:
    """What becomes of a parameter that is not given."""
    if one.necessary:
        return f"an error, or `{one.or_else}`" if one.or_else else "an error"
    return "" if one.default is None else f"{one.default:g}"


def _needs(one: Declared) -> str:
    wanted = [pair for pair in (one.needs, one.or_needs) if pair is not None]
    return "; or ".join(f"`{option}`: {', '.join(map(_word, values))}" for option, values in wanted)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(text: str) -> str:
    """Text of a comment as Markdown: what could be markup is said to be none."""
    return re.sub(r"([*_<>\[\]|$])", r"\\\1", text)


def commands() -> str:
    """Every command with its arguments, from its parser."""
    top = argparse.ArgumentParser(prog="jaxlike")
    subparsers = top.add_subparsers()
    shared = parents()
    for command in COMMANDS:
        command.add_command(subparsers, shared)
    text = []
    for name, (parser, summary) in parsers(subparsers).items():
        text += [f"## jaxlike {name}", f"{_plain(_sentence(summary))}", _usage(parser)]
        text += list(_arguments(parser))
        for part, (below, about) in _below(parser).items():
            text += [f"### jaxlike {name} {part}", _plain(_sentence(about)), _usage(below)]
            text += list(_arguments(below))
    return "\n\n".join(one for one in text if one)


def parsers(subparsers: Any) -> dict[str, tuple[argparse.ArgumentParser, str]]:
    """Name -> the parser of a command and what its line of --help says."""
    said = {action.dest: action.help or "" for action in subparsers._choices_actions}
    return {name: (parser, said.get(name, "")) for name, parser in subparsers.choices.items()}


def _below(parser: argparse.ArgumentParser) -> dict[str, tuple[argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return parsers(action)
    return {}


def _usage(parser: argparse.ArgumentParser) -> str:
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    return f"```text\n{usage.replace('[-h] ', '')}\n```"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        if action.option_strings and action.nargs != 0:
            choices = "{" + ",".join(map(str, action.choices or ())) + "}"
            name += f" {action.metavar or (choices if action.choices else action.dest.upper())}"
        said = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
        rows.append(f"| `{name}` | {_plain(said)} |".replace("\n", " "))
    if rows:
        yield "\n".join(["| argument | |", "|---|---|", *rows])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


PAGES: dict[str, Callable[[], str]] = {
    "options": options,
    "methods": methods,
    "parameters": parameters,
    "commands": commands,
}


def fill(app: Any, docname: str, source: list[str]) -> None:
    """Sphinx's `source-read`: generated text in the place of the lines that ask for it."""
    source[0] = MARK.sub(lambda found: PAGES[found[1]](), source[0])
