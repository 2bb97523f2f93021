"""The pictures of one update: p − y, the way back, and losses before and after."""

import altair as alt

from pages.parts.drawing.charts import CANVAS, diverging_scale, named, specification
from pages.parts.theme import FAINT, LIGHT_SOURCE, SOURCE, TARGET, WRONG, Theme

_ROW, _AROUND = 24, 150  # pixels of a row of the heat map, and of legend, title and labels above them
_HEIGHT = 280  # pixels of the others


@specification
def difference_map(theme: Theme, steps: int) -> alt.Chart:
    """Draws the table "boxes": a row for each of so many time steps, a column for each token."""
    axis = alt.Axis(orient="top", labelAngle=0, labelOverlap="greedy")
    legend = alt.Legend(orient="top", title="p − y", gradientLength=160, values=[-1, 0, 1])
    time_step, token = theme.text("one_step.step_and_token"), theme.text("one_step.token")
    return (
        named("boxes", height=round(theme.size * (_AROUND + _ROW * steps)), usermeta=CANVAS)
        .mark_rect()
        .encode(
            x=alt.X("token:O", sort=None, title=token, axis=axis),
            y=alt.Y("time_step:O", sort=None, title=time_step, axis=alt.Axis(labelOverlap=False)),
            color=alt.Color("difference:Q", scale=diverging_scale(), legend=legend),
            tooltip=[
                alt.Tooltip("time_step:N", title=time_step),
                alt.Tooltip("token:N", title=token),
                alt.Tooltip("p:Q", format=".4f"),
                alt.Tooltip("y:Q", format=".0f"),
                alt.Tooltip("difference:Q", title="p − y", format=".4f"),
            ],
        )
    )


@specification
def way_back_chart(sides: tuple[str, ...], theme: Theme) -> alt.Chart:
    """Draws the table "points": the length of ∂L/∂h over time, a line for each LSTM, the decoder's being the last."""
    time_step, norm = theme.text("one_step.chain"), theme.text("one_step.norm_h")
    scale = alt.Scale(domain=list(sides), range=[*[SOURCE, LIGHT_SOURCE][: len(sides) - 1], TARGET])
    return (
        named("points", height=round(theme.size * _HEIGHT))
        .mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=50))
        .encode(
            x=alt.X("time_step:O", sort=None, title=time_step, axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
            y=alt.Y(
                "norm:Q",
                title=norm,
                scale=alt.Scale(type="log", nice=False, padding=12),
                axis=alt.Axis(tickCount=5, format="~g"),
            ),
            color=alt.Color("side:N", title=None, scale=scale, legend=alt.Legend(orient="top")),
            tooltip=[
                alt.Tooltip("side:N", title=theme.text("model.layer")),
                alt.Tooltip("time_step:N", title=time_step),
                alt.Tooltip("norm:Q", title="‖∂L/∂h‖", format=".3g"),
            ],
        )
    )


@specification
def slopes(theme: Theme, title: str, losses: tuple[float, float]) -> alt.LayerChart:
    """Draws the table "lines": each from before to after; the title is that of the losses, which go from … to."""
    kinds = [theme.text(f"one_step.{kind}") for kind in ("others", "mean", "this")]
    when = [theme.text(f"one_step.{when}") for when in ("before", "after")]
    base = named("lines").encode(
        x=alt.X("when:O", title=None, scale=alt.Scale(domain=when), axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "loss:Q",
            title=[*title.replace(", ", ",\n").split("\n"), theme.text("one_step.log")],
            scale=alt.Scale(type="log", domain=[losses[0] / 1.2, losses[1] * 1.2]),
            axis=alt.Axis(tickCount=5, format="~g"),
        ),
        detail="line:N",
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=kinds, range=[FAINT, SOURCE, WRONG]),
            legend=alt.Legend(
                orient="top", symbolType="stroke", columns=alt.ExprRef(f"width < {360 * theme.size} ? 1 : 3")
            ),
        ),
        tooltip=[
            alt.Tooltip("kind:N", title=theme.text("one_step.kind")),
            alt.Tooltip("pair:N", title=theme.text("choosing.pair")),
            alt.Tooltip("when:N", title=theme.text("one_step.when")),
            alt.Tooltip("loss:Q", title=title, format=".4f"),
        ],
    )
    layers = [
        base.transform_filter(alt.FieldEqualPredicate(field="kind", equal=kind)).mark_line(
            strokeWidth=width, strokeDash=dash, opacity=opacity, point=alt.OverlayMarkDef(size=15 * width)
        )
        for kind, width, dash, opacity in zip(kinds, (1, 3, 3), ([1, 0], [6, 4], [1, 0]), (0.6, 1, 1), strict=True)
    ]
    return alt.layer(*layers, height=round(theme.size * _HEIGHT))
