"""Prefixes in inputs: labels, names in errors, and words that are no prefix."""

import pytest

from jaxlike.config import Config, config_from_info
from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.config.data_options import prefix_from
from jaxlike.errors import ConfigError, JaxlikeError, ParameterError

TWO = """
likelihood:
  ngc: {class: jaxlike.cobaya.shear, data_file: n.fits, scale_cuts: none, prefix: NGC}
  sgc: {class: jaxlike.cobaya.shear, data_file: s.fits, scale_cuts: none, prefix: SGC_}
params:
  omegam: {prior: [0.1, 0.9]}
  omegab: 0.05
  H0: 70
  ns: 0.96
  As: 2e-9
"""


def from_yaml(params: str, **overrides: object) -> Config:
    info = load_yaml(TWO, "in.yaml")
    info["params"] |= load_yaml(params, "params")
    return config_from_info(info, "in.yaml", **overrides)


def test_labels_are_those_of_the_likelihoods():
    names = "{NGCm1: [0, 1], SGC_AIA: [0, 1], NGCeta: [0, 1], SGC_m2: {prior: [0, 1], latex: x}}"
    found = {p.name: p.latex for p in from_yaml(names).sampled}
    assert found == {
        "omegam": r"\Omega_\mathrm{m}",
        "NGCm1": r"m^{1}\,[\mathrm{NGC}]",
        "SGC_AIA": r"A_\mathrm{IA}\,[\mathrm{SGC}]",
        "NGCeta": r"\alpha_\mathrm{IA}\,[\mathrm{NGC}]",
        "SGC_m2": "x",
    }
    config = from_yaml("{HSCm1: [0, 1]}", prefix={"ngc": "HSC"})
    assert config.sampled[-1].latex == r"m^{1}\,[\mathrm{HSC}]"


BAD = {
    "plain": ("{m1: 0.1}", {}, ParameterError, r"'m1' \(did you mean 'NGCm1' or 'SGC_m1'\?\); acc"),
    "survey": ("{DES_AIA: 0.1}", {}, ParameterError, r"'DES_AIA' \(did you mean 'NGCAIA' or 'SGC_"),
    "misspelt": ("{SCG_m3: 0.1}", {}, ParameterError, r"'SCG_m3' \(did you mean 'SGC_m3'\?\)"),
    "number": ("{}", {"ngc.prefix": 3}, ConfigError, "'prefix' is 3; accepted are text of letters"),
    "zero": ("{}", {"ngc.prefix": 0}, ConfigError, "'prefix' is 0; accepted are text of letters"),
    "digit": ("{}", {"ngc.prefix": "1_"}, JaxlikeError, "'prefix' is '1_'; accepted are letters"),
}


@pytest.mark.parametrize("case", BAD)
def test_errors_are_one_sentence(case):
    params, overrides, kind, message = BAD[case]
    with pytest.raises(kind, match=f"^in.yaml: .*{message}") as error:
        from_yaml(params, **overrides)
    assert len(str(error.value)) <= 300 + len("in.yaml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [None, "", {}])
def test_no_prefix(value):
    assert prefix_from(value) == ""
