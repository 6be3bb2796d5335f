"""`jaxlike info`."""

import jax

from jaxlike.cli.main import main


def test_info_names_versions_devices_and_precision(capsys):
    assert main(["info", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    for word in ("jaxlike", jax.__version__, "devices", "cpu:0", "float64"):
        assert word in out
