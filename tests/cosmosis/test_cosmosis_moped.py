"""`compression` in CosmoSIS: the numbers, or the modes, of the pipeline's own free parameters."""

import pytest

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

import jaxlike
from jaxlike.cosmosis.module import execute, setup

OPTIONS = {
    "file": "jaxlike_two_point.py",
    "scale_cuts": "none",
    "linear": "eisenstein_hu_no_wiggle",
    "nonlinear": "linear",
    "compression": "moped",
    "include_norm": True,
}


@pytest.mark.parametrize("compression", ["moped", "modes"])
def test_the_block_has_the_chi2_of_the_numbers(compression, small_folder, make_block):
    pipeline = {"current_module": "two_point"}
    pipeline |= {name: str(small_folder / f"{name}.ini") for name in ("values", "priors")}
    options = {**OPTIONS, "compression": compression}
    options |= {"data_file": str(small_folder / "small.fits")}
    module = setup(make_block({"pipeline": pipeline, "module_options": options}))
    model = jaxlike.load(small_folder / "pipeline.ini", compression=compression)
    values = {name: float(v) for name, v in model.params_dict(model.reference + 0.001).items()}
    block = make_block({})
    for name, value in values.items():
        section, _, key = name.partition("--")
        block[section, key] = value
    assert execute(block, module) == 0
    assert block["data_vector", "jaxlike_chi2"] == pytest.approx(
        float(model.chi2(values)), rel=1e-8
    )
    assert block["data_vector", "jaxlike_n"] == model.n_points
    if compression == "moped":
        assert model.n_points == len(model.parameters)
        # the numbers have the covariance 1, whose determinant has the logarithm 0
        assert block["data_vector", "jaxlike_log_det"] == 0.0
    assert block["data_vector", "jaxlike_theory"].size == model.data.n_data


def test_a_pipeline_without_values_is_an_error(make_block, small_folder):
    options = {**OPTIONS, "data_file": str(small_folder / "small.fits")}
    block = make_block({"pipeline": {"current_module": "x"}, "module_options": options})
    with pytest.raises(jaxlike.ConfigError, match="no 'values', the file of parameters"):
        setup(block)


def test_cosmosis_samples_all_parameters(make_block, small_folder):
    options = {**OPTIONS, "compression": "none", "marginalise": "m"}
    options |= {"data_file": str(small_folder / "small.fits")}
    block = make_block({"pipeline": {"current_module": "x"}, "module_options": options})
    with pytest.raises(jaxlike.ConfigError, match="'marginalise' takes parameters out of those"):
        setup(block)
