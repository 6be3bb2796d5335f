"""How CosmoSIS is called on a pipeline of its standard library."""

import stat

import pytest
from library_pipelines import (
    CAMB,
    COSMOLOGY,
    FIRST_VALUES,
    first_generation,
    survey,
    survey_values,
    written,
)

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.cosmosis.library_run import configured, run_library


def program(path, text):
    """A program at a path."""
    path.write_text("#!/usr/bin/env bash\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


SAVED = """\
[ "$LIBRARY_IS_CONFIGURED" = yes ] || exit 3
pwd > {folder}/where.txt
echo "$@" > {folder}/called.txt
printf '%s\n' "$@" > {folder}/words.txt
for word in "$@"; do case $word in test.save_dir=*) saved=${{word#*=}};; esac; done
mkdir -p $saved/likelihoods $saved/cosebis
echo "2pt_like = -3.5" > $saved/likelihoods/values.txt
echo 1.0 > $saved/cosebis/bin_2_1.txt
"""


@pytest.fixture
def library_at(tmp_path):
    """Empty files of modules in a folder, with a program in the place of CosmoSIS; its command."""

    def make(modules):
        for options in modules.values():
            file = tmp_path / options["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        folder = tmp_path / "bin"
        folder.mkdir()
        program(folder / "cosmosis", SAVED.format(folder=tmp_path))
        program(folder / "cosmosis-configure", "[ $# = 0 ] && export LIBRARY_IS_CONFIGURED=yes\n")
        return str(folder / "cosmosis")

    return make


def test_it_runs_where_the_library_is_with_files_of_keywords(tmp_path, small_folder, library_at):
    """From the folder of the modules' files, in the environment that its own program sets."""
    data = small_folder / "small.fits"
    modules = first_generation("likelihood/not_there.fits")
    command = library_at(modules)
    path = written(tmp_path, modules, FIRST_VALUES)
    text = path.read_text().replace("likelihood/not_there.fits", "%(two)s")
    path.write_text("[DEFAULT]\ntwo = likelihood/not_there.fits\n" + text)
    library = library_of(path, {"data_file": str(data)})
    assert configured(command)[:2] == ["bash", "-c"]
    saved = run_library(command, library.translation.modules, ["cosebis", "absent"])
    assert saved.log_likelihoods == {"2pt": -3.5}
    assert saved.by_bins["cosebis"][2, 1] == 1.0
    assert (tmp_path / "where.txt").read_text().strip() == str(tmp_path.resolve())
    called = (tmp_path / "called.txt").read_text().split()
    assert f"2pt_like.data_file={data}" in called
    assert f"fits_nz.nz_file={data}" in called
    # what every section has from [DEFAULT] is not given to each
    assert not [word for word in called if ".two=" in word]


def test_it_runs_without_what_no_likelihood_that_counts_has_a_use_for(
    tmp_path, small_folder, library_at
):
    modules = {"camb": CAMB, **survey("absent.fits", "one")}
    modules |= survey(str(small_folder / "small.fits"), "two")
    command = library_at(modules)
    values = COSMOLOGY + survey_values("one") + survey_values("two")
    library = library_of(written(tmp_path, modules, values), {"likelihoods": "2pt_two"})
    run_library(command, library.translation.modules)
    called = (tmp_path / "words.txt").read_text().splitlines()
    assert "pipeline.likelihoods=2pt_two" in called
    used = "camb IA_one nz_two shift_two IA_two cl_two add_two xi_two m_two 2pt_two"
    assert f"pipeline.modules={used}" in called
