"""The mock of a survey beyond Limber's approximation is so, too, where its errors see it."""

import numpy as np
import pytest

from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.mocks import making
from jaxlike.mocks.layout import read_layout
from jaxlike.mocks.making import make_mock
from jaxlike.surveys import read_survey

FILES = {
    "survey.yaml": "title: Narrow\noptions: {nz: histogram, limber: beyond, rsd: true}\n",
    "scale_cuts.yaml": "min_angle: 0\n",
    "parameters.yaml": "b1: {prior: {min: 0.8, max: 3}, ref: 1.7, proposal: 0.05}\n",
    "mock.yaml": """\
seed: 7
area: 5000
theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
fiducial: {Omega_m: 0.3, A_s: 2.1e-9, h: 0.7, Omega_b: 0.046, n_s: 0.96, b1: 1.7}
samples:
  nz_lens:
    kind: counts
    z: [0, 1, 100]
    family: gaussian
    bins: [[0.4, 0.03]]
    n_eff: [0.05]
points:
  wtheta: {statistic: w, kernels: nz_lens, angles: [30, 250, 5]}
""",
}


@pytest.mark.slow
def test_how_many_multipoles_is_a_question_of_its_errors(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    built = []

    def watched(data, options):
        built.append(fine_likelihood(data, options))
        return built[-1]

    monkeypatch.setattr(making, "fine_likelihood", watched)
    data = make_mock(read_layout(read_survey(str(tmp_path))))
    limber, beyond = built
    assert limber.theory.exact is None
    assert beyond.theory.exact.counts[0] > 5
    # whose noise is that of the seed
    noise = np.linalg.cholesky(data.covariance) @ np.random.default_rng(7).standard_normal(5)
    fiducial = {
        "dz_lens1": 0.0,
        "Omega_m": 0.3,
        "A_s": 2.1e-9,
        "h": 0.7,
        "Omega_b": 0.046,
        "n_s": 0.96,
        "b1": 1.7,
    }
    mean = beyond.theory_vector(fiducial)
    np.testing.assert_allclose(data.value, mean + noise, rtol=1e-4)
    shift = np.asarray(mean - limber.theory_vector(fiducial))
    assert shift @ np.linalg.solve(data.covariance, shift) > 1
