"""Inputs that end a reader, or never end: one sentence each, soon."""

import pytest

from jaxlike.config import read_config
from jaxlike.errors import ConfigError

INPUT = """\
likelihood: {jaxlike.cobaya.shear: {params: {}}}
params:
  omegam: {prior: {min: 0.1, max: 0.9}}
  As: 2.1e-9
  H0: 70
  omegab: 0.05
  ns: 0.96
"""
NINE = (f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]\n" for i in range(1, 9))
LAUGHS = "a0: &a0 [x, x]\n" + "".join(NINE)
YAML = {
    "a date": (INPUT.replace("70", "2026-02-30"), "not valid YAML .day is out of range"),
    "a tag": (INPUT.replace("70", "!!int abc"), "not valid YAML .invalid literal"),
    "a huge number": (INPUT.replace("70", "9" * 400), "'H0': value is too large for a number"),
    "a huge ref": (INPUT.replace("0.9}", "0.9}, ref: " + "9" * 400), "ref is too large"),
    "brackets": ("[" * 50_000, "brackets nest too deep"),
    "aliases": (LAUGHS + INPUT, "with its aliases it has more than 2000000 entries"),
    "an alias of itself": ("a: &a [*a]\n" + INPUT, "recursive node|what it is in"),
    "a value that exits": (INPUT.replace("70", "exit()"), "'exit..' cannot be used .it calls exit"),
    "a function that exits": (INPUT.replace("70", "'lambda omegam: exit()'"), "it calls exit"),
    "a prior that exits": (INPUT + "prior: {a: 'lambda omegam: exit()'}", "it calls exit"),
    "parameters": (
        INPUT + "".join(f"  p{i}: 1\n" for i in range(10_001)),
        "'params' has more than 10000 parameters",
    ),
    "a number for a name": (INPUT + "  1: 2\n", "parameter name 1 is not text"),
    "a list of options": (
        INPUT.replace("{params: {}}", "[1]"),
        r"likelihood 'jaxlike.cobaya.shear' is \[1\], but must be a mapping of options",
    ),
    "a list for a word": (
        INPUT.replace("params: {}", "projection: [flat]"),
        r"option 'projection' is \['flat'\]; accepted are",
    ),
}


@pytest.mark.parametrize("name", YAML)
def test_a_yaml_that_ends_nowhere(name, tmp_path):
    text, message = YAML[name]
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_config(tmp_path / "x.yaml")


def ini_files(folder, kind):
    """Files that include each other: a chain, two each, or entries that stand for many others."""
    first, last = folder / "0.ini", "[pipeline]\nmodules =\n"
    if kind == "references":
        lines = [f"x{i + 1} = {f'%(x{i})s' * 12}" for i in range(9)]
        first.write_text("\n".join([last, "[a]", "x0 = yyyy", *lines]))
        return first
    again = 1 if kind == "chain" else 2
    for i in range(60 if kind == "chain" else 30):
        (folder / f"{i}.ini").write_text(f"%include {i + 1}.ini\n" * again)
    (folder / ("60.ini" if kind == "chain" else "30.ini")).write_text(last)
    return first


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("chain", "%include goes deeper than 50 files"),
        ("doubling", "%include goes through more than 1000 files"),
        ("references", r"\[a\] has more than 1000000 characters, with what %\(...\)s stand for"),
    ],
)
def test_an_ini_that_ends_nowhere(kind, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        read_config(ini_files(tmp_path, kind))


@pytest.mark.parametrize("given", [None, 3, [1], b"x.yaml"])
def test_what_is_no_configuration(given):
    with pytest.raises(ConfigError, match="is the path of a file or a mapping, not a"):
        read_config(given)
