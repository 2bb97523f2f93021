"""Which source tokens count at each step: what changes if one is left out; of two models, side by side."""

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import table_behind
from pages.parts.drawing.tokens import source_labels
from pages.parts.texts import text
from pages.parts.translate.query import Query
from pages.parts.translate.stepper.heat_map import boxes_table, heat_map, numbered, numbers
from pages.parts.workspace.session import Session
from seq2seq import Translator
from seq2seq.analysis.occlusion import occlusion
from seq2seq.vocabulary import PAD_ID

_MOST = 60  # source tokens; each is left out once, and the whole is encoded and decoded again
_MOST_NUMBERS = 5_000_000  # probabilities that are compared: of each token that is left out, at each step


def section(session: Session, query: Query) -> None:
    """Offers what each source token does, for the model at hand and for one that differs by its attention."""
    if (behind := table_behind("occlusion", text("occlusion.title"))) is None:
        return
    lesson = query.lesson
    tokens = int(np.count_nonzero(query.translator.source_ids(query.sentence) != PAD_ID))
    numbers_compared = tokens * query.translator.max_new_tokens * len(lesson.target_vocabulary)
    if tokens > _MOST or numbers_compared > _MOST_NUMBERS:
        behind.caption(text("occlusion.too_long", most=_MOST))
        return
    models = [(named.name, query.translator) for named in session.runs if named.run is session.run]
    models += _other_model(session, query)
    behind.caption(text("occlusion.how"))
    for n, (column, (name, translator)) in enumerate(zip(behind.columns(len(models)), models, strict=True)):
        with column:
            st.text(name)
            _show(session, translator, query, n)


def _other_model(session: Session, query: Query) -> list[tuple[str, Translator]]:
    """Returns the latest trained run that differs by its attention, and perhaps its units, with its name."""
    lesson = query.lesson
    others = []
    for named in session.runs:
        state = named.run.state
        alike = replace(state.lesson.model, attention=lesson.model.attention, hidden_size=lesson.model.hidden_size)
        is_like = (state.lesson.pairs, alike) == (lesson.pairs, lesson.model)
        if state.step and is_like and state.lesson.model.attention != lesson.model.attention:
            others.append((named.name, Translator(state)))
    return others[-1:]


def _show(session: Session, translator: Translator, query: Query, n: int) -> None:
    steps, label = list(translator.steps(query.sentence, query.prefix)), text("occlusion.alt")
    changes = occlusion(translator, query.sentence, steps)  # (steps, source tokens)
    labels = numbered(source_labels(translator, query.sentence))[: changes.shape[1]]
    table = boxes_table(labels, steps, changes)
    spec = heat_map(session.theme, text("occlusion.change"), len(steps))
    draw(spec, {"boxes": table}, key=f"occlusion-{n}", alt=label)
    st.dataframe(numbers(table).style.format("{:.3f}"), key=f"occlusion-numbers-{n}", alt=label)
