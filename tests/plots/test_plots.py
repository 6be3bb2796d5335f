"""Figures are written, have a panel per bin pair, and name what they cannot show."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.data import Measurement, RedshiftDistribution, TwoPointData
from jaxlike.errors import ConfigError
from jaxlike.forecast.predictive import Check
from jaxlike.inference import Chains
from jaxlike.inference.results.cosmosis_text import write_cosmosis
from jaxlike.inference.results.read_draws import read_draws
from jaxlike.plots.contours import (
    chains_as_samples,
    default_names,
    elbo_plot,
    load_chains,
    triangle_plot,
)
from jaxlike.plots.data_vector import data_vector_plot
from jaxlike.plots.predictive import chi2_plot


def make_data(statistics=("xi_plus", "xi_minus", "gamma_t", "w"), n_lens=2, n_source=2):
    theta = np.geomspace(5.0, 250.0, 4)
    z = np.linspace(0.05, 1.5, 10)

    def table(name, n):
        return RedshiftDistribution(name, z - 0.05, z, z + 0.05, np.ones((n, z.size)))

    measurements = []
    for statistic in statistics:
        first, second = {"gamma_t": ("NZ_LENS", "NZ_SOURCE"), "w": ("NZ_LENS", "NZ_LENS")}.get(
            statistic, ("NZ_SOURCE", "NZ_SOURCE")
        )
        n1, n2 = (n_lens if k == "NZ_LENS" else n_source for k in (first, second))
        pairs = [(i, j) for i in range(1, n1 + 1) for j in range(1, n2 + 1)]
        if statistic == "w":
            pairs = [(i, j) for i, j in pairs if i == j]
        elif first == second:
            pairs = [(i, j) for i, j in pairs if i <= j]
        b1, b2 = np.repeat(np.array(pairs), theta.size, axis=0).T
        angle = np.tile(theta, len(pairs))
        measurements.append(
            Measurement(
                statistic, statistic, first, second, b1, b2,
                np.tile(np.arange(1, 5), len(pairs)), angle, 1e-4 / angle,
            )
        )  # fmt: skip
    n = sum(m.value.size for m in measurements)
    tables = (table("NZ_LENS", n_lens), table("NZ_SOURCE", n_source))
    return TwoPointData(tuple(measurements), tables, 1e-12 * np.eye(n), "fake.fits")


@pytest.mark.parametrize(
    "statistics", [("xi_plus", "xi_minus", "gamma_t", "w"), ("xi_plus",), ("gamma_t", "w")]
)
def test_data_vector_plot(tmp_path, statistics):
    data = make_data(statistics)
    path = data_vector_plot(data, 1.1 * data.value, tmp_path / "new" / "data.png", title="fake")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize("residuals", [False, True])
def test_multipoles_can_be_plotted(tmp_path, cl_data, residuals):
    path = tmp_path / "cl.svg"
    data_vector_plot(cl_data, 1.1 * cl_data.value, path, residuals=residuals)
    text = path.read_text()
    assert "ell" in text
    assert "arcmin" not in text


def test_a_single_point_can_be_plotted(tmp_path):
    data = make_data(("w",))
    mask = np.zeros(data.n_data, bool)
    mask[0] = True
    data = data.select(mask)
    assert data_vector_plot(data, data.value, tmp_path / "one.png").is_file()


@pytest.fixture
def prefix(tmp_path):
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((500, 4))
    rows = np.column_stack([np.ones(500), 0.5 * np.sum(draws**2, axis=1), draws])
    np.savetxt(tmp_path / "run.1.txt", rows)
    names = "omegam\t\\Omega_m\nns\tn_s\nDES_b1\tb_1\nchi2*\t\\chi^2\n"
    (tmp_path / "run.paramnames").write_text(names)
    return tmp_path / "run"


def test_triangle_plot_of_all_or_chosen_parameters(tmp_path, prefix):
    samples = load_chains(prefix)
    few = triangle_plot(samples, tmp_path / "few.png")
    more = triangle_plot(samples, tmp_path / "more.png", names=["omegam", "ns", "DES_b1"])
    assert few.read_bytes().startswith(b"\x89PNG")
    assert more.stat().st_size > few.stat().st_size
    with pytest.raises(ConfigError, match="'sigma8' is not in the chains; accepted are omegam"):
        triangle_plot(samples, tmp_path / "none.png", names=["sigma8"])


def test_names_with_a_prefix_are_as_telling_as_without():
    columns = ["NGC_m1", "SGC_AIA", "ns", "NGC_A_IA", "chi2", "omegam"]
    assert default_names(columns) == ["omegam", "ns", "SGC_AIA", "NGC_A_IA"]


def test_runs_of_other_names_are_drawn_over_each_other(tmp_path, prefix):
    draws = read_draws(prefix)
    draws = replace(draws, log_prior=np.zeros(500), weights=np.linspace(0.5, 1.5, 500))
    path = write_cosmosis(draws, tmp_path / "theirs.txt")
    samples = load_chains(path)
    assert samples.label == "theirs"
    np.testing.assert_allclose(samples.weights, draws.weights)
    runs = [load_chains(prefix), samples]
    both = triangle_plot(runs, tmp_path / "both.png", names=["omegam", "DES_b1"])
    assert both.stat().st_size > 10_000
    with pytest.raises(ConfigError, match="'omegam' is not in the chains; accepted are cosmolog"):
        triangle_plot(runs[::-1], tmp_path / "none.png", names=["omegam"])


@pytest.mark.parametrize("residuals", [False, True])
def test_bands_are_drawn(tmp_path, residuals):
    data = make_data(("xi_plus", "gamma_t", "w"))
    mask = np.ones(data.n_data, bool)
    mask[1:4] = False  # of the first pair a single point is left
    data = data.select(mask)
    ends = {p: ((1 - p) * data.value, (1 + p) * data.value) for p in (0.1, 0.3)}
    path = tmp_path / "data.svg"
    data_vector_plot(data, data.value, path, residuals=residuals, bands=ends)
    assert "bands hold 10 % and 30 %" in path.read_text()


@pytest.mark.parametrize(
    "names", [["all"], ["w", "all"], ["xi_plus", "xi_minus", "gamma_t", "all"]]
)
def test_chi2_plot(tmp_path, names):
    rng = np.random.default_rng(0)
    checks = [
        Check(n, 9, rng.chisquare(3, 200), rng.chisquare(9, 200), np.ones(200)) for n in names
    ]
    path = chi2_plot(checks, tmp_path / "new" / "chi2.svg", title="some data")
    text = path.read_text()
    assert "all data, 9 points: p = " in text
    assert text.count("9 points") == len(names)


@pytest.mark.parametrize("steps", [1, 7, 1000])
def test_elbo_plot(tmp_path, steps):
    elbo = -20.0 - 30.0 * np.exp(-np.arange(steps) / 50.0)
    path = elbo_plot(elbo, tmp_path / "new" / "elbo.png")
    assert path.stat().st_size > 5000


def test_unreadable_chains(tmp_path):
    with pytest.raises(ConfigError, match="there is no file"):
        load_chains(tmp_path / "absent")
    (tmp_path / "bad.1.txt").write_text("not numbers at all\n")
    (tmp_path / "bad.paramnames").write_text("a\ta\n")
    with pytest.raises(ConfigError, match="cannot be read by GetDist"):
        load_chains(tmp_path / "bad")


def test_runs_in_memory_are_drawn_over_each_other_inside_their_priors(tmp_path):
    rng = np.random.default_rng(0)
    draws = rng.uniform(0.1, 0.9, size=(2, 400, 2))
    zeros = np.zeros((2, 400))
    chains = Chains(
        names=("omegam", "H0"),
        latex=(r"\Omega_m", "H_0"),
        priors=({"min": 0.1, "max": 0.9}, {"dist": "norm", "loc": 0.5, "scale": 1.0}),
        draws=draws,
        log_posterior=zeros,
        log_prior=zeros,
        divergent=zeros > 0,
    )
    runs = [chains_as_samples(chains, label) for label in ("nuts", "mh")]
    assert (runs[0].ranges.getLower("omegam"), runs[0].ranges.getUpper("omegam")) == (0.1, 0.9)
    assert runs[0].ranges.getLower("H0") is None
    density = runs[0].get1DDensity("omegam")
    assert density.Prob(0.12) > 0.7 * density.Prob(0.5), "no smoothing across the prior's edge"
    assert triangle_plot(runs, tmp_path / "both.png").stat().st_size > 10000
