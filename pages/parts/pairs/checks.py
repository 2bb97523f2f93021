"""What there is to say about the rows of the table, in the student's language."""

import streamlit as st

from pages.parts.drawing.tokens import display_text
from pages.parts.texts import catalogue, language, text
from pages.parts.workspace.session import Session
from seq2seq.data.checks import Problem

_MAX_PROBLEMS = 100  # more lines than anybody reads
_FEW = 3  # notes of a kind that are listed at once; more stand in one line that opens


def show(session: Session) -> None:
    """Shows how many rows are used, and what is wrong with the others."""
    problems = [problem for problem in session.problems if problem.kind != "empty_row"]  # a new row begins empty
    used = len(session.lesson.pairs) if session.lesson else 0
    if not used:
        st.error(text("pairs.none_used"), icon=":material/error:")
    else:
        st.success(text("pairs.used", used=f"{used:,}", rows=f"{len(session.rows):,}"), icon=":material/check:")
    if used == 1:
        st.info(text("pairs.only_one"), icon=":material/info:")
    if errors := [problem for problem in problems if problem.is_error]:  # first: these rows are left out
        with st.container(height=260 if len(errors) > _FEW else "content", border=True):
            _list("✗", errors)
        st.caption(text("pairs.legend"))
    notes = [problem for problem in problems if not problem.is_error]
    for kind in dict.fromkeys(note.kind for note in notes):
        alike = [note for note in notes if note.kind == kind]
        if len(alike) <= _FEW:
            _list("·", alike)
            continue
        folded = st.expander(
            text(f"problem.many_{kind}", count=f"{len(alike):,}"), on_change="rerun", key=f"notes-{kind}"
        )
        if folded.open:
            with folded:
                _list("·", alike)


def _list(mark: str, problems: list[Problem]) -> None:
    for problem in problems[:_MAX_PROBLEMS]:
        st.text(f"{mark} {message(problem)}")
    if len(problems) > _MAX_PROBLEMS:
        st.caption(text("pairs.more_problems", shown=_MAX_PROBLEMS, all=f"{len(problems):,}"))


def message(problem: Problem) -> str:
    """Says a problem in the student's language."""
    details = {name: _detail(value) for name, value in problem.details.items()}
    said = text(f"problem.{problem.kind}", **details)
    if problem.row is not None:
        return text("problem.in_row", row=problem.row + 1, message=said)
    return said if problem.line is None else text("problem.in_line", line=problem.line, message=said)


def _detail(value: object) -> object:
    if isinstance(value, str):
        return catalogue(language()).get(f"problem.side_{value}", display_text(value))
    return f"{value:,}" if isinstance(value, int) else value
