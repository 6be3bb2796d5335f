"""The likelihood with evolving bias, alignment of each bin, magnification, velocities, widths."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from jaxlike.config import TheoryOptions
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.likelihoods.two_point import NODE_TOLERANCE, build_likelihood, fine_likelihood
from jaxlike.loading import load

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
EVERYTHING = replace(QUICK, bias="power_law", alignment="nla_per_bin", magnification=True, rsd=True)
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "Omega_k": 0.0,
    "w0": -1.0, "wa": 0.0, "N_eff": 3.046, "b1": 1.4, "b2": 1.6, "m1": 0.01, "m2": -0.01,
    "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62,
    "dz_lens1": 0.0, "dz_lens2": 0.002, "dz_source1": -0.01, "dz_source2": 0.005,
}  # fmt: skip
NEUTRAL = {
    "alpha_b": 0.0, "A_IA1": 0.5, "A_IA2": 0.5, "alpha_mag1": 1.0, "alpha_mag2": 1.0,
    "sz_lens1": 1.0, "sz_lens2": 1.0, "sz_source1": 1.0, "sz_source2": 1.0,
}  # fmt: skip
CHANGED = {
    "alpha_b": 0.7, "z0_b": 0.4, "A_IA1": 0.8, "A_IA2": -0.3, "alpha_mag1": 1.7, "alpha_mag2": 2.2,
    "sz_lens1": 1.1, "sz_lens2": 0.95, "sz_source1": 0.93, "sz_source2": 1.08,
}  # fmt: skip
ALONE = {name: value for name, value in POINT.items() if name != "A_IA"}


@pytest.fixture(scope="module")
def everything(cl_data):
    return build_likelihood(cl_data, EVERYTHING)


@pytest.fixture(scope="module")
def vector(everything):
    return everything.theory_vector


def test_neutral_values_are_the_plain_theory(cl_data, everything):
    """Distortions apart, which have no amplitude of their own."""
    counts, shapes = everything.theory.tracers
    theory = replace(everything.theory, tracers=(replace(counts, velocities=None), shapes))
    still = replace(
        everything,
        options=replace(EVERYTHING, rsd=False),
        arrays=replace(everything.arrays, theory=theory),
    )
    plain = build_likelihood(cl_data, QUICK)
    one = np.asarray(still.theory_vector({**ALONE, **NEUTRAL}))
    other = np.asarray(plain.theory_vector(POINT))
    np.testing.assert_allclose(one, other, rtol=1e-8)


def test_the_chosen_nodes_are_dense_enough(cl_data, everything, vector):
    fine = fine_likelihood(cl_data, EVERYTHING)
    point = {**ALONE, **CHANGED}
    difference = np.asarray(vector(point) - fine.theory_vector(point))
    assert difference @ everything.precision @ difference < 2 * NODE_TOLERANCE


def test_gradient_is_that_of_the_values(everything):
    point = {**ALONE, **CHANGED}
    names = [*CHANGED, "Omega_m", "b1", "dz_lens1"]

    def chi2(x):
        return everything.chi2({**point, **dict(zip(names, x, strict=True))})

    x = np.array([point[name] for name in names])
    with_gradient = jax.jit(jax.value_and_grad(chi2))
    gradient = np.asarray(with_gradient(x)[1])
    assert np.all(gradient != 0)
    step = 1e-4 * np.eye(len(names))
    found = np.array([with_gradient(one)[0] for one in (*(x + step), *(x - step))])
    difference = (found[: len(names)] - found[len(names) :]) / 2e-4
    np.testing.assert_allclose(difference, gradient, rtol=2e-4, atol=1e-4 * np.abs(gradient).max())


def test_power_from_tables_has_them_too(everything):
    """What is missing or has no effect is said there as elsewhere."""
    complete = {**ALONE, **CHANGED}
    without = {name: value for name, value in complete.items() if name != "A_IA1"}
    for point, message in (
        ({**POINT, **CHANGED}, "'A_IA' has no effect with alignment = nla_per_bin"),
        (without, "A_IA1 is missing: alignment = nla_per_bin needs A_IA of each of the 2 source"),
    ):
        with pytest.raises(ParameterError, match=message):
            jax.eval_shape(everything.theory_vector, point)
        with pytest.raises(ParameterError, match=message):
            everything.theory_vector_from_tables(None, None, point)


@pytest.mark.parametrize(
    ("probes", "option", "value"),
    [
        (("xi_plus",), "magnification", True),
        (("xi_plus",), "rsd", True),
        (("xi_plus",), "bias", "power_law"),
        (("w",), "alignment", "nla_per_bin"),
    ],
)
def test_options_for_galaxies_that_are_not_there(small_data, probes, option, value):
    with pytest.raises(ConfigError, match=f"option '{option}' is .*no effect: the data of small"):
        build_likelihood(small_data.with_probes(probes), replace(QUICK, **{option: value}))


OPTIONS = """
bias = power_law
alignment = nla_per_bin
magnification = T
"""
SECTIONS = """
[lens_photoz_errors]
width_1 = 0.9 1.0 1.1
[mag_alpha_lens]
alpha_1 = 1.5
alpha_2 = 1.9
[intrinsic_alignment_parameters]
a_1 = -5 0.5 5
a_2 = 0.4
"""
YAML = """
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.3x2pt:
    data_file: {folder}/small.fits
    scale_cuts: none
    bias: power_law
    alignment: nla_per_bin
    magnification: true
params:
  omegam: 0.3
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
  omnuh2: 0
  DES_b1: {{prior: [0.8, 3]}}
  DES_b2: 1.6
  alpha_b: {{prior: [-1, 1]}}
  alpha_mag1: 1.5
  alpha_mag2: 1.9
  A_IA1: {{prior: [-5, 5]}}
  A_IA2: 0.4
  DES_alphaIA: 0
  DES_szL1: {{prior: [0.9, 1.1]}}
  DES_m1: 0
  DES_m2: 0
  DES_DzS1: 0
  DES_DzS2: 0
  DES_DzL1: 0
  DES_DzL2: 0
"""


def test_both_kinds_of_input(small_folder, tmp_path):
    """A pipeline and a Cobaya input with the same parameters are the same model."""
    pipeline = (
        (small_folder / "pipeline.ini")
        .read_text()
        .replace(f"{small_folder}/values.ini", f"{tmp_path}/values.ini")
    )
    values = (
        (small_folder / "values.ini")
        .read_text()
        .replace("[bin_bias]", "[bin_bias]\nalpha_b = -1 0.2 1")
    )
    (tmp_path / "pipeline.ini").write_text(pipeline + OPTIONS)
    (tmp_path / "values.ini").write_text(values + SECTIONS)
    (tmp_path / "input.yaml").write_text(YAML.format(folder=small_folder))
    one, other = load(tmp_path / "pipeline.ini"), load(tmp_path / "input.yaml")
    assert one.likelihood.options == other.likelihood.options
    assert {"bin_bias--alpha_b", "lens_photoz_errors--width_1"} <= set(one.parameters)
    assert other.parameters == ("DES_b1", "alpha_b", "A_IA1", "DES_szL1")
    given = {"b1": 1.4, "alpha_b": 0.2, "sz_lens1": 1.02, "A_IA1": 0.6}
    rest = {"omega_m": 0.3, "a_s": 2.1e-9, "n_s": 0.96, "w": -1.0, "b2": 1.6, "dz_source1": 0.0}
    first, second = one.canonical(rest | given), other.canonical(given)
    assert {k: float(v) for k, v in first.items()} == {k: float(v) for k, v in second.items()}
