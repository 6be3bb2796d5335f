"""`jaxlike report`: the page about a run, and what a browser makes of it."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from browser import seen

from jaxlike.cli.main import main
from jaxlike.cli.report import report_of_run
from jaxlike.files import sha256_of
from jaxlike.inference import read_draws, write_cosmosis

BAD = [
    (["report"], "required: PREFIX"),
    (["report", "{absent}"], "there is no file {absent}.1.txt"),
    (["report", "{prefix}", "--config", "{absent}.yaml"], "'{absent}.yaml' is not a file"),
    (["report", "{prefix}", "--no-data", "--config", "{config}"], "have no effect with --no-data"),
    (["report", "{prefix}", "--no-data", "--output", "{folder}"], "is a folder; accepted is a fi"),
    (["report", "{prefix}", "--no-data", "--output", "{config}"], "exists and is no report; give"),
    (
        ["report", "{prefix}", "--no-data", "--force", "--output", "{prefix}.1.txt"],
        "is the input '{prefix}.1.txt' itself, which would be lost",
    ),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, places, refused):
    before = Path(places["config"]).read_bytes()
    assert message.format(**places) in refused([a.format(**places) for a in argv])
    assert Path(places["config"]).read_bytes() == before


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    """The page that a run leaves when it ends, its model at hand, and the seconds that it took."""
    folder = tmp_path_factory.mktemp("report")
    prefix = folder / "chains"
    for file in Path(run.prefix).parent.glob("run.*"):
        shutil.copy(file, folder / file.name.replace("run.", "chains."))
    record = yaml.safe_load(Path(f"{prefix}.updated.yaml").read_text())
    record["jaxlike"] = {
        "command": "jaxlike nuts small.yaml --seed 3",
        "config": run.config,
        "config_sha256": sha256_of(Path(run.config)),
        "data_sha256": {"jaxlike.cobaya.3x2pt": sha256_of(run.folder / "data.fits")},
        "version": "0.0.1",
        "seed": 3,
        "seconds": 12.5,
        "jaxlike_nuts": {"divergent": 0, "step_size": 0.5, "e_bfmi": [0.9, 0.2], "gradients": 600},
    }
    Path(f"{prefix}.updated.yaml").write_text(yaml.safe_dump(record))
    report_of_run(str(prefix), run.model)  # compiles
    begin = time.process_time()
    (path,) = report_of_run(str(prefix), run.model)
    return path, time.process_time() - begin


def test_the_page_is_small_and_quick(page):
    path, seconds = page
    assert path.name == "chains.html"
    assert path.stat().st_size < 3e6
    assert seconds < 10.0  # of the CPU, with other tests beside it


@pytest.fixture(scope="module")
def in_browser(page, tmp_path_factory):
    """The page as a browser shows it on a phone and on a desk."""
    found = seen(page[0], tmp_path_factory.mktemp("browser"), (390, 1280))
    return {one["width"]: one for one in found["found"]}, found


def test_a_browser_has_nothing_to_complain_of(in_browser):
    frames, found = in_browser
    assert set(frames) == {390, 1280}
    assert found["wrong"] == []
    assert found["console"] == []
    assert all(one["fetched"] == one["links"] == 0 for one in frames.values())


@pytest.mark.parametrize("width", [390, 1280])
def test_every_figure_is_visible_and_nothing_runs_out_of_the_page(in_browser, width):
    one = in_browser[0][width]
    titles = [alt for alt, *_ in one["images"]]
    assert titles == [
        *("Posterior", "Data and theory", "Residuals", "Replicated data", "Traces", "Ranks")
    ]
    assert all(natural > 200 and shown > 200 for _, natural, shown in one["images"])
    assert one["overflow"] <= 0
    assert one["stray"] == []
    assert one["font"] >= 16


def test_the_page_says_what_was_run_and_whether_to_trust_it(in_browser, run):
    text = in_browser[0][1280]["text"]
    for words in (
        "jaxlike nuts small.yaml --seed 3",
        sha256_of(run.folder / "data.fits"),
        "0 of 300",
        "Momenta change the energy by too little",
        "with care: see E-BFMI",
        "The model describes the data",
        "omegam",
        "12.5 s",
    ):
        assert words in text
    draws = read_draws(run.prefix)
    i = draws.names.index("b1")
    assert f"{draws.values[:, i].mean():.3f} ± {draws.values[:, i].std():.3f}" in text


def test_a_changed_data_file_is_said_so(page, run, tmp_path):
    from jaxlike.report.record import read_record

    record = read_record(Path(f"{page[0].with_suffix('')}"))
    assert [one.changed for one in record.data_files(run.model)] == [False]
    record.about["data_sha256"]["jaxlike.cobaya.3x2pt"] = "0" * 64
    assert [one.changed for one in record.data_files(run.model)] == [True]


def test_chains_of_cosmosis_have_a_page_without_data(run, tmp_path, capsys):
    chain = tmp_path / "chain.txt"
    write_cosmosis(read_draws(run.prefix), chain)
    assert main(["report", str(chain)]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "chain.html")]
    text = (tmp_path / "chain.html").read_text()
    assert "There is no data vector here" in text
    assert "no input of them is given: --config CONFIG" in text
    assert "cosmological_parameters--omega_m" in text


def test_a_few_draws_have_a_page_and_no_triangle(run, tmp_path, capsys):
    for file in Path(run.prefix).parent.glob("run.*.txt"):
        few = "\n".join(file.read_text().splitlines()[:5])
        (tmp_path / file.name).write_text(f"{few}\n")
    assert main(["plot", str(tmp_path / "run")]) == 2  # as GetDist sees it, they have no names
    assert "cannot be read by GetDist" in capsys.readouterr().err
    shutil.copy(f"{run.prefix}.paramnames", tmp_path)
    assert main(["report", str(tmp_path / "run"), "--no-data"]) == 0
    text = (tmp_path / "run.html").read_text()
    assert "The triangle could not be drawn: GetDist cannot draw omegam" in text
    assert "Do not use the numbers below yet" in text
    capsys.readouterr()
    assert main(["plot", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "of chains of 8 draws" in line


def test_a_report_that_fails_is_a_warning(fake_model, tmp_path, capsys):
    """The chains of a run are there, whatever becomes of its page."""
    size = ["--chains", "2", "--warmup", "100", "--samples", "400", "--no-progress"]
    assert main(["nuts", fake_model, "--output", str(tmp_path / "run"), *size]) == 0
    assert "jaxlike: warning: there is no report (" in capsys.readouterr().err
    assert np.loadtxt(tmp_path / "run.1.txt").shape[0] == 400
