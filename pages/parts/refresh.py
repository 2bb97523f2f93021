"""What changes on a page while nobody touches it: how far the training is, and what another tab did."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from pages.parts.texts import text
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import shared_sessions
from seq2seq.classroom.run import Run

_IDLE_SECONDS = 5  # between two looks of a page that shows no progress here: what another tab did shows by then
_SHARE = 0.25  # of a core, for all looks of a kind together
_AROUND = 0.01  # seconds of a core that Streamlit takes for a look besides what is done in it, on one of 2.5 GHz
_NEW = 0.2  # how much the newest look counts in what one costs
_costs: dict[str, float] = {}  # how many seconds of a core a look takes, by its kind
_announcement = st.components.v2.component(
    "announcement", js=Path(__file__).with_name("announcement.js").read_text("utf-8")
)


def training_status(session: Session, name: str) -> None:
    """Shows the training's progress on every page; the page Train shows more of it itself.

    Where anything was done to the runs meanwhile, be it in another tab, the page is drawn anew.
    """
    drawn = session.redraw_key
    is_shown = session.run is not None and name != "train"

    @st.fragment(run_every=every("status", 1.0 if is_shown and session.is_active else _IDLE_SECONDS))
    @a_look("status")
    def status():
        shared_sessions().use(session)  # or it would be put away, and its runs paused
        if session.is_deleted or session.redraw_key != drawn:
            st.rerun()
        if is_shown:
            st.divider()
            st.progress(progress(session.run), run_line(session))
        if session.run is not None:
            tell("training", **announcement(session), is_told_elsewhere=name == "train")

    status()


def every(kind: str, seconds: float) -> float:
    """Returns how many seconds a page waits from one look to the next: longer where many students look.

    So a class leaves the better part of a core to clicks, on whatever machine.

    Args:
        kind: of look; see `a_look`.
        seconds: where few look.
    """
    return max(seconds, (_AROUND + _costs.get(kind, 0.0)) * len(shared_sessions().looked_at()) / _SHARE)


@contextmanager
def a_look(kind: str) -> Iterator[None]:
    """Measures what a look costs, unless it ends in drawing the whole page anew."""
    began = time.thread_time()
    yield
    cost = time.thread_time() - began
    _costs[kind] = cost if kind not in _costs else (1 - _NEW) * _costs[kind] + _NEW * cost


def tell(about: str, status: str, line: str, is_told_elsewhere: bool = False) -> None:
    """Tells screen readers how something stands: at once where the status is another, the line alone now and then.

    Args:
        about: "training", which is no news when a page is opened, or "tour".
        status, line: see `announcement`.
        is_told_elsewhere: the page tells it by itself.
    """
    data = {"about": about, "status": status, "line": line, "is_told_elsewhere": is_told_elsewhere}
    _announcement(key=f"told-{about}", data=data)


def announcement(session: Session) -> dict[str, str]:
    """Returns what a screen reader is told of the training; its "status" changes when that is to be told at once."""
    run = session.run
    line = text(f"train.ended_{run.stop_reason}") if run.stop_reason else run_line(session)
    return {"status": f"{run.id} {run.status}", "line": line}


def run_line(session: Session) -> str:
    """Returns how the current training stands, in a line, and which of its epochs Translate uses if not the latest."""
    run = session.run
    line = " · ".join(standing(run, session.can_train))
    if session.look_at is None or run.is_active:
        return line
    return f"{line} · {text('run.looked_at', epoch=session.trained.epoch)}"


def standing(run: Run, can_train: bool) -> list[str]:
    """Says what a run does, how far it is, and since when nothing was heard of it, if that is long.

    Args:
        run: which.
        can_train: whether there are training processes.
    """
    status = text(f"run.{run.status}")
    if run.status == "queued" and run.history and not can_train:
        status = text("run.lost")
    elif run.status == "queued" and run.silent_seconds is not None:  # its turn has come
        status = text("run.awaited")
    said = [status, text("run.epochs", done=len(run.history), epochs=run.target_epoch)]
    return said if run.silent_seconds is None else [*said, text("run.silent", seconds=round(run.silent_seconds))]


def progress(run: Run) -> float:
    """Returns how much of a training is done, 0…1."""
    return min(1.0, (len(run.history) + run.epoch_progress) / max(1, run.target_epoch))
