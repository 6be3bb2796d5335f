"""Examples in public docstrings, and those of the pages for contributors, are run."""

import ast
import contextlib
import doctest
import inspect
import io
import pydoc
import re

import jax
import pytest

import jaxlike
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.tracers import TRACERS

_DIRECTIVE = re.compile(r"^\.\. auto(\w+):: (\S+)((?:\n {3,}.*)*)", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.fixture(scope="module")
def documented(pages):
    """Dotted name -> object of everything that the page of the Python reference shows."""
    found = {}
    for kind, name, more in _DIRECTIVE.findall(pages["docs/reference/api.md"].text):
        dotted = name if name.startswith("jaxlike.") else f"jaxlike.{name}"
        found[dotted] = pydoc.locate(dotted)
        if kind == "class" and (members := re.search(r":members: ([\w, \n]+?)(?=\n +:|$)", more)):
            for member in re.findall(r"\w+", members[1]):
                found[f"{dotted}.{member}"] = inspect.getattr_static(found[dotted], member)
    return found


@pytest.fixture(scope="module")
def namespace(pages, tmp_path_factory):
    """What the page gives its examples: small.yaml, its Model, a point, draws, in a folder."""
    folder = tmp_path_factory.mktemp("examples")
    blocks = pages["docs/reference/api.md"].blocks
    (text,) = (text for language, text in blocks if language == "yaml")
    (program,) = (text for language, text in blocks if language == "python")
    (folder / "small.yaml").write_text(text)
    names: dict[str, object] = {}
    with contextlib.chdir(folder):
        exec(program, names)
        yield names


def test_all_that_is_public_is_documented(documented):
    names = {one.rpartition(".")[2] for one in documented}
    assert set(jaxlike.__all__) <= names


def test_every_docstring_has_an_example(documented):
    for name, one in documented.items():
        assert ">>> " in (inspect.getdoc(one) or ""), name


def test_functions_have_sections(documented):
    """What takes several arguments says each of them, with shapes and units in the text."""
    for name, one in documented.items():
        if not inspect.isfunction(one) or name.startswith("jaxlike.Model."):
            continue
        asked = [p for p in inspect.signature(one).parameters if p not in ("self", "progress")]
        text = inspect.getdoc(one) or ""
        if "Args:" in text:
            for argument in asked:
                assert re.search(rf"^ +{argument}: ", text, re.MULTILINE), (name, argument)
        else:
            assert len(asked) <= 3, name


def test_examples_of_docstrings(documented, namespace):
    """All of them, in one folder and on one Model, which compiles once."""
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    output = io.StringIO()
    for name, one in documented.items():
        if "sacc" in name:
            pytest.importorskip("sacc", reason="SACC is not installed")
        if name.endswith("numpyro_model"):
            pytest.importorskip("numpyro", reason="NumPyro is not installed")
        test = parser.get_doctest(inspect.getdoc(one), dict(namespace), name, None, None)
        runner.run(test, out=output.write)
    assert runner.failures == 0, output.getvalue()
    assert runner.tries > 80


PAGES = ("statistic", "tracer", "likelihood", "survey")


@pytest.mark.parametrize("name", PAGES)
def test_examples_for_contributors(name, pages, tmp_path, monkeypatch):
    """Each page's files and programs, in order; to a gradient that is finite and not zero."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    kept = dict(STATISTICS), dict(TRACERS)
    names: dict[str, object] = {"__name__": f"page_{name}"}
    try:
        for language, text in pages[f"docs/contributing/{name}.md"].blocks:
            if language == "python":
                ast.parse(text)
                exec(compile(text, name, "exec"), names)
            elif file := re.match(r"# (\S+\.yaml)\n", text):
                (tmp_path / file[1]).parent.mkdir(exist_ok=True)
                (tmp_path / file[1]).write_text(text)
    finally:
        for registry, before in zip((STATISTICS, TRACERS), kept, strict=True):
            registry.clear()
            registry.update(before)
    slope = names.get("slope", names.get("gradient"))
    assert jax.numpy.isfinite(slope).all()
    assert jax.numpy.abs(slope).max() > 0
