"""Posteriors of two likelihoods on small data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from product_input import TEXT

import jaxlike
from jaxlike.data import write_two_point_fits


@pytest.fixture(scope="session")
def product_folder(small_data, tmp_path_factory):
    """Files of two data sets of one layout."""
    folder = tmp_path_factory.mktemp("product")
    write_two_point_fits(small_data, folder / "small.fits")
    more = tuple(replace(m, value=1.05 * m.value) for m in small_data.measurements)
    tables = tuple(
        replace(table, dndz=table.dndz * (1 + 0.02 * np.sin(9 * table.z_mid)))
        for table in small_data.nz
    )
    other = replace(
        small_data, measurements=more, nz=tables, covariance=0.999 * small_data.covariance
    )
    write_two_point_fits(other, folder / "other.fits")
    return folder


@pytest.fixture(scope="session")
def load_product(product_folder) -> Callable[..., jaxlike.Model]:
    """From the text of an input to its posterior."""

    def load(text=TEXT, **overrides):
        (product_folder / "in.yaml").write_text(text)
        return jaxlike.load(product_folder / "in.yaml", **overrides)

    return load


@pytest.fixture(scope="session")
def product(load_product):
    return load_product()


@pytest.fixture(scope="session")
def alone(load_product):
    """The posterior of each likelihood, on nodes of its own."""
    return {name: load_product(likelihoods=name) for name in ("ngc", "sgc")}
