"""theta_MC and the Hubble constant that it sets, against CAMB and the pipelines that sample it."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import camb_background

from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.theory.power.derived import derived_of
from jaxlike.theory.power.emulator import sound_horizon
from jaxlike.theory.universe.acoustic_scale import h_of_theta, theta_MC
from jaxlike.theory.universe.cosmology import Cosmology, from_parameters

# h, ombh2, omch2, mnu, Omega_k, w0, how many eigenstates have the mass, and N_eff
POINTS = {
    "massless": (0.69, 0.0224, 0.12, 0.0, 0.0, -1.0, 1, 3.044),
    "one": (0.74, 0.0201, 0.16, 0.06, 0.0, -1.0, 1, 3.044),
    "heavy": (0.62, 0.0255, 0.09, 0.5, 0.0, -1.0, 1, 3.044),
    "three, closed": (0.71, 0.0224, 0.12, 0.3, -0.03, -1.0, 3, 3.044),
    "open, w": (0.85, 0.0215, 0.11, 0.06, 0.05, -0.8, 1, 3.044),
    "one, few": (0.68, 0.0224, 0.12, 0.3, 0.0, -1.0, 1, 2.2),
    "three, few": (0.68, 0.0224, 0.12, 0.3, 0.0, -1.0, 3, 2.2),
    "one, many": (0.68, 0.0224, 0.12, 0.3, 0.0, -1.0, 1, 4.5),
    "three, many": (0.68, 0.0224, 0.12, 0.6, 0.0, -1.0, 3, 4.5),
}


def universe(h, ombh2, omch2, omega_nu, Omega_k, w0, N_eff, neutrinos):
    return Cosmology(
        Omega_m=(ombh2 + omch2 + (0.0 if omega_nu is None else omega_nu)) / h**2,
        Omega_b=ombh2 / h**2,
        h=h,
        n_s=0.96,
        A_s=2e-9,
        omega_nu=omega_nu,
        Omega_k=Omega_k,
        w0=w0,
        N_eff=N_eff,
        neutrinos=neutrinos,
    )


@partial(jax.jit, static_argnums=3)
def scales(theta, h, others, neutrinos):
    """theta_MC and the sound horizon of a universe, and the h that `theta` would give it."""
    one = universe(h, *others, neutrinos)
    back = h_of_theta(theta, lambda h: universe(h, *others, neutrinos))
    return theta_MC(one), sound_horizon(one), back


@pytest.mark.parametrize("point", POINTS)
def test_angle_is_cambs_and_sets_the_hubble_constant(point):
    h, ombh2, omch2, mnu, Omega_k, w0, n_massive, N_eff = POINTS[point]
    background, omega_nu = camb_background(
        h, ombh2, omch2, mnu, Omega_k, w0, 0.0, n_massive=n_massive, N_eff=N_eff
    )
    theirs = background.cosmomc_theta()
    omega_nu = mnu / 94.0641 * (min(3.044, N_eff * 3 / n_massive) / 3) ** 0.75 if mnu else None
    neutrinos = "one_massive" if n_massive == 1 else "degenerate"
    others = ombh2, omch2, omega_nu, Omega_k, w0, N_eff
    ours, r_s, back = scales(theirs, h, others, neutrinos)
    assert float(ours) == pytest.approx(theirs, rel=6e-7)
    assert float(back) == pytest.approx(h, rel=6e-6)
    r_drag = background.get_derived_params()["rdrag"]
    error = 1e-5 if N_eff == 3.044 else 3e-5
    assert float(r_s) == pytest.approx(r_drag, rel=error)


PHYSICAL = {"ombh2": 0.0224, "omch2": 0.12, "omnuh2": 6e-4, "n_s": 0.96, "S8": 0.8}


@pytest.fixture(scope="module")
def canonical():
    """Compiled: x -> h, Omega_m, Omega_b, sigma8, with their slopes in reverse and forward."""
    names = ("theta_MC_100", *PHYSICAL, "Omega_k", "w", "wa")

    def values(x):
        found = resolve(dict(zip(names, x, strict=True)), ())
        return jnp.stack([found[name] for name in ("h", "Omega_m", "Omega_b", "sigma8")])

    def with_slopes(x):
        return values(x), jax.jacrev(values)(x), jax.jacfwd(values)(x)

    point = np.array([1.041, *PHYSICAL.values(), -0.05, -0.9, 0.2])
    return jax.jit(with_slopes), point


def test_slopes_are_those_of_the_implicit_function(canonical):
    function, point = canonical
    _, reverse, forward = function(point)
    np.testing.assert_allclose(forward, reverse, rtol=1e-10, atol=1e-12)
    for i, step in enumerate(np.diag(1e-5 * np.maximum(np.abs(point), 1e-2))):
        numeric = (function(point + step)[0] - function(point - step)[0]) / (2 * step[i])
        np.testing.assert_allclose(reverse[:, i], numeric, rtol=1e-6, atol=1e-7)


def test_curvature_and_densities_over_the_critical_one():
    given = {"Omega_b": 0.048, "Omega_m": 0.31, "n_s": 0.96, "logA": 3.0}

    def h(theta):
        return resolve({**given, "cosmomc_theta": theta}, ())["h"]

    @jax.jit
    @jax.vmap
    def with_slopes(theta):
        return h(theta), jax.grad(h)(theta), jax.grad(jax.grad(h))(theta)

    thetas = np.array([0.0104, 0.0104 * (1 - 1e-4), 0.0104 * (1 + 1e-4)])
    values, slope, curvature = map(np.asarray, with_slopes(thetas))
    width = 0.0104 * 2e-4
    assert slope[0] == pytest.approx((values[2] - values[1]) / width, rel=1e-6)
    assert curvature[0] == pytest.approx((slope[2] - slope[1]) / width, rel=1e-5)
    alone = jax.jit(h)
    np.testing.assert_allclose(values, [alone(theta) for theta in thetas], rtol=1e-13)


def test_an_angle_without_a_universe_is_no_universe():
    def h(x):
        return resolve({"theta_MC_100": x, **PHYSICAL}, ())["h"]

    function = jax.jit(jax.value_and_grad(h))
    for theta in (0.3, 2.0, 0.0, -1.0, np.nan):
        assert function(theta) == (-1.0, 0.0)
    assert function(1.041)[0] == pytest.approx(0.674, abs=0.006)


def test_the_angle_comes_back_from_its_universe():
    @jax.jit
    def compute(given):
        of = derived_of(from_parameters(resolve(given, ()), radiation=True), "eisenstein_hu")
        return [of(name) for name in ("theta_MC_100", "cosmomc_theta", "S8")]

    theta_100, theta, S8 = map(float, compute({"theta_MC_100": 1.041, **PHYSICAL}))
    assert theta_100 == pytest.approx(1.041, rel=1e-12)
    assert theta == pytest.approx(0.01041, rel=1e-12)
    assert S8 == pytest.approx(0.8, rel=1e-12)


# file, and the largest relative errors of h and of A_s
SAMPLED = {
    "kidslegacy_p0": (1e-5, 2e-4),
    "kidslegacy_p1": (1e-5, 3e-4),
    "desy3_kids1000_p0": (0.0, 2e-3),  # neutrinos in normal order, here three of one mass
    "desy3_kids1000_p1": (0.0, 2e-3),
}


@partial(jax.jit, static_argnums=1)
def sampled(given, neutrinos):
    """h, and functions of the universe that the given parameters make, by name."""
    section = "cosmological_parameters--"
    options = TheoryOptions(neutrinos=neutrinos)
    canonical = resolve({section + k: v for k, v in given.items()}, (), options)
    of = derived_of(from_parameters(canonical, radiation=True, neutrinos=neutrinos), "emulator")
    derived = {name: of(name) for name in ("As", "logA", "log10_A_s", "As_1e9")}
    return {"h": canonical["h"], **derived}


@pytest.mark.parametrize("file", SAMPLED)
def test_pipelines_that_sample_S8_and_theta(shared, file):
    """CosmoSIS's own h is that of a search that CAMB ends at 5e-5."""
    section = "cosmological_parameters--"
    with np.load(shared / "reference" / "stage3" / f"{file}.npz") as stored:
        point = dict(stored)
    names = [str(name).removeprefix(section) for name in point["derived_names"]]
    found = dict(zip(names, map(float, point["derived_values"]), strict=True))
    given = {name: found[name] for name in ("omch2", "ombh2", "n_s", "mnu", "nnu", "s_8")}
    hubble = "cosmomc_theta" if "cosmomc_theta" in found else "h0"
    given[hubble] = found[hubble]
    neutrinos = "degenerate" if found["num_nu_massive"] == 3 else "one_massive"
    ours = {name: float(value) for name, value in sampled(given, neutrinos).items()}
    h_error, A_s_error = SAMPLED[file]
    assert ours["h"] == pytest.approx(found["h0"], rel=h_error)
    assert ours["As"] == pytest.approx(found["a_s"], rel=A_s_error)
    assert ours["logA"] == pytest.approx(np.log(1e10 * found["a_s"]), abs=A_s_error)
    assert ours["log10_A_s"] == pytest.approx(np.log10(found["a_s"]), abs=A_s_error)
    assert ours["As_1e9"] == pytest.approx(1e9 * found["a_s"], rel=A_s_error)
