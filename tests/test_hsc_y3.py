"""HSC-Y3's cosmic shear with mock n(z): CosmoSIS's xi+- before the PSF's terms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from stage3 import COSMOLOGY, cosmology, given, nuisances, read_point, tables

from jaxlike.data import Measurement, RedshiftDistribution, TwoPointData
from jaxlike.data.units import ARCMIN
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions

POINTS = ("p0", "p1")
OPTIONS = TheoryOptions(
    linear="emulator", nonlinear="hmcode2016", nz="spline", alignment="tatt", b_modes=False
)


@pytest.fixture(scope="module")
def points(shared):
    """Name of a stored point -> its arrays."""
    return {name: read_point(shared, f"hscy3_real_mocknz_{name}") for name in POINTS}


@pytest.fixture(scope="module")
def likelihoods(shared, points):
    """Name of a point -> likelihood of the pipeline's points, with the point's own shifted n(z)."""
    covariance = read_point(shared, "hscy3_real_cov")["2pt/covariance"]
    found = {}
    for name, a in points.items():
        z, step = a["nz_wl/z"][1:], a["nz_wl/z"][2] - a["nz_wl/z"][1]
        low = z - step / 2
        nz = RedshiftDistribution("wl", low, z, low + step, a["nz_wl/bins"][:, 1:])
        rows = [np.flatnonzero(a["2pt/name"] == one) for one in ("xi_plus", "xi_minus")]
        measurements = tuple(
            Measurement(
                name=one,
                statistic=one,
                kernel1="wl",
                kernel2="wl",
                bin1=a["2pt/bin1"][row],
                bin2=a["2pt/bin2"][row],
                angle_bin=np.unique(a["2pt/angle"][row], return_inverse=True)[1] + 1,
                theta_arcmin=a["2pt/angle"][row] / ARCMIN,
                value=a["2pt/data"][row],
            )
            for one, row in zip(("xi_plus", "xi_minus"), rows, strict=True)
        )
        assert np.array_equal(np.concatenate(rows), np.arange(140))
        data = TwoPointData(measurements, (nz,), covariance, name)
        found[name] = build_likelihood(data, OPTIONS)
    return found


def parameters(stored):
    """Ours of a stored point: canonical name -> value; shifts are those of its n(z)."""
    p = cosmology(stored) | nuisances(stored)
    p["A_bary"] = float(given(stored)["halo_model_parameters--a"])
    return p | {f"dz_source{i}": 0.0 for i in range(1, 5)}


def without_psf(a):
    """The pipeline's xi+- (140,) read at the points, before it adds the terms of the PSF."""
    expected = np.zeros(140)
    for name in ("xi_plus", "xi_minus"):
        start = f"after_cl_to_xi:shear_{name}"
        ln_theta = np.log(a[f"{start}/theta"])
        for pair, values in zip(a[f"{start}/pairs"], a[f"{start}/values"], strict=True):
            bins = np.sort(np.stack([a["2pt/bin1"], a["2pt/bin2"]]), axis=0)
            here = (a["2pt/name"] == name) & np.all(bins == np.sort(pair)[:, None], axis=0)
            expected[here] = CubicSpline(ln_theta, values)(np.log(a["2pt/angle"][here]))
    assert np.all(expected != 0)
    return expected


@pytest.mark.parametrize("name", POINTS)
def test_stored_tables_give_the_stored_data_vector(likelihoods, points, name):
    """Delta^T C^-1 Delta <= 0.01 in the flat sky, with TATT but no B modes of it."""
    a, p, likelihood = points[name], parameters(points[name]), likelihoods[name]
    grid, table = tables(a, likelihood)
    nuisance = {n: v for n, v in p.items() if n not in (*COSMOLOGY, "A_bary")}
    found = likelihood.theory_vector_from_tables(grid, table, nuisance)
    difference = np.asarray(found) - without_psf(a)
    assert difference @ likelihood.precision @ difference <= 0.01


@pytest.mark.parametrize("name", POINTS)
def test_own_power_gives_the_stored_data_vector(likelihoods, points, name):
    """Delta^T C^-1 Delta <= 0.03 with HMCode2016 by A alone, our own growth and distances."""
    found = likelihoods[name].theory_vector(parameters(points[name]))
    difference = np.asarray(found) - without_psf(points[name])
    assert difference @ likelihoods[name].precision @ difference <= 0.03


def test_b_modes_are_left_out(likelihoods, points):
    """With them the pipeline's vector is missed, by more than all else here."""
    a = points["p0"]
    with_them = build_likelihood(likelihoods["p0"].data, replace(OPTIONS, b_modes=True))
    difference = np.asarray(with_them.theory_vector(parameters(a))) - without_psf(a)
    assert difference @ with_them.precision @ difference > 0.02
    with pytest.raises(ConfigError, match="'b_modes' is false, which has no effect: alignment = n"):
        TheoryOptions(b_modes=False)
