"""Chains as ArviZ's InferenceData, in memory and from files, and the plots made of it."""

import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import (
    Chains,
    inference_data,
    inference_data_of_draws,
    inference_data_of_files,
    read_draws,
    summarise,
    write_chains,
    write_cosmosis,
    write_getdist,
    write_netcdf,
)
from jaxlike.plots.contours import load_chains
from jaxlike.plots.traces import trace_and_rank_plots


@pytest.fixture
def chains():
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((3, 200, 2))
    log_posterior = -0.5 * (draws**2).sum(axis=-1)
    return Chains(
        names=("omegam", "H0"),
        latex=(r"\\Omega_m", "H_0"),
        priors=({"dist": "norm", "loc": 0, "scale": 1},) * 2,
        draws=draws,
        log_posterior=log_posterior,
        log_prior=log_posterior,
        divergent=draws[..., 0] > 3,
        derived_latex={"S8": "S_8"},
        derived=draws.sum(axis=-1, keepdims=True),
    )


def test_in_memory(chains):
    data = inference_data(chains)
    assert list(data.posterior.data_vars) == ["omegam", "H0", "S8"]
    np.testing.assert_array_equal(data.posterior["H0"], chains.draws[..., 1])
    np.testing.assert_array_equal(data.sample_stats["diverging"], chains.divergent)


def test_from_files(chains, tmp_path):
    import arviz

    write_chains(chains, tmp_path / "run")
    data = inference_data_of_files(tmp_path / "run")
    np.testing.assert_allclose(data.posterior["S8"], chains.derived[..., 0], rtol=1e-8)
    np.testing.assert_allclose(data.sample_stats["lp"], chains.log_posterior, rtol=1e-8)
    found = arviz.ess(data)["H0"]
    assert float(found) == pytest.approx(summarise(chains).ess_bulk[1], rel=1e-6)


def test_weights_repeat_rows(tmp_path):
    (tmp_path / "mc.1.txt").write_text("# weight minuslogpost p\n2 1.0 0.5\n3 2.0 0.7\n")
    (tmp_path / "mc.2.txt").write_text("# weight minuslogpost p\n1 1.0 0.1\n9 2.0 0.2\n")
    data = inference_data_of_files(tmp_path / "mc")
    np.testing.assert_array_equal(data.posterior["p"][0], [0.5, 0.5, 0.7, 0.7, 0.7])
    np.testing.assert_array_equal(data.posterior["p"][1], [0.1, 0.2, 0.2, 0.2, 0.2])


def test_other_weights_resample_each_chain(chains, tmp_path):
    weights = np.exp(chains.draws[..., 0])
    write_chains(chains, tmp_path / "run", weights=weights)
    data = inference_data_of_files(tmp_path / "run")
    assert data.posterior["H0"].shape == (3, 200)
    for i in range(3):
        expected = np.average(chains.draws[i, :, 0], weights=weights[i])
        assert expected > 0.7
        assert float(data.posterior["omegam"][i].mean()) == pytest.approx(expected, abs=0.1)


def test_netcdf_keeps_everything(chains, tmp_path):
    import arviz

    write_chains(chains, tmp_path / "run")
    data = inference_data_of_draws(read_draws(tmp_path / "run"))
    path = write_netcdf(data, tmp_path / "new" / "run.nc")
    read = arviz.from_netcdf(path)
    for name in ("omegam", "H0", "S8"):
        np.testing.assert_array_equal(read.posterior[name], data.posterior[name])
    np.testing.assert_allclose(read.sample_stats["lp"], chains.log_posterior, rtol=1e-8)
    assert [f.name for f in path.parent.iterdir()] == ["run.nc"]


def test_a_missing_package_is_named(tmp_path):
    class Data:
        def to_netcdf(self, path):
            raise ImportError("No module named 'h5netcdf'")

    with pytest.raises(ConfigError, match=r"NetCDF cannot be written .*: pip install h5netcdf"):
        write_netcdf(Data(), tmp_path / "run.nc")


def test_through_cosmosis_to_getdist(chains, tmp_path):
    weights = np.exp(0.3 * chains.draws[..., 1])
    write_chains(chains, tmp_path / "run", weights=weights)
    first = read_draws(tmp_path / "run")
    read = read_draws(write_cosmosis(first, tmp_path / "run_cosmosis.txt"))
    files = write_getdist(read, tmp_path / "back")
    assert [f.name for f in files] == ["back.1.txt", "back.paramnames", "back.ranges"]
    last = read_draws(tmp_path / "back")
    assert last.names == (
        "cosmological_parameters--omega_m",
        "cosmological_parameters--hubble",
        "S8",
    )
    assert last.sampled == first.sampled
    for field in ("values", "weights", "log_posterior", "log_prior"):
        np.testing.assert_allclose(getattr(last, field), getattr(first, field), rtol=1e-8)
    before, after = load_chains(tmp_path / "run"), load_chains(tmp_path / "back")
    np.testing.assert_allclose(before.getMeans()[:3], after.getMeans()[:3], rtol=1e-7)
    assert after.paramNames.parWithName("S8").isDerived
    direct = load_chains(tmp_path / "run_cosmosis.txt")
    np.testing.assert_allclose(before.getMeans()[:3], direct.getMeans()[:3], rtol=1e-7)
    with pytest.raises(ConfigError, match=r"back\.1\.txt exists already"):
        write_getdist(read, tmp_path / "back")
    write_getdist(read, tmp_path / "back", overwrite=True)


def test_plots_are_written(chains, tmp_path):
    paths = trace_and_rank_plots(inference_data(chains), tmp_path / "a" / "run", ["H0", "S8"])
    assert [p.name for p in paths] == ["run_trace.png", "run_rank.png"]
    assert all(p.stat().st_size > 5000 for p in paths)


def test_what_is_not_there_is_named(chains, tmp_path):
    with pytest.raises(ConfigError, match=r"there is no file .*none\.1\.txt"):
        inference_data_of_files(tmp_path / "none")
    with pytest.raises(ConfigError, match="'tau' is not in the chains; accepted are omegam"):
        trace_and_rank_plots(inference_data(chains), tmp_path / "run", ["tau"])
    (tmp_path / "bad.1.txt").write_text("# weight p\n1 x\n")
    with pytest.raises(ConfigError, match="cannot be read as a chain"):
        inference_data_of_files(tmp_path / "bad")
