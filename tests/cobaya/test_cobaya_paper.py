"""The posterior of arXiv:2302.05163 in Cobaya: its own parameters, and no others."""

from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("cobaya", reason="Cobaya is not installed")

import jaxlike
from jaxlike.config import read_config
from jaxlike.config.cobaya_yaml import config_from_info, load_yaml
from jaxlike.errors import ConfigError
from jaxlike.mocks import paper


@pytest.fixture
def info(repository: Path) -> dict[str, Any]:
    """The shipped input."""
    file = repository / "cobaya_yaml" / "paper_3x2pt.yaml"
    return load_yaml(file.read_text(encoding="utf-8"), "paper_3x2pt.yaml")


@pytest.mark.slow
def test_the_command_finds_the_fiducial(
    info: dict[str, Any],
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """chi^2 = 0 up to the nodes, the same from the input that Cobaya leaves, both by the command's
    own function, and as the library."""
    from cobaya.run import run_script

    monkeypatch.chdir(repository)
    info["sampler"] = {"evaluate": {"override": paper.FIDUCIAL}}
    info["output"] = str(tmp_path / "paper")
    model = jaxlike.load(repository / "cobaya_yaml" / "paper_3x2pt.yaml")
    expected = float(model.chi2(paper.FIDUCIAL))
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(info), encoding="utf-8")
    for again in (False, True):
        if again:
            left = load_yaml((tmp_path / "paper.updated.yaml").read_text(), "updated")
            file.write_text(yaml.safe_dump({**left, "output": None}), encoding="utf-8")
        capsys.readouterr()
        run_script([str(file)])
        printed = capsys.readouterr().out
        assert "DES_" not in printed
        chi2 = float(printed.split("chi2_jaxlike.cobaya.3x2pt = ")[1].split()[0])
        assert chi2 == pytest.approx(expected, rel=1e-3)
        assert chi2 < 1e-3
    config = read_config(tmp_path / "paper.updated.yaml")
    assert {p.name for p in config.sampled} == set(paper.FIDUCIAL)


def test_the_input_initialises_an_mcmc(
    tmp_path: Path, info: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from cobaya.run import run_script

    info["output"] = str(tmp_path / "chain")
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(info), encoding="utf-8")
    run_script([str(file), "--test"])
    assert "Test initialization successful" in capsys.readouterr().out


def test_without_the_empty_params_a_bias_is_given_twice(info: dict[str, Any]) -> None:
    options = info["likelihood"]["jaxlike.cobaya.3x2pt"]
    del options["params"]
    options["survey"] = "des_y1"  # whose parameters are not the mock's
    with pytest.raises(jaxlike.ParameterError, match=r"'b1' is what .* by default as 'DES_b1'"):
        config_from_info(info, "paper.yaml")


def test_params_of_a_component_are_a_mapping(info: dict[str, Any]) -> None:
    info["likelihood"]["jaxlike.cobaya.3x2pt"]["params"] = 3
    with pytest.raises(ConfigError, match="block 'params' is 3, but must be a mapping"):
        config_from_info(info, "paper.yaml")


def test_params_of_a_component_replace_its_own(info: dict[str, Any]) -> None:
    del info["params"]["b1"]
    info["likelihood"]["jaxlike.cobaya.3x2pt"]["params"] = {"b1": 1.2}
    config = config_from_info(info, "paper.yaml")
    assert len(config.sampled) == 20
    (b1,) = (p for p in config.parameters if p.name == "b1")
    assert b1.value == 1.2
