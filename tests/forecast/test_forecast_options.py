"""The input of a survey, and one sentence for everything that may be wrong with it."""

import pytest
import yaml

from jaxlike.errors import JaxlikeError
from jaxlike.forecast.options import Optimise, read_survey


@pytest.fixture
def info(repository):
    return yaml.safe_load((repository / "cobaya_yaml" / "survey_example.yaml").read_text())


def changed(info, keys, value):
    block = info
    for key in keys[:-1]:
        block = block[key]
    if value is None:
        del block[keys[-1]]
    else:
        block[keys[-1]] = value
    return info


def test_the_shipped_example(repository):
    config = read_survey(repository / "cobaya_yaml" / "survey_example.yaml")
    assert (config.design.source.n_bin, config.design.lens.n_bin) == (4, 4)
    assert config.alignment == {"A_IA": 0.5, "alpha_IA": 0.0}
    assert "A_IA" not in config.fiducial
    assert config.optimise == Optimise(adjust=("source_edges", "lens_edges"), steps=150)
    assert (config.ell[0], config.ell.size, config.ell_max_counts) == (20.0, 20, 500.0)


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        (["survey", "source", "edges"], [0.0, 0.8, 0.6, 2.0], "source: edges' is 0, 0.8, 0.6, 2"),
        (["survey", "source", "edges"], [0.0, 0.6, 0.6], "out of order"),
        (["survey", "lens", "edges"], [0.5], "two or more ascending redshifts"),
        (["survey", "lens", "edges"], "0.5", "'survey: lens: edges' is '0.5'; accepted are a list"),
        (["survey", "lens", "bias"], [1.0], "has 1 numbers for 4 bins"),
        (["survey", "source", "sigma_z"], -0.1, "sigma_z' is -0.1; accepted are a positive number"),
        (["survey", "source", "sigma_z"], None, "sigma_z' is None; accepted are a positive number"),
        (["survey", "area"], 5e4, "at most 41253 square degrees"),
        (["survey", "depth"], 25, "unknown option of survey: 'depth'; accepted are area"),
        (["survey", "lens", "smail"], {"a": 2.0}, "smail' is {'a': 2.0}; accepted are {a, b, z0}"),
        (["survey"], None, "block 'survey' is None"),
        (["surveys"], {}, "unknown block 'surveys'; accepted are survey, fiducial"),
        (["fiducial", "Omega_x"], 0.1, "unknown parameter 'Omega_x'"),
        (["fiducial", "h"], "much", "'fiducial: h' is 'much'; accepted are a number"),
        (["vary"], ["h", "H"], "which has no effect"),
        (["vary"], ["h", "h0"], "'vary' names 'h0' twice"),
        (["vary"], "h", "'vary' is 'h'; accepted are a list"),
        (["priors", "omega_nu"], 1.0, "'priors' names 'omega_nu', which has no effect"),
        (["theory", "linear"], "camb", "'theory: linear' is 'camb'; accepted are eisenstein_hu"),
        (["ell", "min"], 4000, "min must be the smaller"),
        (["ell", "n"], 1, "'ell: n' is 1; accepted are a whole number from 2"),
        (["optimise", "merit"], "w", "'optimise: merit' is 'w'; accepted are fom, S8"),
        (["optimise", "adjust"], ["edges"], "unknown entry of optimise: adjust 'edges'"),
        (["optimise", "cost_exponent"], 2.0, "no effect unless area is in optimise: adjust"),
    ],
)
def test_bad_input(info, tmp_path, keys, value, words, monkeypatch):
    path = tmp_path / "survey.yaml"
    path.write_text(yaml.safe_dump(changed(info, keys, value)))
    monkeypatch.setattr("jaxlike.forecast.options.build_universe", names_alone)
    with pytest.raises(JaxlikeError) as error:
        read_survey(path).forecast()
    assert str(error.value).startswith(str(path))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def names_alone(fiducial, names, **_):
    """A universe that knows nothing but what varies: enough to find what is wrong."""

    class Known:
        pass

    known = Known()
    known.names = tuple(names)
    return known


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(JaxlikeError, match="cannot be read as text"):
        read_survey(tmp_path / "nothing.yaml")
