"""The tour by keyboard alone, in a real browser: at every stop the focus is seen."""

import re

from playwright.sync_api import expect

from tests.browser.student import Student


class Typist(Student):
    """Somebody who has a keyboard alone."""

    def follows_the_tour(self, page):
        """Goes where its line leads to, once the step before is done."""
        tour = self.main.locator(".st-key-tour")
        self.tabs_to(tour.get_by_role("link", name=self.text(f"{page}.menu"), exact=True))
        self.presses("Enter")
        self.is_at(page)

    def presses(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)


def test_the_tour_by_keyboard_alone(visit):
    """Edit a pair, look at tensors, into a cell, train, translate, step."""
    student = visit("en", who=Typist)
    student.is_at("start")
    student.tabs_to(student.button("tour.take"))
    student.presses("Enter")
    student.is_at("pairs")

    student.is_at_rest()  # a table that is drawn anew puts another field in the place of the one being typed in
    student.tabs_to(student.table())
    student.presses("ArrowDown", "ArrowRight")
    expect(student.cell("source", 1)).to_have_attribute("aria-selected", "true")
    student.presses("Enter")
    field = student.page.locator("#portal textarea")
    expect(field).to_be_focused()
    student.page.keyboard.type("!")
    expect(field).to_have_value(re.compile(r"!$"))
    student.presses("Enter")
    expect(student.cell("source", 1)).to_have_text(re.compile(r"!$"))

    student.follows_the_tour("tensors")
    student.tabs_to(student.button("choosing.forward"))
    student.presses("Space")
    student.follows_the_tour("model")
    student.tabs_to(student.main.get_by_role("spinbutton", name=student.text("cell.unit", last=31), exact=True))
    student.presses("ArrowUp", "Enter")
    student.follows_the_tour("train")
    student.tabs_to(student.button("train.start"))
    student.presses("Space")
    student.sees("train.ended_right")
    student.follows_the_tour("translate")
    student.tabs_to(student.main.get_by_role("textbox", name=student.text("translate.type"), exact=True))
    student.presses("Control+A")
    student.page.keyboard.type("How old.")
    student.presses("Enter")
    student.sees("tour.steps")
    student.tabs_to(student.button("stepper.next"))
    student.presses("Space")
    expect(student.main.locator(".stepper .scrub")).to_have_value("2")
    student.tabs_to(student.main.locator(".stepper .scrub"))
    student.presses("End")
    student.sees("tour.done")
    student.tabs_to(student.button("tour.close"))
    student.presses("Enter")
    expect(student.main.locator(".st-key-tour")).to_have_count(0)
