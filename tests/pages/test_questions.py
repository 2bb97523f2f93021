"""Questions before answers: right by another computation, and how the pages ask them."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.parts import texts as page_texts
from pages.parts.frame import PAGES
from pages.parts.questions.card import _verbatim
from pages.parts.questions.questions import questions_of
from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator, vectorize
from seq2seq.analysis.metrics import evaluate
from seq2seq.state import initial_weights
from seq2seq.vocabulary import BOS, EOS, LEVELS, split
from tests.pages.app import (
    ROOT,
    a_run,
    checked,
    new_session,
    open_page,
    said,
    shows,
)

texts = st.text(st.sampled_from("ab A.가난`*"), min_size=1, max_size=8).filter(str.strip)
lessons = st.builds(
    Lesson,
    st.lists(st.tuples(texts, texts), min_size=1, max_size=6, unique_by=lambda p: (p[0].strip(), p[1].strip())),
    st.builds(
        ModelConfig, st.integers(1, 9), st.booleans(), st.booleans(), st.sampled_from(LEVELS), st.sampled_from(LEVELS)
    ),
    st.builds(TrainingConfig, batch_size=st.integers(1, 4), seed=st.integers(0, 3)),
)


def by_name(lesson, state=None):
    return {question.name: question for asked in questions_of(lesson, state).values() for question in asked}


def after_a_step(lesson):
    return replace(TrainingState.new(lesson), step=1, epoch=1)


# --- The answers -----------------------------------------------------------------------------------------------------


@given(lessons)
def test_every_page_asks_and_one_choice_is_right(lesson):
    asked = questions_of(lesson, after_a_step(lesson))
    assert list(asked) == list(PAGES)
    assert all(len(questions) >= 2 for questions in asked.values())
    for question in (question for questions in asked.values() for question in questions):
        assert 2 <= len(question.choices) <= 4
        assert len(set(question.choices)) == len(question.choices)
        assert question.choices.count(question.right) == 1
        assert set(question.mistakes) == set(question.choices) - {question.right}
        for reason in question.mistakes.values():
            assert f"questions.wrong_{reason}" in catalogue("en")


@given(lessons)
def test_the_same_lesson_asks_the_same(lesson):
    again = Lesson(lesson.pairs, lesson.model, lesson.training)
    state, same = after_a_step(lesson), after_a_step(again)
    for page, questions in questions_of(lesson, state).items():
        theirs = questions_of(again, same)[page]
        assert questions == theirs
        assert [q.id for q in questions] == [q.id for q in theirs]
        assert [q.choices for q in questions] == [q.choices for q in theirs]


@given(lessons)
def test_answers_agree_with_the_tensors(lesson):
    """The page computes from vocabularies and ids; here it is counted in the one-hot arrays."""
    encoder_inputs, decoder_inputs, decoder_targets = vectorize(lesson)
    asked = by_name(lesson)
    assert asked["shape"].right == decoder_inputs.shape
    assert asked["source_tokens"].right == encoder_inputs.any(axis=(0, 1)).sum()
    assert asked["target_tokens"].right == decoder_targets.shape[2]
    assert asked["encoder_steps"].right == encoder_inputs[0].any(axis=1).sum()
    row = [pair.source for pair in lesson.pairs].index(asked["zero_rows"].about["sentence"])
    assert asked["zero_rows"].right == (~encoder_inputs[row].any(axis=1)).sum()
    # Of a model without weights, for which all tokens are equally probable.
    figures = evaluate(
        replace(TrainingState.new(lesson), weights={n: 0 * w for n, w in initial_weights(lesson).items()})
    )
    if lesson.model.mask_padding:
        assert asked["even_loss"].right == pytest.approx(np.log(decoder_targets.shape[2]), abs=0.005)
        assert not decoder_targets.any() or asked["even_loss"].right == pytest.approx(figures["masked_loss"], abs=0.006)
    else:
        assert asked["padded_even_loss"].right == pytest.approx(figures["padded_loss"], abs=0.006)
    if "heard" in asked:
        heard = asked["heard"]
        row = lesson.pairs.index((heard.about["source"], heard.about["target"]))
        tokens, step = lesson.target_vocabulary.tokens, heard.values["step"]
        assert tokens[decoder_inputs[row, step].argmax()] == heard.about["token"]
        assert tokens[decoder_targets[row, step].argmax()] == heard.right
        assert decoder_targets[row, step].sum() == 1
    else:
        assert not decoder_targets.any() or not lesson.model.markers
    if "costliest" in asked:
        assert lesson.model.mask_padding  # else padding takes steps as well, and all pairs the same
        steps = encoder_inputs.sum(axis=(1, 2)) + decoder_targets.sum(axis=(1, 2)) + (not lesson.model.markers)
        assert asked["costliest"].right == " → ".join(lesson.pairs[steps.argmax()])
        assert (steps == steps.max()).sum() == 1


def test_answers_of_the_notebooks_lesson():
    asked = by_name(Lesson(NOTEBOOK_PAIRS))
    assert asked["source_tokens"].right == len(set("".join(source for source, _ in NOTEBOOK_PAIRS))) == 23
    assert asked["shape"].right == (5, 11, 26)
    assert asked["shape"].mistakes[(5, 10, 24)] == "no_markers"
    assert by_name(Lesson.as_in_notebook(NOTEBOOK_PAIRS))["shape"].right == (5, 10, 24)


@pytest.mark.parametrize("level", LEVELS)
def test_parameters_are_those_of_keras(level):
    from seq2seq.model import build_model  # noqa: PLC0415

    model = ModelConfig(6, source_tokens=level)
    lesson, twice = Lesson(NOTEBOOK_PAIRS, model), Lesson(NOTEBOOK_PAIRS, replace(model, hidden_size=12))
    counts = []
    for of in (lesson, twice):
        encoder = next(layer for layer in build_model(of).layers if "encoder" in layer.name and layer.count_params())
        counts.append(encoder.count_params())
    asked = by_name(lesson)
    assert [asked["parameters"].right, asked["twice_the_units"].right] == counts
    assert asked["twice_the_units"].values["before"] == counts[0]
    context = Translator(TrainingState.new(lesson)).context("Hello.")
    assert asked["context_numbers"].right == context.state_h.size + context.state_c.size


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 8])
def test_steps_of_the_optimizer_are_those_that_are_taken(batch_size):
    from seq2seq.training import advance  # noqa: PLC0415

    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(4), TrainingConfig(batch_size=batch_size))
    assert advance(TrainingState.new(lesson), epochs=1).step == by_name(lesson)["steps_per_epoch"].right


def test_what_the_model_says_is_what_the_answer_says(trained):
    """From its weights, with nothing but NumPy and the definition of an LSTM."""
    asked = by_name(trained.lesson, trained)
    tokens, weights = trained.lesson.target_vocabulary.tokens, trained.weights

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def says(h, c):
        said = [BOS]
        while said[-1] != EOS and len(said) <= 40:
            z = weights["decoder_kernel"][tokens.index(said[-1])] + h @ weights["decoder_recurrent"]
            i, f, g, o = np.split(z + weights["decoder_bias"], 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            said.append(tokens[np.argmax(h @ weights["dense_kernel"] + weights["dense_bias"])])
        return said

    assert asked["zero_context"].right == "".join(says(np.zeros(32), np.zeros(32))[1:]).removesuffix(EOS)
    fed = asked["fed"]
    assert fed.values["step"] == fed.values["t"] + 1  # both are named: the page counts steps from 1, t begins at 0
    target = dict(NOTEBOOK_PAIRS)[fed.about["source"]]  # it knows its five sentences
    assert fed.right == split(target, "character")[fed.values["step"] - 2]
    assert (asked["stops"].right, asked["stops"].values["steps"]) == ("eos", len(target) + 1)
    calls = asked["calls"]
    assert calls.right == len(list(Translator(trained).steps(calls.about["source"])))


def test_a_large_lesson_is_asked_about():
    lesson = Lesson(tuple((f"{n} sheep", f"양 {n} 마리") for n in range(3000)))
    asked = by_name(lesson)
    assert asked["shape"].right == (3000, 10, 16)
    assert "costliest" not in asked  # nobody would find it


@given(st.text(st.sampled_from("a`*![]():$ "), min_size=1, max_size=12).filter(str.strip))
def test_a_code_span_keeps_what_was_typed(said_so):
    """By CommonMark's rule: a run of as many backticks as opened it closes it, and one space on both sides goes."""
    written = _verbatim(said_so)
    fence = re.match("`+", written)[0]
    inside = written.removeprefix(fence).removesuffix(fence)
    assert fence not in re.findall("`+", inside)
    if inside.startswith(" ") and inside.endswith(" "):
        inside = inside[1:-1]
    assert inside == said_so


# --- On the pages ----------------------------------------------------------------------------------------------------


def asking(run=None, rows=NOTEBOOK_PAIRS):
    session = new_session(rows, run=run)
    session.asks = True
    return session


def answer(app, question, value):
    """Answers the question that the page shows."""
    key = f"answer-{question.id}"
    (app.number_input if question.kind == "typed" else app.radio)(key=key).set_value(value)
    return checked(app.button(key=f"commit-{question.id}").click().run())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_asks(page, language, trained, monkeypatch):
    monkeypatch.setattr(page_texts, "language", lambda: language)  # the app tester writes the choices itself
    session = asking(a_run(trained))
    app = open_page(page, session, language)
    asked = questions_of(session.lesson, session.trained)[page]
    number = catalogue(language)["questions.number"]
    for n, question in enumerate(asked):
        [card] = [
            card for card in app.expander if card.label.startswith(number.format(n=n + 1, of=len(asked), question=""))
        ]
        assert "{" not in card.label
        wrong, mistake = next(iter(question.mistakes.items()))
        app = answer(app, question, wrong)
        assert session.answers[question.id] == wrong
        [error] = app.error
        assert catalogue(language)["questions.wrong"] in error.value
        assert catalogue(language)[f"questions.wrong_{mistake}"].split("{")[0] in error.value
        assert shows(app, "questions.progress", language, done=n + 1, right=0)
        if n + 1 < len(asked):
            app = checked(app.button(key=f"next-{page}").click().run())


def test_a_right_answer_is_told_so_and_counted():
    session = asking()
    app = open_page("tensors", session)
    asked = questions_of(session.lesson)
    shape = asked["tensors"][0]
    assert app.radio(key=f"answer-{shape.id}").value is None  # nothing is chosen beforehand
    assert shows(app, "questions.hidden")
    assert "`(5, 11, 26)`" not in " ".join(e.value for e in app.markdown)
    app = answer(app, shape, shape.right)
    assert any(catalogue("en")["questions.right"] in element.value for element in app.success)
    assert not app.error
    assert not shows(app, "questions.hidden")
    assert "(5, 11, 26)" in " ".join(e.value for e in app.markdown)
    total = sum(map(len, asked.values()))
    assert shows(app, "questions.progress", done=1, of=total, right=1)


def test_committing_nothing_is_no_answer():
    session = asking()
    app = open_page("tensors", session)
    shape = questions_of(session.lesson)["tensors"][0]
    checked(app.button(key=f"commit-{shape.id}").click().run())
    assert session.answers == {}
    assert shows(app, "questions.choose")


@pytest.mark.parametrize(("page", "name"), [("tensors", "shape"), ("model", "parameters")])
def test_what_answers_a_question_can_be_shown_without_answering(page, name):
    session = asking()
    app = open_page(page, session)
    assert shows(app, "questions.hidden")
    checked(app.button(key=f"show-{name}").click().run())
    assert not shows(app, "questions.hidden")
    assert list(session.answers.values()) == [None]
    assert shows(app, "questions.progress", done=1, right=0, shown=1)
    assert not app.error


def test_who_has_answers_shown_comes_to_the_end_as_well():
    session = asking()
    asked = [question for questions in questions_of(session.lesson).values() for question in questions]
    session.answers = {question.id: question.right if n % 2 else None for n, question in enumerate(asked)}
    app = open_page("start", session)
    right = len(asked) // 2
    assert shows(app, "questions.progress", done=len(asked), of=len(asked), right=right, shown=len(asked) - right)
    assert [bar.value for bar in app.get("progress")] == [100]


def test_answers_outlive_the_page_and_a_reload():
    session = asking()
    app = open_page("model", session)
    question = questions_of(session.lesson)["model"][0]
    answer(app, question, question.right)
    app.switch_page(PAGES["tensors"][0])
    checked(app.run())
    assert shows(app, "questions.progress", done=1, right=1)
    again = open_page("model", session, "ko")
    assert shows(again, "questions.progress", "ko", done=1, right=1)
    assert not shows(again, "questions.hidden", "ko")


@pytest.mark.parametrize("is_answered", [True, False])
@pytest.mark.parametrize(("page", "name"), [("tensors", "shape"), ("model", "parameters")])
def test_other_data_asks_anew_and_hides_nothing_again(page, name, is_answered):
    session = asking()
    app = open_page(page, session)
    question = questions_of(session.lesson)[page][0]
    if is_answered:
        answer(app, question, question.right)
    else:
        checked(app.button(key=f"show-{name}").click().run())
    session.model = replace(session.model, hidden_size=16, markers=False)
    app = open_page(page, session)
    assert not shows(app, "questions.hidden")
    assert shows(app, "questions.progress", done=0, right=0)
    anew = questions_of(session.lesson)[page][0]
    assert anew.name == name
    answer(app, anew, anew.right)
    session.model = replace(session.model, hidden_size=32, markers=True)
    assert shows(open_page(page, session), "questions.progress", done=1, right=int(is_answered))


def test_starting_over():
    session = asking()
    app = open_page("model", session)
    question, following, *_ = questions_of(session.lesson)["model"]
    answer(app, question, question.right)
    checked(app.button(key="next-model").click().run())
    assert app.radio(key=f"answer-{following.id}").value is None
    checked(app.button(key="reset-questions").click().run())
    assert session.answers == {}
    assert shows(app, "questions.progress", done=0, right=0, shown=0)
    assert shows(app, "questions.hidden")
    assert app.radio(key=f"answer-{question.id}").value is None  # with the first one


def card(app):
    return next(card for card in app.expander if "Question" in card.label)


@pytest.mark.parametrize("page", PAGES)
def test_the_card_is_open_as_long_as_something_is_unanswered(page, trained):
    session = asking(None if page == "train" else a_run(trained))
    app = open_page(page, session)
    *others, last = questions_of(session.lesson, session.trained)[page]
    assert card(app).proto.expanded
    session.answers = {question.id: None for question in others}
    app = open_page(page, session)
    assert card(app).proto.expanded
    answer(app, last, last.right)
    assert card(app).proto.expanded  # with what explains the answer
    assert not card(open_page(page, session)).proto.expanded


def test_the_card_folds_when_a_training_begins(trained):
    session = asking()
    app = open_page("train", session)
    assert card(app).proto.expanded
    started = new_session(run=a_run(trained))
    session.run, session.runs = started.run, started.runs
    assert not card(checked(app.run())).proto.expanded


def test_an_answer_cannot_be_read_off_the_picture():
    """The questions about a pair of the page Tensors come before its picture."""
    session = asking()
    _, *about = questions_of(session.lesson)["tensors"]
    assert [question.name for question in about] == ["heard", "zero_rows"]
    sources = [pair.source for pair in session.lesson.pairs]
    app = open_page("tensors", session)
    assert shows(app, "tensors.zero_rows")  # of the first pair
    for question in about:
        session.chosen = sources.index(question.about.get("source") or question.about["sentence"])
        app = open_page("tensors", session)
        assert not shows(app, "tensors.zero_rows") and not shows(app, "tensors.no_zero_rows")
        assert not [chart for chart in app.get("vega_lite_chart") if "decoder_targets" in chart.proto.spec]
        assert shows(app, "questions.hidden_pair")
        answer(app, question, question.right)  # the card has turned to it
    assert not shows(app, "questions.hidden_pair")
    assert [chart for chart in app.get("vega_lite_chart") if "decoder_targets" in chart.proto.spec]
    assert app.success  # and still says that it was right


def test_a_teacher_can_turn_questions_off():
    session = asking()
    app = open_page("tensors", session)
    app.toggle(key="asks").set_value(False)
    checked(app.run())
    assert not session.asks
    assert not shows(app, "questions.hidden")
    assert not shows(app, "questions.progress")
    app.toggle(key="asks").set_value(True)
    assert shows(checked(app.run()), "questions.hidden")


@pytest.mark.parametrize(
    ("address", "asks", "is_large"), [({}, True, False), ({"questions": "off", "large": "on"}, False, True)]
)
def test_an_address_can_begin_without_questions_and_in_large_type(address, asks, is_large):
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.session_state["chosen_language"] = "en"
    for name, value in address.items():
        app.query_params[name] = value
    checked(app.run())
    session = app.session_state["session"]
    assert (session.asks, session.is_large) == (asks, is_large)
    assert shows(app, "questions.progress") == asks


def test_large_type():
    session = asking()
    app = open_page("model", session)

    def is_large():
        return any("font-size: 130%" in element.proto.body for element in app.get("html"))

    assert not is_large()
    app.toggle(key="large").set_value(True)
    checked(app.run())
    assert session.is_large
    assert is_large()
    app.switch_page(PAGES["train"][0])
    checked(app.run())
    assert is_large()


def test_what_students_type_never_becomes_markup_in_a_question():
    typed = "*a* ![x](http://x/y.png) [l](u)"
    rows = ((typed, typed), ("b", "c"), ("`", "``"))
    session = asking(a_run(after_a_step(Lesson(rows))), rows)
    for page in PAGES:
        app = open_page(page, session)
        for question in questions_of(session.lesson, session.trained)[page]:
            if question.kind in ("text", "token"):
                for option in app.radio(key=f"answer-{question.id}").options:
                    assert option.startswith("`") or option == catalogue("en")["questions.nothing"]
            answer(app, question, question.right)
            if len(questions_of(session.lesson, session.trained)[page]) > 1:
                checked(app.button(key=f"next-{page}").click().run())
        assert [text for text in (*said(app), *(e.label for e in app.expander)) if typed in text] == []


def test_while_a_model_trains_nothing_is_asked_about_it(trained):
    session = asking(a_run(trained, status="training", stop_reason=None))
    app = open_page("translate", session)
    assert [e for e in app.expander if "Question" in e.label] == []
    assert shows(app, "questions.progress", of=sum(map(len, questions_of(session.lesson).values())))
