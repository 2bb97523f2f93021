"""The report: a lesson and what came of it, as one printable page without a script."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from seq2seq.analysis.batched import translate_all
from seq2seq.decoding import Translator
from seq2seq.state import TrainingState, weight_shapes
from seq2seq.takeaway.pages import page_of
from seq2seq.takeaway.pictures import draw_picture
from seq2seq.tensors import Tensors, dense_shapes

MAX_LISTED = 100  # pairs, and sentences that are translated
_MAX_POINTS = 500  # of the curve
_MAX_MAPS = 3  # sentences of which attention is drawn
_MAX_BOXES = 40  # of a map, across and down; more cannot be told apart on paper
_MAP_WIDTH = 700  # pixels, beside what is written at its left
_LAYERS = ("encoder", "encoder_backward", "decoder", "attention", "dense")
TEXTS = (
    *("pairs", "source", "target", "first_of", "tensors", *Tensors._fields, "shape"),
    *("model", "layer", "weights", "parameters", "total", *_LAYERS, "settings", "curve", "curve_alt", "epoch", "loss"),
    *("translations", "after", "output", "right_of", "answers", "shown", "made"),
)


ATTENTION_TEXTS = ("title", "how", "alt", "source", "output", "weight")


class Answered(NamedTuple):
    """A question that a student answered, in words."""

    question: str
    about: str  # the sentences that it is about
    answer: str | None  # None: they had it shown
    is_right: bool
    because: str  # what is right


class Report(NamedTuple):
    """What a report says, beside the numbers that are in the state."""

    language: str
    title: str  # of the lesson
    date: str
    settings: Sequence[tuple[str, str]]
    answers: Sequence[Answered]
    texts: Mapping[str, str]  # by `TEXTS`; their braces are filled in here
    attention_texts: Mapping[str, str]  # by `ATTENTION_TEXTS`
    look: Mapping[str, Any]  # of the pictures; see `draw_picture`
    token_label: Callable[[str], str]  # how a token is written, so that it is seen
    source_labels: Callable[[Translator, str], Sequence[str]]  # the same of all that the encoder gets of a sentence


def write_report(report: Report, state: TrainingState) -> bytes:
    """Writes the report of a trained lesson as HTML: it fetches nothing, and nothing in it is executed."""
    lesson, texts = state.lesson, report.texts
    translated, listed = _translations(state), lesson.pairs[:MAX_LISTED]
    is_cut = len(listed) < len(lesson.pairs)
    return page_of(
        "report.html",
        report=report,
        pairs=listed,
        first_of=texts["first_of"].format(shown=len(listed), all=f"{len(lesson.pairs):,}") if is_cut else "",
        shapes=[(texts[name], shape) for name, shape in dense_shapes(lesson)._asdict().items()],
        layers=[(texts[layer], *_parameters(state, layer)) for layer in _LAYERS if f"{layer}_kernel" in state.weights],
        total=f"{sum(map(math.prod, weight_shapes(lesson).values())):,}",
        curve=_curve(report, state),
        attention=_attention(report, state),
        translated=translated,
        right_of=texts["right_of"].format(right=sum(row[-1] for row in translated), all=len(translated)),
        after=texts["after"].format(epoch=state.epoch),
    )


def _parameters(state: TrainingState, layer: str) -> tuple[str, str]:
    """Returns the shapes of a layer's arrays, and how many numbers they have."""
    shapes = [shape for name, shape in weight_shapes(state.lesson).items() if name.rpartition("_")[0] == layer]
    return ", ".join(map(str, shapes)), f"{sum(map(math.prod, shapes)):,}"


def _translations(state: TrainingState) -> list[tuple[str, str, str, bool]]:
    """Returns source, output, right translations and whether the output is one, for the first sentences."""
    targets = dict(list(state.lesson.targets.items())[:MAX_LISTED])
    prefixes = [state.lesson.prefix(right[0]) for right in targets.values()]
    outputs = translate_all(Translator(state), list(targets), prefixes)
    pairs = zip(outputs, targets.items(), strict=True)
    return [(source, output, " / ".join(right), output in right) for output, (source, right) in pairs]


def _curve(report: Report, state: TrainingState) -> str:
    """Returns the loss over the epochs as SVG; "" where there are too few for a line."""
    history = state.history
    if len(history) < 2:
        return ""
    records = [*history[: -1 : math.ceil(len(history) / _MAX_POINTS)], history[-1]]
    points = [{"epoch": record["epoch"], "loss": record["loss"]} for record in records]
    across = {"scale": {"domain": [1, history[-1]["epoch"]]}, "axis": {"tickMinStep": 1}}
    axes = {
        "x": {"field": "epoch", "type": "quantitative", "title": report.texts["epoch"]} | across,
        "y": {"field": "loss", "type": "quantitative", "title": report.texts["loss"]},
    }
    mark = {"type": "line", "color": "#D55E00", "strokeWidth": 2.5}
    spec = {"data": {"name": "points"}, "mark": mark, "encoding": axes, "height": 260}
    return draw_picture(spec, {"points": points}, report.look, "svg").decode()


# --- Attention -------------------------------------------------------------------------------------------------------


def _attention(report: Report, state: TrainingState) -> str:
    """Returns where a model with attention looks in the first sentences that can be drawn, as SVG; "" without any."""
    if state.lesson.model.attention == "none" or not state.is_finite:
        return ""
    tables = {f"map{n}": rows for n, rows in enumerate(islice(_maps(report, state), _MAX_MAPS))}
    if not tables:
        return ""
    charts = [_map(report.attention_texts, name, rows) for name, rows in tables.items()]
    return draw_picture({"vconcat": charts}, tables, report.look, "svg").decode()


def _maps(report: Report, state: TrainingState) -> Iterator[list[dict[str, Any]]]:
    """Yields a row for each step and source token: "source" and "output" with their places, and the "weight" there."""
    lesson, translator = state.lesson, Translator(state)
    for source, targets in lesson.targets.items():
        labels = report.source_labels(translator, source)
        if len(labels) <= _MAX_BOXES:
            yield [
                {
                    "source": f"{place} {label}",
                    "output": f"{n} {report.token_label(step.token)}",
                    "weight": float(weight),
                }
                for n, step in enumerate(translator.steps(source, lesson.prefix(targets[0])), start=1)
                for place, (label, weight) in enumerate(zip(labels, step.attention.weights, strict=True), start=1)
                if n <= _MAX_BOXES
            ]


def _map(texts: Mapping[str, str], name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns a chart of a table of `_maps`: source tokens across, output tokens down."""
    labels = {row["source"] for row in rows}
    step = min(max(28, 9 * max(map(len, labels))), _MAP_WIDTH / len(labels))  # pixels of a column
    scale = {"domain": [0, 1], "range": ["#F4F4F4", "#00204C"]}
    axis = {"orient": "top", "labelAngle": 0, "labelOverlap": "greedy"}
    encoding = {
        "x": {"field": "source", "type": "ordinal", "sort": None, "title": texts["source"], "axis": axis},
        "y": {"field": "output", "type": "ordinal", "sort": None, "title": texts["output"]},
        "color": {"field": "weight", "type": "quantitative", "title": texts["weight"], "scale": scale},
    }
    size = {"width": {"step": step}, "height": {"step": 22}}
    return {"data": {"name": name}, "mark": "rect", "encoding": encoding} | size
