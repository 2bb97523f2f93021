"""The figures by length on the page Translate: those of the model that is used there."""

from dataclasses import replace

from pages.parts.state import TranslateState
from seq2seq import NOTEBOOK_PAIRS, Translator
from tests.pages.app import TEXTS, a_run, chart_tables, new_session, open_page


def opened(session, language="en"):
    app = open_page("translate", session, language, TranslateState=TranslateState(sentence="Hello."), lengths=True)
    return chart_tables(app, "train.lengths_alt", measure=TEXTS["train.exact_match"])["points"]


def test_they_are_of_the_epoch_that_is_looked_at(trained):
    session = new_session(run=a_run(trained))
    shares = {}
    for session.look_at in (1, None):
        model, table = Translator(session.trained), opened(session)
        right = sum(model.translate(source) == target for source, target in NOTEBOOK_PAIRS)
        assert table["sentences"].sum() == 5
        assert (table["exact_match"] * table["sentences"]).sum() == right
        shares[session.look_at] = right
    assert shares[1] < shares[None]


def test_held_out_sentences_have_a_line_of_their_own(trained):
    lesson = replace(trained.lesson, training=replace(trained.lesson.training, held_out=0.4))
    table = opened(new_session(run=a_run(replace(trained, lesson=lesson))))
    assert sorted(table.groupby("run")["sentences"].sum()) == [2, 3]
