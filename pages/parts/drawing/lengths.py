"""How many sentences are right by their length: where one vector for a whole sentence is too little, and attention."""

from collections.abc import Callable, Mapping

import altair as alt
import pandas as pd
import streamlit as st

from pages.parts.drawing.charts import draw, named, specification, told_apart
from pages.parts.drawing.choosing import table_behind
from pages.parts.texts import text
from pages.parts.theme import Theme
from seq2seq import Lesson
from seq2seq.analysis.lengths import by_length

_MEASURES = ("exact_match", "cer")
_HEIGHT = 240  # pixels

# Name of a run → its lesson, and source → output.
Outputs = Mapping[str, tuple[Lesson, Mapping[str, str]]]


def section(outputs_of: Callable[[], Outputs], theme: Theme) -> None:
    """Offers the figures of some named runs by the length of the source; asks for their outputs once that is opened."""
    if (behind := table_behind("lengths", text("train.lengths"))) is None:
        return
    table, titles = lengths_table(outputs_of()), {measure: text(f"train.{measure}") for measure in _MEASURES}
    with behind:
        st.caption(text("train.lengths_how"))
        for measure, column in zip(_MEASURES, st.columns(2), strict=True):
            label = text("train.lengths_alt", measure=titles[measure])
            spec = chart(tuple(table["run"].unique()), measure, theme)
            draw(spec, {"points": table}, key=f"lengths-{measure}", alt=label, where=column)
        heads = {"run": text("train.run"), "lengths": text("train.length"), "sentences": text("train.sentences")}
        percent = {titles[measure]: st.column_config.NumberColumn(format="percent") for measure in _MEASURES}
        shown = table.drop(columns="length").rename(columns=heads | titles)
        st.dataframe(shown, column_config=percent, hide_index=True)


def lengths_table(of_runs: Outputs) -> pd.DataFrame:
    """Returns a row for each "run" and group of "lengths": the middle as "length", how many "sentences", figures."""
    rows = []
    for name, (lesson, outputs) in of_runs.items():
        for group in by_length(lesson, outputs):
            rows.append(
                {
                    "run": text("train.held_out_line", run=name) if group.is_held_out else name,
                    "lengths": f"{group.least}–{group.most}" if group.least < group.most else f"{group.least}",
                    "length": (group.least + group.most) / 2,
                    "sentences": group.sentences,
                    "exact_match": group.exact_match,
                    "cer": group.cer,
                }
            )
    return pd.DataFrame(rows, columns=["run", "lengths", "length", "sentences", *_MEASURES])


@specification
def chart(runs: tuple[str, ...], measure: str, theme: Theme) -> alt.Chart:
    """Draws a measure of the table "points" over the length, a line for each of the runs with these names."""
    colour, dash = told_apart(runs, theme)
    length, title = theme.text("train.length"), theme.text(f"train.{measure}")
    is_share = measure == "exact_match"
    return (
        named("points", height=round(_HEIGHT * theme.size))
        .mark_line(strokeWidth=2.5, strokeCap="round", point=alt.OverlayMarkDef(size=40))
        .encode(
            x=alt.X("length:Q", title=length, axis=alt.Axis(tickMinStep=1), scale=alt.Scale(zero=False)),
            y=alt.Y(
                f"{measure}:Q",
                title=title,
                scale=alt.Scale(domain=[0, 1]) if is_share else alt.Scale(domainMin=0),
                axis=alt.Axis(format="%") if is_share else alt.Undefined,
            ),
            color=colour,
            strokeDash=dash,
            tooltip=[
                alt.Tooltip("run:N", title=theme.text("train.run")),
                alt.Tooltip("lengths:N", title=length),
                alt.Tooltip("sentences:Q", title=theme.text("train.sentences")),
                alt.Tooltip(f"{measure}:Q", title=title, format=".3f"),
            ],
        )
    )
