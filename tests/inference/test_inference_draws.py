"""Weighted draws: matched by quantity, thinned evenly, and read from every kind of chain file."""

import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import Chains, Draws, read_draws, write_chains
from jaxlike.inference.results.draws import equal_rows, matching, systematic, thinned
from jaxlike.inference.runs.evaluate import LENGTH, at_draws, method_at_draws


def make(names=("omegam", "H0", "S8"), n=60, lengths=(20, 40), weights=None, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n, len(names)))
    return Draws(
        names=names,
        latex=(r"\Omega_m", "H_0", "S_8")[: len(names)],
        sampled=(True, True, False)[: len(names)],
        values=values,
        weights=np.ones(n) if weights is None else weights,
        log_posterior=-0.5 * (values**2).sum(axis=1),
        log_prior=np.full(n, -1.5),
        lengths=lengths,
        limits={"omegam": (-9.0, 9.0), "H0": (-np.inf, np.inf)},
    )


def test_parameters_match_by_name_or_by_quantity():
    among = ("Omega_m", "omegam", "cosmological_parameters--n_s", "logA")
    found = matching(["omegam", "omega_m", "ns", "logA", "H0"], among)
    assert found == {
        "omegam": "omegam",
        "omega_m": "Omega_m",
        "ns": "cosmological_parameters--n_s",
        "logA": "logA",
    }


def test_parameters_of_a_prefix_match_whatever_it_is():
    among = ("NGC_dz_source1", "SGC_dz_source1", "shear_calibration_parameters_ngc--m2", "A_IA")
    found = matching(["NGC_DzS1", "SGC_DzS1", "NGC_m2", "SGC_m2", "NGC_AIA", "DES_AIA"], among)
    assert found == {
        "NGC_DzS1": "NGC_dz_source1",
        "SGC_DzS1": "SGC_dz_source1",
        "NGC_m2": "shear_calibration_parameters_ngc--m2",
        "DES_AIA": "A_IA",
    }


def test_columns_and_the_best_draw():
    draws = make()
    found = draws.columns(["cosmological_parameters--hubble", "Omega_m"])
    np.testing.assert_array_equal(found, draws.values[:, [1, 0]])
    best = np.argmax(draws.log_posterior)
    np.testing.assert_array_equal(draws.best(["H0"]), draws.values[best, [1]])
    with pytest.raises(ConfigError, match="parameters 'h', 'ns' of the configuration are not in"):
        draws.columns(["h", "H0", "ns"])
    assert [len(part) for part in draws.by_chain(draws.weights)] == [20, 40]


def test_thinning_is_even_and_respects_weights():
    rows, weights = thinned(np.ones(1000), 10)
    np.testing.assert_array_equal(rows, np.arange(10) * 100 + 49)
    np.testing.assert_array_equal(weights, 1.0)
    given = np.array([1.0, 0.5])
    rows, weights = thinned(given, 10)
    np.testing.assert_array_equal(rows, [0, 1])
    np.testing.assert_array_equal(weights, given)
    given = np.random.default_rng(0).exponential(size=5000) ** 4
    x = np.linspace(0.0, 1.0, 5000)
    rows, weights = thinned(given, 800)
    assert len(rows) < 800
    assert weights.sum() == 800
    # half a step of the cumulative weight, the largest single one included
    expected = np.average(x, weights=given)
    assert np.average(x[rows], weights=weights) == pytest.approx(expected, abs=1 / 800)


def test_equal_rows_repeat_whole_weights_and_resample_others():
    np.testing.assert_array_equal(equal_rows(np.array([2.0, 1.0, 3.0])), [0, 0, 1, 2, 2, 2])
    np.testing.assert_array_equal(equal_rows(np.array([0.1, 3.7, 0.2])), [1, 1, 1])
    assert systematic(np.array([0.3, 0.3]), 4).tolist() == [0, 0, 1, 1]


def test_what_is_written_is_read(tmp_path):
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((2, 30, 2))
    chains = Chains(
        names=("omegam", "H0"),
        latex=(r"\Omega_m", "H_0"),
        priors=({"min": -9, "max": 9}, {"dist": "norm", "loc": 0, "scale": 1}),
        draws=draws,
        log_posterior=draws.sum(axis=-1),
        log_prior=-draws.sum(axis=-1),
        divergent=np.zeros((2, 30), bool),
        derived_latex={"S8": "S_8"},
        derived=draws.sum(axis=-1, keepdims=True),
    )
    weights = rng.exponential(size=(2, 30))
    weights[1, 20:] = 0.0
    write_chains(chains, tmp_path / "run", weights=weights)
    read = read_draws(tmp_path / "run")
    assert read.names == ("omegam", "H0", "S8")
    assert read.latex == (r"\Omega_m", "H_0", "S_8")
    assert read.varied == ("omegam", "H0")
    assert read.lengths == (30, 20)
    assert read.limits == {"omegam": (-9.0, 9.0), "H0": (-np.inf, np.inf)}
    np.testing.assert_allclose(read.weights, weights[weights > 0], rtol=1e-9)
    np.testing.assert_allclose(read.values[:, 1], draws[weights > 0][:, 1], rtol=1e-9)
    np.testing.assert_allclose(read.log_posterior, chains.log_posterior[weights > 0], rtol=1e-9)
    np.testing.assert_allclose(read.log_prior, chains.log_prior[weights > 0], rtol=1e-9)
    # the same of Cobaya's record alone
    for ending in (".paramnames", ".ranges"):
        (tmp_path / f"run{ending}").unlink()
    again = read_draws(tmp_path / "run")
    assert (again.latex, again.varied) == (read.latex, read.varied)
    assert again.limits == {"omegam": (-9.0, 9.0)}


def test_files_without_a_header_go_by_their_paramnames(tmp_path):
    np.savetxt(tmp_path / "mc.1.txt", [[2, 1.5, 0.3, 0.8], [0, 1.0, 0.2, 0.7], [1, 2.5, 0.4, 0.9]])
    (tmp_path / "mc.paramnames").write_text("omegam  \\Omega_m\nS8*\tS_8^*\n")
    read = read_draws(tmp_path / "mc")
    assert read.names == ("omegam", "S8")
    assert read.latex == (r"\Omega_m", "S_8^*")
    assert read.varied == ("omegam",)
    np.testing.assert_array_equal(read.weights, [2, 1])
    np.testing.assert_array_equal(read.values, [[0.3, 0.8], [0.4, 0.9]])
    np.testing.assert_array_equal(read.log_posterior, [-1.5, -2.5])
    assert np.isnan(read.log_prior).all()


BAD = [
    ({}, r"there is no file .*run\.1\.txt; give the prefix, or a CosmoSIS chain"),
    ({"run.1.txt": "# weight p\n1 x\n"}, r"run\.1\.txt: cannot be read as a chain"),
    ({"run.1.txt": "# weight p q\n1 2\n"}, r"\(2 columns, and 3 names\)"),
    ({"run.1.txt": "# weight p\n0 2\n"}, "no draw has a weight above zero"),
    (
        {"run.1.txt": "# weight p\n1 2\n", "run.2.txt": "# weight q\n1 2\n"},
        r"run\.2\.txt: its columns are not those of .*run\.1\.txt",
    ),
    (
        {"run.1.txt": "# weight p\n1 2\n", "run.ranges": "p 0 x\n"},
        r"run\.ranges: cannot be read as ranges",
    ),
    (
        {"run.1.txt": "# weight p\n1 2\n", "run.updated.yaml": "params: 3\n"},
        r"run\.updated\.yaml: cannot be read as Cobaya's record of a run",
    ),
]


@pytest.mark.parametrize(("files", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_files_are_named(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_draws(tmp_path / "run")


@pytest.mark.parametrize("n", [1, LENGTH, 2 * LENGTH + 3])
def test_functions_at_draws(n, capsys):
    points = np.random.default_rng(0).standard_normal((n, 3))
    total, double = at_draws(lambda x: (x.sum(), 2 * x), points, "adding", progress=True)
    np.testing.assert_allclose(total, points.sum(axis=1))
    np.testing.assert_allclose(double, 2 * points)
    assert f"adding: 100%|██████████| {n}/{n}" in capsys.readouterr().err


def test_methods_at_draws():
    """A method of a posterior that differs from others in its context only."""

    class Scaled:
        parameters, context = ("a", "b"), np.array([2.0, 3.0])

        def in_context(self, context):
            other = Scaled()
            other.context = context
            return other

        def mean(self, x):
            return self.context * x

    points = np.random.default_rng(0).standard_normal((LENGTH + 3, 2))
    found = method_at_draws(Scaled(), "mean", points, "theory", progress=False)
    np.testing.assert_allclose(found, points * [2.0, 3.0])
