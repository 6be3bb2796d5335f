"""Likelihoods of other data in pipelines of the standard library: BAO, supernovae."""

import pytest
from library_pipelines import (
    CAMB,
    COSMOLOGY,
    FIRST_VALUES,
    first_generation,
    written,
)

from jaxlike.config.read import read_config
from jaxlike.errors import ConfigError


def test_likelihoods_of_other_data_join(tmp_path, file):
    """BAO from the package, supernovae by Cobaya's name with the absolute magnitude sampled."""
    modules = first_generation(file) | {
        "desi": {"file": "likelihood/bao/desi-dr2/desi_dr2.py", "desi_data_sets": "BGS,Lya"},
        "sn": {"file": "likelihood/pantheon_plus/pantheon_plus_shoes.py", "include_shoes": "F"},
    }
    values = FIRST_VALUES + "[supernova_params]\nM = -20.0 -19.3 -18.0\n"
    config = read_config(written(tmp_path, modules, values))
    assert [one.kind for one in config.others] == [
        "bao.desi_dr2_cosmosis.desi_bao_bgs", "bao.desi_dr2_cosmosis.desi_bao_lya",
        "sn.pantheonplus"]  # fmt: skip
    assert config.own == ("Mb",)
    assert next(p for p in config.sampled if p.name == "Mb").prior.low == -20.0
    assert any("DESI released" in note for note in config.notes)
    with pytest.raises(ConfigError, match="sn reads 'supernova_params--m', which has no value"):
        read_config(written(tmp_path, modules, FIRST_VALUES))


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
