"""HSC-Y3's input for C_ell on a mock in the layout of its file: stored C_ell in bands, and PSF."""

from itertools import combinations_with_replacement, pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from stage3 import cosmology, given, nuisances, read_point

from jaxlike.config import read_config
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.loading import data_set_of

ROOT = Path(__file__).parents[2]
POINTS = ("p0", "p1")
PAIRS = list(combinations_with_replacement(range(4), 2))
EDGES = np.array([
    100, 200, 300, 400, 600, 800, 1000, 1400, 1800, 2200, 3000, 3800, 4600, 6200, 7800, 9400,
    12600, 15500,
])  # fmt: skip
CENTRE, ELL = (EDGES[1:] + EDGES[:-1]) / 2, np.arange(2, 15500.0)
WINDOWS = np.stack([(ELL >= a) & (ELL < b) for a, b in pairwise(EDGES)], axis=1)
WINDOWS = WINDOWS / WINDOWS.sum(axis=0)
USED = slice(2, 8)
NOISE = 0.25**2 / (np.array([3.8, 5.2, 4.0, 2.1]) * (180 * 60 / np.pi) ** 2)
F_SKY = 0.01


def bands(point):
    """(pair, band) of a point's C_ell, after the m-bias."""
    start = "after_shear_m_bias:shear_cl"
    ln_ell, rows = np.log(point[f"{start}/ell"]), {}
    for pair, values in zip(point[f"{start}/pairs"], point[f"{start}/values"], strict=True):
        rows[tuple(sorted(pair - 1))] = CubicSpline(ln_ell, values)(np.log(ELL))
    return np.stack([rows[pair] for pair in PAIRS]) @ WINDOWS


def gaussian(cl):
    """Covariance (pair, band, pair, band)."""
    found = np.zeros((10, 17, 10, 17))
    of = {
        pair: row + NOISE[pair[0]] * (pair[0] == pair[1])
        for pair, row in zip(PAIRS, cl, strict=True)
    }
    modes = (2 * CENTRE + 1) * np.diff(EDGES) * F_SKY
    every = np.arange(17)
    for x, (i, j) in enumerate(PAIRS):
        for y, (k, n) in enumerate(PAIRS):
            first = of[min(i, k), max(i, k)] * of[min(j, n), max(j, n)]
            second = of[min(i, n), max(i, n)] * of[min(j, k), max(j, k)]
            found[x, every, y, every] = (first + second) / modes
    return found.reshape(170, 170)


@pytest.fixture(scope="module")
def mock(shared, tmp_path_factory):
    """The input's likelihood on stored C_ell, what the PSF adds to a band, and the points."""
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    stored = {name: read_point(shared, f"hscy3_real_mocknz_{name}") for name in POINTS}
    folder = tmp_path_factory.mktemp("hsc")
    source = sacc.Sacc.load_fits(str(shared / "data" / "stage3" / "hsc_y3_mock_nz.sacc"))
    content, window = sacc.Sacc(), sacc.BandpowerWindow(ELL, WINDOWS)
    for name, tracer in source.tracers.items():
        content.add_tracer("NZ", name, tracer.z, tracer.nz)
    cl = bands(stored["p0"])
    for (i, j), row in zip(PAIRS, cl, strict=True):
        for k, value in enumerate(row):
            tags = {"ell": CENTRE[k], "window": window, "window_ind": k}
            content.add_data_point("cl_ee", (f"wl_{i}", f"wl_{j}"), value, **tags)
    content.add_covariance(gaussian(cl))
    content.save_fits(str(folder / "mock.sacc"))

    rng, table = np.random.default_rng(2), np.zeros((4, 4, 17))
    half = rng.normal(size=(4, 4, 6))
    table[..., USED] = (half + np.swapaxes(half, 0, 1)) * 0.02 * cl[0, USED]
    matrix, centre = rng.normal(size=(4, 4)), rng.normal(size=4)
    np.savez(folder / "psf.npz", CENTRE[USED], table)
    np.savez(folder / "transform.npz", matrix, centre)

    def psf(u):
        p = np.linalg.inv(matrix) @ u + centre
        return np.einsum("i,j,ijb->b", p, p, table[..., USED])

    files = {"data_file": "mock.sacc", "psf_file": "psf.npz", "psf_transform": "transform.npz"}
    overrides = {option: str(folder / name) for option, name in files.items()}
    config = read_config(ROOT / "cobaya_yaml" / "hsc_y3_fourier.yaml", **overrides).likelihoods[0]
    return build_likelihood(data_set_of(config).data, config.options), psf, stored


@pytest.mark.parametrize("name", POINTS)
def test_the_input_gives_the_stored_spectra(mock, name):
    """Delta^T C^-1 Delta <= 0.006 with our own power in six bands of ten pairs; terms of the PSF
    are 0.5 and more."""
    likelihood, psf, stored = mock
    point, section = stored[name], "psf_systematics_parameters--"
    values = given(point)
    p = cosmology(point) | nuisances(point)
    p["A_bary"] = float(values["halo_model_parameters--a"])
    u = np.array([float(values[f"{section}psf_cor{i}_z1"]) for i in range(1, 5)])
    words = ("alpha2", "beta2", "alpha4", "beta4")
    p |= {f"psf_{word}": value for word, value in zip(words, u, strict=True)}
    assert likelihood.data.n_data == 60
    added = np.tile(psf(u), 10)
    difference = np.asarray(likelihood.theory_vector(p)) - bands(point)[:, USED].ravel() - added
    assert difference @ likelihood.precision @ difference <= 0.006
    assert added @ likelihood.precision @ added > 0.5
