"""Pipelines of the standard library whose galaxies are biased to one loop."""

import pytest
from library_pipelines import PROJECT, SECOND_VALUES, second_generation, written

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.errors import ConfigError


@pytest.fixture
def file(small_folder):
    """The small data set, whose tables are called as the library's are."""
    return str(small_folder / "small.fits")


def to_one_loop(file):
    """The same with galaxies to one loop; alignment is with their linear bias."""
    modules = second_generation(file)
    modules["pk_to_cl_gg"] = PROJECT | {"nlgal-nlgal": "lens-lens", "do_exact": "nlgal-nlgal"}
    linear = modules["pk_to_cl"]
    for name in ("shear", "magnification"):
        linear[f"nlgal-{name}"] = linear.pop(f"lingal-{name}")
    linear["lin_bias_prefix"] = "b1E_bin"
    modules["fast_pt"] = modules["fast_pt"] | {"do_bias": "T", "only_terms": "T"}
    return modules


ONE_LOOP_VALUES = SECOND_VALUES.replace("[bias_lens]\nb1 =", "[bias_lens]\nb1E_bin1 =").replace(
    "\nb2 = 0.8", "\nb2E_bin1 = -3 0.2 3\nbsE_bin2 = 0.3\nbkE_bin1 = 0.0\nb1E_bin2 = 0.8"
)


def test_galaxies_to_one_loop(tmp_path, file):
    library = library_of(written(tmp_path, to_one_loop(file), ONE_LOOP_VALUES), {})
    (one,) = library.config.likelihoods
    assert one.options.bias == "one_loop"
    assert one.options.magnification
    assert one.options.limber == "beyond"
    parameters = {p.name: p for p in library.config.parameters}
    assert {"bias_lens--b1e_bin1", "bias_lens--b2e_bin1"} <= set(parameters)
    assert parameters["bias_lens--b2e_bin2"].value == 0.0  # as get_bias_params_bin has it
    assert parameters["bias_lens--bse_bin2"].value == 0.3
    assert not any("b3nl" in name or "bke" in name for name in parameters)  # of coevolution


def test_what_one_loop_of_galaxies_is_not(tmp_path, file):
    values = ONE_LOOP_VALUES.replace("bkE_bin1 = 0.0", "bkE_bin1 = 0.1")
    with pytest.raises(ConfigError, match="bke_bin1' is not 0: galaxies have no bias that goes"):
        read_config(written(tmp_path, to_one_loop(file), values))
    modules = to_one_loop(file)
    modules["pk_to_cl"]["lingal-magnification"] = modules["pk_to_cl"].pop("nlgal-magnification")
    with pytest.raises(ConfigError, match="take lingal- of both, or nlgal- of both"):
        read_config(written(tmp_path, modules, ONE_LOOP_VALUES))
