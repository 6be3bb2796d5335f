"""Modes of n(z): they survive both formats, follow their tracers, and are checked."""

from dataclasses import replace

import fitsio
import numpy as np
import pytest

from jaxlike.data import read_two_point, read_two_point_fits, write_sacc, write_two_point_fits
from jaxlike.data.sacc.reader import from_sacc
from jaxlike.errors import DataError

sacc = pytest.importorskip("sacc", reason="sacc is not installed")

Z = np.arange(0.02, 2.0, 0.02)


def with_modes(data, n_mode=3):
    lens, source = data.nz
    rng = np.random.default_rng(0)
    changed = [
        replace(t, modes=rng.normal(0, 0.1, (n_mode, *t.dndz.shape))) for t in (lens, source)
    ]
    return replace(data, nz=tuple(changed))


@pytest.mark.parametrize("write", [write_two_point_fits, write_sacc])
def test_round_trip(write, small_data, tmp_path):
    data = with_modes(small_data)
    write(data, tmp_path / "x.fits")
    again = read_two_point(tmp_path / "x.fits")
    for name in ("lens", "source"):
        before = data.distribution(f"nz_{name}").modes
        table = again.distribution(name if write is write_sacc else f"nz_{name}")
        np.testing.assert_allclose(table.modes, before, rtol=1e-15)
        assert table.n_mode == 3
    assert small_data.nz[0].n_mode == 0


def test_an_image_beside_a_file_of_a_survey(small_data, tmp_path):
    """Two lines of fitsio add modes; the name may be in either case."""
    path = tmp_path / "x.fits"
    write_two_point_fits(small_data, path)
    modes = np.ones((1, *small_data.nz[1].dndz.shape))
    with fitsio.FITS(str(path), "rw") as fits:
        fits.write(modes, extname="nz_source_modes")
    lens, source = read_two_point_fits(path).nz
    np.testing.assert_array_equal(source.modes, modes)
    assert lens.modes is None


@pytest.mark.parametrize(
    ("modes", "message"),
    [
        (np.ones((2, 90)), "NZ_SOURCE.*modes has 2 dimension"),
        (np.ones((1, 2, 89)), "modes are 2 bins x 89 redshifts, but n.z. is 2 x 90"),
        (np.full((1, 2, 90), np.nan), "NZ_SOURCE.*modes"),
    ],
)
def test_modes_of_another_shape_are_refused(small_data, modes, message):
    with pytest.raises(DataError, match=message):
        replace(small_data.nz[1], modes=modes)


def test_a_table_in_the_place_of_the_image_is_named(small_data, tmp_path):
    write_two_point_fits(small_data, tmp_path / "x.fits")
    with fitsio.FITS(str(tmp_path / "x.fits"), "rw") as fits:
        fits.write(np.zeros(3, dtype=[("A", float)]), extname="NZ_LENS_MODES")
    with pytest.raises(DataError, match=r"x\.fits: HDU 'NZ_LENS_MODES' is a table, but must be an"):
        read_two_point_fits(tmp_path / "x.fits")


def survey(*uncertainties, other_grid=False):
    s = sacc.Sacc()
    for name, quantity in (("lens0", "density"), ("src0", "shear"), ("src1", "shear")):
        z = Z[::2] if other_grid and name == "src1" else Z
        dndz = np.exp(-0.5 * ((z - 0.7) / 0.2) ** 2)
        s.add_tracer("NZ", name, z, dndz, quantity=f"galaxy_{quantity}")
    for i, pair in enumerate([("src0", "src0"), ("src0", "src1"), ("src1", "src1")]):
        s.add_data_point("galaxy_shear_cl_ee", pair, 1.0 + i, ell=100.0)
    s.add_covariance(np.ones(3))
    for uncertainty in uncertainties:
        s.add_tracer_uncertainty_object(uncertainty)
    return s


def test_modes_of_single_tracers_stand_one_after_another():
    """Each changes its own tracer; shifts, and modes shared with lenses, are not modes of these."""
    matrix = np.random.default_rng(1).normal(size=(2, Z.size, 2))
    both = sacc.NZLinearUncertainty("mixed", ["lens0", "src0"], np.ones((2 * Z.size, 4)))
    shift = sacc.NZShiftUncertainty("shift", ["src0", "src1"], [0, 0], [0.01, 0.02])
    second = sacc.NZLinearUncertainty("b", ["src1"], matrix[1])
    first = sacc.NZLinearUncertainty("a", ["src0"], matrix[0])
    source = from_sacc(survey(both, shift, second, first), "memory").distribution("source")
    assert source.modes.shape == (4, 2, Z.size)
    np.testing.assert_array_equal(source.modes[:2, 1], matrix[1].T)
    np.testing.assert_array_equal(source.modes[2:, 0], matrix[0].T)
    assert not source.modes[:2, 0].any()
    assert not source.modes[2:, 1].any()


def test_modes_come_to_the_common_grid_with_their_tracers():
    smooth = 0.1 * np.sin(Z)
    modes = sacc.NZLinearUncertainty("m", ["src0"], smooth[:, None])
    source = from_sacc(survey(modes, other_grid=True), "memory").distribution("source")
    np.testing.assert_allclose(
        source.modes[0, 0], np.interp(source.z_mid, Z, smooth, right=0), atol=1e-12
    )
    assert source.modes.shape[1:] == source.dndz.shape


def test_a_matrix_of_another_length_is_named():
    short = sacc.NZLinearUncertainty("m", ["src0", "src1"], np.ones((Z.size, 2)))
    with pytest.raises(
        DataError, match=r"uncertainty 'm' has a matrix of 99 rows, but .* src0, src1"
    ):
        from_sacc(survey(short), "memory")
