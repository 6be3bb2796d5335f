"""From a configuration file and a small data set to a posterior, and what samplers rely on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxlike
from jaxlike.config import TheoryOptions
from jaxlike.errors import ConfigError, DataError, ParameterError
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.theory.power import linear


def test_load_reads_everything(small_model, small_data):
    assert small_model.data.n_data == small_data.n_data
    assert small_model.config.theory.nonlinear == "linear"
    assert [name.partition("--")[2] for name in small_model.parameters] == [
        "omega_m", "a_s", "n_s", "w", "b1", "b2", "bias_1",
    ]  # fmt: skip
    np.testing.assert_allclose(
        small_model.reference, [0.3, 2.1e-9, 0.96, -1.0, 1.4, 1.6, 0.001], atol=2e-3
    )


def test_keywords_replace_options(small_folder):
    model = jaxlike.load(small_folder / "pipeline.ini", probes=("gamma_t", "w"), nz="histogram")
    assert model.data.statistics == ("gamma_t", "w")
    assert model.config.theory.nz == "histogram"


def test_posterior_is_prior_times_likelihood(small_model):
    x = small_model.reference
    params = small_model.params_dict(x)
    log_likelihood = float(small_model.log_likelihood(params))
    assert log_likelihood == pytest.approx(-float(small_model.chi2(params)) / 2, rel=1e-12)
    log_prior = sum(
        float(spec.prior.log_density(value))
        for spec, value in zip(small_model.specs, x, strict=True)
    )
    assert float(small_model.log_prior(x)) == pytest.approx(log_prior, rel=1e-12)
    total = float(small_model.log_posterior(x))
    assert total == pytest.approx(log_likelihood + log_prior, rel=1e-12)


def test_functions_agree_with_each_other(small_model):
    """Single, with gradient, and in a batch; inside an outer jit too."""
    rng = np.random.default_rng(1)
    X = small_model.reference * (1 + 0.01 * rng.normal(size=(6, small_model.reference.size)))
    batch = small_model.log_posterior_batch(X)
    loop = [float(small_model.log_posterior(x)) for x in X]
    np.testing.assert_allclose(batch, loop, rtol=1e-11)
    value, gradient = small_model.value_and_gradient(X[0])
    assert float(value) == pytest.approx(loop[0], rel=1e-12)
    assert gradient.shape == (X.shape[1],)
    nested = jax.jit(lambda x: small_model.log_posterior(x) + small_model.log_prior(x))(X[0])
    assert float(nested) == pytest.approx(loop[0] + float(small_model.log_prior(X[0])), rel=1e-11)
    # and no tracer of the outer function is left behind
    assert float(small_model.log_posterior(X[0])) == loop[0]


def test_unconstrained_variables(small_model):
    """Priors become unit normals: the two densities differ by the normals' constant."""
    rng = np.random.default_rng(2)
    U = 0.3 * rng.normal(size=(3, small_model.reference.size))
    outward, inward = map(jax.jit, (small_model.from_unconstrained, small_model.to_unconstrained))
    for u in U:
        x = outward(u)
        np.testing.assert_allclose(inward(x), u, atol=1e-9)
        log_likelihood = float(small_model.log_likelihood(small_model.params_dict(x)))
        expected = log_likelihood - 0.5 * u @ u
        assert float(small_model.log_density(u)) == pytest.approx(expected, rel=1e-10)


def test_log_density_is_never_nan(small_model):
    """w to 1 and beyond is no solution; far tails of u are the corners of the prior."""
    rng = np.random.default_rng(3)
    U = 3 * rng.normal(size=(200, small_model.reference.size))
    compute = jax.jit(jax.vmap(jax.value_and_grad(small_model.log_density)))
    values, gradients = compute(jnp.asarray(U))
    assert not np.any(np.isnan(values))
    assert np.all(np.isfinite(gradients))
    assert 0 < np.isfinite(values).sum() < 200


def test_outside_the_prior(small_model):
    x = small_model.reference.copy()
    x[0] = 0.95
    assert float(small_model.log_posterior(x)) == -np.inf
    value, gradient = small_model.value_and_gradient(x)
    assert float(value) == -np.inf
    assert np.all(np.isfinite(gradient))
    expected = "parameter 'cosmological_parameters--omega_m' = 0.95 is outside its prior [0.1, 0.9]"
    assert small_model.reason_of_failure(x) == expected


def test_no_solution(small_model):
    x = small_model.reference.copy()
    x[3] = 0.5
    assert float(small_model.log_posterior(x)) == -np.inf
    assert "w0 + wa < 0" in str(small_model.reason_of_failure(x))
    assert small_model.reason_of_failure(small_model.reference) is None


def test_any_accepted_names(small_model):
    """Other names of the same parameters, and what the file fixes left out."""
    x = small_model.reference
    full = small_model.theory_vector(small_model.params_dict(x))
    other = {
        "Omega_m": x[0], "As": x[1], "ns": x[2], "w0": x[3], "DES_b1": x[4], "b2": x[5],
        "DES_DzS1": x[6],
    }  # fmt: skip
    np.testing.assert_allclose(small_model.theory_vector(other), full, rtol=1e-12)
    replaced = small_model.theory_vector(other | {"H0": 75.0})
    assert not np.allclose(replaced, full, rtol=1e-3)
    neutral = small_model.theory_vector(other | {"m1": 0.0, "A_IA": 0.0})
    np.testing.assert_allclose(neutral, full, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"nonsense": 1.0}, "nonsense"),
        ({"sigma8": 0.8}, "sigma8"),
        ({"b3": 1.0}, "b3"),
        ({"omegam": 0.3}, "omegam"),
    ],
)
def test_wrong_names(small_model, changes, culprit):
    params = small_model.params_dict(small_model.reference) | changes
    with pytest.raises(ParameterError, match=culprit):
        small_model.theory_vector(params)


def test_missing_parameter(small_model):
    params = dict(small_model.params_dict(small_model.reference))
    del params["bin_bias--b2"]
    with pytest.raises(ParameterError, match="b2"):
        small_model.theory_vector(params)


def test_derived_parameters(small_model):
    x = small_model.reference
    assert list(small_model.derived_parameters) == ["sigma8", "S8"]
    sigma8, S8 = small_model.derived(x)

    @jax.jit
    def expected(x):
        params = small_model.canonical(small_model.params_dict(x))
        cosmo = small_model.likelihood.cosmology(params)
        return linear.sigma8(cosmo, 0.0, model="eisenstein_hu_no_wiggle")[0]

    assert float(sigma8) == pytest.approx(float(expected(x)), rel=1e-12)
    assert float(S8) == pytest.approx(float(sigma8) * np.sqrt(x[0] / 0.3), rel=1e-12)


def test_bad_input_is_one_sentence(small_folder):
    with pytest.raises(DataError, match=r"absent\.fits"):
        jaxlike.load(small_folder / "pipeline.ini", data_file=str(small_folder / "absent.fits"))
    with pytest.raises(ConfigError, match="nonlinear"):
        jaxlike.load(small_folder / "pipeline.ini", nonlinear="guess")
    with pytest.raises(ConfigError, match="power"):
        jaxlike.load(small_folder / "pipeline.ini", power="block")


def test_parameters_of_bins_that_the_data_lack(small_folder, tmp_path):
    text = (small_folder / "pipeline.ini").read_text()
    values = (small_folder / "values.ini").read_text()
    values = values.replace("b2 = 0.8 1.6 3.0", "b2 = 0.8 1.6 3.0\nb3 = 0.8 1.6 3.0")
    (tmp_path / "values.ini").write_text(values)
    (tmp_path / "pipeline.ini").write_text(
        text.replace(f"{small_folder}/values.ini", f"{tmp_path}/values.ini")
    )
    with pytest.raises(ParameterError, match=r"pipeline\.ini: .*b3"):
        jaxlike.load(tmp_path / "pipeline.ini")


WIDE = {  # low, high
    "Omega_m": (0.05, 0.9), "Omega_b": (0.02, 0.08), "h": (0.5, 1.0), "n_s": (0.8, 1.1),
    "sigma8": (0.1, 2.0), "omega_nu": (0.0, 0.02), "Omega_k": (-0.5, 0.5), "w0": (-3.0, 0.0),
    "wa": (-2.0, 1.0), "N_eff": (1.0, 5.0), "b1": (0.5, 3.0), "b2": (0.5, 3.0), "m1": (-0.1, 0.1),
    "m2": (-0.1, 0.1), "A_IA": (-5.0, 5.0), "alpha_IA": (-5.0, 5.0), "z0_IA": (0.6, 0.64),
    "dz_lens1": (-0.1, 0.1), "dz_lens2": (-0.1, 0.1), "dz_source1": (-0.1, 0.1),
    "dz_source2": (-0.1, 0.1),
}  # fmt: skip


@pytest.mark.slow
def test_corners_of_a_wide_prior(small_data):
    """Dark energy, curvature and neutrinos to their limits: finite with gradient, or -inf."""
    likelihood = build_likelihood(small_data, TheoryOptions())
    rng = np.random.default_rng(7)
    low, high = np.array(list(WIDE.values())).T
    corners = rng.integers(0, 2, (200, low.size)).astype(float)
    inside = rng.uniform(size=(300, low.size))
    X = low + (high - low) * np.concatenate([corners, inside])

    def log_likelihood(x):
        return likelihood.log_likelihood(dict(zip(WIDE, x, strict=True)))

    values, gradients = jax.jit(jax.vmap(jax.value_and_grad(log_likelihood)))(X)
    assert not np.any(np.isnan(values))
    assert np.all(np.isfinite(gradients))
    for x, value in zip(X, values, strict=True):
        reason = likelihood.reason_of_failure(dict(zip(WIDE, x, strict=True)))
        assert (reason is None) == bool(np.isfinite(value))
    assert 0.3 < np.isfinite(values).mean() < 1


YAML = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.3x2pt: {{data_file: {folder}/small.fits, scale_cuts: none, survey: des_y1}}
params:
  omegam: {{prior: {{min: 0.1, max: 0.9}}, ref: 0.3}}
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
{more}"""


def test_default_parameters_of_absent_bins_go(small_folder, tmp_path):
    """The likelihood's defaults are for DES Y1's five and four bins; the data have two and two."""
    file = tmp_path / "small.yaml"
    file.write_text(YAML.format(folder=small_folder, more=""))
    model = jaxlike.load(file)
    assert {"DES_b2", "DES_m2"} <= set(model.parameters)
    assert not {"DES_b3", "DES_m3", "DES_DzL5"} & set(model.parameters)
    assert np.isfinite(model.log_posterior(model.reference))

    file.write_text(YAML.format(folder=small_folder, more="  DES_b3: 1.5\n"))
    with pytest.raises(ParameterError, match=r"small\.yaml: .*DES_b3"):
        jaxlike.load(file)


def test_batches_agree_with_single_points(small_model):
    rng = np.random.default_rng(3)
    X = small_model.reference * (1 + 1e-2 * rng.standard_normal((6, 7)))
    values, gradients = small_model.value_and_gradient_batch(X)
    single = [small_model.value_and_gradient(x) for x in X]
    np.testing.assert_allclose(values, [value for value, _ in single], rtol=1e-10)
    scale = np.abs(gradients).max(axis=0)
    np.testing.assert_allclose(
        gradients / scale, np.stack([gradient for _, gradient in single]) / scale, atol=1e-9
    )
    np.testing.assert_allclose(small_model.log_posterior_batch(X), values, rtol=1e-12)


PRIOR = """\
prior:
  wall: 'lambda omegam: np.log(0.5 - omegam)'
  tie: 'lambda omegam, DES_b1: stats.norm.logpdf(DES_b1 * omegam, 0.5, 0.1)'
"""


def test_external_priors_multiply_the_others(small_folder, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(YAML.format(folder=small_folder, more=PRIOR))
    model = jaxlike.load(file)
    x = model.reference
    bias = x[model.parameters.index("DES_b1")]
    expected = [np.log(0.2), stats.norm.logpdf(0.3 * bias, 0.5, 0.1)]
    np.testing.assert_allclose(model.log_priors(x)[1:], expected, rtol=1e-12)
    value, gradient = model.value_and_gradient(x)
    log_likelihood = float(model.log_likelihood(model.params_dict(x)))
    assert float(value) == pytest.approx(log_likelihood + float(model.log_prior(x)), rel=1e-12)
    assert np.isfinite(gradient).all()
    u = model.to_unconstrained(x)
    density = log_likelihood + float(model.log_reference(u))
    assert float(model.log_density(u)) == pytest.approx(density, rel=1e-12)

    beyond = np.where(np.array(model.parameters) == "omegam", 0.6, x)
    value, gradient = model.value_and_gradient(beyond)
    assert value == -np.inf
    assert not np.isnan(gradient).any()
    assert model.log_density(model.to_unconstrained(beyond)) == -np.inf
    assert "external prior 'wall' has the logarithm -inf" in model.reason_of_failure(beyond)

    file.write_text(YAML.format(folder=small_folder, more=PRIOR.replace("b1", "b5")))
    with pytest.raises(ParameterError, match=r"small\.yaml: .*'tie' takes 'DES_b5', which has no"):
        jaxlike.load(file)
