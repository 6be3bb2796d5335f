"""BAO and supernovae that Cobaya installs: the same chi^2, options and files as Cobaya's own."""

import os
from pathlib import Path

import cobaya
import numpy as np
import pytest
import yaml
from cobaya_sets import of_bao, of_cobaya, of_supernovae, write_bao, write_supernovae

from jaxlike.config import config_from_info
from jaxlike.config.others import KINDS
from jaxlike.config.others.bao import BAO_SETS
from jaxlike.config.others.block import REFUSED
from jaxlike.config.others.supernovae import SUPERNOVA_SETS
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, DataError, JaxlikeError

COSMOLOGY = {"omegam": [0.1, 0.9], "As": 2e-9, "H0": 70, "omegab": 0.05, "ns": 0.96}
INSTALLED = os.environ.get("COBAYA_PACKAGES_PATH")
FILES = [name for name, one in BAO_SETS.items() if one.measurements_file]
CONSENSUS = "bao.sdss_dr12_consensus_final"


def read(likelihood, params=None, **more):
    info = {"likelihood": likelihood, "params": COSMOLOGY | (params or {}), **more}
    return config_from_info(info, "in.yaml")


def built(kind, options, packages, params=None):
    (one,) = read({kind: options}, params, packages_path=str(packages)).others
    return one.build()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Small made-up files of all sets in the folders that Cobaya installs."""
    folder = tmp_path_factory.mktemp("packages")
    for i, name in enumerate(FILES):
        one = BAO_SETS[name]
        write_bao(folder / "data", one.measurements_file, one.cov_file, i)
    write_supernovae(folder / "data" / "sn_data")
    for package in ("bao_data", "sn_data"):
        (folder / "data" / package / "version.dat").write_text("9.9")
    return folder


def test_the_names_and_files_are_cobaya_s():
    """Each of its likelihoods is one here, of the same files and units, or is refused."""
    folder = Path(cobaya.__file__).parent / "likelihoods"
    for file in [*(folder / "bao").glob("*.yaml"), *(folder / "sn").glob("*.yaml")]:
        kind, said = f"{file.parent.name}.{file.stem}", yaml.safe_load(file.read_text())
        assert (kind in KINDS) != (kind in REFUSED), kind
        if kind in REFUSED:
            table = said.get("prob_dist") or said.get("grid_file") or "JLA" in said["dataset_file"]
            assert table, kind
        elif kind.startswith("bao.") and file.stem != "generic":
            own = BAO_SETS[file.stem]
            for key in ("measurements_file", "cov_file", "rs_fid", "rs_rescale"):
                assert getattr(own, key) == said.get(key), (kind, key)
            assert list(own.data or ()) == said.get("data", [])
        elif file.stem in SUPERNOVA_SETS:
            assert SUPERNOVA_SETS[file.stem].dataset_file == said["dataset_file"]


@pytest.mark.parametrize("name", [*FILES, "sixdf_2011_bao"])
def test_chi2_of_bao_is_cobaya_s(made, name):
    kind = f"bao.{name}"
    wanted = of_cobaya(kind, {}, made)
    assert of_bao(built(kind, None, made)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("sampled", [False, True], ids=["marginal", "sampled"])
@pytest.mark.parametrize("name", SUPERNOVA_SETS)
def test_chi2_of_supernovae_is_cobaya_s(made, name, sampled):
    """Cuts, calibrators, errors in the table, inverse covariances."""
    kind, options = f"sn.{name}", {"use_abs_mag": sampled}
    own = {"Mb": -19.3} if sampled else {}
    wanted = of_cobaya(kind, options, made, **own)
    found = built(kind, options, made, {"Mb": [-20, 20]} if sampled else None)
    assert of_supernovae(found, **own) == pytest.approx(wanted, abs=2e-6)


@pytest.mark.skipif(not INSTALLED, reason="$COBAYA_PACKAGES_PATH names no installed data")
def test_chi2_of_the_published_data_is_cobaya_s():
    every = [kind for kind in KINDS if kind.startswith(("bao.", "sn.")) and kind != "bao.generic"]
    for kind in every:
        found = (of_bao if kind.startswith("bao.") else of_supernovae)(built(kind, None, INSTALLED))
        assert found == pytest.approx(of_cobaya(kind, {}, INSTALLED), rel=1e-6), kind


OPTIONS = {
    "another fiducial r_d": {"rs_fid": 150.0},
    "a factor": {"rs_rescale": 1.02},
    "no fiducial r_d": {"rs_fid": None},
    "an inverse covariance": {"cov_file": None, "invcov_file": "bao_data/inverse.txt"},
    "a folder": {"path": "data"},
    "other files": {"measurements_file": "bao_data/mine.txt", "cov_file": "bao_data/mine_cov.txt"},
    "what Cobaya writes": {"rs_fid": 147.78, "path": None, "prob_dist": None, "aliases": ["BAO"]},
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_are_cobaya_s(made, case, monkeypatch):
    monkeypatch.chdir(made)
    write_bao(made / "data", "bao_data/mine.txt", "bao_data/mine_cov.txt", 99)
    np.savetxt(made / "data/bao_data/inverse.txt", np.diag([2e-5, 0.03, 4e2, 5e2, 0.6]))
    options = OPTIONS[case]
    wanted = of_cobaya(CONSENSUS, options, made)
    config = read({CONSENSUS: options}, packages_path=str(made))
    assert of_bao(config.others[0].build()) == pytest.approx(wanted, rel=1e-9)
    again = config_from_info(as_cobaya(config), "in.yaml").others[0]
    assert of_bao(again.build()) == pytest.approx(wanted, rel=1e-9)
    said = {} if case == "what Cobaya writes" else options
    assert {*config.others[0].options} == {*said, "packages_path"}


def test_generic_data(made, tmp_path):
    """Rows in the input, errors in a file, an inverse covariance; from the root on, in a path."""
    rows = [[0.3, 8.0, 0.2, "DV_over_rs"], [0.7, 0.45, 0.05, "f_sigma8"]]
    for data in (rows, rows[0]):
        wanted = of_cobaya("bao.generic", {**EMPTY, "data": data}, made)
        found = built("bao.generic", {"data": data}, "")
        assert of_bao(found) == pytest.approx(wanted, rel=1e-9)
    lines = "\n".join(" ".join(map(str, row)) for row in rows)
    (tmp_path / "mine.txt").write_text(lines)
    np.savetxt(tmp_path / "inverse.txt", [[20.0, 3.0], [3.0, 300.0]])
    inverse = {"invcov_file": str(tmp_path / "inverse.txt"), "rs_fid": 1.01}
    for own in ({}, inverse):
        given = {"measurements_file": "mine.txt", "path": str(tmp_path), **own}
        wanted = of_cobaya("bao.generic", {**EMPTY, **given}, made)
        assert of_bao(built("bao.generic", given, "")) == pytest.approx(wanted, rel=1e-9)


EMPTY = dict.fromkeys(("measurements_file", "cov_file", "invcov_file"))


def test_dataset_files(made):
    """Their entries changed, and a file from the root on, which its data lie beside."""
    kind = "sn.pantheon"
    for options in (
        {"dataset_params": {"pecz": 0.002}},
        {"dataset_file": str(made / "data/sn_data/alone.dataset")},
        {"path": str(made / "data/sn_data")},
    ):
        said = (made / "data/sn_data/Pantheon/full_long.dataset").read_text()
        (made / "data/sn_data/alone.dataset").write_text(said + "pecz = 0\n")
        wanted = of_cobaya(kind, options, made)
        assert of_supernovae(built(kind, options, made)) == pytest.approx(wanted, abs=2e-6)


def test_jaxlike_s_own_components(made):
    """`data` is a name of Cobaya's; written, they are read again."""
    given = {
        "jaxlike.cobaya.bao": {"data": "sdss_dr12_consensus_final", "rs_fid": 150},
        "sn": {"class": "jaxlike.cobaya.sn", "data": "pantheonplusshoes", "use_abs_mag": True},
        "again": {"class": "jaxlike.cobaya.bao", "data": "desi_dr2.desi_bao_lya"},
        "more": {"class": "jaxlike.cobaya.bao", "data": "desi_2024_bao_lrg_z1"},
    }
    config = read(given, {"Mb": [-20, -19]}, packages_path=str(made))
    assert [one.kind for one in config.others][:2] == [CONSENSUS, "sn.pantheonplusshoes"]
    assert config.others[0].build().rs_rescale == 1 / 150
    assert config.own == ("Mb",)
    written = as_cobaya(config)["likelihood"]
    packages = {"packages_path": str(made)}
    assert written["jaxlike.cobaya.bao"] == given["jaxlike.cobaya.bao"] | packages
    assert written["sn"] == given["sn"] | packages
    assert written["again"] == given["again"]
    assert config_from_info(as_cobaya(config), "in.yaml").others == config.others
    default = read({"jaxlike.cobaya.bao": None, "jaxlike.cobaya.sn": {}}).others
    assert [one.kind for one in default] == ["bao.desi_dr2", "sn.union3"]


BAD = {
    "a table": ({"bao.sdss_dr7_mgs": None}, "'bao.sdss_dr7_mgs' is not computed here: .* table"),
    "another table": ({"bao.sdss_dr16_baoplus_elg": None}, "which is no Gaussian"),
    "light curves": ({"sn.jla": None}, "'sn.jla' is not computed here: .* alpha and beta"),
    "a grid": ({"bao.generic": {"grid_file": "x"}}, "'grid_file' of bao.generic is 'x'.*Gaussian"),
    "no data": ({"bao.generic": None}, "bao.generic has no data: give measurements_file"),
    "Cobaya's own names of files": (
        {"bao.generic": {"measurements_file": "/full/path/to/myBAO.dat"}},
        "bao.generic has no data",
    ),
    "rows and a file": (
        {CONSENSUS: {"data": [0.1, 1, 0.1, "F_AP"]}},
        "'data' of .* has no effect beside 'measurements_file'",
    ),
    "two covariances": ({CONSENSUS: {"invcov_file": "x"}}, "no effect beside 'cov_file'"),
    "two units": ({"bao.sixdf_2011_bao": {"rs_fid": 147}}, "no effect beside 'rs_rescale'"),
    "a redshift": ({CONSENSUS: {"redshift": 0.5}}, "'redshift' of .* has no effect"),
    "no unit": ({CONSENSUS: {"rs_fid": "many"}}, "rs_fid"),
    "a word": ({"sn.desy5": {"dataset_params": {"pecz": 0}}}, "unknown entry in dataset_params"),
    "no mapping": ({"sn.desy5": {"dataset_params": 3}}, "'dataset_params' of sn.desy5 is 3"),
    "no name": ({"jaxlike.cobaya.bao": {"data": "sdss"}}, "is 'sdss'; accepted are desi_dr2, "),
    "a refused one": ({"jaxlike.cobaya.sn": {"data": "jla"}}, "'sn.jla' is not computed here"),
    "an option": (
        {"jaxlike.cobaya.bao": {"invcov_file": "x"}},
        "unknown option of jaxlike.cobaya.bao, desi_dr2: 'invcov_file'",
    ),
    "releases": (
        {"bao.desi_dr2.desi_bao_lrg1": None, "bao.desi_2024_bao_lrg_z1": None},
        r"count twice: leave out one of them \(both have DESI LRG1\)",
    ),
    "a sample of all": ({"bao.desi_dr2": None, "bao.desi_2024_eboss_bao_lya": None}, "DESI Lya"),
    "papers": (
        {"bao.sdss_dr16_lrg_bao_dmdh": None, CONSENSUS: None},
        "both have BOSS z > 0.6",
    ),
    "compilations": ({"sn.union3": None, "sn.desy5": None}, "supernovae at low redshift"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case):
    likelihood, message = BAD[case]
    with pytest.raises(ConfigError, match=message) as error:
        read(likelihood)
    assert str(error.value).startswith("in.yaml: ")
    assert "\n" not in str(error.value)


def test_what_may_stand_together():
    together = ("bao.sdss_dr12_lrg_bao_dmdh", "bao.sdss_dr16_lrg_bao_dmdh", "bao.sixdf_2011_bao")
    assert len(read(dict.fromkeys(together)).others) == 3


def test_what_is_not_installed_is_said(made, tmp_path):
    with pytest.raises(DataError, match=r"_final.dat: is not there.*`cobaya-install bao.sdss_dr12"):
        built(CONSENSUS, None, tmp_path)
    with pytest.raises(DataError, match=r"config.dataset: is not .*`cobaya-install sn.desy5 -p"):
        built("sn.desy5", None, tmp_path)
    with pytest.raises(DataError, match=r"beside.txt: is not there, but sn.desy5"):
        built("sn.desy5", {"dataset_params": {"data_file": "beside.txt"}}, made)
    with pytest.raises(DataError, match="cannot be read as BAO measurements"):
        built(CONSENSUS, {"path": str(tmp_path)}, made)


FILES_AT_FAULT = {
    "rows": ("bao.generic", {"data": ["a"]}, "data is .'a'., but must be rows"),
    "a quantity": ("bao.generic", {"data": [0.1, 1, 0.1, "D"]}, "row 1 has the quantity 'D'"),
    "no errors": ("bao.generic", {"data": [0.1, 1, "F_AP"]}, "row 1 has 3 columns, not `z value e"),
    "an entry": ("sn.pantheon", {"dataset_params": {"pecz": "x"}}, "has the pecz 'x'"),
    "a triangle": (
        "sn.desdovekie",
        {"dataset_params": {"mag_covmat_file": "DESY5/cov.txt"}},
        "cov.txt: cannot be read as an inverse covariance",
    ),
    "another triangle": (
        "sn.desdovekie",
        {"dataset_params": {"data_file": "Nine/table.txt"}},
        "has the triangle of 10 data, but the table has 9",
    ),
    "light curves": ("sn.pantheon", {"dataset_file": "curves.dataset"}, "a covariance of stretch"),
    "no table": ("sn.pantheon", {"dataset_file": "empty.dataset"}, "says no data_file"),
    "near ones": (
        "sn.desdovekie",
        {"dataset_params": {"data_file": "DESY5/table.txt"}},
        "has z = 0.003, but must be above 0.01",
    ),
}


@pytest.mark.parametrize("case", FILES_AT_FAULT)
def test_what_is_wrong_in_files_is_said(made, case):
    kind, options, message = FILES_AT_FAULT[case]
    folder = made / "data/sn_data"
    said = (folder / "Pantheon/full_long.dataset").read_text()
    (folder / "curves.dataset").write_text(said + "has_stretch_covmat = T\n")
    (folder / "empty.dataset").write_text("name = nothing\n")
    (folder / "Nine").mkdir(exist_ok=True)
    lines = (folder / "DES-Dovekie/table.txt").read_text().splitlines()
    (folder / "Nine/table.txt").write_text("\n".join(lines[:-1]))
    with pytest.raises(JaxlikeError, match=message) as error:
        built(kind, options, made)
    assert "\n" not in str(error.value)
