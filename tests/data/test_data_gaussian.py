"""Means and covariances of named quantities from files: what is read, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.data import COMPRESSED_CMB, GaussianData, compressed_cmb, read_gaussian
from jaxlike.errors import DataError
from jaxlike.registry.resolve import resolve
from jaxlike.theory.power.derived import derived_of
from jaxlike.theory.universe.cosmology import from_parameters


def test_planck_is_as_published():
    """The rounded mean and covariance of arXiv:2503.14738, appendix A: theta*, without the 100."""
    data = compressed_cmb()
    assert data.names == ("thetastar", "ombh2", "ombch2")
    unit = np.array([0.01, 1.0, 1.0])
    np.testing.assert_allclose(data.mean * unit, [0.01041, 0.02223, 0.14208], atol=5e-6)
    covariance = 1e9 * data.covariance * np.outer(unit, unit)
    published = [
        [0.006621, 0.12444, -1.1929],
        [0.12444, 21.344, -94.001],
        [-1.1929, -94.001, 1488.4],
    ]
    np.testing.assert_allclose(covariance, published, rtol=5e-5)
    angle = compressed_cmb("planck_2018_thetastar")
    assert float(angle.covariance[0, 0]) ** 0.5 == pytest.approx(0.00053)


def test_planck_2018_has_the_published_errors():
    """arXiv:1807.06209, table 2, TT,TE,EE+lowE; what it has of A_s and n_s is beside the rest."""
    data = compressed_cmb("planck_2018_compressed_as_ns")
    assert data.names == ("theta_MC_100", "ombh2", "omch2", "logA", "ns")
    np.testing.assert_array_equal(data.mean, [1.04090, 0.02236, 0.1202, 3.045, 0.9649])
    errors = np.sqrt(np.diag(data.covariance))
    np.testing.assert_allclose(errors, [0.00031, 0.00015, 0.0014, 0.016, 0.0044], rtol=0.03)
    three = compressed_cmb("planck_2018_compressed")
    assert three.names == data.names[:3]
    np.testing.assert_array_equal(three.mean, data.mean[:3])
    np.testing.assert_array_equal(three.covariance, data.covariance[:3, :3])


def test_planck_2018_is_the_published_late_universe():
    """H0, Omega_m and sigma8 that follow have the means and errors of the same table."""
    data = compressed_cmb("planck_2018_compressed_as_ns")

    def late(x):
        given = dict(zip(data.names, x, strict=True)) | {"mnu": 0.06}
        of = derived_of(from_parameters(resolve(given, ()), radiation=True), "emulator")
        return jnp.stack([of("H0"), of("omegam"), of("sigma8")])

    steps = 0.1 * np.diag(np.sqrt(np.diag(data.covariance)))
    mean, *around = np.asarray(
        jax.jit(jax.vmap(late))(data.mean + np.vstack([0 * steps[:1], steps]))
    )
    slope = (np.array(around) - mean).T / np.diag(steps)
    found = mean, np.sqrt(np.diag(slope @ data.covariance @ slope.T))
    published = np.array([67.27, 0.3166, 0.8120]), np.array([0.60, 0.0084, 0.0073])
    np.testing.assert_allclose((found[0] - published[0]) / published[1], 0, atol=0.05)
    np.testing.assert_allclose(found[1], published[1], rtol=0.03)


def test_all_that_come_with_the_package_are_read():
    for name in COMPRESSED_CMB:
        assert compressed_cmb(name).source.endswith(f"{name}.txt")
    with pytest.raises(DataError, match="no compressed CMB 'wmap'; they are planck_pr4_compressed"):
        compressed_cmb("wmap")


def test_a_file_is_read(tmp_path):
    (tmp_path / "mine.txt").write_text("# mine\nH0 70 4 0.1  # km/s/Mpc\n\nombh2 0.02 0.1 0.01\n")
    data = read_gaussian(tmp_path / "mine.txt")
    assert data.names == ("H0", "ombh2")
    np.testing.assert_array_equal(data.mean, [70, 0.02])
    np.testing.assert_array_equal(data.covariance, [[4, 0.1], [0.1, 0.01]])


BAD = {
    "no file": (None, "cannot be read as means and a covariance"),
    "nothing": ("# only this\n", "has no line `quantity mean covariance`"),
    "size": ("H0 70 4 0\n", "line 1 has 4 columns, but of 1 quantities each has a line"),
    "word": ("H0 70 four\n", "line 1 has the number 'four', which is no number"),
    "indefinite": ("H0 70 1 2\nombh2 0.02 2 1\n", "the covariance matrix is not positive definite"),
    "asymmetric": ("H0 70 1 0.2\nombh2 0.02 0.1 1\n", "the covariance matrix is not symmetric"),
    "twice": ("H0 70 1 0\nH0 71 0 1\n", "has the quantity 'H0' twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(tmp_path, case):
    text, message = BAD[case]
    file = tmp_path / "bad.txt"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DataError, match=message) as error:
        read_gaussian(file)
    assert str(file) in str(error.value)


def test_arrays_of_another_shape_are_refused():
    with pytest.raises(DataError, match=r"1 quantities are of a mean and covariance of shapes \(2"):
        GaussianData(("H0",), np.ones(2), np.eye(2))
    with pytest.raises(DataError, match="has nan among its data"):
        GaussianData(("H0",), np.array([np.nan]), np.eye(1))
