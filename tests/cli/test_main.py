"""The command line as a whole: unknown commands, every command in its place, quick help."""

import os
import resource
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import jaxlike
from jaxlike import __version__
from jaxlike.cli import main as main_module
from jaxlike.cli.main import main, warnings_in_a_line

BAD = [
    ([], "required: COMMAND"),
    (["explore"], "invalid choice: 'explore' (choose from"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, refused):
    assert message in refused(argv)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"jaxlike {__version__}\n"


def test_help_takes_less_than_a_fifth_of_a_second():
    def seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "jaxlike", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.2


def test_a_shell_completes_options(tmp_path):
    pytest.importorskip("argcomplete")
    line, answer = "jaxlike nuts --ma", tmp_path / "answer"
    environment = {
        **os.environ,
        **{"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_TYPE": "9"},
        **{"COMP_LINE": line, "COMP_POINT": str(len(line))},
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
    }
    subprocess.run([sys.executable, "-m", "jaxlike"], env=environment, check=False)
    assert answer.read_text().split() == ["--max-tree-depth", "--mass"]


def test_every_module_with_a_command_is_listed(capsys):
    folder = Path(main_module.__file__).parent
    having = {p.stem for p in folder.glob("*.py") if "def add_command(" in p.read_text()}
    listed = {module.__name__.rpartition(".")[2] for module in main_module.COMMANDS}
    assert listed == having
    with pytest.raises(SystemExit):
        main(["--help"])
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:4].isspace()]
    assert listed <= set(names)


@pytest.mark.parametrize(
    ("command", "word"), [(["nuts"], "--max-tree-depth"), ([], "forecast a survey")]
)
def test_help_is_quick_because_it_imports_nothing_heavy(command, word):
    code = (
        "import sys; from jaxlike.cli.main import main\n"
        f"try: main([*{command}, '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'jax', 'numpy', 'matplotlib', 'blackjax', 'astropy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert word in run.stdout


def test_own_warnings_are_a_sentence():
    """As errors are; those of others keep the place that they are from."""
    own, other = jaxlike.__file__, np.__file__
    with warnings_in_a_line():
        assert warnings.formatwarning("so", UserWarning, own, 3) == "jaxlike: warning: so\n"
        assert other in warnings.formatwarning("so", UserWarning, other, 3)
        assert own in warnings.formatwarning("so", RuntimeWarning, own, 3)
    assert own in warnings.formatwarning("so", UserWarning, own, 3)
