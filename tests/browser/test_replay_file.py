"""The replay that was taken home, opened as a file in a real browser without a network."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from pages.parts import texts
from pages.parts.share import pages
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState
from tests.pages.app import a_run, new_session

HOSTILE = ("</script><img src=x onerror=alert(1)>", "<b>'\"&{{1}}</template>")


@pytest.fixture
def replay(chromium, tmp_path, monkeypatch, troubles):
    """A page with the file, in the dark; nothing else may be asked for, and nothing may go wrong."""
    monkeypatch.setattr(texts, "language", lambda: "en")
    monkeypatch.setattr(pages.card, "current", lambda _: {})
    state = TrainingState.new(Lesson((HOSTILE, NOTEBOOK_PAIRS[0])))
    state.weights["dense_bias"][state.lesson.target_vocabulary.eos_id] = -9  # or it may end at once
    history = tuple({"epoch": n, "loss": 1 / n, "learning_rate": 0.01} for n in (1, 2, 3))
    state = replace(state, step=6, epoch=3, history=history, checkpoints=((1, state.weights), (2, state.weights)))
    session = new_session(run=a_run(state))
    file = tmp_path / "replay.html"
    file.write_bytes(pages._replay(session, session.trained)())
    context = chromium.new_context(offline=True, color_scheme="dark", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.on("request", lambda request: request.url == file.as_uri() or troubles.append(f"asked for {request.url}"))
    page.on("pageerror", lambda error: troubles.append(f"JavaScript: {error}"))
    page.on("console", lambda message: troubles.append(f"console: {message.text}"))
    page.on("dialog", lambda dialog: troubles.append(f"markup was executed: {dialog.message}") or dialog.dismiss())
    page.goto(file.as_uri())
    yield page
    context.close()


def test_it_decodes_and_plays_by_itself(replay):
    stepper, player = replay.locator("#stepper"), replay.locator("#replay")
    narration = stepper.locator(".narration")
    expect(narration).to_contain_text("Step 1 of")
    stepper.locator("[data-does=next]").click()
    expect(narration).to_contain_text("Step 2 of")
    replay.keyboard.press("ArrowRight")
    expect(narration).to_contain_text("Step 3 of")
    stepper.locator("summary").click()
    expect(stepper.locator("table").first).to_be_visible()
    for nothing in (".other", "button.bar"):
        expect(stepper.locator(nothing).and_(stepper.locator(":visible"))).to_have_count(0)
    replay.locator("select#stepper-choice").select_option(NOTEBOOK_PAIRS[0].source)
    expect(narration).to_contain_text("Step 1 of")

    player.get_by_role("slider").fill("1")
    expect(player.locator(".now")).to_contain_text("Epoch 1: loss 1.0000")
    player.locator(".speed select").select_option("4")
    player.locator("[data-does=play]").click()
    expect(player.locator(".now")).to_contain_text("Epoch 3: loss 0.3333")
    expect(player.locator("[data-does=use]")).to_be_hidden()
    expect(player.locator(".source").first).to_contain_text(HOSTILE[0])
    expect(replay.locator("img, b")).to_have_count(player.locator(".plain > b").count())
    expect(replay.locator("body")).to_have_css("background-color", "rgb(14, 17, 23)")
    assert replay.evaluate("document.documentElement.scrollWidth <= innerWidth")
