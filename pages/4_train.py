"""Train: steer the training, see what the numbers mean, compare runs."""

import time
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.parts import frame
from pages.parts.questions import card as questions
from pages.parts.session import NamedRun
from pages.parts.texts import text
from pages.parts.train import charts
from pages.parts.train import runs_table as runs
from pages.parts.train.report import choose_epoch, figures, stops, translations, what_stops
from seq2seq import Lesson
from seq2seq.classroom.memory import training_bytes
from seq2seq.limits import MAX_TRAINING_BYTES

_MOMENT = 0.4  # seconds that are waited for what a click asks for: the timer would show it half a second later
_MEASURES = ("accuracy", "exact_match", "cer")
_RANGES = {  # setting: (least, most, step)
    "epochs": (1, 10_000, 1),
    "batch_size": (1, 4096, 1),
    "learning_rate": (0.0001, 1.0, 0.001),
    "patience": (0, 10_000, 1),
    "seed": (0, 2**31 - 1, 1),
    "held_out": (0, 50, 5),  # per cent
}


def settings_form() -> bool:
    """Shows the settings of the session; returns whether all are in range."""
    refused = st.session_state.setdefault("refused-settings", {})  # what was typed and cannot be

    def shown(name: str) -> float:
        value = getattr(session.training, name)
        return round(100 * value) if name == "held_out" else value

    def take_over(name: str) -> None:
        # A run that was cut short may have lost the field, and is told that it changed.
        value = st.session_state.get(f"set-{name}", shown(name))
        least, most, _ = _RANGES[name]
        if value is None or not least <= value <= most:
            refused[name] = value
            return
        refused.pop(name, None)
        value = value / 100 if name == "held_out" else value
        session.training = replace(session.training, **{name: value})

    for column, (name, (_, _, step)) in zip(st.columns(len(_RANGES)), _RANGES.items(), strict=True):
        fill_in(f"set-{name}", refused.get(name, shown(name)))
        with column:
            # Without Streamlit's own limits, which refuse a number in English and only in a tooltip.
            st.number_input(
                text(f"train.{name}"),
                step=step,
                format="%.4f" if name == "learning_rate" else None,
                help=text(f"train.{name}_help"),
                key=f"set-{name}",
                on_change=take_over,
                args=(name,),
                disabled=name == "learning_rate" and is_active,
            )
            share = session.training.held_out
            if name == "held_out" and share and not len(session.lesson.held_out_rows):
                st.caption(text("train.held_out_none", pairs=len(session.lesson.pairs), share=f"{share:.0%}"))
    for name in refused:
        least, most, _ = _RANGES[name]
        fault = text("train.out_of_range", name=text(f"train.{name}"), least=least, most=f"{most:,}")
        st.error(fault, icon=":material/error:")

    def take_over_rule() -> None:
        is_on = st.session_state.get("set-stop_when_right", session.training.stop_when_right)
        session.training = replace(session.training, stop_when_right=is_on)

    fill_in("set-stop_when_right", session.training.stop_when_right)
    st.toggle(
        text("train.stop_when_right"),
        key="set-stop_when_right",
        on_change=take_over_rule,
        help=text("train.stop_when_right_help"),
    )
    return not refused


def fill_in(key: str, value: float | None) -> None:
    """Makes a field show what holds: it may have been changed elsewhere, in another tab or with a run.

    Only where it shows something else: to be told in every run would undo what is typed at that moment.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def controls() -> None:
    """Shows the buttons that steer the training, each with its key on the keyboard."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            text("train.start"), type="primary", icon=":material/play_arrow:", shortcut="S", disabled=not can_start
        ):
            train(session.lesson)
            st.rerun()
        if is_active:
            # By callback: a rerun that is cut short, as when the page is left at once, would lose the click.
            st.button(
                text("train.pause"),
                icon=":material/pause:",
                shortcut="P",
                help=text("train.pause_help"),
                on_click=pause,
            )
        elif st.button(
            text("train.resume"),
            icon=":material/resume:",
            shortcut="P",
            help=text("train.resume_help"),
            disabled=run is None,
        ):
            session.resume()
            st.rerun()
        for epochs, shortcut in ((1, "E"), (10, "T")):
            if st.button(
                text("train.more", epochs=epochs),
                shortcut=shortcut,
                disabled=is_active or (run is None and not can_start),
            ):
                if run is None:
                    runs.begin(session, session.lesson)
                session.resume(epochs)
                st.rerun()
        can_begin = run is not None and can_start
        if st.button(text("train.reset"), icon=":material/restart_alt:", shortcut="0", disabled=not can_begin):
            runs.begin(session, session.lesson)
            st.rerun()
        if st.button(text("train.new_seed"), icon=":material/casino:", shortcut="N", disabled=not can_begin):
            session.training = replace(session.training, seed=(session.training.seed + 1) % 2**31)
            runs.begin(session, session.lesson)
            st.rerun()


def train(lesson: Lesson, baseline: NamedRun | None = None) -> None:
    """Trains a lesson from its beginning, unless it does so already: a double click is one click."""
    begun = next((n.run for n in session.runs if n.run.is_active and n.run.state.lesson == lesson), None)
    if begun:
        session.choose(begun)
    else:
        runs.begin(session, lesson, baseline)
        session.resume()


def pause() -> None:
    session.pause()
    wait(lambda: session.is_active)


def wait(is_pending: Callable[[], bool]) -> None:
    """Waits a moment for something that was just clicked for."""
    until = time.monotonic() + _MOMENT
    while is_pending() and time.monotonic() < until:
        time.sleep(0.01)


def what_if() -> None:
    """Offers one-click comparisons: the same run again, with one thing changed. Both train, taking turns."""
    baseline = session.baseline
    lesson = baseline.run.state.lesson
    changes = {
        "units": (lesson.training, {"hidden_size": 8}),
        "mask": (lesson.training, {"mask_padding": not lesson.model.mask_padding}),
        "batch": (replace(lesson.training, batch_size=5), {}),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text("train.what_if"), width="content")
        asked = [
            change
            for name, change in changes.items()
            if st.button(text(f"train.what_if_{name}"), key=f"what-if-{name}")
        ]
    for training, model in asked:
        changed = replace(lesson, training=training, model=replace(lesson.model, **model))
        if not is_too_large(changed):
            train(changed, baseline)
            for named in session.runs:
                named.is_shown |= named is baseline or named.run is session.run
            st.rerun()


def is_too_large(lesson: Lesson) -> bool:
    """Tells whether the server cannot bear the training of a lesson; if so, says it."""
    needed = training_bytes(lesson)
    if needed > MAX_TRAINING_BYTES:
        needed, limit = (f"{size / 2**30:.1f}" for size in (needed, MAX_TRAINING_BYTES))
        st.error(text("train.too_large", needed=needed, limit=limit), icon=":material/error:")
        return True
    return False


def progress_line(run) -> str:
    """Says in one line how far a run is, or why it rests."""
    if run.status == "queued" and not session.can_train:
        return text("train.warming_up")
    if run.status == "queued" and run.queue_position:
        return text("train.place", place=run.queue_position)
    done = text("run.epochs", done=f"{len(run.history) + round(run.epoch_progress, 2):g}", epochs=run.target_epoch)
    if not run.is_active:
        return f"{text(f'train.ended_{run.stop_reason}' if run.stop_reason else f'run.{run.status}')} · {done}"
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
    session.watch()
    wait(lambda: run.is_active and not (run.history or run.queue_position) and session.can_train)  # for the first loss
    if session.redraw_key != drawn:
        st.rerun()  # the buttons, the table and the timer have to know as well
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
    goal = run.target_epoch if is_active else len(run.history)
    charts.training_curves(shown, measure, goal, is_log, stops(run, session.training))
    what_stops(run, session.training)
    state = choose_epoch(session) if not is_active else run.state
    translations(run, state)
    figures(run, state)
    charts.curves_as_table(shown)


session = frame.open_page("train")
frame.need_lesson(session)
run, drawn = session.run, session.redraw_key
is_active = run is not None and run.is_active
is_in_range = settings_form()
buttons = st.container()
can_start = not is_too_large(session.lesson) and is_in_range
with buttons:
    controls()
frame.outdated_warning(session)
questions.ask(session, "train", is_open=run is None)

if run is None:
    st.info(text("train.empty", pairs=f"{len(session.lesson.training_rows):,}"), icon=":material/info:")
else:
    st.fragment(show_run, run_every=0.5 if session.is_active else None)()
    st.subheader(text("train.runs_title"), anchor=False)
    what_if()
    runs.table(session)
frame.close_page("train")
