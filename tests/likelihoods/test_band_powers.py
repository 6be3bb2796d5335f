"""Band powers of the primary CMB: Cobaya's own chi^2, slopes, and where no spectra are known."""

import jax
import numpy as np
import pytest
from cobaya.component import get_component_class
from planck_lite_files import NAME, spectra, write_packages, write_plik_lite

from jaxlike.data.planck_lite import planck_low_ell, read_plik_lite
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.band_powers import CmbBandPowers
from jaxlike.likelihoods.protocol import Other

CALIBRATION = {"A_planck": 1.003}


def chi2(one, every, parameters):
    r = one.value - one.of_spectra({name: D[2:] for name, D in every.items()}, parameters)
    return float(r @ one.inverse @ r)


@pytest.mark.parametrize("changed", [{}, {"use_cl": "tt"}, {"use_cl": "te ee", "use_bins": "1 4"}])
def test_chi2_is_that_of_cobaya(tmp_path, changed):
    """On the same spectra, with a calibration."""
    packages = write_packages(tmp_path)
    theirs = get_component_class(NAME, kind="likelihood")(
        {"dataset_params": changed}, packages_path=str(packages)
    )
    every = spectra(2399)
    expected = theirs.get_chi_squared(0, every["tt"], every["te"], every["ee"], **CALIBRATION)
    file = packages / "data" / "planck_2018_pliklite_native" / "plik_lite_v22.dataset"
    own = CmbBandPowers.of(read_plik_lite(file, changed), calibration="A_planck")
    assert chi2(own, every, CALIBRATION) == pytest.approx(expected, abs=1e-6)
    assert own.n_points == len(theirs.X_data)


def test_low_multipoles_are_means():
    """Two numbers, without a calibration."""
    one = CmbBandPowers.of(planck_low_ell())
    assert (one.parameters, one.needs, one.ell_max) == ((), ("D_ell",), {"tt": 29})
    flat = {"tt": np.full(30, 1000.0)}
    ell = np.arange(2, 30.0)
    sums = [np.sum(part * (part + 1)) for part in (ell[:14], ell[14:])]
    expected = 2 * np.pi * 1000 * 14 / np.array(sums)
    np.testing.assert_allclose(one.of_spectra({"tt": flat["tt"][2:]}, {}), expected)


class Known:
    """A universe whose spectra are those of the made-up data, times one number."""

    def __init__(self, amplitude, held=True):
        self.amplitude, self.held, self.cmb = amplitude, held, self

    def D_ell(self, name, ell, *, helium):
        assert helium == "camb"
        return self.amplitude * spectra(2399)[name][ell]


def test_slope_and_noise(tmp_path):
    one = CmbBandPowers.of(read_plik_lite(write_plik_lite(tmp_path)), calibration="A_planck")
    assert "17 points, A_planck" in Other("plik", one).summary

    def value(x):
        return one.log_likelihood({"A_planck": x[1]}, Known(x[0]))

    x = np.array([1.01, 1.002])
    found = jax.grad(value)(x)
    for i, e in enumerate(1e-5 * np.eye(2)):
        expected = (value(x + e) - value(x - e)) / 2e-5
        assert float(found[i]) == pytest.approx(float(expected), rel=1e-5)
    drawn = one.with_noise({"A_planck": 1.0}, Known(1.0), np.full(one.n_noise, 2.0))
    assert float(drawn.log_likelihood({"A_planck": 1.0}, Known(1.0))) == pytest.approx(-34.0)


def test_where_no_spectra_are_known_it_is_zero(tmp_path):
    one = CmbBandPowers.of(read_plik_lite(write_plik_lite(tmp_path)), calibration="A_planck")

    def value(amplitude):
        return one.log_likelihood({"A_planck": 1.0}, Known(amplitude, held=False))

    assert jax.value_and_grad(value)(1.0) == (-np.inf, 0.0)


def test_multipoles_beyond_all_spectra_are_refused(tmp_path):
    data = read_plik_lite(write_plik_lite(tmp_path))
    data.last[6] = 5000
    with pytest.raises(ParameterError, match="known for 2 <= ell <= 4200, not for 30 to 5000"):
        CmbBandPowers.of(data)
