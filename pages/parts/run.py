"""One run: where it would stop, which of its epochs to look at, what its model says and scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from rapidfuzz.distance import Levenshtein

from pages.parts import charts
from pages.parts.session import Session
from pages.parts.texts import text
from seq2seq import TrainingState, Translator
from seq2seq.classroom.run import Run
from seq2seq.metrics import examine
from seq2seq.stopping import epochs_without_improvement, first_stop

_MOST_TRANSLATED = 8  # sentences shown while training; translating them must not hold up the picture
_USUAL_PATIENCE = 5  # the notebook's, for "where would it have stopped?"


def early_stopping(run: Run) -> None:
    """Says what early stopping watches, and where it would have stopped."""
    history = run.history
    if not history:
        return
    since, patience = epochs_without_improvement(history), run.state.lesson.training.patience
    line = text("train.best_epoch", epoch=len(history) - since, loss=f"{min(r['loss'] for r in history):.4f}")
    if patience:
        line += " " + text("train.patience_left", since=since, patience=patience)
    elif stop := first_stop(history, _USUAL_PATIENCE):
        line += " " + text("train.would_have_stopped", epoch=stop, patience=_USUAL_PATIENCE)
    st.caption(line)


def choose_epoch(session: Session) -> TrainingState:
    """Shows a slider over the kept epochs of the current run; returns the state to look at, here and on Translate."""
    state = session.run.state
    kept = sorted({epoch for epoch, _ in state.snapshots} | {state.epoch})
    if len(kept) < 2:
        return state
    chosen = session.look_at if session.used is session.run and session.look_at in kept else state.epoch
    epoch = st.select_slider(
        text("train.look_at"),
        kept,
        chosen,
        key=f"look-at-{session.run.id}-{state.epoch}",
        help=text("train.look_at_help"),
    )
    if session.used is session.run:
        session.look_at = None if epoch == state.epoch else epoch
    return state if epoch == state.epoch else state.at(epoch)


def translations(state: TrainingState) -> None:
    """Translates some training sentences, spread over the lesson, and marks what is wrong."""
    lesson, targets = state.lesson, {}  # a source may have several
    for row in lesson.training_rows:
        targets.setdefault(lesson.pairs[row].source, []).append(lesson.pairs[row].target)
    sources = list(targets)
    chosen = [sources[n] for n in np.unique(np.linspace(0, len(sources) - 1, _MOST_TRANSLATED).astype(int))]
    prefixes = [lesson.prefix(targets[source][0]) for source in chosen]
    said = Translator(state).translate_all(chosen, prefixes)
    st.subheader(text("train.translations_title", epoch=state.epoch), anchor=False)
    charts.marked_translations(
        [
            (source, says, min(targets[source], key=lambda target, says=says: Levenshtein.distance(says, target)))
            for source, says in zip(chosen, said, strict=True)
        ]
    )
    st.caption(
        text("train.memorised" if lesson.model.markers else "train.no_marker")
        + " "
        + text("train.shown_of", shown=len(chosen), all=f"{len(sources):,}")
    )


@st.cache_data(max_entries=300, show_spinner=False)
def _examined(_state: TrainingState, run: str, step: int) -> dict[str, float]:
    """Examines a model that is told apart from others by its run and the steps that it was trained for."""
    return examine(_state)


def figures(run: Run, state: TrainingState) -> None:
    """Shows the honest numbers side by side, and says in words where they part.

    Args:
        run: where the state comes from. While it trains, its latest examination is shown; at rest, the state's own.
        state: the model to look at.
    """
    latest = next((record for record in reversed(state.history) if "exact_match" in record), None)
    if run.is_active and latest is not None:
        epoch, found = latest["epoch"], latest
    elif state.step:
        epoch = state.epoch
        is_kept = latest is not None and latest["epoch"] == epoch and not state.batch
        found = latest if is_kept else _examined(state, run.id, state.step)
    else:
        return
    sides = ["", "held_out_"] if "held_out_exact_match" in found else [""]
    rows = ("masked_accuracy", "padded_accuracy", "exact_match", "cer", "masked_loss", "padded_loss")
    table = pd.DataFrame(
        {text("train.figure"): [text(f"train.{row}") for row in rows]}
        | {
            text(f"train.on_{side or 'training'}"): [
                f"{found[side + row]:.3f}" if row.endswith("loss") else f"{found[side + row]:.0%}" for row in rows
            ]
            for side in sides
        }
    )
    st.subheader(text("train.figures_title", epoch=epoch), anchor=False)
    st.table(table, hide_index=True)  # whose words go on in a second line on a phone
    st.caption(text("train.padding_reason"))
    if found["masked_accuracy"] - found["exact_match"] > 0.2:
        st.info(
            text("train.gap_alone", accuracy=f"{found['masked_accuracy']:.0%}", exact=f"{found['exact_match']:.0%}"),
            icon=":material/call_split:",
        )
    if len(sides) == 2 and found["masked_accuracy"] - found["held_out_masked_accuracy"] > 0.15:
        st.info(
            text(
                "train.gap_held_out",
                accuracy=f"{found['masked_accuracy']:.0%}",
                held_out=f"{found['held_out_masked_accuracy']:.0%}",
            ),
            icon=":material/psychology:",
        )
