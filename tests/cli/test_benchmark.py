"""`jaxlike benchmark`: options without effect."""

import pytest

BAD = [
    (["benchmark", "{config}", "--force"], "option --force has no effect without ess"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, fake_model, tmp_path, refused):
    (tmp_path / "notes.txt").write_text("")
    fill = {"tmp": tmp_path, "config": fake_model}
    assert message.format(**fill) in refused([a.format(**fill) for a in argv])
