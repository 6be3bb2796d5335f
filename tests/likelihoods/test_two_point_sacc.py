"""The likelihood of SACC files: that of the same data in 2pt FITS, and of bandpowers."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from jaxlike.config import TheoryOptions
from jaxlike.data import BandpowerWindows, find_data_file, read_two_point, write_sacc
from jaxlike.forecast.model_covariance import field_spectra
from jaxlike.likelihoods.survey import load_data
from jaxlike.likelihoods.two_point import NODE_TOLERANCE, build_likelihood, fine_likelihood

pytest.importorskip("sacc", reason="sacc is not installed")

QUICK = TheoryOptions(
    linear="eisenstein_hu_no_wiggle", nonlinear="linear", ell_prefactors=True, radiation=False
)
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "Omega_k": 0.0,
    "w0": -1.0, "wa": 0.0, "N_eff": 3.046, "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62,
    **{f"b{i}": 1.2 + 0.2 * i for i in range(1, 6)}, **{f"m{i}": 0.01 for i in range(1, 5)},
    **{f"dz_lens{i}": 0.002 for i in range(1, 6)},
    **{f"dz_source{i}": -0.01 for i in range(1, 5)},
}  # fmt: skip


@pytest.mark.parametrize("name", ["des_y1_mock", "paper_mock"])
def test_the_shipped_mocks_have_the_same_likelihood(name, tmp_path):
    original = find_data_file(name)
    path = tmp_path / "mock.sacc"
    write_sacc(read_two_point(original), path)
    cuts = {"des_y1_mock": "des_y1", "paper_mock": "none"}[name]
    values = [
        float(build_likelihood(load_data(str(file), cuts), QUICK).log_likelihood(POINT))
        for file in (original, path)
    ]
    assert values[1] == pytest.approx(values[0], rel=1e-10)


EDGES = np.array([20, 40, 70, 110, 170, 260, 390, 570, 801])


@pytest.fixture(scope="module")
def bandpowers(cl_data):
    """The C_ell of the small data set as means over eight bands, one set of windows for all."""
    ell = np.arange(EDGES[0], EDGES[-1])
    inside = (ell >= EDGES[:-1, None]) & (ell < EDGES[1:, None])
    weight = inside / inside.sum(axis=1, keepdims=True)
    return replace(
        cl_data,
        measurements=tuple(
            replace(m, windows=BandpowerWindows(ell, weight, m.angle_bin - 1))
            for m in cl_data.measurements
        ),
    )


def test_bandpowers_are_weighted_sums_of_c_ell(bandpowers, cl_data, tmp_path):
    """On the fine nodes exactly; on the chosen ones within what their choice may cost."""
    path = tmp_path / "bands.sacc"
    write_sacc(bandpowers, path)
    data = read_two_point(path)
    likelihood = build_likelihood(data, QUICK)
    fine = fine_likelihood(data, QUICK)
    windows = data.measurements[0].windows
    cl = np.asarray(field_spectra(fine, POINT, windows.ell))
    expected = np.concatenate(
        [
            np.sum(m.windows.weight[m.windows.row] * cl[m.bin1 - 1 + a, m.bin2 - 1 + b], axis=1)
            for m, (a, b) in zip(data.measurements, [(2, 2), (0, 2), (0, 0)], strict=True)
        ]
    )
    np.testing.assert_allclose(fine.theory_vector(POINT), expected, rtol=1e-11)
    difference = np.asarray(likelihood.theory_vector(POINT)) - expected
    assert difference @ np.linalg.solve(data.covariance, difference) < NODE_TOLERANCE
    # and they are not C_ell at the nominal multipoles
    nominal = np.asarray(fine_likelihood(cl_data, QUICK).theory_vector(POINT))
    assert np.max(np.abs(nominal / expected - 1)) > 0.01


def test_gradient_of_bandpowers(bandpowers):
    likelihood = build_likelihood(bandpowers, QUICK)
    compute = jax.jit(jax.value_and_grad(likelihood.log_likelihood))
    _, gradient = compute(POINT)
    for name in ("sigma8", "b1", "dz_source1"):
        ends = [float(compute({**POINT, name: POINT[name] + s * 1e-4})[0]) for s in (1, -1, 2, -2)]
        slope = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / 12e-4
        assert float(gradient[name]) == pytest.approx(slope, rel=1e-6), name
