"""The table of pairs, to be edited. What a student changes in this tab goes to the session, and nothing else does."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import count, takewhile

import pandas as pd
import streamlit as st

from pages.parts.state import PairsState, TableEditor, remembered
from pages.parts.texts import language, text
from pages.parts.workspace.rows import Row, Table
from pages.parts.workspace.session import Session
from seq2seq.data.pairs import Pair

_MANY_ROWS = 100  # an editor sends the rows written in it with every run, and Streamlit adds them one by one
_SHORT, _COLUMN, _NUMBER_COLUMN = 24, 185, 60  # characters; pixels
_HEIGHT = 420  # pixels
_HALVES = re.compile("[\ud800-\udfff]")  # of characters: a browser may send one, but cannot be sent one
_numbers = count()

Cells = Mapping[str, str | None]  # by the name of their column; None for one that was emptied


def show_only(session: Session) -> None:
    """Shows the table, not to be edited."""
    rows = session.rows
    st.dataframe(_frame(rows), column_config=_columns(rows), height=_HEIGHT, alt=text("pairs.title"))


def show(session: Session) -> None:
    """Shows the table and takes over what is changed in it."""
    state = remembered(PairsState)
    if state.editor is None or not can_go_on(state.editor, session):
        key = f"table-{next(_numbers)}"
        state.editor = TableEditor(session.table, language(), key, session.table)
    editor = state.editor
    rows = editor.start.rows
    st.caption(text("pairs.typing"))
    with st.container(key="pairs-editor"):
        st.data_editor(
            _frame(rows),
            column_config=_columns(rows),
            num_rows="dynamic",
            hide_index=False,
            height=_HEIGHT,
            key=editor.key,
            on_change=take_over,
            args=(editor, session),
            alt=text("pairs.title"),
        )


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(Pair._fields), index=pd.RangeIndex(1, len(rows) + 1), dtype=object)


def _columns(rows: Sequence[Row]) -> dict:
    # A long sentence would make its column as wide as itself, and push the other one out of sight.
    width = _COLUMN if any(len(side) > _SHORT for row in rows for side in row) else None
    columns = {
        side: st.column_config.TextColumn(text(f"pairs.{side}"), width=width, default="") for side in Pair._fields
    }
    # With a heading of its own, or the number of a row would read as a part of what stands beside it: "1 2 Jan 2000".
    return columns | {"_index": st.column_config.Column(text("pairs.row"), width=_NUMBER_COLUMN)}


def can_go_on(editor: TableEditor, session: Session) -> bool:
    """Tells whether an editor shows the table as it is; not if it was changed elsewhere, or the browser forgot it."""
    is_there = editor.key in st.session_state and editor.language == language()
    return is_there and len(editor.added.rows) < _MANY_ROWS and editor.shown == session.table


def take_over(editor: TableEditor, session: Session) -> None:
    """Does to the session's table what was changed in an editor since it was asked last."""
    edits = st.session_state.get(editor.key)
    if edits is None:
        return  # a run that was cut short may have lost the widget, and is told that it changed
    before = editor.shown
    kept = with_edits(editor.start, edits["edited_rows"], edits["deleted_rows"])
    editor.added = with_ids([_row(Pair("", ""), cells) for cells in edits["added_rows"]], editor.added)
    editor.shown = Table(kept.rows + editor.added.rows, kept.ids + editor.added.ids)
    if gone := session.edit(before, editor.shown):
        st.toast(text("pairs.gone", rows=gone), icon=":material/warning:")


def with_edits(start: Table, edited: Mapping[int, Cells], deleted: Collection[int]) -> Table:
    """Returns a table with some cells changed and some rows deleted; both by the rows' numbers in it, from 0."""
    deleted = set(deleted)
    kept = [n for n in range(len(start.rows)) if n not in deleted]
    rows = tuple(_row(start.rows[n], edited[n]) if n in edited else start.rows[n] for n in kept)
    return Table(rows, tuple(start.ids[n] for n in kept))


def with_ids(rows: Sequence[Row], before: Table) -> Table:
    """Returns the rows written in an editor, those that were there before with the ids that they had.

    The editor counts them by their place. Where there are fewer now, some were deleted: what follows the last of them
    is as it was before.
    """
    same = 0
    if len(rows) < len(before.rows):
        pairs = zip(reversed(rows), reversed(before.rows), strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    ids = before.ids[: len(rows) - same] + before.ids[len(before.ids) - same :]
    return Table(tuple(rows), ids + Table.of(rows[len(ids) :]).ids)


def _row(row: Row, cells: Cells) -> Row:
    """Returns a row with some cells changed, and half a character marked as lost, which is a problem with a name."""
    changed = Pair(*row)._asdict() | cells
    return tuple(_HALVES.sub("\ufffd", changed[side] or "") for side in Pair._fields)
