"""Fetching published data: hash, atomicity and advice; only the loopback network is used."""

import contextlib
import hashlib
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jaxlike.data import DATA_SETS, DataSet, data_folder, default_data_file, get_data_set, shipped
from jaxlike.errors import DataError

CONTENT = bytes(range(256)) * 1000


class Handler(BaseHTTPRequestHandler):
    """/good.bin is the data set, /other.bin something else, /cut.bin ends early, the rest 404."""

    def do_GET(self):
        bodies = {"/good.bin": CONTENT, "/other.bin": CONTENT * 9, "/cut.bin": CONTENT[:1000]}
        self.server.requests.append(self.path)
        if self.path not in bodies:
            self.send_error(404)
            return
        self.send_response(200)
        length = CONTENT if self.path == "/cut.bin" else bodies[self.path]
        self.send_header("Content-Length", str(len(length)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a client that has seen enough may hang up
            self.wfile.write(bodies[self.path])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def known(server, file):
    url = f"http://127.0.0.1:{server.server_port}/{file}"
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return {"tiny": DataSet("tiny", url, sha256, len(CONTENT), "none")}


def test_download_once(server, tmp_path):
    seen = []
    options = {"folder": tmp_path / "new", "data_sets": known(server, "good.bin")}
    path = get_data_set("tiny", progress=lambda *args: seen.append(args), **options)
    assert path == tmp_path / "new" / "good.bin"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert len(seen) > 1
    assert get_data_set("tiny", **options) == path
    assert server.requests == ["/good.bin"], "what is there is not fetched again"
    assert list(path.parent.iterdir()) == [path]


def test_damaged_copy_is_replaced(server, tmp_path):
    (tmp_path / "good.bin").write_bytes(CONTENT[::-1])
    path = get_data_set("tiny", folder=tmp_path, data_sets=known(server, "good.bin"))
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("file", ["other.bin", "cut.bin"])
def test_wrong_content_is_refused(server, tmp_path, file):
    data_sets = known(server, file)
    (tmp_path / file).write_text("what was there")
    with pytest.raises(DataError) as raised:
        get_data_set("tiny", folder=tmp_path, data_sets=data_sets)
    for part in (data_sets["tiny"].url, "SHA-256", data_sets["tiny"].sha256):
        assert part in str(raised.value)
    assert [f.read_text() for f in tmp_path.iterdir()] == ["what was there"]


def test_missing_page(server, tmp_path):
    with pytest.raises(DataError, match=r"cannot be fetched \(HTTP Error 404"):
        get_data_set("tiny", folder=tmp_path, data_sets=known(server, "absent.bin"))


def test_no_network_says_what_to_do(monkeypatch, tmp_path):
    def unreachable(url, timeout):
        raise urllib.error.URLError("Temporary failure in name resolution")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    with pytest.raises(DataError) as raised:
        get_data_set("des_y1", folder=tmp_path)
    message = str(raised.value)
    des_y1 = DATA_SETS["des_y1"]
    for part in (
        des_y1.url,
        des_y1.sha256,
        "jaxlike data get des_y1 --from FILE",
        "name resolution",
    ):
        assert part in message
    assert "\n" not in message
    assert not list(tmp_path.iterdir())


def test_from_file(server, tmp_path):
    source = tmp_path / "downloaded.fits"
    source.write_bytes(CONTENT)
    options = {"folder": tmp_path / "store", "data_sets": known(server, "good.bin")}
    path = get_data_set("tiny", from_file=source, **options)
    assert path.read_bytes() == CONTENT
    assert path.name == "good.bin"
    assert server.requests == []
    source.write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"downloaded\.fits is not the data set tiny"):
        get_data_set("tiny", from_file=source, **options)
    assert path.read_bytes() == CONTENT, "the good copy stays"
    with pytest.raises(DataError, match=r"absent\.fits: cannot be read"):
        get_data_set("tiny", from_file=tmp_path / "absent.fits", **options)


def test_unusable_folder(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        get_data_set("tiny", folder=tmp_path / "file", data_sets=known(server, "good.bin"))


def test_unknown_name():
    with pytest.raises(DataError, match="no data set 'des_y2'; accepted are des_y1"):
        get_data_set("des_y2")


def test_des_y1_is_the_published_file():
    des_y1 = DATA_SETS["des_y1"]
    assert des_y1.file_name == "2pt_NG_mcal_1110.fits"
    assert len(des_y1.sha256) == 64


def test_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("JAXLIKE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("JAXLIKE_DATA")
    assert data_folder().name == "jaxlike"


def test_default_data_file(monkeypatch, tmp_path):
    package = tmp_path / "jaxlike" / "data"
    checkout = tmp_path / "data"
    package.mkdir(parents=True)
    checkout.mkdir()
    monkeypatch.setattr(shipped, "__file__", str(package / "shipped.py"))
    with pytest.raises(
        DataError, match=r"des_y1_mock\.fits: the shipped mock survey is in neither"
    ):
        default_data_file()
    (checkout / "des_y1_mock.fits").touch()
    assert default_data_file() == checkout / "des_y1_mock.fits"
    (package / "des_y1_mock.fits").touch()
    assert default_data_file() == package / "des_y1_mock.fits"


def test_shipped_surveys_have_names(monkeypatch, tmp_path):
    """A file of that name goes before them, as before a fetched data set."""
    monkeypatch.chdir(tmp_path)
    for name in shipped.SHIPPED:
        assert shipped.find_data_file(name).name == f"{name}.fits"
    (tmp_path / "paper_mock").touch()
    assert shipped.find_data_file("paper_mock") == Path("paper_mock")
    assert shipped.find_data_file("nowhere.fits") == Path("nowhere.fits")


def test_a_git_blob_is_enough(tmp_path):
    """Where only its name in a repository is known: `printf ... | git hash-object --stdin`."""
    source = tmp_path / "source"
    source.write_bytes(b"hello world\n")
    blob = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
    data_sets = {"tiny": DataSet("tiny", "http://x/y.txt", None, None, "none", git_blob=blob)}
    options = {"folder": tmp_path / "store", "data_sets": data_sets}
    path = get_data_set("tiny", from_file=source, **options)
    assert path.read_bytes() == source.read_bytes()
    assert get_data_set("tiny", **options) == path, "what is there is not fetched again"
    source.write_bytes(b"hello wurld\n")
    with pytest.raises(
        DataError, match=f"is not the data set tiny: .* git blob {blob}, as `git ha"
    ):
        get_data_set("tiny", from_file=source, **options)


def test_published_files_are_what_they_must_be(shared, tmp_path):
    """Those at hand, taken with --from; their names are those that the data folder then has."""
    folder = shared / "data" / "stage3"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    files = {f.stem: f for f in folder.iterdir()}
    renamed = {"hsc_y3": "hsc_y3_real", "kids_legacy": "kids_legacy_cosebis"}
    absent = {"des_y1", "des_y3_maglim", "des_y3_redmagic"}
    absent |= {f"hsc_y3_fourier{end}" for end in ("", "_psf", "_psf_transform")}
    for name, data_set in DATA_SETS.items():
        if name not in absent:
            file = files[renamed.get(name, name)]
            assert data_set.is_file(file), name
            stored = get_data_set(name, from_file=file, folder=tmp_path)
            assert stored.read_bytes() == file.read_bytes()
    assert len({one.file_name for one in DATA_SETS.values()}) == len(DATA_SETS)
    assert all(len(one.sha256 or one.git_blob) in (64, 40) for one in DATA_SETS.values())
