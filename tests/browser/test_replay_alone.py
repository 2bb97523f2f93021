"""The replay's own JavaScript in a real browser, without the app around it."""

import pytest
from playwright.sync_api import expect

from pages.parts import texts
from pages.parts.players import replay as player
from pages.parts.players.outputs import compared
from pages.parts.texts import catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState
from seq2seq.classroom.run import Run
from tests.browser.alone import component_alone

TEXTS = catalogue("en")
# What the model said for "How are you?" after the first, third and fourth of five epochs.
SAID = {1: "잘" * 30, 3: "잘 ?내니?!", 4: "잘 지내니?"}
# The contrast of each text in a box, by the formula of WCAG: those of 4.5 and more can be read.
CONTRASTS = """ground => {
    const channels = colour => colour.match(/[\\d.]+/g).map(Number)
    const linear = v => (v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92)
    const light = colour => [0.2126, 0.7152, 0.0722].reduce((sum, w, n) => sum + w * linear(colour[n] / 255), 0)
    const boxes = [...document.body.shadowRoot.querySelectorAll("ol .box, .legend .box")]
    return boxes.filter(box => box.textContent).map(box => {
        const {color, backgroundColor, fontSize} = getComputedStyle(box), back = channels(backgroundColor)
        const [a, b] = [light(channels(color)), light(back[3] === 0 ? ground : back)].sort((x, y) => y - x)
        return [(a + 0.05) / (b + 0.05), parseFloat(fontSize)]
    })
}"""


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(texts, "language", lambda: "en")


@pytest.fixture
def replay(chromium):
    page = component_alone(chromium, player)
    yield page
    page.close()


# Where it looked at its first step when it translated "a<b>".
WEIGHTS = {1: [100, 0], 3: [50, 50], 4: [0, 100]}


def mount(page, epochs=5, status="finished", look_at=None, announcement="told", drawn=None):
    """Draws a training of some epochs, whose loss is 1 / epoch; `drawn` are the rows whose attention is there."""
    run = Run(TrainingState.new(Lesson(NOTEBOOK_PAIRS[1:2])))
    run.id, run.status = "run", status
    run.history = [{"epoch": epoch, "loss": 1 / epoch} for epoch in range(1, epochs + 1)]
    source, target = run.state.lesson.pairs[0]
    lines = {epoch: [compared(said, [target], list)] for epoch, said in SAID.items() if epoch <= epochs}
    data = player.player_data(run, [source], lines, look_at) | {"announcement": announcement, "used": look_at or epochs}
    if drawn is not None:
        source, output = [{"token": "a", "ems": 0.6}, {"token": "<b>", "ems": 1.8}], [{"token": "잘", "ems": 1}]
        maps = {epoch: {"output": output, "weights": [weights]} for epoch, weights in WEIGHTS.items()}
        words = {name: name for name in (*player.ALIGNMENT_TEXTS, "choose", "numbers")}
        data["attention"] = {"rows": [0], "texts": words, "colours": {"ground": "#FFFFFF", "ink": "#000000"}}
        data["attention"]["drawn"] = {row: {"source": source, "epochs": maps} for row in drawn}
    page.evaluate("data => { mount(data) }", data)


def is_at(page, epoch, kept):
    expect(page.locator(".now")).to_contain_text(f"Epoch {epoch}: loss {1 / epoch:.4f}")
    expect(page.locator("h3")).to_have_text(TEXTS["replay.title"].format(epoch=kept))
    expect(page.locator(".output")).to_have_text(SAID[kept] or "–")


def test_loss_and_translations_move_together(replay):
    """Where no model was kept it says whose translations these are; nothing below moves."""
    mount(replay)
    is_at(replay, 5, 4)
    height = replay.locator("ol").bounding_box()["height"]
    slider = replay.get_by_role("slider")
    slider.focus()
    places = []
    for epoch, kept in ((4, 4), (3, 3), (2, 1), (1, 1)):
        replay.keyboard.press("ArrowLeft")
        is_at(replay, epoch, kept)
        nearest = TEXTS["replay.nearest"].format(epoch=epoch, kept=kept)
        assert (nearest in replay.locator(".now").inner_text()) == (epoch != kept)
        assert replay.locator("ol").bounding_box()["height"] == height
        places.append(float(replay.locator("circle").get_attribute("cx")))
    assert places == sorted(places, reverse=True)
    play = replay.locator("[data-does=play]")
    replay.locator(".speed select").select_option("4")
    play.click()
    expect(play).to_contain_text("pause")
    is_at(replay, 5, 4)
    expect(play).to_contain_text("play_arrow")  # it ends at the end


def test_differences_are_told_by_marks_and_words(replay):
    mount(replay)
    replay.get_by_role("slider").fill("3")
    columns = replay.locator("ol .column:not(.filler)")
    expect(columns.locator(".mark")).to_have_text(["", "", "≠", "", "", "", "+"])
    isolates = str.maketrans("", "", "\u2068\u2069")
    tips = [column.get_attribute("title").translate(isolates) for column in columns.all()]
    assert tips[2] == TEXTS["replay.tip_other"].format(output="?", right="지")
    assert tips[6] == TEXTS["replay.tip_extra"].format(output="!")
    replay.get_by_role("slider").fill("1")
    expect(columns).to_have_count(8)
    expect(replay.locator(".more")).to_have_text(TEXTS["replay.more"].format(count=22))


@pytest.mark.parametrize(("ink", "ground"), [("#31333F", (255, 255, 255)), ("#FAFAFA", (14, 17, 23))])
def test_letters_in_boxes_can_be_read(ink, ground, replay):
    replay.add_style_tag(content=f":root {{ --st-text-color: {ink}; }}")
    mount(replay)
    replay.get_by_role("slider").fill("3")
    found = replay.evaluate(CONTRASTS, ground)
    assert len(found) > 15
    assert min(contrast for contrast, _ in found) >= 4.5 and min(size for _, size in found) >= 10


def test_it_grows_while_it_trains_and_stays_where_somebody_looks(replay):
    mount(replay, 3, "training")
    is_at(replay, 3, 3)
    mount(replay, 5, "training")
    is_at(replay, 5, 4)
    replay.get_by_role("slider").fill("1")
    mount(replay, 5)
    is_at(replay, 1, 1)


def test_what_translate_is_to_use_is_told_and_begins_there_again(replay):
    mount(replay, status="training")
    use = replay.locator("[data-does=use]")
    replay.get_by_role("slider").fill("2")
    expect(use).to_be_disabled()  # it uses the latest as long as it trains
    mount(replay)
    use.click()
    assert replay.evaluate("told") == [["use", 1]]  # the one that was kept
    replay.evaluate("unmount()")
    mount(replay, look_at=3)
    is_at(replay, 3, 3)
    expect(use).to_be_disabled()


def test_screen_readers_are_told_the_beginning_and_the_end_but_not_every_epoch(replay):
    mount(replay, 1, "training", announcement="begun")
    status = replay.get_by_role("status")
    expect(status).to_have_text("begun")
    mount(replay, 2, "training", announcement="goes on")
    mount(replay, 3, "training", announcement="goes on")
    expect(status).to_have_text("begun")
    mount(replay, 3, announcement="ended")
    expect(status).to_have_text("ended")


def test_the_map_of_the_chosen_sentence_goes_along_with_the_epochs(replay):
    """What is not there is asked for."""
    mount(replay)
    expect(replay.locator(".alignment")).to_be_hidden()
    mount(replay, drawn=[0])
    boxes = replay.locator(".alignment svg rect[fill-opacity]")
    for epoch, weights in ((4, [0.0, 1.0]), (3, [0.5, 0.5]), (1, [1.0, 0.0])):
        replay.get_by_role("slider").fill(str(epoch))
        assert [float(box.get_attribute("fill-opacity")) for box in boxes.all()] == weights
    expect(replay.locator(".alignment svg")).to_contain_text("<b>")
    expect(replay.locator(".alignment svg .title")).to_have_text(["output", "source"])
    replay.set_viewport_size({"width": 390, "height": 844})
    box = replay.locator(".alignment svg").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    choice = replay.locator(".alignment select")
    choice.select_option("")
    expect(boxes.first).to_be_hidden()
    choice.select_option("0")
    expect(boxes.first).to_be_visible()
    assert replay.evaluate("told") == [["align", {"row": None}], ["align", {"row": 0}]]


def test_between_the_epochs_that_were_kept_the_map_stays_as_it_is(replay):
    mount(replay, drawn=[0])
    box = replay.locator(".alignment svg rect[fill-opacity]").first
    box.evaluate("box => box.id = 'first'")
    expect(replay.locator("#first")).to_have_attribute("fill-opacity", "0")
    box.evaluate("box => new MutationObserver(all => told.push(...all)).observe(box, { attributes: true })")
    replay.get_by_role("slider").fill("5")  # of which no other model was kept
    assert replay.evaluate("told.length") == 0
    replay.get_by_role("slider").fill("3")
    expect(replay.locator("#first")).to_have_attribute("fill-opacity", "0.5")
    assert replay.evaluate("told.length") == 1


def test_the_numbers_of_the_map_are_a_table_where_it_is_opened(replay):
    mount(replay, drawn=[0])
    numbers = replay.locator(".numbers")
    expect(numbers.locator("table")).to_have_count(0)
    replay.locator("summary").press("Enter")
    for epoch, weights in ((4, ["0.00", "1.00"]), (3, ["0.50", "0.50"])):
        replay.get_by_role("slider").fill(str(epoch))
        expect(numbers.get_by_role("columnheader")).to_have_text(["1 a", "2 <b>"])
        expect(numbers.get_by_role("rowheader")).to_have_text(["1 잘"])
        expect(numbers.locator("tbody td")).to_have_text(weights)
    mount(replay, drawn=[])
    expect(replay.locator(".map")).to_be_hidden()
