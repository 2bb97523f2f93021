"""The replay: which sentences, what was output after which epoch, and every token of it beside what would be right."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pages.parts.drawing.tokens import token_label
from pages.parts.players import outputs
from pages.parts.players.outputs import compared, lines_by_epoch, pages_of_sentences
from pages.parts.state import TrainState
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState, Translator
from seq2seq.analysis import batched
from seq2seq.vocabulary import LEVELS, Vocabulary
from tests.pages.app import TEXTS, a_run, checked, new_session, open_page, picture, shows, table_with

SOURCES = [source for source, _ in NOTEBOOK_PAIRS]
WORDS = st.text("안녕하세요. ?", max_size=12)


# --- What was output, and what would be right ------------------------------------------------------------------------


@given(WORDS, st.lists(WORDS, min_size=1, max_size=3), st.sampled_from(LEVELS))
def test_each_row_reads_as_it_was_said_or_should_have_been(output, targets, level):
    split = Vocabulary((), level).split
    _, target, columns = compared(output, targets, split)
    assert Levenshtein.distance(output, target) == min(Levenshtein.distance(output, other) for other in targets)
    for text, row in ((output, [column.output for column in columns]), (target, [column.right for column in columns])):
        assert [token for token in row if token] == [token_label(token) for token in split(text)]
    assert sum(column.mark != "" for column in columns) == Levenshtein.distance(split(output), split(target))


@given(WORDS, WORDS)
def test_a_mark_tells_how_two_tokens_differ(output, target):
    """And where nothing was output stands nothing, which no token looks like, "?" neither."""
    columns = compared(output, [target], list).columns
    for above, below, mark in columns:
        assert mark == ("+" if not below else "−" if not above else "" if above == below else "≠")


# --- After which epochs ----------------------------------------------------------------------------------------------


def test_the_page_has_every_loss_and_the_translations_of_every_epoch_that_was_kept(trained):
    shown = picture(open_page("train", new_session(run=a_run(trained))))
    assert shown["epochs"] == list(range(1, 151))
    assert shown["losses"] == [round(record["loss"], 4) for record in trained.history]
    assert shown["checkpoints"] == sorted({epoch for epoch, _ in trained.checkpoints} | {150})
    for epoch, numbers in zip(shown["checkpoints"], shown["outputs"], strict=True):
        model = Translator(trained if epoch == 150 else trained.at(epoch))
        assert [shown["lines"][n]["output"] for n in numbers] == [model.translate(source) for source in SOURCES]
        assert [shown["lines"][n]["target"] for n in numbers] == [target for _, target in NOTEBOOK_PAIRS]


def test_within_an_epoch_its_own_model_is_shown_and_not_the_one_that_was_kept(trained):
    tenth = trained.at(10)
    within = replace(tenth, weights=trained.at(11).weights, batch=3, step=53)
    run = a_run(replace(within, checkpoints=trained.checkpoints[:10]), "paused", None)
    lines = lines_by_epoch(run, SOURCES, TrainState())
    for epoch, state in ((9, trained.at(9)), (10, within)):
        assert [line.output for line in lines[epoch]] == [Translator(state).translate(source) for source in SOURCES]


@pytest.fixture
def translated(monkeypatch):
    """The states that were translated with."""
    states, translate_all = [], batched.translate_all

    def recorded(translator, *args):
        states.append(translator.weights)
        return translate_all(translator, *args)

    monkeypatch.setattr(outputs, "translate_all", recorded)
    return states


def test_every_model_translates_once_and_while_it_trains_a_few_at_a_time(trained, translated):
    """Or each redraw would take longer than the one before."""
    run, page = a_run(trained, "training", None), TrainState()
    counts = []
    while not counts or counts[-1]:
        before = len(translated)
        lines = lines_by_epoch(run, SOURCES, page)
        assert list(lines) == sorted(lines) and list(lines)[-1] == 150
        counts.append(len(translated) - before)
    assert max(counts) <= 3 and sum(counts) == len(lines)
    assert len(lines) == len({epoch for epoch, _ in trained.checkpoints} | {150})
    run.status = "finished"
    assert lines_by_epoch(run, SOURCES, page) == lines and len(translated) == len(lines)


def test_what_the_training_process_told_is_not_translated_again(trained, translated):
    run, lines = a_run(trained, "finished", None), []
    told = {epoch: Translator(trained.at(epoch)) for epoch, _ in trained.checkpoints}
    run.outputs = {epoch: {source: model.translate(source) for source in SOURCES} for epoch, model in told.items()}
    for run.status in ("training", "finished"):
        lines.append(lines_by_epoch(run, SOURCES, TrainState()))
    while_it_trains, at_rest = lines
    assert len(translated) == (150 not in told)  # the latest epoch was not evaluated
    assert {epoch: while_it_trains.get(epoch) for epoch in told} == {epoch: at_rest[epoch] for epoch in told}
    run.outputs = {}
    assert lines_by_epoch(run, SOURCES, TrainState()) == at_rest


def test_what_is_told_of_epochs_whose_state_has_not_come_yet_leaves_the_latest_state(trained):
    untrained = TrainingState.new(trained.lesson)
    run = a_run(untrained, "training", None)
    run.outputs = {1: dict.fromkeys(SOURCES, "?")}
    assert list(lines_by_epoch(run, SOURCES, TrainState())) == [0]


def test_a_state_that_comes_while_the_page_is_drawn_breaks_nothing(trained, monkeypatch):
    """The engine puts in a later one whenever a slice ends."""
    run = a_run(trained.at(10), "training", None)
    translate_all = batched.translate_all

    def and_goes_on(translator, *args):
        run.state = trained
        return translate_all(translator, *args)

    monkeypatch.setattr(outputs, "translate_all", and_goes_on)
    assert picture(open_page("train", new_session(run=run)))["used"] == 10


def test_of_long_sentences_fewer_epochs_are_shown(trained):
    pairs = tuple((f"{n}" * 300, f"{n}" * 300) for n in range(8))
    state = TrainingState.new(Lesson(pairs))
    kept = tuple((epoch, state.weights) for epoch in range(1, 31))
    run = a_run(replace(state, epoch=30, step=240, history=trained.history[:30], checkpoints=kept))
    shown = picture(open_page("train", new_session(run=run)))
    assert 2 <= len(shown["checkpoints"]) <= 10 and shown["checkpoints"][-1] == 30


def test_of_what_goes_on_and_on_the_rest_is_counted():
    """An untrained model seldom ends; the page would jump as it learns to."""
    run = a_run(TrainingState.new(Lesson(NOTEBOOK_PAIRS)), "paused", None)
    shown = picture(open_page("train", new_session(run=run)))
    longest = max(len(target) for _, target in NOTEBOOK_PAIRS)
    assert longest < shown["places"] < longest + 10
    for line in shown["lines"]:
        assert len(line["columns"]) <= shown["places"]
        all_of_it = len(compared(line["output"], [line["target"]], list).columns)
        assert len(line["columns"]) + line["more"] == all_of_it
    assert any(line["more"] for line in shown["lines"])


# --- Which sentences -------------------------------------------------------------------------------------------------


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
    assert picture(app)["sources"] == first
    app.select_slider[0].set_value(2)
    assert picture(checked(app.run()))["sources"] == second
    run.status = "training"
    assert picture(checked(app.run()))["sources"] == first
    assert app.select_slider[0].disabled  # and stays where it is


def test_what_should_have_been_written_can_be_read(trained):
    """Of the model that Translate uses."""
    session = new_session(run=a_run(trained))
    session.look_at = 15
    table = opened_table(open_page("train", session))
    translations = batched.translate_all(Translator(trained.at(15)), SOURCES)
    assert [*zip(table[TEXTS["pairs.source"]], table[TEXTS["pairs.target"]], strict=True)] == list(NOTEBOOK_PAIRS)
    assert list(table[TEXTS["train.output"]]) == translations
    right = ["✓" if output == target else "✗" for output, (_, target) in zip(translations, NOTEBOOK_PAIRS, strict=True)]
    assert list(table[TEXTS["train.right"]]) == right
