"""Every accepted name, the conversions between them, and the errors that name a culprit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ParameterError
from jaxlike.posterior.functions import Function
from jaxlike.posterior.parameters import Parameter, parameter_values
from jaxlike.posterior.priors import Uniform
from jaxlike.registry.names import accepted_names, canonical_name, default_latex, is_known
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources

N_LENS, N_SOURCE = 2, 3
BASE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9, "b1": 1.4, "b2": 1.6}
H2 = 0.7**2

# alias -> (value, canonical name, its value); what it replaces in BASE is taken out.  The names in
# BASE are accepted as they are.
ALIASES = {
    "H0": (67.0, "h", 0.67),
    "h0": (0.67, "h", 0.67),
    "omegam": (0.31, "Omega_m", 0.31),
    "omega_m": (0.31, "Omega_m", 0.31),
    "omch2": (0.1225, "Omega_m", 0.1225 / H2 + 0.05),
    "Omega_c": (0.25, "Omega_m", 0.30),
    "omegab": (0.04, "Omega_b", 0.04),
    "omega_b": (0.04, "Omega_b", 0.04),
    "ombh2": (0.0196, "Omega_b", 0.04),
    "ns": (0.98, "n_s", 0.98),
    "As": (2e-9, "A_s", 2e-9),
    "a_s": (2e-9, "A_s", 2e-9),
    "sigma8": (0.8, "sigma8", 0.8),
    "sigma_8": (0.8, "sigma8", 0.8),
    "A_s_1e9": (2.0, "A_s", 2e-9),
    "As_1e9": (2.0, "A_s", 2e-9),
    "logA": (3.0, "A_s", 1e-10 * np.exp(3.0)),
    "log1e10As": (3.0, "A_s", 1e-10 * np.exp(3.0)),
    "log10_A_s": (-8.7, "A_s", 10**-8.7),
    "log10_As": (-8.7, "A_s", 10**-8.7),
    "log10As": (-8.7, "A_s", 10**-8.7),
    "S8": (0.8, "sigma8", 0.8),  # for the Omega_m of BASE
    "S_8": (0.8, "sigma8", 0.8),
    "omnuh2": (0.001, "omega_nu", 0.001),
    "omega_nu": (0.001, "omega_nu", 0.001),
    "mnu": (0.06, "omega_nu", 0.06 / 94.07 * (3.046 / 3) ** 0.75),
    "w": (-0.9, "w0", -0.9),
    "w0": (-0.9, "w0", -0.9),
    "wa": (0.2, "wa", 0.2),
    "omk": (0.01, "Omega_k", 0.01),
    "omega_k": (0.01, "Omega_k", 0.01),
    "Omega_k": (0.01, "Omega_k", 0.01),
    "nnu": (3.2, "N_eff", 3.2),
    "N_eff": (3.2, "N_eff", 3.2),
    "cosmological_parameters--omega_m": (0.31, "Omega_m", 0.31),
    "cosmological_parameters--omega_c": (0.25, "Omega_m", 0.30),
    "cosmological_parameters--omch2": (0.1225, "Omega_m", 0.30),
    "cosmological_parameters--omega_b": (0.04, "Omega_b", 0.04),
    "cosmological_parameters--ombh2": (0.0196, "Omega_b", 0.04),
    "cosmological_parameters--h0": (0.67, "h", 0.67),
    "cosmological_parameters--hubble": (67.0, "h", 0.67),
    "cosmological_parameters--n_s": (0.98, "n_s", 0.98),
    "cosmological_parameters--a_s": (2e-9, "A_s", 2e-9),
    "cosmological_parameters--A_s": (2e-9, "A_s", 2e-9),
    "cosmological_parameters--sigma_8": (0.8, "sigma8", 0.8),
    "cosmological_parameters--sigma8_input": (0.8, "sigma8", 0.8),
    "cosmological_parameters--sigma_8_input": (0.8, "sigma8", 0.8),
    "cosmological_parameters--S_8": (0.8, "sigma8", 0.8),
    "cosmological_parameters--S_8_input": (0.8, "sigma8", 0.8),
    "cosmological_parameters--A_s_1e9": (2.0, "A_s", 2e-9),
    "cosmological_parameters--log1e10As": (3.0, "A_s", 1e-10 * np.exp(3.0)),
    "cosmological_parameters--log10_A_s": (-8.7, "A_s", 10**-8.7),
    "cosmological_parameters--log10As": (-8.7, "A_s", 10**-8.7),
    "cosmological_parameters--omnuh2": (0.001, "omega_nu", 0.001),
    "cosmological_parameters--mnu": (0.06, "omega_nu", 0.06 / 94.07 * (3.046 / 3) ** 0.75),
    "cosmological_parameters--omega_k": (0.01, "Omega_k", 0.01),
    "cosmological_parameters--w": (-0.9, "w0", -0.9),
    "cosmological_parameters--wa": (0.2, "wa", 0.2),
    "cosmological_parameters--nnu": (3.2, "N_eff", 3.2),
    "A": (0.5, "A_IA", 0.5),
    "A_IA": (0.5, "A_IA", 0.5),
    "DES_AIA": (0.5, "A_IA", 0.5),
    "intrinsic_alignment_parameters--a": (0.5, "A_IA", 0.5),
    "intrinsic_alignment_parameters--A": (0.5, "A_IA", 0.5),
    "eta": (0.7, "alpha_IA", 0.7),
    "alpha_IA": (0.7, "alpha_IA", 0.7),
    "DES_alphaIA": (0.7, "alpha_IA", 0.7),
    "intrinsic_alignment_parameters--alpha": (0.7, "alpha_IA", 0.7),
    "A1_IA": (0.5, "A_IA", 0.5),
    "intrinsic_alignment_parameters--a1": (0.5, "A_IA", 0.5),
    "eta1": (0.7, "alpha_IA", 0.7),
    "alpha1_IA": (0.7, "alpha_IA", 0.7),
    "intrinsic_alignment_parameters--alpha1": (0.7, "alpha_IA", 0.7),
    "A2_IA": (-1.5, "A2_IA", -1.5),
    "intrinsic_alignment_parameters--A2": (-1.5, "A2_IA", -1.5),
    "eta2": (-0.7, "alpha2_IA", -0.7),
    "alpha2_IA": (-0.7, "alpha2_IA", -0.7),
    "intrinsic_alignment_parameters--alpha2": (-0.7, "alpha2_IA", -0.7),
    "bTA_IA": (0.9, "bTA_IA", 0.9),
    "bTA": (0.9, "bTA_IA", 0.9),
    "bias_ta": (0.9, "bTA_IA", 0.9),
    "intrinsic_alignment_parameters--bias_ta": (0.9, "bTA_IA", 0.9),
    "z0_IA": (0.5, "z0_IA", 0.5),
    "DES_z0IA": (0.5, "z0_IA", 0.5),
    "intrinsic_alignment_parameters--z0": (0.5, "z0_IA", 0.5),
    "intrinsic_alignment_parameters--z_piv": (0.5, "z0_IA", 0.5),
    "b1": (1.7, "b1", 1.7),
    "DES_b2": (1.7, "b2", 1.7),
    "bin_bias--b2": (1.7, "b2", 1.7),
    "m3": (0.02, "m3", 0.02),
    "DES_m1": (0.02, "m1", 0.02),
    "shear_calibration_parameters--m1": (0.02, "m1", 0.02),
    "dz3": (0.01, "dz_source3", 0.01),
    "dz_source3": (0.01, "dz_source3", 0.01),
    "DES_DzS1": (0.01, "dz_source1", 0.01),
    "wl_photoz_errors--bias_1": (0.01, "dz_source1", 0.01),
    "dz_lens2": (0.01, "dz_lens2", 0.01),
    "DES_DzL2": (0.01, "dz_lens2", 0.01),
    "lens_photoz_errors--bias_2": (0.01, "dz_lens2", 0.01),
    "log_T_AGN": (7.8, "log_T_AGN", 7.8),
    "logT_AGN": (7.8, "log_T_AGN", 7.8),
    "HMCode_logT_AGN": (7.8, "log_T_AGN", 7.8),
    "halo_model_parameters--logT_AGN": (7.8, "log_T_AGN", 7.8),
}
REPLACES = {
    "H0": "h",
    "Omega_c": "Omega_m",
    "omch2": "Omega_m",
    "ombh2": "Omega_b",
    **dict.fromkeys(("sigma8", "S8", "A_s_1e9", "logA", "log10_A_s"), "A_s"),
}


def resolved(params, n_lens=N_LENS, n_source=N_SOURCE):
    return resolve(params, lenses_and_sources(n_lens, n_source))


def with_alias(alias, value):
    quantity = canonical_name(alias)
    replaced = REPLACES.get(quantity, quantity)
    return {**{k: v for k, v in BASE.items() if k != replaced}, alias: value}


@pytest.mark.parametrize("alias", ALIASES)
def test_alias(alias):
    value, name, expected = ALIASES[alias]
    out = resolved(with_alias(alias, value))
    np.testing.assert_allclose(out[name], expected, rtol=1e-12)
    assert is_known(alias)
    assert "$" not in default_latex(alias)
    for other, default in resolved(BASE).items():
        if other not in (name, "A_s"):
            np.testing.assert_allclose(out[other], default, rtol=1e-12, err_msg=other)


def test_defaults():
    out = resolved(BASE)
    expected = {"w0": -1, "wa": 0, "N_eff": 3.046}
    expected |= {"A_IA": 0, "alpha_IA": 0, "z0_IA": 0.62, "b1": 1.4, "b2": 1.6}
    expected |= {f"m{i}": 0 for i in (1, 2, 3)} | {f"dz_source{i}": 0 for i in (1, 2, 3)}
    expected |= {"dz_lens1": 0, "dz_lens2": 0} | {k: BASE[k] for k in BASE if k[0] != "b"}
    assert {name: float(value) for name, value in out.items()} == expected


def test_cobaya_cosmosis_and_the_paper_mean_the_same():
    nuisance = {
        "b": (1.4, 1.6),
        "m": (0.01, 0.02, 0.03),
        "s": (-0.01, 0.0, 0.01),
        "l": (0.001, 0.002),
    }

    def bins(form, key):
        return {form.format(i): value for i, value in enumerate(nuisance[key], 1)}

    cobaya = {"omegam": 0.3, "omegab": 0.05, "H0": 70, "ns": 0.96, "As": 2.1e-9, "omnuh2": 0.001}
    cobaya |= {"w": -0.9, "wa": 0.1, "omk": 0.01, "nnu": 3.046, "DES_AIA": 0.5, "DES_alphaIA": 0.2}
    cobaya |= bins("DES_b{}", "b") | bins("DES_m{}", "m")
    cobaya |= bins("DES_DzS{}", "s") | bins("DES_DzL{}", "l")
    cosmosis = {"omega_m": 0.3, "omega_b": 0.05, "h0": 0.7, "n_s": 0.96, "a_s": 2.1e-9}
    cosmosis |= {"omnuh2": 0.001, "w": -0.9, "wa": 0.1, "omega_k": 0.01, "nnu": 3.046}
    cosmosis = {f"cosmological_parameters--{k}": v for k, v in cosmosis.items()}
    cosmosis |= {"intrinsic_alignment_parameters--a": 0.5}
    cosmosis |= {"intrinsic_alignment_parameters--alpha": 0.2}
    cosmosis |= bins("bin_bias--b{}", "b") | bins("shear_calibration_parameters--m{}", "m")
    cosmosis |= bins("wl_photoz_errors--bias_{}", "s") | bins("lens_photoz_errors--bias_{}", "l")
    paper = {"Omega_c": 0.25 - 0.001 / H2, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9}
    paper |= {"omnuh2": 0.001, "w0": -0.9, "wa": 0.1, "Omega_k": 0.01, "A": 0.5, "eta": 0.2}
    paper |= bins("b{}", "b") | bins("m{}", "m") | bins("dz{}", "s") | bins("dz_lens{}", "l")
    first = resolved(cobaya)
    for other in (cosmosis, paper):
        second = resolved(other)
        assert set(second) == set(first)
        for name, value in first.items():
            np.testing.assert_allclose(second[name], value, rtol=1e-12, err_msg=name)


def test_neutrino_mass_is_cambs():
    camb = pytest.importorskip("camb", reason="CAMB is not installed")
    pars = camb.CAMBparams()
    pars.set_cosmology(H0=70, ombh2=0.022, omch2=0.12, mnu=0.3, num_massive_neutrinos=1)
    out = resolved({**BASE, "mnu": 0.3, "nnu": 3.044})
    assert float(out["omega_nu"]) == pytest.approx(pars.omnuh2, rel=1e-4)


@pytest.mark.parametrize(("n_lens", "n_source"), [(0, 4), (5, 0), (1, 1), (12, 11)])
def test_bins_come_from_the_data(n_lens, n_source):
    base = {k: v for k, v in BASE.items() if k[0] != "b"}
    out = resolved(base | {f"b{i}": 1.0 for i in range(1, n_lens + 1)}, n_lens, n_source)
    counts = {"b": n_lens, "dz_lens": n_lens, "m": n_source, "dz_source": n_source}
    for stem, count in counts.items():
        assert sum(name.startswith(stem) for name in out) == count


def test_jit_grad_vmap_in_the_values():
    names = ("H0", "omch2", "ombh2", "ns", "As", "mnu", "nnu", "DES_b1", "b2", "dz1")
    point = jnp.array([70.0, 0.12, 0.022, 0.96, 2e-9, 0.06, 3.046, 1.4, 1.6, 0.01])

    def total(x):
        out = resolved(dict(zip(names, x, strict=True)))
        # A_s in its own unit, so that a finite difference of the sum can see it.
        return sum(out.values()) + 1e9 * out["A_s"] + out["Omega_m"] ** 2

    value, gradient = jax.jit(jax.value_and_grad(total))(point)
    np.testing.assert_allclose(value, total(point), rtol=1e-14)
    for i in range(len(names)):
        step = jnp.zeros(len(names)).at[i].set(1e-5 * float(jnp.abs(point[i])))
        numeric = (total(point + step) - total(point - step)) / (2 * step[i])
        np.testing.assert_allclose(gradient[i], numeric, rtol=1e-5, atol=1e-7)
    batch = point * (1 + 0.01 * jnp.arange(4)[:, None])
    np.testing.assert_allclose(jax.vmap(total)(batch), [total(x) for x in batch], rtol=1e-13)


def test_S8_is_of_the_matter_that_there_is():
    cold = {k: v for k, v in BASE.items() if k not in ("A_s", "Omega_m")} | {
        "omch2": 0.1,
        "S8": 0.8,
    }
    out = resolved(cold | {"mnu": 0.2})
    assert float(out["sigma8"] * jnp.sqrt(out["Omega_m"] / 0.3)) == pytest.approx(0.8, rel=1e-14)
    assert float(out["Omega_m"]) > 0.1 / H2 + 0.05 + 0.004


def test_an_angle_needs_radiation():
    given = {k: v for k, v in BASE.items() if k not in ("h", "b1", "b2")} | {
        "cosmomc_theta": 0.0104
    }
    with pytest.raises(ParameterError, match=r"'cosmomc_theta' is the angle .* give h or H0"):
        resolve(given, (), TheoryOptions(radiation=False))


def test_matter_given_in_full_must_agree():
    params = BASE | {"Omega_c": 0.25 - 0.001 / H2, "omnuh2": 0.001}
    assert resolved(params)["Omega_m"] == 0.3
    with pytest.raises(ParameterError, match="'Omega_m', 'Omega_c', 'Omega_b' are inconsistent"):
        resolved(params | {"Omega_c": 0.2})
    with pytest.raises(ParameterError, match="cannot be checked under jit: give two"):
        jax.jit(resolved)(params)


@pytest.mark.parametrize(
    ("change", "culprit", "accepted"),
    [
        ({"omega_mm": 0.3}, "unknown parameter 'omega_mm'", "did you mean 'omega_m'"),
        ({"HSC_m1": 0.0}, "unknown parameter 'HSC_m1'", "option prefix: HSC_"),
        ({"YHe": 0.06}, "unknown parameter 'YHe'", r"omch2.*H0.*DES_AIA.*dz1\.\."),
        ({"b0": 1.0}, "unknown parameter 'b0'", r"b1\.\."),
        ({"b01": 1.0}, "unknown parameter 'b01'", r"b1\.\."),
        ({"b": 1.0}, "unknown parameter 'b'", r"b1\.\."),
        ({"bin_bias--b": 1.0}, "unknown parameter 'bin_bias--b'", "section--name"),
        ({"cosmological_parameters--yhe": 1.0}, "'cosmological_parameters--yhe'", "section--name"),
        ({"b3": 1.0}, "'b3' is for lens bin 3", "bins 1 to 2"),
        ({"DES_DzL3": 1.0}, "'DES_DzL3' is for lens bin 3", "bins 1 to 2"),
        ({"DES_m4": 1.0}, "'DES_m4' is for source bin 4", "bins 1 to 3"),
        ({"omegam": 0.3}, "Omega_m is given twice, as 'Omega_m' and as 'omegam'", "give one"),
        ({"DES_b1": 0.3}, "b1 is given twice, as 'b1' and as 'DES_b1'", "give one"),
        ({"sigma8": 0.8}, "'A_s' and 'sigma8' are both given", "give one"),
        ({"H0": 70}, "'h' and 'H0' are both given", "give one"),
        ({"theta_MC_100": 1.04}, "'h' and 'theta_MC_100' are both given", "give one"),
        ({"cosmomc_theta": 0.0104}, "'h' and 'cosmomc_theta' are both given", "give one"),
        ({"S_8": 0.8}, "'A_s' and 'S_8' are both given", "give one"),
        ({"log1e10As": 3.0}, "'A_s' and 'log1e10As' are both given", "give one"),
        ({"ombh2": 0.02}, "'Omega_b' and 'ombh2' are both given", "give one"),
        ({"Omega_c": 0.25, "omch2": 0.12}, "'Omega_c' and 'omch2' are both given", "give one"),
        ({"omnuh2": 0.001, "mnu": 0.06}, "'omnuh2' and 'mnu' are both given", "give one"),
        ({"Omega_m": None}, "'Omega_m' is None", "real number"),
        ({"h": "0.7"}, "'h' is '0.7'", "real number"),
        ({"h": True}, "'h' is True", "real number"),
        ({"h": 1j}, "'h' is 1j", "real number"),
        ({"h": np.array([0.7, 0.8])}, "'h' has shape", "scalar: use jax.vmap"),
    ],
)
def test_bad_parameters_are_named(change, culprit, accepted):
    with pytest.raises(ParameterError, match=f"{culprit}.*{accepted}") as error:
        resolved(BASE | change)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("absent", "accepted"),
    [
        ("Omega_m", r"Omega_m\|omega_m\|omegam\|Omega_c\|omch2"),
        ("Omega_b", r"Omega_b\|omega_b\|omegab\|ombh2"),
        ("h", r"h\|h0\|H0\|theta_MC_100\|cosmomc_theta"),
        ("n_s", r"n_s\|ns"),
        ("A_s", r"A_s\|a_s\|As\|A_s_1e9\|As_1e9\|logA\|log1e10As\|.*sigma8\|sigma_8\|S8\|S_8"),
        ("b2", r"2 lens bins.*b2\|DES_b2\|bin_bias--b2"),
    ],
)
def test_missing_parameters_are_named(absent, accepted):
    with pytest.raises(ParameterError, match=f"parameter {absent} is missing.*{accepted}"):
        resolved({k: v for k, v in BASE.items() if k != absent})


def test_parameters_without_effect_are_refused():
    shear = {k: v for k, v in BASE.items() if k[0] != "b"}
    with pytest.raises(ParameterError, match=r"'b1' is for lens bin 1.*no lens bin"):
        resolved(BASE, n_lens=0)
    with pytest.raises(ParameterError, match=r"'DES_AIA' has no effect: .* no source bins"):
        resolved(shear | {"DES_AIA": 1.0}, n_lens=0, n_source=0)
    with pytest.raises(ParameterError, match="'m1' is for source bin 1"):
        resolved(shear | {"m1": 0.0}, n_lens=0, n_source=0)


def test_accepted_names_are_one_line():
    assert "\n" not in accepted_names()
    assert default_latex("DES_b3") == "b^{3}"
    assert default_latex("logB") == r"\mathrm{logB}"


def test_parameter_values_follow_functions_and_drop():
    parameters = (
        Parameter("As", derived_from=Function.of(lambda scaled: 1e-9 * scaled, ("As_1e9",))),
        Parameter("As_1e9", derived_from=Function.of(jnp.exp, ("log",)), drop=True),
        Parameter("log", prior=Uniform(0, 1), drop=True),
        Parameter("ns", value=0.96),
        Parameter("h", prior=Uniform(0.5, 0.9)),
    )
    values = parameter_values(parameters, {"log": 0.7, "h": 0.7})
    assert list(values) == ["As", "ns", "h"]
    assert values["As"] == pytest.approx(1e-9 * np.exp(0.7))
    slope = jax.grad(lambda x: parameter_values(parameters, {"log": x, "h": 0.7})["As"])(0.7)
    assert slope == pytest.approx(1e-9 * np.exp(0.7))
    for sampled, culprit in (
        ({"log": 1}, "'h' is missing"),
        ({"log": 1, "h": 1, "x": 1}, "'x' is not"),
    ):
        with pytest.raises(ParameterError, match=culprit):
            parameter_values(parameters, sampled)
    circle = (
        Parameter("a", derived_from=Function.of(lambda b: b, ("b",))),
        Parameter("b", derived_from=Function.of(lambda a: a, ("a",))),
    )
    with pytest.raises(ParameterError, match="'a' is a function of names that are unknown"):
        parameter_values(circle, {})
