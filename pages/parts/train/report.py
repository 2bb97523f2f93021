"""One run in words and figures: what would stop it, which of its epochs to look at, how good its model is."""

import itertools
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.drawing.choosing import table_behind
from pages.parts.texts import text
from pages.parts.train.curves import held_out_loss
from seq2seq import Lesson, TrainingConfig, TrainingState
from seq2seq.analysis.checkpoints import is_checkpoint
from seq2seq.analysis.metrics import evaluate, latest_evaluated
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import first_stop

_PATIENCES = (1, 2, 3, 5, 10, 20)  # for "where would another have stopped?"
_FIGURES = ("masked_accuracy", "padded_accuracy", "exact_match", "cer", "masked_loss", "padded_loss")


def stops(run: Run, training: TrainingConfig) -> list[tuple[int, str]]:
    """Returns (epoch, label) of what the chart of the loss marks: the lowest losses, and where the set rule stops."""
    found, history = [], run.history  # which is replaced as it trains
    if history:
        found.append((_lowest(history, "loss"), text("train.mark_best")))
    if held_out := _held_out_losses(history, run):
        found.append((_lowest(history, held_out), text("train.mark_best_held_out")))
    if training.patience and (stop := first_stop(history, training.patience)):
        found.append((stop, text("train.mark_stop", patience=training.patience)))
    return found


def what_stops(run: Run, training: TrainingConfig) -> None:
    """Says what the rules that end a training watch, and how far they are; other patiences where somebody asks."""
    history = run.history
    lines = [_early_stopping(history, training.patience)] if history else []
    if held_out := _held_out_losses(history, run):
        lines.append(_held_out_stopping(history, held_out, training.patience))
    if training.stop_when_right and (latest := latest_evaluated(history)):
        lines.append(_all_right(history, latest))
    with st.container(key="what-stops"):
        st.caption("  \n".join(lines) or "–")
    if (behind := table_behind("patiences", text("train.other_patiences"))) is not None:
        behind.dataframe(_patiences_table(history, held_out), hide_index=True)
        behind.caption(text("train.patience_none"))


def _early_stopping(history: Sequence[dict[str, float]], patience: int) -> str:
    best = _lowest(history, "loss")
    said = text("train.best_epoch", epoch=best, loss=f"{history[best - 1]['loss']:.4f}")
    if not patience:
        return f"{said} {text('train.stop_never')}"
    if stop := first_stop(history, patience):
        return f"{said} {text('train.stop_at', epoch=stop, patience=patience)}"
    return f"{said} {text('train.stop_not_yet', since=len(history) - best, patience=patience)}"


def _held_out_stopping(history: Sequence[dict[str, float]], watched: str, patience: int) -> str:
    best = _lowest(history, watched)
    said = text("train.best_held_out", epoch=best, loss=f"{history[best - 1][watched]:.4f}")
    if not patience:
        return said
    stop = first_stop(history, patience, watched)
    rule = "train.stop_at_held_out" if stop else "train.stop_not_yet_held_out"
    return f"{said} {text(rule, epoch=stop, patience=patience)}"


def _all_right(history: Sequence[dict[str, float]], latest: dict[str, float]) -> str:
    evaluated = latest["evaluated"]
    right = round(latest["exact_match"] * evaluated)
    said = text("train.right_so_far", epoch=latest["epoch"], right=right, evaluated=evaluated)
    if right < evaluated:
        following = next(epoch for epoch in itertools.count(len(history) + 1) if is_checkpoint(epoch))
        said += " " + text("train.evaluated_next", epoch=following)
    return f"{text('train.stop_when_right')}: {said}"


def _patiences_table(history: Sequence[dict[str, float]], held_out: str | None) -> pd.DataFrame:
    """Returns after which epoch each of some patiences would have stopped, by the training and by the held-out loss."""
    table = {text("train.patience"): [str(patience) for patience in _PATIENCES]}
    watched = {"loss": text("train.by_training"), held_out: text("train.by_held_out")}
    for name, title in watched.items():
        if name is not None:
            table[title] = [str(first_stop(history, patience, name) or "–") for patience in _PATIENCES]
    return pd.DataFrame(table)


def _lowest(history: Sequence[dict[str, float]], name: str) -> int:
    """Returns the first epoch in which a figure was lowest, of those that have it."""
    return min((record for record in history if name in record), key=lambda record: record[name])["epoch"]


def _held_out_losses(history: Sequence[dict[str, float]], run: Run) -> str | None:
    """Returns the name of the held-out loss in the records of a run, measured as its training loss; None if none is."""
    name = held_out_loss("loss", run.state.lesson.model.mask_padding)
    return name if any(name in record for record in history) else None


def figures(run: Run, state: TrainingState) -> None:
    """Shows the honest numbers of a state of a run side by side, and says in words where they part.

    While the run trains, these are of its latest evaluation, else the state's own.
    """
    latest, lesson = latest_evaluated(state.history), state.lesson
    epoch, found = state.epoch, {}
    if run.is_active and latest is not None:
        epoch, found = latest["epoch"], latest
    elif state.step and not run.is_active:
        is_its_own = latest is not None and latest["epoch"] == epoch and not state.batch
        found = latest if is_its_own else _evaluated(state, run.id, state.step)
    st.subheader(text("train.figures_title", epoch=epoch), anchor=False)
    st.table(_figures_table(found, lesson), hide_index=True)  # whose words go on in a second line on a phone
    is_within = state.batch and not run.is_active  # an epoch, and so measured neither before nor after one
    while_training = () if is_within else state.history[epoch - 1 : epoch]
    notes = [text("train.two_losses", epoch=epoch, loss=f"{record['loss']:.4f}") for record in while_training]
    st.caption(" ".join([*notes, text("train.padding_reason")]))
    with st.container(key="gaps-live" if run.is_active else "gaps"):
        _gaps(found, lesson)


def _gaps(found: dict[str, float], lesson: Lesson) -> None:
    """Says in words where the figures part."""
    if not found:
        return
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
        title, evaluated = text(f"train.on_{side or 'training'}"), found.get(f"{side}evaluated", len(rows))
        if evaluated < len(rows):
            title = text("train.sample", name=title, evaluated=evaluated, all=f"{len(rows):,}")
        if len(rows):
            table[title] = [_written(figure, found.get(side + figure)) for figure in _FIGURES]
    return pd.DataFrame(table)


def _written(figure: str, value: float | None) -> str:
    """Returns how a figure is written; before an evaluation there is none."""
    if value is None:
        return "–"
    return f"{value:.3f}" if figure.endswith("loss") else f"{value:.0%}"
