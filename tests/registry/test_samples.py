"""Any number of samples: which go together, whose values are whose, and what each may have."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ParameterError
from jaxlike.registry.effects import check_complete, check_effects, has_effect
from jaxlike.registry.names import Names, canonical_name
from jaxlike.registry.resolve import check_names, is_idle, resolve
from jaxlike.registry.samples import Sample, lenses_and_sources, own_parameters

NGC = Sample("shear", 4, 2, prefix="NGC_", likelihood="ngc")
SGC = Sample("shear", 3, prefix="SGC_", likelihood="sgc")
LENSES = Sample("counts", 2, prefix="NGC_", likelihood="ngc")
CAPS = (NGC, SGC)
ALL = (LENSES, NGC, SGC)
UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9}

NOT_TOGETHER = {
    "one prefix": (
        [NGC, Sample("shear", 2, prefix="NGC_", likelihood="other")],
        "likelihoods 'ngc' and 'other' both take 'NGC_A_IA': .* prefix of its own",
    ),
    "one sample twice": ([NGC, NGC], "two source samples of one likelihood both take 'NGC_A_IA'"),
    "two lens samples": (
        [*lenses_and_sources(2, 3), Sample("counts", 5)],
        r"two lens samples .* take 'b1': .* prefix: \{NZ_LENS_RED: RED_, NZ_LENS_MAG: MAG_\}",
    ),
    "two source samples": (
        [*lenses_and_sources(2, 3), Sample("shear", 5)],
        r"two source samples .*'A_IA': .* prefix: \{NZ_SOURCE_RED: RED_,",
    ),
    "one suffix": (
        [
            Sample("shear", 1, prefix="A_", suffix="x", likelihood="a"),
            Sample("shear", 1, prefix="B_", suffix="x", likelihood="b"),
        ],
        "likelihoods 'a' and 'b' both take 'intrinsic_.*_x--a': give each a suffix of its own",
    ),
    "one suffix but for its case": (
        [Sample("shear", 1, suffix="x", likelihood="a"), Sample("shear", 1, 0, "", "X", "b")],
        "likelihoods 'a' and 'b' both take 'intrinsic_.*_x--a': give each a suffix of its own",
    ),
    "one suffix in one likelihood": (
        [Sample("counts", 1, 0, "RED_", "x"), Sample("counts", 1, 0, "MAG_", "x")],
        "two lens samples of one likelihood both take 'bin_bias_x--b1': take each in a likelihood",
    ),
    "a prefix without parameters": (
        [NGC, Sample("convergence", 1, prefix="CMB_", likelihood="cmb")],
        "'prefix' of likelihood 'cmb' is 'CMB_', which has no effect: .* leave it out",
    ),
    "the prefix of another likelihood": (
        [NGC, Sample("convergence", 1, prefix="NGC_", likelihood="cmb")],
        "'prefix' of likelihood 'cmb' is 'NGC_', which has no effect",
    ),
    "a suffix without parameters": (
        [Sample("convergence", 1, suffix="cmb")],
        "'suffix' is 'cmb', which has no effect",
    ),
}


@pytest.mark.parametrize("case", NOT_TOGETHER)
def test_samples_that_do_not_go_together(case):
    samples, message = NOT_TOGETHER[case]
    with pytest.raises(ParameterError, match=message) as error:
        resolve(UNIVERSE, samples)
    assert "\n" not in str(error.value)


def test_samples_that_go_together():
    convergence = Sample("convergence", 1, likelihood="cmb")
    Names([*CAPS, convergence, convergence])  # nothing of theirs could be shared
    Names([LENSES, NGC, Sample("convergence", 1, prefix="NGC_", likelihood="ngc")])
    # lenses and sources of one likelihood with one suffix
    Names([Sample("counts", 2, 0, "L_", "x"), Sample("shear", 2, 0, "", "x")])
    assert Names(lenses_and_sources(0, 2)).canonical("m1") == canonical_name("DES_m1") == "m1"


BAD = {
    "digit": ({"prefix": "1_"}, "'prefix' is '1_'; accepted are letters, digits"),
    "number": ({"prefix": 3}, "'prefix' is 3; accepted are letters, digits"),
    "zero": ({"suffix": 0}, "'suffix' is 0; accepted are letters, digits"),
    "none": ({"prefix": None}, "'prefix' is None; accepted"),
    "kind": (
        {"kind": "voids"},
        "unknown kind of tracer 'voids'; accepted are convergence, counts, shear",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_samples(case):
    given, message = BAD[case]
    with pytest.raises(ParameterError, match=message) as error:
        Sample(**{"kind": "shear", "n_bin": 2, **given})
    assert "\n" not in str(error.value)


def test_samples_are_values():
    assert hash(NGC) == hash(Sample("shear", 4, 2, prefix="NGC_", likelihood="ngc"))
    assert Sample("shear", 1, suffix="ngc").own == "ngc_"
    assert Sample("shear", 1, prefix="NGC_", suffix="n").own == "NGC_"
    assert [sample.word for sample in lenses_and_sources(1, 1)] == ["lens", "source"]
    assert lenses_and_sources(0, 3) == (Sample("shear", 3),)


def test_values_go_to_their_sample():
    given = {**UNIVERSE, "NGC_b1": 1.5, "NGC_b2": 1.6, "NGC_m1": 0.02, "SGC_DzS2": 0.01}
    given |= {"NGC_AIA": 0.4, "SGC_A_IA1": 0.1, "SGC_szS1": 1.1, "NGC_u_source1": 0.3}
    out = {name: float(value) for name, value in resolve(given, ALL).items()}
    ngc, sgc = (own_parameters(out, sample) for sample in CAPS)
    assert own_parameters(out, LENSES) == {"b1": 1.5, "b2": 1.6, "dz_lens1": 0, "dz_lens2": 0}
    zeros = {f"m{i}": 0 for i in (2, 3, 4)} | {f"dz_source{i}": 0 for i in (1, 2, 3, 4)}
    expected = {"A_IA": 0.4, "alpha_IA": 0, "z0_IA": 0.62, "m1": 0.02}
    assert ngc == expected | zeros | {"u_source1": 0.3, "u_source2": 0}
    assert (sgc["dz_source2"], sgc["sz_source1"], sgc["sz_source2"]) == (0.01, 1.1, 1)
    assert sgc["A_IA1"] == 0.1
    assert "A_IA" not in sgc
    assert not {"A_IA", "m1", "b1"} & set(out)


def test_a_prefix_changes_names_and_nothing_else():
    given = {"b1": 1.4, "b2": 1.5, "DES_AIA": 0.5, "DES_DzS1": 0.01, "DES_szL1": 1.1}
    plain = lenses_and_sources(2, 3)
    named = [Sample(sample.kind, sample.n_bin, prefix="X_") for sample in plain]
    with_prefix = {f"X_{name.removeprefix('DES_')}": value for name, value in given.items()}
    first, second = resolve(UNIVERSE | given, plain), resolve(UNIVERSE | with_prefix, named)
    for one, other in zip(plain, named, strict=True):
        assert own_parameters(second, other) == own_parameters(first, one) != {}
    assert {k: first[k] for k in UNIVERSE} == {k: second[k] for k in UNIVERSE}


def test_jit_grad_vmap_over_two_samples():
    names = ("Omega_m", "NGC_m1", "SGC_m1", "NGC_AIA")

    def total(x):
        given = {**UNIVERSE, **dict(zip(names, x, strict=True))}
        out = resolve(given, CAPS)
        own = [own_parameters(out, sample) for sample in CAPS]
        return out["Omega_m"] * own[0]["m1"] + 3 * own[1]["m1"] + own[0]["A_IA"] ** 2

    x = jnp.array([0.3, 0.1, 0.2, 0.5])
    np.testing.assert_allclose(jax.jit(jax.grad(total))(x), [0.1, 0.3, 3.0, 1.0], rtol=1e-12)
    batch = x * jnp.arange(1, 4)[:, None]
    np.testing.assert_allclose(jax.vmap(total)(batch), [total(row) for row in batch], rtol=1e-12)


IDLE = {
    "SGC_m4": "'SGC_m4' is for source bin 4, but the data have 3: accepted are bins 1 to 3",
    "NGC_u_source3": r"'NGC_u_source3' is for mode 3 of the source n\(z\).*have 2: .*1 to 2",
    "SGC_u_source1": "have 0: there is no source mode",
    "SGC_b1": "'SGC_b1' is for lens bin 1, but the data have 0: there is no lens bin",
    "SGC_alpha_b": "'SGC_alpha_b' has no effect: the data have no lens bins",
}


@pytest.mark.parametrize("name", IDLE)
def test_parameters_of_bins_that_a_sample_has_not_got(name):
    assert is_idle(name, ALL)
    with pytest.raises(ParameterError, match=IDLE[name]):
        resolve({**UNIVERSE, "NGC_b1": 1.5, "NGC_b2": 1.6, name: 0.0}, ALL)
    check_names([*UNIVERSE, name], known=Names(ALL))  # of data that are not read yet
    assert not is_idle("NGC_m4", ALL)
    assert not is_idle("nonsense", ALL)


def test_names_given_twice():
    with pytest.raises(ParameterError, match="NGC_m1 is given twice, as 'NGC_m1' and as 'NGC_m1'"):
        check_names([*UNIVERSE, "NGC_m1", "NGC_m1"], CAPS)
    with pytest.raises(ParameterError, match="NGC_A_IA is given twice, as 'NGC_AIA' and as"):
        check_names([*UNIVERSE, "NGC_AIA", "NGC_A1_IA"], CAPS)
    check_names([*UNIVERSE, "NGC_AIA", "SGC_AIA"], CAPS)


TATT, NLA = {"alignment": "tatt", "nonlinear": "takahashi"}, {"alignment": "nla"}


def test_each_likelihood_has_its_own_options():
    given = ["NGC_A2_IA", "NGC_AIA", "SGC_AIA", "Omega_m"]
    for options, sample in ((TATT, NGC), (NLA, SGC)):
        check_effects(given, options, [sample])
    assert has_effect("NGC_bTA", TATT, [NGC])
    assert not has_effect("SGC_bTA", NLA, [SGC])
    assert has_effect("SGC_bTA", TATT, [NGC])  # of another likelihood, whose options say
    with pytest.raises(ParameterError, match="'SGC_A2_IA' has no effect with alignment = nla:"):
        check_effects([*given, "SGC_A2_IA"], NLA, [SGC])
    with pytest.raises(ParameterError, match="'logT_AGN' has no effect with nonlinear = takahashi"):
        check_effects(["logT_AGN"], TATT, [NGC])
    check_complete(["NGC_AIA", "NGC_A2_IA"], TATT, [NGC])
    with pytest.raises(
        ParameterError, match="NGC_A2_IA is missing: alignment = tatt needs NGC_A2_IA, given as"
    ):
        check_complete(["NGC_AIA", "SGC_A2_IA"], TATT, [NGC])
    with pytest.raises(
        ParameterError, match=r"SGC_A_IA3 is missing: .* SGC_A_IA of each of the 3 source bins"
    ):
        check_complete(["SGC_A_IA1", "SGC_A_IA2"], {"alignment": "nla_per_bin"}, [SGC])
