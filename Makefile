# `make help` says what there is. `make demo` and `make test` need Python >= 3.11 with venv and nothing
# else: they set up .venv.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= test
PYTEST_FLAGS ?= -n 2 --dist loadscope --no-loadscope-reorder
BIN := $(VENV)/bin
# programs that tests start (cobaya-run, cosmosis, jaxlike) come from the same environment
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: help demo test slow hosts quick lint types site coverage dist wheel benchmark mock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target what; do \
		printf '%-10s %s\n' "$$target" "$$what"; done

demo: $(VENV)/demo.stamp ## sample the shipped mock survey and draw three plots
	$(BIN)/jaxlike nuts cobaya_yaml/mock_3x2pt_mcmc.yaml --output demo/mock_3x2pt --force
	$(BIN)/jaxlike plot demo/mock_3x2pt --config cobaya_yaml/mock_3x2pt_mcmc.yaml --output demo/mock_3x2pt
	@echo "Chains and plots are in demo/: mock_3x2pt_triangle.png, mock_3x2pt_data_vector.png, mock_3x2pt_chi2.png"

test: $(VENV)/$(EXTRAS).stamp ## all tests but the slow ones
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m "not slow"

slow: $(VENV)/$(EXTRAS).stamp ## what samples until statistics have settled, or compiles much
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m slow

hosts: $(VENV)/$(EXTRAS).stamp ## of the slow ones, Cobaya and CosmoSIS through their own runners
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m slow tests/cobaya/test_cobaya_run.py \
		tests/cosmosis/test_cosmosis_runner.py tests/test_mpi.py

quick: $(VENV)/$(EXTRAS).stamp ## what compiles little: names, inputs, files, numbers, imports
	$(BIN)/python -m pytest $(PYTEST_FLAGS) tests/test_imports.py tests/registry tests/config tests/data tests/numerics tests/plots

lint: $(VENV)/$(EXTRAS).stamp ## ruff, check and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/$(EXTRAS).stamp ## mypy
	$(BIN)/mypy

site: $(VENV)/docs.stamp ## docs/ as a site in docs/_build/html, warnings being errors
	$(BIN)/python -m sphinx -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@echo "The site is docs/_build/html/index.html"

coverage: $(VENV)/$(EXTRAS).stamp ## branch coverage of jaxlike/ by all tests but the slow ones
	$(BIN)/python -m pip install --quiet "pytest-cov>=6"
	$(BIN)/python -m pytest $(PYTEST_FLAGS) -m "not slow" --cov=jaxlike --cov-branch --cov-report=term:skip-covered

dist: $(VENV)/bin/python ## wheel and sdist in dist/
	$(BIN)/python -m pip install --quiet "build>=1.2"
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

wheel: dist ## build both and run them where nothing else is, with this environment's dependencies
	.ci/clean_install dist/*.whl --borrow
	.ci/clean_install dist/*.tar.gz --borrow

benchmark: $(VENV)/demo.stamp ## times of the mock survey's posterior
	$(BIN)/jaxlike benchmark cobaya_yaml/mock_3x2pt_mcmc.yaml

mock: $(VENV)/demo.stamp ## make the shipped mock data anew, and compare
	$(BIN)/jaxlike mock --output data/des_y1_mock.fits --force
	$(BIN)/jaxlike mock --survey paper --output data/paper_mock.fits --force
	cd data && sha256sum --check SHA256SUMS

clean: ## remove what was built
	rm -rf $(VENV) demo build dist docs/_build *.egg-info .pytest_cache .mypy_cache .ruff_cache

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
