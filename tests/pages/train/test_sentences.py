"""Runs side by side, sentence by sentence, and what a pair has taught: a run without it."""

from pages.parts.state import TrainState
from pages.parts.train.runs import without
from pages.parts.train.sentences import side_by_side
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState, Translator
from seq2seq.training import advance
from tests.lesson.trainings import assert_same
from tests.pages.app import TEXTS, a_run, checked, open_page


def test_without_a_pair_is_a_training_of_its_own(trained):
    other = without(trained.lesson, "Hello.")
    own = Lesson(NOTEBOOK_PAIRS[1:], trained.lesson.model, trained.lesson.training)
    assert other == own
    assert_same(advance(TrainingState.new(other), epochs=3), advance(TrainingState.new(own), epochs=3))


def test_each_run_says_each_sentence_also_those_that_it_never_saw(trained, notebook_trained):
    less = advance(TrainingState.new(without(trained.lesson, "Hello.")), epochs=15)
    bare = advance(TrainingState.new(without(notebook_trained.lesson, "I'm hungry.")), epochs=2)  # 나 begins none then
    states = {"all": trained, "less": less, "bare": bare}
    table = side_by_side({name: a_run(state) for name, state in states.items()}, TrainState())
    assert table[TEXTS["pairs.source"]].tolist() == [source for source, _ in NOTEBOOK_PAIRS]
    for name, state in states.items():
        translator = Translator(state)
        for (source, target), shown in zip(NOTEBOOK_PAIRS, table[name], strict=True):
            prefix = state.lesson.prefix(target)
            can_begin = not state.lesson.target_vocabulary.unknown(prefix)
            output = translator.translate(source, prefix) if can_begin else None
            assert shown == ("" if output is None else f"{'✓' if output == target else '✗'} {output}")
    assert table["all"].str.startswith("✓").all()


def test_one_choice_trains_the_lesson_without_a_pair(trained_session):
    before = trained_session.run
    app = open_page("train", trained_session)
    box = next(box for box in app.selectbox if box.label == TEXTS["train.what_if_without"])
    app = checked(box.set_value("How are you?").run())
    assert trained_session.run is not before
    assert trained_session.run.state.lesson == without(before.state.lesson, "How are you?")
    assert trained_session.baseline.run is before
    box = next(box for box in app.selectbox if box.label == TEXTS["train.what_if_without"])
    assert box.value is None
    assert len(trained_session.runs) == 2
    checked(app.run())
    assert len(trained_session.runs) == 2


def test_a_run_may_be_called_like_a_column(trained):
    runs = {TEXTS["pairs.source"]: a_run(trained), "b": a_run(trained.at(15))}
    table = side_by_side(runs, TrainState())
    assert len(set(table.columns)) == 4 and table.iloc[:, 2].str.startswith("✓").all()
