"""One run: what would stop it, which of its epochs to look at, what its model says and scores."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.session import Session
from pages.parts.state import bound
from pages.parts.texts import text
from pages.parts.train import charts
from seq2seq import TrainingConfig, TrainingState, Translator
from seq2seq.analysis.metrics import evaluate, nearest
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import epochs_without_improvement, first_stop
from seq2seq.state import is_checkpoint

_MAX_TRANSLATED = 8  # sentences at once; translating them must not hold up the picture while it trains
_USUAL_PATIENCE = 5  # the notebook's, for "where would it have stopped?"
_HELD_OUT = "◇"  # marks a sentence that was not trained on


def stops(run: Run, training: TrainingConfig) -> list[tuple[int, str]]:
    """Returns (epoch, label) of the best epoch, and of where early stopping ends or would have ended the run.

    Args:
        run: what was trained.
        training: the rules to look at it by.
    """
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
    if training.stop_when_right and (latest := _latest_evaluated(history)):
        evaluated = latest["evaluated"]
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


def _latest_evaluated(history: Sequence[dict[str, float]]) -> dict[str, float] | None:
    return next((record for record in reversed(history) if "exact_match" in record), None)


def choose_epoch(session: Session) -> TrainingState:
    """Shows a slider over the kept epochs of the current run; returns the state to look at, here and on Translate."""
    state = session.run.state
    kept = sorted({epoch for epoch, _ in state.checkpoints} | {state.epoch})
    if len(kept) < 2:
        return state
    shown = bound(
        session,
        "look_at",
        lambda epoch: setattr(session, "look_at", None if epoch == state.epoch else epoch),
        lambda epoch: epoch if epoch in kept else state.epoch,
    )
    st.select_slider(text("train.look_at"), kept, help=text("train.look_at_help"), **shown)
    return state.at(session.look_at) if session.look_at in dict(state.checkpoints) else state


def translations(run: Run, state: TrainingState) -> None:
    """Translates some sentences, spread over the lesson, and marks what is wrong.

    Args:
        run: where the state comes from. While it trains, few sentences are shown; at rest, others can be chosen.
        state: the model to look at.
    """
    lesson = state.lesson
    held_out = {lesson.pairs[row].source for row in lesson.held_out_rows}
    sources = sorted(lesson.targets, key=lambda source: source not in held_out)  # held out ones first: there are few
    pages = -(-len(sources) // _MAX_TRANSLATED)
    st.subheader(text("train.translations_title", epoch=state.epoch), anchor=False)
    picture, page = st.container(), 1
    if pages > 1 and not run.is_active:
        page = st.slider(text("train.other_sentences"), 1, pages, key=f"sentences-{run.id}")
    chosen = sources[page - 1 :: pages]
    said = Translator(state).translate_all(chosen, [lesson.prefix(lesson.targets[source][0]) for source in chosen])
    targets = [nearest(says, lesson.targets[source]) for source, says in zip(chosen, said, strict=True)]
    with picture:
        marked = [f"{source} {_HELD_OUT}" if source in held_out else source for source in chosen]
        charts.marked_translations(list(zip(marked, said, targets, strict=True)))
    notes = [text("train.memorised" if lesson.model.markers else "train.no_marker")]
    if len(chosen) < len(sources):
        notes.append(text("train.shown_of", shown=len(chosen), all=f"{len(sources):,}"))
    if held_out:
        notes.append(text("train.held_out_sign", sign=_HELD_OUT))
    st.caption(" ".join(notes))
    table = st.expander(text("train.expected"), icon=":material/table:", on_change="rerun", key="expected")
    if table.open:
        rows = {
            text("pairs.source"): marked,
            text("train.says"): said,
            text("pairs.target"): targets,
            text("train.right"): ["✓" if a == b else "✗" for a, b in zip(said, targets, strict=True)],
        }
        table.dataframe(pd.DataFrame(rows), hide_index=True)


@st.cache_data(max_entries=300, show_spinner=False)
def _evaluated(_state: TrainingState, run: str, step: int) -> dict[str, float]:
    """Examines a model that is told apart from others by its run and the steps that it was trained for."""
    return evaluate(_state)


def figures(run: Run, state: TrainingState) -> None:
    """Shows the honest numbers side by side, and says in words where they part.

    Args:
        run: where the state comes from. While it trains, its latest evaluation is shown; at rest, the state's own.
        state: the model to look at.
    """
    latest, lesson = _latest_evaluated(state.history), state.lesson
    if run.is_active and latest is not None:
        epoch, found = latest["epoch"], latest
    elif state.step:
        epoch = state.epoch
        is_its_own = latest is not None and latest["epoch"] == epoch and not state.batch
        found = latest if is_its_own else _evaluated(state, run.id, state.step)
    else:
        return
    sides = {"": len(lesson.training_rows)}
    if "held_out_exact_match" in found:
        sides["held_out_"] = len(lesson.held_out_rows)
    rows = ("masked_accuracy", "padded_accuracy", "exact_match", "cer", "masked_loss", "padded_loss")
    table = pd.DataFrame(
        {text("train.figure"): [text(f"train.{row}") for row in rows]}
        | {
            _side(side, found[f"{side}evaluated"], of): [
                f"{found[side + row]:.3f}" if row.endswith("loss") else f"{found[side + row]:.0%}" for row in rows
            ]
            for side, of in sides.items()
        }
    )
    st.subheader(text("train.figures_title", epoch=epoch), anchor=False)
    st.table(table, hide_index=True)  # whose words go on in a second line on a phone
    st.caption(text("train.padding_reason"))
    if found["masked_accuracy"] - found["exact_match"] > 0.2:
        st.info(
            text(
                "train.gap_alone" if lesson.model.markers else "train.gap_endless",
                accuracy=f"{found['masked_accuracy']:.0%}",
                exact=f"{found['exact_match']:.0%}",
            ),
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


def _side(side: str, evaluated: int, of: int) -> str:
    """Returns the heading of the figures of a side; where they are of a sample it says so."""
    name = text(f"train.on_{side or 'training'}")
    return name if evaluated == of else text("train.sample", name=name, evaluated=evaluated, all=f"{of:,}")
