"""Several samples of a kind in one file, which tracers are bins, and scale cuts of one sample."""

from dataclasses import replace

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
ELL = np.array([30.0, 100.0, 300.0])


def bump(centre):
    return np.exp(-0.5 * ((Z - centre) / 0.1) ** 2)


def table(name, n_bin):
    return RedshiftDistribution(
        name, Z - 0.01, Z, Z + 0.01, np.array([bump(0.3 + 0.2 * i) for i in range(n_bin)])
    )


def measurement(statistic, kernel1, kernel2, pairs):
    bin1, bin2 = np.repeat(np.array(pairs), ELL.size, axis=0).T
    fourier = statistic.startswith("C_ell")
    scale = np.tile(ELL, len(pairs))
    return Measurement(
        name=f"{statistic}_{kernel1}_{kernel2}",
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


def together(measurements, nz, convergence=()):
    n = sum(m.value.size for m in measurements)
    row = np.arange(n)
    covariance = 0.3 ** np.abs(np.subtract.outer(row, row)) * np.outer(1 + row, 1 + row)
    return TwoPointData(tuple(measurements), tuple(nz), covariance, "made.fits", convergence)


def two_lenses(real=False):
    """redmagic (2 bins) and maglim (1) in front of one sample of sources (2)."""
    cross, counts = ("gamma_t", "w") if real else ("C_ell_cross", "C_ell_counts")
    return together(
        [
            measurement(cross, "redmagic", "nz_source", [(1, 1), (2, 2)]),
            measurement(cross, "maglim", "nz_source", [(1, 2)]),
            measurement(counts, "redmagic", "redmagic", [(1, 1), (2, 2)]),
            measurement(counts, "redmagic", "maglim", [(2, 1)]),
        ],
        [table("nz_source", 2), table("redmagic", 2), table("maglim", 1)],
    )


def two_sources():
    return together(
        [
            measurement("C_ell_shear", "des", "des", [(1, 1)]),
            measurement("C_ell_shear", "des", "kids", [(1, 2), (1, 1)]),
            measurement("C_ell_cross", "nz_lens", "kids", [(1, 2)]),
        ],
        [table("des", 1), table("nz_lens", 1), table("kids", 2)],
    )


def test_samples_are_listed_lenses_first():
    assert two_lenses().samples == (
        ("redmagic", "counts"),
        ("maglim", "counts"),
        ("nz_source", "shear"),
    )
    assert two_sources().samples == (("nz_lens", "counts"), ("des", "shear"), ("kids", "shear"))
    shear = two_lenses(real=True).with_probes(["w"])
    assert shear.samples == (("redmagic", "counts"), ("maglim", "counts"))
    kappa = together(
        [measurement("C_ell_kappa_counts", "nz_lens", "spt", [(1, 1)])],
        [table("nz_lens", 1)],
        (Convergence("spt"),),
    )
    assert kappa.samples == (("nz_lens", "counts"), ("spt", "convergence"))


def test_one_table_may_be_of_two_kinds():
    data = together(
        [measurement("C_ell_cross", "all", "all", [(1, 2)])],
        [table("all", 2)],
    )
    assert data.samples == (("all", "counts"), ("all", "shear"))


@pytest.mark.parametrize("make", [two_lenses, two_sources, lambda: two_lenses(real=True)])
def test_2pt_fits_round_trip(make, tmp_path):
    data = make()
    write_two_point_fits(data, tmp_path / "x.fits")
    again = read_two_point(tmp_path / "x.fits")
    assert again.samples == data.samples
    np.testing.assert_array_equal(again.covariance, data.covariance)
    for m, n in zip(data.measurements, again.measurements, strict=True):
        assert (m.name, m.kernel1, m.kernel2) == (n.name, n.kernel1, n.kernel2)
        np.testing.assert_array_equal(m.bin2, n.bin2)


@pytest.mark.parametrize("make", [two_lenses, two_sources, lambda: two_lenses(real=True)])
def test_sacc_round_trip(make, tmp_path):
    """A single sample of a kind is called lens or source, several have the names of their n(z)."""
    pytest.importorskip("sacc", reason="sacc is not installed")
    data = make()
    write_sacc(data, tmp_path / "x.sacc")
    again = read_two_point(tmp_path / "x.sacc")
    new = {"nz_source": "source", "nz_lens": "lens"}
    assert set(again.samples) == {(new.get(name, name), kind) for name, kind in data.samples}
    np.testing.assert_array_equal(again.covariance, data.covariance)
    for m, n in zip(data.measurements, again.measurements, strict=True):
        assert (n.kernel1, n.kernel2) == (
            new.get(m.kernel1, m.kernel1),
            new.get(m.kernel2, m.kernel2),
        )
        for field in ("bin1", "bin2", "value"):
            np.testing.assert_array_equal(getattr(n, field), getattr(m, field))
    for name, _ in data.samples:
        found = again.distribution(new.get(name, name))
        np.testing.assert_array_equal(found.dndz, data.distribution(name).dndz)


def survey(points, tracers):
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    s = sacc.Sacc()
    for i, (name, quantity) in enumerate(tracers):
        s.add_tracer("NZ", name, Z, bump(0.2 + 0.1 * i), quantity=f"galaxy_{quantity}")
    for i, (kind, first, second) in enumerate(points):
        s.add_data_point(kind, (first, second), 1.0 + i, ell=10.0)
    s.add_covariance(np.ones(len(points)))
    return s


def test_tracers_that_no_point_uses_are_no_bins():
    """TXPipe writes source_all and lens_all; the numbers of the others stay."""
    tracers = [("source_all", "shear"), ("lens_all", "density"), ("source_1", "shear")]
    tracers += [("lens_0", "density"), ("source_0", "shear")]
    s = survey(
        [
            ("galaxy_shear_cl_ee", "source_1", "source_1"),
            ("galaxy_shear_cl_ee", "source_0", "source_1"),
            ("galaxy_density_cl", "lens_0", "lens_0"),
        ],
        tracers,
    )
    s.tracers["source_all"].nz[:] = 0.0
    data = from_sacc(s, "memory")
    assert data.samples == (("lens", "counts"), ("source", "shear"))
    assert data.distribution("lens").n_bin == 1
    # in the order of their numbers, not of the file
    np.testing.assert_allclose(data.distribution("source").dndz, [bump(0.6), bump(0.4)])
    np.testing.assert_array_equal(data.measurements[0].bin1, [2, 1])
    np.testing.assert_array_equal(data.measurements[0].bin2, [2, 2])


def test_numbers_of_two_digits_are_numbers():
    names = [f"lens{i}" for i in (10, 9, 2)]
    s = survey([("galaxy_density_cl", n, n) for n in names], [(n, "density") for n in names])
    np.testing.assert_array_equal(from_sacc(s, "memory").measurements[0].bin1, [3, 2, 1])


def test_names_without_numbers_stand_in_the_order_of_the_file():
    names = ["lowz", "cmass"]
    s = survey([("galaxy_density_cl", n, n) for n in names], [(n, "density") for n in names])
    data = from_sacc(s, "memory")
    assert data.samples == (("lens", "counts"),)
    np.testing.assert_allclose(data.distribution("lens").dndz, [bump(0.2), bump(0.3)])


def test_names_that_differ_before_the_number_are_samples():
    names = ["DESwl__0", "KiDS__0", "DESwl__1"]
    pairs = [("DESwl__0", "DESwl__1"), ("KiDS__0", "DESwl__1"), ("DESwl__0", "KiDS__0")]
    s = survey(
        [("galaxy_shear_cl_ee", *pair) for pair in pairs], [(name, "shear") for name in names]
    )
    data = from_sacc(s, "memory")
    assert data.samples == (("DESwl", "shear"), ("KiDS", "shear"))
    des, both = data.measurements
    assert both.name == "galaxy_shear_cl_ee_DESwl_KiDS"
    np.testing.assert_array_equal(des.value, [1])
    np.testing.assert_array_equal(both.value, [2, 3])
    np.testing.assert_array_equal(both.bin1, [2, 1])  # of DESwl, whichever is named first
    np.testing.assert_array_equal(both.bin2, [1, 1])


def test_bins_that_were_cut_away_keep_their_numbers(tmp_path):
    pytest.importorskip("sacc", reason="sacc is not installed")
    data = two_lenses()
    second = np.concatenate([(m.bin1 == 2) & (m.bin2 == 2) for m in data.measurements])
    write_sacc(data.select(second), tmp_path / "x.sacc")
    again = read_two_point(tmp_path / "x.sacc")
    assert {table.name: table.n_bin for table in again.nz} == {"lens": 2, "source": 2}
    assert all(np.all(m.bin1 == 2) for m in again.measurements)


def test_modes_of_tracers_in_use_stay_when_others_go():
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    s = survey([("galaxy_shear_cl_ee", "src1", "src1")], [("src0", "shear"), ("src1", "shear")])
    matrix = np.repeat([[1.0], [2.0]], Z.size, axis=0)
    s.add_tracer_uncertainty_object(sacc.NZLinearUncertainty("m", ["src0", "src1"], matrix))
    np.testing.assert_array_equal(from_sacc(s, "memory").nz[0].modes, np.full((1, 1, Z.size), 2.0))


def cuts(tmp_path, text):
    (tmp_path / "cuts.yaml").write_text(text)
    return read_scale_cuts(tmp_path / "cuts.yaml")


def test_scale_cuts_of_one_sample(tmp_path):
    text = (
        "min_ell: {C_ell_cross: 0, C_ell_cross of maglim x nz_source: 50, C_ell_counts: 0,"
        " C_ell_counts of maglim: 200}\n"
        "max_ell: {C_ell_cross: 1000, C_ell_counts of REDMAGIC: {1-1: 200}, C_ell_counts: 1000}\n"
    )
    kept = apply_scale_cuts(two_lenses(), cuts(tmp_path, text))
    sizes = {m.name: m.value.size for m in kept.measurements}
    assert sizes == {
        "C_ell_cross_redmagic_nz_source": 6,
        "C_ell_cross_maglim_nz_source": 2,
        "C_ell_counts_redmagic_redmagic": 2 + 3,
        "C_ell_counts_redmagic_maglim": 1,
    }


def test_bins_of_two_samples_have_an_order(tmp_path):
    mine = cuts(tmp_path, "min_ell: {C_ell_shear: {1-2: 50, '*-*': 0}}")
    assert mine.interval("C_ell_shear", 2, 1)[0] == 50
    assert mine.interval("C_ell_shear", 2, 1, ("des", "des"))[0] == 50
    assert mine.interval("C_ell_shear", 2, 1, ("des", "kids"))[0] == 0


def test_scale_cuts_of_an_absent_sample_are_refused(tmp_path):
    mine = cuts(tmp_path, "min_ell: {C_ell_cross: 0, C_ell_counts: 0, C_ell_counts of boss: 5}")
    with pytest.raises(DataError, match=r"name the sample 'boss', which is not there; there"):
        apply_scale_cuts(two_lenses(), mine)
    apply_scale_cuts(two_lenses().with_probes(["C_ell_cross"]), mine)
    with pytest.raises(DataError, match="'w of a x b x c', but a statistic is of two samples"):
        cuts(tmp_path, "min_angle: {w of a x b x c: 1}")


def test_kernels_are_checked():
    data = two_lenses()
    wrong = replace(data.measurements[0], kernel1="boss")
    with pytest.raises(DataError, match=r"KERNEL_1 names 'boss', .* redmagic, maglim"):
        replace(data, measurements=(wrong, *data.measurements[1:]))
