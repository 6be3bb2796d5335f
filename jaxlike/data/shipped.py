"""Where data are: the mock survey that comes with the package, a fetched data set, or a path."""

from pathlib import Path

from jaxlike.data.download import DATA_SETS, data_folder
from jaxlike.errors import DataError

_NAME = "des_y1_mock.fits"


def default_data_file() -> Path:
    """Path of the shipped mock survey, in an installed package or in a checkout."""
    here = Path(__file__).resolve().parent
    candidates = (here / _NAME, here.parents[1] / "data" / _NAME)
    for file in candidates:
        if file.is_file():
            return file
    raise DataError(
        f"{_NAME}: the shipped mock survey is in neither {candidates[0].parent} nor"
        f" {candidates[1].parent}; install the package again or give a data_file"
    )


def find_data_file(name: str | None) -> Path:
    """Path of `name`: None for the shipped mock, the name of a fetched data set, or a path."""
    if name is None:
        return default_data_file()
    file = Path(name).expanduser()
    if name not in DATA_SETS or file.exists():
        return file
    fetched = data_folder() / DATA_SETS[name].file_name
    if not fetched.is_file():
        raise DataError(
            f"data set '{name}' has not been fetched: run `jaxlike data get {name}`"
            f" (or, with the file at hand, `jaxlike data get {name} --from FILE`)"
        )
    return fetched
