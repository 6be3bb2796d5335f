"""P(k, z) and distances as tables: the core's own model, handed in, gives the core's own result."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import DataError
from jaxlike.theory.power import halofit
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.universe import background
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

NODES = Nodes.build(0.01 * np.arange(200), 20, np.arange(0, N_LATTICE, 5), z_max=1.9)
Z = np.linspace(0, 3.01, 150)  # the grids that CosmoSIS hands over
K = np.geomspace(7e-5, 500, 200)
GRID = PowerTableGrid.build(NODES, Z, K, Z)


@jax.jit
def tables(cosmo, k=K):
    return PowerTable(
        P_nl=halofit.nonlinear_power(cosmo, k, Z),
        chi=background.comoving_distance(cosmo, Z),
        hubble=background.hubble(cosmo, Z),
        growth=growth_factor(cosmo, Z),
        Omega_m=cosmo.Omega_m,
        Omega_k=cosmo.Omega_k,
    )


@jax.jit
def own_power(cosmo):
    """P at the Limber points, and the line of sight."""
    models = {"linear": "eisenstein_hu", "nonlinear": "takahashi"}
    return limber_power(cosmo, NODES, PowerGrid.build(NODES), **models)


@jax.jit
def from_tables(grid, table):
    return grid.limber_power(table)


def away_from_the_step(k):
    """Halofit, as CAMB has it, steps up from the linear power: a spline rings there."""
    return np.abs(np.log(k / halofit.LINEAR_BELOW)) > 0.2


@pytest.mark.parametrize("changes", [{"omega_nu": 1e-3}, {"Omega_k": 0.1, "w0": -0.8}])
def test_own_model_handed_in(universe, changes):
    cosmo = universe(**changes)
    found, los = from_tables(GRID, tables(cosmo))
    own, own_los = own_power(cosmo)
    k = (NODES.ell + 0.5) / np.asarray(own_los.f_k)[:, None]
    used = (k > 1e-4) & (k < 400) & away_from_the_step(k)
    # 200 wave numbers just resolve the acoustic wiggles: CAMB's own table has this error
    np.testing.assert_allclose(np.asarray(found)[used], np.asarray(own)[used], rtol=2e-3)
    for name in ("chi", "f_k", "c_k", "hubble", "growth"):
        np.testing.assert_allclose(getattr(los, name), getattr(own_los, name), rtol=1e-5)
    np.testing.assert_allclose(los.cot_fine[0][2:], own_los.cot_fine[0][2:], rtol=1e-5)


def test_finer_tables_come_closer(universe):
    cosmo, k = universe(), np.geomspace(7e-5, 500, 800)
    found, _ = from_tables(PowerTableGrid.build(NODES, Z, k, Z), tables(cosmo, k))
    own, los = own_power(cosmo)
    at = (NODES.ell + 0.5) / np.asarray(los.f_k)[:, None]
    used = (at > 1e-4) & (at < 400) & away_from_the_step(at)
    np.testing.assert_allclose(np.asarray(found)[used], np.asarray(own)[used], rtol=1e-4)


def test_power_laws_go_on_beyond_the_table(universe):
    """ln P is continued straight in ln k on both sides."""
    table = tables(universe())
    power = PowerTable(
        np.tile(3.0 * K**-1.7, (Z.size, 1)),
        table.chi, table.hubble, table.growth, table.Omega_m,
    )  # fmt: skip
    found, los = from_tables(GRID, power)
    k = (NODES.ell + 0.5) / np.asarray(los.f_k)[:, None]
    used = (k > 1e-4) & (k < 1e4)
    assert k[used].max() > 2 * K[-1]
    np.testing.assert_allclose(np.asarray(found)[used], 3.0 * k[used] ** -1.7, rtol=1e-9)


def test_tables_are_differentiable(universe):
    table = tables(universe())

    def total(P_nl):
        changed = PowerTable(P_nl, table.chi, table.hubble, table.growth, table.Omega_m)
        return jnp.sum(jnp.log(GRID.limber_power(changed)[0]))

    gradient = jax.jit(jax.grad(total))(table.P_nl)
    assert bool(jnp.all(jnp.isfinite(gradient)))
    # twice the power is ln 2 more at every Limber point
    n = NODES.z.size * NODES.ell.size
    assert float(jnp.sum(gradient * table.P_nl)) == pytest.approx(n, rel=1e-9)


@pytest.mark.parametrize("which", ["the matter power", "the distances"])
def test_tables_that_end_too_soon(which):
    short = np.linspace(0, 1.0, 40)
    z, z_distance = (short, Z) if which == "the matter power" else (Z, short)
    with pytest.raises(DataError, match=rf"{which} ends? at z = 1, but .* need z = 1\.9"):
        PowerTableGrid.build(NODES, z, K, z_distance)
