"""The decoding stepper in a real browser, where it goes from step to step."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.student import Student

SAYS = ["안", "녕", "하", "세", "요", ".", "⟨eos⟩"]


class Stepper(Student):
    """Somebody who watches the decoding step by step."""

    @property
    def picture(self):
        return self.main.locator(".stepper")

    def is_at_step(self, n, of=7, says=SAYS, made_to=False):
        line = self.text(
            "stepper.now_forced" if made_to else "stepper.now",
            **dict(step=n, steps=of, t=n - 1, fed="<fed>", best="<best>", p="<p>", token=says[n - 1]),
        )
        pattern = re.sub("<[a-z]+>", ".+", re.escape(line))
        expect(self.picture.locator(".narration")).to_have_text(re.compile(pattern))

    def presses(self, key):
        self.page.keyboard.press(key)

    def shows(self, key, **values):
        expect(self.main.get_by_test_id("stText").filter(has_text=self.text(key, **values)).first).to_be_visible()

    @property
    def changed(self):
        return self.main.locator(".st-key-changed-translation")

    def clicks_bar(self, rank):
        self.picture.locator(".bar").nth(rank).click()


@pytest.fixture
def stepper(visit, trained):
    student = visit("en", trained, who=Stepper)
    student.is_at("translate")
    student.is_at_step(1)
    return student


def test_by_mouse(stepper):
    """Steps, another token, a context of zeros, and back."""
    stepper.picture.scroll_into_view_if_needed()
    box, picture = stepper.picture.bounding_box(), stepper.picture.screenshot()
    for n in (2, 3):
        stepper.button("stepper.next").click()
        stepper.is_at_step(n)
    assert stepper.picture.bounding_box() == box  # nothing jumps
    assert stepper.picture.screenshot() != picture

    for n in (3, 1, 1):  # the second most probable, and the same one again
        stepper.clicks_bar(1)
        expect(stepper.changed).to_be_visible()
        stepper.shows("stepper.did_pick", step=n, token="")
        expect(stepper.changed).not_to_have_text("안녕하세요.")
        expect(stepper.picture.locator(".narration")).to_contain_text("forced output")
        stepper.button("stepper.undo").click()
        stepper.sees("stepper.nothing_changed")
        stepper.is_at_step(1)  # from the beginning

    stepper.button("stepper.do_zero").click()
    stepper.shows("stepper.did_zero")
    expect(stepper.changed).not_to_have_text("안녕하세요.")
    stepper.button("stepper.do_zero").click()
    stepper.sees("stepper.nothing_changed")
    stepper.is_at_step(1)


def test_by_keyboard_alone(stepper):
    """A step, another token, teacher forcing, and back; test_stepper_alone.py goes through all steps."""
    stepper.presses("ArrowRight")
    stepper.is_at_step(2)
    stepper.tabs_to(stepper.picture.get_by_role("combobox"))
    stepper.page.keyboard.type("요")
    stepper.presses("Enter")
    stepper.shows("stepper.did_pick", step=2, token="요")
    stepper.is_at_step(2, says=["안", "요"], of="<steps>", made_to=True)
    stepper.presses("Tab")
    stepper.presses("u")
    stepper.sees("stepper.nothing_changed")

    stepper.tabs_to(stepper.button("stepper.do_taught"))
    stepper.presses("Enter")
    stepper.shows("stepper.did_taught")
    expect(stepper.changed).to_have_text("안녕하세요.")
    stepper.is_at_step(1, made_to=True)
    stepper.presses("u")
    stepper.sees("stepper.nothing_changed")


def test_what_is_drawn_are_the_numbers_that_were_sent_in_any_size(stepper):
    """Boxes of a unit tell their numbers, and so do the tables; and all of it is as large as the type around it."""
    stepper.button("stepper.next").click()
    stepper.picture.locator("summary").click()
    tables = stepper.picture.locator("table")
    expect(tables).to_have_count(2)  # the second one comes from the server
    units, tokens = (table.locator("tbody tr") for table in tables.all())
    expect(units).to_have_count(32)
    row = units.nth(31).locator("td").all_inner_texts()
    canvas = stepper.picture.locator("canvas").nth(1)  # h after the step
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] - 2, "y": box["height"] / 2})
    hint = stepper.picture.locator(".hint").inner_text().splitlines()
    assert [line.split()[-1] for line in hint] == row
    best = tokens.first.locator("td").all_inner_texts()
    assert best[1] == SAYS[1] and best[3] == "✓"
    shares = [float(line.split("\t")[2]) for line in tokens.all_inner_texts()]
    assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 1) < 1e-4
    assert float(stepper.picture.locator(".bar.picked .percent").get_attribute("title")) == shares[0]

    svg = stepper.picture.locator("svg")
    usual = svg.bounding_box()["height"]
    stepper.sidebar.get_by_text(stepper.text("frame.large"), exact=True).click()
    expect(stepper.page.locator("html")).to_have_css("font-size", "19.2px")
    expect(svg).to_have_css("height", re.compile(rf"^{1.2 * usual:.0f}"))
