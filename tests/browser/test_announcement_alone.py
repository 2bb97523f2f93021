"""What screen readers are told of a training, by its own JavaScript in a real browser, without the app around it."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pages.parts import refresh

SCRIPT = Path(refresh.__file__).with_name("announcement.js").read_bytes()


@pytest.fixture
def page(chromium):
    """A page whose clock stands still, with a function `tell`."""
    page = chromium.new_page()
    page.clock.install(time=0)
    page.goto("about:blank")
    page.clock.pause_at(20_000)
    script = "data:text/javascript;base64," + base64.b64encode(SCRIPT).decode()
    page.evaluate("async script => { window.tell = (await import(script)).default }", script)
    yield page
    page.close()


def test_an_epoch_now_and_then_and_what_changes_at_once(page):
    def tells(status, line, expected, is_told_elsewhere=False):
        page.evaluate("data => tell({data})", {"status": status, "line": line, "is_told_elsewhere": is_told_elsewhere})
        expect(page.get_by_role("status")).to_have_text(expected)

    tells("training", "epoch 1", "")  # it stands there on the page
    tells("training", "epoch 1", "")
    tells("paused", "paused", "paused")
    tells("training", "epoch 2", "epoch 2")
    tells("training", "epoch 3", "epoch 2")
    page.clock.run_for(9_000)
    tells("training", "epoch 4", "epoch 2")
    page.clock.run_for(1_000)
    tells("training", "epoch 5", "epoch 5")
    tells("finished", "all right", "all right")
    tells("training", "epoch 1", "all right", is_told_elsewhere=True)
    tells("training", "epoch 2", "all right")
    page.clock.run_for(10_000)
    tells("training", "epoch 3", "epoch 3")


def test_the_tour_is_told_from_its_beginning_beside_the_training(page):
    def tells(about, line, *expected):
        page.evaluate("data => tell({data})", {"about": about, "status": line, "line": line})
        page.clock.run_for(1)
        expect(page.get_by_role("status")).to_have_text(list(expected))

    tells("tour", "change a word", "change a word")
    tells("training", "epoch 1", "change a word", "")
    tells("training", "finished", "change a word", "finished")
    tells("tour", "press Train", "press Train", "finished")
