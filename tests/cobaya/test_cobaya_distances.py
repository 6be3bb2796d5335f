"""jaxlike's BAO and supernovae as Cobaya's likelihoods."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cobaya.component import get_component_class
from cobaya.log import LoggedError
from cobaya.model import get_model
from cobaya.yaml import yaml_load

import jaxlike

BAO, SN = "jaxlike.cobaya.bao", "jaxlike.cobaya.sn"
GROWTH = [[0.3, 0.46, 0.05, "f_sigma8"], [0.8, 1.0, 0.05, "F_AP"]]


@pytest.fixture(scope="module")
def info(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Without two-point data: what comes with the package, and growth of a file."""
    folder = tmp_path_factory.mktemp("growth")
    (folder / "mine.txt").write_text("\n".join(" ".join(map(str, row)) for row in GROWTH))
    mine = {"class": BAO, "data": "generic", "measurements_file": str(folder / "mine.txt")}
    fixed = {"As": 2.1e-9, "ns": 0.96, "H0": 68, "ombh2": 0.0224}
    return {
        "theory": {"jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle"}},
        "likelihood": {BAO: None, SN: {"use_abs_mag": True}, "mine": mine},
        "params": {
            "omegam": {"prior": [0.1, 0.9], "ref": 0.3, "proposal": 0.01},
            "w": {"prior": [-3, 1], "ref": -1.0, "proposal": 0.05},
            "Mb": {"prior": [-1, 1], "ref": -0.1, "proposal": 0.05},
            **fixed,
        },
        "packages_path": str(packages),
    }


def test_densities_are_those_of_cobaya_and_of_the_product(info: dict[str, Any]) -> None:
    file = {"measurements_file": info["likelihood"]["mine"]["measurements_file"]}
    block = {
        "bao.desi_dr2": None,
        "sn.union3": {"use_abs_mag": True},
        "bao.generic": {**file, "cov_file": None, "invcov_file": None},
    }
    model, cobaya = get_model(info), get_model({**info, "likelihood": block})
    product = jaxlike.load(info)
    x = np.array([0.29, -0.95, -0.08])
    loglikes = model.loglikes(x)[0]
    np.testing.assert_allclose(loglikes, cobaya.loglikes(x)[0], rtol=1e-7)
    np.testing.assert_allclose(-2 * loglikes, [*product.chi2s(x).values()], rtol=1e-6)
    assert jaxlike.load(model.info()).likelihood_names == (BAO, SN, "mine")


@pytest.mark.parametrize("name", ["bao", "sn"])
def test_they_are_components_as_cobaya_s(name: str) -> None:
    """Options of the yaml are those that are read; the bibliography is there."""
    found = get_component_class(f"jaxlike.cobaya.{name}", kind="likelihood")
    assert "@article" in found.get_bibtex()
    text = found.get_defaults(return_yaml=True, yaml_expand_defaults=False)
    assert "# A name of Cobaya's without" in text  # as `cobaya-doc` prints it
    defaults = yaml_load(text)
    assert defaults["data"] in ("desi_dr2", "union3")
    assert found().get_version() == jaxlike.__version__


BAD = {
    "a name": ({BAO: {"data": "desi"}}, "option 'data' of jaxlike.cobaya.bao is 'desi'; accepted"),
    "a table": ({BAO: {"data": "sdss_dr7_mgs"}}, "'bao.sdss_dr7_mgs' is not computed here"),
    "no files": ({SN: {"data": "desy5"}}, "`cobaya-install sn.desy5 -p /nowhere`"),
}


@pytest.mark.parametrize("other", ["bao.desi_dr2", "more"])
def test_data_count_once(info: dict[str, Any], other: str) -> None:
    """Also beside a likelihood of Cobaya's own."""
    twice = {BAO: None, SN: {"use_abs_mag": True}}
    twice[other] = {"class": BAO} if other == "more" else None
    with pytest.raises(LoggedError, match=f"'{other}' have the same data, which would count twice"):
        get_model({**info, "likelihood": twice})


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(info: dict[str, Any], case: str) -> None:
    likelihood, message = BAD[case]
    with pytest.raises(LoggedError, match=message):
        get_model({**info, "likelihood": likelihood, "packages_path": "/nowhere"})
