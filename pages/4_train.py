"""Train: the loss live on screen, and what the model would translate now."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import charts, frame
from pages.parts.texts import text
from seq2seq import TrainingConfig, Translator
from seq2seq.limits import MAX_TRAINING_BYTES, training_bytes

_MOST_TRANSLATED = 5  # sentences shown while training; translating them must not hold up the picture


def settings_form() -> TrainingConfig:
    """Shows the settings and returns them as they stand."""
    training = session.training
    columns = st.columns(5)
    epochs = columns[0].number_input(text("train.epochs"), 1, 10_000, training.epochs, help=text("train.epochs_help"))
    batch = columns[1].number_input(
        text("train.batch_size"), 1, 4096, training.batch_size, help=text("train.batch_size_help")
    )
    rate = columns[2].number_input(
        text("train.learning_rate"), 0.0001, 1.0, training.learning_rate, 0.001, "%.4f",
        help=text("train.learning_rate_help"),
    )  # fmt: skip
    patience = columns[3].number_input(
        text("train.patience"), 0, 10_000, training.patience, help=text("train.patience_help")
    )
    seed = columns[4].number_input(text("train.seed"), 0, 2**31 - 1, training.seed, help=text("train.seed_help"))
    return replace(training, epochs=epochs, batch_size=batch, learning_rate=rate, patience=patience, seed=seed)


def translations_now(state) -> pd.DataFrame:
    """Translates some training sentences, spread over the lesson, with the weights of this moment."""
    translator = Translator(state)
    targets = {}  # a source may have several
    for source, target in state.lesson.pairs:
        targets.setdefault(source, []).append(target)
    sources = list(targets)
    rows = []
    for source in sources[:: -(-len(sources) // _MOST_TRANSLATED)]:
        # Without ⟨bos⟩ nobody tells the decoder how to begin, so it is given the first character.
        prefix = "" if state.lesson.model.markers else targets[source][0][0]
        said = translator.translate(source, prefix)
        right = "✓" if said in targets[source] else "✗"
        rows.append([source, right, charts.shown_text(said), " / ".join(targets[source])])
    return pd.DataFrame(rows, columns=[text(f"train.column_{c}") for c in ("source", "right", "translation", "target")])


def progress_line(run) -> str:
    if run.status == "queued" and run.place:
        return text("train.place", place=run.place)
    done = text("run.epochs", done=len(run.history), epochs=run.state.lesson.training.epochs)
    if not run.is_active:
        return f"{text(f'train.ended_{run.ended_by}')} {done}"
    if run.seconds_left is None:
        return f"{text(f'run.{run.status}')} · {done}"
    minutes, seconds = divmod(round(run.seconds_left), 60)
    left = text("train.left_minutes" if minutes else "train.left_seconds", minutes=minutes, seconds=seconds)
    return f"{text(f'run.{run.status}')} · {done} · {left}"


def show_run() -> None:
    """Shows the latest run: progress, curves, translations. Redrawn while it trains."""
    run = session.run
    st.progress(frame.progress(run), progress_line(run))
    if run.error:
        st.error(text("train.failed"), icon=":material/error:")
        st.text(run.error)
    if run.is_active != is_active:
        st.rerun()  # the buttons and the timer have to know as well
    charts.training_curves(run.history, run.state.lesson.training.epochs)
    st.subheader(text("train.translations_title", epoch=run.state.epoch), anchor=False)
    st.dataframe(translations_now(run.state), hide_index=True, width="stretch")
    st.caption(text("train.memorised" if run.state.lesson.model.markers else "train.no_marker"))


session = frame.open_page("train")
lesson = frame.need_lesson(session)
is_active = session.run is not None and session.run.is_active

session.training = settings_form()
lesson = session.lesson
too_large = training_bytes(lesson) > MAX_TRAINING_BYTES
with st.container(horizontal=True, vertical_alignment="center"):
    label = text("train.start" if session.run is None else "train.start_again")
    if st.button(label, type="primary", icon=":material/play_arrow:", disabled=is_active or too_large):
        session.start_training()
        st.rerun()
    if st.button(text("train.stop"), icon=":material/stop:", disabled=not is_active):
        session.stop_training()
        st.rerun()
    st.caption(text("train.what", pairs=f"{len(lesson.pairs):,}", units=lesson.model.hidden_size))
if too_large:
    needed, limit = (f"{size / 2**30:.1f}" for size in (training_bytes(lesson), MAX_TRAINING_BYTES))
    st.error(text("train.too_large", needed=needed, limit=limit), icon=":material/error:")
frame.outdated_warning(session)

if session.run is None:
    st.info(text("train.empty"), icon=":material/info:")
else:
    st.fragment(show_run, run_every=0.5 if is_active else None)()
frame.close_page("train")
