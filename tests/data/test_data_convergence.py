"""The CMB's convergence: a tracer in one bin without n(z), in both formats, its beam in SACC."""

from dataclasses import replace

import fitsio
import numpy as np
import pytest

from jaxlike.data import (
    Convergence,
    Measurement,
    RedshiftDistribution,
    TwoPointData,
    apply_scale_cuts,
    from_sacc,
    read_scale_cuts,
    read_two_point,
    write_sacc,
    write_two_point_fits,
)
from jaxlike.errors import DataError

Z = np.arange(0.01, 2.0, 0.02)
SCALE = np.array([20.0, 60.0, 180.0])
ELL = np.arange(0, 3001, 10)
PAIRS = {
    "C_ell_kappa_counts": ("nz_lens", "spt", [(1, 1), (2, 1)]),
    "C_ell_kappa_shear": ("nz_source", "spt", [(1, 1), (2, 1)]),
    "C_ell_kappa": ("spt", "spt", [(1, 1)]),
    "w_kappa": ("nz_lens", "spt", [(2, 1)]),
    "gamma_t_kappa": ("nz_source", "spt", [(1, 1)]),
}


def kappa_data(*statistics, beam=None):
    measurements = []
    for statistic in statistics or PAIRS:
        kernel1, kernel2, pairs = PAIRS[statistic]
        bin1, bin2 = np.repeat(np.array(pairs), SCALE.size, axis=0).T
        scale = np.tile(SCALE, len(pairs))
        fourier = statistic.startswith("C_ell")
        measurements.append(
            Measurement(
                name=f"hdu_{statistic}",
                statistic=statistic,
                kernel1=kernel1,
                kernel2=kernel2,
                bin1=bin1,
                bin2=bin2,
                angle_bin=np.tile([1, 2, 3], len(pairs)),
                theta_arcmin=None if fourier else scale,
                ell=scale if fourier else None,
                value=np.arange(1.0, scale.size + 1),
            )
        )
    n_z = np.exp(-0.5 * ((Z - np.array([[0.4], [0.8]])) / 0.1) ** 2)
    nz = [RedshiftDistribution(name, Z - 0.01, Z, Z + 0.01, n_z) for name in NZ]
    n = sum(m.value.size for m in measurements)
    return TwoPointData(
        tuple(measurements), tuple(nz), np.diag(np.arange(1.0, n + 1)), "kappa.fits",
        (beam or Convergence("spt"),),
    )  # fmt: skip


NZ = ("nz_lens", "nz_source")


def test_2pt_fits_round_trip(tmp_path):
    data = kappa_data()
    write_two_point_fits(data, tmp_path / "x.fits")
    again = read_two_point(tmp_path / "x.fits")
    assert again.samples == data.samples
    assert again.samples[-1] == ("spt", "convergence")
    assert [nz.name for nz in again.nz] == list(NZ)
    assert [m.name for m in again.measurements] == [m.name for m in data.measurements]
    np.testing.assert_array_equal(again.value, data.value)
    with fitsio.FITS(str(tmp_path / "x.fits")) as fits:
        assert fits["spt"].read_header()["NZDATA"]  # what CosmoSIS looks for
        assert fits["hdu_w_kappa"].read_header()["QUANT2"].strip() == "CKR"
        assert fits["hdu_C_ell_kappa"].read_header()["N_ZBIN_1"] == 1


def test_sacc_round_trip(tmp_path):
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    data = kappa_data()
    write_sacc(data, tmp_path / "x.sacc")
    again = read_two_point(tmp_path / "x.sacc")
    assert again.samples == (("lens", "counts"), ("source", "shear"), ("spt", "convergence"))
    assert not again.convergence_map("SPT").has_beam
    for m, n in zip(data.measurements, again.measurements, strict=True):
        assert (n.statistic, n.kernel2) == (m.statistic, "spt")
        for field in ("bin1", "bin2", "scale", "value"):
            np.testing.assert_array_equal(getattr(n, field), getattr(m, field))
    np.testing.assert_array_equal(again.covariance, data.covariance)
    assert set(sacc.Sacc.load_fits(str(tmp_path / "x.sacc")).get_data_types()) == {
        "cmbGalaxy_convergenceDensity_cl",
        "cmbGalaxy_convergenceShear_cl_e",
        "cmb_convergence_cl",
        "cmbGalaxy_convergenceDensity_xi",
        "cmbGalaxy_convergenceShear_xi_t",
    }


def test_beams_survive_in_sacc_and_have_no_place_in_fits(tmp_path):
    pytest.importorskip("sacc", reason="sacc is not installed")
    gaussian = Convergence("spt", fwhm_arcmin=6.0)
    for beam in (gaussian, Convergence("spt", ELL, gaussian.transfer(ELL))):
        data = kappa_data(beam=beam)
        write_sacc(data, tmp_path / "x.sacc", overwrite=True)
        again = read_two_point(tmp_path / "x.sacc").convergence[0]
        np.testing.assert_allclose(again.transfer(ELL), gaussian.transfer(ELL), rtol=1e-14)
        with pytest.raises(DataError, match=r"x\.fits: .* no place for the beam of 'spt'; SACC"):
            write_two_point_fits(data, tmp_path / "x.fits")


def test_transfer():
    sigma = 6.0 / 60 * np.pi / 180 / 2.354820045
    beam = Convergence("spt", fwhm_arcmin=6.0)
    assert beam.transfer(1000.0) == pytest.approx(np.exp(-1000 * 1001 * sigma**2 / 2), rel=1e-8)
    assert np.all(Convergence("spt").transfer(SCALE) == 1)
    table = Convergence("spt", [0, 100, 200], [1.0, 0.8, 0.2])
    np.testing.assert_allclose(table.transfer([50, 200, 201]), [0.9, 0.2, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ell": ELL}, "'spt': ell and beam must be given together"),
        ({"ell": ELL, "beam": np.ones(ELL.size), "fwhm_arcmin": 5.0}, "'spt': .* not both"),
        ({"fwhm_arcmin": -1.0}, "'spt': fwhm_arcmin is -1.0; it must be > 0"),
        ({"ell": ELL, "beam": np.ones(3)}, "'spt': beam has 3 element"),
        ({"ell": -ELL, "beam": np.ones(ELL.size)}, "'spt': multipoles of the beam must be"),
    ],
)
def test_convergence_checks_itself(arguments, message):
    with pytest.raises(DataError, match=message):
        Convergence("spt", **arguments)


def survey(points, **kappa):
    """A lens, a source and a map, in points (data type, tracer, tracer)."""
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    s = sacc.Sacc()
    for name, quantity in (("lens_0", "density"), ("src_0", "shear")):
        s.add_tracer("NZ", name, Z, np.exp(-Z), quantity=f"galaxy_{quantity}")
    s.add_tracer(
        "Map", "ck", 0, ELL, np.exp(-ELL / 1e3), **{"quantity": "cmb_convergence", **kappa}
    )
    s.add_tracer("Misc", "act", quantity="cmb_convergence")
    for i, (kind, first, second) in enumerate(points):
        s.add_data_point(kind, (first, second), 1.0 + i, ell=50.0, theta=10.0)
    s.add_covariance(np.ones(len(points)))
    return s


def test_the_order_of_tracers_does_not_matter():
    points = [
        ("cmbGalaxy_convergenceDensity_cl", "ck", "lens_0"),
        ("cmbGalaxy_convergenceDensity_cl", "lens_0", "act"),
        ("cmbGalaxy_convergenceShear_cl_e", "ck", "src_0"),
        ("cmb_convergence_cl", "ck", "ck"),
        ("cmbGalaxy_convergenceShear_xi_t", "src_0", "ck"),
    ]
    data = from_sacc(survey(points), "memory")
    assert data.samples[2:] == (("ck", "convergence"), ("act", "convergence"))
    assert data.statistics == (
        "C_ell_kappa_counts",
        "C_ell_kappa_shear",
        "C_ell_kappa",
        "gamma_t_kappa",
    )
    assert [m.kernel1 for m in data.measurements] == ["lens", "lens", "source", "ck", "source"]
    assert [m.kernel2 for m in data.measurements] == ["ck", "act", "ck", "ck", "ck"]
    np.testing.assert_allclose(data.convergence_map("ck").transfer(ELL), np.exp(-ELL / 1e3))


def test_concise_types_go_by_the_tracers():
    points = [
        ("cl_00", "ck", "lens_0"),
        ("cl_0e", "ck", "src_0"),
        ("cl_e0", "src_0", "lens_0"),
        ("cl_00", "ck", "act"),
        ("cl_00", "lens_0", "lens_0"),
        ("xi_00", "lens_0", "ck"),
        ("xi_0e", "ck", "src_0"),
    ]
    assert from_sacc(survey(points), "memory").statistics == (
        "C_ell_kappa_counts",
        "C_ell_kappa_shear",
        "C_ell_cross",
        "C_ell_kappa",
        "C_ell_counts",
        "w_kappa",
        "gamma_t_kappa",
    )


@pytest.mark.parametrize(
    ("point", "kappa", "message"),
    [
        (
            ("cmbGalaxy_convergenceDensity_cl", "ck", "src_0"),
            {},
            "'ck' and 'src_0' .* one must have the quantity cmb_convergence and the other galaxy_d",
        ),
        (("cmb_convergence_cl", "ck", "lens_0"), {}, "has it in the place of cmb_convergence"),
        (("galaxy_density_cl", "ck", "lens_0"), {}, "in the place of galaxy_density or generic"),
        (
            ("cmb_convergence_cl", "ck", "ck"),
            {"quantity": "cmb_temperature"},
            "'ck' .* 'Map' and has no n.z.; accepted .* 'Misc' of quantity cmb_convergence",
        ),
    ],
)
def test_what_is_no_convergence_is_refused(point, kappa, message):
    with pytest.raises(DataError, match=message):
        from_sacc(survey([point], **kappa), "memory")


def test_the_convergence_has_one_bin():
    data = kappa_data("w_kappa")
    m = data.measurements[0]
    with pytest.raises(DataError, match="BIN2 has bin 2; the convergence has bin 1 only"):
        replace(data, measurements=(replace(m, bin2=m.bin2 + 1),))
    with pytest.raises(DataError, match=r"KERNEL_2 names 'act', .* those are: spt"):
        replace(data, measurements=(replace(m, kernel2="act"),))
    with pytest.raises(DataError, match="'nz_lens' is there 2 times"):
        replace(data, convergence=(*data.convergence, Convergence("nz_lens")))


def test_scale_cuts(tmp_path):
    text = "min_ell: {C_ell_kappa: 30, C_ell_kappa_counts of spt: {2-1: 100}, C_ell_kappa_counts: 0"
    text += ", C_ell_kappa_shear: {'*-1': 70}}\nmin_angle: {w_kappa: 20, gamma_t_kappa: 100}\n"
    (tmp_path / "cuts.yaml").write_text(text)
    kept = apply_scale_cuts(kappa_data(), read_scale_cuts(tmp_path / "cuts.yaml"))
    assert {m.statistic: m.value.size for m in kept.measurements} == {
        "C_ell_kappa_counts": 3 + 1,
        "C_ell_kappa_shear": 2,
        "C_ell_kappa": 2,
        "w_kappa": 2,
        "gamma_t_kappa": 1,
    }


def test_mock_of_des_y3(shared):
    """5 lenses, 4 sources and two maps under one name, which the option tells apart."""
    file = shared / "data" / "stage3" / "mock_des_y3_6x2pt.fits"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    data = read_two_point(file)
    assert data.n_data == 1260
    assert data.samples == (
        ("nz_lens", "counts"),
        ("nz_source", "shear"),
        ("nz_cmb", "convergence"),
    )
    assert [m.statistic for m in data.measurements[4:]] == 2 * ["w_kappa", "gamma_t_kappa"]
    assert [nz.name for nz in data.nz] == ["nz_source", "nz_lens"]
    names = {"nz_cmb": "spt"}
    names |= {f"{what}_cmbkappa_xi_planck.nz_cmb": "planck" for what in ("galaxy", "shear")}
    apart = read_two_point(file, probes=("w_kappa", "gamma_t_kappa"), kernels=names)
    assert [m.kernel2 for m in apart.measurements] == ["spt", "spt", "planck", "planck"]
    np.testing.assert_array_equal(apart.covariance, data.covariance[900:, 900:])
