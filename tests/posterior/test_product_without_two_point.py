"""A posterior without two-point data: BAO and supernovae alone, through Python and the commands."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.cli.main import main
from jaxlike.data import desi_dr2_bao
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.bao import Bao

ALL, UNION3 = "bao.desi_dr2.desi_bao_all", "sn.union3"
INPUT = {
    "likelihood": {ALL: None, UNION3: None},
    "params": {
        "omegam": {"prior": [0.1, 0.6], "ref": 0.31},
        "H0": {"prior": [50, 90], "ref": 68.0},
        "ombh2": {"prior": {"dist": "norm", "loc": 0.0222, "scale": 5e-4}},
        "ns": 0.965,
        "As": 2.1e-9,
    },
}


@pytest.fixture(scope="module")
def model():
    return jaxlike.load(INPUT)


def test_it_is_the_sum_of_its_likelihoods(model):
    x = model.reference
    assert model.measured == {}
    assert model.n_points == 35
    one = Bao.of(desi_dr2_bao())

    @jax.jit
    def bao(x):
        parameters = model.density.canonical(x)
        return -2 * one.log_likelihood(parameters, model.density.universe(parameters))

    each = model.chi2s(x)
    assert float(each[ALL]) == pytest.approx(float(bao(jnp.asarray(x))), rel=1e-9)
    assert float(model.chi2(x)) == pytest.approx(float(sum(each.values())), rel=1e-12)
    alone = model.with_likelihoods([UNION3])
    assert float(alone.chi2(x)) == pytest.approx(float(each[UNION3]), rel=1e-12)


def test_slopes(model):
    x = np.asarray(model.reference)
    steps = 1e-4 * x
    X = np.concatenate([x + f * np.diag(steps) for f in (-2, -1, 1, 2)])
    _, slope = model.value_and_gradient(x)
    far, near, back, behind = np.asarray(model.log_posterior_batch(X)).reshape(4, -1)
    expected = (8 * (back - near) - (behind - far)) / (12 * steps)
    np.testing.assert_allclose(slope, expected, rtol=1e-6)


def test_what_is_of_data_vectors_is_refused(model):
    assert model.theory_vector(model.reference).shape == (0,)
    with pytest.raises(ParameterError, match="has no likelihood of two-point data"):
        _ = model.data
    with pytest.raises(ParameterError, match=f"'{ALL}' has no data vector, which a Fisher matrix"):
        model.information(jnp.zeros((0, 3)))
    beyond = np.asarray(model.reference) * [1, 1, 0]
    assert "Omega_b > 0" in model.reason_of_failure(beyond)


@pytest.mark.slow
def test_commands_take_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    params = INPUT["params"] | {"H0": 68.0, "ombh2": 0.0222}  # one is free
    (tmp_path / "bao.yaml").write_text(yaml.safe_dump(INPUT | {"params": params}))
    few = ["--chains", "2", "--warmup", "200", "--samples", "300", "--no-progress", "--no-report"]
    assert main(["nuts", "bao.yaml", "--output", "c/bao", *few]) == 0
    said = capsys.readouterr().out
    assert f"bao.yaml: 1 parameters, 13 points of {ALL} and 22 points of {UNION3}\n" in said
    header = (tmp_path / "c" / "bao.1.txt").read_text().splitlines()[0].split()
    assert {f"chi2__{ALL}", f"chi2__{UNION3}"} <= {*header}
    assert main(["plot", "c/bao", "--config", "bao.yaml", "--output", "p"]) == 0
    said = capsys.readouterr().out
    assert "p_triangle.png" in said
    assert "bao.yaml: no two-point data, so there is no data vector to draw" in said
    assert main(["plot", "--config", "bao.yaml"]) == 2
    assert main(["minimise", "bao.yaml", "--starts", "1", "--output", "b"]) == 0
    assert " for 35 points, ln posterior" in capsys.readouterr().out
