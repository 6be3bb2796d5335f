"""What is said of a pipeline of the standard library, and the catalogue of its modules."""

import time

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.cosmosis_values import read_values
from jaxlike.config.explained import Entry
from jaxlike.config.ini_file import defaults_of, read_ini
from jaxlike.config.standard_library.catalogue import with_catalogue
from jaxlike.config.standard_library.registry import MODULES, module_of


def every_entry(path):
    """All entries of a pipeline and of its files of values and priors."""
    for name, section in {"DEFAULT": defaults_of(path, path), **read_ini(path, path)}.items():
        yield from section.listed(name)
    values = read_values(path, read_ini(path, path)["pipeline"].entries, lenient=True)
    for what, files in (("values", (values.values,)), ("priors", values.priors)):
        for sections in files:
            for name, section in sections.items():
                yield from section.listed(f"{what}: {name}")


def named(explanation, entry: Entry):
    """What was said of an entry; sections of modules are called as the pipeline calls them."""
    return [
        row.text
        for row in explanation
        if (row.entry.where.lower(), row.entry.key) == (entry.where.lower(), entry.key)
    ]


def test_no_entry_goes_unsaid(first, tmp_path, file):
    path = first(priors="[planck]\na_planck = gaussian 1.0 0.0025\n")
    path.write_text(
        "[DEFAULT]\nRUN = one\n" + path.read_text() + "[6dfgs]\nfile = likelihood/6dfgs/6dfgs.py\n"
        "bao_mode = rs_dv\n[output]\nfilename = chains/%(RUN)s.txt\n[emcee]\nwalkers = 8\n"
    )
    explanation = library_of(path, {}).explanation
    entries = list(every_entry(path))
    assert len(entries) > 90
    assert [entry for entry in entries if len(named(explanation, entry)) != 1] == []
    said = {(row.entry.where, row.entry.key): row.text for row in explanation}
    assert "no effect here" in said["6dfgs", "bao_mode"]
    assert said["camb", "halofit_version"] == "nonlinear = takahashi"
    assert said["values: bin_bias", "b1"] == "b1"
    assert "no effect here" in said["values: cosmological_parameters", "tau"]
    assert "no effect here" in said["priors: planck", "a_planck"]
    assert said["output", "filename"] == "output = chains/one"
    assert "not recorded here: data_vector/2pt_chi2" in said["pipeline", "extra_output"]
    lines = list(explanation.lines())
    assert "[emcee] " not in lines
    assert any("walkers = 8" in line for line in lines)


def test_explaining_takes_less_than_five_seconds(first):
    path = first()
    start = time.process_time()
    list(library_of(path, {}).explanation.lines())
    assert time.process_time() - start < 5


def test_no_file_is_known_twice():
    files = [file for module in MODULES for file in module.files]
    assert len(files) == len(set(files)) > 60
    assert all(module_of(f"/anywhere/{file}.py").files.count(file) == 1 for file in files)


def test_the_catalogue_in_the_docs(repository):
    """Made from the tables that the reader has: `with_catalogue` writes it."""
    text = (repository / "docs" / "your_input.md").read_text()
    assert with_catalogue(text) == text
