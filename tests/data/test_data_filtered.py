"""COSEBIs and band powers in 2pt FITS and SACC: as KiDS has them, as they are written, cut."""

from dataclasses import replace

import fitsio
import numpy as np
import pytest

from jaxlike.data import (
    FOURIER_SPACE,
    Measurement,
    TwoPointData,
    apply_scale_cuts,
    read_scale_cuts,
    read_two_point,
    write_sacc,
    write_two_point_fits,
)
from jaxlike.data.statistics import STATISTICS, scale_of
from jaxlike.errors import DataError

KERNELS = {"counts": "NZ_LENS", "shear": "NZ_SOURCE"}
BANDS = np.array([120.0, 300.0, 900.0])
NAMES = ("E_n", "B_n", "bandpower_EE", "bandpower_BB", "bandpower_nE", "bandpower_nn")


def table(statistic, *, n_mode=3, **columns):
    """One table of two lens or source bins: modes 1 to n_mode, or three bands."""
    mode = scale_of(statistic) == "mode"
    number = np.arange(1, n_mode + 1) if mode else np.arange(1, 4)
    pairs = np.array([(1, 1), (1, 2), (2, 2)])
    bin1, bin2 = pairs.repeat(number.size, axis=0).T
    first, second = (KERNELS[kind] for kind in STATISTICS[statistic])
    return Measurement(
        name=columns.pop("name", f"{statistic}_table"),
        statistic=statistic,
        kernel1=first,
        kernel2=second,
        bin1=bin1,
        bin2=bin2,
        angle_bin=np.tile(number, 3),
        theta_arcmin=None,
        value=1e-10 * (bin1 + bin2 + 0.1 * np.tile(number, 3)),
        ell=None if mode else np.tile(BANDS, 3),
        **columns,
    )


@pytest.fixture
def filtered(small_data):
    """A table of each of these statistics."""
    tables = tuple(table(name) for name in NAMES)
    value = np.concatenate([m.value for m in tables])
    return TwoPointData(tables, small_data.nz, np.diag(value**2), "made.fits")


@pytest.mark.parametrize(
    ("name", "statistics", "n", "scales"),
    [
        ("kids_1000_cosebis", ("E_n",), 300, np.arange(1, 21)),
        ("kids_legacy_cosebis", ("E_n",), 126, np.arange(1, 7)),
        ("kids_1000_bp", ("bandpower_nE", "bandpower_EE"), 200, None),
    ],
)
def test_kids_files_are_read_as_they_are(shared, name, statistics, n, scales):
    file = shared / "data" / "stage3" / f"{name}.fits"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    data = read_two_point(file)
    assert data.statistics == statistics
    assert data.n_data == n
    if scales is None:  # eight bands whose centres have the unit arcmin in the file
        scales = np.geomspace(100, 1500, 17)[1::2]
    for m in data.measurements:
        np.testing.assert_allclose(np.unique(m.scale), scales, rtol=1e-9)
        assert m.theta_arcmin is None
    with fitsio.FITS(str(file)) as fits:
        np.testing.assert_array_equal(data.covariance, fits["COVMAT"].read())


def test_they_are_no_spectra():
    assert not set(NAMES) & set(FOURIER_SPACE)
    assert [scale_of(name) for name in NAMES] == ["mode"] * 2 + ["ell"] * 4


def check_same(found, data):
    assert found.statistics == data.statistics
    np.testing.assert_array_equal(found.covariance, data.covariance)
    for one, other in zip(found.measurements, data.measurements, strict=True):
        for field in ("bin1", "bin2", "scale", "value", "theta_min_arcmin"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


@pytest.mark.parametrize("write", [write_two_point_fits, write_sacc])
def test_written_and_read(filtered, tmp_path, write):
    if write is write_sacc:
        pytest.importorskip("sacc", reason="sacc is not installed")
    edges = {"theta_min_arcmin": np.full(9, 2.0), "theta_max_arcmin": np.full(9, 300.0)}
    known = (table("E_n", **edges), *filtered.measurements[1:])
    for i, data in enumerate((filtered, replace(filtered, measurements=known))):
        path = tmp_path / f"{i}.fits"
        write(data, path)
        check_same(read_two_point(path), data)


def test_what_is_written_in_2pt_fits(filtered, tmp_path):
    """Quantities as KiDS has them; band powers by a keyword of their own."""
    write_two_point_fits(filtered, tmp_path / "x.fits")
    with fitsio.FITS(str(tmp_path / "x.fits")) as fits:
        for name, first, second in (
            ("E_n", "GEF", "GBF"),
            ("B_n", "GBF", "GEF"),
            ("bandpower_EE", "GEF", "GEF"),
            ("bandpower_BB", "GBF", "GBF"),
        ):
            header = fits[f"{name}_table"].read_header()
            assert (header["QUANT1"], header["QUANT2"]) == (first, second)
            assert bool(header.get("BANDPOW")) == name.startswith("bandpower")
        np.testing.assert_array_equal(fits["E_n_table"]["ANG"][:], np.tile([1.0, 2, 3], 3))


CUTS = """
min_mode: {E_n: {1-1: 2, 2-*: 1, '*-*': 1}, B_n: 3}
max_mode: {E_n: 2, B_n: 3.5}
min_ell: {bandpower_EE: 200, bandpower_BB: 0, bandpower_nE: 0, bandpower_nn: 500}
max_ell: {bandpower_EE: 900, bandpower_BB: 500, bandpower_nE: 10000, bandpower_nn: 10000}
"""


def test_cuts_by_mode_and_by_multipole(filtered, tmp_path):
    """Intervals of modes are closed, those of multipoles open."""
    (tmp_path / "cuts.yaml").write_text(CUTS)
    kept = apply_scale_cuts(filtered, read_scale_cuts(tmp_path / "cuts.yaml"))
    found = {m.statistic: m.scale.tolist() for m in kept.measurements}
    assert found == {
        "E_n": [2, 1, 2, 1, 2],
        "B_n": [3, 3, 3],
        "bandpower_EE": [300, 300, 300],
        "bandpower_BB": [120, 300] * 3,
        "bandpower_nE": [120, 300, 900] * 3,
        "bandpower_nn": [900, 900, 900],
    }
    everything = apply_scale_cuts(filtered, read_scale_cuts("none"))
    assert everything.n_data == filtered.n_data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min_angle: 2", "min_mode has no number for E_n of bins 1-1"),
        ("min_mode: -1", "min_mode is -1; a mode >= 0 is needed"),
        ("min_mode: {E_n: two}", "min_mode of E_n is 'two'; a mode >= 0 is needed"),
        ("min_angle: {E_n: 2}", "min_angle has E_n, whose limits are to be given as min_mode"),
        ("min_mode: {w: 2}", "min_mode has w, whose limits are to be given as min_angle"),
        ("min_ell: 0\nmax_mode: {bandpower_EE: 2}", "are to be given as max_ell"),
        ("min_mode: 4\nmin_ell: 10000", "leave none of its 54 points"),
    ],
)
def test_bad_cuts(filtered, tmp_path, text, message):
    path = tmp_path / "cuts.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        apply_scale_cuts(filtered, read_scale_cuts(path))


@pytest.mark.parametrize(
    ("statistic", "changes", "message"),
    [
        ("E_n", {"angle_bin": np.arange(9)}, "column ANGBIN must count modes from 1"),
        ("E_n", {"angle_bin": np.full(9, 1.5)}, "column ANGBIN must hold whole numbers"),
        ("E_n", {"ell": np.ones(9)}, "is E_n, a function of angle_bin, and ell is given"),
        ("E_n", {"theta_min_arcmin": np.ones(9)}, "both columns ANGLEMIN and ANGLEMAX"),
        ("bandpower_EE", {"ell": None}, "a function of ell, and ell is None"),
        ("bandpower_nn", {"ell": np.zeros(9)}, "column ANG must be > 0"),
    ],
)
def test_bad_tables(statistic, changes, message):
    with pytest.raises(DataError, match=message):
        replace(table(statistic), **changes)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            {"QUANT1": "GBF"},
            "unknown probe: QUANT1, QUANT2 are GBF GBF; accepted are .* BANDPOW = T",
        ),
        ({"BANDPOW": True}, "unknown probe: QUANT1, QUANT2 are GEF GBF"),
    ],
)
def test_unknown_quantities(filtered, tmp_path, header, message):
    path = tmp_path / "x.fits"
    write_two_point_fits(filtered, path)
    with fitsio.FITS(str(path), "rw") as fits:
        for key, value in header.items():
            fits["E_n_table"].write_key(key, value)
    with pytest.raises(DataError, match=message):
        read_two_point(path)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({}, "galaxy_shear_cosebi_ee: tag n is missing in point 1"),
        ({"n": 0}, "galaxy_shear_cosebi_ee: tag n must be > 0"),
        ({"n": 1.5}, "column ANGBIN must hold whole numbers"),
        ({"n": 1, "theta_min": 2.0}, "tag theta_max is missing in point 1"),
    ],
)
def test_bad_tags_of_sacc(tmp_path, tags, message):
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    content, z = sacc.Sacc(), np.linspace(0.1, 1, 10)
    content.add_tracer("NZ", "source_1", z, z, quantity="galaxy_shear")
    content.add_data_point("galaxy_shear_cosebi_ee", ("source_1", "source_1"), 1e-10, **tags)
    content.add_covariance([1e-22])
    content.save_fits(str(tmp_path / "x.sacc"))
    with pytest.raises(DataError, match=message):
        read_two_point(tmp_path / "x.sacc")
