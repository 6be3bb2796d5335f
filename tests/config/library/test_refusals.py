"""What a pipeline of the standard library cannot have here: one sentence."""

import pytest
from library_pipelines import (
    FIRST_VALUES,
    SECOND_VALUES,
    add,
    first_generation,
    second_generation,
    written,
)

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.errors import ConfigError, JaxlikeError

BAD = {
    "no such module": ({"module": "unbiased_galaxies", "file": "bias/other/other.py"},
                       r"line \d+: option 'file' of unbiased_galaxies .* no module"),
    "a module without counterpart": (
        {"module": "unbiased_galaxies", "file": "bias/clerkin/clerkin_interface.py"},
        "galaxy bias is none of those here"),
    "an option that is unknown": ({"module": "camb", "kmx": "3"},
                                  r"line \d+: option 'kmx' of camb is 3: .* known here"),
    "a halofit": ({"module": "camb", "halofit_version": "casarini"},
                  r"line \d+: option 'halofit_version' of camb is casarini"),
    "a neutrino hierarchy": ({"module": "camb", "neutrino_hierarchy": "inverted"},
                             "accepted are degenerate, normal"),
    "tabulated dark energy": ({"module": "camb", "use_tabulated_w": "T"}, "w0 and wa"),
    "P(k) that ends too early": ({"module": "camb", "kmax": "2.0"},
                                 r"line \d+: option 'kmax' of camb is 2.0: .* are 3 and more"),
    "coarse settings": ({"module": "camb", "accuracyboost": "0.5"},
                        r"option 'accuracyboost' of camb is 0.5: .* accepted are 0.8 and more"),
    "a pivot": ({"module": "camb", "pivot_scalar": "0.002"}, "accepted are 0.05"),
    "a method of alignment": ({"module": "IA", "method": "KRHB"}, "accepted is bk_corrected"),
    "an n(z) that nobody makes": ({"module": "pk_to_cl", "shear__shear": "wl-wl"},
                                  r"option 'shear-shear' of pk_to_cl .* \[nz_wl\]"),
    "a table that is not there": ({"data_sets": "xip other"}, "no two-point table 'other'"),
    "a covariance elsewhere": ({"covmat_name": "OTHER"}, "accepted are COVMAT"),
    "a limit": ({"angle_range_xip_1_1": "8"}, "least and largest"),
    "a pair": ({"cut_xip": "1-1"}, "pairs of bins are needed"),
    "sellentin alone": ({"sellentin": "T"}, "covariance_realizations"),
    "no calibration": ({"without": ("shear_m_bias",), "values": FIRST_VALUES}, None),
    "no transform": ({"without": ("2pt_gal",)}, r"\[galaxy_xi\], which no module"),
    "no bias": ({"without": ("bin_bias",)}, "galaxies of its data a bias"),
    "no P(k)": ({"without": ("camb",)}, "put camb there"),
    "no likelihood": ({"without": ("2pt_like",), "module": "camb"}, "is a likelihood"),
    "a parameter without value": ({"values": FIRST_VALUES.replace("m2 = -0.1 0.0 0.1\n", "")},
                                  "reads 'shear_calibration_parameters--m2', which has no value"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_that_names_module_and_option(case, first):
    changed, expected = BAD[case]
    path = first(**changed)
    if expected is None:  # nothing is wrong: m has no effect, and that is said
        library = library_of(path, {})
        said = {(row.entry.where, row.entry.key): row.text for row in library.explanation}
        assert "no module of this pipeline reads it" in said[
            "values: shear_calibration_parameters", "m1"]  # fmt: skip
        return
    with pytest.raises(JaxlikeError, match=expected) as error:
        read_config(path)
    assert "\n" not in str(error.value)
    assert str(path.parent) in str(error.value)


TWICE = {
    "shifts": ("first", "lens_photoz_bias", r"again shifts \[nz_lens\] a second time"),
    "alignment": ("first", "IA", r"again computes P\(k\) of alignment"),
    "galaxy bias": ("first", "bin_bias", r"again gives \[galaxy_cl\] a galaxy bias"),
    "alignment of spectra": ("first", "add_intrinsic", r"again adds alignment to \[shear_cl\]"),
    "calibration": ("first", "shear_m_bias", r"\[shear_cl\] has been calibrated before"),
    "a transform": ("first", "2pt_gal", r"again makes \[galaxy_xi\] a second time"),
    "spectra": ("first", "pk_to_cl", r"\[shear_cl\] is there already"),
    "n(z)": ("first", "fits_nz", r"again makes \[nz_source\], which another"),
    "widths": ("second", "lens_photoz_width", r"again stretches \[nz_lens\] a second time"),
    "magnification": ("second", "add_magnification", r"again adds magnification to \[galaxy_cl\]"),
    "P(k)": ("second", "camb", "again and camb both compute"),
    "a likelihood": ("second", "2pt_like", "has the likelihood '2pt', as another"),
}


@pytest.mark.parametrize("case", TWICE)
def test_a_module_behind_one_that_does_the_same(case, tmp_path, file):
    generation, name, sentence = TWICE[case]
    make, values = {
        "first": (first_generation, FIRST_VALUES),
        "second": (second_generation, SECOND_VALUES),
    }[generation]
    modules = {}
    for own, options in make(file).items():
        modules[own] = options
        if own == name:
            modules["again"] = options
    with pytest.raises(ConfigError, match=rf"pipeline.ini, line \d+: .*{sentence}") as error:
        read_config(written(tmp_path, modules, values))
    assert "\n" not in str(error.value)


def test_a_module_that_is_run_again_for_another_survey(tmp_path, file):
    """What the first has made has been taken by then."""
    modules = {}
    for own, options in first_generation(file).items():
        modules[own] = options
        if own == "pk_to_cl":
            modules["again"] = modules["IA"]
    assert read_config(written(tmp_path, modules, FIRST_VALUES)).likelihoods


def test_the_same_data_twice(tmp_path, file):
    """Under two names: of two-point data, and of BAO."""
    modules = first_generation(file)
    again = modules["2pt_like"] | {"like_name": "other"}
    with pytest.raises(ConfigError, match="again has data that another likelihood has"):
        read_config(written(tmp_path, modules | {"again": again}, FIRST_VALUES))
    desi = {"file": "likelihood/bao/desi-dr2/desi_dr2.py", "desi_data_sets": "BGS"}
    both = {"desi": desi, "again": {"file": desi["file"], "like_name": "other"}}
    with pytest.raises(ConfigError, match=r"pipeline.ini: .*'desi' and 'again' have the same data"):
        read_config(written(tmp_path, modules | both, FIRST_VALUES))


def test_data_that_do_not_agree(tmp_path, file):
    modules = second_generation(file)
    modules["shear_m_bias"] = modules["shear_m_bias"] | {"cross_section": "other"}
    with pytest.raises(ConfigError, match="'gammat' has none"):
        read_config(written(tmp_path, modules, SECOND_VALUES))
    modules = second_generation(file)
    modules["add_intrinsic"] = add(**{"position-shear": "F"})
    with pytest.raises(ConfigError, match="'xip' has a model of intrinsic alignment"):
        read_config(written(tmp_path, modules, SECOND_VALUES))
