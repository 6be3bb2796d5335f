"""`jaxlike init` and `jaxlike examples`: inputs that come with the package."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jaxlike.cli.main import main
from jaxlike.config import read_config
from jaxlike.examples import EXAMPLES, FOLDER, find_example, texts_of

BAD = [
    (["init", "nothing"], "there is no example 'nothing'; accepted are mock,"),
    (["init", "des_y1", "--cosmosis"], "'des_y1' has no pipeline for CosmoSIS; accepted with"),
    (["init", "mock", "--output", "a.ini"], "accepted is a name that ends in .yaml"),
    (["init", "--cosmosis", "--output", "a.yaml"], "accepted is a name that ends in .ini"),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, here, refused):
    assert message in refused(argv)
    assert not list(here.iterdir())


def test_an_input_is_written_and_never_over_another(here, capsys, refused):
    assert main(["init"]) == 0
    assert "jaxlike nuts mock.yaml" in capsys.readouterr().out
    written = Path("mock.yaml").read_text()
    assert read_config("mock.yaml").sampled
    assert main(["init", "mock"]) == 0  # there is nothing to lose
    capsys.readouterr()
    Path("mock.yaml").write_text(written + "# mine\n")
    assert "'mock.yaml' exists already" in refused(["init", "mock"])
    assert Path("mock.yaml").read_text().endswith("# mine\n")
    assert main(["init", "mock", "--force"]) == 0
    assert Path("mock.yaml").read_text() == written


def test_a_pipeline_brings_the_files_that_it_names(here, refused, capsys):
    assert main(["init", "des_y3_3x2pt", "--cosmosis", "--output", "runs/y3.ini"]) == 0
    names = {file.name for file in Path("runs").iterdir()}
    own = {f"des_y3_{what}.ini" for what in ("shear_values", "shear_priors")}
    own |= {f"des_y3_3x2pt_{what}.ini" for what in ("values", "priors")}
    assert names == {"y3.ini", "jaxlike_two_point.py", *own}
    assert main(["init", "des_y3_shear", "--cosmosis", "--output", "runs/shear.ini"]) == 0
    capsys.readouterr()
    Path("runs/des_y3_shear_values.ini").write_text("")
    message = refused(["init", "des_y3_3x2pt", "--cosmosis", "--output", "runs/another.ini"])
    assert "'runs/des_y3_shear_values.ini' exists already" in message
    assert not Path("runs/another.ini").exists()


CASES = [
    (one.name, cosmosis)
    for one in EXAMPLES.values()
    for cosmosis in (False, True)
    if one.run != "survey" and (one.ini or not cosmosis)
]


@pytest.mark.parametrize(("name", "cosmosis"), CASES)
def test_what_is_written_is_what_the_repository_has(name, cosmosis, here, repository, monkeypatch):
    example = find_example(name)
    target = Path(f"runs/{name}{'.ini' if cosmosis else '.yaml'}")
    for file, text in texts_of(example, target, cosmosis=cosmosis).items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert "cosmosis_modules/" not in target.read_text()
    written = read_config(target)
    source = example.file(cosmosis=cosmosis)
    monkeypatch.chdir(repository)
    assert replace(written, path=source) == replace(read_config(source), path=source)


def test_every_input_of_the_repository_is_an_example(repository):
    assert (FOLDER / "cobaya_yaml").samefile(repository / "cobaya_yaml")
    assert {one.yaml for one in EXAMPLES.values()} == {
        file.name for file in (repository / "cobaya_yaml").iterdir()
    }
    pipelines = {
        file.name
        for file in (repository / "cosmosis_modules").glob("*.ini")
        if not re.search(r"(values|priors)\.ini$", file.name)
    }
    assert {one.ini for one in EXAMPLES.values() if one.ini} == pipelines


def test_examples_says_in_a_line_what_each_is(capsys):
    assert main(["examples"]) == 0
    lines = capsys.readouterr().out.splitlines()[: len(EXAMPLES)]
    assert [line.split()[0] for line in lines] == list(EXAMPLES)
    titles = [one.title for one in EXAMPLES.values()]
    assert len(set(titles)) == len(titles)
    assert all(10 < len(title) < 200 for title in titles)
    assert find_example("decade").data_sets == ("decade_ngc", "decade_sgc")
    assert find_example("mock").data_sets == ()
    assert find_example("lsst_y10").name == "stage4_shear"  # by the survey that it is of


def test_options_in_comments_have_the_values_that_are_said(here):
    """Uncommented, the options of the mock's input change nothing."""
    text = find_example("mock").file().read_text()
    options = re.compile(r"^(    )# (\w+: [\w.]+)(?= |$)", re.MULTILINE)
    assert len(options.findall(text)) > 8
    Path("given.yaml").write_text(options.sub(r"\1\2", text))
    Path("plain.yaml").write_text(text)
    given, plain = read_config("given.yaml"), read_config("plain.yaml")
    assert given.theory == plain.theory
    assert given.parameters == plain.parameters
    (one,), (other,) = given.likelihoods, plain.likelihoods
    assert one.data_file == "des_y1_mock"
    assert replace(one, data_file=None, survey=other.survey) == replace(other, data_file=None)
