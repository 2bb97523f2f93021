"""What students and teachers do, from the first page to a translation, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pages.parts.frame import PAGES
from seq2seq.data.pairs import NOTEBOOK_PAIRS, read_pairs, usable_pairs
from tests.browser.student import Student, settle

KOREAN_FILE = Path(__file__).parents[3] / "shared/data/kor.txt"  # 904 pairs in three columns, not part of this project


@pytest.fixture
def student(visit):
    return lambda language="en", **options: Student(
        visit(locale={"ko": "ko-KR", "en": "en-GB"}[language], **options), language
    )


def test_notebook_journey_in_korean(student):
    """Door, edit a pair, tensors, train while looking around, translate."""
    student = student("ko")
    student.is_at("start")
    page, main = student.page, student.main
    main.get_by_role("button", name=student.text("start.open")).nth(0).click()  # another lesson first
    student.is_at("pairs")
    student.goes_to("start")
    main.get_by_role("button", name=student.text("start.open")).nth(0).click()  # the notebook's comes first
    student.is_at("pairs")
    expect(student.cell("source", 4)).to_have_text("How old are you?")

    student.types("target", 1, "어떻게 지내니?")
    student.sees("pairs.used", used=5, rows=5)

    student.goes_to("tensors")
    main.get_by_test_id("stSelectbox").get_by_role("combobox").click()
    page.get_by_role("option", name="[1] How are you? → 어떻게 지내니?").click()
    settle(page)
    student.sees("tensors.axis_time_target_plus", n=11, longest=10, kinds=student.text("tokens.character_many"))
    for shape in ("(5, 18, 23)", "(5, 11, 28)"):
        expect(main.get_by_role("heading", name=shape).first).to_be_visible()
    expect(main.get_by_test_id("stVegaLiteChart").first).to_be_visible()

    student.goes_to("model")
    student.goes_to("train")
    student.sees("train.empty", pairs=5)
    student.sets("train.learning_rate", 0.005)
    student.sets("train.epochs", 300)
    student.lets_it_train_on()
    student.button("train.start").click()
    assert 0 < student.epochs_done(more_than=0) <= 300
    student.goes_to("tensors")
    expect(student.sidebar.get_by_text(student.text("run.finished"))).to_be_visible()
    assert student.epochs_done(student.sidebar) == 300
    student.goes_to("train")
    student.sees("train.ended_epochs")

    student.goes_to("translate")
    expect(student.translates("How are you?")).to_have_text("어떻게 지내니?")
    student.sees("translate.trained")
    student.sees("translate.right")
    expect(student.translates("Hello.")).to_have_text("안녕하세요.")
    for _ in range(6):
        student.button("stepper.next").click()
    expect(main.locator(".stepper .narration")).to_contain_text(student.text("translate.ended_eos", steps=7))

    # Another pair makes the model one of an older lesson, and it stays.
    student.goes_to("pairs")
    expect(student.cell("target", 1)).to_have_text("어떻게 지내니?")
    student.types("source", 0, "Hello!")
    student.goes_to("translate")
    student.sees("frame.outdated", pairs=5, units=32)
    expect(student.translates("Hello.")).to_have_text("안녕하세요.")


OWN_PAIRS = [
    ("Good day.", "Guten Tag."),
    ("Good night.", "Gute Nacht."),
    ("Thank you.", "Danke."),
    ("Yes, please.", "Ja, bitte."),
    ("No, thank you.", "Nein, danke."),
    ("I am tired.", "Ich bin müde."),
    ("I am here.", "Ich bin da."),
    ("We are here.", "Wir sind da."),
    ("It is cold.", "Es ist kalt."),
    ("It is warm.", "Es ist warm."),
    ('He says "no".', "Er sagt „nein“."),
    ("See you soon.", "Bis bald."),
]


def test_journey_with_an_uploaded_file(student, tmp_path):
    """Three columns, as files for Anki have them; stopped by hand."""
    file = tmp_path / "deu.txt"
    lines = [f"{source}\t{target}\tCC-BY 2.0 (France) Attribution: nobody" for source, target in OWN_PAIRS]
    file.write_text("\n".join(lines), encoding="utf-8")
    student = student("en")
    student.goes_to("pairs")
    student.uploads(file.read_bytes(), file.name)
    student.sees("pairs.used", used=12, rows=12)
    expect(student.cell("target", 5)).to_have_text("Ich bin müde.")

    student.goes_to("train")
    student.sets("train.epochs", 10_000)
    student.lets_it_train_on()
    student.button("train.start").click()
    student.epochs_done(more_than=5)
    student.button("train.pause").click()
    student.sees("run.paused")
    expect(student.button("train.start")).to_be_enabled()

    student.goes_to("translate")
    student.translates("It is cold.")
    student.sees("translate.trained")
    student.translates("Are we here?")
    student.sees("translate.unseen")
    expect(student.main.get_by_text(re.compile(r"Epochs trained: \d+. Pairs: 12."))).to_be_visible()


@pytest.mark.skipif(not KOREAN_FILE.exists(), reason=f"there is no {KOREAN_FILE}")
def test_journey_with_904_pairs(student):
    pairs = read_pairs(KOREAN_FILE)
    assert len(pairs) == 904
    student = student("ko")
    student.goes_to("pairs")
    student.uploads(KOREAN_FILE.read_bytes(), KOREAN_FILE.name)
    student.sees("pairs.used", used=len(usable_pairs(pairs)), rows=904)
    student.goes_to("tensors")
    student.goes_to("model")
    student.goes_to("train")
    student.button("train.start").click()
    student.epochs_done(more_than=0)
    student.button("train.pause").click()
    student.sees("run.paused")
    student.goes_to("translate")
    source = pairs[0].source
    student.translates(source)
    student.sees("translate.trained")
    expect(student.main.locator(".stepper .narration")).to_be_visible()


def test_table(student):
    """Add by paste, delete, undo, back to the start."""
    student = student("en", permissions=["clipboard-read", "clipboard-write"])
    student.goes_to("pairs")
    expect(student.button("pairs.undo")).to_be_disabled()
    student.selects("source", 4)
    student.page.evaluate("navigator.clipboard.writeText('Bye.\\t잘 가.\\nYes.\\t네.')")
    student.page.keyboard.press("Control+V")
    student.sees("pairs.used", used=6, rows=6)
    expect(student.cell("source", 4)).to_have_text("Bye.")
    expect(student.cell("target", 5)).to_have_text("네.")
    student.button("pairs.undo").click()
    student.sees("pairs.used", used=5, rows=5)
    expect(student.cell("source", 4)).to_have_text("How old are you?")
    expect(student.button("pairs.undo")).to_be_disabled()

    student.deletes(0)
    student.sees("pairs.used", used=4, rows=4)
    student.goes_to("model")
    student.goes_to("pairs")
    expect(student.cell("source", 0)).to_have_text("How are you?")
    student.types("target", 0, "How are you?")
    student.button("pairs.restart").click()
    student.sees("pairs.used", used=5, rows=5)
    expect(student.cell("target", 0)).to_have_text("안녕하세요.")
    with student.page.expect_download() as download:
        student.button("pairs.download").click()
    assert len(read_pairs(download.value.path())) == 5


def test_large_paste(student):
    """Five megabytes from a spreadsheet."""
    student = student("en", permissions=["clipboard-read", "clipboard-write"])
    student.goes_to("pairs")
    student.selects("source", 4)
    student.page.evaluate(
        "navigator.clipboard.writeText(Array.from({length: 4500}, "
        "(_, n) => `${n} `.padEnd(300, 'x') + '\\t' + `${n} `.padEnd(300, '가')).join('\\n'))"
    )
    student.page.keyboard.press("Control+V")
    student.sees("pairs.used", used="4,504", rows="4,504")
    expect(student.cell("target", 3)).to_have_text(NOTEBOOK_PAIRS[3].target)
    expect(student.cell("target", 4)).to_contain_text("0 가가")
    student.button("pairs.undo").click()
    student.sees("pairs.used", used=5, rows=5)


def test_switching_the_language_keeps_the_work(student):
    student = student("en")
    student.goes_to("pairs")
    student.types("target", 0, "안녕!")
    for language, name in (("ko", "한국어"), ("en", "English")):
        student.main.get_by_role("radio", name=name).click()
        student.language = language
        student.is_at("pairs")
        expect(student.cell("target", 0)).to_have_text("안녕!")
    student.main.get_by_role("radio", name="한국어").click()
    student.language = "ko"
    student.is_at("pairs")
    student.goes_to("tensors")
    expect(student.main.get_by_role("combobox")).to_have_value("[0] Hello. → 안녕!")


def test_bad_uploads_leave_the_table_as_it_is(student):
    student = student("ko")
    student.goes_to("pairs")
    student.types("target", 0, "안녕!")
    for content, kind in (
        (b"PK\x03\x04" + bytes(range(256)) * 40, "not_text"),
        ("Hello.\t안녕.\n".encode("utf-16-le"), "not_text"),
        (b"Hello.\nBye.\n", "no_delimiter"),
        (b"", "empty_file"),
    ):
        student.uploads(content, "pairs.csv")
        student.sees("pairs.refused")
        expect(student.main.get_by_test_id("stText").get_by_text(student.text(f"problem.{kind}"))).to_be_visible()
        expect(student.cell("target", 0)).to_have_text("안녕!")
        student.sees("pairs.used", used=5, rows=5)


def test_epochs_0(student):
    student = student("ko")
    student.goes_to("train")
    student.sets("train.epochs", 0)
    expect(student.main.get_by_test_id("stAlertContentError")).to_be_visible()
    expect(student.button("train.start")).to_be_disabled()
    student.sets("train.epochs", 5)
    student.button("train.start").click()
    student.sees("train.ended_epochs")


def train_a_little(student):
    student.sets("train.epochs", 5)
    student.button("train.start").click()
    student.sees("train.ended_epochs")


def test_phone(student):
    """390 pixels wide: nothing sticks out, and the strip of icons is the menu."""
    student = student("ko", width=390, height=844, has_touch=True)
    assert_fits(student.page)
    for name in (*PAGES, "translate"):
        student.goes_to(name, menu="phone-menu")
        if name == "train":
            train_a_little(student)
        assert_fits(student.page)


def assert_fits(page):
    expect(page.locator(".st-key-phone-menu")).to_be_in_viewport()
    widths = page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map(element => [element.scrollWidth, element.clientWidth])"
    )
    assert all(content <= room for content, room in widths), widths
    assert widths[0][1] == 390


def test_dark(student):
    student = student("en", color_scheme="dark")
    for name in PAGES:
        student.goes_to(name)
        if name == "train":
            train_a_little(student)
        background = student.page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
        assert sum(map(int, re.findall(r"\d+", background)[:3])) < 200


@pytest.mark.parametrize("name", ["pairs", "translate"])
def test_address_of_a_page(student, name):
    student("ko", path="/" + PAGES[name][0].partition("_")[2].removesuffix(".py")).is_at(name)
