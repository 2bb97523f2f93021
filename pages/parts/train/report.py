"""One run in words and figures: what would stop it, which of its epochs to look at, how good its model is."""

import itertools
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.texts import text
from seq2seq import Lesson, TrainingConfig, TrainingState
from seq2seq.analysis.checkpoints import is_checkpoint
from seq2seq.analysis.metrics import evaluate
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import epochs_without_improvement, first_stop

_USUAL_PATIENCE = 5  # the notebook's, for "where would it have stopped?"
_FIGURES = ("masked_accuracy", "padded_accuracy", "exact_match", "cer", "masked_loss", "padded_loss")


def stops(run: Run, training: TrainingConfig) -> list[tuple[int, str]]:
    """Returns (epoch, label) of the best epoch, and of where early stopping ends or would have ended the run."""
    if not run.history:
        return []
    found = [(_best_epoch(run), text("train.mark_best"))]
    if stop := first_stop(run.history, _patience(training)):
        found.append((stop, text("train.mark_stop", patience=_patience(training))))
    return found


def what_stops(run: Run, training: TrainingConfig) -> None:
    """Says what the rules that end a training watch, and how far they are; see `stops`."""
    history = run.history
    if not history:
        return
    best, patience = _best_epoch(run), _patience(training)
    lines = [text("train.best_epoch", epoch=best, loss=f"{history[best - 1]['loss']:.4f}")]
    if stop := first_stop(history, patience):
        lines[0] += " " + text("train.stop_at", epoch=stop, patience=patience)
    else:
        lines[0] += " " + text("train.stop_not_yet", since=len(history) - best, patience=patience)
    if training.stop_when_right and (latest := latest_evaluated(history)):
        evaluated = round(latest["evaluated"])
        right = round(latest["exact_match"] * evaluated)
        progress = text("train.right_so_far", epoch=latest["epoch"], right=right, evaluated=evaluated)
        if right < evaluated:
            following = next(epoch for epoch in itertools.count(len(history) + 1) if is_checkpoint(epoch))
            progress += " " + text("train.evaluated_next", epoch=following)
        lines.append(f"{text('train.stop_when_right')}: {progress}")
    st.caption("  \n".join(lines))


def _best_epoch(run: Run) -> int:
    return len(run.history) - epochs_without_improvement(run.history)


def _patience(training: TrainingConfig) -> int:
    return training.patience or _USUAL_PATIENCE


def latest_evaluated(history: Sequence[dict[str, float]]) -> dict[str, float] | None:
    """Returns the latest record with the figures of an evaluation."""
    return next((record for record in reversed(history) if "exact_match" in record), None)


def figures(run: Run, state: TrainingState) -> None:
    """Shows the honest numbers of a state of a run side by side, and says in words where they part.

    While the run trains, these are of its latest evaluation, else the state's own.
    """
    latest, lesson = latest_evaluated(state.history), state.lesson
    if run.is_active and latest is not None:
        epoch, found = latest["epoch"], latest
    elif state.step:
        epoch = state.epoch
        is_its_own = latest is not None and latest["epoch"] == epoch and not state.batch
        found = latest if is_its_own else _evaluated(state, run.id, state.step)
    else:
        return
    st.subheader(text("train.figures_title", epoch=epoch), anchor=False)
    st.table(_figures_table(found, lesson), hide_index=True)  # whose words go on in a second line on a phone
    st.caption(text("train.padding_reason"))
    accuracy, exact = found["masked_accuracy"], found["exact_match"]
    if accuracy - exact > 0.2:
        why = "train.gap_alone" if lesson.model.markers else "train.gap_endless"
        st.info(text(why, accuracy=f"{accuracy:.0%}", exact=f"{exact:.0%}"), icon=":material/call_split:")
    held_out = found.get("held_out_masked_accuracy", accuracy)
    if accuracy - held_out > 0.15:
        said = text("train.gap_held_out", accuracy=f"{accuracy:.0%}", held_out=f"{held_out:.0%}")
        st.info(said, icon=":material/psychology:")


@st.cache_data(max_entries=300, show_spinner=False)
def _evaluated(_state: TrainingState, run: str, step: int) -> dict[str, float]:
    """Evaluates a model that is told apart from others by its run and the steps that it was trained for."""
    return evaluate(_state)


def _figures_table(found: dict[str, float], lesson: Lesson) -> pd.DataFrame:
    """Returns a row for each figure, and a column for each side: the sentences trained on, and those held out."""
    table = {text("train.figure"): [text(f"train.{figure}") for figure in _FIGURES]}
    for side, rows in (("", lesson.training_rows), ("held_out_", lesson.held_out_rows)):
        if f"{side}evaluated" in found:
            values = {figure: found[side + figure] for figure in _FIGURES}
            title, evaluated = text(f"train.on_{side or 'training'}"), found[f"{side}evaluated"]
            if evaluated < len(rows):
                title = text("train.sample", name=title, evaluated=evaluated, all=f"{len(rows):,}")
            table[title] = [
                f"{value:.3f}" if figure.endswith("loss") else f"{value:.0%}" for figure, value in values.items()
            ]
    return pd.DataFrame(table)
