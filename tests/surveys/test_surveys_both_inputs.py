"""Inputs of published analyses: the Cobaya and the CosmoSIS one of each are one posterior."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jaxlike.config import read_config
from jaxlike.loading import data_set_of

ROOT = Path(__file__).parents[2]
PERCENT = {"H0": ("h", 0.01)}
"""What inputs of Cobaya call otherwise, and in other units: name -> CosmoSIS's, factor."""

# name -> how many parameters are sampled; whose data are in which file of the reference material
INPUTS = {
    "decade": (32, {"ngc.": "decade_ngc", "sgc.": "decade_sgc"}),
    "decam_13k": (
        45,
        {"des.": "mock_des_y3_3x2pt", "ngc.": "decade_ngc", "sgc.": "decade_sgc"},
    ),
    "hsc_y3": (23, {"": "hsc_y3_real"}),
    "hsc_y3_fourier": (23, {}),  # whose data are not at hand
    "kids_1000_cosebis": (12, {"": "kids_1000_cosebis"}),
    "kids_1000_band_powers": (12, {"": "kids_1000_bp"}),
    "kids_1000_xi": (12, {"": "kids_1000_xipm"}),
    "kids_legacy": (20, {"": "kids_legacy_cosebis"}),
    "des_y3_shear": (19, {"": "mock_des_y3_3x2pt"}),
    "des_y3_3x2pt": (30, {"": "mock_des_y3_3x2pt"}),
    "des_y3_kids_1000": (24, {"": "des_y3_kids_1000"}),
}
HSC = {"nz_file": "hsc_y3_mock_nz.sacc", "psf_file": "hsc_y3_psf.npz"}


def test_every_pipeline_is_in_the_table():
    found = {file.stem for file in (ROOT / "cosmosis_modules").glob("*_pipeline.ini")}
    assert found == {"paper_pipeline", *(f"{name}_pipeline" for name in INPUTS)}


def both(name, **overrides):
    """The Config of the Cobaya input, and that of the CosmoSIS pipeline."""
    return (
        read_config(ROOT / "cobaya_yaml" / f"{name}.yaml", **overrides),
        read_config(ROOT / "cosmosis_modules" / f"{name}_pipeline.ini", **overrides),
    )


def keys(config):
    """Name of a parameter -> what it is: the place of its likelihood, the quantity, its number."""
    owners = {owner: i for i, one in enumerate(config.likelihoods) for owner in one.owners}
    found = {}
    for p in config.parameters:
        declared, number, sample = config.names.named(p.name)
        place = None if sample is None else owners[sample.prefix, sample.suffix]
        name, _ = PERCENT.get(declared.name, (declared.name, 1.0))
        found[p.name] = place, name, number
    return found


def in_units(p, names):
    """A parameter in CosmoSIS's units."""
    _, factor = PERCENT.get(names.canonical(p.name), ("", 1.0))
    if factor == 1.0:
        return p.prior, p.ref_loc
    limits = {end: factor * getattr(p.prior, end) for end in ("low", "high")}
    return replace(p.prior, **limits), factor * p.ref_loc


@pytest.mark.parametrize("name", INPUTS)
def test_options_are_the_same(name):
    """Data, cuts, statistics, theory and n(z) of every likelihood; likelihoods in one order."""
    yaml, ini = both(name)
    for one, other in zip(yaml.likelihoods, ini.likelihoods, strict=True):
        assert one.survey is not None
        same = {"name": other.name, "prefix": "", "suffix": other.suffix, "correlated": ()}
        assert replace(one, **same) == replace(other, correlated=())


@pytest.mark.parametrize("name", INPUTS)
def test_parameters_and_priors_are_the_same(name):
    """Those that are sampled, their priors and where chains start; those that are fixed."""
    yaml, ini = both(name)
    here, there = keys(yaml), keys(ini)
    found = {here[p.name]: in_units(p, yaml.names) for p in yaml.sampled}
    wanted = {there[p.name]: (p.prior, p.ref_loc) for p in ini.sampled}
    assert len(found) == INPUTS[name][0]
    assert found.keys() == wanted.keys()
    for key, (prior, start) in wanted.items():
        assert type(found[key][0]) is type(prior), key
        for number, value in vars(prior).items():
            assert getattr(found[key][0], number) == pytest.approx(value, rel=1e-12), key
        assert found[key][1] == pytest.approx(start, rel=1e-12), key
    fixed, others = (
        {known[p.name]: p.value for p in one.parameters if p.value is not None}
        for known, one in ((here, yaml), (there, ini))
    )
    pivot = {key: value for key, value in others.items() if key[1] == "z0_IA"}  # the default
    assert set(pivot.values()) <= {0.62}
    assert fixed == {key: others[key] for key in others if key not in pivot}
    # eta of HMCode2016 is that function of A where A alone is given
    functions = {here[p.name][1] for p in yaml.parameters if p.derived_from}
    assert functions == ({"eta_bary"} if yaml.theory.nonlinear == "hmcode2016" else set())
    assert not any(p.derived_from for p in ini.parameters)


@pytest.mark.parametrize("name", INPUTS)
def test_derived_parameters_are_the_same(name):
    yaml, ini = both(name)
    functions = {p.name for p in yaml.parameters if p.derived_from}
    assert [one.name for one in ini.outputs] == [
        one.name for one in yaml.outputs if one.name not in functions
    ]
    assert all(yaml.output_latex[name] == latex for name, latex in ini.output_latex.items())


@pytest.mark.parametrize("name", INPUTS)
def test_correlated_priors_are_the_same(name):
    yaml, ini = both(name)
    assert len(ini.correlated_priors) == {"kids_legacy": 2}.get(name, "kids" in name)
    for one, other in zip(yaml.correlated_priors, ini.correlated_priors, strict=True):
        assert [keys(yaml)[p] for p in one.params] == [keys(ini)[p] for p in other.params]
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_array_equal(one.covariance, other.covariance)


@pytest.mark.parametrize("name", [name for name, (_, files) in INPUTS.items() if files])
def test_data_are_the_same(shared, name):
    """Points, n(z) and covariance after cuts."""
    folder, files = shared / "data" / "stage3", INPUTS[name][1]
    overrides = {f"{one}data_file": str(folder / f"{file}.fits") for one, file in files.items()}
    if name == "hsc_y3":
        overrides |= {option: str(folder / file) for option, file in HSC.items()}
    for one, other in zip(*(config.likelihoods for config in both(name, **overrides)), strict=True):
        here, there = data_set_of(one), data_set_of(other)
        assert here.options == there.options
        np.testing.assert_array_equal(here.data.value, there.data.value)
        np.testing.assert_array_equal(here.data.covariance, there.data.covariance)
        assert [(s.kind, s.n_bin) for s in here.samples] == [
            (s.kind, s.n_bin) for s in there.samples
        ]
