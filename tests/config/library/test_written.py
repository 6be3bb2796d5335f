"""A pipeline of the standard library as an input of jaxlike's own."""

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.config.translated import translated_yaml


def test_what_is_written_is_the_same_posterior(first, tmp_path):
    library = library_of(first(), {})
    text = translated_yaml(library.config, library.explanation)
    (tmp_path / "own.yaml").write_text(text)
    again = read_config(tmp_path / "own.yaml")
    (one,), (other,) = library.config.likelihoods, again.likelihoods
    assert one.options == other.options
    assert one.scale_cuts == other.scale_cuts
    names = library.config.names
    assert {names.canonical(p.name): p.prior for p in library.config.sampled} == {
        p.name: p.prior for p in again.sampled
    }
    assert "nonlinear = takahashi" in text.partition("theory:")[0]
