"""Pages refer to what is there: other pages, files, commands, options, parameters."""

import ast
import importlib
import re
import textwrap
from pathlib import Path

import pytest
import yaml

import jaxlike
from jaxlike.cobaya import __path__ as COBAYA
from jaxlike.config.overrides import OVERRIDES
from jaxlike.inference.samplers.by_name import METHODS, options_of
from jaxlike.registry.options import (
    COMMON_OPTIONS,
    DATA_OPTIONS,
    LIKELIHOOD_OPTIONS,
    THEORY_FIELDS,
    THEORY_OPTIONS,
)
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.universe.cosmology import PARAMETERS as UNIVERSE


def test_links(pages, repository):
    """Every link within the repository leads to a file, and to a heading where it names one."""
    broken = []
    for page in pages.values():
        for target in page.links:
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (page.path.parent / file).resolve() if file else page.path
            there = pages.get(str(path.relative_to(repository)) if file else page.name)
            if not path.exists() or (anchor and (there is None or anchor not in there.anchors)):
                broken.append((page.name, target))
    assert broken == []


def test_every_page_is_in_the_navigation(pages):
    """A page that no table of contents has is found by nobody, and Sphinx warns of it."""
    listed = {"docs/index.md"}
    for page in pages.values():
        for language, text in page.blocks:
            if language == "{toctree}":
                entries = [line for line in text.split() if not line.startswith(":")]
                listed |= {f"{Path(page.name).parent}/{entry}.md" for entry in entries}
    there = {name for name in pages if name.startswith("docs/")}
    # captions and options of a table are no pages
    assert there - listed == set()


def test_python_compiles(pages):
    for page in pages.values():
        for language, text in page.blocks:
            if language in ("python", "{code-cell}"):
                ast.parse(textwrap.dedent(re.sub(r"^:tags:.*", "", text)), page.name)


def test_yaml_is_yaml(pages):
    for page in pages.values():
        for language, text in page.blocks:
            if language == "yaml":
                yaml.safe_load(text)


def _components():
    """Name of a component -> its options, as Cobaya's own file of it has them."""
    folder = Path(COBAYA[0])
    return {
        f"jaxlike.cobaya.{file.stem}": set(yaml.safe_load(file.read_text()) or {})
        for file in folder.glob("*.yaml")
    }


OF_COBAYA = {"class", "params", "renames", "type", "speed", "python_path", "path", "external"}


def _blocks_of_components(content, known):
    """(Component, its options) of every component that a mapping has, under whatever name."""
    if isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, dict):
                component = value.get("class", key)
                if component in known:
                    yield component, set(value)
            yield from _blocks_of_components(value, known)


def test_options_of_components_exist(pages):
    known, checked = _components(), 0
    for page in pages.values():
        for language, text in page.blocks:
            if language != "yaml":
                continue
            for component, given in _blocks_of_components(yaml.safe_load(text), known):
                checked += 1
                assert given <= known[component] | OF_COBAYA, (page.name, component)
    assert checked > 20


@pytest.fixture(scope="module")
def commands(generator):
    """Command, with the second word where it has one -> its options."""
    import argparse

    top = argparse.ArgumentParser(prog="jaxlike").add_subparsers()
    for command in generator.COMMANDS:
        command.add_command(top, generator.parents())
    found = {}
    for name, (parser, _) in generator.parsers(top).items():
        found[name] = set(parser._option_string_actions)
        for part, (below, _) in generator._below(parser).items():
            found[f"{name} {part}"] = set(below._option_string_actions)
    return found


def _command_lines(page):
    """Every line in code that is a command of jaxlike, without its comment, and what goes on in the
    next line."""
    code = [text for language, text in page.blocks if language in ("", "text", "bash")]
    code += [*page.indented, *page.spans]
    for text in code:
        for line in text.replace("\\\n", " ").splitlines():
            for part in re.split(r" && |; ", line.split(" #")[0]):
                if found := re.match(r" *(?:\$ )?jaxlike +([a-z].*)", part):
                    yield found[1].strip()


def test_commands_and_their_options_exist(pages, commands):
    checked, wrong = 0, []
    for page in pages.values():
        for line in _command_lines(page):
            words = line.split()
            name, two = words[0].rstrip(",:;"), " ".join(words[:2])
            accepted = commands.get(name, set()) | commands.get(two, set())
            for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", line):
                checked += 1
                if option not in accepted:
                    wrong.append((page.name, line, option))
            if name not in commands:
                wrong.append((page.name, line, name))
    assert wrong == []
    assert checked > 80


def test_what_commands_set_exists(pages):
    """NAME of --set NAME=VALUE, and of --option NAME=VALUE of a method."""
    of_input = {*LIKELIHOOD_OPTIONS, *THEORY_FIELDS, *OVERRIDES, "likelihoods"}
    of_methods = {name for method in METHODS for name in options_of(method)}
    wrong = []
    for page in pages.values():
        for line in _command_lines(page):
            for option, accepted in (("set", of_input), ("option", of_methods)):
                for name in re.findall(rf"--{option} ['\"]?([\w.@-]+)=", line):
                    if name.rpartition(".")[2] not in accepted and not name.isupper():
                        wrong.append((page.name, line, name))
    assert wrong == []


def test_targets_of_make_exist(pages, repository):
    targets = re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(), re.MULTILINE)
    for page in pages.values():
        for text in [*page.indented, *page.spans]:
            for line in text.splitlines():
                if found := re.match(r" *make ((?:[a-z]+ ?)+)", line.split("#")[0]):
                    for target in found[1].split():
                        assert target in targets, (page.name, line)


OF_HOSTS = re.compile(r"jaxlike\.(cobaya\.\w|\w+=|chi2)")  # components; [jaxlike] of an ini file


def test_names_of_python_exist(pages):
    """Dotted names of the package, and what is said of a `model`."""
    wrong = []
    for page in pages.values():
        code = [text for language, text in page.blocks if language in ("python", "{code-cell}")]
        for text in [*code, *page.indented, *page.spans]:
            for name in re.findall(r"(?<![\w/.\"'])jaxlike(?:\.[a-zA-Z_]\w*=?)+", text):
                if not OF_HOSTS.match(name) and not _resolves(name):
                    wrong.append((page.name, name))
            for name in re.findall(r"(?<![\w.])model\.([a-z_]\w*)", text):
                if not hasattr(jaxlike.Model, name) and name not in ("config", "parts", "yaml"):
                    wrong.append((page.name, f"model.{name}"))
    assert wrong == []


def _resolves(name):
    """Whether a dotted name is a module, or something in one."""
    found, parts = jaxlike, name.split(".")[1:]
    for i, part in enumerate(parts):
        if not hasattr(found, part):
            try:
                importlib.import_module(".".join(["jaxlike", *parts[: i + 1]]))
            except ImportError:
                return False
        found = getattr(found, part)
    return True


MADE_UP = re.compile(r"my_|somebody|chronometers|config\.yaml|input\.|PREFIX|NAME")
OF_OTHERS = ("data/sn",)  # a folder of Cobaya's packages
FOLDERS = r"(?:cobaya_yaml|cosmosis_modules|tests|jaxlike|docs|data|\.ci|\.github)"


def test_files_exist(pages, repository):
    """Paths from the repository, and modules and tests by their last names."""
    names = {str(p.relative_to(repository)) for p in _files(repository)}
    folders = {str(Path(name).parent) for name in names}
    last = {part for name in names for part in _ends(name)}
    wrong = []
    for page in pages.values():
        everything = "\n".join([*page.indented, *page.spans, *(text for _, text in page.blocks)])
        for path in re.findall(rf"(?<![\w./-]){FOLDERS}/[\w./-]*\w", everything):
            known = {path, f"jaxlike/{path}"} & (names | folders)
            known |= {n for n in names if n.startswith(path)}  # NAME_pipeline.ini, ...
            if not (known or MADE_UP.search(path) or path in OF_OTHERS):
                wrong.append((page.name, path))
        for span in page.spans:
            if re.fullmatch(r"[\w/]+\.py", span) and not MADE_UP.search(span) and span not in last:
                wrong.append((page.name, span))
    assert wrong == []


def _files(repository):
    for top in ("cobaya_yaml", "cosmosis_modules", "tests", "jaxlike", "docs", "data"):
        yield from (p for p in (repository / top).rglob("*") if p.is_file())
    for top in (".ci", ".github"):
        yield from (p for p in (repository / top).rglob("*") if p.is_file())
    yield from (p for p in repository.glob("*") if p.is_file())


def _ends(name):
    """A path and what it ends in: a/b/c.py, b/c.py, c.py."""
    parts = name.split("/")
    return {"/".join(parts[i:]) for i in range(len(parts))}


def test_extras_exist(pages, repository):
    setup = (repository / "setup.cfg").read_text()
    extras = setup.split("[options.extras_require]")[1].split("[options.entry_points]")[0]
    for page in pages.values():
        for name in re.findall(r"(?:\.|jaxlike)\[(\w+)\]", page.text):
            assert f"\n{name} =\n" in extras, (page.name, name)


def test_the_reference_has_every_option(pages, generator):
    """Each with a text, from the files that hosts show."""
    page = pages["docs/reference/options.md"]
    found = {name: generator.component_options(name)[1] for name in generator.COMPONENTS}
    for component, options in found.items():
        assert options, component
        for one in options:
            assert len(one.text) > 10, (component, one.name)
            assert one.name in page.text
    assert {one.name for one in found["Theory"]} >= set(THEORY_OPTIONS)
    accepted = {*LIKELIHOOD_OPTIONS, *DATA_OPTIONS} - {*COMMON_OPTIONS} | {"power", "compression"}
    assert {one.name for one in found["3x2pt"]} >= accepted
    for name in generator.module_options():
        assert f"{name}" in page.text, name
    for method in METHODS:
        assert f"| `{method}` |" in page.text


def test_the_reference_has_every_parameter_and_command(pages, commands):
    text = pages["docs/reference/parameters.md"].text
    for declared in (*UNIVERSE, *(one for t in TRACERS.values() for one in t.parameters)):
        assert f"`{declared.spelt(declared.name, '1..' if declared.per else None)}`" in text
    anchors = pages["docs/reference/commands.md"].anchors
    for name in commands:
        assert f"jaxlike-{name.replace(' ', '-')}" in anchors


def test_a_wrong_name_would_be_found(pages, commands):
    """The tests above can fail: they see the lines that they are about."""
    start = pages["docs/start.md"]
    lines = list(_command_lines(start))
    assert any(line.startswith("plot ") and "--config" in line for line in lines)
    assert "no-such-heading" not in start.anchors
    assert "--no-such-option" not in commands["nuts"]
