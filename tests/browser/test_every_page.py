"""All pages one after the other: what fits on a phone and above the fold, what the styles count on, and WCAG."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import pages.parts
from pages.parts.menu import PAGES

STYLES = Path(pages.parts.__file__).parent / "styles"
# Names of Streamlit's elements that streamlit.css uses, by the page on which they are looked for.
NAMES = {
    "start": {
        "stMainBlockContainer",
        "stVerticalBlock",
        "stMarkdownContainer",
        "stCaptionContainer",
        "stHtml",
        "stText",
        "stButtonGroup",
    },
    "pairs": {
        *("stElementToolbar", "stElementToolbarButton", "stFileUploaderDropzone", "stFileUploaderDropzoneInstructions"),
        "stPageLink",
    },
    "tensors": {"stSelectbox", "stColumn", "stIconMaterial", "stSlider", "stCode"},
    "train": {"stNumberInput", "stCheckbox"},
}


AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


def check_accessibility(page):
    """Lets axe-core look for faults in a page that is drawn to its end.

    What is about to be drawn anew is dimmed, and a timer may ask for that while axe-core looks: here it is not.
    """
    page.add_style_tag(content="[data-stale=true] { opacity: 1 !important }")
    page.wait_for_function("""
        document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
            && !document.querySelector("[data-stale=true]")
            && !document.getAnimations().some(animation => animation instanceof CSSTransition)
    """)
    faults = Axe().run(page, options=AXE).response["violations"]
    assert [(fault["id"], node["target"], node["html"]) for fault in faults for node in fault["nodes"]] == []


def test_every_page_on_a_phone_in_the_dark(visit, trained):
    """Nothing sticks out at 390 pixels, the strip of icons is the menu, and the ground is dark."""
    student = visit("ko", trained, width=390, height=844, has_touch=True, color_scheme="dark")
    student.is_at("translate")
    for name in PAGES:
        student.goes_to(name, menu="phone-menu")
        expect(student.page.locator(".st-key-phone-menu")).to_be_in_viewport()
        widths = student.page.evaluate(
            "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map(element => [element.scrollWidth, element.clientWidth])"
        )
        assert all(content <= room for content, room in widths), (name, widths)
        background = student.page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
        assert sum(map(int, re.findall(r"\d+", background)[:3])) < 200, name
        for test_id in NAMES.get(name, ()):
            expect(student.page.get_by_test_id(test_id).first).to_be_attached()
        check_accessibility(student.page)
        if name == "tensors":
            student.main.get_by_test_id("stTooltipHoverTarget").first.hover()
            expect(student.page.get_by_test_id("stTooltipContent")).to_be_attached()
    student.goes_to("translate", menu="phone-menu")
    for own_direction in ("[data-testid=stText] > *", "input[type=text]"):
        expect(student.main.locator(own_direction).first).to_have_css("unicode-bidi", "plaintext")
    student.main.get_by_role("textbox").first.fill("Hell")
    expect(student.page.get_by_test_id("InputInstructions")).to_be_attached()  # while somebody types


MAIN_PICTURES = {
    "start": ".flow",
    "pairs": ".st-key-pairs-editor [data-testid=stDataFrame]",
    "tensors": "[data-testid=stVegaLiteChart] >> nth=0",
    "model": ".wirings",
    "train": "[data-testid=stVegaLiteChart] >> nth=0",
    "translate": ".stepper .pictures",
    "share": ".st-key-qr img",
}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_main_picture_is_above_the_fold(visit, address, trained, language):
    """In large type as well, and with the questions: they are one line until they are opened."""
    student = visit(language, trained)
    student.is_at("translate")
    student.page.goto(f"{address}{trained}&large=on&questions=on")
    student.is_at("translate")
    if language == "en":  # with the tour as well
        student.goes_to("start")
        student.button("tour.take").click()
        student.is_at("pairs")
    for name, selector in MAIN_PICTURES.items():
        student.goes_to(name)
        if name != "share":
            expect(student.main.locator(".st-key-QuestionsState-is_open summary")).to_be_attached()
        picture = student.main.locator(selector)
        expect(picture).to_be_in_viewport(ratio=1)
        if name == "model":  # side by side, so that the same layers can be compared
            left, right = (wiring.bounding_box() for wiring in picture.locator(".wiring").all())
            assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]


# Counts the moments in which a page is drawn without our styles, as when another one comes.
COUNT_BARE = """
    window.bare = 0
    const width = () => getComputedStyle(document.querySelector("[data-testid=stMainBlockContainer]")).maxWidth
    const styled = width()
    const look = () => { if (width() !== styled) bare++ }
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true })
"""


def test_every_page_on_a_wide_screen_in_the_light(visit):
    """With questions, in English, before any training: the other half of what pages look like."""
    student = visit("en")
    student.is_at("start")
    student.page.evaluate(COUNT_BARE)
    student.sidebar.get_by_text(student.text("questions.switch"), exact=True).click()
    expect(student.main.locator(".st-key-QuestionsState-is_open summary")).to_be_attached()  # Start is drawn anew
    check_accessibility(student.page)
    for name in list(PAGES)[1:]:
        student.goes_to(name)
        check_accessibility(student.page)
    assert student.page.evaluate("bare") == 0


def test_names_of_streamlits_elements_stand_in_one_style_sheet():
    files = {
        file.name: set(re.findall(r'data-testid="(\w+)"', file.read_text("utf-8"))) for file in STYLES.glob("*.css")
    }
    assert files == {
        "streamlit.css": {"InputInstructions", "stTooltipContent"}.union(*NAMES.values()),
        "style.css": set(),
        "large.css": set(),
    }
