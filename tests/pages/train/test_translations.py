"""The marked translations: which sentences, and every character of them."""

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pages.parts.train.translations import character_boxes, pages_of_sentences
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState, Translator
from tests.pages.app import TEXTS, a_run, chart_tables, checked, new_session, open_page, shows, table_with

WORDS = st.text("안녕하세요. ?", max_size=12)


@given(WORDS, WORDS)
def test_boxes_are_what_was_written_and_what_is_missing(output, target):
    boxes = character_boxes(output, target)
    assert [place for place, _, _ in boxes] == list(range(len(boxes)))
    written = "".join(character for _, character, kind in boxes if kind != "missing")
    assert written == output.replace(" ", "␣")
    assert sum(kind != "right" for _, _, kind in boxes) == Levenshtein.distance(output, target)


def test_what_is_wrong_is_struck_out_and_what_should_be_there_is_told(trained):
    """Not by colour alone."""
    state = trained.at(5)
    app = open_page("train", new_session(run=a_run(state)))
    boxes = chart_tables(app, "train.translations_alt")["boxes"].to_dict("records")
    assert {box["kind"] for box in boxes} >= {"right", "wrong"}
    assert all((box["strike"] == "╱") == (box["kind"] == "wrong") for box in boxes)
    assert all(box["filled"] == (box["kind"] != "missing") for box in boxes)
    assert all(box["what"] == TEXTS[f"train.{box['kind']}"] for box in boxes)
    for n, (source, _) in enumerate(NOTEBOOK_PAIRS, start=1):
        own = [b["token"] for b in boxes if b["sentence"] == f"{n}  {source}" and b["kind"] != "missing"]
        assert "".join(own) == Translator(state).translate(source).replace(" ", "␣")


@given(st.integers(1, 100), st.sampled_from([0, 0.2, 0.5]))
def test_every_sentence_is_on_one_page_and_those_held_out_on_the_first_ones(number, share):
    lesson = Lesson(tuple((f"{n}", f"{n}{n}") for n in range(number)), training=TrainingConfig(held_out=share))
    pages = pages_of_sentences(lesson)
    assert sorted(source for page in pages for source in page) == sorted(lesson.targets)
    assert all(1 <= len(page) <= 8 for page in pages)
    held_out = {lesson.pairs[row].source for row in lesson.held_out_rows}
    counts = [len(held_out.intersection(page)) for page in pages]
    assert max(counts) - min(counts) <= 1  # each page has its share of them
    assert all(set(page[:count]) <= held_out for page, count in zip(pages, counts, strict=True))


def opened_table(app):
    """Opens the table of the outputs."""
    app.session_state["expected"] = True
    return table_with(checked(app.run()), "train.output")


def sources_of(app):
    return list(opened_table(app)[TEXTS["pairs.source"]])


def test_other_sentences_can_be_chosen_at_rest_and_not_while_it_trains():
    pairs = tuple((f"{n}", f"{n}{n}") for n in range(20))
    state = TrainingState.new(Lesson(pairs, training=TrainingConfig(held_out=0.2)))
    held_out = {pairs[row][0] for row in state.lesson.held_out_rows}
    first, second, _ = (
        [f"{source} ◇" if source in held_out else source for source in page]
        for page in pages_of_sentences(state.lesson)
    )
    run = a_run(state, "paused", None)
    app = open_page("train", new_session(run=run))
    assert shows(app, "train.held_out_sign", sign="◇") and shows(app, "train.shown_of", all=20)
    assert sources_of(app) == first
    app.select_slider[0].set_value(2)
    assert sources_of(app) == second
    run.status = "training"
    assert sources_of(app) == first
    assert not app.select_slider


def test_what_should_have_been_written_can_be_read(trained):
    state = trained.at(15)
    table = opened_table(open_page("train", new_session(run=a_run(state))))
    outputs = Translator(state).translate_all([source for source, _ in NOTEBOOK_PAIRS])
    assert [*zip(table[TEXTS["pairs.source"]], table[TEXTS["pairs.target"]], strict=True)] == list(NOTEBOOK_PAIRS)
    assert list(table[TEXTS["train.output"]]) == outputs
    right = ["✓" if output == target else "✗" for output, (_, target) in zip(outputs, NOTEBOOK_PAIRS, strict=True)]
    assert list(table[TEXTS["train.right"]]) == right
