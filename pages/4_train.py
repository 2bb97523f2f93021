"""Train: steer the training, see what the numbers mean, compare runs."""

import time
from dataclasses import replace

import streamlit as st

from pages.parts import charts, frame, questions, runs
from pages.parts.run import choose_epoch, figures, stops, translations, what_stops
from pages.parts.texts import text
from seq2seq import TrainingConfig
from seq2seq.limits import MAX_TRAINING_BYTES, training_bytes

_FIRST_SECONDS = 0.4  # that the first loss of a run is waited for
_MEASURES = ("accuracy", "exact_match", "cer")
_RANGES = {  # setting: (least, most, step)
    "epochs": (1, 10_000, 1),
    "batch_size": (1, 4096, 1),
    "learning_rate": (0.0001, 1.0, 0.001),
    "patience": (0, 10_000, 1),
    "seed": (0, 2**31 - 1, 1),
    "held_out": (0, 50, 5),  # per cent
}


def settings_form(training: TrainingConfig) -> tuple[TrainingConfig, bool]:
    """Shows the settings; returns them as they stand, and whether all are in range."""
    values, faults = {}, []
    for column, (name, (least, most, step)) in zip(st.columns(len(_RANGES)), _RANGES.items(), strict=True):
        now = round(100 * training.held_out) if name == "held_out" else getattr(training, name)
        # Without Streamlit's own limits, which refuse a number in English and only in a tooltip.
        value = column.number_input(
            text(f"train.{name}"),
            value=now,
            step=step,
            format="%.4f" if name == "learning_rate" else None,
            help=text(f"train.{name}_help"),
        )
        if value is None or not least <= value <= most:
            faults.append(text("train.out_of_range", name=text(f"train.{name}"), least=least, most=f"{most:,}"))
        else:
            values[name] = value
    for fault in faults:
        st.error(fault, icon=":material/error:")
    if "held_out" in values:
        values["held_out"] /= 100
    stop_when_right = st.toggle(
        text("train.stop_when_right"), training.stop_when_right, help=text("train.stop_when_right_help")
    )
    return replace(training, **values, stop_when_right=stop_when_right), not faults


def controls() -> None:
    """Shows the buttons that steer the training, each with its key on the keyboard."""
    run = session.run
    is_active = run is not None and run.is_active
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            text("train.start"), type="primary", icon=":material/play_arrow:", shortcut="S", disabled=not can_start
        ):
            start()
            session.go_on()
            st.rerun()
        if is_active:
            # By callback: a rerun that is cut short, as when the page is left at once, would lose the click.
            st.button(text("train.pause"), icon=":material/pause:", shortcut="P", on_click=session.pause)
        elif st.button(text("train.go_on"), icon=":material/resume:", shortcut="P", disabled=run is None):
            session.go_on(None if run.ended_by is None else run.state.lesson.training.epochs)
            st.rerun()
        for epochs, shortcut in ((1, "E"), (10, "T")):
            if st.button(
                text("train.more", epochs=epochs),
                shortcut=shortcut,
                disabled=is_active or (run is None and not can_start),
            ):
                if run is None:
                    start()
                session.go_on(epochs)
                st.rerun()
        if st.button(text("train.reset"), icon=":material/restart_alt:", shortcut="0", disabled=run is None):
            start()
            st.rerun()
        if st.button(text("train.new_seed"), icon=":material/casino:", shortcut="N", disabled=run is None):
            session.training = replace(session.training, seed=session.training.seed + 1)
            start()
            st.rerun()


def start() -> None:
    """Begins a run with the lesson as it stands."""
    session.new_run(session.lesson, runs.name_of(session, session.lesson))


def what_if() -> None:
    """Offers one-click comparisons with the current run: the same again, with one thing changed."""
    base = session.run.state.lesson
    changes = {
        "units": (base.training, {"hidden_size": 8}),
        "mask": (base.training, {"mask_padding": not base.model.mask_padding}),
        "batch": (replace(base.training, batch_size=5), {}),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text("train.what_if"), width="content")
        for name, (training, model) in changes.items():
            if st.button(text(f"train.what_if_{name}"), key=f"what-if-{name}"):
                next(named for named in session.runs if named.run is session.run).is_shown = True
                lesson = replace(base, training=training, model=replace(base.model, **model))
                session.new_run(lesson, runs.name_of(session, lesson))
                # The one thing changed must be the only one: not the rate that was typed in since, too.
                session.training = replace(session.training, learning_rate=training.learning_rate)
                session.go_on()
                st.rerun()


def progress_line(run) -> str:
    """Says in one line how far a run is, or why it rests."""
    if run.status == "queued" and not session.can_train:
        return text("train.warming_up")
    if run.status == "queued" and run.place:
        return text("train.place", place=run.place)
    done = text("run.epochs", done=f"{len(run.history) + round(run.epoch_progress, 2):g}", epochs=run.goal)
    if not run.is_active:
        return f"{text(f'train.ended_{run.ended_by}' if run.ended_by else f'run.{run.status}')} · {done}"
    if run.seconds_left is None:
        return f"{text(f'run.{run.status}')} · {done}"
    return f"{text(f'run.{run.status}')} · {done} · {time_left(run.seconds_left)}"


def time_left(seconds: float) -> str:
    """Says how long something takes, as exactly as one cares to know."""
    if seconds < 60:
        return text("train.left_seconds", seconds=round(seconds))
    if seconds < 3600:
        return text("train.left_minutes", minutes=round(seconds / 60))
    return text("train.left_hours", hours=f"{seconds / 3600:,.0f}")


def show_run() -> None:
    """Shows the current run: progress, curves, translations, figures. Redrawn while it trains."""
    run = session.run
    run.watch()
    until = time.monotonic() + _FIRST_SECONDS
    while run.is_active and not (run.history or run.place) and session.can_train and time.monotonic() < until:
        time.sleep(0.01)  # somebody has just clicked; the timer would show the first loss half a second later
    if run.is_active != is_active:
        st.rerun()  # the buttons and the timer have to know as well
    st.progress(frame.progress(run), progress_line(run))
    if run.error:
        st.error(text("train.failed"), icon=":material/error:")
        st.text(run.error)
    with st.container(horizontal=True, vertical_alignment="center"):
        measure = st.segmented_control(
            text("train.measure"),
            _MEASURES,
            default=_MEASURES[0],
            required=True,
            key="measure",
            format_func=lambda name: text(f"train.{name}"),
        )
        is_log = st.toggle(text("train.log_scale"), key="log-scale")
    shown = {named.name: named.run for named in session.runs if named.run is run}
    shown |= {named.name: named.run for named in session.runs if named.is_shown}
    goal = run.goal if is_active else len(run.history)
    charts.training_curves(shown, measure, goal, is_log, stops(run, session.training))
    what_stops(run, session.training)
    state = choose_epoch(session) if not is_active else run.state
    translations(run, state)
    figures(run, state)
    charts.curves_as_table(shown)


session = frame.open_page("train")
lesson = frame.need_lesson(session)
is_active = session.run is not None and session.run.is_active
session.training, is_in_range = settings_form(session.training)
lesson = session.lesson
too_large = training_bytes(lesson) > MAX_TRAINING_BYTES
can_start = is_in_range and not too_large
controls()
if too_large:
    needed, limit = (f"{size / 2**30:.1f}" for size in (training_bytes(lesson), MAX_TRAINING_BYTES))
    st.error(text("train.too_large", needed=needed, limit=limit), icon=":material/error:")
frame.outdated_warning(session)
questions.ask(session, "train", is_open=session.run is None)

if session.run is None:
    st.info(text("train.empty", pairs=f"{len(lesson.training_rows):,}"), icon=":material/info:")
else:
    st.fragment(show_run, run_every=0.5 if is_active else None)()
    st.subheader(text("train.runs_title"), anchor=False)
    what_if()
    runs.table(session)
frame.close_page("train")
