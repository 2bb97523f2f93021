"""The part of the page that is drawn anew while something trains: the current run as it is now."""

import streamlit as st

from pages.parts import refresh
from pages.parts.drawing import lengths
from pages.parts.players import replay
from pages.parts.state import TrainState, bound, remembered
from pages.parts.texts import text
from pages.parts.train import one_step, sentences
from pages.parts.train.controls import wait
from pages.parts.train.curves import history_table, training_curves
from pages.parts.train.report import figures, stops, what_stops
from pages.parts.train.sentences import outputs_of
from pages.parts.workspace.session import Session
from seq2seq.classroom.run import Run

_SECONDS = 0.5  # from one look to the next, in a class more: of what was learnt more than of how far it is
_MEASURES = ("accuracy", "exact_match", "cer")  # of the second chart


def show(session: Session, run: Run, drawn: tuple) -> None:
    """Shows the current run; where the `redraw_key` is not the drawn one any more, the whole page is drawn anew."""
    is_active = session.is_active

    @st.fragment(run_every=refresh.every("how_far", _SECONDS) if is_active else None)
    @refresh.a_look("how_far")
    def how_far() -> None:
        # For the first loss, after a click on Train.
        wait(lambda: run.is_active and not (run.history or run.queue_position) and session.can_train)
        if session.redraw_key != drawn:
            st.rerun()  # the buttons, the table and the timer have to know as well
        st.progress(refresh.progress(run), progress_line(run, session.can_train))

    @st.fragment(run_every=refresh.every("what_is_learnt", _SECONDS) if is_active else None)
    @refresh.a_look("what_is_learnt")
    def what_is_learnt() -> None:
        _run(session, run)

    how_far()
    what_is_learnt()


def _run(session: Session, run: Run) -> None:
    theme = session.theme
    if run.error:
        st.error(text("train.failed"), icon=":material/error:")
        st.text(run.error)
    shown = {named.name: named.run for named in session.runs if named.run is run}
    shown |= {named.name: named.run for named in session.runs if named.is_shown}
    page = remembered(TrainState)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            text("train.measure"),
            _MEASURES,
            required=True,
            format_func=lambda name: text(f"train.{name}"),
            **bound(page, "measure", starts="default"),
        )
        st.toggle(text("train.log_scale"), **bound(page, "is_log"))
    training_curves(shown, page.measure, page.is_log, stops(run, session.training), theme)
    what_stops(run, session.training)
    if session.shows("replay"):
        replay.show(session, run, progress_line(run, session.can_train))
    figures(run, session.trained or run.state)
    lengths.section(lambda: {name: (of.state.lesson, outputs_of(of, page)) for name, of in shown.items()}, theme)
    sentences.section(shown, page)
    one_step.section(run, session.training.learning_rate, page, theme)
    history_table(shown)


def progress_line(run: Run, can_train: bool) -> str:
    """Says in one line how far a run is, or why it does not train; `can_train` once the processes are ready."""
    if run.status == "queued" and not (run.history or can_train):
        return text("train.warming_up")
    if run.status == "queued" and run.queue_position and can_train:
        return text("train.place", place=run.queue_position)
    said = refresh.standing(run, can_train)
    if run.stop_reason:
        said[0] = text(f"train.ended_{run.stop_reason}")
    left = run.seconds_left
    return " · ".join(said if left is None else [*said, time_left(left)])


def time_left(seconds: float) -> str:
    """Says how long something takes, as exactly as one cares to know."""
    if seconds < 60:
        return text("train.left_seconds", seconds=round(seconds))
    if seconds < 3600:
        return text("train.left_minutes", minutes=round(seconds / 60))
    return text("train.left_hours", hours=f"{seconds / 3600:,.0f}")
