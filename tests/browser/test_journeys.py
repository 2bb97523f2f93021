"""What students and teachers do, from the first page to a translation, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from seq2seq import read_pairs
from seq2seq.takeaway.lesson_file import load_state

KOREAN_FILE = Path(__file__).parents[3] / "shared/data/kor.txt"  # 904 pairs in three columns, not part of this project


def test_notebook_journey_in_korean(visit):
    """Start, edit a pair, tensors, train while looking around, translate."""
    student = visit("ko")
    student.is_at("start")
    page, main = student.page, student.main
    student.goes_to("pairs")
    expect(student.cell("source", 4)).to_have_text("How old are you?")

    student.types("target", 1, "어떻게 지내니?")
    student.sees("pairs.used", used=5, rows=5)

    student.goes_to("tensors")
    main.get_by_role("combobox", name=student.text("choosing.pair")).click()
    page.get_by_role("option", name="[1] How are you? → 어떻게 지내니?").click()
    expect(main.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    main.get_by_role("radio", name=student.text("tensors.section_shapes"), exact=True).click()
    expect(page).to_have_url(re.compile("section=shapes"))
    student.sees("tensors.axis_time_target_plus", n=11, longest=10, kinds=student.text("tokens.character_many"))
    for shape in ("(5, 18, 23)", "(5, 11, 28)"):
        expect(main.get_by_role("heading", name=shape).first).to_be_visible()

    student.goes_to("train")
    student.sees("train.empty", pairs=5)
    student.sets("train.learning_rate", 0.005)
    student.sets("train.epochs", 300)
    student.lets_it_train_on()
    student.button("train.start").click()
    assert 0 < student.epochs_done(more_than=0) <= 300
    student.goes_to("tensors")
    expect(student.sidebar.get_by_text(student.text("run.finished"))).to_be_visible()
    assert student.epochs_done("stSidebar") == 300
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

    # The model is taken home, which a worker writes, and the lesson, which opens as another one.
    student.goes_to("share")
    with page.expect_download() as keras:
        student.button("share.download_keras", epoch=300).click()
    assert Path(keras.value.path()).read_bytes().startswith(b"PK")
    with page.expect_download() as lesson:
        main.get_by_role("button", name=student.text("share.download_lesson", size="").split("(")[0]).click()
    assert load_state(lesson.value.path()).epoch == 300
    address = page.url
    student.goes_to("start")
    student.uploads(Path(lesson.value.path()).read_bytes(), lesson.value.suggested_filename)
    student.is_at("pairs")
    assert page.url.partition("lesson=")[2] != address.partition("lesson=")[2]
    expect(student.cell("source", 0)).to_have_text("Hello!")
    student.goes_to("translate")
    expect(student.translates("How are you?")).to_have_text("어떻게 지내니?")


OWN_PAIRS = """
Good day.	Guten Tag.
Good night.	Gute Nacht.
Thank you.	Danke.
Yes, please.	Ja, bitte.
No, thank you.	Nein, danke.
I am tired.	Ich bin müde.
I am here.	Ich bin da.
We are here.	Wir sind da.
It is cold.	Es ist kalt.
It is warm.	Es ist warm.
He says "no".	Er sagt „nein“.
See you soon.	Bis bald.
"""


def test_journey_with_an_uploaded_file(visit):
    """Three columns, as files for Anki have them; stopped by hand."""
    lines = [f"{line}\tCC-BY 2.0 (France) Attribution: nobody" for line in OWN_PAIRS.strip().splitlines()]
    student = visit("en", "/pairs")
    student.is_at("pairs")
    student.uploads("\n".join(lines).encode(), "deu.txt")
    student.uses_the_file(12)
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
    replay = student.main.locator(".replay")
    replay.get_by_role("slider").fill("1")
    expect(replay.get_by_role("heading")).to_have_text(student.text("replay.title", epoch=1))
    replay.get_by_role("button", name=student.text("replay.use"), exact=True).click()
    student.sees("replay.used", epoch=1)

    student.goes_to("translate")
    student.translates("It is cold.")
    student.sees("translate.trained")
    student.translates("Are we here?")
    student.sees("translate.unseen")
    student.sees("translate.model", epoch=1, pairs=12)


def test_going_on_where_you_were(visit, address):
    """The bare address begins anew, and offers what this browser has open elsewhere."""
    student = visit("en", "/pairs")
    student.is_at("pairs")
    student.types("target", 1, "어떻게 지내니?")
    expect(student.sidebar.get_by_text(student.text("frame.kept", time=""))).to_be_visible()
    student.page.goto(address)
    student.is_at("start")
    student.main.get_by_role("link").filter(has_text=student.text("lesson.notebook")).click()
    student.is_at("pairs")
    expect(student.cell("target", 1)).to_have_text("어떻게 지내니?")

    student.page.evaluate("""() => {
        const [entry] = JSON.parse(localStorage.getItem("seq2seq-lab:recent"))
        localStorage.setItem("seq2seq-lab:recent", JSON.stringify([{ ...entry, id: "deleted" }]))
    }""")
    student.page.goto(f"{address}/pairs?lesson=deleted")
    student.is_at("pairs")
    expect(student.page.get_by_text(student.text("frame.gone", days=90))).to_be_visible()


@pytest.mark.long
@pytest.mark.skipif(not KOREAN_FILE.exists(), reason=f"there is no {KOREAN_FILE}")
def test_journey_with_904_pairs(visit):
    pairs = read_pairs(KOREAN_FILE)
    student = visit("ko", "/pairs")
    student.is_at("pairs")
    student.uploads(KOREAN_FILE.read_bytes(), KOREAN_FILE.name)
    student.uses_the_file(len(pairs))
    student.sees("pairs.used", used=len(set(pairs)), rows=len(pairs))
    student.goes_to("tensors")
    student.goes_to("train")
    student.button("train.start").click()
    student.epochs_done(more_than=0)
    student.button("train.pause").click()
    student.sees("run.paused")
    student.goes_to("translate")
    student.translates(pairs[0].source)
    student.sees("translate.trained")
    expect(student.main.locator(".stepper .narration")).to_be_visible()
