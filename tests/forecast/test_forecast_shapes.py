"""Shapes of n(z) of a survey's samples: what a file asks for, and their gradients."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

from jaxlike.forecast.design import Sample, as_arrays
from jaxlike.forecast.options import read_survey
from jaxlike.forecast.shapes import Fu, Gaussian, Smail, Table
from jaxlike.theory.tracers import distributions

Z = np.linspace(0.0, 4.0, 401)
EDGES = np.array([0.2, 0.6, 1.2])
OF_A_SMAIL = Table(tuple(Z), np.asarray(distributions.smail(Z, 2.0, 1.5, 0.5)))
SHAPES = {
    "smail": (Smail(2.0, 1.5, 0.5), {"a": 2.0, "b": 1.5, "z0": 0.5}),
    "fu": (Fu(0.6, 8.0, 0.7), {"a": 0.6, "b": 8.0, "c": 0.7}),
    "gaussian": (Gaussian(0.6, 0.2), {"mean": 0.6, "sigma": 0.2}),
}


def sample(shape, **changes):
    return Sample(3.0, EDGES, 0.03, shape, **changes)


@pytest.mark.parametrize("name", SHAPES)
def test_a_file_asks_for_it(name, repository, tmp_path):
    shape, given = SHAPES[name]
    info = yaml.safe_load((repository / "cobaya_yaml" / "survey_example.yaml").read_text())
    lens = info["survey"]["lens"]
    del lens["smail"]
    lens |= {name: given, "bias_z": 0.01, "outlier_fraction": 0.1}
    (tmp_path / "survey.yaml").write_text(yaml.safe_dump(info))
    found = read_survey(tmp_path / "survey.yaml").design.lens
    assert found.shape == shape
    assert (found.bias_z, found.outlier_fraction) == (0.01, 0.1)


@pytest.mark.parametrize("shape", [*(shape for shape, _ in SHAPES.values()), OF_A_SMAIL])
def test_bins_hold_the_galaxies_that_they_select(shape):
    """Bins over all redshifts hold all galaxies, and together they have the n(z) of the whole."""
    whole = Sample(3.0, np.array([-1.0, 0.5, 9.0]), 0.03, shape).bins(Z)
    assert float(whole.density.sum()) == pytest.approx(3.0, rel=1e-6)
    together = (whole.density @ whole.dndz) / 3.0
    np.testing.assert_allclose(together, shape.dndz(Z), atol=1e-6)


def test_a_table_is_what_it_was_made_of():
    of_table, of_formula = (sample(s).bins(Z) for s in (OF_A_SMAIL, SHAPES["smail"][0]))
    np.testing.assert_allclose(of_table.dndz, of_formula.dndz, rtol=1e-12, atol=1e-15)


def test_a_table_comes_from_a_file(tmp_path):
    np.savetxt(tmp_path / "nz.txt", np.column_stack([Z, OF_A_SMAIL.density]), header="z n(z)")
    read = Table.read(tmp_path / "nz.txt")
    np.testing.assert_allclose(read.dndz(Z), OF_A_SMAIL.dndz(Z), rtol=1e-12)


@pytest.mark.parametrize("name", SHAPES)
def test_gradients_in_everything_that_a_sample_is(name):
    """Of the mean redshift of the second bin; differences as a check."""
    shape, _ = SHAPES[name]
    start = as_arrays(sample(shape, bias_z=0.01, outlier_fraction=0.05))

    def mean(given):
        return distributions.mean_redshift(Z, given.bins(Z).dndz)[1]

    flat, unravel = jax.flatten_util.ravel_pytree(start)
    gradient = jax.jit(jax.grad(lambda x: mean(unravel(x))))(flat)
    step = 1e-5 * jnp.eye(flat.size)
    values = jax.jit(jax.vmap(lambda x: mean(unravel(x))))(
        jnp.concatenate([flat + step, flat - step])
    )
    difference = (values[: flat.size] - values[flat.size :]) / 2e-5
    np.testing.assert_allclose(gradient, difference, rtol=1e-5, atol=1e-8)
    assert np.count_nonzero(np.abs(gradient) > 1e-6) >= flat.size - 2  # density and one edge


def test_outliers_and_offsets_move_galaxies():
    plain = sample(SHAPES["smail"][0])
    centre = distributions.mean_redshift(Z, plain.bins(Z).dndz)
    high = distributions.mean_redshift(Z, replace(plain, bias_z=0.05).bins(Z).dndz)
    assert np.all(high < centre)  # seen at higher redshifts than they are at
    wide = replace(plain, outlier_fraction=0.2).bins(Z)
    assert np.all(wide.dndz[:, Z > 2].sum(axis=1) >= plain.bins(Z).dndz[:, Z > 2].sum(axis=1))
