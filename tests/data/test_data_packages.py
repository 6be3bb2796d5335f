"""Where Cobaya's data are: the order of what says it."""

from pathlib import Path

import pytest

from jaxlike.data.packages import check_installed, data_folder_of, packages_path
from jaxlike.errors import DataError


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """Nobody's own settings of Cobaya."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.delenv("COBAYA_PACKAGES_PATH", raising=False)
    return tmp_path / "cobaya" / "config.yaml"


def test_the_input_then_the_environment_then_cobaya_s_settings(settings, monkeypatch):
    from cobaya.tools import resolve_packages_path

    assert packages_path() is None
    settings.parent.mkdir()
    settings.write_text("packages_path: /kept\n")
    assert str(packages_path()) == resolve_packages_path() == "/kept"
    monkeypatch.setenv("COBAYA_PACKAGES_PATH", "/said")
    assert str(packages_path()) == resolve_packages_path() == "/said"
    given = resolve_packages_path({"packages_path": "/given"})
    assert str(packages_path("/given")) == given == "/given"
    assert packages_path("$COBAYA_PACKAGES_PATH/x") == Path("/said/x")


@pytest.mark.parametrize("text", ["", "[1, 2", "- a\n", "other: 1\n", "packages_path:\n"])
def test_settings_that_say_nothing(settings, text):
    settings.parent.mkdir()
    settings.write_text(text)
    assert packages_path() is None


def test_what_is_not_installed_is_said(tmp_path):
    with pytest.raises(DataError, match=r"`cobaya-install bao.x -p PATH` does it, then give"):
        data_folder_of("bao.x")
    assert data_folder_of("bao.x", "/given") == Path("/given/data")
    with pytest.raises(DataError, match=r"none.txt: is not .*`cobaya-install bao.x -p /given`"):
        check_installed(tmp_path / "none.txt", "bao.x", Path("/given"))
