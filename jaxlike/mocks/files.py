"""Files of mock surveys: of any layout written where one wishes, or once into the user's folder."""

from pathlib import Path
from typing import Any

from jaxlike.data import TwoPointData, data_folder
from jaxlike.errors import DataError
from jaxlike.mocks.layout import Layout, read_layout
from jaxlike.mocks.making import make_mock, write_mock
from jaxlike.surveys import read_survey

_SHIPPED = "des_y1"  # what `jaxlike mock` makes by default, and its file's header names no survey


def write_survey_mock(
    survey: str, output: str | Path, *, space: str | None = None, overwrite: bool = False
) -> tuple[TwoPointData, Layout]:
    """Make the mock of a survey and write it, 2pt FITS; ConfigError where it has no layout, or no
    points in `space` ("harmonic", "real"; None: the space of its `points`)."""
    layout = read_layout(read_survey(survey), space)
    data = make_mock(layout)
    write_mock(data, output, _header(layout), layout.fiducial, overwrite=overwrite)
    return data, layout


def survey_mock_file(survey: str) -> Path:
    """Path of the mock of a survey in the user's data folder, made there where it is not.

    Its name has a hash of the layout, of the survey's options and of the package's version.
    ConfigError where the survey has no layout, DataError where the folder cannot be written.
    """
    layout = read_layout(read_survey(survey))
    folder = data_folder() / "mocks"
    file = folder / f"{layout.analysis.folder.name}_mock_{layout.key}.fits"
    if file.is_file():
        return file
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be made ({error.strerror}); the mock of survey '{survey}' is kept "
            "there: set JAXLIKE_DATA to a folder of yours"
        ) from error
    # another process may have made it meanwhile, with the same bytes
    write_mock(make_mock(layout), file, _header(layout), layout.fiducial, overwrite=True)
    return file


def _header(layout: Layout) -> dict[str, Any]:
    name = layout.analysis.folder.name
    origin = "jaxlike mock" if name == _SHIPPED else f"jaxlike mock --survey {name}"
    if layout.is_other:
        origin = f"{origin} --space {layout.space}"
    seed = {} if layout.seed is None else {"SEED": layout.seed}
    found = {"ORIGIN": origin, **seed, "AREA": layout.area}
    widths = {one["sigma_e"] for one in layout.samples.values() if _is_number(one.get("sigma_e"))}
    return {**found, "SIGMA_E": widths.pop()} if len(widths) == 1 else found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
