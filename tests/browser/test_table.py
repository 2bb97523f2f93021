"""The table of pairs in a real browser: keys, the clipboard, and what is being typed while something else happens."""

from playwright.sync_api import expect

from tests.browser.student import Student


def test_rows_that_are_deleted_right_after_undo_are_gone(visit):
    """Undo begins the table anew in the browser, which must not lose what is done next."""
    student = visit(path="/pairs")
    student.is_at("pairs")
    for _ in range(4):  # three of them right after Undo
        student.deletes(0)
        student.sees("pairs.used", used=4, rows=4)
        expect(student.cell("source", 0)).to_have_text("How are you?")
        student.button("frame.undo").click()
        student.has_rows(5)
        expect(student.cell("source", 0)).to_have_text("Hello.")
        expect(student.button("frame.undo")).to_be_disabled()


def test_large_paste(visit):
    """Two megabytes from a spreadsheet."""
    student = visit(path="/pairs", permissions=["clipboard-read", "clipboard-write"])
    student.is_at("pairs")
    student.selects("source", 4)
    student.pastes(
        "Array.from({length: 1996}, (_, n) => `${n} `.padEnd(300, 'x') + '\\t' + `${n} `.padEnd(300, '가')).join('\\n')"
    )
    student.sees("pairs.used", used="2,000", rows="2,000")
    expect(student.cell("target", 4)).to_contain_text("0 가가")
    student.button("frame.undo").click()
    student.sees("pairs.used", used=5, rows=5)


def test_what_is_being_typed_survives_the_switch_of_the_language(visit):
    student = visit(path="/pairs")
    student.is_at("pairs")
    typing(student, "target", 0, "안녕!")
    expect(student.page.locator("html")).to_have_attribute("lang", "en")
    student.main.get_by_role("radio", name="한국어").click()
    student.language = "ko"
    student.is_at("pairs")
    expect(student.page.locator("html")).to_have_attribute("lang", "ko")
    expect(student.cell("target", 0)).to_have_text("안녕!")
    student.button("frame.undo").click()
    expect(student.cell("target", 0)).to_have_text("안녕하세요.")


def test_fast_hands(visit):
    """A pair is typed without the mouse, and a link clicked while the table still keeps an edit to itself."""
    student = visit(path="/pairs")
    student.is_at("pairs")
    fields = [student.main.get_by_role("textbox", name=student.text(f"pairs.{side}")) for side in ("source", "target")]
    fields[0].focus()
    for sentence, field in (("Bye.", fields[0]), ("잘 가.", fields[1]), ("Thanks.", fields[0])):
        expect(field).to_be_focused()
        student.page.keyboard.type(sentence)
        student.page.keyboard.press("Enter")
    student.sees("pairs.used", used=6, rows=6)
    expect(fields[0]).to_have_value("Thanks.")
    expect(fields[1]).to_be_focused()
    typing(student, "target", 5, "안녕.")
    student.page.keyboard.press("Enter")
    student.goes_to("train")
    student.goes_to("pairs")
    expect(student.cell("target", 5)).to_have_text("안녕.")


def test_two_tabs(visit):
    """Rows edited in both, and a training begun in one, while a cell is being typed in the other."""
    first = visit(path="/pairs")
    first.is_at("pairs")
    page = first.page.context.new_page()
    page.goto(first.page.url)
    second = Student(page, "en")
    second.is_at("pairs")
    second.types("target", 1, "둘")
    second.sees("pairs.used", used=5, rows=5)
    first.types("target", 0, "하나")
    expect(first.cell("target", 1)).to_have_text("둘")
    typing(first, "target", 2, "셋")
    second.goes_to("train")
    second.sets("train.epochs", 3)
    second.button("train.start").click()
    second.sees("train.ended_epochs")
    expect(first.sidebar.get_by_text(first.text("run.finished"))).to_be_visible()  # drawn anew of itself
    first.page.keyboard.press("Enter")
    for row, words in enumerate(["하나", "둘", "셋"]):
        expect(first.cell("target", row)).to_have_text(words)
    first.sees("pairs.used", used=5, rows=5)


def typing(student, column, row, words):
    """Types into a cell and leaves it open."""
    student.selects(column, row)
    student.page.keyboard.press("Enter")
    student.page.locator("#portal textarea").fill(words)
