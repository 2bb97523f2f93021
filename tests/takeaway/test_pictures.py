"""Charts as pictures."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from seq2seq.limits import MAX_PICTURES
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


def test_a_class_that_asks_at_once_waits_its_turn(monkeypatch):
    """Each picture is a process of 80 MB."""
    begun, running, most = threading.Barrier(MAX_PICTURES, timeout=30), [], []

    def draws(*_, **__):
        running.append(1)
        most.append(len(running))
        begun.wait()  # as many as may are drawn at once
        running.pop()
        return subprocess.CompletedProcess([], 0, b"<svg>")

    monkeypatch.setattr(subprocess, "run", draws)
    with ThreadPoolExecutor(4 * MAX_PICTURES) as clicks:
        drawn = list(clicks.map(lambda _: draw_picture(SPEC, {}, LOOK, "svg"), range(4 * MAX_PICTURES)))
    assert drawn == [b"<svg>"] * 4 * MAX_PICTURES and max(most) == MAX_PICTURES
