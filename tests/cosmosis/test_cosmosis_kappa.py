"""The module's maps of the CMB's convergence, with tables of the block as CAMB would fill it."""

from functools import partial
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from jaxlike.cosmosis.module import execute
from jaxlike.data import write_two_point_fits
from jaxlike.registry.resolve import resolve
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.universe.background import comoving_distance, curvature_functions, hubble
from jaxlike.theory.universe.cosmology import from_parameters
from jaxlike.theory.universe.line_of_sight import Z_LAST_SCATTERING

H0, GALAXIES = 0.7, {"b1": 1.4, "b2": 1.6, "A_IA": 0.5}
UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.046, "h": H0, "n_s": 0.96, "A_s": 2.1e-9}
Z, K = np.expm1(np.linspace(0, np.log(4), 60)), np.geomspace(1e-5, 50, 300)


@pytest.fixture(scope="module")
def modules(kappa_data, make_module, tmp_path_factory):
    """With the block's power and with our own, of galaxies with a map."""
    file = tmp_path_factory.mktemp("kappa") / "kappa.fits"
    write_two_point_fits(kappa_data, file)
    options = {
        "data_file": str(file),
        "scale_cuts": "none",
        "probes": "C_ell_kappa_counts C_ell_kappa_shear",
    }
    ours = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
    return SimpleNamespace(
        block=make_module(**options, power="block"), own=make_module(**options, **ours)
    )


def parameters(Omega_k=0.0):
    return UNIVERSE | ({"Omega_k": Omega_k} if Omega_k else {})


def universe(Omega_k=0.0):
    return from_parameters(parameters(Omega_k), radiation=True, neutrinos="one_massive")


@partial(jax.jit, static_argnums=(0, 1))
def tables(z, Omega_k):
    """Distances to z, the expansion rate there, and P(k, z) of our universe."""
    cosmo, z = universe(Omega_k), np.array(z)
    chi = comoving_distance(cosmo, z)
    f_k, _ = curvature_functions(cosmo.Omega_k, chi)
    distances = {"d_c": chi / H0, "d_a": f_k / H0 / (1 + z), "h": hubble(cosmo, z) * H0}
    return distances, nonlinear_power(cosmo, K, Z, linear="eisenstein_hu_no_wiggle", model="linear")


def filled(make_block, z_distance, Omega_k=0.0, **more):
    """A block with the tables of our universe: P(k, z) to z = 3, distances as far as they are
    wanted, and what else CAMB says of them."""
    distances, power = tables(tuple(z_distance), Omega_k)
    distances = {"z": z_distance} | {name: np.asarray(d) for name, d in distances.items()}
    block = make_block(
        {
            "cosmological_parameters": {"omega_m": 0.3, "h0": H0, "omega_k": Omega_k},
            "distances": {**distances, **more},
            "bin_bias": {"b1": 1.4, "b2": 1.6},
            "intrinsic_alignment_parameters": {"A": 0.5},
        }
    )
    block.put_grid("matter_power_nl", "z", Z, "k_h", K, "p_k", np.asarray(power))
    return block


def near():
    return np.linspace(0, 3, 301)


def far(z_last):
    return np.append(near(), np.expm1(np.linspace(np.log(4), np.log(1 + z_last), 200)[1:]))


@pytest.mark.parametrize("said", ["chistar", "distances to z = 1100", "curved space"])
def test_tables_are_worth_our_own(modules, make_block, said):
    Omega_k = 0.05 if said == "curved space" else 0.0
    last = {}
    if said == "chistar":
        last = {"chistar": float(comoving_distance(universe(), Z_LAST_SCATTERING) / H0)}
    z = near() if last else far(1100.0)
    block = filled(make_block, z, Omega_k, **last)
    assert execute(block, modules.block) == 0
    likelihood = modules.own.likelihood
    given = resolve(parameters(Omega_k) | GALAXIES, likelihood.samples)
    expected = likelihood.theory_vector(given)
    # the two have chosen nodes for other spectra: 3e-3 at the last multipole, 4e-4 elsewhere
    np.testing.assert_allclose(block["data_vector", "jaxlike_theory"], expected, rtol=4e-3)


def test_tables_that_end_before_last_scattering(modules, make_block):
    sentence = "needs the distance to last scattering, .* ask the host for distances to z = 1100"
    with pytest.raises(ValueError, match=sentence):
        execute(filled(make_block, near()), modules.block)


def test_a_universe_that_closes_before_has_no_likelihood(modules, make_block, values, capsys):
    block = filled(make_block, far(1100.0), -0.7)
    assert execute(block, modules.block) == 1
    assert "its data vector is not finite" in capsys.readouterr().out
    given = values["cosmological_parameters"] | {"omega_k": -0.7}
    ours = make_block({"cosmological_parameters": given, "bin_bias": {"b1": 1.4, "b2": 1.6}})
    assert execute(ours, modules.own) == 1
    assert "to last scattering (a closed universe ends)" in capsys.readouterr().out
