"""The table of the samplers' options is that of their functions."""

import json

import pytest

from jaxlike.inference.runs.progress import JsonLines
from jaxlike.inference.samplers.by_name import METHODS, options_of
from jaxlike.inference.samplers.method_options import METHOD_OPTIONS, options_for


@pytest.mark.parametrize("method", METHODS)
def test_the_table_has_every_option_and_default(method):
    table = {option.name: option.defaults[method] for option in options_for(method)}
    assert table == options_of(method)


@pytest.mark.parametrize("option", METHOD_OPTIONS, ids=lambda option: option.name)
def test_options_say_what_their_defaults_are(option):
    assert set(option.defaults) <= {*METHODS}
    for method, default in option.defaults.items():
        said = option.help(method)
        if default is None:
            assert option.unset in said
        else:
            assert isinstance(default, option.kind)
            assert said.endswith(f"({str(default).lower() if option.kind is bool else default})")
        assert method in option.help() or len(option.defaults) == len(METHODS)


def test_progress_in_json(capsys):
    with JsonLines(10, "draw", every_s=0.0) as bar:
        bar.set_description("sampling")
        bar.reset()
        bar.set_postfix({"ln Z": "-1.5"}, refresh=False, divergent=2)
        bar.update(4)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["stage"] for one in told] == ["compiling", *["sampling"] * 3]
    assert [one["done"] for one in told] == [0, 0, 4, 4]
    last = told[-1]
    assert (last["total"], last["unit"], last["ln Z"], last["divergent"]) == (10, "draw", -1.5, 2)
    assert told[0]["seconds_left"] is None
    assert last["seconds_left"] == pytest.approx(1.5 * last["seconds"], abs=0.2)
