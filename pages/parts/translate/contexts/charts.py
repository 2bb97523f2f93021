"""The pictures of context vectors: a map of many, and two of them unit by unit."""

import altair as alt

from pages.parts.drawing.charts import CANVAS, diverging_scale, look, named, specification
from pages.parts.theme import CONTEXT, SOURCE, TARGET, Theme
from pages.parts.translate.contexts.tables import STRIPS

# What the model knows of a sentence, and how that is drawn; A and B have shapes of their own, in the colour of theirs.
_COLOURS = {"trained": CONTEXT, "held_out": SOURCE, "unseen": TARGET}
_SHAPES = {"trained": "circle", "held_out": "square", "a": "diamond", "b": "cross"}
_LABELS = {"beside": (10, -11, 13), "above": (0, -18, 18), "below": (0, 20, 18)}  # pixels from the point, and size


def form_names(theme: Theme, kinds: tuple[str, str]) -> dict[str, str]:
    """Returns what the forms of points are called in the legend, by the kinds of A and B."""
    names = {kind: theme.text(f"translate.mark_{kind}") for kind in _COLOURS}
    marks = {
        form: theme.text(f"contexts.mark_{form}", kind=names[kind]) for form, kind in zip("ab", kinds, strict=True)
    }
    return {form: (names | marks)[form] for form in _SHAPES}


def axis_title(theme: Theme, n: int, share: str) -> str:
    """Returns what a direction of the map is called, from 1, with its share of the variance."""
    return theme.text("contexts.component", n=n, share=share)


@specification
def context_map(theme: Theme, kinds: tuple[str, str], shares: tuple[str, str]) -> alt.LayerChart:
    """Draws the tables "points", with their "name", and "beside", "above", "below": those that have a label there.

    The kinds are those of A and B; the shares, of all variance, those along the two directions.
    """
    place = {
        name: channel(f"{name}:Q", title=axis_title(theme, n, share), axis=alt.Axis(grid=True, tickCount=5))
        for n, (name, channel, share) in enumerate(zip("xy", (alt.X, alt.Y), shares, strict=True), start=1)
    }
    points = named("points").mark_point(filled=True, opacity=0.85)
    labels = [
        named(side)
        .mark_text(
            color=theme.ink, fontWeight="bold", dx=dx * theme.size, dy=dy * theme.size, fontSize=letters * theme.size
        )
        .encode(**place, text="label:N")
        for side, (dx, dy, letters) in _LABELS.items()
    ]
    tooltip = [
        alt.Tooltip("source:N", title=theme.text("contexts.sentence")),
        alt.Tooltip("name:N", title=theme.text("contexts.kind")),
        alt.Tooltip("distance:Q", title=theme.text("contexts.distance"), format=".3f"),
    ]
    return alt.layer(
        points.encode(**place, **_forms(theme, kinds), tooltip=tooltip), *labels, height=round(400 * theme.size)
    )


def _forms(theme: Theme, kinds: tuple[str, str]) -> dict[str, alt.SchemaBase]:
    """Returns how the "name" of a point is drawn; only its colour and shape are in the legend."""
    names = list(form_names(theme, kinds).values())
    columns = alt.ExprRef("width < 440 ? 1 : 2")
    legend = alt.Legend(orient="top", direction="horizontal", title=None, labelLimit=260 * theme.size, columns=columns)

    colours = dict(zip(names, (_COLOURS[kind] for kind in ("trained", "held_out", *kinds)), strict=True))
    shapes = dict(zip(names, _SHAPES.values(), strict=True))
    is_marked = alt.FieldOneOfPredicate(field="form", oneOf=["a", "b"])
    return {
        "color": look(alt.Color, "name", colours).legend(legend),
        "shape": look(alt.Shape, "name", shapes).legend(legend),
        "size": alt.SizeValue(70 * theme.size, condition={"test": is_marked, "value": 260 * theme.size}),
        "stroke": alt.StrokeValue(None, condition={"test": is_marked, "value": theme.ink}),
    }


@specification
def strips(theme: Theme, units: int) -> alt.Chart:
    """Draws the table "strips": a line for each state, a box for each unit."""
    across = alt.X(
        "left:Q",
        title=theme.text("contexts.unit"),
        scale=alt.Scale(domain=[-0.5, units - 0.5], nice=False),
        axis=alt.Axis(grid=False, tickMinStep=1, format="d", tickCount=min(units, 16)),
    )
    states = alt.Y(
        "state:O",
        title=None,
        scale=alt.Scale(domain=[*STRIPS[:3], " ", *STRIPS[3:]], paddingInner=0.12),
        axis=alt.Axis(domain=False, ticks=False, labelColor=theme.ink, labelFontSize=13 * theme.size),
    )
    legend = alt.Legend(orient="top", title=None, gradientLength=220, values=[-1, 0, 1])
    tooltip = [
        alt.Tooltip("state:N", title=theme.text("contexts.state")),
        alt.Tooltip("unit:Q", title=theme.text("contexts.unit")),
        alt.Tooltip("value:Q", title=theme.text("contexts.value"), format="+.4f"),
    ]
    colour = alt.Color("value:Q", scale=diverging_scale(), legend=legend)
    return (
        named("strips", height=round(290 * theme.size), usermeta=CANVAS)
        .mark_rect(aria=False)
        .encode(x=across, x2="right", y=states, color=colour, tooltip=tooltip)
        .configure_view(stroke=None)
    )
