"""Which source tokens count at each step: what changes if one is left out; of two models, side by side."""

import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import table_behind
from pages.parts.texts import text
from pages.parts.translate.query import Query
from pages.parts.translate.stepper.heat_map import boxes_table, heat_map, numbers, source_labels
from pages.parts.workspace.session import Session
from seq2seq import Translator
from seq2seq.analysis.occlusion import occlusion

_MOST = 60  # source tokens; each is left out once, and the whole is encoded and decoded again


def section(session: Session, query: Query) -> None:
    """Offers what each source token does, for the model at hand and for one that differs by its attention."""
    if (behind := table_behind("occlusion", text("occlusion.title"))) is None:
        return
    labels = source_labels(query.translator, query.sentence)
    if not 0 < len(labels) <= _MOST:
        behind.caption(text("occlusion.too_long", most=_MOST) if labels else text("attention.nothing"))
        return
    models = {named.name: query.translator for named in session.runs if named.run is session.run}
    models |= _other_model(session, query)
    behind.caption(text("occlusion.how"))
    for n, (column, (name, translator)) in enumerate(zip(behind.columns(len(models)), models.items(), strict=True)):
        with column:
            st.text(name)
            _show(session, translator, query, n)


def _other_model(session: Session, query: Query) -> dict[str, Translator]:
    """Returns the latest run of the same pairs with other attention, by its name, if there is one."""
    lesson = query.lesson
    others = {
        named.name: Translator(named.run.state)
        for named in session.runs
        if named.run.state.step and named.run.state.lesson.pairs == lesson.pairs
        if named.run.state.lesson.model.attention != lesson.model.attention
    }
    return dict(list(others.items())[-1:])


def _show(session: Session, translator: Translator, query: Query, n: int) -> None:
    steps, label = list(translator.steps(query.sentence, query.prefix)), text("occlusion.alt")
    changes = occlusion(translator, query.sentence, steps)  # (steps, source tokens)
    labels = source_labels(translator, query.sentence)[: changes.shape[1]]
    table = boxes_table(labels, steps, changes)
    spec = heat_map(session.theme, text("occlusion.change"), len(steps))
    draw(spec, {"boxes": table}, key=f"occlusion-{n}", alt=label)
    st.dataframe(numbers(table).style.format("{:.3f}"), key=f"occlusion-numbers-{n}", alt=label)
