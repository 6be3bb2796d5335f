"""What the module says to wrong parameters, values and options: one sentence."""

import pytest

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from fresh_module import fresh

from jaxlike.cosmosis.module import execute, setup
from jaxlike.errors import ConfigError, DataError, JaxlikeError, ParameterError

COSMOLOGY = "cosmological_parameters"


BAD_PARAMETERS = {
    "missing": ({"omega_m": None}, COSMOLOGY, "Omega_m is missing.*omega_m.*omch2"),
    "no amplitude": ({"a_s": None}, COSMOLOGY, "A_s is missing.*sigma_8"),
    "two amplitudes": ({"sigma_8": 0.8}, COSMOLOGY, "--a_s' and .*--sigma_8' are both given"),
    "idle": ({"n_run": 0.1}, COSMOLOGY, "--n_run' has no effect.*accepted are a_s, a_s_1e9"),
    "typo": ({"omnu_h2": 0.1}, COSMOLOGY, "--omnu_h2' has no effect.*omnuh2"),
    "contradiction": ({"hubble": 60.0}, COSMOLOGY, "--hubble' is 60, but .* make it 69"),
    "contradictory matter": ({"omch2": 0.3}, COSMOLOGY, "--omch2' is 0.3, but .*make it 0.11"),
    "text": ({"n_s": "high"}, COSMOLOGY, "--n_s' is 'high', but must be a real number"),
    "no bias": ({"b3": None}, "bin_bias", "parameter b3 is missing.*5 lens bins"),
    "bin": ({"b6": 1.0}, "bin_bias", "lens bin 6.*bins 1 to 5"),
    "shift": ({"bias_5": 0.0}, "wl_photoz_errors", "source bin 5.*bins 1 to 4"),
    "nuisance": ({"eta": 1.0}, "intrinsic_alignment_parameters", "unknown .*--eta'.*accepted"),
    "shear": ({"m_1": 0.0}, "shear_calibration_parameters", "unknown .*--m_1'.*accepted"),
}


@pytest.mark.parametrize(
    ("change", "section", "sentence"), BAD_PARAMETERS.values(), ids=BAD_PARAMETERS.keys()
)
def test_bad_parameters(mock_module, make_block, values, change, section, sentence):
    module = fresh(mock_module)
    values[section].update(change)
    values[section] = {name: x for name, x in values[section].items() if x is not None}
    with pytest.raises(ParameterError, match=sentence) as error:
        execute(make_block(values), module)
    assert "\n" not in str(error.value)


def test_missing_section(mock_module, make_block, values):
    del values["bin_bias"]
    with pytest.raises(ParameterError, match=r"parameter b1 is missing.*bin_bias--b1"):
        execute(make_block(values), mock_module)


BAD_OPTIONS = {
    "unknown": ({"nzz": "kde"}, ConfigError, r"option of section \[two_point\]: 'nzz'.*nz_band"),
    "choice": ({"nz": "cubic"}, ConfigError, r"two_point.*'nz' is 'cubic'.*kde, histogram"),
    "power": ({"power": "host"}, ConfigError, "'power' is 'host'; accepted are jaxlike, block"),
    "no effect": (
        {"power": "block", "linear": "eisenstein_hu"},
        ConfigError,
        "'linear'.*no effect with power = block",
    ),
    "width": ({"nz_bandwidth": -1.0}, ConfigError, "'nz_bandwidth' is -1.0.*positive number"),
    "flag": ({"include_norm": "perhaps"}, ConfigError, "'include_norm' is 'perhaps'.*true, false"),
    "name": ({"like_name": 3}, ConfigError, "'like_name' is 3; accepted are a name"),
    "suffix": (
        {"suffix": "NZ_SOURCE:kids nz_maglim:maglim"},
        ConfigError,
        "'suffix' has 'nz_maglim', which is no n.z. of .*those are: nz_source, nz_lens",
    ),
    "suffixes": (
        {"suffix": "nz_lens: red"},
        ConfigError,
        "'suffix' is 'nz_lens: red'; accepted are NAME:VALUE NAME:VALUE",
    ),
    "probe": ({"probes": "xi_plus xip"}, ConfigError, "unknown probe 'xip'.*xi_minus"),
    "no file": ({"data_file": "nowhere.fits"}, DataError, "nowhere.fits"),
    "no fits": ({"data_file": __file__}, DataError, "test_cosmosis_bad_input.py"),
    "cuts": (
        {"scale_cuts": "des_y9"},
        DataError,
        "'des_y9'; accepted are decade_ngc, decade_sgc, des_y1",
    ),
}


@pytest.mark.parametrize(
    ("options", "kind", "sentence"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys()
)
def test_bad_options(make_module, options, kind, sentence):
    with pytest.raises(JaxlikeError, match=sentence) as error:
        make_module(**options)
    assert type(error.value) is kind
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            "h0 = 70.0",
            r"mine\.ini: parameter 'cosmological_parameters--h0' is fixed at 70; accepted",
        ),
        ("a_s = 2.0 2.1 2.2", "'cosmological_parameters--a_s' is between 2 and 2.2; accepted"),
    ],
)
def test_values_that_are_nowhere_possible_are_told_at_setup(make_block, tmp_path, values, message):
    """Not as a likelihood of -1e15; with the block's power they are another's business."""
    (tmp_path / "mine.ini").write_text(f"[cosmological_parameters]\n{values}\n")
    pipeline = {"current_module": "two_point", "values": str(tmp_path / "mine.ini")}

    def block(**options):
        given = {"file": "jaxlike_two_point.py", "probes": "shear", **options}
        return make_block({"pipeline": pipeline, "module_options": given})

    with pytest.raises(ParameterError, match=message):
        setup(block())
    assert setup(block(power="block"))
