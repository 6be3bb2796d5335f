"""A version is one everywhere, and what is built from the repository has what it needs."""

import re
from datetime import date

import yaml

import jaxlike


def test_one_version(repository):
    cited = yaml.safe_load((repository / "CITATION.cff").read_text())
    top = re.search(r"^## (\S+) \((.*)\)$", (repository / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert cited["version"] == jaxlike.__version__ == top[1]
    assert date.fromisoformat(str(cited["date-released"])) == date.fromisoformat(top[2])
    assert cited["license"] == "MIT"
    assert "MIT" in (repository / "LICENSE").read_text()


def test_workflows_run_what_there_is(repository):
    """Commands of the workflows and of .ci/run are targets and files of the repository."""
    targets = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    for name in ("tests", "publish"):
        text = (repository / ".github" / "workflows" / f"{name}.yml").read_text()
        flow = yaml.safe_load(text)
        commands = [s["run"] for job in flow["jobs"].values() for s in job["steps"] if "run" in s]
        assert commands
        for command in commands:
            if command.startswith("make "):
                assert {t for t in command.split()[1:] if not t.startswith(".")} <= targets
            if command.startswith(".ci/"):
                assert (repository / command.split()[0]).is_file()


def test_python_and_jax_of_ci_are_those_of_setup(repository):
    """The oldest of both is tried."""
    setup = (repository / "setup.cfg").read_text()
    oldest = re.search(r"python_requires = >=([\d.]+)", setup)[1]
    jax = re.search(r"jax>=([\d.]+)", setup)[1]
    text = (repository / ".github" / "workflows" / "tests.yml").read_text()
    assert f'python: "{oldest}", jax: "jax=={jax}.*' in text


def test_make_help_has_every_target(repository):
    text = (repository / "Makefile").read_text()
    for target in re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split():
        assert re.search(rf"^{target}:.* ## \S", text, re.MULTILINE), target
