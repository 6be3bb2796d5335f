"""Likelihoods of other data in pipelines of the standard library: BAO, supernovae."""

import numpy as np
import pytest
from cobaya_sets import Provider, of_cobaya, of_supernovae
from library_pipelines import (
    CAMB,
    COSMOLOGY,
    FIRST_VALUES,
    first_generation,
    written,
)

from jaxlike.config.read import read_config
from jaxlike.data.supernova_library import LIBRARY_SETS
from jaxlike.errors import ConfigError


def test_likelihoods_of_other_data_join(tmp_path, file, library, monkeypatch):
    """BAO from the package, supernovae of the library with the absolute magnitude sampled."""
    monkeypatch.setenv("CSL_DIR", str(library))
    modules = first_generation(file) | {
        "desi": {"file": "likelihood/bao/desi-dr2/desi_dr2.py", "desi_data_sets": "BGS,Lya"},
        "sn": {"file": "likelihood/pantheon_plus/pantheon_plus_shoes.py", "include_shoes": "F"},
    }
    values = FIRST_VALUES + "[supernova_params]\nM = -20.0 -19.3 -18.0\n"
    config = read_config(written(tmp_path, modules, values))
    assert [one.kind for one in config.others] == [
        "bao.desi_dr2_cosmosis.desi_bao_bgs", "bao.desi_dr2_cosmosis.desi_bao_lya",
        "sn.pantheonplus_cosmosis"]  # fmt: skip
    assert config.own == ("Mb",)
    assert next(p for p in config.sampled if p.name == "Mb").prior.low == -20.0
    assert any("DESI released" in note for note in config.notes)
    with pytest.raises(ConfigError, match="sn reads 'supernova_params--m', which has no value"):
        read_config(written(tmp_path, modules, FIRST_VALUES))
    own = library / "likelihood" / "pantheon_plus" / "Pantheon+SH0ES.dat"
    modules["sn"]["data_file"] = str(own)
    assert read_config(written(tmp_path, modules, values)).others == config.others
    modules["sn"]["covmat_file"] = "own.cov"
    with pytest.raises(ConfigError, match=r"'covmat_file' of sn is own.cov: there is no own\.cov"):
        read_config(written(tmp_path, modules, values))
    del modules["sn"]["covmat_file"]
    monkeypatch.delenv("CSL_DIR")
    with pytest.raises(
        ConfigError, match=r"'file' of sn is .*there is no likelihood/pantheon_plus"
    ):
        read_config(written(tmp_path, modules, values))


MODULES = {
    "pantheon_plus": ("likelihood/pantheon_plus/pantheon_plus_shoes.py", "sn.pantheonplus"),
    "with cepheids": ("likelihood/pantheon_plus/pantheon_plus_shoes.py", "sn.pantheonplusshoes"),
    "des": ("likelihood/des-sn/des_y5_sn_likelihood.py", "sn.desy5"),
}


@pytest.mark.parametrize("case", MODULES)
def test_supernovae_of_the_library_are_those_that_cobaya_has(case, tmp_path, library, monkeypatch):
    """In other files: the same chi^2, but for the width of a marginal magnitude."""
    monkeypatch.setenv("CSL_DIR", str(library))
    found = built(tmp_path, *MODULES[case][:1], case == "with cepheids")
    kind = MODULES[case][1]
    own = {"Mb": -19.3} if kind != "sn.desy5" else {}
    packages = tmp_path / "data" / "sn_data"
    packages.parent.mkdir()
    packages.symlink_to(library / "cobaya")
    (library / "cobaya" / "version.dat").write_text("9.9")
    wanted = of_cobaya(kind, {"use_abs_mag": bool(own)}, tmp_path, **own)
    if not own:
        read = LIBRARY_SETS["desy5_cosmosis"].read
        files = (
            library / "likelihood" / "des-sn" / name for name in LIBRARY_SETS["desy5_cosmosis"][:2]
        )
        wanted += np.log(np.linalg.inv(read(*files).covariance).sum() / (2 * np.pi))
    assert of_supernovae(found, **own) == pytest.approx(wanted, abs=2e-6)


def test_binned_pantheon_has_neither_velocities_nor_heliocentric_redshifts(
    tmp_path, library, monkeypatch
):
    """By the module's own formula."""
    monkeypatch.setenv("CSL_DIR", str(library))
    found = built(tmp_path, "likelihood/pantheon/pantheon.py")
    folder = library / "likelihood" / "pantheon"
    z, m, error = np.loadtxt(folder / "lcparam_DS17f.txt", usecols=(1, 4, 5), skiprows=1).T
    C = np.loadtxt(folder / "sys_DS17f.txt")[1:].reshape(z.size, z.size) + np.diag(error**2)
    mu = 5 * np.log10((1 + z) ** 2 * Provider().get_angular_diameter_distance(z)) + 25
    r = m - mu + 19.3
    assert of_supernovae(found, Mb=-19.3) == pytest.approx(r @ np.linalg.solve(C, r), rel=1e-6)


ASTROPY = {"file": "background/astropy_background/astropy_background.py", "nz": "300", "zmax": "3"}


def by_astropy(folder, model, values=""):
    """A pipeline with Astropy's distances and DESI's BAO."""
    modules = {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "astropy": ASTROPY | {"model": model},
        "desi": {"file": "likelihood/bao/desi-dr2/desi_dr2.py"},
    }
    cosmology = COSMOLOGY.replace("mnu = 0.06 0.0773 0.6\n", "").replace("w = -1.0\n", "")
    return read_config(written(folder, modules, cosmology + values))


def test_distances_of_astropy_have_no_radiation(tmp_path):
    config = by_astropy(tmp_path, "wCDM")
    assert not config.theory.radiation
    assert config.theory.neutrinos == "massless"


@pytest.mark.parametrize(
    ("model", "values", "sentence"),
    [
        ("w0wzCDM", "", r"'model' of astropy is w0wzCDM: accepted are lambdacdm, .*, flatw0wacdm"),
        ("LambdaCDM", "w = -1.5 -1.0 -0.5\n", "astropy does not read '.*--w': fix it at -1"),
        ("flatwCDM", "omega_k = 0.1\n", "astropy does not read '.*--omega_k': fix it at 0"),
        ("wCDM", "mnu = 0.06\n", "astropy does not read '.*--mnu': fix it at 0"),
    ],
)
def test_what_astropy_s_model_has_not_got_is_said(model, values, sentence, tmp_path):
    with pytest.raises(ConfigError, match=sentence):
        by_astropy(tmp_path, model, values)


def built(folder, module, shoes=False):
    """The likelihood of a pipeline with this module alone."""
    own = {"file": module} | ({"include_shoes": "T"} if shoes else {})
    modules = {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "camb": CAMB | {"mode": "background"},
        "sn": own,
    }
    values = COSMOLOGY + "[supernova_params]\nM = -20.0 -19.3 -18.0\n"
    (one,) = read_config(written(folder, modules, values)).others
    return one.build()


def test_a_sound_horizon_that_is_free(tmp_path):
    modules = {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "camb": CAMB | {"mode": "background"},
        "free": {"file": "utility/rescale_distances_rdh/rescale_distances_rdh.py"},
        "desi": {"file": "likelihood/bao/desi-dr2/desi_dr2.py"},
    }
    values = COSMOLOGY + "rdh = 10.0 100.0 1000.0\n"
    config = read_config(written(tmp_path, modules, values))
    (bao,) = config.others
    assert bao.parameters == ("rdh",)
    assert "rdh" in {p.name for p in config.sampled}
    again = bao.as_cobaya
    assert again == {"class": "jaxlike.cobaya.bao", "data": "desi_dr2_cosmosis", "by_rdh": True}
