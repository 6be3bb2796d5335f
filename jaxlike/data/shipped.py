"""Where data are: a mock survey that comes with the package, a fetched data set, or a path."""

import hashlib
from pathlib import Path

import numpy as np

from jaxlike.data.download import DATA_SETS, data_folder
from jaxlike.data.fits2pt.reader import read_redshift_distributions
from jaxlike.errors import DataError

SHIPPED = ("des_y1_mock", "paper_mock")
"""Names of the mock surveys that come with the package, the default first."""

DES_Y1 = "des_y1"
"""The survey whose cuts and default parameters come with the package."""

_DES_Y1_MEANS = (
    (0.3901, 0.5262, 0.7441, 0.9675),
    (0.2397, 0.3830, 0.5263, 0.6785, 0.8261),
)
# Mean redshifts of the source and the lens bins of 2pt_NG_mcal_1110.fits (Hoyle et al. 2018,
# arXiv:1708.01532; Elvin-Poole et al. 2018, arXiv:1708.01536): a cut or copied file is known by
# them, where its bytes are others.

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
    if name is None or name == SHIPPED[0]:
        return DES_Y1
    if name in DATA_SETS:
        return name
    try:
        file = find_data_file(name)
        found = _hash(file)
        known = {data_set.sha256: data_set.name for data_set in DATA_SETS.values()}
        if found in known:
            return known[found]
        if found == _hash(default_data_file()) or _has_redshifts_of_des_y1(file):
            return DES_Y1
    except (DataError, OSError):
        pass  # whoever reads it will say what is wrong
    return None


def _has_redshifts_of_des_y1(file: Path) -> bool:
    """Whether every n(z) of a 2pt FITS file is that of DES-Y1's sources or of its lenses."""
    found = [nz.dndz @ nz.z_mid / nz.dndz.sum(axis=1) for nz in read_redshift_distributions(file)]
    return bool(found) and all(
        any(
            one.shape == np.shape(known) and np.allclose(one, known, atol=5e-4)
            for known in _DES_Y1_MEANS
        )
        for one in found
    )


def is_mock(name: str | None) -> bool:
    """Whether a data file is a mock that comes with the package."""
    return name is None or name in SHIPPED or Path(name).name in {f"{s}.fits" for s in SHIPPED}


def _hash(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
