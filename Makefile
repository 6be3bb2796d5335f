# `make demo` and `make test` need Python >= 3.11 with venv and nothing else: they set up .venv.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= test
PYTEST_FLAGS ?= -n 2 --dist loadscope --no-loadscope-reorder
BIN := $(VENV)/bin
# programs that tests start (cobaya-run, cosmosis, jaxlike) come from the same environment
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: demo test slow hosts quick lint types benchmark mock clean

demo: $(VENV)/demo.stamp
	$(BIN)/jaxlike nuts cobaya_yaml/mock_3x2pt_mcmc.yaml --output demo/mock_3x2pt --force
	$(BIN)/jaxlike plot demo/mock_3x2pt --config cobaya_yaml/mock_3x2pt_mcmc.yaml --output demo/mock_3x2pt
	@echo "Chains and plots are in demo/: mock_3x2pt_triangle.png, mock_3x2pt_data_vector.png, mock_3x2pt_chi2.png"

test: $(VENV)/$(EXTRAS).stamp
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m "not slow"

# what samples until statistics have settled, or compiles much
slow: $(VENV)/$(EXTRAS).stamp
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m slow

# of these, Cobaya and CosmoSIS through their own runners
hosts: $(VENV)/$(EXTRAS).stamp
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m slow tests/cobaya/test_cobaya_run.py \
		tests/cosmosis/test_cosmosis_runner.py tests/test_mpi.py

# what compiles little: names, inputs, files, numbers, imports
quick: $(VENV)/$(EXTRAS).stamp
	$(BIN)/python -m pytest $(PYTEST_FLAGS) tests/test_imports.py tests/registry tests/config tests/data tests/numerics tests/plots

lint: $(VENV)/$(EXTRAS).stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/$(EXTRAS).stamp
	$(BIN)/mypy

benchmark: $(VENV)/demo.stamp
	$(BIN)/jaxlike benchmark cobaya_yaml/mock_3x2pt_mcmc.yaml

mock: $(VENV)/demo.stamp
	$(BIN)/jaxlike mock --output data/des_y1_mock.fits --force
	$(BIN)/jaxlike mock --survey paper --output data/paper_mock.fits --force
	cd data && sha256sum --check SHA256SUMS

clean:
	rm -rf $(VENV) demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# One stamp for each set of extras: installed anew when the packaging changes.
$(VENV)/demo.stamp: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/%.stamp: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@
