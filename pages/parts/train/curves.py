"""The curves of a training.

They are redrawn twice a second while it trains, so their data are made as Arrow tables, in which they travel to the
browser; turning a Pandas table into one takes 2 ms.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts.drawing.charts import draw, named, specification, told_apart
from pages.parts.drawing.choosing import table_behind
from pages.parts.texts import text
from pages.parts.theme import Theme
from seq2seq.classroom.run import Run
from seq2seq.takeaway.tables import write_epochs

_HEIGHT = 280  # pixels of a chart; style.css keeps as much room from the beginning
_POINTS_PER_LINE = 300  # more than a screen can show apart
_SCALES = {  # of what is drawn upwards
    "open": alt.Scale(domainMin=0),
    "log": alt.Scale(type="log"),
    "share": alt.Scale(domain=[0, 1], clamp=True),
}


def training_curves(
    runs: Mapping[str, Run], measure: str, is_log: bool, stops: Sequence[tuple[int, str]], theme: Theme
) -> None:
    """Draws the loss of some named runs, and another measure of them, over the epochs as they were reported.

    The current run is the first; on its loss the `stops` are marked: (epoch, label).
    """
    last = last_epoch(list(runs.values()))
    masks = {run.state.lesson.model.mask_padding for run in runs.values()}
    rates = [mark for name, run in runs.items() for mark in rate_changes(name, run.history, theme)]
    watched = [(next(iter(runs)), epoch, label, line) for line, (epoch, label) in enumerate(stops, start=1)]
    for name, column in zip(("loss", measure), st.container(key="curves").columns(2), strict=True):
        key, title = comparable(name, masks, theme)
        lines = {run: (runs[run].history, key) for run in runs}
        if name == "loss":
            lines |= _held_out_line(runs, key)
        points = points_table(lines)
        is_share = not len(points) or name in ("accuracy", "exact_match")
        scale = "share" if is_share else "log" if is_log and name == "loss" else "open"
        marks = marks_table([*rates, *watched] if name == "loss" else rates, last, theme.size)
        spec, label = curve(tuple(lines), title, last, scale, theme), text("train.curve_alt", measure=title)
        draw(spec, {"points": points, "marks": marks}, key=f"curve-{name}", alt=label, where=column)
    if len(masks) == 2:
        st.caption(text("train.unlike_masks"))


# --- What is drawn ---------------------------------------------------------------------------------------------------


def last_epoch(runs: Sequence[Run]) -> int:
    """Returns how far the time axis goes: it stands still while lines grow, and moves when they come to its end."""
    current, longest = runs[0], max(len(run.history) for run in runs)
    goal = current.target_epoch if current.is_active else len(current.history)
    return max(2, longest, min(goal, max(50, 1 << longest.bit_length())))


def comparable(name: str, masks: set[bool], theme: Theme) -> tuple[str, str]:
    """Returns by what some runs can be compared where a measure is asked for: its key in their records, and its title.

    A run that does not mask the padding counts it in what it reports of itself.
    """
    if name not in ("loss", "accuracy") or masks == {True}:
        return name, theme.text(f"train.{name}")
    if masks == {False}:
        return name, theme.text(f"train.padded_{name}")
    return f"masked_{name}", theme.text(f"train.masked_{name}")


_POINTS = pa.schema([("run", pa.string()), ("epoch", pa.int64()), ("value", pa.float64())])
_MARKS = pa.schema(
    [("run", pa.string()), ("epoch", pa.int64()), ("label", pa.string()), ("y", pa.float64()), ("side", pa.string())]
)


def held_out_loss(name: str, masks: bool) -> str:
    """Returns the name of the loss of held-out sentences that is measured as a loss of those trained on."""
    return f"held_out_{'padded_loss' if name == 'loss' and not masks else 'masked_loss'}"


def _held_out_line(runs: Mapping[str, Run], key: str) -> dict[str, tuple[Sequence[dict[str, float]], str]]:
    """Returns the line of the held-out loss of the current run, if pairs are held out."""
    name, run = next(iter(runs.items()))
    lesson = run.state.lesson
    if not len(lesson.held_out_rows):
        return {}
    watched = held_out_loss(key, lesson.model.mask_padding)
    return {text("train.held_out_line", run=name): (run.history, watched)}


def points_table(lines: Mapping[str, tuple[Sequence[dict[str, float]], str]]) -> pa.Table:
    """Returns the points of some named lines, `_POINTS_PER_LINE` at most, each line's last among them.

    Args:
        lines: name → a history, and the key of what is drawn of those of its records that have it.
    """
    columns = {"run": [], "epoch": [], "value": []}
    for name, (history, key) in lines.items():
        records = [record for record in history if key in record]
        every = math.ceil((len(records) - 1) / (_POINTS_PER_LINE - 1)) or 1
        records = [*records[:-1:every], *records[-1:]]
        columns["run"] += [name] * len(records)
        columns["epoch"] += [record["epoch"] for record in records]
        columns["value"] += [record[key] for record in records]
    return pa.table(columns, _POINTS)


def rate_changes(run: str, history: Sequence[dict[str, float]], theme: Theme) -> list[tuple[str, int, str, int]]:
    """Returns what `marks_table` takes, for each epoch from which on a run had another learning rate."""
    rates = np.array([record["learning_rate"] for record in history])
    changed = np.flatnonzero(np.diff(rates)).tolist()
    return [(run, before + 2, f"{theme.text('train.learning_rate')} {rates[before + 1]:g}", 0) for before in changed]


def marks_table(marks: Iterable[tuple[str, int, str, int]], last: int, size: float) -> pa.Table:
    """Returns the marks of some epochs, and where their words stand.

    Args:
        marks: (run, epoch, words, in which line from the top they stand).
        last: epoch of the time axis; in its second half words stand on the left of their epoch.
        size: of type.
    """
    placed = [
        {"run": run, "epoch": epoch, "label": words}
        | {"y": 2 + 15 * size * line, "side": "left" if epoch > last / 2 else "right"}
        for run, epoch, words, line in marks
    ]
    return pa.Table.from_pylist(placed, _MARKS)


# --- The chart -------------------------------------------------------------------------------------------------------


@specification
def curve(runs: tuple[str, ...], title: str, last: int, scale: str, theme: Theme) -> alt.LayerChart:
    """Builds a chart of "points" and "marks" of the runs with these names; `scale` is a key of `_SCALES`."""
    epoch, across = theme.text("train.epoch"), alt.Scale(domain=[1, last])
    x = alt.X("epoch:Q", title=epoch, scale=across, axis=alt.Axis(tickMinStep=1, format="d"))
    y_title = title.replace(", ", ",\n").split("\n")  # a long title in one line would be longer than its axis
    colour, dash = told_apart(runs, theme)
    tooltip = [alt.Tooltip("run:N", title=theme.text("train.run")), alt.Tooltip("epoch:Q", title=epoch)]

    # Dots would hide the dashes of several lines; round ends make a dot of a single epoch.
    dots = alt.OverlayMarkDef(size=25) if len(runs) == 1 else alt.Undefined
    lines = (
        named("points")
        .mark_line(strokeWidth=2.5, strokeCap="round", clip=True, point=dots)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=y_title, scale=_SCALES[scale]),
            color=colour,
            strokeDash=dash,
            tooltip=[*tooltip, alt.Tooltip("value:Q", title=title, format=".4f")],
        )
    )
    of_label = alt.Tooltip("label:N", title=theme.text("train.mark"))
    marks = named("marks").encode(x=x, color=colour, tooltip=[*tooltip, of_label])
    pixels = alt.Y("y:Q", scale=alt.Scale(domain=[0, 100], range=[0, 100]), axis=None)
    labels = [
        marks.transform_filter(alt.FieldEqualPredicate(field="side", equal=side))
        .mark_text(align=align, dx=dx, baseline="top", fontSize=11 * theme.size)
        .encode(y=pixels, text="label:N")
        for side, align, dx in (("left", "right", -4), ("right", "left", 4))
    ]
    layers = alt.layer(lines, marks.mark_rule(strokeDash=[4, 4], strokeWidth=1.5), *labels)
    return layers.resolve_scale(y="independent").properties(height=round(theme.size * _HEIGHT))


# --- In figures ------------------------------------------------------------------------------------------------------


def history_table(runs: Mapping[str, Run]) -> None:
    """Offers every epoch of some runs as a table, none left out, which can be downloaded."""
    if (behind := table_behind("history", text("train.as_table"))) is None:
        return
    history = pd.DataFrame([{"run": name} | record for name, run in runs.items() for record in run.history])
    with behind:
        st.dataframe(history, hide_index=True, column_config={name: _column_title(name) for name in history})
        states = {name: run.state for name, run in runs.items()}
        file = {"data": lambda: write_epochs(states), "file_name": "epochs.csv", "mime": "text/csv"}
        st.download_button(text("train.csv"), icon=":material/download:", **file)


def _column_title(name: str) -> str:
    """Returns the title of a column of the history; in the downloaded file each has its name in the code."""
    figure = name.removeprefix("held_out_")
    return text(f"train.{figure}") + (f" · {text('train.on_held_out_')}" if figure != name else "")
