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

#: Called with the bytes received so far and the bytes expected.
Progress = Callable[[int, int], None]
_CHUNK = 1 << 16


@dataclass(frozen=True)
class DataSet:
    """A published file: where it is, what it must be, what to cite."""

    name: str
    url: str
    sha256: str
    n_bytes: int
    citation: str

    @property
    def file_name(self) -> str:
        """Name of the file, as published."""
        return self.url.rsplit("/", 1)[-1]


DATA_SETS: Mapping[str, DataSet] = MappingProxyType(
    {
        "des_y1": DataSet(
            name="des_y1",
            url="http://desdr-server.ncsa.illinois.edu/despublic/y1a1_files/chains/"
            "2pt_NG_mcal_1110.fits",
            sha256="114035179b5a8e41090751e9a6478536d185128581d37b5a510eff5722f417ca",
            n_bytes=6_600_960,
            citation="Abbott et al. 2018, arXiv:1708.01530",
        )
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

    A file already there with the right SHA-256 is kept. `timeout` is in seconds per network
    operation. Raises DataError for an unknown name, no network, a wrong SHA-256, a full disk.
    """
    if name not in data_sets:
        raise DataError(f"there is no data set {name!r}; accepted are {', '.join(data_sets)}")
    data_set = data_sets[name]
    target = Path(folder).expanduser() if folder is not None else data_folder()
    target = target / data_set.file_name
    if from_file is not None:
        source = Path(from_file).expanduser()
        _store(_read_chunks(source), target, data_set, str(source), progress)
    elif not _is_valid(target, data_set):
        _store(_download_chunks(data_set, timeout), target, data_set, data_set.url, progress)
    return target


def _is_valid(file: Path, data_set: DataSet) -> bool:
    if not file.is_file() or file.stat().st_size != data_set.n_bytes:
        return False
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == data_set.sha256


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
            f" (SHA-256 {data_set.sha256}), then run: jaxlike data get {data_set.name} --from FILE"
        ) from error


def _store(
    chunks: Iterable[bytes], target: Path, data_set: DataSet, origin: str, progress: Progress | None
) -> None:
    """Write `chunks` to `target` if they are the data set; else leave `target` as it was."""
    digest = hashlib.sha256()
    received = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(target) as handle:
            for chunk in chunks:
                handle.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if progress is not None:
                    progress(received, data_set.n_bytes)
                if received > data_set.n_bytes:
                    break  # certainly another file: do not fill the disk with it
            if digest.hexdigest() != data_set.sha256:
                raise DataError(
                    f"{origin} is not the data set {data_set.name}: its first {received} bytes have"
                    f" SHA-256 {digest.hexdigest()}, but the {data_set.n_bytes} bytes with SHA-256"
                    f" {data_set.sha256} are needed"
                )
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from error
