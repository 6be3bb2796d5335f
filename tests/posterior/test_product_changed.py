"""A product of likelihoods with other priors, n(z) and data, and what a run of it writes."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
import yaml
from product_input import TEXT

import jaxlike
from jaxlike.cli.running import run_info
from jaxlike.data import write_two_point_fits
from jaxlike.errors import ParameterError
from jaxlike.posterior.priors import Normal

SOURCE = "NZ_SOURCE"
BY_NZ = "    prefix: {NZ_LENS: LENS_, NZ_SOURCE: NGC_}\n"


def test_other_priors(product):
    normal = {"dist": "norm", "loc": 0, "scale": 2}
    other = product.with_priors({"SGC_AIA": normal, "omegam": [0, 1]})
    x = product.reference
    change = float(Normal(0.0, 2.0).log_density(x[3])) + np.log(10) + np.log(0.8)
    assert float(other.log_prior(x)) == pytest.approx(float(product.log_prior(x)) + change)
    chi2s = {name: float(chi2) for name, chi2 in product.chi2s(x).items()}
    assert {name: float(chi2) for name, chi2 in other.chi2s(x).items()} == pytest.approx(chi2s)
    with pytest.raises(ParameterError, match="'m1' is not sampled"):
        product.with_priors({"m1": [0, 1]})


def test_other_nz_are_those_of_one_likelihood(product, load_product, product_folder, small_data):
    x = product.reference
    z = small_data.distribution(SOURCE).z_mid
    nz = np.exp(-0.5 * ((z - np.array([[0.62], [0.9]])) / 0.16) ** 2)
    other = product.with_nz({f"sgc.{SOURCE}": nz})
    before, after = ({k: float(v) for k, v in m.chi2s(x).items()} for m in (product, other))
    assert after["ngc"] == pytest.approx(before["ngc"], rel=1e-12)
    tables = tuple(replace(t, dndz=nz) if t.name == SOURCE else t for t in small_data.nz)
    write_two_point_fits(replace(small_data, nz=tables), product_folder / "nz.fits", overwrite=True)
    loaded = load_product(data_file={"sgc": "nz.fits"})
    assert after["sgc"] == pytest.approx(float(loaded.chi2s(x)["sgc"]), rel=1e-3)
    assert after["sgc"] != pytest.approx(before["sgc"], rel=1e-2)
    np.testing.assert_array_equal(other.likelihoods["sgc"].data.distribution(SOURCE).dndz, nz)

    def traced(counts):
        return product.with_nz({f"sgc.{SOURCE}": counts}).log_posterior(x)

    assert float(jax.jit(traced)(nz)) == pytest.approx(float(other.log_posterior(x)), rel=1e-9)
    with pytest.raises(ParameterError, match=r"'NZ_SOURCE' is the name of several n\(z\) tables"):
        product.with_nz({SOURCE: nz})
    with pytest.raises(ParameterError, match=r"'sgc.NZ_LENS' is no n\(z\) table in use; there are"):
        product.with_nz({"sgc.NZ_LENS": nz})


def test_other_data_of_one_likelihood(product, small_data):
    """As a vector, as a data set, as both, and traced."""
    x = product.reference
    theory = {name: np.asarray(one.theory_vector(x)) for name, one in product.likelihoods.items()}
    before = {name: float(chi2) for name, chi2 in product.chi2s(x).items()}
    vector = product.with_data({"sgc": theory["sgc"]})
    assert float(vector.chi2s(x)["ngc"]) == pytest.approx(before["ngc"], rel=1e-12)
    assert float(vector.chi2s(x)["sgc"]) == pytest.approx(0.0, abs=1e-12)
    both = vector.with_data({"ngc": replace(small_data, covariance=4 * small_data.covariance)})
    assert float(both.chi2s(x)["ngc"]) == pytest.approx(before["ngc"] / 4, rel=1e-3)
    assert float(both.chi2s(x)["sgc"]) == pytest.approx(0.0, abs=1e-2)
    assert both.parameters == product.parameters

    def traced(value):
        return product.with_data({"sgc": value}).log_posterior(x)

    np.testing.assert_allclose(jax.jit(jax.grad(traced))(theory["sgc"]), 0.0, atol=1e-6)
    with pytest.raises(ParameterError, match=r"data as a dictionary by their names, ngc, sgc"):
        product.with_data(small_data)
    with pytest.raises(ParameterError, match=r"a data vector of shape .3,. was given for .*'sgc'"):
        product.with_data({"sgc": np.zeros(3)})
    with pytest.raises(ParameterError, match=r"shape \(72,\) was given, .* 108 points"):
        product.with_context(theory["ngc"])


def test_other_data_where_prefixes_are_those_of_samples(load_product, small_data):
    text = TEXT.replace("    prefix: NGC_\n", BY_NZ).replace("NGC_b", "LENS_b")
    model = load_product(text, likelihoods="ngc")
    assert model.parameters == ("omegam", "LENS_b1", "NGC_AIA")
    other = model.with_data(replace(small_data, covariance=4 * small_data.covariance))
    assert [one.own for one in other.samples] == [one.own for one in model.samples]
    x = model.reference
    assert float(other.chi2(x)) == pytest.approx(float(model.chi2(x)) / 4, rel=1e-3)


def test_what_a_run_writes_is_the_same_product(product, tmp_path):
    chains = SimpleNamespace(method="nuts", cost=SimpleNamespace(total_s=1.0))
    info = run_info(product.config, chains, SimpleNamespace(config="in.yaml"), {})
    (tmp_path / "run.updated.yaml").write_text(yaml.safe_dump(info, sort_keys=False))
    again = jaxlike.load(tmp_path / "run.updated.yaml")
    assert list(again.parts) == ["ngc", "sgc"]
    assert again.parameters == product.parameters
    np.testing.assert_array_equal(again.reference, product.reference)
    found, expected = (
        [float(m.log_prior(m.reference)), *map(float, m.chi2s(m.reference).values())]
        for m in (again, product)
    )
    assert found == pytest.approx(expected, rel=1e-10)
