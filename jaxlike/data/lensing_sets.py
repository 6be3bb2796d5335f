"""Published band powers of CMB lensing that other packages bring: Planck's, by names of their own.

They are not fetched from here: `pip` or `cobaya-install` installs them, and they are read where
that has put them.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from jaxlike.data.packages import packages_path
from jaxlike.errors import DataError

_SUPPLEMENT = "planck_supp_data_and_covmats"


class LensingSet(NamedTuple):
    """component: Cobaya's name of the likelihood; package: of Python, whose folder, or else the
    folder of Cobaya's packages, has the file; install: the command that brings it."""

    component: str
    package: str
    folder: str
    file: str
    install: str
    source: str


_PR3 = "smicadx12_Dec5_ftl_mv2_ndclpp_p_teb_consext8_CMBmarged.dataset"

LENSING_SETS: Mapping[str, LensingSet] = {
    "planck_pr4_lensing": LensingSet(
        "planckpr4lensing.PlanckPR4LensingMarged",
        "planckpr4lensing",
        "",
        "data_pr4/pp_consext8_npipe_smicaed_TiPi_jTP_pre30T_kfilt_rdn0cov_PS1_CMBmarged.dataset",
        "pip install git+https://github.com/carronj/planck_PR4_lensing",
        "Planck PR4 lensing (arXiv:2206.07773)",
    ),
    "planck_2018_lensing": LensingSet(
        "planck_2018_lensing.CMBMarged",
        "",
        _SUPPLEMENT,
        f"lensing/2018/{_PR3}",
        "cobaya-install planck_2018_lensing.CMBMarged -p PATH",
        "Planck 2018 lensing (arXiv:1807.06210)",
    ),
    "plancklensing": LensingSet(
        "plancklensing.PlanckLensingMarged",
        "plancklensing",
        "",
        f"data_2018/{_PR3}",
        "pip install git+https://github.com/CobayaSampler/planck_lensing_external",
        "Planck 2018 lensing (arXiv:1807.06210)",
    ),
}
"""Name as a data set -> what it is; all marginalised over the CMB's own spectra."""

MARGINALISED_NEEDED: Mapping[str, str] = {
    "planckpr4lensing.PlanckPR4Lensing": "planckpr4lensing.PlanckPR4LensingMarged",
    "plancklensing.PlanckLensing": "plancklensing.PlanckLensingMarged",
    "planck_2018_lensing.native": "planck_2018_lensing.CMBMarged",
    "planck_2018_lensing.clik": "planck_2018_lensing.CMBMarged",
}
"""Likelihoods that are corrected by the CMB's own spectra -> those that are not."""


def find_lensing_set(
    name: str, *, path: object = None, packages: object = None, file: str | None = None
) -> Path:
    """The .dataset file of one of LENSING_SETS; DataError with the command that installs it.

    path: folder, in the place of the installed one; packages: Cobaya's packages_path where the
    input gives it; file: in the place of its own, seen from that folder.
    """
    one = LENSING_SETS[name]
    file = file or one.file
    if Path(file).is_absolute():
        return Path(file)
    if path:
        return Path(str(path)).expanduser() / file
    folder = _folder_of(one, packages)
    if folder is None or not (folder / file).is_file():
        where = "" if folder is None else f" in {folder}"
        raise DataError(
            f"{one.component} has its data in {file}, which is not installed{where}: "
            f"`{one.install}` does it"
        )
    return folder / file


def _folder_of(one: LensingSet, packages: object) -> Path | None:
    if not one.package:
        found = packages_path(packages)
        return None if found is None else found / "data" / one.folder
    spec = find_spec(one.package)  # of the package's file, which is not imported
    return None if spec is None or spec.origin is None else Path(spec.origin).parent
