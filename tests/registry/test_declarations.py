"""Everything follows from what is declared: for the package's parameters, and for new ones."""

from collections import Counter

import pytest

from jaxlike.errors import ParameterError
from jaxlike.registry.effects import check_complete, check_effects
from jaxlike.registry.names import Names, accepted_names, canonical_name, default_latex
from jaxlike.registry.options import CHOICES
from jaxlike.registry.resolve import check_names, is_idle, resolve
from jaxlike.registry.samples import Sample, own_parameters
from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.universe.cosmology import PARAMETERS as COSMOLOGY

UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9}
EVERY = [*COSMOLOGY, *(declared for kind in TRACERS.values() for declared in kind.parameters)]


@pytest.mark.parametrize("declared", EVERY, ids=lambda d: d.name + "#" * bool(d.per))
def test_declarations_are_whole(declared):
    assert declared.latex
    assert declared.latex.count("{") == declared.latex.count("}")
    assert ("#" in declared.latex) == bool(declared.per)
    assert declared.sections
    assert all(text == text.lower() and text.count("--") == 1 for text in declared.sections)
    assert declared.beside is None or (declared.per and declared.default is None)
    needed = [(option, (value,)) for option, value in declared.required_by]
    for option, values in needed + [declared.needs] * bool(declared.needs):
        assert set(values) <= set(CHOICES.get(option, (True, False)))
    bare = declared.numbered(1 if declared.per else None)
    assert canonical_name(bare) == bare
    assert default_latex(bare) == declared.latex.replace("#", "1")


@pytest.mark.parametrize("own", ["", "X_"])
def test_no_two_parameters_have_one_name(own):
    spelt = Counter((name, "") for d in COSMOLOGY for name in (*d.bare, *d.sections))
    for kind in TRACERS:
        sample = Sample(kind, 1, prefix=own)
        spelt += Counter(
            (name, d.per) for d in sample.parameters for name in sample.accepted(d, None)
        )
    assert [name for name, count in spelt.items() if count > 1] == []


class Voids:
    """A kind of tracer that the package has not got."""

    kind = word = "voids"
    parameters = (
        Declared("b_v", ("DES_bv",), ("void_bias--b",), r"b_\mathrm{v}^{#}", "bin", necessary=True),
        Declared("beta_v", (), latex=r"\beta", default=0.5),
        Declared(
            "r_v",
            (),
            per="bin",
            beside=1.0,
            needs=("void_size", ("free",)),
            required_by=(("void_size", "free"),),
        ),
    )


@pytest.fixture
def voids(monkeypatch):
    monkeypatch.setitem(TRACERS, "voids", Voids)
    return Sample("voids", 2, prefix="X_", likelihood="cmass")


def test_a_new_kind_of_tracer(voids):
    names = Names([voids, Sample("shear", 3, prefix="X_", likelihood="cmass")])
    assert names.canonical("X_bv2") == "X_b_v2"
    assert names.canonical("X_m2") == "X_m2"
    assert " ".join(names.of(voids)) == "X_b_v1 X_bv1 X_b_v2 X_bv2 X_beta_v X_r_v1 X_r_v2"
    assert default_latex("X_bv1") == r"b_\mathrm{v}^{1}\,[\mathrm{X}]"
    given = {**UNIVERSE, "X_bv1": 2.0, "X_b_v2": 2.1, "X_r_v2": 7.0}
    values = own_parameters(resolve(given, [voids]), voids)
    expected = {"b_v1": 2.0, "b_v2": 2.1, "beta_v": 0.5, "r_v1": 1.0, "r_v2": 7.0}
    assert {name: float(value) for name, value in values.items()} == expected


def test_a_new_kind_has_the_checks(voids):
    bias = ["X_b_v1", "X_b_v2"]
    with pytest.raises(ParameterError, match="X_b_v2 is missing: the data have 2 voids bins"):
        check_names([*UNIVERSE, "X_b_v1"], [voids])
    with pytest.raises(ParameterError, match=r"'X_b_v3' is for voids bin 3.*bins 1 to 2"):
        check_names([*UNIVERSE, *bias, "X_b_v3"], [voids])
    with pytest.raises(ParameterError, match="'X_r_v1' has no effect with void_size = fixed"):
        check_effects(["X_r_v1"], {"void_size": "fixed"}, [voids])
    with pytest.raises(ParameterError, match="X_r_v2 is missing: void_size = free needs X_r_v"):
        check_complete(["X_r_v1"], {"void_size": "free"}, [voids])
    with pytest.raises(ParameterError, match=r"'b_v1' .*'X_b_v1'.*accepted are .*X_b_v1\.\."):
        check_names([*UNIVERSE, "b_v1"], [voids])
    assert is_idle("b_v1", [Sample("shear", 2)])
    suffixed = Names([Sample("voids", 1, suffix="dr16")])
    assert suffixed.canonical("void_bias_dr16--b1") == "dr16_b_v1"
    assert "b_v1..|DES_bv1.." in accepted_names()


def test_a_new_parameter_of_a_kind(monkeypatch):
    more = Declared("c_psf", (), per="bin", default=0.0)
    monkeypatch.setattr(TRACERS["shear"], "parameters", (*TRACERS["shear"].parameters, more))
    out = resolve({**UNIVERSE, "c_psf2": 0.1}, [Sample("shear", 2)])
    assert (float(out["c_psf1"]), float(out["c_psf2"])) == (0.0, 0.1)
