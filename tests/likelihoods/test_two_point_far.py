"""Galaxies far away, and the few behind the others: what CCL says of them, at the data's errors."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from jaxlike.data import Measurement, RedshiftDistribution, TwoPointData
from jaxlike.errors import DataError
from jaxlike.likelihoods.common_nodes import z_max_of
from jaxlike.likelihoods.sample_nz import histograms_of
from jaxlike.likelihoods.survey import build_survey
from jaxlike.likelihoods.tails import FAINT, TAIL, tail_of
from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.redshift import kernel_density

ELL = np.geomspace(30, 2500, 6)
EDGES = np.linspace(0.0, 7.0, 701)
Z = (EDGES[1:] + EDGES[:-1]) / 2
BANDWIDTH = 0.003
OPTIONS = TheoryOptions(
    nonlinear="linear", nz_bandwidth=BANDWIDTH, radiation=False, ell_prefactors=True
)
STATISTICS = {
    "C_ell_counts": ("lens", "lens"),
    "C_ell_cross": ("lens", "source"),
    "C_ell_shear": ("source", "source"),
}


def gauss(mean, width):
    return np.exp(-0.5 * ((Z - mean) / width) ** 2) / width


def survey(lens, source, *, error=1e-3, statistics=tuple(STATISTICS)):
    """C_ell of all pairs with errors of a share of their values, which are one."""
    tables = {"lens": lens, "source": source}
    nz = tuple(
        RedshiftDistribution(name, EDGES[:-1], Z, EDGES[1:], np.array(rows))
        for name, rows in tables.items()
    )
    found = []
    for statistic in statistics:
        kernels = STATISTICS[statistic]
        first, second = (range(1, len(tables[kernel]) + 1) for kernel in kernels)
        pairs = [(i, j) for i in first for j in second if kernels[0] != kernels[1] or i <= j]
        if statistic == "C_ell_counts":
            pairs = [(i, i) for i in first]
        bins = np.repeat(np.array(pairs), ELL.size, axis=0)
        order, ell = (np.tile(one, len(pairs)) for one in (np.arange(ELL.size) + 1, ELL))
        found.append(
            Measurement(
                statistic, statistic, *kernels, *bins.T, order, None, np.ones(ell.size), ell=ell
            )
        )
    n = sum(m.value.size for m in found)
    return TwoPointData(tuple(found), nz, error**2 * np.eye(n), "made up")


def of_ccl(ccl, data):
    """The same from CCL, of n(z) smoothed as ours."""
    cosmo = ccl.Cosmology(
        Omega_c=0.25, Omega_b=0.05, h=0.7, n_s=0.96, sigma8=0.8, Omega_g=0, Neff=0,
        transfer_function="eisenstein_hu", matter_power_spectrum="linear",
    )  # fmt: skip
    z = np.linspace(1e-4, 7.0, 5000)
    lens, source = (kernel_density(Histogram(EDGES, nz.dndz), BANDWIDTH, z) for nz in data.nz)
    bias = (z, np.ones_like(z))
    tracers = {
        "lens": [
            ccl.NumberCountsTracer(cosmo, has_rsd=False, dndz=(z, n), bias=bias, n_samples=3000)
            for n in lens
        ],
        "source": [ccl.WeakLensingTracer(cosmo, dndz=(z, n), n_samples=3000) for n in source],
    }
    return np.concatenate(
        [
            ccl.angular_cl(cosmo, tracers[m.kernel1][i - 1], tracers[m.kernel2][j - 1], ELL)
            for m in data.measurements
            for i, j in dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True))
        ]
    )


def test_galaxies_to_redshift_6_and_those_behind_are_as_in_ccl():
    """Lenses at 2.9 to 5, sources at 4, and sources of which a thousandth is far behind the rest:
    46 % of the counts were lost at 2.9, 1.2 % of the shear at 4, and 0.29 % with the tail."""
    ccl = pytest.importorskip("pyccl", reason="CCL is not installed")
    tailed = Z**2 * np.exp(-((Z / 0.5) ** 1.5))
    data = survey([gauss(z, 0.1) for z in (0.3, 2.9, 3.3, 5.0)], [tailed, gauss(4.0, 0.15)])
    expected = of_ccl(ccl, data)
    likelihood = fine_likelihood(data, OPTIONS)
    assert likelihood.grid.nodes.z[-1] > 5.3
    parameters = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}
    parameters |= {f"b{i}": 1.0 for i in range(1, 5)}
    found = likelihood.theory_vector(resolve(parameters, likelihood.samples))
    cross = np.concatenate(
        [np.full(m.value.size, m.kernel1 != m.kernel2) for m in data.measurements]
    )
    behind = np.abs(expected) < 1e-3 * np.abs(expected[cross]).max()  # lenses behind the sources
    np.testing.assert_allclose(found[~(cross & behind)], expected[~(cross & behind)], rtol=1e-3)


def tail_seen(data):
    return tail_of(data, data.samples, histograms_of(data))


@pytest.mark.parametrize("kind", ["source", "lens"])
def test_tails_are_followed_where_the_errors_see_them(kind):
    tail = 0.9991 * gauss(0.5, 0.1) + 9e-4 * gauss(2.6, 0.1)
    rows = {"lens": [gauss(0.3, 0.1)], "source": [gauss(0.5, 0.1)], kind: [tail]}
    own = {"source": ("C_ell_shear",), "lens": ("C_ell_counts",)}[kind]
    for statistics in (own, tuple(STATISTICS)):
        precise = survey(**rows, error=1e-3, statistics=statistics)
        coarse = survey(**rows, error=0.3, statistics=statistics)
        assert (tail_seen(precise), tail_seen(coarse)) == (FAINT, TAIL)
        assert build_survey(precise, OPTIONS).z[-1] > 2.7
        assert build_survey(coarse, OPTIONS).z[-1] < 1.5
    without = survey([gauss(0.3, 0.1)], [gauss(0.5, 0.1)], error=1e-6)
    assert build_survey(without, OPTIONS).z[-1] < 1.5


def test_noise_is_no_signal_of_a_tail():
    tail = 0.9991 * gauss(0.5, 0.1) + 9e-4 * gauss(2.6, 0.1)
    data = survey([gauss(0.3, 0.1)], [tail], error=0.1)
    noise = np.random.default_rng(1).standard_normal(data.n_data)
    ends = np.cumsum([m.value.size for m in data.measurements])[:-1]
    values = np.split(0.1 * noise, ends)
    noisy = [replace(m, value=v) for m, v in zip(data.measurements, values, strict=True)]
    assert tail_seen(replace(data, measurements=tuple(noisy))) == TAIL


def test_structure_goes_as_far_as_galaxies_that_matter():
    near, far = gauss(0.5, 0.1), gauss(3.5, 0.1)
    few = 0.99 * near + 0.01 * far
    assert z_max_of(survey([near], [few])) == pytest.approx(2.9)
    assert z_max_of(survey([few], [near])) > 3.6
    assert z_max_of(survey([near], [0.9 * near + 0.1 * far])) > 3.6


def test_galaxies_beyond_all_are_refused():
    edges = np.linspace(0.0, 1800.0, 181)
    middle = (edges[1:] + edges[:-1]) / 2
    data = survey([gauss(0.3, 0.1)], [gauss(0.5, 0.1)])
    far = RedshiftDistribution("source", edges[:-1], middle, edges[1:], np.ones((1, 180)))
    with pytest.raises(
        DataError, match=r"'source' has 99.4 % of the galaxies of a bin beyond z = 10"
    ):
        build_survey(data.with_nz({"source": far}), OPTIONS)


@pytest.mark.parametrize(
    ("width", "nz", "told"), [(0.4, "kde", 1), (0.4, "spline", 0), (0.1, "kde", 0)]
)
def test_coarse_cells_are_warned_about(width, nz, told):
    """Of the sources, 20 % of cosmic shear with 0.4; a spline goes through their middles."""
    edges = np.arange(0.0, 2.01, width)
    middles = (edges[1:] + edges[:-1]) / 2
    counts = np.exp(-0.5 * ((middles - 0.8) / 0.3) ** 2)
    data = survey([gauss(0.5, 0.1)], [gauss(0.8, 0.2)], statistics=("C_ell_shear",))
    coarse = RedshiftDistribution("source", edges[:-1], middles, edges[1:], counts[None])
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        build_survey(data.with_nz({"source": coarse}), TheoryOptions(nz=nz))
    words = [str(one.message) for one in found]
    assert sum("'source' has cells 0.4 wide" in text for text in words) == told == len(words)
