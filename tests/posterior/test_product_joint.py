"""BAO and supernovae of an input in the product, through Python and the commands."""

import numpy as np
import pytest
import yaml

import jaxlike
from jaxlike.cli.main import main
from jaxlike.data import desi_dr2_bao, union3
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.bao import Bao
from jaxlike.likelihoods.supernovae import Supernovae

ALL, UNION3, SURVEY = "bao.desi_dr2.desi_bao_all", "sn.union3", "jaxlike.cobaya.2x2pt"


def information(file, others, **params):
    """The cheapest of surveys, with what moves distances and the sound horizon."""
    survey = {"data_file": str(file), "probes": ["w"], "scale_cuts": "none", "params": {}}
    free = {"omegam": {"prior": [0.1, 0.9], "ref": 0.3}, "w": {"prior": [-3, 1], "ref": -1.0}}
    free["ombh2"] = {"prior": [0.01, 0.1], "ref": 0.0224}
    fixed = {"b1": 1.4, "b2": 1.6, "As": 2.1e-9, "ns": 0.96, "H0": 68}
    return {
        "theory": {
            "jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
        },
        "likelihood": {SURVEY: survey, **others},
        "params": {**free, **fixed, **params},
    }


@pytest.fixture(scope="module")
def file(small_folder):
    return small_folder / "small.fits"


@pytest.fixture(scope="module")
def joint(file):
    return jaxlike.load(information(file, {ALL: None, UNION3: None}))


def test_an_input_s_likelihoods_are_those_by_hand(joint, file):
    x = joint.reference
    assert joint.likelihood_names == (SURVEY, ALL, UNION3)
    survey = jaxlike.load(information(file, {}))
    by_hand = survey.with_likelihood(ALL, Bao.of(desi_dr2_bao()))
    by_hand = by_hand.with_likelihood(UNION3, Supernovae.of(union3()))
    assert float(by_hand.chi2(x)) == pytest.approx(float(joint.chi2(x)), rel=1e-12)
    each = joint.chi2s(x)
    assert 5 < each[ALL] < 200
    assert 15 < each[UNION3] < 60
    assert "Bao" in repr(joint)


def test_gradients_and_batches(joint):
    x = np.asarray(joint.reference)
    X = np.stack([x, x * 1.02])
    values, slopes = joint.value_and_gradient_batch(X)
    np.testing.assert_allclose(values[1], joint.log_posterior(X[1]), rtol=1e-10)
    for i in range(len(x)):
        step = 1e-4 * x[i] * np.eye(len(x))[i]
        coarse, fine = (
            (float(joint.log_posterior(x + s)) - float(joint.log_posterior(x - s))) / (2 * s[i])
            for s in (step, step / 2)
        )
        assert float(slopes[0, i]) == pytest.approx((4 * fine - coarse) / 3, rel=1e-5)


def test_outside_the_table_of_r_drag(joint):
    """-inf, without a slope, and why, though the other data have a solution there."""
    x = np.array(joint.reference)
    x[joint.parameters.index("ombh2")] = 0.08
    values, slopes = joint.value_and_gradient_batch(np.stack([x, joint.reference]))
    assert values[0] == -np.inf
    assert np.isfinite(values[1])
    assert not np.isnan(slopes).any()
    assert joint.reason_of_failure(x) == f"the likelihood '{ALL}' is zero there"


def test_without_radiation_there_is_no_r_drag(file):
    info = information(file, {ALL: None})
    info["theory"]["jaxlike.cobaya.Theory"]["radiation"] = False
    with pytest.raises(ConfigError, match=f"'{ALL}' is computed with radiation: true only"):
        jaxlike.load(info)


@pytest.mark.slow
def test_commands_take_them(file, tmp_path, monkeypatch, capsys):
    """`nuts`, whose output is read again, with a sampled magnitude; plots, best fit."""
    monkeypatch.chdir(tmp_path)
    sn = {"class": UNION3, "use_abs_mag": True}
    sampled = {"prior": [-1, 1], "ref": -0.1}
    info = information(file, {ALL: None, "sn": sn}, Mb=sampled, ombh2=0.0224)
    (tmp_path / "in.yaml").write_text(yaml.safe_dump(info))
    quick = ["--chains", "2", "--warmup", "60", "--samples", "40", "--no-progress", "--no-report"]
    main(["nuts", "in.yaml", *quick])
    shown = capsys.readouterr().out
    assert f"13 points of {ALL} and 22 points of sn" in shown
    header = (tmp_path / "chains/in_nuts.1.txt").read_text().splitlines()[0].split()
    assert {"Mb", f"chi2__{ALL}", "chi2__sn"} <= {*header}
    updated = yaml.safe_load((tmp_path / "chains/in_nuts.updated.yaml").read_text())
    assert updated["likelihood"]["sn"] == sn
    assert "Union3" in updated["jaxlike"]["data"]["sn"]
    assert {*jaxlike.load(updated).parameters} == {"omegam", "w", "Mb"}
    checked = ["--config", "in.yaml", "--draws", "10", "--no-progress", "--output", "image"]
    assert main(["plot", "chains/in_nuts", "--params", "Mb", *checked]) == 0
    assert (tmp_path / "image_data_vector.png").is_file()
    assert main(["minimise", "in.yaml", "--starts", "1"]) == 0


def test_a_product_is_compressed_but_for_them(file, joint):
    info = information(file, {ALL: None, UNION3: None})
    info["likelihood"][SURVEY]["compression"] = "moped"
    found = jaxlike.load(info)
    x = found.reference
    assert found.compressed
    for name in (ALL, UNION3):
        assert float(found.chi2s(x)[name]) == pytest.approx(float(joint.chi2s(x)[name]), rel=1e-10)
    assert np.isfinite(found.value_and_gradient(x)[1]).all()
