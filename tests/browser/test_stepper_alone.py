"""The stepper's own JavaScript in a real browser, without the app around it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from pages.parts import theme
from pages.parts.drawing.tokens import ZERO_ROW
from pages.parts.players import stepper as picture
from pages.parts.players.stepper import AttendedSource, Shown, picture_data
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.takeaway.pages import finite
from seq2seq.vocabulary import Vocabulary
from tests.browser.alone import component_alone
from tests.pages.app import TEXTS


def shown(vocabulary=None, model=None, **changes) -> Shown:
    """Returns a translation of three steps that can be drawn, by an untrained model."""
    translator = Translator(TrainingState.new(Lesson(NOTEBOOK_PAIRS, model or ModelConfig())))
    vocabulary = vocabulary or translator.lesson.target_vocabulary
    tokens = len(vocabulary.tokens)
    steps = [
        replace(step, probabilities=np.full(tokens, 1 / tokens), token_id=n, token=vocabulary.tokens[n])
        for n, step in enumerate(translator.steps("Hello.", max_new_tokens=3))
    ]
    told, context = [f"step {n}" for n in (1, 2, 3)], translator.context("Hello.")
    plain = Shown(steps, told, context, vocabulary, is_given=False, begins="h, c", version="1", n=0)
    return plain._replace(**changes)


@pytest.fixture
def stepper(chromium):
    """A page with the component; `mount` draws data in it."""
    page = component_alone(chromium, picture)
    yield page
    page.close()


def mount(page, translation=None, shows_numbers=False):
    page.evaluate("data => { mount(data) }", finite(picture_data(translation or shown(), shows_numbers)))


def is_at(page, n):
    expect(page.locator(".narration")).to_have_text(f"step {n}")


def test_what_was_unmounted_can_be_mounted_again(stepper):
    mount(stepper)
    stepper.locator("[data-does=next]").click()
    is_at(stepper, 2)
    stepper.evaluate("unmount()")
    mount(stepper)
    is_at(stepper, 1)
    stepper.locator("[data-does=next]").click()
    is_at(stepper, 2)
    stepper.keyboard.press("ArrowRight")
    is_at(stepper, 3)
    canvas = stepper.locator("canvas").first
    canvas.hover()
    expect(stepper.locator(".hint")).to_be_visible()
    stepper.set_viewport_size({"width": 600, "height": 700})
    stepper.wait_for_function("""() => {
        const svg = document.body.shadowRoot.querySelector("svg")
        return Math.abs(svg.viewBox.baseVal.width - svg.clientWidth) < 1
    }""")


def test_numbers_of_a_training_that_went_astray_are_called_nan(stepper):
    plain = shown()
    first, names = plain.steps[0], ("probabilities", "state_h", "state_c")
    changes = {name: np.full_like(getattr(first, name), np.nan) for name in names}
    mount(stepper, plain._replace(steps=[replace(step, **changes) for step in plain.steps]), shows_numbers=True)
    expect(stepper.locator(".percent").first).to_contain_text("NaN%")
    expect(stepper.locator("td").nth(2)).to_have_text("NaN")  # h before the first step is a number
    expect(stepper.locator("table").last.locator("td").nth(2)).to_have_text("NaN")
    stepper.locator("[data-does=next]").click()
    is_at(stepper, 2)


def test_to_the_end_and_back_by_buttons_slider_and_keys(stepper):
    mount(stepper)
    first, back, play, following = (
        stepper.locator(f"[data-does={name}]") for name in ("first", "back", "play", "next")
    )
    expect(first).to_be_disabled()
    expect(back).to_be_disabled()
    for n in (2, 3):
        following.click()
        is_at(stepper, n)
    expect(following).to_be_disabled()
    stepper.keyboard.press("ArrowRight")  # there is no further step
    is_at(stepper, 3)
    stepper.keyboard.press("ArrowLeft")
    is_at(stepper, 2)
    stepper.keyboard.press("Home")
    is_at(stepper, 1)
    slider = stepper.get_by_role("slider")
    slider.click(position={"x": slider.bounding_box()["width"] - 8, "y": 8})
    is_at(stepper, 3)
    stepper.keyboard.press("ArrowLeft")
    is_at(stepper, 2)  # and not two steps back, though the arrow is a button's key as well

    stepper.keyboard.press("Home")
    is_at(stepper, 1)
    expect(play).to_contain_text("play_arrow")
    play.click()
    expect(play).to_contain_text("pause")
    play.click()
    expect(play).to_contain_text("play_arrow")
    stepper.keyboard.press("p")
    for n in (1, 2, 3):  # every one, and by itself
        is_at(stepper, n)
    expect(play).to_contain_text("play_arrow")
    play.click()  # begins anew
    is_at(stepper, 1)


def test_single_keys_do_nothing_where_they_are_switched_off(stepper):
    mount(stepper, shown(has_shortcuts=False))
    expect(stepper.locator("kbd").first).to_be_hidden()
    for key in ("ArrowRight", "p"):
        stepper.keyboard.press(key)
    is_at(stepper, 1)
    expect(stepper.locator("[data-does=play]")).to_contain_text("play_arrow")
    mount(stepper)
    stepper.keyboard.press("ArrowRight")
    is_at(stepper, 2)


def test_on_a_phone_the_pictures_stand_below_each_other_and_fit(stepper):
    stepper.set_viewport_size({"width": 390, "height": 844})
    mount(stepper)
    loop, bars = (stepper.locator(part).bounding_box() for part in (".loop", ".bars"))
    assert loop["y"] + loop["height"] <= bars["y"]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in (loop, bars))


def attending(tokens, weights):
    """Returns a translation whose steps look at some tokens, each step with weights of its own."""
    plain = shown(model=ModelConfig(attention="dot"))
    steps = [
        replace(step, attention=step.attention._replace(weights=np.array(row)))
        for step, row in zip(plain.steps, weights, strict=True)
    ]
    return plain._replace(steps=steps, attended=AttendedSource(tokens))


def test_attention_is_drawn_as_thick_as_its_weights(stepper):
    weights = [[1.0, 0.0], [0.25, 0.75], [0.5, 0.5]]
    mount(stepper, attending(["␣", "<b>"], weights))
    lines = stepper.locator("svg line.weight:not([stroke-width='1'])")
    bars = stepper.locator("svg rect.weight")
    for n, of_step in enumerate(weights, start=1):
        is_at(stepper, n)
        assert [float(line.get_attribute("stroke-width")) / 8 for line in lines.all()] == of_step
        assert [float(bar.get_attribute("height")) / 28 for bar in bars.all()] == of_step
        if n < 3:
            stepper.locator("[data-does=next]").click()
    stepper.locator("svg rect[opacity='0']").last.hover()
    expect(stepper.locator(".hint")).to_have_text("2 <b>\nα  0.500")
    stepper.locator("summary").click()
    expect(stepper.locator("table").nth(1).locator("td")).to_have_text(["1", "␣", "0.500", "2", "<b>", "0.500"])
    mount(stepper, attending([], [[0.0]] * 3)._replace(version="2"))
    expect(stepper.locator("svg .weight")).to_have_count(0)
    expect(stepper.locator("svg")).to_contain_text(TEXTS["stepper.blind"])


def test_sixty_source_tokens_fit_on_a_phone_and_can_be_read(stepper):
    stepper.set_viewport_size({"width": 390, "height": 844})
    mount(stepper, attending(["a"] * 60, [[1 / 60] * 60] * 3))
    tokens = stepper.locator("svg text.token").filter(has_text=re.compile("^a$"))
    places = [token.bounding_box() for token in tokens.all()]
    assert len(places) == 60 and len({round(place["y"]) for place in places}) == 2
    assert all(place["x"] >= 0 and place["x"] + place["width"] <= 390 for place in places)
    assert float(tokens.first.get_attribute("font-size")) >= 15


def test_what_is_too_long_to_be_drawn_stands_in_the_tables(stepper):
    mount(stepper, attending(["a"] * 61, [[1 / 61] * 61] * 3))
    expect(stepper.locator("svg .weight")).to_have_count(0)
    expect(stepper.locator("svg")).to_contain_text(TEXTS["stepper.too_many"])
    stepper.locator("summary").click()
    expect(stepper.locator("table").nth(1).locator("tbody tr")).to_have_count(61)


def test_padding_that_is_read_takes_the_room_of_a_letter(stepper):
    mount(stepper, attending(["a", *[ZERO_ROW] * 20], [[1 / 21] * 21] * 3))
    expect(stepper.locator("svg rect.padding")).to_have_count(20)
    expect(stepper.locator("svg")).to_contain_text(TEXTS["stepper.padding"])
    assert len({box.bounding_box()["y"] for box in stepper.locator("svg rect.padding").all()}) == 1
    stepper.locator("svg rect[opacity='0']").last.hover()
    expect(stepper.locator(".hint")).to_contain_text(f"21 {ZERO_ROW}")


def test_the_same_translation_sent_again_stays_at_its_step(stepper):
    mount(stepper)
    stepper.locator("[data-does=next]").click()
    mount(stepper)
    is_at(stepper, 2)
    mount(stepper, shown(version="2", n=2))  # a change of it begins where it was changed
    is_at(stepper, 3)


@pytest.mark.parametrize(("typed", "token_id"), [("ㄴ", 1), ("ㄴ (0)", 0), ("-ㄴ", 2), ("x", None)])
def test_of_tokens_that_look_alike_the_one_that_is_typed_is_taken(typed, token_id, stepper):
    mount(stepper, shown(Vocabulary(("\u1102", "ㄴ", "\u11ab"), "jamo")))
    field = stepper.get_by_role("combobox")
    field.fill(typed)
    field.press("Enter")
    picks = [] if token_id is None else [["pick", {"step": 0, "token_id": token_id}]]
    assert stepper.evaluate("told") == picks


def test_all_probabilities_are_asked_for_when_their_table_is_opened(stepper):
    mount(stepper)
    tables = stepper.locator("table")
    stepper.locator("summary").click()
    expect(tables).to_have_count(1)  # the units, which are there
    assert stepper.evaluate("told") == [["numbers", True]]
    mount(stepper, shows_numbers=True)
    expect(tables).to_have_count(2)
    expect(tables.nth(1).locator("tbody tr")).to_have_count(26)
    stepper.locator("summary").click()
    stepper.wait_for_function("told.length === 2")
    assert stepper.evaluate("told")[1] == ["numbers", False]
    stepper.evaluate("unmount()")
    mount(stepper, shows_numbers=True)  # open as it was
    expect(tables.nth(1)).to_be_visible()
    assert len(stepper.evaluate("told")) == 2


def test_the_colours_of_the_page_reach_into_it(stepper):
    mount(stepper)
    expect(stepper.locator(".bar.picked .share")).to_have_css("background-color", "rgb(230, 159, 0)")
    for name in ("--source", "--context", "--target", "--padding", "--mono"):
        script = f"getComputedStyle(document.body.shadowRoot.querySelector('.stepper')).getPropertyValue('{name}')"
        assert stepper.evaluate(script)
    assert theme.TARGET == "#E69F00"


def test_during_the_tour_the_last_step_is_told_once(stepper):
    mount(stepper)
    next_step = stepper.locator("[data-does=next]")
    next_step.click()
    next_step.click()
    is_at(stepper, 3)
    assert stepper.evaluate("told") == []
    stepper.evaluate("data => { mount(data) }", picture_data(shown(version="2"), False) | {"tells_end": True})
    next_step.click()
    assert stepper.evaluate("told") == []
    next_step.click()
    stepper.locator("[data-does=back]").click()
    next_step.click()
    assert stepper.evaluate("told") == [["end", "2"]]
