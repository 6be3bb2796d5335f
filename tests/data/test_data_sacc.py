"""SACC files: what is written comes back, files of other programs are understood, or refused."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.data import (
    TwoPointData,
    from_sacc,
    read_two_point,
    read_two_point_fits,
    write_sacc,
    write_two_point_fits,
)
from jaxlike.errors import DataError

sacc = pytest.importorskip("sacc", reason="sacc is not installed")

Z = np.arange(0.01, 2.0, 0.02)


def bump(centre, z=Z):
    return np.exp(-0.5 * ((z - centre) / 0.1) ** 2)


def survey(*, quantity=True, points=True):
    """Two lenses and two sources; seven bandpowers of three types, interleaved."""
    s = sacc.Sacc()
    for name, centre in (("lens0", 0.3), ("src0", 0.7), ("lens1", 0.5), ("src1", 0.9)):
        own = "galaxy_density" if name.startswith("lens") else "galaxy_shear"
        s.add_tracer("NZ", name, Z, bump(centre), quantity=own if quantity else "generic")
    if points:
        for i, (kind, first, second, ell) in enumerate(POINTS):
            s.add_data_point(kind, (first, second), 1.0 + i, ell=ell)
        s.add_covariance(covariance(len(POINTS)))
    return s


POINTS = (
    ("galaxy_shear_cl_ee", "src0", "src0", 50.0),
    ("galaxy_density_cl", "lens0", "lens0", 40.0),
    ("galaxy_shear_cl_ee", "src0", "src1", 60.0),
    ("galaxy_shearDensity_cl_e", "src1", "lens0", 30.0),
    ("galaxy_density_cl", "lens1", "lens1", 80.0),
    ("galaxy_shearDensity_cl_e", "lens1", "src0", 90.0),
    ("galaxy_shear_cl_ee", "src1", "src1", 50.0),
)


def covariance(n):
    row = np.arange(n)
    return 0.3 ** np.abs(np.subtract.outer(row, row)) * np.outer(1 + row, 1 + row)


def same_points(one, other):
    assert one.columns() == other.columns()
    for field in set(one.columns()) - {"angle_bin"}:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


@pytest.mark.parametrize("which", ["small_data", "cl_data"])
def test_round_trip(which, request, tmp_path):
    """Points, edges, covariance and n(z), under names of SACC; the format is known by content."""
    data = request.getfixturevalue(which)
    path = tmp_path / "misleading.txt"
    write_sacc(data, path)
    again = read_two_point(path)
    assert again.source == str(path)
    np.testing.assert_array_equal(again.covariance, data.covariance)
    for m, n in zip(data.measurements, again.measurements, strict=True):
        assert m.statistic == n.statistic
        same_points(m, n)
    for table in data.nz:
        found = again.distribution({"NZ_LENS": "lens", "NZ_SOURCE": "source"}[table.name])
        np.testing.assert_array_equal(found.dndz, table.dndz)
        np.testing.assert_array_equal(found.z_mid, table.z_mid)
        np.testing.assert_allclose(found.z_low, table.z_low, atol=1e-15)
        np.testing.assert_allclose(found.z_high, table.z_high, atol=1e-15)
    assert not list(tmp_path.glob(".*"))


def test_a_2pt_fits_file_of_any_name_is_one(small_data, tmp_path):
    write_two_point_fits(small_data, tmp_path / "x.sacc")
    assert read_two_point(tmp_path / "x.sacc").measurement("xip").statistic == "xi_plus"


def test_hdf5_is_read_too(tmp_path):
    path = tmp_path / "x.hdf5"
    survey().save_hdf5(str(path))
    path.rename(tmp_path / "x.fits2")
    assert read_two_point(tmp_path / "x.fits2").n_data == len(POINTS)


def test_densities_and_shape_noise_survive(small_data, tmp_path):
    source = replace(small_data.nz[1], n_gal=np.array([1.5, 2.5]), sigma_e=np.array([0.3, 0.2]))
    data = replace(small_data, nz=(small_data.nz[0], source))
    write_sacc(data, tmp_path / "x.sacc")
    again = read_two_point(tmp_path / "x.sacc")
    np.testing.assert_array_equal(again.distribution("source").n_gal, [1.5, 2.5])
    np.testing.assert_array_equal(again.distribution("source").sigma_e, [0.3, 0.2])
    assert again.distribution("lens").n_gal is None


def test_points_are_sorted_by_type_and_the_covariance_with_them():
    data = from_sacc(survey(), "memory")
    shear, counts, cross = data.measurements
    assert data.statistics == ("C_ell_shear", "C_ell_counts", "C_ell_cross")
    np.testing.assert_array_equal(data.value, [1, 3, 7, 2, 5, 4, 6])
    order = data.value.astype(int) - 1
    np.testing.assert_array_equal(data.covariance, covariance(7)[np.ix_(order, order)])
    np.testing.assert_array_equal(shear.bin2, [1, 2, 2])
    np.testing.assert_array_equal(counts.bin1, [1, 2])
    np.testing.assert_array_equal(cross.bin1, [1, 2])  # the lens, whatever its place
    np.testing.assert_array_equal(cross.bin2, [2, 1])
    np.testing.assert_array_equal(cross.ell, [30, 90])
    lens = data.distribution("lens")
    np.testing.assert_array_equal(lens.dndz, [bump(0.3), bump(0.5)])
    assert lens.z_low[0] == 0


def test_without_quantities_the_data_types_tell():
    data = from_sacc(survey(quantity=False), "memory")
    cross = data.measurements[2]
    np.testing.assert_array_equal(cross.bin1, [1, 2])
    np.testing.assert_array_equal(cross.bin2, [2, 1])


def test_concise_types_state_the_order():
    s = survey(quantity=False, points=False)
    s.add_data_point("cl_0e", ("lens0", "src0"), 1.0, ell=10.0)
    s.add_data_point("cl_e0", ("src1", "lens0"), 2.0, ell=10.0)
    s.add_covariance([1.0, 2.0])
    (cross,) = from_sacc(s, "memory").measurements
    np.testing.assert_array_equal(cross.bin1, [1, 1])
    np.testing.assert_array_equal(cross.bin2, [1, 2])


@pytest.mark.parametrize("kind", ["diagonal", "blocks"])
def test_covariances_of_less_than_everything(kind):
    s = survey(points=False)
    for i, (data_type, *tracers, ell) in enumerate(POINTS):
        s.add_data_point(data_type, tracers, float(i), ell=ell)
    full = np.zeros((7, 7))
    full[:4, :4], full[4:, 4:] = covariance(4), covariance(3)
    if kind == "diagonal":
        full = np.diag(np.diag(full))
    s.add_covariance(np.diag(full) if kind == "diagonal" else [full[:4, :4], full[4:, 4:]])
    data = from_sacc(s, "memory")
    order = data.value.astype(int)
    np.testing.assert_array_equal(data.covariance, full[np.ix_(order, order)])


def test_tracers_with_redshifts_of_their_own():
    s = survey()
    z = np.arange(0.0, 1.5, 0.01)
    s.tracers["lens1"].z, s.tracers["lens1"].nz = z, bump(0.5, z)
    lens = from_sacc(s, "memory").distribution("lens")
    assert lens.z_high[-1] > 1.99
    np.testing.assert_allclose(lens.dndz[0], bump(0.3, lens.z_mid), atol=6e-3)  # linear between
    np.testing.assert_allclose(lens.dndz[1][:140], bump(0.5, lens.z_mid[:140]), atol=1e-12)
    assert not lens.dndz[1][150:].any()


def test_a_first_sample_at_zero_makes_no_narrow_cell():
    s = survey()
    z = np.arange(0.0, 2.0, 0.02)
    for tracer in s.tracers.values():
        tracer.z, tracer.nz = z, z * bump(0.5, z)
    lens = from_sacc(s, "memory").distribution("lens")
    np.testing.assert_allclose(lens.z_high - lens.z_low, 0.02)


def lose_covariance(s):
    s.covariance = None


def lose_tracer(s):
    del s.tracers["src1"]


def map_tracer(s):
    s.add_tracer("Map", "src1", 2, np.arange(3), np.ones(3), quantity="galaxy_shear")


def other_quantity(s):
    s.tracers["src1"].quantity = "cmb_convergence"


def contradiction(s):
    s.tracers["src1"].quantity = "galaxy_density"


def ambiguous(s):
    for tracer in s.tracers.values():
        tracer.quantity = "generic"
    s.keep_selection("galaxy_shearDensity_cl_e")


def other_type(s):
    s.data[0].data_type = "galaxy_shear_cl_bb"


def no_points(s):
    s.data = []


def three_tracers(s):
    s.data[0].tracers = ("src0",)


def no_ell(s):
    del s.data[0].tags["ell"]


def negative_nz(s):
    s.tracers["lens0"].nz[5] = -1.0


def decreasing_z(s):
    s.tracers["lens0"].z = s.tracers["lens0"].z[::-1]


def nan_value(s):
    s.data[4].value = np.nan


def bad_covariance(s):
    s.add_covariance(covariance(7) - 3 * np.eye(7), overwrite=True)


def standard_window(s):
    for point in s.data:
        point.tags["window"] = sacc.Window(np.arange(3), np.ones(3))


def some_windows(s):
    s.data[0].tags |= {"window": sacc.TopHatWindow(3, 5)}


def no_window_index(s):
    for point in s.data:
        point.tags["window"] = sacc.BandpowerWindow(np.arange(3), np.ones((3, 2)))


def empty_window(s):
    for point in s.data:
        point.tags["window"] = sacc.TopHatWindow(3, 3)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_covariance, "has no covariance; add one with sacc's add_covariance"),
        (lose_tracer, "uses the tracer 'src1', which is not there; the tracers are lens0, src0"),
        (map_tracer, "tracer 'src1' of galaxy_shear_cl_ee is of type 'Map' and has no n"),
        (other_quantity, "'src1' has the quantity 'cmb_convergence'; accepted are galaxy_density"),
        (contradiction, "'src1' has the quantity 'galaxy_density', but galaxy_shear_cl_ee has it"),
        (ambiguous, "'src1' and 'lens0' of galaxy_shearDensity_cl_e: either may be the lens"),
        (other_type, "data type 'galaxy_shear_cl_bb'; accepted are galaxy_density_cl, galaxy_sh"),
        (no_points, "has no data points; at least one is needed"),
        (three_tracers, "a point of galaxy_shear_cl_ee has 1 tracer"),
        (no_ell, "galaxy_shear_cl_ee: tag ell is missing in point 1"),
        (negative_nz, "tracer 'lens0': nz must be >= 0, and not zero everywhere"),
        (decreasing_z, "tracer 'lens0': z must be at least three increasing redshifts"),
        (nan_value, "'galaxy_density_cl' column VALUE has the value nan in row 2"),
        (bad_covariance, "the covariance is not positive definite"),
        (standard_window, "galaxy_shear_cl_ee has a window of type 'Standard'; accepted are 'Band"),
        (some_windows, "windows of different types, none and 'TopHat'; one for all is needed"),
        (no_window_index, "galaxy_shear_cl_ee: tag window_ind is None; accepted are 0 to 1"),
        (empty_window, "galaxy_shear_cl_ee: no multipole is in 0 <= 3 <= ell < 3"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_what_cannot_be_used_is_refused_in_one_sentence(damage, message):
    s = survey()
    damage(s)
    with pytest.raises(DataError) as caught:
        from_sacc(s, "memory")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_messages_name_the_file(tmp_path):
    s = survey()
    s.covariance = None
    s.save_fits(str(tmp_path / "x.sacc"))
    with pytest.raises(DataError, match=r"x\.sacc: has no covariance"):
        read_two_point(tmp_path / "x.sacc")
    content = (tmp_path / "x.sacc").read_bytes()
    (tmp_path / "cut.sacc").write_bytes(content[: len(content) // 2 // 2880 * 2880 + 500])
    with pytest.raises(DataError, match=r"cut\.sacc: "):
        read_two_point(tmp_path / "cut.sacc")
    with pytest.raises(DataError, match="there is no such file"):
        read_two_point(tmp_path / "absent.sacc")


def test_without_the_package_the_extra_is_named(monkeypatch, tmp_path):
    survey().save_fits(str(tmp_path / "x.sacc"))
    monkeypatch.setitem(__import__("sys").modules, "sacc", None)
    with pytest.raises(DataError, match=r"SACC files need sacc: pip install jaxlike\[sacc\]"):
        read_two_point(tmp_path / "x.sacc")


def test_writing_replaces_nothing_unasked(small_data, tmp_path):
    path = tmp_path / "x.sacc"
    write_sacc(small_data, path)
    with pytest.raises(DataError, match="exists already"):
        write_sacc(small_data, path)
    write_sacc(small_data, path, overwrite=True)
    with pytest.raises(DataError, match=r"cannot be written"):
        write_sacc(small_data, tmp_path / "no" / "x.sacc")


def test_a_file_of_lenses_alone_needs_no_sources(cl_data, tmp_path):
    data = cl_data.with_probes(["C_ell_counts"])
    write_sacc(data, tmp_path / "x.sacc")
    again = read_two_point(tmp_path / "x.sacc")
    assert isinstance(again, TwoPointData)
    assert [table.name for table in again.nz] == ["lens"]
    with pytest.raises(DataError, match="has no two-point HDU"):
        read_two_point_fits(tmp_path / "x.sacc")
