"""`jaxlike benchmark`: options without effect."""

import pytest

BAD = [
    (["benchmark", "{config}", "--force"], "option --force has no effect without speed or ess"),
    (["benchmark", "{config}", "--vs", "ccl"], "option --vs has no effect without speed"),
    (["benchmark", "speed", "{config}", "--mocks", "3"], "--mocks has no effect with speed"),
    (
        ["benchmark", "speed", "{config}", "--longest", "0"],
        "option --longest is 0; accepted are seconds above 0",
    ),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, fake_model, tmp_path, refused):
    (tmp_path / "notes.txt").write_text("")
    fill = {"tmp": tmp_path, "config": fake_model}
    assert message.format(**fill) in refused([a.format(**fill) for a in argv])
