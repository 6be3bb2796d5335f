"""Cobaya's own likelihoods beside those that stand for them, at the start of a run."""

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from cobaya.log import LoggedError
from cobaya.model import get_model
from cobaya.sampler import get_sampler

import jaxlike
from jaxlike.cli.main import main
from jaxlike.cobaya.own_values import Compared, compared
from jaxlike.errors import ConfigError

THEORY = {"jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}}
BAO, SN = "bao.desi_dr2", "sn.union3"
PARAMS = {
    "H0": {"prior": [60, 80], "ref": 68.0, "proposal": 0.1},
    **{"ombh2": 0.0224, "omch2": 0.12, "ns": 0.966, "mnu": 0.06, "nnu": 3.044},
    "logA": {"value": 3.05, "drop": True},
    "As": {"value": "lambda logA: 1e-10 * np.exp(logA)"},
    "omegam": None,
}
SHORT = {"chains": 1, "warmup": 20, "samples": 20, "seed": 1}


def info_of(packages: Path, **changes: Any) -> dict[str, Any]:
    likelihoods = {BAO: None, "union": {"class": SN}}
    info = {"packages_path": str(packages), "theory": THEORY, "likelihood": likelihoods}
    return {**info, "params": dict(PARAMS), **changes}


@pytest.fixture(scope="module")
def altered(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with one number of DESI changed by four errors, in Cobaya's copy."""
    folder = tmp_path_factory.mktemp("altered") / "packages"
    shutil.copytree(packages, folder)
    file = folder / "data/bao_data/desi_bao_dr2/desi_gaussian_bao_ALL_GCcomb_mean.txt"
    first, *rest = file.read_text().splitlines()
    lines = [line for line in (first, *rest) if not line.startswith("#")]
    z, value, what = lines[0].split()
    file.write_text("\n".join([f"{z} {float(value) + 0.3} {what}", *lines[1:]]) + "\n")
    return folder


def test_both_are_worth_the_same_with_the_same_distances(packages: Path) -> None:
    info = info_of(packages)
    found = compared(info, jaxlike.load(info))
    assert [row.name for row in found.rows] == [BAO, "union"]
    assert [row.n for row in found.rows] == [13, 22]
    for row in found.rows:
        assert row.apart == pytest.approx(0, abs=1e-3)
        assert row.there > 10
    found.check()
    assert found.text.startswith("checked against Cobaya with jaxlike.cobaya.Theory, chi^2 here (")


def test_a_difference_stops_with_both_numbers(altered: Path) -> None:
    info = info_of(altered)
    found = compared(info, jaxlike.load(info))
    with pytest.raises(
        ConfigError, match=r"'bao.desi_dr2' has chi\^2 = .* in Cobaya with"
    ) as error:
        found.check()
    assert f"{found.rows[0].here:.3f}" in str(error.value)
    assert f"{found.rows[0].there:.3f}" in str(error.value)


def test_data_that_cobaya_has_not_got_are_named(tmp_path: Path) -> None:
    info = info_of(tmp_path)
    found = compared(info, jaxlike.load(info))
    assert found.missing == (BAO, "union")
    assert found.text == f"not checked, for Cobaya has not got their data: {BAO}, union"


def test_the_theory_of_the_input_is_run_once_where_it_is_installed(packages: Path) -> None:
    pytest.importorskip("camb", reason="CAMB is not installed")
    info = info_of(packages, theory={"camb": {"extra_args": {"num_massive_neutrinos": 1}}})
    model = jaxlike.load(info)
    found = compared(info, model)
    assert found.theory == "camb"
    assert [abs(row.apart) < 0.01 for row in found.rows] == [True, True]
    info["theory"]["camb"]["path"] = "/nowhere"
    assert compared(info, model).theory == "jaxlike.cobaya.Theory"


def test_what_is_allowed_grows_with_the_residuals() -> None:
    near, far = Compared("a", 100, 90.05, 90.0, 0.1), Compared("a", 100, 10000.9, 1e4, 0.1)
    assert (near.allowed, far.allowed) == (0.1, 1.0)
    assert near.agrees
    assert far.agrees
    assert not Compared("a", 100, 90.2, 90.0, 0.1).agrees
    assert not Compared("a", 100, np.nan, 90.0, 0.1).agrees


def sampler(info: dict[str, Any], **options: Any) -> Any:
    return get_sampler({"jaxlike.cobaya.NUTS": {**SHORT, **options}}, get_model(info))


@pytest.mark.slow
def test_cobaya_s_sampler_takes_camb_and_says_what_it_compared(
    packages: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("camb", reason="CAMB is not installed")
    camb = {"camb": {"extra_args": {"num_massive_neutrinos": 1}}}
    info = info_of(packages, theory=camb)
    with caplog.at_level(logging.INFO):
        nuts = sampler(info)
    assert "checked against Cobaya with camb, chi^2 here (there): bao.desi_dr2" in caplog.text
    nuts.run()
    chain = nuts.products()["sample"]
    assert len(chain) == 20
    assert np.std(chain["H0"]) > 0
    at = float(chain["H0"].iloc[3])
    there = get_model(info)
    loglikes, derived = there.loglikes({"H0": at})
    values = dict(zip(there.parameterization.derived_params(), derived, strict=True))
    assert float(chain["chi2"].iloc[3]) == pytest.approx(-2 * sum(loglikes), abs=0.02)
    assert float(chain["chi2__BAO"].iloc[3]) == pytest.approx(values["chi2__BAO"], abs=0.02)
    assert float(chain["omegam"].iloc[3]) == pytest.approx(values["omegam"], rel=1e-4)
    assert "computed by Cobaya alone" not in caplog.text


def test_cobaya_s_sampler_stops_where_the_two_differ(altered: Path) -> None:
    with pytest.raises(LoggedError, match=r"chi\^2 = .*check: false in the sampler"):
        sampler(info_of(altered))
    sampler(info_of(altered), check=False)


def test_cobaya_s_sampler_names_what_no_likelihood_sees(packages: Path) -> None:
    pytest.importorskip("camb", reason="CAMB is not installed")
    info = info_of(packages, theory={"camb": None})
    info["params"]["tau"] = {"prior": [0.01, 0.1], "ref": 0.05}
    with pytest.raises(LoggedError, match=r"'tau' is sampled, but no likelihood sees it .* value"):
        sampler(info)


def test_a_run_prints_what_it_compared_or_stops(
    packages: Path, altered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`jaxlike nuts` of an input that names Cobaya's likelihoods."""
    path = tmp_path / "bao.yaml"
    options = ["--chains", "1", "--warmup", "10", "--samples", "10", "--no-progress", "--force"]
    options += ["--no-report"]
    command = ["nuts", str(path), *options, "--output", str(tmp_path / "chain")]
    path.write_text(yaml.safe_dump(info_of(packages)))
    main(command)
    assert "checked against Cobaya with jaxlike.cobaya.Theory" in capsys.readouterr().out
    path.write_text(yaml.safe_dump(info_of(altered)))
    assert main(command) == 2
    assert "'bao.desi_dr2' has chi^2 =" in capsys.readouterr().err
    main([*command, "--no-check"])
    assert "checked" not in capsys.readouterr().out
