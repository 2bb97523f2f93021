"""What the model writes for some sentences of its lesson, marked character by character."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import pyarrow as pa
import streamlit as st
from rapidfuzz.distance import Levenshtein

from pages.parts.drawing.charts import draw, named, specification
from pages.parts.drawing.choosing import table_behind
from pages.parts.drawing.tokens import display_text, display_token, has_right_to_left
from pages.parts.state import TrainState, bound, remembered
from pages.parts.texts import text
from pages.parts.theme import MONOSPACE, RIGHT, WRONG, Theme
from seq2seq import Lesson, TrainingState, Translator
from seq2seq.analysis.metrics import nearest
from seq2seq.classroom.run import Run

_MAX_TRANSLATED = 8  # sentences at once; translating them must not hold up the picture while it trains
_HELD_OUT = "◇"  # marks a sentence that was not trained on
_LEAST_PLACES = 16  # that a line has, so that short sentences are not drawn in huge boxes


def translations(run: Run, state: TrainingState, theme: Theme) -> None:
    """Translates some sentences, spread over the lesson, with a state of a run, and marks what is wrong.

    While the run trains, these are always the same; else others can be chosen.
    """
    lesson, page, number = state.lesson, remembered(TrainState), 1
    pages = pages_of_sentences(lesson)
    st.subheader(text("train.translations_title", epoch=state.epoch), anchor=False)
    picture = st.container()
    if len(pages) > 1 and not run.is_active:
        number = min(page.sentences, len(pages))
        shown = bound(page, "sentences", shows=lambda _: number)
        st.select_slider(text("train.other_sentences"), range(1, len(pages) + 1), **shown)
    chosen, held_out = pages[number - 1], lesson.held_out_sources
    outputs = Translator(state).translate_all(chosen, [lesson.prefix(lesson.targets[source][0]) for source in chosen])
    targets = [nearest(output, lesson.targets[source]) for source, output in zip(chosen, outputs, strict=True)]
    sources = [f"{source} {_HELD_OUT}" if source in held_out else source for source in chosen]
    with picture:
        marked_translations(sources, outputs, targets, theme)
    notes = [text("train.memorised" if lesson.model.markers else "train.no_marker")]
    if len(pages) > 1:
        notes.append(text("train.shown_of", shown=len(chosen), all=f"{len(lesson.targets):,}"))
    if held_out:
        notes.append(text("train.held_out_sign", sign=_HELD_OUT))
    st.caption(" ".join(notes))
    if (behind := table_behind("expected", text("train.expected"))) is not None:
        columns = {
            text("pairs.source"): sources,
            text("train.output"): outputs,
            text("pairs.target"): targets,
            text("train.right"): ["✓" if a == b else "✗" for a, b in zip(outputs, targets, strict=True)],
        }
        behind.dataframe(pd.DataFrame(columns), hide_index=True)


def pages_of_sentences(lesson: Lesson) -> list[list[str]]:
    """Returns the sources, so many at once, each time spread over the lesson; first those held out."""
    held_out = lesson.held_out_sources
    sources = sorted(lesson.targets, key=lambda source: source not in held_out)
    pages = -(-len(sources) // _MAX_TRANSLATED)
    return [sources[page::pages] for page in range(pages)]


def marked_translations(sources: Sequence[str], outputs: Sequence[str], targets: Sequence[str], theme: Theme) -> None:
    """Draws translations character by character, compared with targets: right, wrong, or missing."""
    labels = [f"{n}  {display_text(source)}" for n, source in enumerate(sources, start=1)]
    boxes = boxes_table(labels, outputs, targets, theme)
    places = max([_LEAST_PLACES, *(place + 1 for place in boxes["place"].to_pylist())])
    spec = _marked(tuple(labels), places, any(map(has_right_to_left, targets)), theme)
    draw(spec, {"boxes": boxes}, key="marked", alt=text("train.translations_alt"))


_BOX = pa.schema(
    [("sentence", pa.string()), ("place", pa.int64()), ("filled", pa.float64())]
    + [(name, pa.string()) for name in ("token", "kind", "what", "strike")]
)


def boxes_table(labels: Sequence[str], outputs: Sequence[str], targets: Sequence[str], theme: Theme) -> pa.Table:
    """Returns a box for each character: empty where it is missing, struck out where wrong, not by colour alone."""
    words = {kind: theme.text(f"train.{kind}") for kind in ("right", "wrong", "missing")}
    boxes = [
        {"sentence": label, "place": place, "token": token, "kind": kind}
        | {"what": words[kind], "filled": float(kind != "missing"), "strike": "╱" if kind == "wrong" else ""}
        for label, output, target in zip(labels, outputs, targets, strict=True)
        for place, token, kind in character_boxes(output, target)
    ]
    return pa.Table.from_pylist(boxes, _BOX)


def character_boxes(output: str, target: str) -> list[tuple[int, str, str]]:
    """Compares what was written with what should have been, by the fewest edits (Levenshtein).

    Returns:
        (place, character, kind) in order: "right" and "wrong" characters were written, "missing" ones were not.
    """
    boxes = []
    for kind, output_from, output_to, target_from, target_to in Levenshtein.opcodes(output, target):
        boxes += [(character, "right" if kind == "equal" else "wrong") for character in output[output_from:output_to]]
        if kind == "insert":
            boxes += [(character, "missing") for character in target[target_from:target_to]]
    return [(place, display_token(character), kind) for place, (character, kind) in enumerate(boxes)]


@specification
def _marked(labels: tuple[str, ...], places: int, is_right_to_left: bool, theme: Theme) -> alt.LayerChart:
    """Builds a chart of "boxes", with a line for each labelled sentence and so many places in it, as it is read."""
    size = theme.size
    in_order = alt.Scale(domain=list(range(places)), paddingInner=0.1, reverse=is_right_to_left)
    x = alt.X("place:O", scale=in_order, axis=None)
    y = alt.Y("sentence:N", title=None, scale=alt.Scale(domain=labels, paddingInner=0.25))
    y = y.axis(domain=False, ticks=False, labelLimit=130 * size, labelFontSize=13 * size)
    token = alt.Tooltip("token:N", title=theme.text("tensors.token"))
    what = alt.Tooltip("what:N", title=theme.text("tensors.what"))
    base = named("boxes").encode(x=x, y=y)

    def by_kind(right: object, wrong: object, missing: object) -> dict:
        scale = alt.Scale(domain=["right", "wrong", "missing"], range=[right, wrong, missing])
        return {"shorthand": "kind:N", "scale": scale, "legend": None}

    picture = alt.layer(
        base.mark_rect(cornerRadius=3, strokeWidth=1.5).encode(
            fill=alt.Fill(**by_kind(RIGHT, WRONG, WRONG)),
            stroke=alt.Stroke(**by_kind(RIGHT, WRONG, WRONG)),
            fillOpacity=alt.FillOpacity("filled:Q", scale=None, legend=None),
            tooltip=[token, what],
        ),
        base.mark_text(font=MONOSPACE, fontSize=alt.ExprRef(f"min({16 * size}, width / {places} * 0.7)")).encode(
            text="token:N", color=alt.Color(**by_kind("white", "white", WRONG))
        ),
        base.mark_text(fontSize=alt.ExprRef(f"min({18 * size}, width / {places} * 0.8)"), opacity=0.8).encode(
            text="strike:N", color=alt.ColorValue("white")
        ),
    )
    return picture.properties(height=round(34 * size) * len(labels) + 10)
