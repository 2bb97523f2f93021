"""Whatever a student does to a training, it stays one run, in one state, in every tab."""

import pytest
from playwright.sync_api import expect

from tests.browser.student import Student


@pytest.fixture
def tabs(visit):
    """Two tabs of a student who has opened the small talk: no machine comes to the end of 10,000 epochs of it soon."""
    first = visit()
    first.main.locator(".st-key-open-greetings").get_by_role("button").click()
    first.is_at("pairs")
    first.goes_to("train")
    first.sets("train.epochs", 10_000)
    first.lets_it_train_on()
    page = first.page.context.new_page()
    page.goto(first.page.url)
    second = Student(page, "en")
    second.is_at("train")
    second.sees("train.empty", pairs=55)
    return first, second


def test_a_second_tab_and_a_connection_that_breaks(tabs, troubles):
    first, second = tabs
    connections = []

    def pass_on(socket):
        socket.connect_to_server()
        connections.append(socket)

    first.page.route_web_socket("**/_stcore/stream", pass_on)
    first.page.reload()
    first.is_at("train")
    first.button("train.start").click()
    first.epochs_done(more_than=0)
    done = second.epochs_done(more_than=0)  # of itself
    chart = second.main.get_by_test_id("stVegaLiteChart").first
    picture = chart.screenshot()
    second.epochs_done(more_than=done)
    expect(first.button("train.pause")).to_be_visible()
    while chart.screenshot() == picture:  # it is drawn some frames after the line above it
        second.page.wait_for_timeout(50)

    second.goes_to("pairs")
    done = second.epochs_done("stSidebar")
    second.epochs_done("stSidebar", more_than=done)
    second.goes_to("train")
    second.button("train.pause").click()
    for student in (second, first):
        student.sees("run.paused")
        expect(student.button("train.resume")).to_be_visible()
    paused_at = first.epochs_done()
    assert second.epochs_done() == paused_at

    connections[-1].close()
    first.button("train.more", epochs=10).click()
    first.sees("run.epochs", done=paused_at + 10, epochs=paused_at + 10)
    first.sees("run.paused")
    assert len(connections) >= 2
    # Pages ask by themselves, also in the moment in which nobody hears them.
    troubles[:] = [trouble for trouble in troubles if "disconnected from server" not in trouble]


def test_quick_keys_and_a_table_of_runs(tabs):
    """What is done to the runs in one tab, be it quicker than it can be done, is there in the other one."""
    first, second = tabs
    first.button("train.start").dblclick()
    first.epochs_done(more_than=0)
    for _ in range(10):  # pause, resume, pause …: whatever comes of it, it can be steered on
        first.page.keyboard.press("p")
    expect(first.button("train.pause").or_(first.button("train.resume"))).to_be_visible()
    second.button("train.what_if_units").click()  # of another tab: begins a run of its own in any case
    expect(rows_of(second)).to_have_count(2)  # a double click began one run
    second.epochs_done(more_than=0)
    second.button("train.pause").click()
    expect(rows_of(second).filter(has_text=second.text("run.paused"))).to_have_count(2)
    first.sees("run.paused")
    first.button("train.reset").click()
    first.sees("run.epochs", done=0, epochs=10_000)
    first.page.keyboard.press("e")  # one epoch
    for student in (first, second):
        student.sees("run.epochs", done=1, epochs=1)
    # One that is begun anew stays in the table. Each tab deletes when it shows what the other one has deleted.
    for left, student, other in ((2, second, first), (1, first, second), (0, second, first)):
        student.deletes(0, editor_of(student))
        expect(rows_of(other)).to_have_count(left)
    for student in (second, first):
        student.sees("train.empty", pairs=55)


def editor_of(student):
    return student.main.locator(".st-key-runs-editor").get_by_test_id("data-grid-canvas")


def rows_of(student):
    return editor_of(student).locator("tbody [role=row]")
