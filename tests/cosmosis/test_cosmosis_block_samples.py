"""Which parameters of a block belong to the samples of a module, by suffix or without."""

import pytest

from jaxlike.cosmosis.block import nuisance
from jaxlike.errors import ParameterError
from jaxlike.registry.samples import Sample, lenses_and_sources

SECTIONS = {
    "shear_calibration_parameters": {"m1": 0.01},
    "intrinsic_alignment_parameters": {"a": 0.3, "a1_ngc": 0.4, "z_piv_ngc": 0.6, "a1_sgc": 0.5},
    "shear_calibration_parameters_ngc": {"m1": 0.02, "m2": 0.03},
    "bin_bias_ngc": {"b1": 1.5},
    "bin_bias": {"b1": 1.4},
}


class Block(dict):
    """Section -> name -> value, read as a DataBlock is."""

    def keys(self, section):
        return [(section, name) for name in self.get(section, {})]

    def __getitem__(self, key):
        section, name = key
        return self.get(section)[name]


def test_a_suffix_takes_its_own():
    found = nuisance(Block(SECTIONS), [Sample("shear", 2, suffix="ngc")])
    assert found.given == {
        "shear_calibration_parameters_ngc--m1": 0.02,
        "shear_calibration_parameters_ngc--m2": 0.03,
        "intrinsic_alignment_parameters--a1_ngc": 0.4,
        "intrinsic_alignment_parameters--z_piv_ngc": 0.6,
    }
    assert "bin_bias_ngc" in found.idle


def test_unknown_names_of_ones_own():
    sections = SECTIONS | {"bin_bias_ngc": {"b": 1.0}}
    with pytest.raises(ParameterError, match="unknown parameter 'bin_bias_ngc--b'"):
        nuisance(Block(sections), [Sample("counts", 2, suffix="ngc")])
    sections = SECTIONS | {"bin_bias": {"b_ngc": 1.0}}
    with pytest.raises(ParameterError, match="unknown parameter 'bin_bias--b_ngc'"):
        nuisance(Block(sections), [Sample("counts", 2, suffix="NGC")])


def test_samples_of_one_kind_have_suffixes_of_their_own():
    """Two lens samples, and sources without: what others have in [bin_bias] is left."""
    samples = [
        Sample("counts", 1, suffix="red"),
        Sample("counts", 1, suffix="mag"),
        Sample("shear", 2),
    ]
    sections = {
        "bin_bias": {"b1": 1.4, "b1_red": 1.5},
        "bin_bias_mag": {"b1": 1.6},
        "shear_calibration_parameters": {"m1": 0.01},
    }
    assert nuisance(Block(sections), samples).given == {
        "bin_bias--b1_red": 1.5,
        "bin_bias_mag--b1": 1.6,
        "shear_calibration_parameters--m1": 0.01,
    }


def test_without_suffix_every_name_counts():
    plain = {k: v for k, v in SECTIONS.items() if k != "intrinsic_alignment_parameters"}
    found = nuisance(Block(plain), lenses_and_sources(0, 2))
    assert (found.given, found.idle) == ({"shear_calibration_parameters--m1": 0.01}, ["bin_bias"])
    with pytest.raises(ParameterError, match="'intrinsic_alignment_parameters--a1_ngc'"):
        nuisance(Block(SECTIONS), lenses_and_sources(0, 2))
