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
        (["survey", "lens", "fu"], {}, "'survey: lens' has smail and fu; one of smail, fu, gau"),
        (
            ["survey", "lens", "smail"],
            None,
            "'survey: lens' has no n(z); one of smail, fu, gaussian",
        ),
        (["survey", "lens", "bias_z"], "x", "bias_z' is 'x'; accepted are a number"),
        (["survey", "lens", "outlier_fraction"], 2, "is 2; accepted are a number from 0 to 1"),
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


@pytest.mark.parametrize(
    ("shape", "given", "words"),
    [
        ("fu", {"a": 1.0}, "fu' is {'a': 1.0}; accepted are {a, b, c} of n(z) ~ (z^a + z^(ab))"),
        ("gaussian", {"mean": 0.5, "sigma": 0}, "sigma' is 0; accepted are a positive number"),
        ("table", 1.0, "table' is 1.0; accepted are the name of a text file"),
        ("table", "{tmp}/absent.txt", "absent.txt: cannot be read as columns z and n(z)"),
        ("table", ("0.1 1 2",), "nz.txt: must have two columns of numbers"),
        ("table", ("0.2 1", "0.1 1"), "nz.txt: column z must ascend"),
        ("table", ("0.1 -1", "0.2 1"), "nz.txt: column n(z) must be >= 0"),
        ("table", ("0.1 x",), "nz.txt: cannot be read as columns"),
    ],
)
def test_shapes_that_are_none(info, tmp_path, shape, given, words):
    if isinstance(given, tuple):
        (tmp_path / "nz.txt").write_text("\n".join(given))
        given = "{tmp}/nz.txt"
    if isinstance(given, str):
        given = given.format(tmp=tmp_path)
    lens = info["survey"]["lens"]
    del lens["smail"]
    lens[shape] = given
    (tmp_path / "survey.yaml").write_text(yaml.safe_dump(info))
    with pytest.raises(JaxlikeError) as error:
        read_survey(tmp_path / "survey.yaml")
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
