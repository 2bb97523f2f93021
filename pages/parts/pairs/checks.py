"""What there is to say about the rows of the table, in the student's language."""

import streamlit as st

from pages.parts.drawing.tokens import display_text
from pages.parts.session import Session
from pages.parts.texts import catalogue, language, text
from seq2seq.data.checks import Problem

_MAX_PROBLEMS = 100  # more lines than anybody reads


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
    if problems:
        with st.container(height=260 if len(problems) > 3 else "content", border=True):
            for problem in problems[:_MAX_PROBLEMS]:
                st.text(f"{'✗' if problem.is_error else '·'} {message(problem)}")
        st.caption(text("pairs.legend"))
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
