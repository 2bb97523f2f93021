"""Charts as pictures."""

import subprocess

import pytest

from seq2seq.takeaway.pictures import draw_picture

LOOK = {"font": "'NanumGothic', sans-serif", "background": "#FFFFFF"}
SPEC = {
    "data": {"name": "points"},
    "mark": "text",
    "encoding": {
        "x": {"field": "epoch", "type": "quantitative", "title": "에포크"},
        "text": {"field": "words"},
    },
}


def test_a_chart_becomes_a_picture_of_its_numbers_and_words():
    rows = [{"epoch": 1.0, "words": "<b>"}, {"epoch": float("nan"), "words": "−0.10"}, {"epoch": 3, "words": "손실"}]
    svg = draw_picture(SPEC, {"points": rows}, LOOK, "svg").decode()
    assert "에포크" in svg and "손실" in svg and "&lt;b&gt;" in svg and "#FFFFFF" in svg.upper()
    assert draw_picture(SPEC, {"points": rows}, LOOK, "png").startswith(b"\x89PNG")


def test_nothing_is_fetched():
    with pytest.raises(subprocess.CalledProcessError, match="pictures"):
        draw_picture(SPEC | {"data": {"url": "https://example.org/x.json"}}, {}, LOOK, "svg")
