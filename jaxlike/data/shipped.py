"""Where data are: a mock survey that comes with the package, a fetched data set, or a path."""

import hashlib
from pathlib import Path

from jaxlike.data.download import DATA_SETS, data_folder
from jaxlike.errors import DataError

SHIPPED = ("des_y1_mock", "paper_mock")
"""Names of the mock surveys that come with the package, the default first."""


def default_data_file() -> Path:
    """Path of the default mock survey, in an installed package or in a checkout."""
    return _shipped_file(SHIPPED[0])


def _shipped_file(name: str) -> Path:
    here = Path(__file__).resolve().parent
    candidates = [folder / f"{name}.fits" for folder in (here, here.parents[1] / "data")]
    for file in candidates:
        if file.is_file():
            return file
    raise DataError(
        f"{name}.fits: the shipped mock survey is in neither {candidates[0].parent} nor"
        f" {candidates[1].parent}; install the package again or give a data_file"
    )


def find_data_file(name: str | None) -> Path:
    """Path of `name`: None for the default mock, a name of SHIPPED or DATA_SETS, or a path."""
    if name is None:
        return default_data_file()
    file = Path(name).expanduser()
    if file.exists():
        return file
    if name in SHIPPED:
        return _shipped_file(name)
    if name not in DATA_SETS:
        return file
    fetched = data_folder() / DATA_SETS[name].file_name
    if not fetched.is_file():
        raise DataError(
            f"data set '{name}' has not been fetched: run `jaxlike data get {name}`"
            f" (or, with the file at hand, `jaxlike data get {name} --from FILE`)"
        )
    return fetched


def survey_of(name: str | None) -> str | None:
    """The survey whose analysis a data file belongs to, by its content; None for an unknown one.

    The default mock has the layout of DES-Y1, and its analysis.
    """
    if name is None or name in (SHIPPED[0], *DATA_SETS):
        return "des_y1" if name is None or name == SHIPPED[0] else name
    try:
        file = find_data_file(name)
        found = _hash(file)
        if found == _hash(default_data_file()):
            return "des_y1"
    except (DataError, OSError):
        return None  # whoever reads it will say what is wrong
    known = {data_set.sha256: data_set.name for data_set in DATA_SETS.values()}
    return known.get(found)


def is_mock(name: str | None) -> bool:
    """Whether a data file is a mock that comes with the package."""
    return name is None or name in SHIPPED or Path(name).name in {f"{s}.fits" for s in SHIPPED}


def _hash(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
