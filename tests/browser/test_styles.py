"""Streamlit promises no `data-testid`: where it changes one that our styles name, this fails."""

import re
from pathlib import Path

from pages.parts.frame import PAGES

PARTS = Path(__file__).parents[2] / "pages/parts"


def test_every_element_that_the_styles_name_is_on_some_page(visit, trained):
    files = [*(PARTS / "styles").glob("*.css"), PARTS / "frame.py"]
    named = set(re.findall(r"data-testid=\"?(\w+)", "".join(file.read_text("utf-8") for file in files)))
    named -= {"InputInstructions"}  # stands beside a field only while that is typed in
    assert len(named) > 10
    student = visit("en", trained)
    student.is_at("translate")
    seen = set()
    for name in (*PAGES, "translate"):
        student.goes_to(name)
        seen |= set(student.page.locator("[data-testid]").evaluate_all("all => all.map(one => one.dataset.testid)"))
    assert named - seen == set()
