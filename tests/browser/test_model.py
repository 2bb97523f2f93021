"""The cell's grid in a real browser: a click on a unit, on a wide screen and on a narrow one."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("width", [1280, 390])
def test_a_unit_is_chosen_by_a_click(visit, width):
    student = visit(path="/model", width=width)
    student.is_at("model")
    grid = student.chart().locator("canvas")
    unit = student.main.get_by_role("spinbutton", name=student.text("cell.unit", last=31), exact=True)

    def clicks_the_last():
        box = grid.bounding_box()
        grid.click(position={"x": box["width"] - 5, "y": 0.4 * box["height"]})

    clicks_the_last()
    if width < 500:  # as many as have space for their numbers
        expect(unit).to_have_value(re.compile("^([4-9]|1[0-5])$"))
        return
    expect(unit).to_have_value("31")
    arithmetic = student.main.locator(".arithmetic").inner_text()
    unit.fill("5")
    unit.press("Enter")
    expect(student.main.locator(".arithmetic")).not_to_have_text(arithmetic, use_inner_text=True)
    clicks_the_last()  # the same one as before
    expect(unit).to_have_value("31")
