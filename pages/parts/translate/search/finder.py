"""Where several candidates help: the sentences of a lesson on which beam search outputs something else than greedy."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import menu
from pages.parts.drawing.choosing import choose_sentence
from pages.parts.state import TranslateState
from pages.parts.texts import text
from pages.parts.translate.query import Query
from pages.parts.translate.sentence import first_prefix, set_sentence
from pages.parts.workspace.session import Session
from seq2seq import Lesson, Translator
from seq2seq.analysis.metrics import spread_evenly
from seq2seq.classroom.supplied_lessons import BEAM_EXAMPLE
from seq2seq.limits import MAX_EVALUATED


def show(session: Session, translator: Translator, state: TranslateState) -> None:
    """Offers to search the lesson for sentences on which the beam's best is not the greedy translation."""
    st.subheader(text("search.finder_title"), anchor=False)
    lesson, epoch = BEAM_EXAMPLE
    st.caption(text("search.finder_how", lesson=text(f"lesson.{lesson}"), epoch=epoch))
    settings = state.num_beams, state.length_penalty
    if st.button(text("search.find"), icon=":material/search:"):
        state.found = translator.weights, settings, differing(translator, *settings)
    if state.found is None or state.found[0] is not translator.weights or state.found[1] != settings:
        return
    rows, searched, everything = state.found[2], len(_searched(translator.lesson)), len(translator.lesson.targets)
    right = {way: sum(row[way] in row["targets"] for row in rows) for way in ("greedy", "beam")}
    st.markdown(text("search.finder_found", found=len(rows), searched=searched, all=f"{everything:,}", **right))
    if not rows:
        menu.link("train", text("search.finder_none"))
        return
    table = pd.DataFrame(
        {text("search.source"): row["source"]}
        | {text(f"search.{way}"): f"{'✓' if row[way] in row['targets'] else '✗'} {row[way]}" for way in right}
        | {text("search.table_says"): " / ".join(row["targets"])}
        for row in rows
    )
    st.dataframe(table, hide_index=True, key="further-table", alt=text("search.finder_title"))
    sources = [row["source"] for row in rows]
    choose_sentence(
        text("search.finder_look"), sources, state, "looked_at", lambda source: set_sentence(session, state, source)
    )


def differing(translator: Translator, num_beams: int, length_penalty: float) -> list[dict]:
    """Returns the sentences on which beam search outputs something else than greedy; shows how far it is.

    Returns:
        "source", what each way outputs as "greedy" and "beam", and the "targets" of the lesson; where the beam is
        right first, then where greedy is.
    """
    lesson, found = translator.lesson, []
    sources, bar = _searched(lesson), st.progress(0.0)
    for n, source in enumerate(sources, start=1):
        query = Query(translator, source, first_prefix(lesson, source))
        beam = query.beam_search(num_beams, length_penalty).hypotheses[0]
        if query.greedy.token_ids != beam.token_ids:
            ways = {"greedy": query.greedy, "beam": beam}
            outputs = {way: query.output_text(hypothesis.token_ids) for way, hypothesis in ways.items()}
            found.append({"source": source, "targets": query.targets} | outputs)
        bar.progress(n / len(sources), text("search.finder_progress", done=n, searched=len(sources), found=len(found)))
    bar.empty()
    return sorted(found, key=lambda row: (row["beam"] not in row["targets"], row["greedy"] not in row["targets"]))


def _searched(lesson: Lesson) -> list[str]:
    """Returns the sentences to search: all sources of the lesson, or some spread evenly over it."""
    sources = list(lesson.targets)
    return [sources[n] for n in spread_evenly(np.arange(len(sources)), MAX_EVALUATED)]
