"""Somebody's own likelihoods in inputs: by a dotted path, by an entry point; what is refused."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.config import config_from_info
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, JaxlikeError

MODULE = """\
import jax
import jax.numpy as jnp
import numpy as np


def clocks(parameters, universe, data):
    rate = parameters.get("stretch", 1.0) * universe.H(data["z"])
    return -0.5 * jnp.sum(((rate - data["H"]) / data["error"]) ** 2)


def table(parameters, universe, data):
    z, H, error = data.T
    return clocks(parameters, universe, {"z": z, "H": H, "error": error})


def ruler(parameters, universe):
    return -0.5 * ((universe.D_M(0.5) / universe.r_drag - parameters["scale"] * 13) / 0.1) ** 2


ruler.parameters, ruler.needs = ("scale",), ("D_M", "r_drag")


def loaded(parameters, universe, data):
    return -0.5 * ((universe.H(0.0) - data["H0"]) / 1.0) ** 2


loaded.load = lambda given: {"H0": np.array(70.0 if given is None else given["H0"])}


class Peak:
    parameters = ()

    def __init__(self, data):
        self.h = data["h"]

    def log_likelihood(self, parameters, universe):
        return -0.5 * ((universe.H(0.0) / 100 - self.h) / 0.01) ** 2


jax.tree_util.register_pytree_node(
    Peak, lambda one: ((one.h,), None), lambda _, leaves: Peak({"h": leaves[0]})
)
number = 3


def as_numpy(parameters, universe):
    return np.sum(np.asarray(universe.H(0.0)))


def several(parameters, universe):
    return universe.H(np.array([0.1, 0.2]))


def whole(parameters, universe):
    return universe.H(0.0).astype(int)


def cast(parameters, universe):
    return jnp.round(universe.H(0.0))


def constant(parameters, universe):
    return 1.0


def nan(parameters, universe):
    return jnp.log(-universe.H(0.0))


def kink(parameters, universe):
    return -jnp.sqrt(0 * universe.H(0.0))


def cmb(parameters, universe):
    return 0.0


cmb.needs = ("C_ell",)


def asks(parameters, universe):
    return parameters["nothing"] * universe.H(0.0)


def one(parameters):
    return 0.0


def taken(parameters, universe):
    return 0.0


taken.parameters = ("b1",)


def spelt(parameters, universe):
    return 0.0


spelt.parameters = "scale"


@jax.tree_util.register_pytree_node_class
class Property:
    @property
    def parameters(self):
        return ("width",)

    def log_likelihood(self, parameters, universe):
        return -0.5 * (parameters["width"] * universe.H(0.0)) ** 2

    def tree_flatten(self):
        return (), None

    @classmethod
    def tree_unflatten(cls, _, leaves):
        return cls()
"""
PARAMS = {"H0": [50, 90], "omegam": 0.3, "omegab": 0.05, "As": 2e-9, "ns": 0.96}
MAPPING = {"z": [0.1, 0.5], "H": [72.0, 90], "error": [5, 6.0]}
STRETCH = {"prior": {"dist": "norm", "loc": 1.0, "scale": 0.1}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where somebody has a module."""
    found = tmp_path_factory.mktemp("somebody")
    (found / "own_module.py").write_text(MODULE)
    (found / "broken_module.py").write_text("1 / 0\n")
    rows = np.column_stack([MAPPING[name] for name in ("z", "H", "error")])
    np.savetxt(found / "clocks.txt", rows, header="made up")
    np.savez(found / "clocks.npz", **{name: np.array(v) for name, v in MAPPING.items()})
    return found


def info(folder, function="own_module.clocks", more=None, **options):
    mine = {"class": "jaxlike.cobaya.external", "function": function, "python_path": str(folder)}
    return {"likelihood": {"mine": mine | options}, "params": PARAMS | (more or {})}


def rate(z):
    """Matter and a cosmological constant, H0 = 70."""
    return 70 * np.sqrt(0.3 * (1 + np.asarray(z)) ** 3 + 0.7)


def test_a_function_and_its_data(folder, tmp_path):
    """In a mapping, in text beside the input, in NumPy's file: one likelihood."""
    z, H, error = (np.array(MAPPING[name], float) for name in ("z", "H", "error"))
    by_hand = np.sum(((rate(z) - H) / error) ** 2)
    read = {
        "a mapping": info(folder, data=MAPPING),
        "text": info(folder, "own_module.table", data="clocks.txt"),
        "numpy": info(folder, data=str(folder / "clocks.npz")),
    }
    for one in read.values():
        found = config_from_info(one, folder / "in.yaml").others[0].build()
        chi2 = -2 * found.log_likelihood({}, SimpleNamespace(H=rate))
        assert float(chi2) == pytest.approx(by_hand, rel=1e-12)
    model = jaxlike.load(read["a mapping"])
    assert float(model.chi2(np.array([70.0]))) == pytest.approx(by_hand, abs=2e-3)
    assert "mine: clocks" in repr(model)
    own = info(folder, data=MAPPING, params={"stretch": STRETCH})
    config = config_from_info(own, "in.yaml")
    assert config.own == ("stretch",)
    assert [p.name for p in config.sampled] == ["H0", "stretch"]
    written = as_cobaya(config)
    assert written["likelihood"]["mine"]["input_params"] == ["stretch"]
    again = config_from_info(written, tmp_path / "in.yaml")
    assert (again.others[0].found, again.own) == (config.others[0].found, config.own)
    assert config.others[0].source == "own_module.clocks"


def test_what_a_function_says_of_itself(folder):
    """Its parameters, what it needs, how its data are made; -inf where there is no r_drag."""
    model = jaxlike.load(
        info(folder, "own_module.ruler", {"scale": STRETCH, "ombh2": [0.01, 0.1], "omegab": None})
    )
    assert model.parameters == ("H0", "scale", "ombh2")
    value, slope = model.value_and_gradient(jnp.array([70.0, 1.0, 0.022]))
    assert np.isfinite(value)
    assert (np.asarray(slope) != 0).all()
    value, slope = model.value_and_gradient(jnp.array([70.0, 1.0, 0.09]))
    assert value == -np.inf
    assert np.isfinite(slope).all()
    without = info(folder, "own_module.ruler", {"scale": STRETCH})
    without["theory"] = {"jaxlike.cobaya.Theory": {"radiation": False}}
    with pytest.raises(ConfigError, match="'mine' is computed with radiation: true only"):
        jaxlike.load(without)
    for data, H0 in ((None, 70.0), ({"H0": 65.0}, 65.0)):
        config = config_from_info(info(folder, "own_module.loaded", data=data), "in.yaml")
        assert float(config.others[0].build().data["H0"]) == H0
    one = info(folder, "own_module.Property", params={"width": 1.0})
    assert config_from_info(one, "in.yaml").own == ("width",)
    config = config_from_info(info(folder, "own_module.Peak", data={"h": 0.7}), "in.yaml")
    assert float(config.others[0].build().h) == 0.7


def test_an_entry_point(tmp_path, monkeypatch):
    """Of a distribution that is installed: its name is that of a likelihood."""
    (tmp_path / "published.py").write_text(MODULE)
    about = tmp_path / "published-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: published\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[jaxlike.likelihoods]\nfine_clocks = published:clocks\nno_clocks = published:nothing\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    several = {
        "fine_clocks": {"data": MAPPING},
        "again": {"class": "fine_clocks", "data": MAPPING},
        "third": {"class": "jaxlike.cobaya.external", "function": "fine_clocks", "data": MAPPING},
    }
    config = config_from_info({"likelihood": several, "params": PARAMS}, "in.yaml")
    functions = {one.build().function.__name__ for one in config.others}
    assert functions == {"clocks"}
    assert config_from_info(as_cobaya(config), "in.yaml").others[0].found is config.others[0].found
    for likelihood, message in {
        "no_clocks": "entry point 'no_clocks' of jaxlike.likelihoods, published:nothing, cannot be",
        "fine": r"unknown likelihood 'fine'; accepted are .*fine_clocks",
    }.items():
        with pytest.raises(ConfigError, match=message):
            config_from_info({"likelihood": {likelihood: None}, "params": PARAMS}, "in.yaml")


BAD = {
    "no function": (
        {"function": None},
        "'mine' has no option 'function'; accepted is a dotted pat",
    ),
    "no path": (
        {"function": "clocks"},
        "'clocks' is no dotted path such as .*, and no entry point",
    ),
    "no module": (
        {"function": "nowhere.f"},
        r"'nowhere.f' cannot be imported: there is no module 'nowhere' in .*somebody",
    ),
    "a module that fails": (
        {"function": "broken_module.f"},
        r"importing 'broken_module' raises ZeroDivisionError \(division by zero\)",
    ),
    "no such name": (
        {"function": "own_module.clock"},
        "module 'own_module' has no 'clock'; is 'clocks' meant?",
    ),
    "no function there": ({"function": "own_module.number"}, "is 3, but must be a function"),
    "no folder": ({"python_path": "/nowhere"}, "option 'python_path' is '/nowhere'; accepted are"),
    "a module from elsewhere": (
        {"function": "json.dumps"},
        "'json.dumps' is imported from .*, which is not in python_path",
    ),
    "an option": ({"functoin": "a.b"}, "unknown option of jaxlike.cobaya.external: 'functoin'"),
    "no data file": ({"data": "no.txt"}, "data file 'no.txt' is not there; accepted are a table"),
    "data of words": ({"data": {"z": ["a"]}}, r"data.z is \['a'\], but must be finite numbers"),
    "data without a use": (
        {"function": "own_module.several", "data": {"z": 1}},
        "it has data, but its function takes none",
    ),
    "arguments": ({"function": "own_module.one"}, r"takes \(parameters\); accepted are \(param"),
    "a name of surveys": ({"function": "own_module.taken"}, "its parameter 'b1' has the name of"),
    "names as a word": ({"function": "own_module.spelt"}, "its `parameters` are 'scale', but must"),
    "a class that fails": ({"function": "own_module.Peak", "data": {"k": 1}}, "its class raises K"),
    "a need": (
        {"function": "own_module.cmb"},
        "'mine' needs 'C_ell', which no theory here gives; there are H, D_M, .*, P_nl",
    ),
    "a parameter that is not there": (
        {"function": "own_module.asks"},
        "'mine' asks for the parameter 'nothing', which is not there; there are .*Omega_m",
    ),
    "NumPy": (
        {"function": "own_module.as_numpy"},
        r"'mine' cannot be differentiated by JAX \(.*\): write it with jax.numpy",
    ),
    "several numbers": (
        {"function": "own_module.several"},
        r"'mine' returns real numbers of shape \(2,\), but must return one real number",
    ),
    "a whole number": ({"function": "own_module.whole"}, "'mine' returns one of the whole numbers"),
    "no slope": ({"function": "own_module.cast"}, "'mine' has a slope of zero in all parameters"),
    "a constant": ({"function": "own_module.constant"}, "'mine' depends on no parameter"),
    "no number": ({"function": "own_module.nan"}, "'mine' is NaN at the reference point"),
    "a slope that is none": (
        {"function": "own_module.kink"},
        r"'mine' has no slope in 'H0' \(NaN\) at the reference point, where it is -?0",
    ),
    "a parameter without effect": (
        {"data": MAPPING, "params": {"shift": 0.1}},
        "'mine' has the parameter 'shift', which has no effect on it: leave it out",
    ),
    "a parameter that it does not have": (
        {"function": "own_module.ruler", "params": {"scale": 1.0, "shift": 0.1}},
        "unknown parameter 'shift'",
    ),
    "a parameter that is missing": (
        {"function": "own_module.ruler"},
        "likelihood 'mine' has the parameter 'scale': give it in params",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(folder, case):
    options, message = BAD[case]
    with pytest.raises(JaxlikeError, match=message) as error:
        jaxlike.load(info(folder) | {"likelihood": info(folder, **options)["likelihood"]})
    assert str(error.value).startswith("input: ")
    assert "\n" not in str(error.value)


def test_a_prior_is_given_once(folder):
    twice = info(folder, more={"stretch": STRETCH}, data=MAPPING)
    twice["likelihood"]["mine"]["params"] = {"stretch": [0.9, 1.1]}
    with pytest.raises(ConfigError, match="'stretch' has a prior in likelihood 'mine' and one in"):
        config_from_info(twice, "in.yaml")
    del twice["params"]["stretch"]
    other = {**twice["likelihood"]["mine"], "params": {"stretch": [0.8, 1.1]}}
    twice["likelihood"]["other"] = other
    with pytest.raises(ConfigError, match="is in likelihoods 'mine' and 'other', which do not say"):
        config_from_info(twice, "in.yaml")
