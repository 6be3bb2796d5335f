"""Published data sets: fetched once into a user folder, and never used unless their hash fits."""

import hashlib
import os
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType

import platformdirs

from jaxlike.errors import DataError
from jaxlike.files import atomic_writer

#: Called with the bytes received so far and the bytes expected at most.
Progress = Callable[[int, int], None]
_CHUNK = 1 << 16
_LARGEST = 1 << 28  # bytes of a file whose size is not known


@dataclass(frozen=True)
class DataSet:
    """A published file: where it is, what it must be, what to cite.

    It must have the SHA-256 and size; where only its name among the objects of a git repository is
    known, `git_blob` (40 hex digits), that. `stored` is its name here where not that of the URL.
    """

    name: str
    url: str
    sha256: str | None
    n_bytes: int | None
    citation: str
    git_blob: str | None = None
    stored: str = ""

    @property
    def file_name(self) -> str:
        """Name of the file in the data folder, as published unless that tells little."""
        return self.stored or self.url.rsplit("/", 1)[-1]

    @property
    def identity(self) -> str:
        """What the file must be, in words."""
        if self.sha256 is not None:
            return f"SHA-256 {self.sha256}"
        return f"git blob {self.git_blob}, as `git hash-object FILE` prints it"

    def is_file(self, file: Path) -> bool:
        """Whether a file is this one."""
        if not file.is_file() or self.n_bytes not in (None, file.stat().st_size):
            return False
        return self.found_in(file) == (self.sha256 or self.git_blob)

    def found_in(self, file: Path) -> str:
        """The hash of a file, of the kind by which this one is known."""
        with file.open("rb") as handle:
            if self.sha256 is not None:
                return hashlib.file_digest(handle, "sha256").hexdigest()
            digest = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest()


_GITHUB = "https://raw.githubusercontent.com"
_LIBRARY = (
    f"{_GITHUB}/joezuntz/cosmosis-standard-library/3a1760278afb353af2ad638073955fa99d84b150"
    "/likelihood"
)
_LEGACY = (
    f"{_GITHUB}/martin-millon/cosmosis-standard-library/6752ee69f9d1644d53198add21d78367e9b8b626"
    "/likelihood/KiDS-Legacy"
)
_KIDS = (
    f"{_GITHUB}/KiDS-WL/Cat_to_Obs_K1000_P1/36676da44471979dacb779155d7e6e7212ae1f4f"
    "/data/kids/fits_iterative_covariance"
)
_CATALOGUE = (
    "KIDS1000_BlindC_with_m_bias_V1.0.0A_ugriZYJHKs_photoz_SG_mask_LF_svn_309c_2Dbins_v2_goldclasses"
    "_Flag_SOM_Fid.fits"
)
_DECADE_PAPER = "Anbajagane et al. 2025, arXiv:2502.17677"
_JOINT_PAPER = "Dark Energy Survey and Kilo-Degree Survey Collaboration 2023, arXiv:2305.17173"
_HSC_PAPER = "Li et al. 2023, arXiv:2304.00702"
_HSC_FOURIER_PAPER = "Dalal et al. 2023, arXiv:2304.00701"
_KIDS_PAPER = "Asgari et al. 2021, arXiv:2007.15633"
_LEGACY_PAPER = "Wright et al. 2025, arXiv:2503.19441"
_DES_Y3_PAPER = "Abbott et al. 2022, arXiv:2105.13549"

#: Name -> URL, SHA-256, bytes, paper, and the name here where it is another.
_FILES: Mapping[str, tuple[str, str, int, str, str]] = MappingProxyType(
    {
        "des_y1": (
            "http://desdr-server.ncsa.illinois.edu/despublic/y1a1_files/chains/"
            "2pt_NG_mcal_1110.fits",
            "114035179b5a8e41090751e9a6478536d185128581d37b5a510eff5722f417ca",
            6_600_960, "Abbott et al. 2018, arXiv:1708.01530", "",
        ),
        "decade_ngc": (
            f"{_LIBRARY}/decade/2pt_decade_ngc_20241128.fits",
            "25e0c10447605601594a22e973ec0fac5b481b3294afee2fd5596d42845d0f91",
            1_324_800, _DECADE_PAPER, "",
        ),
        "decade_sgc": (
            f"{_LIBRARY}/decade/2pt_decade_sgc_20250218.fits",
            "9f778ae70b6b3d2d62445413f856f24796863d8080f6e49440649f0155f0574d",
            1_324_800, _DECADE_PAPER, "",
        ),
        "des_y3_kids_1000": (
            f"{_LIBRARY}/des-y3_and_kids-1000/DES-Y3_xipm_and_KiDS-1000_COSEBIs_2.0_300.0.fits",
            "4c901ab8b8e7e39e5602704f2b6f6ce6a1297c8fb7642421851479831f257d55",
            1_897_920, _JOINT_PAPER, "",
        ),
        "hsc_y3": (
            f"{_LIBRARY}/hsc_cosmic_shear/hsc_y3_real.fits",
            "37c4dd0fe43e89577745fbb5a7293935619a3c4ed96bac0bb908767b6bdb17ea",
            446_400, _HSC_PAPER, "",
        ),
        "hsc_y3_psf": (
            f"{_LIBRARY}/hsc_cosmic_shear/additive_systematic/systematics.npz",
            "1f5852f6be7a07d81c2d07d40eb6c1043339c9a6641e0ef8dee96cee7ad468ef",
            8_896, _HSC_PAPER, "hsc_y3_psf.npz",
        ),
        "hsc_y3_psf_transform": (
            f"{_LIBRARY}/hsc_cosmic_shear/additive_systematic/coorT_cat0.npz",
            "de35d4c075a038305a5e5fad6d9553321cda5c61180b8b3c5dc822245b6ac197",
            674, _HSC_PAPER, "hsc_y3_psf_transform.npz",
        ),
        "hsc_y3_fourier_psf": (
            f"{_LIBRARY}/hsc_cosmic_shear/ppcorr_psf_all_ells_lmax_1800_catalog2.npz",
            "e0b24189ca8ce061081229b6bddf7bd4871b15f1be53f1a9058e92b3f4004a81",
            2_730, _HSC_FOURIER_PAPER, "hsc_y3_fourier_psf.npz",
        ),
        "hsc_y3_fourier_psf_transform": (
            f"{_LIBRARY}/hsc_cosmic_shear/psf_transform_matrix_lmax_1800_catalog2.npz",
            "99012bbb1f9833c8ca4e3ad1f4558dca50412a8a61d6ca07088e92b43e73c60a",
            666, _HSC_FOURIER_PAPER, "hsc_y3_fourier_psf_transform.npz",
        ),
        "kids_1000_xipm": (
            f"{_KIDS}/xipm_{_CATALOGUE}",
            "466d1d761fedac02e53b5468cdbab20f622c2f04b830085cccdae5b629ebe66c",
            622_080, _KIDS_PAPER, "kids_1000_xipm.fits",
        ),
        "kids_1000_cosebis": (
            f"{_KIDS}/cosebis_{_CATALOGUE}",
            "a10bfb74664ff484aec4287e2e915d32cf2380a746e55e6bcf869361c80179c9",
            757_440, _KIDS_PAPER, "kids_1000_cosebis.fits",
        ),
        "kids_1000_bp": (
            f"{_KIDS}/bp_{_CATALOGUE}",
            "e6d60d3b93bcb30a2f850c90651527dcee32a3a2e7f6e4bbe21b18b1cb7ed2b7",
            368_640, "Heymans et al. 2021, arXiv:2007.15632", "kids_1000_bp.fits",
        ),
        "kids_1000_dz_covariance": (
            f"{_LIBRARY}/des-y3_and_kids-1000/nofz_covariance/SOM_cov_multiplied.asc",
            "7a0a36040e065f43131f4a208fbda8f8290868eb9867bd2704a86b00f1cad5f1",
            295, "Hildebrandt et al. 2021, arXiv:2007.15635", "kids_1000_dz_covariance.txt",
        ),
        "kids_legacy": (
            f"{_LEGACY}/KiDS_Legacy_cosebis.fits",
            "7c04e0d37e03f86e822937c20c36fb83b9986e0628db4366642dd5e9280ee028",
            158_400, _LEGACY_PAPER, "",
        ),
        "kids_legacy_dz_covariance": (
            f"{_LEGACY}/Nz_covariance.txt",
            "a84722e6170ddb74232f9b392fefecb1273d610e2893ee1c704a16ac4bad2cfa",
            768, _LEGACY_PAPER, "kids_legacy_dz_covariance.txt",
        ),
        "kids_legacy_alignment_covariance": (
            f"{_LEGACY}/massdep_cov.txt",
            "7c47b9b3051a7772e58086f78ec7e136b32a8c9a5bedbd31e8b44580468ab328",
            993, _LEGACY_PAPER, "kids_legacy_alignment_covariance.txt",
        ),
    }
)  # fmt: skip
#: Name -> URL, git blob, paper.
_BLOBS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "des_y3_maglim": (
            f"{_LIBRARY}/des-y3/2pt_NG_final_2ptunblind_02_26_21_wnz_maglim_covupdate.fits",
            "88d1aa3447caa428b18166a451b66406b7a9332c", _DES_Y3_PAPER,
        ),
        "des_y3_redmagic": (
            f"{_LIBRARY}/des-y3/2pt_NG_final_2ptunblind_02_24_21_wnz_covupdate.v2.fits",
            "6b68824184045e689f4833d31d3253f9a62b1b49", _DES_Y3_PAPER,
        ),
        "hsc_y3_fourier": (
            f"{_LIBRARY}/hsc_cosmic_shear/hsc_y3_fourier_shear.sacc",
            "ba4ae66c157154bf9d0fe4958ae1764a17943b4a", _HSC_FOURIER_PAPER,
        ),
    }
)  # fmt: skip

DATA_SETS: Mapping[str, DataSet] = MappingProxyType(
    {
        name: DataSet(name, url, sha256, n_bytes, citation, stored=stored)
        for name, (url, sha256, n_bytes, citation, stored) in _FILES.items()
    }
    | {
        name: DataSet(name, url, None, None, citation, git_blob=blob)
        for name, (url, blob, citation) in _BLOBS.items()
    }
)


def data_folder() -> Path:
    """Folder of the fetched data sets: $JAXLIKE_DATA, or else the user's data folder."""
    chosen = os.environ.get("JAXLIKE_DATA")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("jaxlike"))


def get_data_set(
    name: str,
    *,
    from_file: str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    timeout: float = 30.0,
    progress: Progress | None = None,
    data_sets: Mapping[str, DataSet] = DATA_SETS,
) -> Path:
    """Path of the data set `name` in `folder`, fetched from its URL or `from_file` if need be.

    A file already there with the right hash is kept. `timeout` is in seconds per network
    operation. Raises DataError for an unknown name, no network, a wrong hash, a full disk.
    """
    if name not in data_sets:
        raise DataError(f"there is no data set {name!r}; accepted are {', '.join(data_sets)}")
    data_set = data_sets[name]
    target = Path(folder).expanduser() if folder is not None else data_folder()
    target = target / data_set.file_name
    if from_file is not None:
        source = Path(from_file).expanduser()
        _store(_read_chunks(source), target, data_set, str(source), progress)
    elif not data_set.is_file(target):
        _store(_download_chunks(data_set, timeout), target, data_set, data_set.url, progress)
    return target


def _read_chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); a file is needed") from error


def _download_chunks(data_set: DataSet, timeout: float) -> Iterator[bytes]:
    try:
        with urllib.request.urlopen(data_set.url, timeout=timeout) as response:
            while chunk := response.read(_CHUNK):
                yield chunk
    except (OSError, HTTPException) as error:
        raise DataError(
            f"{data_set.url} cannot be fetched ({error}); without a network, fetch it elsewhere"
            f" ({data_set.identity}), then run: jaxlike data get {data_set.name} --from FILE"
        ) from error


def _store(
    chunks: Iterable[bytes], target: Path, data_set: DataSet, origin: str, progress: Progress | None
) -> None:
    """Write `chunks` to `target` if they are the data set; else leave `target` as it was."""
    received, limit = 0, data_set.n_bytes or _LARGEST
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(target) as handle:
            for chunk in chunks:
                handle.write(chunk)
                received += len(chunk)
                if progress is not None:
                    progress(received, limit)
                if received > limit:
                    break  # certainly another file: do not fill the disk with it
            handle.flush()
            found = data_set.found_in(Path(handle.name))
            if found != (data_set.sha256 or data_set.git_blob):
                size = f"the {data_set.n_bytes} bytes with " if data_set.n_bytes else ""
                raise DataError(
                    f"{origin} is not the data set {data_set.name}: its first {received} bytes have"
                    f" {found}, but {size}{data_set.identity} are needed"
                )
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from error
