"""A lesson is handed on, from one browser to another."""

import re

from playwright.sync_api import expect

EPOCHS = (1, 2, 3, 20)


def losses(student):
    """Returns the loss of some epochs as the replay says them."""
    replay = student.main.locator(".replay")
    for epoch in EPOCHS:
        replay.get_by_role("slider").fill(str(epoch))
        said = replay.locator(".now")
        expect(said).to_contain_text(re.compile(rf"\b{epoch}\b.*\d\.\d{{4}}"))
        yield re.search(r"\d\.\d{4}", said.inner_text())[0]


def trains(student):
    student.button("train.start").click()
    student.sees("train.ended_epochs")
    return list(losses(student))


def chooses(student, key, option):
    """Chooses what goes along, and waits for the new link; a long list shows what the keyboard has come to."""
    link = student.main.get_by_test_id("stCode").first
    before = link.inner_text()
    student.main.get_by_role("combobox", name=re.compile(f"^{student.text(key)}")).click()
    expect(student.page.get_by_role("option").first).to_be_visible()
    place = student.page.get_by_role("option", name=option, exact=True)
    while not place.count() or place.get_attribute("data-focused") is None:
        student.page.keyboard.press("ArrowDown")
    student.page.keyboard.press("Enter")  # by keys: the list moves under a mouse while it scrolls
    student.page.keyboard.press("Escape")
    expect(student.page.get_by_role("option")).to_have_count(0)
    expect(link).not_to_have_text(before)
    return link.inner_text().strip()


def test_a_lesson_goes_from_one_browser_to_another(visit, address):
    """Pairs, settings, seed, page and language; what was left out is not there; the losses are the same."""
    teacher = visit("en", "/pairs")
    teacher.is_at("pairs")
    teacher.types("target", 1, "어떻게 지내니?")
    teacher.goes_to("train")
    teacher.sets("train.seed", 7)
    teacher.sets("train.epochs", EPOCHS[-1])
    teacher.lets_it_train_on()
    taught = trains(teacher)
    assert len(set(taught)) == len(EPOCHS)

    teacher.goes_to("share")
    chooses(teacher, "share.page", teacher.text("train.menu"))
    chooses(teacher, "share.language", "한국어")
    chooses(teacher, "share.hide", teacher.text("model.menu"))
    link = chooses(teacher, "share.hide", teacher.text("share.control_training_settings"))

    student = visit("en", link.removeprefix(address))
    student.language = "ko"
    student.is_at("train")
    expect(student.page).to_have_url(re.compile(rf"^{address}/train\?(?!.*open=).*lesson="))
    student.page.keyboard.press("n")  # would begin with another seed
    expect(student.main.get_by_role("spinbutton")).to_have_count(0)
    assert trains(student) == taught
    student.page.reload()
    student.is_at("train")
    student.sees("train.ended_epochs")
    student.goes_to("pairs")
    expect(student.cell("target", 1)).to_have_text("어떻게 지내니?")
    student.page.goto(student.page.url.replace("/pairs", "/model"))
    student.sees("frame.hidden")
