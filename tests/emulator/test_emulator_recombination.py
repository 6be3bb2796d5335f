"""Training of the redshift of last scattering, on few points; the file keeps what it was."""

import io

import numpy as np
import pytest

from jaxlike.emulator.recombination import DEGREE, DEGREE_SLOPE, design, train
from jaxlike.theory.power.emulator import exponents
from jaxlike.theory.power.last_scattering import ScatteringTable, shipped_scattering


def test_training_makes_what_is_shipped():
    pytest.importorskip("camb", reason="CAMB is not installed")
    table = train(400)
    shipped = shipped_scattering()
    assert table.ln_z.shape == shipped.ln_z.shape == (len(exponents(DEGREE, 3)),)
    assert table.slope.shape == shipped.slope.shape == (2, table.ln_z.size)
    assert np.count_nonzero(shipped.slope[0]) == len(exponents(DEGREE_SLOPE, 3))
    np.testing.assert_array_equal(table.box, shipped.box)
    np.testing.assert_allclose(table.ln_z[0], shipped.ln_z[0], rtol=1e-5)  # the mean of ln z*
    assert max(table.metadata["held_out"].values()) < 3e-4
    file = io.BytesIO()
    table.save(file)
    file.seek(0)
    again = ScatteringTable.read(file)
    assert again.metadata == table.metadata
    np.testing.assert_array_equal(again.slope, table.slope)


def test_every_kind_of_universe_is_everywhere():
    """Kinds do not follow the sequence, every second of which fills a half of the box."""
    points = design(2048, 3)
    for i in range(4):
        N_eff = np.array([point.N_eff for point in points[i::4]])
        assert N_eff.min() < 1.0
        assert N_eff.max() > 6.0
    assert all(point.w0 + point.wa < -0.09 for point in points)
