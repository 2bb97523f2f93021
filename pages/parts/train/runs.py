"""The runs of a session: compare one with another, and a table in which they are named, chosen and deleted."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from pages.parts.drawing.choosing import choose_sentence
from pages.parts.drawing.tokens import display_text
from pages.parts.state import TrainState, remembered
from pages.parts.texts import text
from pages.parts.train.controls import is_too_large, say_what_gives_way, settings_of, train
from pages.parts.workspace.session import NamedRun, Session
from seq2seq import Lesson
from seq2seq.analysis.metrics import latest_evaluated

_MAX_NAMED = 30  # characters of a source in the name of a run
COMPARISONS = {  # name: what is changed in the lesson; "train.what_if_…" in the catalogues says it
    "units": lambda lesson: _with_model(lesson, hidden_size=8),
    "mask": lambda lesson: _with_model(lesson, mask_padding=not lesson.model.mask_padding),
    "attention": lambda lesson: _with_model(lesson, attention="dot" if lesson.model.attention == "none" else "none"),
    "both_ways": lambda lesson: _with_model(lesson, bidirectional=not lesson.model.bidirectional),
    "batch": lambda lesson: replace(lesson, training=replace(lesson.training, batch_size=5)),
}


def _with_model(lesson: Lesson, **changes: object) -> Lesson:
    return replace(lesson, model=replace(lesson.model, **changes))


def offer_comparisons(session: Session) -> None:
    """Offers the current run, or its baseline, again with one thing changed. Both train, taking turns."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text("train.what_if"), width="content")
        asked = [(change, "") for name, change in COMPARISONS.items() if _button(name)]
        asked += _without_a_pair(session.baseline.run.state.lesson)
    if session.gives_way() != session.gives_way(session.baseline):
        say_what_gives_way(session, session.baseline)
    for change, words in asked:
        baseline = session.baseline
        changed = change(baseline.run.state.lesson)
        if is_too_large(changed):
            return
        train(session, changed, baseline)
        for named in session.runs:
            named.is_shown |= named is baseline or named.run is session.run
            named.name += words if named.run is session.run and words not in named.name else ""
        st.rerun()


def _button(name: str) -> bool:
    return st.button(text(f"train.what_if_{name}"), key=f"what-if-{name}")


def _without_a_pair(lesson: Lesson) -> list[tuple[Callable[[Lesson], Lesson], str]]:
    """Offers to leave out a pair, with all of the same source; returns how, and its words, when one was chosen."""
    page = remembered(TrainState)
    if len(lesson.targets) < 2 or lesson.training.held_out:  # of fewer pairs others would be held out
        return []
    source = choose_sentence(text("train.what_if_without"), lesson.targets, page, "without", width=220)
    page.without = None  # it is done once
    if source is None:
        return []
    named = display_text(source if len(source) <= _MAX_NAMED else f"{source[:_MAX_NAMED]}…")
    return [(partial(without, source=source), f" − “{named}”")]


def without(lesson: Lesson, source: str) -> Lesson:
    """Returns a lesson without the pairs of a source: what did they teach?"""
    return replace(lesson, pairs=tuple(pair for pair in lesson.pairs if pair.source != source))


def show_table(session: Session) -> None:
    """Shows all runs, first those of the current lesson: rename, overlay, choose, delete."""
    page, runs = remembered(TrainState), list(itertools.chain(*session.runs_by_lesson))
    key = "-".join(["runs", str(page.runs_version), *(named.run.id[:8] for named in runs)])
    # An editor whose figures change is another one and forgets what was done to it, so they stay while there is such.
    if page.drawn_runs is None or key != page.drawn_runs[0] or not any(st.session_state.get(key, {}).values()):
        page.drawn_runs = key, _table_of(session, runs)
    _, before = page.drawn_runs
    after = _editor(before, key)
    if after.equals(before):
        return
    for n, named in enumerate(runs):
        if n not in after.index:
            session.delete(named.run)
            continue
        if after.loc[n, "shown"] != before.loc[n, "shown"]:
            named.is_shown = bool(after.loc[n, "shown"])
        if after.loc[n, "name"] != before.loc[n, "name"]:
            _rename(session, named, after.loc[n, "name"])
        if after.loc[n, "used"] and not before.loc[n, "used"]:
            session.choose(named.run)
    page.runs_version += 1
    st.rerun()


def _editor(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """Shows the editor of a table; returns the table as it was edited."""
    columns = {name: {"label": text(f"run.column_{name}")} for name in table}
    for name in ("shown", "used"):
        columns[name]["help"] = text(f"run.column_{name}_help")
    for name, written in (("loss", "%.4f"), ("exact_match", "percent")):
        columns[name] = st.column_config.NumberColumn(**columns[name], format=written)
    return st.container(key="runs-editor").data_editor(
        table,
        column_config=columns,
        disabled=[name for name in columns if name not in ("shown", "used", "name")],
        num_rows="delete",
        hide_index=True,
        key=key,
        alt=text("train.runs_title"),
    )


def _table_of(session: Session, runs: list[NamedRun]) -> pd.DataFrame:
    """Returns a row for each of some runs; of the settings only those that differ."""
    rows = [
        {
            "shown": named.is_shown or named.run is session.run,
            "used": named.run is session.run,
            "name": named.name,
            "status": text("run.training" if named.run.is_active else f"run.{named.run.status}"),
            **settings_of(named.run.state.lesson),
            "epochs": len(named.run.history),
            "loss": named.run.history[-1]["loss"] if named.run.history else None,
            "exact_match": (latest_evaluated(named.run.history) or {}).get("exact_match"),
        }
        for named in runs
    ]
    table = pd.DataFrame(rows)
    same = [name for name in settings_of(runs[0].run.state.lesson) if table[name].nunique() == 1]
    return table.drop(columns=same)


def _rename(session: Session, named: NamedRun, name: str | None) -> None:
    """Names a run as it was typed, unless that is nothing or the name of another: the chart tells its lines by name."""
    name = "" if pd.isna(name) else name.strip()
    if name in [other.name for other in session.runs if other is not named]:
        st.toast(text("run.name_taken"), icon=":material/error:")
    elif name:
        named.name = name
