"""Pairs: the table that everything else comes from."""

import re
from collections.abc import Iterable

import pandas as pd
import streamlit as st

from pages.parts import frame
from pages.parts.questions import card as questions
from pages.parts.texts import catalogue, language, text
from pages.parts.theme import display_text
from seq2seq.data.checks import Problem
from seq2seq.data.files import PairsFileError, read_pairs, write_pairs
from seq2seq.limits import MAX_PAIRS

_MAX_PROBLEMS = 100  # more lines than anybody reads
_MANY_ROWS = 100  # pasted at once
_SHORT, _COLUMN = 24, 185  # characters; pixels
_HALVES = re.compile("[\ud800-\udfff]")  # of characters: a browser may send one, but cannot be sent one


def message(problem: Problem) -> str:
    """Says a problem in the student's language."""
    details = {name: shown_detail(value) for name, value in problem.details.items()}
    said = text(f"problem.{problem.kind}", **details)
    if problem.row is not None:
        return text("problem.in_row", row=problem.row + 1, message=said)
    return said if problem.line is None else text("problem.in_line", line=problem.line, message=said)


def shown_detail(value: object) -> object:
    if isinstance(value, str):
        return catalogue(language()).get(f"problem.side_{value}", display_text(value))
    return f"{value:,}" if isinstance(value, int) else value


def read_upload() -> None:
    """Takes over an uploaded file, or remembers what is wrong with it."""
    st.session_state.pop("refused", None)
    if (upload := st.session_state["upload"]) is None:
        return
    try:
        session.open_own(read_pairs(upload.getvalue()))
        st.toast(text("pairs.uploaded", pairs=f"{len(session.rows):,}"), icon=":material/check:")
    except PairsFileError as error:
        st.session_state["refused"] = error


def use_rest() -> None:
    """Takes over the lines of a refused file that can be read."""
    session.open_own(st.session_state.pop("refused").pairs)


def taken_over(rows: Iterable[Iterable[object]]) -> tuple[tuple[str, str], ...]:
    """Returns rows of the editor with half a character marked as lost, which is a problem that can be named."""
    return tuple(tuple(_HALVES.sub("\ufffd", str(cell)) for cell in row) for row in rows)


def table_key() -> str:
    return f"table-{session.table_version}-{language()}"


def take_over_paste() -> None:
    """Takes over many pasted rows at once: the editor would add them one by one, and again at every later run."""
    edits = st.session_state.get(table_key())
    if not edits or len(edits["added_rows"]) < _MANY_ROWS:
        return
    rows = [{"source": source, "target": target} for source, target in st.session_state["table-start"]]
    for n, cells in edits["edited_rows"].items():
        rows[int(n)] |= cells
    deleted = set(edits["deleted_rows"])
    kept = [row for n, row in enumerate(rows) if n not in deleted]
    rows = (*kept, *edits["added_rows"])
    session.replace(taken_over((row.get("source") or "", row.get("target") or "") for row in rows))


session = frame.open_page("pairs")
take_over_paste()
# The editor keeps its edits apart from the rows it began with, and forgets them when the page is left or its language
# changes: then it has to begin with the rows of now.
began = (session.table_version, language())
if st.session_state.get("table-began") != began:
    st.session_state["table-began"], st.session_state["table-start"] = began, session.rows
start = st.session_state["table-start"]

asked = st.container()
bar = st.container(horizontal=True, vertical_alignment="center")
table, checks = st.columns([3, 2], gap="medium")
with table:
    # A long sentence would make its column as wide as itself, and push the other one out of sight.
    width = _COLUMN if any(len(side) > _SHORT for row in start for side in row) else None
    columns = {
        side: st.column_config.TextColumn(text(f"pairs.{side}"), width=width, default="")
        for side in ("source", "target")
    }
    with st.container(key="pairs-editor"):
        edited = st.data_editor(
            pd.DataFrame(start, columns=list(columns), index=pd.RangeIndex(1, len(start) + 1), dtype=object),
            column_config=columns,
            num_rows="dynamic",
            hide_index=False,
            height=420,
            key=table_key(),
            alt=text("pairs.title"),
        )
    session.edit(taken_over(edited.where(edited.notna(), "").itertuples(index=False, name=None)))
    st.caption(text("pairs.how"))

with asked:  # after the table, so that the questions know of the latest edit
    questions.ask(session, "pairs")
with bar:  # and so do the buttons
    st.button(
        text("pairs.undo"), icon=":material/undo:", disabled=not session.undo_stack, on_click=session.undo, key="undo"
    )
    st.button(
        text("pairs.restart"),
        icon=":material/restart_alt:",
        disabled=session.rows == session.start,
        on_click=lambda: session.replace(session.start),
        key="restart",
    )
    st.download_button(
        text("pairs.download"), lambda: write_pairs(session.rows), "pairs.csv", "text/csv", icon=":material/download:"
    )

with checks:
    lesson = session.lesson
    problems = [problem for problem in session.problems if problem.kind != "empty_row"]  # a new row begins empty
    used = len(lesson.pairs) if lesson else 0
    if lesson is None:
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
    st.file_uploader(text("pairs.upload"), key="upload", on_change=read_upload, help=text("pairs.upload_help"))
    if refused := st.session_state.get("refused"):
        st.error(text("pairs.refused"), icon=":material/error:")
        for problem in refused.problems[:10]:
            st.text(message(problem))
        if refused.pairs:
            st.button(text("pairs.use_rest", pairs=f"{len(refused.pairs):,}"), on_click=use_rest, key="use-rest")
    st.caption(text("pairs.limits", pairs=f"{MAX_PAIRS:,}"))

frame.close_page("pairs")
