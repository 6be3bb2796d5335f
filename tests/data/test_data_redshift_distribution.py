"""n(z) as files have it: cells that overlap, begin below zero, or hold less than nothing."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.data import RedshiftDistribution, read_two_point_fits
from jaxlike.errors import DataError
from jaxlike.likelihoods.sample_nz import histogram_of
from jaxlike.theory.tracers.redshift import kernel_density


def table(z, low, high, *rows, modes=None):
    return RedshiftDistribution("NZ", low, z, high, np.array(rows), modes=modes)


def uneven(n):
    """A table with cells of 0.02 and of 0.05, whose edges are not half-way between the middles."""
    edges = np.concatenate([np.arange(0, 0.5, 0.02), np.arange(0.5, 2.01, 0.05)])
    z = (edges[1:] + edges[:-1]) / 2
    return table(z, edges[:-1], edges[1:], n(z))


def test_cells_that_tile_are_left_alone():
    same = uneven(lambda z: np.exp(-z))
    assert same.tiled() is same
    rounded = replace(same, z_low=same.z_low + 1e-5)
    assert rounded.tiled() is rounded
    np.testing.assert_array_equal(histogram_of(same).edges[:-1], same.z_low)
    np.testing.assert_array_equal(histogram_of(same).edges[1:], same.z_high)


def test_cells_that_overlap_are_what_their_middles_say():
    """Z_LOW and Z_HIGH are the neighbours' Z_MID, as in DES-SV's files: the mean is 0.52645."""
    z = 0.0094875 + 0.008975 * np.arange(200)
    n = z**2 * np.exp(-((z / 0.35) ** 1.5))
    overlapping = table(z, z - 0.008975, z + 0.008975, n)
    assert histogram_of(overlapping).mean()[0] == pytest.approx(0.52645, abs=1e-5)
    assert histogram_of(overlapping).width == pytest.approx(0.008975)
    np.testing.assert_array_equal(overlapping.z_low, z - 0.008975)  # the table stays as it is read
    fine = np.linspace(-0.2, 3.2, 6801)
    density = kernel_density(histogram_of(overlapping), 0.003, fine)[0]
    assert np.trapezoid(density * fine, fine) == pytest.approx(0.52645, abs=2e-5)


def test_gaps_are_closed():
    z = np.arange(0.05, 2.0, 0.1)
    gaps = table(z, z - 0.02, z + 0.02, np.exp(-z))
    np.testing.assert_allclose(histogram_of(gaps).edges, np.arange(0, 2.05, 0.1), atol=1e-12)
    assert histogram_of(gaps).mean()[0] == pytest.approx(np.average(z, weights=np.exp(-z)))


def test_a_cell_around_zero_keeps_its_galaxies():
    z = np.arange(0, 2.0, 0.1)
    n, modes = np.exp(-z), np.ones((1, 1, z.size))
    around = table(z, z - 0.05, z + 0.05, n, modes=modes)
    histogram = histogram_of(around)
    np.testing.assert_allclose(histogram.edges[:3], [0, 0.05, 0.15])
    mass = histogram.counts[0] * np.diff(histogram.edges)
    np.testing.assert_allclose(mass, 0.1 * n)
    np.testing.assert_allclose(histogram.modes[0, 0] * np.diff(histogram.edges), 0.1)


def test_a_cell_around_zero_goes_if_it_is_empty():
    z = np.arange(0, 2.0, 0.1)
    empty = table(z, z - 0.05, z + 0.05, z)
    assert empty.tiled().z_low[0] == pytest.approx(0.05)
    assert empty.tiled().z_mid.size == z.size - 1
    needed = replace(empty, modes=np.ones((1, 1, z.size)))
    assert needed.tiled().z_mid.size == z.size


@pytest.mark.parametrize("cap", ["ngc", "sgc"])
def test_decade_has_the_means_of_its_middles(shared, cap):
    """The northern cap's first cell is from -0.025 to 0.025, and the next begins at 0.01."""
    stage3 = shared / "data" / "stage3" / f"decade_{cap}.fits"
    if not stage3.is_file():
        pytest.skip(f"needs {stage3}")
    (source,) = read_two_point_fits(stage3).nz
    assert source.z_low[0] == pytest.approx(-0.025 if cap == "ngc" else 0.01)
    means = histogram_of(source).mean()
    sums = (source.dndz * source.z_mid).sum(axis=1) / source.dndz.sum(axis=1)
    np.testing.assert_allclose(means, sums, rtol=1e-12)
    curves = source.dndz, source.dndz * source.z_mid
    norm, moment = (np.trapezoid(curve, source.z_mid, axis=1) for curve in curves)
    np.testing.assert_allclose(means, moment / norm, rtol=4e-3)  # half of the last sample, z = 5
    stored = shared / "reference" / "stage3" / "decade_p0.npz"
    if stored.is_file():
        with np.load(stored) as numbers:
            z, bins = numbers[f"nz_{cap}/z"], numbers[f"nz_{cap}/bins"]
        np.testing.assert_allclose(means, bins @ z / bins.sum(axis=1), rtol=1e-12)


def test_a_little_below_zero_is_read_as_it_is():
    z = np.arange(0.05, 2.0, 0.1)
    n = np.exp(-(((z - 1) / 0.3) ** 2))
    n[2] = -0.009
    assert table(z, z - 0.05, z + 0.05, n).dndz[0, 2] == -0.009
    n[2] = -0.011
    with pytest.raises(DataError, match=r"BIN1 is negative in row 3; .* a hundredth of"):
        table(z, z - 0.05, z + 0.05, n)


def test_middles_below_zero_are_refused():
    z = np.arange(-0.05, 2.0, 0.1)
    with pytest.raises(DataError, match=r"must increase .* Z_MID >= 0"):
        table(z, z - 0.05, z + 0.05, z**2)
