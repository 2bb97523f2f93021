"""How a chosen file is read: what is understood of it, what is in doubt, and what can be changed before it counts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.drawing.tokens import display_text
from pages.parts.pairs.checks import message
from pages.parts.state import OpenedFile, PairsState, bound
from pages.parts.texts import catalogue, language, text
from pages.parts.workspace.session import Session
from seq2seq.data.delimited import DELIMITERS
from seq2seq.data.encodings import ENCODINGS
from seq2seq.data.files import PairsFileError, Reading, Understood, understand
from seq2seq.data.pairs import Pair

_MAX_PROBLEMS = 10  # of a file
_PREVIEWED = 5  # rows
_EXAMPLE = 24  # characters of a cell that stands for its column
_DELIMITER_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon"}  # the others look like themselves


def show(session: Session, state: PairsState) -> None:
    """Shows, above the page, how a file is read, until it is taken over or given up."""
    st.dialog(text("reading.title"), width="large", on_dismiss=lambda: _close(state))(_read)(session, state)


def _read(session: Session, state: PairsState) -> None:
    opened = state.opened
    if opened is None:  # it was closed in another run of this tab
        st.rerun()
    st.text(display_text(opened.name))
    if opened.found is None and opened.refused is None:
        with st.spinner(text("reading.busy")):
            _read_anew(opened, opened.asked)
    found = opened.found
    if opened.refused is not None:
        st.error(text("reading.unreadable" if found is None else "reading.kept"), icon=":material/error:")
        st.text("\n".join(map(message, opened.refused.problems)))
    if found is None:
        return
    _choices(opened, found)
    _say(found)
    _preview(found)
    if not found.pairs:
        st.error(text("reading.no_pairs"), icon=":material/error:")
        return
    label = "reading.use_rest" if found.problems else "reading.use"
    with st.container(horizontal=True):
        if st.button(text(label, pairs=f"{len(found.pairs):,}"), type="primary", key="use-file"):
            session.open(found.pairs)
            st.toast(text("pairs.uploaded", pairs=f"{len(session.rows):,}"), icon=":material/check:")
            _close(state)
            st.rerun()
        if st.button(text("reading.cancel"), key="give-up-file"):
            _close(state)
            st.rerun()


def _close(state: PairsState) -> None:
    state.opened, state.uploads = None, state.uploads + 1


def _read_anew(opened: OpenedFile, asked: Reading) -> None:
    """Reads the file in another way; if nothing can be read like that, it stays as it was."""
    try:
        opened.found, opened.asked, opened.refused = understand(opened.content, asked), asked, None
    except PairsFileError as error:
        opened.refused = error


# --- What can be changed ---------------------------------------------------------------------------------------------


def _choices(opened: OpenedFile, found: Understood) -> None:
    """Offers everything that decides how the file is read, as it is read now."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if found.sheets:
            _choose(opened, found, "sheet", found.sheets)
        else:
            _choose(opened, found, "encoding", _with(found.reading.encoding, ENCODINGS))
            _choose(opened, found, "delimiter", _with(found.reading.delimiter, DELIMITERS))
        columns = max(len(found.columns), found.reading.source + 1, found.reading.target + 1)
        for side in Pair._fields:
            _choose(opened, found, side, range(columns))
        st.button(text("reading.swap"), icon=":material/swap_horiz:", on_click=_swap, args=(opened, found))
    with st.container(horizontal=True):
        is_escaped = found.reading.escaped or opened.asked.escaped is not None  # else there is nothing to switch
        for name in ("header", "html", *["escaped"] * is_escaped):
            take = _take(opened, found, name)
            st.toggle(text(f"reading.{name}"), help=text(f"reading.{name}_help"), **bound(found.reading, name, take))


def _choose(opened: OpenedFile, found: Understood, name: str, options: Sequence) -> None:
    kept = bound(found.reading, name, _take(opened, found, name), options=options)
    st.selectbox(text(f"reading.{name}"), options, format_func=lambda value: _named(found, name, value), **kept)


def _named(found: Understood, name: str, value: Any) -> str:
    if name == "encoding":
        return catalogue(language()).get(f"encoding.{value}", value)
    if name == "delimiter":
        return text(f"reading.{_DELIMITER_NAMES[value]}") if value in _DELIMITER_NAMES else value
    return display_text(value) if name == "sheet" else _column(found, value)


def _column(found: Understood, n: int) -> str:
    """Says which column it is, by its number, its heading and its first cell."""
    heading = found.headings[n : n + 1]
    example = [column.example for column in found.columns[n : n + 1]]
    parts = [display_text(part[:_EXAMPLE]) for part in (*heading, *example) if part]
    return " · ".join([str(n + 1), *parts])


def _with(value: str, options: Sequence[str]) -> list[str]:
    return [*options, *([] if value in options else [value])]


def _take(opened: OpenedFile, found: Understood, name: str) -> Callable[[Any], None]:
    """Returns what reads the file anew with something changed; other columns may be the pair then."""

    def take(value: Any) -> None:
        asked = replace(opened.asked, **{name: value})
        if name in ("delimiter", "sheet"):
            asked = replace(asked, source=None, target=None, header=None)
        elif name in Pair._fields:
            (other,) = set(Pair._fields) - {name}
            column = getattr(found.reading, other)
            if value == column:  # who takes the column of the other side swaps the two
                column = getattr(found.reading, name)
            asked = replace(asked, **{other: column})
        _read_anew(opened, asked)

    return take


def _swap(opened: OpenedFile, found: Understood) -> None:
    _read_anew(opened, replace(opened.asked, source=found.reading.target, target=found.reading.source))


# --- What is said ----------------------------------------------------------------------------------------------------


def _say(found: Understood) -> None:
    """Says what is in doubt, which rows cannot be used, and what the other columns hold."""
    if found.doubts:
        st.warning(text("reading.doubts"), icon=":material/help:")
        st.text("\n".join(_doubt(doubt.kind, doubt.details) for doubt in found.doubts))
    for note in found.notes:
        st.caption(message(note))
    if found.problems:
        st.error(text("reading.problems", problems=f"{len(found.problems):,}"), icon=":material/error:")
        with st.container(height=180 if len(found.problems) > 4 else "content", border=True):
            for problem in found.problems[:_MAX_PROBLEMS]:
                st.text(message(problem))
            if len(found.problems) > _MAX_PROBLEMS:
                st.caption(text("pairs.more_problems", shown=_MAX_PROBLEMS, all=f"{len(found.problems):,}"))
    others = [n for n in range(len(found.columns)) if n not in (found.reading.source, found.reading.target)]
    if others:
        said = "  /  ".join(f"{_column(found, n)} ({text(f'reading.{found.columns[n].kind}')})" for n in others)
        st.text(text("reading.others", columns=said))


def _doubt(kind: str, details: dict) -> str:
    details = {name: _DELIMITER_NAMES.get(value, value) for name, value in details.items()}
    named = {name: text(f"reading.{value}") for name, value in details.items() if value in _DELIMITER_NAMES.values()}
    if kind == "doubt_encoding":
        named["encoding"] = catalogue(language())[f"encoding.{details['encoding']}"]
    return text(f"problem.{kind}", **details | named)


def _preview(found: Understood) -> None:
    """Shows the first rows as they will stand in the table."""
    rows = found.pairs[:_PREVIEWED]
    st.markdown(text("reading.preview", pairs=f"{len(found.pairs):,}"))
    table = pd.DataFrame(rows, columns=[text(f"pairs.{side}") for side in Pair._fields], dtype=object)
    st.dataframe(table, hide_index=True, key="preview")
