"""The picture of a search: the tokens of each step as boxes, and arrows from each to those that follow."""

from collections.abc import Sequence

import altair as alt
import pyarrow as pa

from pages.parts.drawing.charts import draw, look, named, specification
from pages.parts.theme import FAINT, MONOSPACE, PADDING, TARGET, Theme
from pages.parts.translate.search.tables import lines

_ROW, _AXIS = 60, 52  # pixels; below a box there is room for two lines of numbers
_OUTLINED = ("start", "pruned", "unlikelier")
_FILLED = ("kept", "finished", "likeliest")


def draw_nodes(theme: Theme, nodes: Sequence[dict], rows: int, alt: str, key: str) -> None:
    """Draws the nodes over time, in lines of some steps; `rows` are the places below each other."""
    for line in lines(nodes):
        spec = line_of_nodes(theme, line.first, line.columns, rows)
        tables = {"nodes": pa.Table.from_pylist(line.nodes), "arrows": pa.Table.from_pylist(line.arrows)}
        draw(spec, tables, key=f"{key}-{line.first}", alt=alt)


@specification
def line_of_nodes(theme: Theme, first: int, columns: int, rows: int) -> alt.LayerChart:
    """Draws the tables "nodes" and "arrows" of a `Line`; `rows` are the places below each other."""
    bare = {"grid": False, "domain": False, "ticks": False, "titlePadding": 2, "labelPadding": 0}
    steps = alt.Axis(orient="top", values=list(range(max(1, first), first + columns + 1)), format="d", **bare)
    across = alt.Scale(domain=[first - 0.5, first + columns + 0.5], nice=False)
    down = alt.Scale(domain=[rows - 0.4, -0.5], nice=False)

    def place(x: str, y: str) -> dict:
        return {
            "x": alt.X(f"{x}:Q", scale=across, axis=steps, title=theme.text("search.step")),
            "y": alt.Y(f"{y}:Q", scale=down, axis=None),
        }

    box = place("left", "top") | {"x2": "right", "y2": "bottom"}
    nodes, arrows = named("nodes"), named("arrows")
    layers = [
        arrows.mark_rule(clip=True, strokeCap="round").encode(
            **box,
            stroke=look(alt.Stroke, "way", {"pruned": PADDING, "best": TARGET, "usual": theme.ink}),
            strokeWidth=look(alt.StrokeWidth, "way", {"pruned": 1, "best": 5, "usual": 1.5}),
            strokeDash=look(alt.StrokeDash, "way", {"pruned": [3, 3], "best": [1, 0], "usual": [1, 0]}),
        ),
        *(part.encode(**box, **_outlines(theme), tooltip=_tooltip(theme)) for part in _boxes(nodes)),
        *_words(nodes.encode(**place("x", "y")), theme, f"(width / {columns + 1})"),
    ]
    apart = dict.fromkeys(("color", "fill", "stroke", "strokeWidth", "strokeDash"), "independent")
    picture = alt.layer(*layers, height=round((_ROW * rows + _AXIS) * theme.size))
    return picture.resolve_scale(**apart).configure_view(stroke=None)


def _boxes(nodes: alt.Chart) -> list[alt.Chart]:
    """Returns the boxes; Vega-Lite has dashes for all or none of a layer, so those of pruned ones are another."""
    is_pruned = alt.FieldEqualPredicate("pruned", "outline")
    return [
        nodes.transform_filter(alt.LogicalNotPredicate(**{"not": is_pruned})).mark_rect(cornerRadius=4),
        nodes.transform_filter(is_pruned).mark_rect(cornerRadius=4, strokeDash=[3, 3]),
    ]


def _outlines(theme: Theme) -> dict[str, alt.SchemaBase]:
    filling = dict.fromkeys(_OUTLINED, "transparent") | dict.fromkeys(_FILLED, TARGET)
    return {
        "fill": look(alt.Fill, "kind", filling),
        "stroke": look(alt.Stroke, "outline", {"pruned": PADDING, "ended": theme.ink, "usual": TARGET}),
        "strokeWidth": look(alt.StrokeWidth, "outline", {"pruned": 1, "ended": 3, "usual": 2}),
    }


def _words(nodes: alt.Chart, theme: Theme, column: str) -> list[alt.Chart]:
    """Returns the token in each box and the two lines below it, smaller where a column (an expression) is narrow."""
    usual = dict.fromkeys((*_OUTLINED, *_FILLED), theme.ink) | {"pruned": FAINT}

    def size(least: int, usual: int, share: str) -> alt.ExprRef:
        return alt.ExprRef(f"max({least}, min({usual * theme.size}, {share}))")

    return [
        nodes.mark_text(
            font=MONOSPACE, fontSize=size(10, 17, f"0.74 * {column} / datum.ems"), limit=alt.ExprRef(f"0.78 * {column}")
        ).encode(text="token:N", color=look(alt.Color, "kind", usual | dict.fromkeys(_FILLED, "black"))),
        nodes.mark_text(dy=21 * theme.size, fontSize=size(10, 12, f"{column} / 3.2")).encode(
            text="percent:N", color=look(alt.Color, "kind", usual)
        ),
        nodes.mark_text(
            dy=34 * theme.size,
            fontWeight="bold",
            fontSize=size(10, 12, f"{column} / 4"),
            text=alt.ExprRef(f"{column} > 44 ? datum.long_sign : datum.sign"),
        ).encode(color=look(alt.Color, "kind", usual)),
    ]


def _tooltip(theme: Theme) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("x:Q", title=theme.text("search.step")),
        alt.Tooltip("output:N", title=theme.text("search.so_far")),
        alt.Tooltip("token:N", title=theme.text("search.token")),
        alt.Tooltip("p:Q", title=theme.text("search.probability"), format=".4f"),
        alt.Tooltip("total:Q", title=theme.text("search.total"), format=".3f"),
        alt.Tooltip("score:Q", title=theme.text("search.score"), format=".3f"),
        alt.Tooltip("status:N", title=theme.text("search.status")),
    ]
