"""The whole journey by keyboard alone, in a real browser: at every stop the focus is seen."""

from playwright.sync_api import expect

from tests.browser.student import Student


class Typist(Student):
    """Somebody who has a keyboard alone."""

    def presses(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)


def test_journey_by_keyboard_alone(visit):
    """Choose a lesson, edit a pair, train, translate, step."""
    student = visit("en", who=Typist)
    student.is_at("start")
    student.tabs_to(student.main.locator(".st-key-open-greetings").get_by_role("button"))
    student.presses("Enter")
    student.is_at("pairs")

    student.tabs_to(student.table())
    student.presses("ArrowDown", "ArrowRight")
    expect(student.cell("source", 1)).to_have_attribute("aria-selected", "true")
    student.presses("Enter")
    student.page.keyboard.type("!")
    student.presses("Enter")

    student.tabs_to(student.sidebar.get_by_role("link", name=student.text("train.menu"), exact=True))
    student.presses("Enter")
    student.is_at("train")
    student.tabs_to(student.button("train.start"))
    student.presses("Space")
    student.epochs_done(more_than=0)
    student.tabs_to(student.button("train.pause"))
    student.presses("Enter")
    student.sees("run.paused")

    student.tabs_to(student.sidebar.get_by_role("link", name=student.text("translate.menu"), exact=True))
    student.presses("Enter")
    student.is_at("translate")
    student.tabs_to(student.button("stepper.next"))
    student.presses("Space")
    expect(student.main.locator(".stepper .scrub")).to_have_value("2")
