"""Emulated linear power: CAMB at cosmologies it was not trained on, gradients, limits, range."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.theory.power import emulator, linear, transfer, validity
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid

STORED = Path(__file__).resolve().parent.parent / "reference" / "emulator" / "camb.npz"


@partial(jax.jit, static_argnums=2)
def ln_transfer_and_growth(cosmo, k, z):
    """2 ln(T D) (n_z, n_k) of each field, from A_s."""
    grid = GrowthGrid.build(z)
    amplitude = linear.ln_amplitude(cosmo, grid.growth(cosmo)[1], "emulator")
    known = linear.primordial(cosmo, k) + amplitude
    return {
        field: jnp.log(linear.linear_power(cosmo, k, z, model="emulator", field=field)) - known
        for field in emulator.FIELDS
    }


@partial(jax.jit, static_argnums=2)
def power_of(cosmo, k, z):
    """Emulated power of all matter at redshifts in a tuple."""
    return linear.linear_power(cosmo, k, z, model="emulator")


@partial(jax.jit, static_argnums=1)
def has_solution(cosmo, model="eisenstein_hu"):
    return validity.has_solution(cosmo, model)


@dataclass(frozen=True)
class Case:
    """CAMB's ln(T D) (n_z, n_k) of one universe; k in h/Mpc."""

    cosmo: Cosmology
    group: str
    z: np.ndarray
    k: np.ndarray
    ln_total: np.ndarray
    ln_cold: np.ndarray

    def error(self, field: emulator.MatterField = "total") -> np.ndarray:
        """ln of the package's power over CAMB's, from A_s."""
        truth = self.ln_total if field == "total" else self.ln_cold
        found = ln_transfer_and_growth(self.cosmo, self.k, tuple(self.z))
        return np.asarray(found[field]) - 2 * truth


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Every stored universe."""
    with np.load(STORED) as file:
        stored = dict(file)
    found = []
    for i, row in enumerate(stored["values"]):
        v = dict(zip(stored["names"], row, strict=True))
        h = v["h"]
        cosmo = Cosmology(
            Omega_m=(v["omega_cb"] + v["omega_nu"]) / h**2,
            Omega_b=v["omega_b"] / h**2,
            h=h,
            n_s=0.96,
            A_s=2e-9,
            omega_nu=v["omega_nu"] or None,
            Omega_k=v["Omega_k"],
            w0=v["w0"],
            wa=v["wa"],
            neutrinos=str(stored["neutrinos"][i]),
        )
        columns = (stored[name][i].astype(float) for name in ("ln_total", "ln_cold"))
        k = stored["k"][i].astype(float) / h
        found.append(Case(cosmo, str(stored["group"][i]), stored["z"], k, *columns))
    return found


# max and rms of ln P for k in 1/Mpc in 0.01..20, then max in 1e-3..1e-2 and in 1e-4..1e-3
LIMITS = {
    "massless": (1e-3, 1e-4, 2e-3, 0.02),
    "one_massive": (5e-3, 5e-4, 4e-3, 5e-3),
    "degenerate": (5e-3, 5e-4, 4e-3, 5e-3),
    "w0-wa": (3e-3, 6e-4, 0.2, 0.6),
    "curved": (1e-3, 2e-4, 5e-3, 0.03),
}


@pytest.mark.parametrize("field", emulator.FIELDS)
@pytest.mark.parametrize("group", LIMITS)
def test_against_camb(cases, group, field):
    chosen = [case for case in cases if case.group == group]
    assert len(chosen) >= 12
    errors, k = zip(*[(c.error(field), c.k * c.cosmo.h) for c in chosen], strict=True)
    error, k = np.stack(errors, axis=1), np.stack(k)  # (n_z, n_case, n_k)
    largest, rms, low, lowest = LIMITS[group]
    inside = error[:, (k > 0.01) & (k < 20)]
    assert np.abs(inside).max() < largest
    assert np.sqrt(np.mean(inside**2)) < rms
    assert np.abs(error[:, (k > 1e-3) & (k < 0.01)]).max() < low
    assert np.abs(error[:, (k > 1e-4) & (k < 1e-3)]).max() < lowest


def test_shipped_errors_are_those_promised():
    """The table carries its own held-out errors, CAMB's version and the settings."""
    header = emulator.shipped_table().metadata
    assert {"camb", "settings", "degrees", "trained", "n_points", "held_out"} <= set(header)
    for row in header["held_out"]:
        if row["k"] == [0.01, 20.0]:
            assert row["n"] >= 20
            assert row["max"] < LIMITS[row["group"]][0]
            assert row["rms"] < LIMITS[row["group"]][1]
    size = (Path(emulator.__file__).parent / "emulator.npz").stat().st_size
    assert size < 1_000_000


def test_transfer_function_is_one_on_large_scales(universe):
    found = jax.jit(emulator.ln_transfer)(universe(), np.array([1e-4, 2e-4]))
    assert np.abs(found).max() < 5e-3


def test_lattice_and_single_points_agree(universe):
    """The fast path for the core's lattice reads the same spline."""

    @jax.jit
    def both(cosmo, k):
        return emulator.ln_transfer(cosmo, linear.K), emulator.ln_transfer(cosmo, k)

    for changes in ({}, {"Omega_m": 0.8, "h": 0.9}, {"omega_nu": 5e-3}):
        one, other = both(universe(**changes), linear.K)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def test_beyond_the_table_power_falls_on(universe):
    """T ~ ln(k) / k^2: slopes of ln P stay between -3 and -2.5 at n_s = 0.96 and get steeper."""
    k = np.geomspace(10, 1e4, 50)
    slope = np.diff(np.log(power_of(universe(), k, 0.0)[0]))
    slope = slope / np.diff(np.log(k))
    assert np.all((slope > -3.05) & (slope < -2.5))
    assert np.all(np.diff(slope) < 1e-3)


def test_light_neutrinos_are_the_limit_of_massless_ones(universe):
    k = np.geomspace(1e-3, 10, 50)
    massless = power_of(universe(A_s=2e-9), k, (0.0, 1.0))
    for kind in ("one_massive", "degenerate"):
        light = universe(A_s=2e-9, omega_nu=1e-7, neutrinos=kind)
        massive = power_of(light, k, (0.0, 1.0))
        np.testing.assert_allclose(massive, massless, rtol=1e-4)


def test_cold_matter_clusters_more_where_neutrinos_stream(universe):
    """P_cb / P_m = 1 / (1 - f_nu)^2 on small scales, one on large ones."""
    cosmo = universe(omega_nu=3e-3)
    k = np.array([2e-4, 5.0])

    @jax.jit
    def compute(cosmo):
        return [
            linear.linear_power(cosmo, k, 0.0, model="emulator", field=field)[0]
            for field in emulator.FIELDS
        ]

    total, cold = (np.asarray(power) for power in compute(cosmo))
    f_nu = 3e-3 / (0.3 * 0.7**2)
    np.testing.assert_allclose(cold / total, [1, (1 - f_nu) ** -2], rtol=2e-3)


@pytest.mark.parametrize("kind", ["massless", "one_massive", "degenerate"])
def test_gradient_against_finite_differences(kind):
    names = ("Omega_m", "Omega_b", "h", "n_s", "sigma8", "Omega_k", "w0", "wa", "omega_nu")
    centre = np.array([0.31, 0.047, 0.69, 0.965, 0.8, 0.02, -0.9, 0.1, 2e-3])
    names = names if kind != "massless" else names[:-1]
    centre = centre[: len(names)]

    def ln_power(x):
        cosmo = Cosmology(**dict(zip(names, x, strict=True)), neutrinos=kind)
        return jnp.log(linear.linear_power(cosmo, linear.K[60:240], [0.0, 1.5], model="emulator"))

    both = jax.jit(jax.jacfwd(lambda x: (ln_power(x),) * 2, has_aux=True))
    slopes = np.asarray(both(centre)[0])

    def compute(x):
        return np.asarray(both(x)[1])

    for i, name in enumerate(names):
        step = np.zeros(len(names))
        step[i] = 1e-4 * max(abs(centre[i]), 0.02)
        numeric = (compute(centre + step) - compute(centre - step)) / (2 * step[i])
        size = np.abs(numeric).max()
        np.testing.assert_allclose(
            slopes[..., i], numeric, rtol=1e-5, atol=1e-5 * size, err_msg=name
        )


def test_finite_all_over_the_prior():
    """Value and gradient at 1,000 points of the DES-Y1 prior that are in range."""
    rng = np.random.default_rng(5)
    low = np.array([0.1, 0.03, 0.55, 0.87, 5e-10, 5e-4, -2.0])
    high = np.array([0.9, 0.07, 0.91, 1.07, 5e-9, 0.01, -0.33])
    names = ("Omega_m", "Omega_b", "h", "n_s", "A_s", "omega_nu", "w0")
    points = rng.uniform(low, high, (1000, 7))

    def both(x):
        cosmo = Cosmology(**dict(zip(names, x, strict=True)))

        def total(x):
            at = Cosmology(**dict(zip(names, x, strict=True)))
            return jnp.log(linear.linear_power(at, linear.K[::12], [0.0, 3.0], model="emulator"))

        slope = jax.jvp(total, (x,), (x,))[1]
        return total(x), slope, validity.has_solution(cosmo, "emulator")

    values, slopes, possible = jax.jit(jax.vmap(both))(points)
    possible = np.asarray(possible)
    assert possible.mean() > 0.97
    assert np.isfinite(values[possible]).all()
    assert np.isfinite(slopes[possible]).all()


OUTSIDE = {
    "omega_b": {"Omega_b": 0.015},
    "omega_cdm + omega_b": {"Omega_m": 0.98, "h": 0.95},
    "omega_b / (omega_cdm + omega_b)": {"Omega_b": 0.08, "Omega_m": 0.14},
    "N_eff": {"N_eff": 3.5},
    "T_cmb": {"T_cmb": 2.8},
    "omega_nu": {"omega_nu": 0.02},
}


@pytest.mark.parametrize(("what", "changes"), OUTSIDE.items())
def test_outside_its_range_there_is_a_reason_and_no_number(universe, what, changes):
    cosmo = universe(**changes)
    assert has_solution(cosmo)  # of Eisenstein & Hu
    assert not has_solution(cosmo, "emulator")
    reason = str(validity.reason_of_failure(cosmo, "emulator"))
    assert f" {what} " in reason
    assert "range of the emulator" in reason
    assert np.isnan(power_of(cosmo, linear.K, 0.0)).all()


def test_before_its_earliest_growth_there_is_no_number(universe):
    power = np.asarray(power_of(universe(omega_nu=1e-3), linear.K, (3.0, 100.0, 150.0)))
    assert np.isfinite(power[:2]).all()
    assert np.isnan(power[2]).all()


def test_free_streaming_goes_on_smoothly_where_its_table_ends(universe):
    """Values are CAMB's to z = 30 (test_cobaya_products.py); here neither step nor kink."""
    ln_d = np.log(0.058) + np.linspace(-0.02, 0.02, 41)
    at = universe(omega_nu=3e-3), np.array([0.1, 1.0]), np.exp(ln_d)
    ratio = jax.jit(emulator.ln_neutrino_ratio)(*at)
    slope = np.diff(np.asarray(ratio), axis=0)
    np.testing.assert_allclose(slope, slope.mean(axis=0) * np.ones((40, 1)), rtol=0.03)


def test_closed_universes_that_grow_beyond_the_table_have_a_power(universe):
    """D(0) = 1.24 and 1.57, of a table that ends at 1.22: as Eisenstein & Hu's neutrinos go on."""
    for changes in ({"Omega_k": -0.2, "w0": -2.0}, {"Omega_k": -0.3, "w0": -2.0}):
        cosmo = universe(omega_nu=3e-3, **changes)
        assert has_solution(cosmo, "emulator")
        power = np.asarray(power_of(cosmo, linear.K, (0.0, 1.0)))
        assert np.isfinite(power).all()
    k, d = np.geomspace(1e-3, 10, 20), np.array([1.22, 1.3, 1.5, 1.8])

    @jax.jit
    def both(cosmo):
        theirs = transfer.ln_neutrino_suppression(cosmo, k, d, "total")
        return emulator.ln_neutrino_ratio(cosmo, k, d), theirs

    ours, theirs = map(np.asarray, both(cosmo))
    np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], atol=5e-4)
