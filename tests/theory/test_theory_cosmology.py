"""The container of parameters and the densities derived from it."""

import jax
import numpy as np
import pytest

from jaxlike.errors import ParameterError
from jaxlike.theory import constants
from jaxlike.theory.universe.cosmology import COSMOLOGY_NAMES, Cosmology, from_parameters


@pytest.mark.parametrize("amplitude", [{"A_s": 2e-9, "sigma8": 0.8}, {"A_s": None, "sigma8": None}])
def test_exactly_one_amplitude(amplitude):
    with pytest.raises(ValueError, match="exactly one of A_s and sigma8"):
        Cosmology(Omega_m=0.3, Omega_b=0.05, h=0.7, n_s=0.96, **amplitude)


def test_densities_close(universe):
    for changes in ({}, {"Omega_k": 0.1}, {"omega_nu": 1e-3}, {"radiation": False}):
        c = universe(**changes)
        total = c.Omega_m + c.Omega_r + c.Omega_k + c.Omega_de
        assert float(total) == pytest.approx(1, abs=1e-15)
        assert c.Omega_cb + c.Omega_nu == pytest.approx(0.3, abs=1e-15)


def test_radiation_of_todays_universe(universe):
    c = universe()
    # Omega_gamma h^2 = 2.4728e-5 and Omega_r h^2 = 4.183e-5 for N_eff = 3.046 (Planck 2018)
    assert c.Omega_gamma * c.h**2 == pytest.approx(2.4728e-5, rel=5e-4)
    assert c.Omega_r * c.h**2 == pytest.approx(4.183e-5, rel=1e-3)
    assert universe(T_cmb=2 * constants.T_CMB).Omega_gamma == pytest.approx(16 * c.Omega_gamma)


def test_radiation_switched_off(universe):
    assert universe(radiation=False).Omega_r == 0
    assert universe(radiation=False, omega_nu=1e-3).Omega_r == 0


def test_one_massive_eigenstate_takes_the_place_of_a_massless_one(universe):
    massless, massive = universe().Omega_r, universe(omega_nu=1e-3).Omega_r
    assert massless - massive == pytest.approx(universe().Omega_nu_relativistic)
    assert universe(omega_nu=1e-3).Omega_nu == pytest.approx(1e-3 / 0.49)


def test_it_is_a_pytree_whose_radiation_is_static(universe):
    leaves, structure = jax.tree.flatten(universe(radiation=False))
    assert all(not isinstance(leaf, bool) for leaf in leaves)
    assert jax.tree.unflatten(structure, leaves) == universe(radiation=False)
    assert structure != jax.tree.structure(universe(radiation=True))


def test_from_parameters_ignores_what_is_not_cosmology():
    values = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2e-9}
    found = from_parameters(values | {"b1": 2.0, "A_IA": 0.5}, radiation=False)
    assert found == Cosmology(**values, radiation=False)
    assert "radiation" not in COSMOLOGY_NAMES
    assert np.isclose(found.Omega_de, 0.7)


def test_a_mass_needs_a_massive_neutrino():
    values = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2e-9}
    found = from_parameters(values, radiation=True, neutrinos="massless")
    assert found.Omega_r == Cosmology(**values).Omega_r
    with pytest.raises(ParameterError, match="no effect with neutrinos = massless"):
        from_parameters(values | {"omega_nu": 1e-3}, radiation=True, neutrinos="massless")
