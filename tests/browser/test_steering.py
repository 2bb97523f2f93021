"""Whatever a student does to a training, it stays one run, in one state, in every tab."""

from playwright.sync_api import expect
from student import Student, settle


def test_steering(visit):
    """Quick clicks, a second tab, a connection that breaks, and the keys on the keyboard."""
    first = Student(visit("/train", locale="en-GB"), "en")
    connections = []

    def pass_on(socket):
        socket.connect_to_server()
        connections.append(socket)

    first.page.route_web_socket("**/_stcore/stream", pass_on)
    first.page.goto(first.page.url)
    first.is_at("train")
    first.sets("train.epochs", 10_000)
    first.lets_it_train_on()
    first.button("train.start").click()
    first.epochs_done(more_than=0)

    for _ in range(10):  # pause, continue, pause …, quicker than any of them can be done
        first.page.keyboard.press("p")
    settle(first.page)
    before = done = first.epochs_done()
    while done == before:  # a pause may still be on its way; then it shows a moment later
        if first.button("train.go_on").count():
            first.button("train.go_on").click()
        first.page.wait_for_timeout(500)
        done = first.epochs_done()
    expect(first.button("train.pause")).to_be_visible()

    page = first.page.context.new_page()
    page.goto(first.page.url)
    second = Student(page, "en")
    second.is_at("train")
    done = second.epochs_done(more_than=done)
    second.button("train.pause").click()
    for student in (second, first):
        student.sees("run.paused")
        expect(student.button("train.go_on")).to_be_visible()
    paused_at = first.epochs_done()
    assert second.epochs_done() == paused_at >= done

    connections[-1].close()
    first.page.wait_for_timeout(500)
    first.button("train.more", epochs=10).click()
    first.sees("run.epochs", done=paused_at + 10, epochs=paused_at + 10)
    first.sees("run.paused")
    assert len(connections) >= 2

    settle(first.page)
    first.page.keyboard.press("0")  # reset
    first.sees("run.epochs", done=0, epochs=10_000)
    settle(first.page)
    first.page.keyboard.press("e")  # one epoch
    assert first.epochs_done(more_than=0) == 1
