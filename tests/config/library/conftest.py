"""Pipelines of modules of the CosmoSIS standard library that tests change."""

import pytest
from cobaya_sets import write_library_supernovae
from library_pipelines import (
    FIRST_VALUES,
    first_generation,
    written,
)


@pytest.fixture
def file(small_folder):
    """The small data set, whose tables are called as the library's are."""
    return str(small_folder / "small.fits")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """A folder with the library's supernovae, made up."""
    folder = tmp_path_factory.mktemp("library")
    write_library_supernovae(folder)
    return folder


@pytest.fixture
def first(tmp_path, file):
    """A pipeline of the first generation, with one module's options changed."""

    def make(module="2pt_like", values=FIRST_VALUES, priors="", without=(), **changed):
        modules = first_generation(file)
        options = {key.replace("__", "-"): value for key, value in changed.items()}
        modules[module] = modules[module] | options
        modules = {name: own for name, own in modules.items() if name not in without}
        return written(tmp_path, modules, values, priors)

    return make
