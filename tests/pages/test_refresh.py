"""How often pages look whether anything is new."""

import time

import pytest

from pages.parts import refresh
from pages.parts.workspace.sessions import Sessions


@pytest.fixture
def looking(monkeypatch):
    """Sets how many look."""
    monkeypatch.setattr(refresh, "_costs", {})

    def set_to(many):
        monkeypatch.setattr(Sessions, "looked_at", lambda _: set(range(many)))

    return set_to


@refresh.a_look("test")
def look(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    time.sleep(seconds)  # costs nothing


def test_the_more_look_and_the_more_it_costs_the_less_often_pages_look(looking):
    looking(30)
    unknown = refresh.every("test", 0.5)
    assert unknown == pytest.approx(30 * refresh._AROUND / refresh._SHARE)
    look(0.02)
    alone, thirty, sixty = (looking(many) or refresh.every("test", 0.5) for many in (1, 30, 60))
    assert alone == 0.5 and thirty >= unknown + 30 * 0.02 / refresh._SHARE
    assert sixty == pytest.approx(2 * thirty)
    assert refresh.every("other", 0.5) == pytest.approx(2 * unknown)
    for _ in range(50):
        look(0.001)
    least = 2 * unknown + 60 * 0.001 / refresh._SHARE
    assert least <= refresh.every("test", 0.1) < sixty  # what it cost long ago is forgotten


def test_a_look_that_ends_in_drawing_the_whole_page_costs_nothing(looking):
    looking(30)
    before = refresh.every("test", 0.5)
    with pytest.raises(KeyError), refresh.a_look("test"):
        raise KeyError
    assert refresh.every("test", 0.5) == before
