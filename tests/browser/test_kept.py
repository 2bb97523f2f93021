"""A lesson by a link of another server is there after a power cut, also what still trained; and it can be deleted."""

import pytest
from playwright.sync_api import expect

from benchmarks.server import Server
from seq2seq import Lesson, TrainingState
from seq2seq.data.checks import check_pairs
from seq2seq.lesson import ModelConfig, TrainingConfig
from seq2seq.takeaway.link import SharedLesson, write_link
from tests.browser.student import PATIENCE, Student

ROWS = (("Hello.", "안녕하세요."), ("How are you?", "잘 지내니?"), ("Bye.", "잘 가."))
LESSON = SharedLesson(ROWS, "own", ModelConfig(16), TrainingConfig(epochs=10_000, seed=3, stop_when_right=False))


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path, SEQ2SEQ_DATABASE_URL=f"sqlite:///{tmp_path}/lab.db")
    yield server
    server.kill()


def first_epochs():
    from seq2seq.training import advance  # noqa: PLC0415

    lesson = Lesson(check_pairs(ROWS).usable, LESSON.model, LESSON.training)
    return advance(TrainingState.new(lesson), epochs=3).history


def test_a_killed_server_loses_nothing_that_was_saved(chromium, server):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{server.start()}/train?questions=off&open={write_link(LESSON)}")
    student = Student(page, "en")
    student.is_at("train")
    student.button("train.start").click()
    student.goes_to("pairs")  # while the workers get ready
    student.types("target", 1, "어떻게 지내니?")
    student.sees_it_saved()
    student.goes_to("train")
    done = student.epochs_done(more_than=3)
    replay = student.main.locator(".replay")
    for record in first_epochs():  # the same numbers as wherever the link came from
        replay.get_by_role("slider").fill(str(record["epoch"]))
        expect(replay.locator(".now")).to_contain_text(f"{record['loss']:.4f}")

    server.kill()
    server.start()
    page.reload()
    student.goes_to("pairs")
    expect(student.cell("target", 1)).to_have_text("어떻게 지내니?")
    student.button("frame.undo").click()
    expect(student.cell("target", 1)).to_have_text("잘 지내니?")
    student.button("frame.redo").click()
    expect(student.cell("target", 1)).to_have_text("어떻게 지내니?")
    student.goes_to("train")
    assert student.epochs_done(more_than=done) > done  # it goes on by itself
    student.button("train.pause").click()
    student.sees("run.paused")

    student.goes_to("share")
    was = page.url
    student.button("share.delete").click()
    student.button("share.delete_now").click()
    student.is_at("start")
    assert was.partition("lesson=")[2] not in page.url
    page.goto(was.replace("/share", "/pairs"))
    student.is_at("pairs")
    expect(student.cell("target", 1)).to_have_text("잘 지내니?")  # nothing of it is left
    expect(student.button("frame.undo")).to_be_disabled()
    context.close()
