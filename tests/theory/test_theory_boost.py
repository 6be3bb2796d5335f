"""What multiplies the nonlinear power: SP(k), HMCode's feedback alone, tables, functions."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError, ParameterError
from jaxlike.registry.effects import check_effects, check_universe
from jaxlike.registry.options import theory_options
from jaxlike.theory.power.boost_table import BoostTable
from jaxlike.theory.power.nonlinear import boosted, nonlinear_power
from jaxlike.theory.power.spk import suppression
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

SPK = {"spk_alpha": 4.16, "spk_beta": 1.2, "spk_gamma": 0.39}
HERE = "provider_functions."

# py-SP(k) 2.0.1, sup_model of M500c by alpha, beta and gamma, at k = 0.1, 0.3, 1, 3, 8, 12 h/Mpc
K = np.array([0.1, 0.3, 1.0, 3.0, 8.0, 12.0])
PY_SPK = {
    0.125: (1.00003083, 0.99304832, 0.95049638, 0.8969222, 0.89148819, 0.91331424),
    1.0: (1.0000994, 0.99817221, 0.95938169, 0.89261287, 0.89992007, 0.9568505),
    3.0: (1.00001363, 1.00017722, 0.9952157, 0.94240447, 0.94040718, 0.98989207),
}


def ratio(z, k):
    return 1 - 0.2 / (1 + z[:, None]) * k**2 / (1 + k**2)


@pytest.fixture
def table(tmp_path):
    """A file of a smooth ratio."""
    z, k = np.linspace(0, 3, 9), np.geomspace(1e-2, 30, 60)
    rows = np.column_stack([np.repeat(z, k.size), np.tile(k, z.size), ratio(z, k).ravel()])
    np.savetxt(tmp_path / "table.txt", rows, header="z k ratio")
    np.savez(tmp_path / "table.npz", z=z, k=k, ratio=ratio(z, k))
    return tmp_path / "table.txt"


def test_sp_k_is_that_of_its_authors(universe):
    z = np.array(list(PY_SPK))[:, None]
    k = np.tile(K, (z.size, 1))
    find = jax.jit(suppression)
    found = np.asarray(find(universe(**SPK), k, z))
    np.testing.assert_allclose(found, list(PY_SPK.values()), rtol=1e-8)
    far = np.asarray(find(universe(**SPK), 2 * k, 2 * z))
    np.testing.assert_array_equal(far[2, -2:], found[2, -1])  # the edges go on

    @jax.jit
    def total(alpha):
        return jnp.sum(suppression(universe(**SPK | {"spk_alpha": alpha}), k, z))

    step = 1e-4
    slope = float(jax.grad(total)(4.16))
    assert slope == pytest.approx(float(total(4.16 + step) - total(4.16 - step)) / 2 / step, 1e-6)


def test_tables_between_their_points(table):
    name = theory_options({"boost": {"table": str(table)}}).boost
    assert name.startswith(f"table:{table}#")
    assert theory_options({"boost": name}).boost == name  # as it is written out
    read = BoostTable.of(name.removeprefix("table:"))
    k, z = np.geomspace(1e-3, 100, 40), np.array([0.0, 0.3, 1.7, 3.0, 5.0])
    found = read.boost(None, jnp.asarray(np.tile(k, (z.size, 1))), jnp.asarray(z)[:, None])
    expected = ratio(np.minimum(z, 3.0), np.clip(k, 1e-2, 30.0))
    np.testing.assert_allclose(found, expected, atol=2e-4)
    other = BoostTable.of(theory_options({"boost": f"table:{table.with_suffix('.npz')}"}).boost[6:])
    np.testing.assert_array_equal(other.rows, read.rows)
    table.write_text("0 0.1 1.0\n")
    with pytest.raises(ConfigError, match="has changed since it was read"):
        BoostTable.of(name.removeprefix("table:"))


@partial(jax.jit, static_argnums=(1, 2))
def powers(cosmo, nonlinear, boosts):
    """Ratios to the power without boosts at Limber points and of tables, by boosts; k, z; that of
    HMCode2020 with feedback to the same without."""
    nodes = Nodes.build(0.01 * np.arange(250), 8, np.arange(0, N_LATTICE, 8), z_max=2.4)

    def found(model):
        seen = UniverseGrid.build(nodes, linear="eisenstein_hu", nonlinear=model).universe(cosmo)
        return seen.matter, nonlinear_power(cosmo, K, np.array([0.5, 1.0]), model=model), seen.los

    limber, table, los = found(nonlinear)
    others = {boost: found(boosted(nonlinear, boost))[:2] for boost in boosts}
    ratios = {boost: (one / limber, other / table) for boost, (one, other) in others.items()}
    with_it, without = (
        nonlinear_power(one, K, np.array([0.5, 1.0]), model="hmcode2020")
        for one in (cosmo, replace(cosmo, log_T_AGN=None))
    )
    return ratios, (nodes.ell + 0.5) / los.f_k[:, None], nodes.z, with_it / without


def test_at_limber_points_and_in_tables(universe, table):
    name = theory_options({"boost": {"table": str(table)}}).boost
    cosmo = universe(log_T_AGN=8.0, **SPK)
    boosts = (name, "spk", "hmcode2020_feedback", HERE + "lifted")
    found, k, z, hmcode = powers(cosmo, "linear", boosts)
    used = (k > 1e-2) & (k < 30)
    np.testing.assert_allclose(found[name][0][used], _at(ratio, z, k)[used], atol=2e-4)
    np.testing.assert_allclose(found[name][1], ratio(np.array([0.5, 1.0]), K), atol=2e-4)
    z = np.asarray(z)[:, None]
    np.testing.assert_allclose(found[HERE + "lifted"][0], 1 + 0.07 * k / (1 + z), rtol=1e-12)
    np.testing.assert_allclose(found["spk"][0], suppression(cosmo, k, z), rtol=1e-12)
    np.testing.assert_allclose(found["spk"][1][1], PY_SPK[1.0], rtol=1e-8)
    feedback = found["hmcode2020_feedback"]
    np.testing.assert_allclose(feedback[1], hmcode, rtol=1e-9)
    assert float(np.min(feedback[0])) < 0.85
    assert float(np.max(np.abs(feedback[0][k < 0.02] - 1))) < 1e-3


def _at(function, z, k):
    return np.stack([function(np.array([one]), row)[0] for one, row in zip(z, k, strict=True)])


def test_parameters_have_an_effect_with_their_boost():
    names = ["log_T_AGN"]
    check_effects(names, {"nonlinear": "takahashi", "boost": "hmcode2020_feedback"})
    with pytest.raises(ParameterError, match="'log_T_AGN' has no effect with nonlinear"):
        check_effects(names, {"nonlinear": "takahashi", "boost": "spk"})
    with pytest.raises(ParameterError, match="'spk_beta' has no effect with boost = none"):
        check_effects(["spk_beta"], {"nonlinear": "takahashi", "boost": "none"})
    with pytest.raises(ParameterError, match="log_T_AGN is missing: boost = hmcode2020_feedback"):
        check_universe(["Omega_m"], {"boost": "hmcode2020_feedback"})
    with pytest.raises(ParameterError, match="spk_gamma is missing: boost = spk needs it"):
        check_universe(["spk_alpha", "spk_beta"], {"boost": "spk"})
    check_universe(["spk_alpha", "spk_beta", "spk_gamma"], {"boost": "spk"})


def test_as_inputs_name_it():
    assert (
        theory_options({"boost": None}).boost == theory_options({"boost": "none"}).boost == "none"
    )
    for value in ({"provider": "spk"}, "provider:spk", "spk"):
        options = theory_options({"boost": value})
        assert (options.boost, options.matter) == ("spk", "takahashi * spk")
        assert theory_options(vars(options)) == options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"boost": "none_such"}, r"option 'boost' is 'none_such'; accepted are none, \{provider"),
        ({"boost": {"provider": "spk", "table": "t.txt"}}, "option 'boost' is"),
        ({"boost": {"file": "t.txt"}}, "option 'boost' is"),
        ({"boost": {"table": "none.txt"}}, r"none.txt' of boost cannot be read: No such file"),
        ({"boost": {"provider": HERE + "none"}}, "boost .* cannot be imported: .* has no 'none'"),
        ({"boost": {"provider": HERE + "number"}}, "is float, but must be a function"),
        ({"boost": {"provider": HERE + "in_numpy"}}, "in_numpy' cannot be compiled"),
        ({"boost": "hmcode2020_feedback", "nonlinear": "hmcode2020"}, "has its own: leave it out"),
        ({"boost": "spk", "power": "host"}, "'boost' has no effect with power from outside"),
    ],
)
def test_what_is_no_boost(options, message):
    with pytest.raises(ConfigError, match=message):
        theory_options(options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no numbers", "is no table of numbers"),
        ("0 1\n1 1\n", "has 2 columns, but must have 3"),
        ("0 1 1\n1 2 1\n", "has 2 rows, but 2 redshifts and 2 wavenumbers"),
        ("0 1 1\n0 2 1\n1 1 1\n1 2 1\n", "must have 4 of each or more"),
        ("\n".join(f"{z} {k} {-1}" for z in range(4) for k in range(1, 5)), "not positive numbers"),
        ("\n".join(f"{z} {k} 1" for z in range(4) for k in range(4)), "k that do not ascend"),
    ],
)
def test_what_is_no_table(tmp_path, text, message):
    (tmp_path / "table.txt").write_text(text)
    with pytest.raises(ConfigError, match=message):
        theory_options({"boost": {"table": str(tmp_path / "table.txt")}})


def test_what_is_no_archive(tmp_path):
    np.savez(tmp_path / "a.npz", z=np.arange(4.0), k=np.arange(1.0, 5))
    np.savez(tmp_path / "b.npz", z=np.arange(4.0), k=np.arange(1.0, 5), ratio=np.ones((4, 3)))
    for name, message in (("a", "has no array 'ratio'"), ("b", r"ratio \(4, 3\), but must have")):
        with pytest.raises(ConfigError, match=message):
            theory_options({"boost": {"table": str(tmp_path / f"{name}.npz")}})
