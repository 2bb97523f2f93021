"""Questions before answers: one card at a time, what was mistaken, and how far the student is."""

from __future__ import annotations

import streamlit as st

from pages.parts import looks
from pages.parts.session import Session
from pages.parts.texts import text
from seq2seq.questions import Answer, Question, questions_of


def current(session: Session) -> dict[str, list[Question]]:
    """Returns page → its questions about the lesson and the model at hand; made once for each of them."""
    lesson, used = session.lesson, session.used
    if lesson is None or not session.asks:
        return {}
    state = None if used is None or used.is_active else session.trained  # while it trains, the answers would change
    model = state and (used.id, state.step)
    kept = st.session_state.get("questions")
    if kept is None or kept[0] is not lesson or kept[1] != model:
        kept = st.session_state["questions"] = lesson, model, questions_of(lesson, state)
    return kept[2]


def ask(session: Session, page: str, is_open: bool = False) -> None:
    """Shows the questions of a page one after the other, the first unanswered one first.

    Args:
        session: for the lesson, and the answers given.
        page: a key of `frame.PAGES`.
        is_open: the choices are shown at once; else the question stands there in one line, to be opened.
    """
    asked = current(session).get(page, [])
    if not asked:
        return
    ids = [question.id for question in asked]
    place = f"question-{page}"
    if st.session_state.get(place) not in ids:
        st.session_state[place] = next((i for i in ids if i not in session.answers), ids[0])
    n = ids.index(st.session_state[place])
    question = asked[n]
    words = text(f"questions.{question.name}", **_values(question))
    label = text("questions.number", n=n + 1, of=len(asked), question=words)
    with st.expander(label, expanded=is_open, icon=":material/help:", key=f"ask-{page}"):
        _about(question)
        if question.id in session.answers:
            _answered(question, session.answers[question.id], words)
            if len(asked) > 1:
                following = ids[(n + 1) % len(ids)]
                go_on = st.session_state.__setitem__
                st.button(text("questions.next"), on_click=go_on, args=(place, following), key=f"next-{page}")
        else:
            _unanswered(session, question, words)


def may_show(session: Session, name: str) -> bool:
    """Tells whether what answers a question may be shown; if not, says so and offers to show it all the same.

    It may when the question was answered, or is not asked.
    """
    asked = [question for questions in current(session).values() for question in questions if question.name == name]
    if not asked or asked[0].id in session.answers:
        return True
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(text("questions.hidden"), width="content")
        st.button(text("questions.show"), on_click=_show, args=(session, asked[0]), key=f"show-{name}")
    return False


def progress(session: Session) -> None:
    """Shows how many questions were answered, and a switch for all of them."""
    asked = [question for questions in current(session).values() for question in questions]
    answered = [question for question in asked if session.answers.get(question.id) is not None]
    if asked:
        right = sum(session.answers[question.id] == question.right for question in answered)
        said = text("questions.progress", done=len(answered), of=len(asked), right=right)
        st.progress(len(answered) / len(asked), said)
        if session.answers:
            st.button(
                text("questions.reset"),
                icon=":material/restart_alt:",
                type="tertiary",
                on_click=session.answers.clear,
                key="reset-questions",
            )
    st.toggle(
        text("questions.switch"),
        session.asks,
        key="asks",
        help=text("questions.switch_help"),
        on_change=lambda: setattr(session, "asks", st.session_state["asks"]),
    )


def _values(question: Question) -> dict[str, str]:
    """Returns what fills the braces of a question's texts: numbers and our own words, nothing that was typed."""
    values = {name: f"{value:,}" for name, value in question.values.items()}
    if not isinstance(question.right, str):
        values["right"] = _written(question, question.right)
    kinds = {"kind": text(f"tokens.{question.level}"), "kinds": text(f"tokens.{question.level}_many")}
    return values | kinds


def _about(question: Question) -> None:
    """Shows the sentences that a question is about."""
    sentences = [looks.shown_text(said) or "–" for name, said in question.about.items() if name != "token"]
    if sentences:
        st.text(" → ".join(sentences))
    if "token" in question.about:
        token = looks.shown(question.about["token"])
        st.text(text("questions.hears", step=question.values["step"], token=token))


def _unanswered(session: Session, question: Question, words: str) -> None:
    key = f"answer-{question.id}"

    def commit():
        if (answer := st.session_state[key]) is not None:
            session.answers[question.id] = answer

    with st.form(f"form-{question.id}", border=False):
        if question.kind == "typed":
            st.number_input(words, value=None, step=1, key=key, label_visibility="collapsed", width=200)
        else:
            st.radio(
                words,
                question.choices,
                index=None,
                format_func=lambda answer: _written(question, answer),
                key=key,
                label_visibility="collapsed",
            )
        with st.container(horizontal=True):
            commits = text("questions.commit")
            if st.form_submit_button(commits, type="primary", on_click=commit, key=f"commit-{question.id}"):
                st.caption(text("questions.choose"))
            st.form_submit_button(
                text("questions.show"),
                type="tertiary",
                on_click=_show,
                args=(session, question),
                key=f"skip-{question.id}",
            )


def _show(session: Session, question: Question) -> None:
    session.answers[question.id] = None


def _answered(question: Question, answer: Answer | None, words: str) -> None:
    """Shows what was answered, what was mistaken, and what is right."""
    if question.kind != "typed":
        marks = {answer: "✗ ", question.right: "✓ "}
        st.radio(
            words,
            question.choices,
            index=None if answer is None else question.choices.index(answer),
            format_func=lambda choice: marks.get(choice, "") + _written(question, choice),
            key=f"answered-{question.id}",
            label_visibility="collapsed",
            disabled=True,
        )
    values = _values(question)
    because = text(f"questions.{question.name}_because", **values)
    if answer == question.right:
        st.success(f"**{text('questions.right')}** {because}", icon=":material/check:")
        return
    if answer is not None:
        said = f"{_written(question, answer)} · " if question.kind == "typed" else ""
        reason = text(f"questions.wrong_{question.mistakes.get(answer, 'otherwise')}", **values)
        st.error(f"**{text('questions.wrong')}** {said}{reason}", icon=":material/close:")
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
    return _verbatim(looks.shown(answer) if question.kind == "token" else looks.shown_text(answer))


def _verbatim(said: str) -> str:
    """Writes what somebody typed so that a radio button shows it as it is.

    Its options are markdown. Backslashes would not do: addresses become links, and :names: pictures, after they are
    taken away. A code span keeps them as text, if its fence is longer than any run of backticks in it.
    """
    fence = "`" * (1 + max((len(run) for run in _runs(said)), default=0))
    padding = " " if said[0] in "` " or said[-1] in "` " else ""
    return f"{fence}{padding}{said}{padding}{fence}"


def _runs(said: str) -> list[str]:
    return "".join(c if c == "`" else " " for c in said).split()
