"""Questions before answers, as the pages ask them: one card at a time, and nothing that gives an answer away."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.menu import PAGES
from pages.parts.questions.card import _verbatim
from pages.parts.questions.question import Given
from pages.parts.questions.questions import questions_of
from pages.parts.state import TensorsState
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState
from tests.pages.app import TEXTS, a_run, checked, new_session, open_page, said, shows, visit


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


def barely_trained(rows=NOTEBOOK_PAIRS, **attributes):
    """Returns a run whose model can translate, however badly."""
    return a_run(replace(TrainingState.new(Lesson(rows)), step=1, epoch=1), **attributes)


def asking(run):
    session = new_session(run=run)
    session.asks = True
    return session


@pytest.fixture
def session(session):
    session.asks = True
    return session


def answer(app, question, value):
    """Answers the question that the page shows."""
    key = f"answer-{question.id}"
    (app.number_input if question.kind == "typed" else app.radio)(key=key).set_value(value)
    return checked(app.button(key=f"commit-{question.id}").click().run())


@pytest.mark.parametrize("page", [page for page in PAGES if page != "share"])
def test_every_page_asks(page):
    session = asking(barely_trained())
    app = open_page(page, session)
    asked = questions_of(session.lesson, session.trained)[page]
    for n, question in enumerate(asked):
        number = TEXTS["questions.number"].format(n=n + 1, of=len(asked), question="")
        [label] = [card.label for card in app.expander if card.label.startswith(number)]
        assert "{" not in label
        wrong, mistake = next(iter(question.mistakes.items()))
        answer(app, question, wrong)
        assert session.answers[question.id] == Given(wrong, is_right=False)
        if question.kind == "typed":
            assert shows(app, "questions.wrong_typed", answer=f"{wrong:,}")
        else:
            assert shows(app, "questions.wrong")
        assert shows(app, f"questions.wrong_{mistake}")
        assert shows(app, f"questions.{question.name}_because")
        assert shows(app, "questions.progress", wrong=n + 1, right=0)
        if n + 1 < len(asked):
            checked(app.button(key=f"next-{page}").click().run())


def test_what_answers_a_question_is_hidden_until_it_is_answered_or_shown(session):
    app = open_page("tensors", session, TensorsState=TensorsState(section="shapes"))
    asked = questions_of(session.lesson)
    total, shape = sum(map(len, asked.values())), asked["tensors"][0]
    assert app.radio(key=f"answer-{shape.id}").value is None  # nothing is chosen beforehand
    checked(app.button(key=f"commit-{shape.id}").click().run())
    assert shows(app, "questions.choose") and session.answers == {}
    assert shows(app, "questions.hidden")
    assert "`(5, 11, 26)`" not in " ".join(element.value for element in app.markdown)
    answer(app, shape, shape.right)
    assert any(TEXTS["questions.right"] in element.value for element in app.success)
    assert not app.error
    assert not shows(app, "questions.hidden")
    assert "(5, 11, 26)" in " ".join(element.value for element in app.markdown)
    assert shows(app, "questions.progress", right=1, wrong=0, shown=0, still=total - 1)
    visit(app, "model")
    assert shows(app, "questions.hidden")
    checked(app.button(key="show-parameters").click().run())
    assert list(session.answers.values()) == [Given(shape.right, is_right=True), Given(None, is_right=False)]
    for tab in (app, open_page("model", session)):  # also after a reload
        assert not shows(tab, "questions.hidden") and not tab.error
        assert shows(tab, "questions.progress", right=1, shown=1, still=total - 2)


def test_who_has_answers_shown_comes_to_the_end_as_well(session):
    asked = [question for questions in questions_of(session.lesson).values() for question in questions]
    right = len(asked) // 2
    session.answers = {question.id: Given(question.right, is_right=True) for question in asked[:right]}
    session.answers |= {question.id: Given(None, is_right=False) for question in asked[right:]}
    app = open_page("start", session)
    assert shows(app, "questions.progress", right=right, wrong=0, shown=len(asked) - right, still=0)
    assert [bar.value for bar in app.get("progress")] == [100]


def test_other_data_asks_anew_takes_nothing_back_and_hides_nothing_again(session):
    app = open_page("model", session)
    settings = {"hidden_size": 16, "markers": False}, {"hidden_size": 32, "markers": True}, {}
    for n, changes in enumerate(settings):
        session.model = replace(session.model, **changes)
        checked(app.run())
        asked = questions_of(session.lesson)
        question, answered = asked["model"][0], min(n, 2)
        if n < 2:
            assert shows(app, "questions.progress", right=n, still=sum(map(len, asked.values())))
            answer(app, question, question.right)
            answered += 1
        assert not shows(app, "questions.hidden")
        assert shows(app, "questions.progress", right=answered, wrong=0, shown=0)
        assert questions_of(session.lesson)["model"][0].name == question.name
    assert app.success  # the question of before, with its answer


def test_starting_over(session):
    app = open_page("model", session)
    question, following, *_ = questions_of(session.lesson)["model"]
    answer(app, question, question.right)
    checked(app.button(key="next-model").click().run())
    assert app.radio(key=f"answer-{following.id}").value is None
    checked(app.button(key="reset-questions").click().run())
    assert session.answers == {}
    assert shows(app, "questions.progress", right=0, wrong=0, shown=0)
    assert shows(app, "questions.hidden")
    assert app.radio(key=f"answer-{question.id}").value is None  # with the first one


def card(app):
    return next(card for card in app.expander if "Question" in card.label)


def test_the_card_is_one_line_until_it_is_opened_and_stays_open_on_its_page(session):
    app = open_page("pairs", session)
    assert not card(app).proto.expanded
    question, *_ = questions_of(session.lesson)["pairs"]
    app.session_state["QuestionsState"].is_open = True
    answer(app, question, question.right)
    assert card(app).proto.expanded  # with what explains the answer
    assert card(checked(app.button(key="next-pairs").click().run())).proto.expanded
    for page in ("train", "pairs"):
        assert not card(visit(app, page)).proto.expanded


def test_an_answer_cannot_be_read_off_the_picture(session):
    """The questions about a pair of the page Tensors come before its picture."""
    _, *about = questions_of(session.lesson)["tensors"]
    assert [question.name for question in about] == ["right_output", "zero_rows"]
    sources = [pair.source for pair in session.lesson.pairs]

    def open_section(section):
        return open_page("tensors", session, TensorsState=TensorsState(section=section))

    for section in ("steps", "one_hot", "product"):
        assert open_section(section).get("vega_lite_chart")  # of the first pair
    for question in about:
        session.chosen = sources.index(question.about.get("source") or question.about["sentence"])
        for section in ("one_hot", "product", "steps"):
            app = open_section(section)
            assert not app.get("vega_lite_chart")
            assert shows(app, "questions.hidden_pair")
        answer(app, question, question.right)  # the card has turned to it
    assert not shows(app, "questions.hidden_pair")
    assert [chart for chart in app.get("vega_lite_chart") if "decoder_targets" in chart.proto.spec]
    assert app.success  # and still says that it was right


def test_a_teacher_can_turn_questions_off(session):
    app = open_page("tensors", session, TensorsState=TensorsState(section="shapes"))
    checked(app.toggle(key="Session-asks").set_value(False).run())
    assert not session.asks
    assert not shows(app, "questions.hidden")
    assert not shows(app, "questions.progress")
    assert shows(checked(app.toggle(key="Session-asks").set_value(True).run()), "questions.hidden")


def test_what_students_type_never_becomes_markup_in_a_question():
    typed = "*a* ![x](http://x/y.png) [l](u)"
    rows = ((typed, typed), ("b", "c"), ("`", "``"))
    session = asking(barely_trained(rows))
    every = [(page, q) for page, asked in questions_of(session.lesson, session.trained).items() for q in asked]
    with_typed_choices = [(page, question) for page, question in every if question.kind in ("text", "token")]
    assert {question.kind for _, question in with_typed_choices} == {"text", "token"}
    for page, question in with_typed_choices:
        session.answers = {
            other.id: Given(None, is_right=False) for _, other in every if other is not question
        }  # so that it is asked first
        app = open_page(page, session)
        for option in app.radio(key=f"answer-{question.id}").options:
            assert option.startswith("`") or option == TEXTS["questions.nothing"]
        labels = [expander.label for expander in app.expander]
        shown = [*said(app), *labels, *said(answer(app, question, question.right))]
        assert [text for text in shown if typed in text] == []


def test_while_a_model_trains_nothing_is_asked_about_it():
    session = asking(barely_trained(status="training", stop_reason=None))
    app = open_page("translate", session)
    assert [e for e in app.expander if "Question" in e.label] == []
    assert shows(app, "questions.progress", still=sum(map(len, questions_of(session.lesson).values())))
