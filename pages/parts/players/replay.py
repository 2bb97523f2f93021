"""The section that plays a training back: the loss of every epoch, and what the model output by then.

Python sends the losses and the translations of all epochs that were kept, as tables; replay.js goes from epoch to epoch
in the browser. A class that lets it play costs the server nothing. The server is told of one thing: which epoch
Translate is to use.
"""

import math
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.parts import theme
from pages.parts.drawing.choosing import table_behind
from pages.parts.drawing.tokens import display_text, has_right_to_left
from pages.parts.players.alignments import alignment_by_epoch, rows_to_align
from pages.parts.players.outputs import Line, lines_by_epoch, pages_of_sentences
from pages.parts.state import TrainState, bound, remembered
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson
from seq2seq.classroom.run import Run

_MAX_BEYOND = 2  # places that are drawn beyond the longest target; what an early model says is often much longer
_HELD_OUT = "◇"  # marks a sentence that was not trained on
_MAX_LOSSES = 1000  # while it trains, of all its epochs
_KEY = "replay"
TEXTS = (  # of the picture
    *("play", "pause", "speed", "scrub", "loss_alt", "use", "rows", "same", "other", "extra", "lacking", "should"),
    *("title", "now", "without_loss", "nearest", "more", "tip_same", "tip_other", "tip_extra", "tip_lacking"),
    "alignment",
)
ALIGNMENT_TEXTS = ("how", "alt", "source", "output")
# What replay.js fills in stays as it is.
_BRACES = {name: f"{{{name}}}" for name in ("count", "epoch", "kept", "loss", "output", "right", "sentences")}


def show(session: Session, run: Run, announcement: str) -> None:
    """Shows the player of a run, the current one, and the outputs as a table.

    While the run trains, it shows what is there so far, and always the same sentences; else others can be chosen.

    Args:
        session: its epoch to look at is chosen here.
        run: what is played.
        announcement: how far it is, which screen readers are told now and then.
    """
    lesson, page = run.state.lesson, remembered(TrainState)
    pages = pages_of_sentences(lesson)
    number = 1 if run.is_active else min(page.sentences, len(pages))
    sources = pages[number - 1]
    lines = lines_by_epoch(run, sources, page)

    def use() -> None:
        epoch = st.session_state[_KEY]["use"]
        if not run.is_active:  # by now, in another tab
            session.look_at = None if epoch == run.state.epoch else epoch

    def align() -> None:
        if choice := st.session_state.get(_KEY, {}).get("align"):
            page.aligned_source = dict(enumerate(sources)).get(choice["row"])

    data = player_data(run, sources, lines, session.look_at) | {"announcement": announcement}
    aligned = [page.aligned_source] if page.aligned_source in sources else []
    data["attention"] = attention_data(run, sources, aligned, lines, page)
    _component(key=_KEY, on_use_change=use, on_align_change=align, data=data)
    if len(pages) > 1:
        shown = bound(page, "sentences", shows=lambda _: number)
        options = {"options": range(1, len(pages) + 1), "disabled": run.is_active}
        st.select_slider(text("train.other_sentences"), **options, **shown)
    _notes(lesson, len(sources), len(pages))
    _table(sources, lines[_used(lines, session.look_at)])  # not of `run.state`, which may be a later one by now


def _used(lines: dict[int, list[Line]], look_at: int | None) -> int:
    """Returns the epoch of the model that Translate uses, of those that are shown; see `Session.trained`."""
    return look_at if look_at in lines else max(lines)


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_component = st.components.v2.component("replay", html=_beside(".html"), css=_beside(".css"), js=_beside(".js"))


def player_data(
    run: Run, sources: list[str], lines: dict[int, list[Line]], look_at: int | None, can_use: bool = True
) -> dict:
    """Returns all that replay.js needs.

    Args:
        run: what is played.
        sources: of the translations.
        lines: by epoch; see `lines_by_epoch`.
        look_at: the epoch that was chosen before; None is the latest.
        can_use: Translate can be told to use another epoch.
    """
    lesson, history = run.state.lesson, run.history
    every = max(1, math.ceil(len(history) / _MAX_LOSSES)) if run.is_active else 1
    records = [record for record in (*history[:-1:every], *history[-1:]) if math.isfinite(record["loss"])]
    # A translation that stays the same from epoch to epoch is sent once.
    different = {(n, line.output): line for row in lines.values() for n, line in enumerate(row)}
    numbers = {key: number for number, key in enumerate(different)}
    split = lesson.target_vocabulary.split
    targets = [target for source in sources for target in lesson.targets[source]]
    places = max(len(split(target)) for target in targets) + _MAX_BEYOND
    held_out, used = lesson.held_out_sources, _used(lines, look_at)
    texts = {name: text(f"replay.{name}", **_BRACES) for name in TEXTS}
    return {
        "version": run.id,
        "epochs": [record["epoch"] for record in records],
        "losses": [round(record["loss"], 4) for record in records],
        "checkpoints": list(lines),
        "outputs": [[numbers[n, line.output] for n, line in enumerate(row)] for row in lines.values()],
        "lines": [
            {"output": display_text(output), "target": display_text(target), "columns": columns[:places]}
            | {"more": max(0, len(columns) - places)}
            for output, target, columns in different.values()
        ],
        "places": places,
        "direction": "rtl" if any(map(has_right_to_left, targets)) else "ltr",  # as the targets are read
        "sources": [display_text(source) + f" {_HELD_OUT}" * (source in held_out) for source in sources],
        "used": used,
        "is_active": run.is_active,
        "can_use": can_use,
        "attention": None,
        "texts": texts | {"used": text("replay.used_live" if run.is_active else "replay.used", epoch=used)},
    }


def attention_data(
    run: Run, sources: list[str], aligned: list[str], lines: dict[int, list[Line]], page: TrainState
) -> dict | None:
    """Returns what replay.js needs to draw the alignments of the `aligned` sources, or None."""
    if run.state.lesson.model.attention == "none":
        return None
    rows = rows_to_align(run, sources)
    drawn = {row: alignment_by_epoch(run, sources[row], lines, page) for row in rows if sources[row] in aligned}
    words = {name: text(f"attention.{name}") for name in ALIGNMENT_TEXTS}
    words |= {"choose": text("choosing.choose"), "numbers": text("choosing.as_table")}
    colours = {"ground": theme.ZERO, "ink": theme.OPEN_GATE}
    return {"rows": rows, "drawn": drawn, "texts": words, "colours": colours}


def _notes(lesson: Lesson, shown: int, pages: int) -> None:
    notes = [text("train.memorised" if lesson.model.markers else "train.no_marker")]
    if pages > 1:
        notes.append(text("train.shown_of", shown=shown, all=f"{len(lesson.targets):,}"))
    if lesson.held_out_sources:
        notes.append(text("train.held_out_sign", sign=_HELD_OUT))
    st.caption(" ".join(notes))


def _table(sources: list[str], lines: list[Line]) -> None:
    """Offers the outputs of the model that Translate uses as a table."""
    if (behind := table_behind("expected", text("train.expected"))) is not None:
        columns = {
            text("pairs.source"): sources,
            text("train.output"): [line.output for line in lines],
            text("pairs.target"): [line.target for line in lines],
            text("train.right"): ["✓" if line.output == line.target else "✗" for line in lines],
        }
        behind.dataframe(pd.DataFrame(columns), hide_index=True)
