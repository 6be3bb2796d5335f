"""Scale cuts: the DES-Y1 preset against the published points, and cut files of users."""

from pathlib import Path

import numpy as np
import pytest

from jaxlike.data import (
    AngularBins,
    apply_scale_cuts,
    read_scale_cuts,
    read_two_point_fits,
    scale_cut_presets,
)
from jaxlike.errors import DataError
from jaxlike.surveys import known_surveys


def points(data):
    """(statistic, bin1, bin2, angle_bin) of every point, in order."""
    return [
        (m.statistic, *map(int, point))
        for m in data.measurements
        for point in zip(m.bin1, m.bin2, m.angle_bin, strict=True)
    ]


@pytest.fixture
def uncut(make_hdus, save):
    return read_two_point_fits(save(make_hdus()))


@pytest.fixture
def write_cuts(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return path

    return write


def test_des_y1_leaves_the_published_numbers(uncut):
    assert uncut.n_data == 900
    cut = apply_scale_cuts(uncut, read_scale_cuts("des_y1"))
    assert [m.value.size for m in cut.measurements] == [167, 60, 176, 54]
    rows = cut.value.astype(int)  # a fabricated value is the number of its point
    np.testing.assert_array_equal(cut.covariance, uncut.covariance[np.ix_(rows, rows)])


def test_des_y1_leaves_the_published_points(uncut, real_file):
    cut = apply_scale_cuts(uncut, read_scale_cuts("des_y1"))
    real = read_two_point_fits(real_file)
    assert points(cut) == points(real)
    for a, b in zip(cut.measurements, real.measurements, strict=True):
        np.testing.assert_allclose(a.theta_arcmin, b.theta_arcmin, rtol=1e-3)


def test_des_y1_keeps_the_published_points(real_file):
    real = read_two_point_fits(real_file)
    cut = apply_scale_cuts(real, read_scale_cuts("des_y1"))
    np.testing.assert_array_equal(cut.value, real.value)
    np.testing.assert_array_equal(cut.covariance, real.covariance)
    edges = AngularBins(2.5, 250.0, 20).edges()
    for m in cut.measurements:
        np.testing.assert_allclose(m.theta_min_arcmin, edges[m.angle_bin - 1])
        np.testing.assert_allclose(m.theta_max_arcmin, edges[m.angle_bin])


def test_none_keeps_everything(uncut):
    same = apply_scale_cuts(uncut, read_scale_cuts("none"))
    assert same.n_data == 900
    assert same.measurements[0].theta_min_arcmin is None


def test_edges_of_the_file_win(uncut):
    once = apply_scale_cuts(uncut, read_scale_cuts("des_y1"))
    again = apply_scale_cuts(once, read_scale_cuts("des_y1"))
    assert again.measurements[0].theta_min_arcmin is not None
    assert points(again) == points(once)


def test_users_file(uncut, write_cuts):
    path = write_cuts(
        "min_angle: {xi_plus: {2-1: 100, 1-*: 200, '*-*': 50}, xi_minus: 240, gamma_t: 0, w: 0}\n"
        "max_angle: 100.5\n"
    )
    cuts = read_scale_cuts(path)
    assert cuts.name == "mine"
    assert cuts.source == str(path)
    assert cuts.interval("xi_plus", 1, 2) == (100, 100.5)
    assert cuts.interval("xi_plus", 3, 1) == (200, 100.5)
    assert cuts.interval("xi_plus", 3, 4) == (50, 100.5)
    kept = apply_scale_cuts(uncut, cuts)
    assert kept.statistics == ("xi_plus", "gamma_t", "w")
    assert kept.value.size == 6 * 3 + 20 * 16 + 5 * 16


def test_lens_source_pairs_are_ordered(write_cuts):
    cuts = read_scale_cuts(write_cuts("min_angle: {gamma_t: {1-2: 30, 2-1: 40}}"))
    assert cuts.interval("gamma_t", 1, 2)[0] == 30
    assert cuts.interval("gamma_t", 2, 1)[0] == 40


def test_linear_bins():
    np.testing.assert_array_equal(AngularBins(1.0, 3.0, 4, "linear").edges(), [1, 1.5, 2, 2.5, 3])
    np.testing.assert_allclose(AngularBins(1.0, 100.0, 2).edges(), [1, 10, 100])


def test_presets():
    known = tuple(sorted((*known_surveys(), "none")))
    assert {"decade_ngc", "des_y1", "kids_legacy"} < {*known}
    assert scale_cut_presets() == known
    with pytest.raises(DataError, match=f"'des_y9'; accepted are {', '.join(known)} and the path"):
        read_scale_cuts("des_y9")


@pytest.mark.parametrize(
    "text, part",
    [
        ("min_angle: [1", "is not yaml"),
        (
            "- 1",
            "must be a mapping with the keys min_angle, max_angle, min_ell, max_ell, min_mode, "
            "max_mode, angular_bins",
        ),
        ("max_angle: 3", "has no key min_angle"),
        ("min_angle: 3\nmaximum: 3", "unknown key 'maximum'; accepted are min_angle"),
        ("min_angle: {xip: 3}", "unknown probe 'xip'; the probes are xi_plus"),
        ("min_angle: {w: {1: 3}}", "min_angle of w has the key 1;"),
        ("min_angle: {w: {1-a: 3}}", "min_angle of w has the key '1-a';"),
        ("min_angle: {w: {1-1: -3}}", "min_angle of w 1-1 is -3; an angle >= 0"),
        ("min_angle: {w: 3 arcmin}", "min_angle of w is '3 arcmin'; an angle"),
        ("min_angle: .nan", "min_angle is nan; an angle"),
        ("min_angle: 0\nangular_bins: {min: 1}", "angular_bins needs the keys min, max and number"),
        ("min_angle: 0\nangular_bins: {min: 2, max: 1, number: 2}", "needs 0 < min < max"),
        ("min_angle: 0\nangular_bins: {min: 1, max: 2, number: 1.5}", "a whole number >= 1"),
        (
            "min_angle: 0\nangular_bins: {min: 1, max: 2, number: 2, spacing: sqrt}",
            "spacing is 'sqrt'; accepted are log and linear",
        ),
    ],
)
def test_bad_cut_file_is_named(write_cuts, text, part):
    path = write_cuts(text)
    with pytest.raises(DataError) as raised:
        read_scale_cuts(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text, part",
    [
        ("min_angle: 250", "leave none of its 900 points"),
        ("min_angle: {xi_plus: 0, xi_minus: 0, gamma_t: 0}", "no number for w of bins 1-1"),
        (
            "min_angle: {xi_plus: 0, xi_minus: 0, gamma_t: {1-*: 0}, w: 0}",
            "no number for gamma_t of bins 2-1",
        ),
        (
            "min_angle: 0\nangular_bins: {min: 9, max: 250, number: 20}",
            "'xip' column ANG has values",
        ),
        ("min_angle: 0\nangular_bins: {min: 2, max: 250, number: 5}", "'xip' column ANG has two"),
        (
            "min_angle: {xi_plus: {1-9: 5, '*-*': 3}, xi_minus: 0, gamma_t: 0, w: 0}",
            "xi_plus of bins 1-9, but 'xip' has bins up to 4-4",
        ),
        (
            "min_angle: {xi_plus: 0, xi_minus: 0, gamma_t: {5-5: 1, '*-*': 0}, w: 0}",
            "gamma_t of bins 5-5, but 'gammat' has bins up to 5-4",
        ),
    ],
)
def test_cuts_that_do_not_fit_the_data(uncut, write_cuts, text, part):
    path = write_cuts(text)
    with pytest.raises(DataError) as raised:
        apply_scale_cuts(uncut, read_scale_cuts(path))
    assert part in str(raised.value)
    assert str(path) in str(raised.value)


def test_pairs_without_points_are_said(uncut, write_cuts):
    """A pair of w that a file has not got; the order of the bins of cosmic shear is none."""
    xi, w = "{2-1: 5, '*-*': 3}", "{1-3: 9, '*-*': 0}"
    path = write_cuts(f"min_angle: {{xi_plus: {xi}, xi_minus: 0, gamma_t: 0, w: {w}}}")
    message = "have w of bins 1-3, of which there are no points"
    with pytest.warns(UserWarning, match=message) as warned:
        cut = apply_scale_cuts(uncut, read_scale_cuts(path))
    assert len(warned) == 1
    assert cut.n_data < uncut.n_data


def test_pairs_that_modes_are_limited_for_count_as_well(write_cuts):
    cuts = read_scale_cuts(write_cuts("min_mode: {E_n: {1-9: 2, '*-*': 1}}"))
    assert cuts.pairs_of("E_n") == {(1, 9), (None, None)}


def test_cuts_that_an_input_has_itself(tmp_path):
    """The same as those of a file with the same content; what is wrong names the option."""
    text = "min_angle: {xi_plus: {1-1: 3, 1-*: 5, '*-*': 8}}\nmax_angle: 250\n"
    (tmp_path / "cuts.yaml").write_text(text)
    of_file = read_scale_cuts(tmp_path / "cuts.yaml")
    found = read_scale_cuts(
        {"min_angle": {"xi_plus": {"1-1": 3, "1-*": 5, "*-*": 8}}, "max_angle": 250}
    )
    assert (found.min_angle, found.max_angle) == (of_file.min_angle, of_file.max_angle)
    assert found.interval("xi_plus", 2, 2) == (8.0, 250.0)
    with pytest.raises(
        DataError, match=r"option 'scale_cuts' min_angle of xi_plus has the key '1'"
    ):
        read_scale_cuts({"min_angle": {"xi_plus": {"1": 3}}})
