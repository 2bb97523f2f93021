"""Questions before answers: one card at a time, what was mistaken, and how far the student is."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from pages.parts.drawing.tokens import display_text, display_token
from pages.parts.questions.question import Answer, Given, Question
from pages.parts.questions.questions import questions_of
from pages.parts.state import QuestionsState, bound, remembered
from pages.parts.texts import text
from pages.parts.workspace.session import Session

_CONTROLS = {"zero_context": "what_if"}  # that answer a question; without them it is not asked
_SHORT = ("typed", "number", "shape", "token")  # answers in one line, so that the picture below stays in sight


def current(session: Session) -> dict[str, list[Question]]:
    """Returns page → its questions about the lesson and the model at hand; made once for each of them."""
    lesson, run = session.lesson, session.run
    if lesson is None or not session.asks:
        return {}
    trained = None if run is None or run.is_active else session.trained  # while it trains, the answers would change
    model = trained and (run.id, trained.step)
    state = remembered(QuestionsState)
    if state.computed is None or state.computed[0] is not lesson or state.computed[1] != model:
        is_known = state.computed is not None and state.computed[1] == model  # asking about a model takes longer
        asked = questions_of(lesson, None if is_known else trained)
        state.computed = lesson, model, asked | ({"translate": state.computed[2]["translate"]} if is_known else {})
    return {
        page: [question for question in asked if session.shows(_CONTROLS.get(question.name, page))]
        for page, asked in state.computed[2].items()
        if session.shows(page)
    }


def ask(session: Session, page: str) -> None:
    """Shows the questions of a page one after the other, the first unanswered one first: in one line, to be opened."""
    asked = current(session).get(page, [])
    if not asked:
        return
    card = _card(session, page, asked)
    ids = [question.id for question in asked]
    n = ids.index(card.question)
    question = asked[n]
    words = text(f"questions.{question.name}", **_values(question))
    label = text("questions.number", n=n + 1, of=len(asked), question=words)
    with st.expander(label, icon=":material/help:", **bound(card, "is_open", starts="expanded")):
        _about(question)
        if question.id in session.answers:
            _answered(question, session.answers[question.id].answer, words)
            if len(asked) > 1:
                next_question = card, "question", ids[(n + 1) % len(ids)]
                st.button(text("questions.next"), on_click=setattr, args=next_question, key=f"next-{page}")
        else:
            _unanswered(session, question, words)


def may_show(session: Session, name: str) -> bool:
    """Tells whether what answers a question may be shown; if not, says so and offers to show it all the same.

    It may when the question is not asked, or was answered, be it about other data: what a student has understood
    stays in sight when they change the lesson, which then asks anew.
    """
    asked = [question for questions in current(session).values() for question in questions if question.name == name]
    if not asked or _was_asked(session, name):
        return True
    _hidden(session, asked[0], text("questions.hidden"))
    return False


def may_show_pair(session: Session, page: str, source: str) -> bool:
    """Tells whether a pair may be shown, in which the answers to the questions of a page about it could be read off.

    If not, says so, puts the question into the page's card, and offers to show the pair all the same.
    """
    asked = current(session).get(page, [])
    about = [q for q in asked if source in q.about.values() and not _was_asked(session, q.name)]
    if not about:
        return True
    card = _card(session, page, asked)
    if card.question not in session.answers:  # else there stands what was mistaken, which is to be read
        card.question = about[0].id
    _hidden(session, about[0], text("questions.hidden_pair"))
    return False


def progress(session: Session) -> None:
    """Shows how many questions were answered, whatever the lesson was then, and are open now; and a switch for all."""
    asked = [question for questions in current(session).values() for question in questions]
    if asked:
        given = session.answers.values()
        right, shown = sum(said.is_right for said in given), sum(said.answer is None for said in given)
        still = sum(question.id not in session.answers for question in asked)
        counts = {"right": right, "wrong": len(given) - right - shown, "shown": shown, "still": still}
        st.progress(len(given) / (len(given) + still), text("questions.progress", **counts))
        if given:
            start_over = {"on_click": _start_over, "args": (session,), "key": "reset-questions"}
            st.button(text("questions.reset"), icon=":material/restart_alt:", type="tertiary", **start_over)
    if session.shows("answers"):
        st.toggle(text("questions.switch"), help=text("questions.switch_help"), **bound(session, "asks"))


class Told(NamedTuple):
    """A question about the lesson that was answered, in words: those of the catalogues are markdown."""

    question: str
    about: str  # the sentences that it is about
    answer: str | None  # None: it was shown
    is_right: bool
    because: str


def told(session: Session) -> list[Told]:
    """Returns what was answered about the lesson as it is now."""
    asked = [question for questions in current(session).values() for question in questions]
    return [
        Told(
            text(f"questions.{question.name}", **_values(question)),
            " → ".join(display_text(about) or "–" for about in question.about.values()),
            None if said.answer is None else _written(question, said.answer),
            said.is_right,
            text(f"questions.{question.name}_because", **_values(question)),
        )
        for question in asked
        if (said := session.answers.get(question.id)) is not None
    ]


def _card(session: Session, page: str, asked: list[Question]) -> QuestionsState:
    """Returns what the student has before them; whoever comes to a page begins with what is unanswered."""
    card, ids = remembered(QuestionsState), [question.id for question in asked]
    unanswered = [question_id for question_id in ids if question_id not in session.answers]
    if card.page != page:
        card.page, card.is_open, card.question = page, False, ""
    if card.question not in ids:
        card.question = (unanswered or ids)[0]
    return card


def _start_over(session: Session) -> None:
    session.answers.clear()
    remembered(QuestionsState).page = None


def _was_asked(session: Session, name: str) -> bool:
    """Tells whether a question was answered or shown, be it about other data."""
    return any(question_id.rpartition("-")[0] == name for question_id in session.answers)


def _hidden(session: Session, question: Question, why: str) -> None:
    """Stands where something is hidden until a question is answered."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(why, width="content")
        if session.shows("answers"):
            st.button(text("questions.show"), on_click=_show, args=(session, question), key=f"show-{question.name}")


def _values(question: Question) -> dict[str, str]:
    """Returns what fills the braces of a question's texts: numbers and our own words, nothing that was typed."""
    values = {name: f"{value:,}" for name, value in question.values.items()}
    if not isinstance(question.right, str):
        values["right"] = _written(question, question.right)
    kinds = {"kind": text(f"tokens.{question.level}"), "kinds": text(f"tokens.{question.level}_many")}
    return values | kinds


def _about(question: Question) -> None:
    """Shows the sentences that a question is about."""
    sentences = [display_text(sentence) or "–" for name, sentence in question.about.items() if name != "token"]
    if sentences:
        st.text(" → ".join(sentences))
    if "token" in question.about:
        token = display_token(question.about["token"])
        t = question.values["step"]
        st.text(text("questions.input_token", t=t, token=token))


def _unanswered(session: Session, question: Question, words: str) -> None:
    key = f"answer-{question.id}"

    def commit():
        if (answer := st.session_state.get(key)) is not None:
            session.answers[question.id] = Given(answer, answer == question.right)

    is_short = question.kind in _SHORT
    with (
        st.form(f"form-{question.id}", border=False),
        st.container(horizontal=is_short, vertical_alignment="center", gap="medium"),
    ):
        if question.kind == "typed":
            st.number_input(words, value=None, step=1, key=key, label_visibility="collapsed", width=200)
        else:
            _choices(question, words, {}, index=None, key=key)
        with st.container(horizontal=True, vertical_alignment="center"):
            commits = text("questions.commit")
            if st.form_submit_button(commits, type="primary", on_click=commit, key=f"commit-{question.id}"):
                st.caption(text("questions.choose"))
            if session.shows("answers"):
                show = {"on_click": _show, "args": (session, question), "key": f"skip-{question.id}"}
                st.form_submit_button(text("questions.show"), type="tertiary", **show)


def _choices(question: Question, words: str, marks: Mapping[Answer, str], **options) -> None:
    """Shows the choices, some of them with a mark before them."""
    is_short = question.kind in _SHORT
    st.radio(
        words,
        question.choices,
        format_func=lambda choice: marks.get(choice, "") + _written(question, choice),
        horizontal=is_short,
        label_visibility="collapsed",
        width="content" if is_short else "stretch",
        **options,
    )


def _show(session: Session, question: Question) -> None:
    session.answers[question.id] = Given(None, is_right=False)


def _answered(question: Question, answer: Answer | None, words: str) -> None:
    """Shows what was answered, what was mistaken, and what is right."""
    if question.kind != "typed":
        marks = {answer: "✗ ", question.right: "✓ "}
        index = None if answer is None else question.choices.index(answer)
        _choices(question, words, marks, index=index, key=f"answered-{question.id}", disabled=True)
    values = _values(question)
    because = text(f"questions.{question.name}_because", **values)
    if answer == question.right:
        st.success(f"**{text('questions.right')}** {because}", icon=":material/check:")
        return
    if answer is not None:
        typed = {"answer": _written(question, answer)}
        verdict = text("questions.wrong_typed", **typed) if question.kind == "typed" else text("questions.wrong")
        reason = text(f"questions.wrong_{question.mistakes.get(answer, 'otherwise')}", **values)
        st.error(f"**{verdict}** {reason}", icon=":material/close:")
    st.info(because, icon=":material/lightbulb:")


def _written(question: Question, answer: Answer) -> str:
    """Writes an answer as markdown."""
    if question.kind == "words":
        return text(f"questions.ends_{answer}")
    if isinstance(answer, int):
        return f"{answer:,}"
    if isinstance(answer, float):
        return f"{answer:.2f}"
    if isinstance(answer, tuple):
        return f"`{answer}`"
    if not answer:
        return text("questions.nothing")
    return _verbatim(display_token(answer) if question.kind == "token" else display_text(answer))


def _verbatim(words: str) -> str:
    """Writes what somebody typed so that a radio button shows it as it is.

    Its options are markdown. Backslashes would not do: addresses become links, and :names: pictures, after they are
    taken away. A code span keeps them as text, if its fence is longer than any run of backticks in it.
    """
    fence = "`" * (1 + max(map(len, re.findall("`+", words)), default=0))
    padding = " " if words[0] in "` " or words[-1] in "` " else ""
    return f"{fence}{padding}{words}{padding}{fence}"
