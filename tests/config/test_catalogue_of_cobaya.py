"""docs/your_cobaya_input.md names all that is known here, and all that Cobaya has."""

from pathlib import Path

import cobaya
import pytest

from jaxlike.config.boltzmann import CODES
from jaxlike.config.others import KINDS


@pytest.fixture(scope="module")
def catalogue(repository: Path) -> str:
    return (repository / "docs" / "your_cobaya_input.md").read_text()


@pytest.mark.parametrize("code", CODES)
def test_every_option_and_parameter_of_a_boltzmann_code_is_named(catalogue: str, code: str) -> None:
    part = catalogue.partition(f"### {code.upper().removesuffix('Y')}:")[2]
    part = part.partition("### CLASS" if code == "camb" else "### Likelihoods")[0]
    for name in (*CODES[code].options, *CODES[code].parameters):
        assert f"`{name}`" in part, name


def test_every_likelihood_that_is_known_here_is_named(catalogue: str) -> None:
    for kind in KINDS:
        package, _, name = kind.partition(".")
        if package != "jaxlike":
            family = kind.startswith(("bao.desi_", "bao.sdss_dr1"))
            assert f"`{kind}`" in catalogue or f".{name}`" in catalogue or family, kind


def test_every_package_of_likelihoods_of_cobaya_is_named(catalogue: str) -> None:
    folder = Path(cobaya.__file__).parent / "likelihoods"
    for one in folder.iterdir():
        if one.is_dir() and one.name not in ("_test", "base_classes", "__pycache__"):
            assert f"`{one.name}" in catalogue, one.name
