"""Matter power by other people's functions: the package's own as such one, ends of ranges, and the
posterior; what is no provider is refused with its reason."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.loading import load
from jaxlike.registry.options import theory_options
from jaxlike.theory.power.linear import fsigma8, linear_power, sigma8
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.power.provider import load_provider, parameters_of
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.power.validity import reason_of_failure
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

HERE = "provider_functions."
FORWARDS = ("forwards", "multiplied")
K, Z = np.geomspace(2e-4, 20, 25), np.array([0.0, 0.5, 1.5])


@partial(jax.jit, static_argnums=(1, 2))
def tables(cosmo, linear, nonlinear):
    return (
        linear_power(cosmo, K, Z, model=linear),
        nonlinear_power(cosmo, K, Z, linear=linear, model=nonlinear),
        sigma8(cosmo, Z, model=linear),
        fsigma8(cosmo, Z, model=linear),
    )


def test_the_package_s_own_as_somebody_else_s(universe):
    cosmo = universe(A_s=2e-9, Omega_k=0.05, w0=-0.8, wa=0.2)
    ours = tables(cosmo, "eisenstein_hu", "takahashi")
    theirs = tables(cosmo, HERE + "eisenstein_hu", "takahashi")
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    np.testing.assert_allclose(ours[3], theirs[3], rtol=2e-8)  # slopes of growth are interpolated


def test_beyond_its_ranges_it_goes_on(universe):
    """As the transfer function without wiggles and as growth do: here they are the model's own."""
    cosmo = universe()
    ours = tables(cosmo, "eisenstein_hu_no_wiggle", "linear")
    theirs = tables(cosmo, HERE + "NARROW", "linear")
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    np.testing.assert_allclose(ours[3], theirs[3], rtol=2e-8)  # slopes of growth are interpolated
    assert reason_of_failure(cosmo, HERE + "NARROW") is None
    few = reason_of_failure(universe(Omega_m=0.15), HERE + "NARROW")
    assert few == f"0.2 <= Omega_m <= 0.5 (range of {HERE}NARROW)"


def test_parameters_that_a_provider_is_given(universe):
    given = parameters_of(universe(omega_nu=2e-3, neutrinos="normal", A_s=2e-9, Omega_k=0.1))
    assert float(given["ln10A_s"]) == pytest.approx(np.log(20))
    assert float(given["omega_cdm"]) == pytest.approx((0.3 - 0.046) * 0.49 - 2e-3)
    assert float(jnp.sum(given["m_nu"])) == pytest.approx(float(given["mnu"]))
    assert float(given["mnu"]) == pytest.approx(93.03 * 2e-3, rel=1e-3)
    light, alike, heavy = np.asarray(given["m_nu"])
    assert light == alike
    assert heavy**2 - light**2 == pytest.approx(2.5e-3, rel=0.05)
    assert not np.any(parameters_of(universe())["m_nu"])


def test_many_at_once_are_each_alone(universe):
    def power(h):
        return linear_power(universe(h=h), K, Z, model=HERE + "NARROW")

    h = jnp.array([0.6, 0.7, 0.8])
    alone = jax.jit(power)
    np.testing.assert_allclose(
        jax.jit(jax.vmap(power))(h), np.stack([alone(one) for one in h]), rtol=1e-12
    )


@partial(jax.jit, static_argnums=(1, 2))
def matter(cosmo, linear, nonlinear):
    nodes = Nodes.build(0.01 * np.arange(250), 16, np.arange(0, N_LATTICE, 8), z_max=2.4)
    grid = UniverseGrid.build(nodes, linear=linear, nonlinear=nonlinear)
    seen = grid.universe(cosmo)
    k = (nodes.ell + 0.5) / seen.los.f_k[:, None]
    return seen.matter, k, nodes.z[:, None], seen.los.sigma8


def test_at_limber_points(universe):
    """Free streaming, which is different at each redshift, and a nonlinear power of its own."""
    cosmo = universe(omega_nu=5e-3)
    ours, _, _, own8 = matter(cosmo, "eisenstein_hu", "takahashi")
    theirs, k, _, their8 = matter(cosmo, HERE + "massive", "takahashi")
    used = (np.asarray(k) > 1e-3) & (np.asarray(k) < 50)
    assert np.abs(np.log(theirs / ours))[used].max() < 2e-4
    assert float(their8) == pytest.approx(float(own8), rel=1e-10)
    linear, *_ = matter(universe(), HERE + "ENHANCED", "linear")
    power, k, z, _ = matter(universe(), HERE + "ENHANCED", "provider")
    np.testing.assert_allclose(power / linear, 1 + 0.3 * k / (1 + z), rtol=1e-3)


def test_derivatives_that_are_taken_forwards(universe):
    """Of a function with a loop, and of the same without: backwards, forwards, and both."""
    given = parameters_of(universe(A_s=2e-9))

    def total(x, name):
        function = load_provider(HERE + name).linear
        return jnp.sum(jnp.log(function(given | {"Omega_m": x}, jnp.asarray(K), jnp.asarray(Z))))

    for slope in (jax.grad(total), jax.jacfwd(total), jax.jacfwd(jax.grad(total))):
        looped, plain = (jax.jit(slope, static_argnums=1)(0.3, name) for name in FORWARDS)
        np.testing.assert_allclose(looped, plain, rtol=1e-8)


def test_derivatives_in_the_wavenumber_are_not_taken_for_zero(universe):
    function = load_provider(HERE + "forwards").linear
    with pytest.raises(ConfigError, match="stepped is differentiated in k or z"):
        jax.grad(lambda k: jnp.sum(function(parameters_of(universe(A_s=2e-9)), k * K, Z)))(1.0)


def test_a_posterior_with_gradients(small_folder, small_model):
    """That of a function which is the model's own is the same, slopes and all; beyond its ranges
    it is zero and says why."""
    x = np.asarray(small_model.reference)
    model = load(small_folder / "pipeline.ini", power={"provider": HERE + "NARROW"})
    assert model.config.theory.linear == HERE + "NARROW"
    value, slope = model.value_and_gradient(x)
    own, own_slope = small_model.value_and_gradient(x)
    assert float(value) == pytest.approx(float(own), rel=1e-9)
    np.testing.assert_allclose(slope, own_slope, rtol=1e-6, atol=1e-6 * np.abs(own_slope).max())
    few = x.copy()
    few[0] = 0.15
    value, slope = model.value_and_gradient(few)
    assert float(value) == -np.inf
    assert np.all(np.isfinite(slope))
    assert "0.2 <= Omega_m <= 0.5" in model.reason_of_failure(few)


def test_as_inputs_name_it():
    for power in ({"provider": HERE + "ENHANCED"}, f"provider:{HERE}ENHANCED"):
        options = theory_options({"power": power, "nonlinear": "provider"})
        assert (options.linear, options.power) == (HERE + "ENHANCED", "jaxlike")
        assert theory_options(vars(options)) == options
    assert theory_options({"linear": HERE + "NARROW"}).linear == HERE + "NARROW"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"power": {"provider": "no_such.thing"}}, "'no_such.thing' cannot be imported: No module"),
        ({"power": {"provider": HERE + "nothing"}}, "has no 'nothing'; accepted are emu_pk"),
        ({"power": {"provider": "nothing"}}, r"option 'power' is .* accepted are jaxlike, host"),
        ({"power": {"provider": "emu_pk", "k": 1}}, r"option 'power' is .*; accepted are"),
        ({"power": {"from": "emu_pk"}}, r"option 'power' is .*; accepted are"),
        ({"linear": "emu"}, "option 'linear' is 'emu'; accepted are eisenstein_hu, .*emu_pk"),
        ({"power": {"provider": HERE + "number"}}, "is float, but must be a function"),
        ({"linear": HERE + "transposed"}, r"shape \(5, 3\) for 5 .* must give \(3, 5\)"),
        ({"linear": HERE + "negative"}, "not positive, or NaN, at row 0"),
        ({"linear": HERE + "in_numpy"}, "in_numpy' cannot be compiled, for it needs the values"),
        ({"linear": HERE + "branching"}, "branching' cannot be compiled"),
        ({"linear": HERE + "steep"}, "no finite slope in wa"),
        ({"linear": HERE + "unfinished"}, "fails with KeyError: 'sigma_8'"),
        ({"linear": HERE + "stepped"}, "forward mode only: wrap it in .*provider.forward_mode"),
        (
            {"linear": HERE + "of_no_parameter"},
            "range of 'sigma8', which is no parameter",
        ),
        ({"nonlinear": "provider"}, "linear = eisenstein_hu is no provider"),
        ({"linear": HERE + "NARROW", "nonlinear": "provider"}, "NARROW has none"),
        (
            {"linear": "emulator", "power": {"provider": HERE + "NARROW"}},
            "'linear' is emulator, but power is of provider",
        ),
    ],
)
def test_what_is_no_provider(options, message):
    with pytest.raises(ConfigError, match=message):
        theory_options(options)


@pytest.mark.parametrize(("name", "package"), [("emu_pk", "emu-pk"), ("cosmopower_jax", "cosmo")])
def test_a_package_that_is_not_installed(monkeypatch, name, package):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    load_provider.cache_clear()
    with pytest.raises(ConfigError, match=rf"not installed: pip install .*providers.*{package}"):
        load_provider(name)


@pytest.mark.parametrize(
    ("name", "nonlinear", "against", "largest"),
    [
        ("emu_pk", "takahashi", "takahashi", (3e-3, 4e-3)),
        ("cosmopower_jax", "provider", "hmcode2016", (9e-3, 2e-2)),
    ],
)
def test_those_of_packages(universe, name, nonlinear, against, largest):
    pytest.importorskip(name, reason=f"{name} is not installed: pip install jaxlike[providers]")
    cosmo = universe(Omega_m=0.31, h=0.68, n_s=0.966, A_s=2.1e-9)
    theirs, ours = tables(cosmo, name, nonlinear), tables(cosmo, "emulator", against)
    inside = (K > 5e-3) & (K < 10)
    for one, other, error in zip(theirs[:2], ours[:2], largest, strict=True):
        assert np.abs(np.log(one / other))[:, inside].max() < error
    np.testing.assert_allclose(theirs[2], ours[2], rtol=1e-3)
    np.testing.assert_allclose(theirs[3], ours[3], rtol=2e-3)
