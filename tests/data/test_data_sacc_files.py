"""SACC files in every container, and windows that cannot be meant."""

import gzip
import shutil

import numpy as np
import pytest

from jaxlike.data import from_sacc, read_two_point
from jaxlike.errors import DataError

sacc = pytest.importorskip("sacc", reason="sacc is not installed")

ELL = np.arange(2, 200.0)
Z = np.linspace(0.05, 2, 40)


def survey(window=None, ell=(10.0, 30.0, 100.0)):
    """Shear of two bins, with two tracers that no point uses, one of which has no galaxies."""
    s = sacc.Sacc()
    s.add_tracer("NZ", "source_all", Z, 0 * Z, quantity="galaxy_shear")
    for i in (2, 1):
        row = np.exp(-30 * (Z - 0.4 * i) ** 2)
        s.add_tracer("NZ", f"source_{i}", Z, row, quantity="galaxy_shear")
    s.add_tracer("NZ", "lens_all", Z, np.exp(-Z), quantity="galaxy_density")
    pairs = [(1, 1), (1, 2), (2, 2)]
    for i, j in pairs:
        for k, one in enumerate(ell):
            tags = {} if window is None else {"window": window, "window_ind": k}
            names = (f"source_{i}", f"source_{j}")
            s.add_data_point("galaxy_shear_cl_ee", names, 1e-9, ell=one, **tags)
    s.add_covariance(np.full(len(pairs) * len(ell), 1e-20))
    return s


def bandpowers(ell=ELL, factor=1.0, order=1):
    weight = np.zeros((ELL.size, 3))
    for k, (low, high) in enumerate([(5, 12), (20, 40), (80, 120)]):
        weight[low:high, k] = factor / (high - low)
    return sacc.BandpowerWindow(ell, weight[:, ::order])


def test_tracers_that_no_point_uses_are_no_bins():
    data = from_sacc(survey(), "memory")
    assert data.samples == (("source", "shear"),)
    means = data.nz[0].dndz @ Z / data.nz[0].dndz.sum(axis=1)
    np.testing.assert_allclose(means, [0.4, 0.8], atol=2e-3)


def test_every_container_whatever_its_name(tmp_path):
    survey(bandpowers()).save_fits(str(tmp_path / "x.fits"))
    survey(bandpowers()).save_hdf5(str(tmp_path / "x.hdf5"))
    expected = read_two_point(tmp_path / "x.fits")
    for ending in ("fits", "hdf5"):
        file = tmp_path / f"x.{ending}"
        other = {"fits": "hdf5", "hdf5": "fits"}[ending]
        names = [f"y.{other}", "y.sacc", "y"]
        packed = [f"z.{ending}.gz", "z.sacc.gz", f"z.{other}", "z"]
        for name in names:
            shutil.copy(file, tmp_path / name)
        for name in packed:
            (tmp_path / name).write_bytes(gzip.compress(file.read_bytes()))
        for name in (file.name, *names, *packed):
            found = read_two_point(tmp_path / name)
            np.testing.assert_array_equal(found.value, expected.value)
            assert found.source == str(tmp_path / name)


@pytest.mark.parametrize("ending", ["fits", "hdf5"])
def test_truncated_files_are_refused(tmp_path, ending):
    file = tmp_path / f"x.{ending}"
    getattr(survey(), f"save_{ending}")(str(file))
    whole = file.read_bytes()
    for size in (600, 2880 * 5, 2880 * 8, len(whole) - 100):
        file.write_bytes(whole[:size])
        with pytest.raises(DataError, match=rf"x\.{ending}: ") as raised:
            read_two_point(file)
        assert "\n" not in str(raised.value)


def repeated():
    ell = ELL.copy()
    ell[7] = ell[6]
    return bandpowers(ell)


@pytest.mark.parametrize(
    ("windows", "ell", "message"),
    [
        (repeated(), (10.0, 30.0, 100.0), "a multipole is there twice"),
        (bandpowers(factor=-1), (10.0, 30.0, 100.0), "window of point 1 sums to -1, and must"),
        (bandpowers(order=-1), (10.0, 30.0, 100.0), "multipoles 82 to 121, .* ell, 10, is not"),
        (None, (10.0, 10.0, 30.0), "bins 1-1 at 10 more than once"),
        (None, (10.0, 30.0, 1e11), r"from 10 to 1e\+11, and accepted are 0.1 to 60000"),
        (sacc.TopHatWindow(10, 1e9), (20.0,), r"one is 10 <= ell < 1e\+09; accepted are ends from"),
        (sacc.TopHatWindow(np.nan, 30), (20.0,), "one is nan <= ell < 30"),
        (sacc.TopHatWindow(1000, 2000), (20.0,), "multipoles 1000 to 1999, .* ell, 20, is not"),
    ],
)
def test_points_and_windows_that_cannot_be_meant(windows, ell, message):
    with pytest.raises(DataError, match=message):
        from_sacc(survey(windows, ell), "memory")
