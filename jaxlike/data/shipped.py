"""Where data are: a mock survey that comes with the package or is made, a data set, or a path."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.download import DATA_SETS, data_folder
from jaxlike.data.fits2pt.reader import read_redshift_distributions
from jaxlike.data.formats import path_of
from jaxlike.data.lensing_sets import LENSING_SETS, find_lensing_set
from jaxlike.errors import DataError
from jaxlike.files import sha256_of
from jaxlike.surveys import Analysis, known_surveys, read_survey

SHIPPED = ("des_y1_mock", "paper_mock")
"""Names of the mock surveys that come with the package, the default first."""

MOCK = "mock"
"""The option `data_file` for mock data in the layout of the likelihood's survey."""

_ORIGIN, _CARDS = b"ORIGIN  = 'jaxlike mock", 2880  # among the first bytes of what is made here

OF_SURVEY = "survey"
"""The option `scale_cuts` for those of the survey that the data are of."""


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
    """Path of `name`: None for the default mock, a name of SHIPPED, LENSING_SETS or DATA_SETS, or a
    path."""
    if name is None:
        return default_data_file()
    file = path_of(name)
    if file.exists():
        return file
    if name in SHIPPED:
        return _shipped_file(name)
    if name in LENSING_SETS:
        return find_lensing_set(name)
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

    None as a name is the default mock, which has the layout and the analysis of a survey.
    """
    analyses = [read_survey(survey) for survey in known_surveys()]
    for one in analyses:
        if (SHIPPED[0] if name is None else name) in one.names:
            return one.name
    try:
        file = find_data_file(name)
        found = sha256_of(file)
        for one in analyses:
            if found in {*one.sha256, *map(_hash_of_data_set, one.names)}:
                return one.name
        means = _mean_redshifts(file)
    except (DataError, OSError):
        return None  # whoever reads it will say what is wrong
    return next((one.name for one in analyses if _are_of(means, one)), None)


def _hash_of_data_set(name: str) -> str | None:
    """That of a published file, or of a shipped one; None for any other."""
    if name in DATA_SETS:
        return DATA_SETS[name].sha256
    return sha256_of(_shipped_file(name)) if name in SHIPPED else None


def _mean_redshifts(file: Path) -> list[NDArray]:
    """(n_bin,) mean redshifts of every n(z) of a 2pt FITS file."""
    return [nz.dndz @ nz.z_mid / nz.dndz.sum(axis=1) for nz in read_redshift_distributions(file)]


def _are_of(means: Sequence[NDArray], survey: Analysis) -> bool:
    """Whether every n(z) is that of one of a survey's samples."""
    return bool(means) and all(
        any(
            one.shape == np.shape(known) and np.allclose(one, known, atol=5e-4)
            for known in survey.mean_redshifts
        )
        for one in means
    )


def is_mock(name: str | None) -> bool:
    """Whether a data file is a mock that comes with the package, or that it makes."""
    if name is None or name in (*SHIPPED, MOCK):
        return True
    try:
        file = path_of(name)
        if file.name in {f"{s}.fits" for s in SHIPPED}:
            return True
        with file.open("rb") as handle:
            return _ORIGIN in handle.read(_CARDS)
    except (DataError, OSError):
        return False  # whoever reads it will say what is wrong


def is_survey_mock(name: object, survey: object) -> bool:
    """Whether data are to be made in the layout of a survey, and no file has that name."""
    return name == MOCK and bool(survey) and not Path(MOCK).is_file()
