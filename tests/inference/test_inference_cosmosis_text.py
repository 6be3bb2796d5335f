"""Chains in CosmoSIS's text format: what is written is read, and what CosmoSIS writes is too."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import Draws, inference_data_of_files, read_draws, write_cosmosis
from jaxlike.registry.names import cosmosis_name


@pytest.fixture
def draws():
    rng = np.random.default_rng(0)
    values = 0.3 + 0.01 * rng.standard_normal((50, 5))
    return Draws(
        names=("omegam", "DES_b1", "mine", "S8", "other"),
        latex=("a", "b", "c", "d", "e"),
        sampled=(True, True, True, False, False),
        values=values,
        weights=np.ones(50),
        log_posterior=-values.sum(axis=1),
        log_prior=np.full(50, 1.5),
        lengths=(20, 30),
        limits={"omegam": (0.1, 0.9)},
    )


def test_names_are_cosmosis_s():
    theirs = {
        "omegam": "cosmological_parameters--omega_m",
        "H0": "cosmological_parameters--hubble",
        "h": "cosmological_parameters--h0",
        "omnuh2": "cosmological_parameters--omnuh2",
        "DES_AIA": "intrinsic_alignment_parameters--a",
        "z0_IA": "intrinsic_alignment_parameters--z0",
        "DES_DzL3": "lens_photoz_errors--bias_3",
        "m2": "shear_calibration_parameters--m2",
        "logA": "cosmological_parameters--log1e10as",
        "mine": None,
    }
    assert {name: cosmosis_name(name) for name in theirs} == theirs


@pytest.mark.parametrize("weighted", [False, True])
def test_round_trip(draws, tmp_path, weighted):
    if weighted:
        draws = replace(draws, weights=np.linspace(0.5, 1.5, 50))
    path = write_cosmosis(draws, tmp_path / "new" / "chain.txt")
    first = path.read_text().splitlines()[0]
    assert first.startswith("#cosmological_parameters--omega_m\tbin_bias--b1\tmine\t")
    assert first.endswith("weight\tprior\tpost" if weighted else "other\tprior\tpost")
    assert f"#sampler={'weighted_metropolis' if weighted else 'metropolis'}\n" in path.read_text()
    for name in (path, path.with_suffix("")):
        read = read_draws(name)
        assert read.names == (
            "cosmological_parameters--omega_m", "bin_bias--b1", "mine", "S8", "other",
        )  # fmt: skip
        assert read.varied == read.names[:3]
        assert read.lengths == (50,)
        assert read.limits[read.names[0]] == (0.1, 0.9)
        low, high = read.limits[read.names[1]]
        assert low < 0.22 < 0.38 < high
        for field in ("values", "weights", "log_posterior", "log_prior"):
            np.testing.assert_allclose(getattr(read, field), getattr(draws, field), rtol=1e-9)


CHAIN = """\
#cosmological_parameters--omega_m\tbin_bias--b1\tCOSMOLOGICAL_PARAMETERS--S_8{columns}\tprior\tpost
#sampler=nested
## START_OF_PARAMS_INI
## [pipeline]
## values = values.ini
## END_OF_PARAMS_INI
## START_OF_VALUES_INI
## [cosmological_parameters]
## omega_m = 0.1 0.3 0.9
## n_s = 0.96
## [bin_bias]
## b1 = 0.8 3.0
## END_OF_VALUES_INI
## START_OF_PRIORS_INI
## [bin_bias]
## b1 = gaussian 1.0 2.0
## END_OF_PRIORS_INI
{rows}
{end}"""


def chain(columns, extra, end=""):
    rows = [
        "\t".join(map(str, (0.1 * i, 1.0 + i, 0.8, *more, -1.0, -10.0 - i)))
        for i, more in enumerate(extra)
    ]
    added = "".join(f"\t{column}" for column in columns)
    return CHAIN.format(columns=added, rows="\n".join(rows), end=end)


def test_a_chain_of_cosmosis(tmp_path):
    (tmp_path / "chain.txt").write_text(chain((), [()] * 4, "#burn=0\n"))
    read = read_draws(tmp_path / "chain.txt")
    assert read.names == ("cosmological_parameters--omega_m", "bin_bias--b1", "S8")
    assert read.varied == read.names[:2]
    assert read.limits == {read.names[0]: (0.1, 0.9), read.names[1]: (0.8, 3.0)}
    np.testing.assert_array_equal(read.weights, 1.0)
    np.testing.assert_array_equal(read.log_posterior, [-10.0, -11.0, -12.0, -13.0])
    data = inference_data_of_files(tmp_path / "chain")
    np.testing.assert_array_equal(data.posterior["bin_bias--b1"], [[1.0, 2.0, 3.0, 4.0]])


@pytest.mark.parametrize(
    ("columns", "extra", "end", "weights"),
    [
        (["weight"], [[0.0], [2.0], [0.5]], "", [2.0, 0.5]),
        (["log_weight"], [[-3.0], [-2.0], [-np.inf]], "", [np.exp(-1.0), 1.0]),
        (["old_weight", "log_weight"], [[3.0, 0.0], [1.0, -1.0]], "", [3.0, np.exp(-1.0)]),
        (["weight"], [[9.0], [2.0], [0.5]], "#nsample=2\n", [2.0, 0.5]),
    ],
    ids=["weight", "log_weight", "importance", "steps before the draws"],
)
def test_weights_of_cosmosis(tmp_path, columns, extra, end, weights):
    (tmp_path / "chain.txt").write_text(chain(columns, extra, end))
    read = read_draws(tmp_path / "chain.txt")
    np.testing.assert_allclose(read.weights, weights)
    assert len(read.names) == 3


def test_files_of_several_processes(tmp_path):
    (tmp_path / "chain_1.txt").write_text(chain((), [()] * 4))
    (tmp_path / "chain_2.txt").write_text(chain((), [()] * 3))
    assert read_draws(tmp_path / "chain").lengths == (4, 3)
    (tmp_path / "chain_3.txt").write_text(chain(["weight"], [[1.0]]))
    with pytest.raises(ConfigError, match=r"chain_3\.txt: its columns are not those of"):
        read_draws(tmp_path / "chain")


def test_what_cannot_be_used_is_named(draws, tmp_path):
    (tmp_path / "chain.txt").write_text("#a--b\tprior\tpost\n1.0\t2.0\n")
    with pytest.raises(ConfigError, match=r"chain\.txt: cannot be read as a CosmoSIS chain \(2"):
        read_draws(tmp_path / "chain.txt")
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(ConfigError, match="there is no file"):
        read_draws(tmp_path / "notes.txt")
    nothing = np.full(50, np.nan)
    with pytest.raises(ConfigError, match="the chains have no column minuslogprior"):
        write_cosmosis(replace(draws, log_prior=nothing), tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()


def test_points_of_a_grid_count_by_their_posterior(tmp_path):
    omega_m, post = np.array([0.2, 0.3, 0.4, 0.5]), np.array([-12.0, -10.0, -11.0, np.nan])
    header = "cosmological_parameters--omega_m\tpost\nsampler=grid\nn_varied=1"
    path = tmp_path / "grid.txt"
    np.savetxt(path, np.column_stack([omega_m, post]), header=header, comments="#")
    draws = read_draws(tmp_path / "grid")
    expected = np.exp(post[:3] + 10.0)
    np.testing.assert_allclose(draws.weights, expected)
    mean = np.average(draws.values[:, 0], weights=draws.weights)
    assert mean == pytest.approx(omega_m[:3] @ expected / expected.sum())
