"""Pipelines of the CosmoSIS standard library's modules: what becomes of them."""

import pytest
from library_pipelines import (
    FIRST_VALUES,
    SECOND_VALUES,
    by_mass,
    first_generation,
    mass_values,
    second_generation,
    written,
)

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import parameter_values


def test_a_pipeline_of_the_first_generation(first):
    path = first(priors="[wl_photoz_errors]\nbias_1 = gaussian 0.0 0.01\n")
    config = read_config(path)
    (one,) = config.likelihoods
    assert one.name == "2pt"
    assert one.survey is None
    assert not one.assumed
    assert set(one.probes) == {"xi_plus", "xi_minus", "gamma_t", "w"}
    options = one.options
    assert (options.linear, options.nonlinear, options.neutrinos) == (
        "emulator", "takahashi", "degenerate")  # fmt: skip
    assert (options.alignment, options.projection, options.bias) == ("nla", "flat", "constant")
    assert not options.magnification
    assert not options.rsd
    assert options.point_mass == "none"
    # shapes as smooth curves, lenses between their samples, as the pipeline has them
    assert dict(options.nz) == {"nz_source": "spline", "nz_lens": "histogram"}
    assert "intrinsic_alignment_parameters--a" in {p.name for p in config.sampled}
    shifted = next(p for p in config.sampled if p.name == "wl_photoz_errors--bias_1")
    assert shifted.prior.scale == 0.01


def test_cuts_are_those_of_pairs_as_the_data_have_them(first):
    (one,) = read_config(first()).likelihoods
    low, high = one.scale_cuts["min_angle"], one.scale_cuts["max_angle"]
    assert low["xi_plus"] == {"*-*": 0.0, "1-1": 8.0}  # nobody has 2-1
    assert (low["xi_minus"]["2-2"], high["xi_minus"]["2-2"]) == (30.0, 100.0)
    assert low["w"]["1-1"] == float("inf")
    assert low["w"]["*-*"] == 0.0
    assert low["gamma_t"] == {"*-*": 0.0}


def test_a_limit_that_is_a_point_s_own_angle_keeps_it(first, small_data):
    angle = float(small_data.measurements[0].theta_arcmin[1])
    path = first(angle_range_xip_1_1=f"{angle!r} 250.0")
    (one,) = read_config(path).likelihoods
    from jaxlike.likelihoods.survey import load_data

    data = load_data(one.data_file, one.scale_cuts, one.probes)
    kept = data.measurements[0]
    assert kept.theta_arcmin[(kept.bin1 == 1) & (kept.bin2 == 1)].min() == angle


def test_a_pipeline_of_the_second_generation(tmp_path, file):
    path = written(tmp_path, second_generation(file), SECOND_VALUES)
    library = library_of(path, {})
    (one,) = library.config.likelihoods
    options = one.options
    assert (options.alignment, options.projection, options.b_modes) == ("tatt", "curved", True)
    assert options.magnification
    assert options.rsd
    assert options.point_mass == "marginalised"
    assert options.limber == "beyond"
    names = {p.name for p in library.config.parameters}
    assert {"mag_alpha_lens--alpha_2", "lens_photoz_errors--width_2", "bias_lens--b1"} <= names


def test_e_modes_alone(tmp_path, file):
    modules = second_generation(file)
    modules["2pt_shear"] = modules["2pt_shear"] | {
        "xi_type": "22",
        "output_section_name": "shear_xi",
    }
    del modules["2pt_shear"]["input_section_name"]
    (one,) = read_config(written(tmp_path, modules, SECOND_VALUES)).likelihoods
    assert one.options.alignment == "tatt"
    assert not one.options.b_modes


def test_tatt_without_its_second_order_is_nla(tmp_path, file):
    values = SECOND_VALUES
    for line in ("A2 = -5.0 -1.36 5.0", "bias_ta = 0.0 1.0 2.0"):
        values = values.replace(line, line.split()[0] + " = 0.0")
    config = read_config(written(tmp_path, second_generation(file), values))
    assert config.theory.alignment == "nla"
    names = {p.name for p in config.parameters}
    assert "intrinsic_alignment_parameters--a1" in names
    assert not {n for n in names if n.endswith(("a2", "alpha2", "bias_ta"))}


@pytest.mark.parametrize(("suffix", "model"), [("", "nla_m_twice"), ("all", "nla_m")])
def test_alignment_by_the_masses_of_haloes(tmp_path, file, suffix, model):
    """In its place it multiplies GI of a bin with itself twice, which is said."""
    modules = by_mass(first_generation(file), file, suffix)
    config = library_of(written(tmp_path, modules, mass_values(suffix)), {}).config
    assert (config.theory.alignment, config.theory.f_r) == (model, (0.2, 0.3))
    assert any("twice" in note for note in config.notes) is (model == "nla_m_twice")


def test_what_a_module_takes_where_there_is_no_value(tmp_path, file):
    """tatt has z_piv = 0 and bias_ta = 1, other than this package."""
    values = SECOND_VALUES.replace("z_piv = 0.62\n", "").replace("bias_ta = 0.0 1.0 2.0\n", "")
    config = read_config(written(tmp_path, second_generation(file), values))
    fixed = {p.name: p.value for p in config.parameters if p.value is not None}
    assert [v for n, v in fixed.items() if n.startswith("intrinsic")] == [0.0, 1.0]


def test_one_calibration_for_all_bins(first):
    path = first(
        "shear_m_bias",
        values=FIRST_VALUES.replace("m1 = -0.1 0.0 0.1\nm2 =", "m0 ="),
        m_per_bin="F",
    )
    config = read_config(path)
    assert "shear_calibration_parameters--m0" in {p.name for p in config.sampled}
    at = parameter_values(
        config.parameters,
        {p.name: p.ref_loc for p in config.sampled} | {"shear_calibration_parameters--m0": 0.02},
    )
    assert [float(at[f"shear_calibration_parameters--m{i}"]) for i in (1, 2)] == [0.02, 0.02]


def test_the_same_input_with_a_survey_s_own_file(first, file, tmp_path):
    """A keyword replaces a file that is not there, the n(z) in it too."""
    path = first()
    path.write_text(path.read_text().replace(file, "likelihood/not_there.fits"))
    with pytest.raises(
        ConfigError, match=r"line \d+: option 'data_file' of 2pt_like is .*not_there"
    ):
        read_config(path)
    (one,) = read_config(path, data_file=file).likelihoods
    assert one.data_file == file
    assert one.nz_file is None


def test_an_option_from_default_counts_as_well(first):
    path = first()
    path.write_text("[DEFAULT]\nuse_tabulated_w = T\n" + path.read_text())
    with pytest.raises(ConfigError, match="option 'use_tabulated_w' of camb is T: dark energy is"):
        read_config(path)
