"""`jaxlike moped` from files to files."""

import numpy as np

from jaxlike.cli.main import main


def test_moped_compares_and_writes(cl_config, tmp_path, capsys):
    prefix = tmp_path / "m"
    assert main(["moped", cl_config.path, "--output", str(prefix)]) == 0
    out = capsys.readouterr().out
    assert "80 points to 4 numbers" in out
    difference = float(out.split("Fisher matrices differ by ")[1].split()[0])
    assert difference < 1e-8
    with np.load(f"{prefix}.npz") as file:
        assert file["names"].tolist() == ["omegam", "sigma8", "b1", "b2"]
        assert file["vectors"].shape == (80, 4)
    assert (tmp_path / "m_contours.png").stat().st_size > 5000
    bad = ["moped", cl_config.path, "--set", "compression=moped", "--output", str(prefix)]
    assert main([*bad, "--force"]) == 2
    assert "--set compression has no effect" in capsys.readouterr().err
