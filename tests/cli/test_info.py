"""`jaxlike info`."""

from pathlib import Path

import jax

from jaxlike.cli.main import main


def test_info_names_versions_devices_and_precision(capsys):
    assert main(["info", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    inputs = next(line.split(maxsplit=1)[1] for line in out.splitlines() if line[:7] == "inputs ")
    assert (Path(inputs) / "cosmosis_modules" / "jaxlike_two_point.py").is_file()
    assert (Path(inputs) / "cobaya_yaml" / "mock_3x2pt_mcmc.yaml").is_file()
    for word in ("jaxlike", jax.__version__, "devices", "cpu:0", "float64"):
        assert word in out
