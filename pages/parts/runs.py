"""The runs of a session: how a new one is called, and the table of all of them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.session import Session
from pages.parts.texts import text
from seq2seq import Lesson


def name_of(session: Session, lesson: Lesson) -> str:
    """Names a new run by its number and by what differs from the run before."""
    number = (
        max([int(named.name.split()[0].rstrip(".")) for named in session.runs if named.name[0].isdigit()] or [0]) + 1
    )
    if session.run is None:
        return f"{number}."
    before = session.run.state.lesson
    changes = [
        text(f"run.set_{name}", value=value)
        for name, value in settings(lesson).items()
        if value != settings(before)[name] and name != "pairs"
    ]
    return " ".join([f"{number}.", *changes])


def settings(lesson: Lesson) -> dict:
    """Returns what may differ between runs."""
    return {
        "pairs": len(lesson.training_rows),
        "units": lesson.model.hidden_size,
        "tokens": f"{text(f'tokens.{lesson.model.source_tokens}')} → {text(f'tokens.{lesson.model.target_tokens}')}",
        "markers": "✓" if lesson.model.markers else "✗",
        "mask": "✓" if lesson.model.mask_padding else "✗",
        "batch": lesson.training.batch_size,
        "rate": lesson.training.learning_rate,
        "seed": lesson.training.seed,
    }


def table(session: Session) -> None:
    """Shows all runs of the session: rename, overlay, choose for Translate, delete."""
    rows = [
        {
            "shown": named.is_shown or named.run is session.run,
            "used": named.run is session.used,
            "name": named.name,
            **settings(named.run.state.lesson),
            "epochs": len(named.run.history),
            "loss": named.run.history[-1]["loss"] if named.run.history else None,
            "exact_match": next((r["exact_match"] for r in reversed(named.run.history) if "exact_match" in r), None),
        }
        for named in session.runs
    ]
    before = pd.DataFrame(rows)
    differing = [c for c in settings(session.runs[0].run.state.lesson) if before[c].nunique() > 1]
    columns = ["shown", "used", "name", *differing, "epochs", "loss", "exact_match"]
    version = st.session_state.setdefault("runs-version", 0)
    after = st.container(key="runs-editor").data_editor(
        before[columns],
        column_config={
            column: {"label": text(f"run.column_{column}"), "help": text(f"run.column_{column}_help")}
            if column in ("shown", "used")
            else text(f"run.column_{column}")
            for column in columns
        }
        | {
            "loss": st.column_config.NumberColumn(text("run.column_loss"), format="%.4f"),
            "exact_match": st.column_config.NumberColumn(text("run.column_exact_match"), format="percent"),
        },
        disabled=[column for column in columns if column not in ("shown", "used", "name")],
        num_rows="delete",
        hide_index=True,
        key=f"runs-{version}-{len(session.runs)}-{sum(len(named.run.history) for named in session.runs)}",
        alt=text("train.runs_title"),
    )
    if after.equals(before[columns]):
        return
    named_runs = list(session.runs)
    for n, named in enumerate(named_runs):
        if n not in after.index:
            session.delete(named.run)
            continue
        if after.loc[n, "shown"] != before.loc[n, "shown"]:
            named.is_shown = bool(after.loc[n, "shown"])
        name = str(after.loc[n, "name"] or named.name)
        if name not in [other.name for other in session.runs]:  # the chart tells its lines apart by name
            named.name = name
        elif name != named.name:
            st.toast(text("run.name_taken"), icon=":material/error:")
        if after.loc[n, "used"] and not before.loc[n, "used"]:
            session.used = session.run = named.run
            session.look_at = None
    st.session_state["runs-version"] = version + 1
    st.rerun()
