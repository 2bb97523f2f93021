"""The buttons that steer the training: start, pause, continue, some epochs more, from the beginning."""

import time
from collections.abc import Callable

import streamlit as st

from pages.parts import frame
from pages.parts.texts import text
from pages.parts.workspace.session import NamedRun, Session
from seq2seq import Lesson
from seq2seq.classroom.memory import MAX_TRAINING_BYTES, parameters, training_bytes
from seq2seq.limits import MAX_PARAMETERS, MAX_RUNS, SETTING_RANGES

_MOMENT = 0.4  # seconds that are waited for what a click asks for: the timer would show it half a second later
_LOOK = 0.03  # seconds from one look to the next meanwhile


def buttons(session: Session, can_start: bool) -> None:
    """Shows the buttons, each with its key on the keyboard; those that begin a run only where it can be started.

    What they do is done by callback: a run of the page that is cut short, as when it is left at once, loses the click.
    """
    run = session.run
    is_active = run is not None and run.is_active
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            text("train.start"),
            type="primary",
            icon=":material/play_arrow:",
            shortcut=session.shortcut("S"),
            disabled=not can_start,
            on_click=_start,
            args=(session,),
        )
        if is_active:
            pause = {"help": text("train.pause_help"), "on_click": _pause, "args": (session,)}
            st.button(text("train.pause"), icon=":material/pause:", shortcut=session.shortcut("P"), **pause)
        else:
            going_on = {"help": text("train.resume_help"), "disabled": run is None, "on_click": session.resume}
            st.button(text("train.resume"), icon=":material/resume:", shortcut=session.shortcut("P"), **going_on)
        for epochs, shortcut in ((1, "E"), (10, "T")):
            add = {
                "disabled": is_active or (run is None and not can_start),
                "on_click": _add,
                "args": (session, epochs),
            }
            st.button(text("train.more", epochs=epochs), shortcut=session.shortcut(shortcut), **add)
        anew = {"help": text("train.anew_help"), "disabled": run is None or not can_start, "args": (session,)}
        # The first has no key: one hit by mistake …
        st.button(text("train.reset"), icon=":material/restart_alt:", on_click=_begin_anew, **anew)
        if session.shows("training_settings"):
            anew |= {"shortcut": session.shortcut("N"), "on_click": _begin_with_the_next_seed}
            st.button(text("train.new_seed"), icon=":material/casino:", **anew)


def _start(session: Session) -> None:
    if _can_bear(session.lesson):
        train(session, session.lesson)


def _add(session: Session, epochs: int) -> None:
    if session.run is None and _can_bear(session.lesson):
        begin(session, session.lesson)
    session.resume(epochs)


def _begin_anew(session: Session) -> None:
    if _can_bear(session.lesson):
        begin(session, session.lesson)


def _begin_with_the_next_seed(session: Session) -> None:
    _, last_seed = SETTING_RANGES["seed"]
    session.change_setting("training", "seed", (session.training.seed + 1) % (last_seed + 1))
    _begin_anew(session)


def _pause(session: Session) -> None:
    session.pause()
    wait(lambda: session.is_active)


def train(session: Session, lesson: Lesson, baseline: NamedRun | None = None) -> None:
    """Trains a lesson, compared with a baseline, unless it is being trained already: a double click is one click."""
    begun = next((n.run for n in session.runs if n.run.is_active and n.run.state.lesson == lesson), None)
    if begun:
        session.choose(begun)
    else:
        begin(session, lesson, baseline)
        session.resume()


def begin(session: Session, lesson: Lesson, baseline: NamedRun | None = None) -> None:
    """Makes an untrained run the current one, named by its number, its lesson and what is set otherwise.

    That is compared with its baseline, or with the latest run of its lesson.
    """
    new = session.new_run(lesson, baseline)
    words = [text(f"lesson.{new.lesson[0]}")]
    alike, _ = session.runs_by_lesson
    if before := baseline or next((named for named in reversed(alike) if named is not new), None):
        others = settings_of(before.run.state.lesson)
        changes = {name: value for name, value in settings_of(lesson).items() if value != others[name]}
        words += [text(f"run.set_{name}", value=value) for name, value in changes.items()]
    new.name = f"{new.name} {', '.join(words)}"


def say_what_gives_way(session: Session, baseline: NamedRun | None = None) -> None:
    """Says which run the next one takes the place of, as long as that can be helped."""
    for named in session.gives_way(baseline):
        if not named.is_empty:
            st.text(text("run.gives_way", most=MAX_RUNS, name=named.name))  # as it was typed, not as markup


def settings_of(lesson: Lesson) -> dict[str, object]:
    """Returns what may differ between runs."""
    return {
        "pairs": len(lesson.training_rows),
        "units": lesson.model.hidden_size,
        "tokens": f"{text(f'tokens.{lesson.model.source_tokens}')} → {text(f'tokens.{lesson.model.target_tokens}')}",
        "markers": "✓" if lesson.model.markers else "✗",
        "mask": "✓" if lesson.model.mask_padding else "✗",
        "attention": text(f"attention.{lesson.model.attention}"),
        "both_ways": "✓" if lesson.model.bidirectional else "✗",
        "batch": lesson.training.batch_size,
        "rate": lesson.training.learning_rate,
        "seed": lesson.training.seed,
    }


def wait(is_pending: Callable[[], bool]) -> None:
    """Waits a moment for something that was just clicked for."""
    until = time.monotonic() + _MOMENT
    while is_pending() and time.monotonic() < until:
        time.sleep(_LOOK)


def _can_bear(lesson: Lesson | None) -> bool:
    """Tells whether there is a lesson, and the server can bear its training: the button may be older than it."""
    if lesson is None:
        return False
    return training_bytes(lesson) <= MAX_TRAINING_BYTES and parameters(lesson) <= MAX_PARAMETERS


def is_too_large(lesson: Lesson) -> bool:
    """Tells whether the server cannot bear the training of a lesson; if so, says it."""
    needed = training_bytes(lesson)
    if needed <= MAX_TRAINING_BYTES:
        return not frame.can_draw_weights(lesson)
    needed, limit = (f"{size / 2**30:.1f}" for size in (needed, MAX_TRAINING_BYTES))
    st.error(text("train.too_large", needed=needed, limit=limit), icon=":material/error:")
    return True
