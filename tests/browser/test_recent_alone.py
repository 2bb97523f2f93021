"""What a browser remembers of its workspaces, by its own JavaScript in a real browser, without the app around it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from pages.parts.door import recent
from pages.parts.texts import catalogue
from tests.browser.alone import component_alone

TEXTS = catalogue("en")
OFFER = {
    "left_out": [],
    "language": "en",
    "names": {"notebook": TEXTS["lesson.notebook"], "own": TEXTS["lesson.own"]},
    "texts": {
        "title": TEXTS["start.go_on"],
        "welcome": TEXTS["start.welcome"],
        "facts": TEXTS["start.go_on_facts"],
        "forget": TEXTS["start.forget"],
    },
}
STORED = "JSON.parse(localStorage.getItem('seq2seq-lab:recent') ?? '[]').map(entry => entry.id)"


@pytest.fixture
def page(chromium):
    page = component_alone(chromium, recent, "http://lab.test/train")
    yield page
    page.close()


def note(page, id, is_kept=True, deleted=None, lesson="notebook", pairs=5, first="a → b"):
    data = {"id": id, "is_kept": is_kept, "deleted": deleted, "lesson": lesson, "pairs": pairs, "first": first}
    page.evaluate("data => mount(data)", data)


def offer(page, *left_out):
    page.evaluate("data => mount(data)", OFFER | {"left_out": left_out})


def test_it_remembers_offers_and_forgets(page):
    offer(page)
    expect(page.get_by_text(TEXTS["start.welcome"])).to_be_visible()
    note(page, "first")
    note(page, "own", lesson="own", pairs=12, first="Good day. → Guten Tag.")
    note(page, "empty", lesson="own", pairs=0, first="")
    note(page, "untouched", is_kept=False)
    note(page, "present", lesson="notebook")
    offer(page, "present", None)
    links = page.get_by_role("link")
    expect(links).to_have_count(3)
    names = [TEXTS["lesson.own"], "Good day. → Guten Tag.", TEXTS["lesson.notebook"]]
    assert [link.locator("b").text_content() for link in links.all()] == names
    hrefs = [link.evaluate("link => link.href") for link in links.all()]
    assert hrefs == [f"http://lab.test/train?lesson={id}" for id in ("empty", "own", "first")]  # where it was left
    year = page.evaluate("new Date().getFullYear()")
    expect(links.nth(1)).to_contain_text("12")
    expect(links.nth(1)).to_contain_text(str(year))
    page.get_by_role("button", name=TEXTS["start.forget"].format(name="Good day. → Guten Tag."), exact=True).click()
    expect(links).to_have_count(2)
    assert page.evaluate(STORED) == ["present", "empty", "first"]


def test_the_newest_eight_are_kept_and_start_is_not_where_somebody_was(page):
    for n in [*range(10), 5]:
        note(page, str(n))
    assert page.evaluate(STORED) == ["5", "9", "8", "7", "6", "4", "3", "2"]
    page.evaluate("history.replaceState(null, '', '/')")
    note(page, "4")
    note(page, "new")
    offer(page)
    places = [link.evaluate("link => link.pathname + link.search") for link in page.get_by_role("link").all()[:2]]
    assert places == ["/?lesson=new", "/train?lesson=4"]


def test_what_was_deleted_is_forgotten_and_what_is_gone_is_told(page):
    for id in ("mine", "old", "other"):
        note(page, id)
    note(page, "new", is_kept=False, deleted="mine")
    assert page.evaluate("told") == []
    note(page, "old", is_kept=False)
    assert page.evaluate("told") == [["gone", True]]
    note(page, "old", is_kept=False)
    assert page.evaluate("told") == [["gone", True]]
    assert page.evaluate(STORED) == ["other"]


@pytest.mark.parametrize(
    "trouble",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })",
        "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') }",
        "localStorage.setItem('seq2seq-lab:recent', '{')",
        'localStorage.setItem(\'seq2seq-lab:recent\', \'[null, 3, {}, {"id": 3}, {"id": "a", "when": "never"}]\')',
    ],
)
def test_nothing_breaks_where_nothing_can_be_remembered(page, trouble):
    page.evaluate(f"() => {{ {trouble} }}")
    offer(page)
    expect(page.get_by_text(TEXTS["start.welcome"])).to_be_visible()
    note(page, "present")
    note(page, "present", is_kept=False)
    offer(page, "present")
    expect(page.get_by_role("link")).to_have_count(0)


@pytest.fixture(scope="module")
def one_page(chromium):
    page = component_alone(chromium, recent, "http://lab.test/")
    yield page
    page.close()


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["", "<img src=x onerror=told.push(1)>", "$& {when} "]), st.text(max_size=30))
def test_what_was_typed_is_text(one_page, begin, words):
    """Whatever stands in a pair or in an id, be it written there by another page."""
    one_page.evaluate("localStorage.clear()")
    typed = (begin + words) or "x"
    note(one_page, typed, lesson="own", first=typed)
    offer(one_page)
    link = one_page.get_by_role("link")
    assert link.locator("b").text_content() == typed
    inside = "document.body.shadowRoot.querySelector('li').querySelectorAll('*').length"
    assert one_page.evaluate(inside) == 4  # the link with two lines, and the button
    assert link.evaluate("link => new URL(link.href).searchParams.get('lesson')") == typed
    assert link.evaluate("link => new URL(link.href).host") == "lab.test"
    assert one_page.evaluate("told") == []
