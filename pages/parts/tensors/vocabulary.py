"""The tokens of a sentence by level, and the two vocabularies, which can be numbered in another order."""

import random
from copy import copy
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import menu
from pages.parts.drawing.tokens import display_text, display_token
from pages.parts.state import TensorsState, remembered
from pages.parts.texts import text
from seq2seq import Lesson, TrainingState, Translator
from seq2seq.data.pairs import Pair
from seq2seq.vocabulary import LEVELS, Vocabulary, split

_MAX_LISTED = 1000  # tokens; more would not be read
_COLUMNS = 10  # of ids


def show_levels(pair: Pair, lesson: Lesson) -> None:
    """Shows both sentences as characters, as jamo and as words; the levels that this lesson uses are marked."""
    for side, sentence in pair._asdict().items():
        tokens = [[display_token(token) for token in split(sentence, level)] for level in LEVELS]
        used = getattr(lesson.model, f"{side}_tokens")
        table = {
            text(f"pairs.{side}"): [text(f"tokens.{level}") + " ✓" * (level == used) for level in LEVELS],
            text("tensors.count"): [len(row) for row in tokens],
            text("tensors.tokens"): tokens,
        }
        narrow = {column: st.column_config.Column(width=90) for column in list(table)[:2]}
        _show_table(table, column_config=narrow)


def show_vocabularies(pair: Pair, lesson: Lesson, trained: TrainingState | None) -> None:
    """Shows both vocabularies with their ids, and offers to number the tokens as a `set` does, for this tab alone.

    What trained weights make of a pair with either ids is shown where there are such.
    """
    state = remembered(TensorsState)
    is_sorted = state.numbering_seed is None
    st.markdown(text("tensors.sorted"))
    shuffle, sort = (
        {"on_click": setattr, "args": (state, "numbering_seed", seed)} for seed in (random.randrange(2**32), None)
    )
    with st.container(horizontal=True):
        st.button(text("tensors.as_a_set"), icon=":material/shuffle:", key="as-a-set", **shuffle)
        st.button(text("tensors.sort_again"), icon=":material/sort:", key="sort-again", disabled=is_sorted, **sort)
    numbered = lesson if is_sorted else numbered_as_a_set(lesson, state.numbering_seed)
    if trained is not None and not is_sorted:
        _show_translations(pair, trained, (lesson, numbered))
    elif not is_sorted:
        st.info(text("tensors.train_first"), icon=":material/info:")
        menu.link("train")
    for side in Pair._fields:
        vocabulary = getattr(numbered, f"{side}_vocabulary")
        st.caption(text(f"tensors.{side}_vocabulary", tokens=f"{len(vocabulary):,}"))
        _show_ids(vocabulary)


def numbered_as_a_set(lesson: Lesson, seed: int) -> Lesson:
    """Returns a lesson whose tokens, markers included, are numbered in an order drawn by chance, as a `set` gives it.

    Weights that were trained with the sorted ids fit into it, but they mean other tokens.
    """
    renumbered, drawn = copy(lesson), random.Random(seed)
    for side in ("source", "target"):
        vocabulary = getattr(lesson, f"{side}_vocabulary")
        tokens = tuple(drawn.sample(vocabulary.tokens, len(vocabulary)))
        renumbered.__dict__[f"{side}_vocabulary"] = replace(vocabulary, tokens=tokens)  # in place of the cached one
    return renumbered


def _show_ids(vocabulary: Vocabulary) -> None:
    """Shows the tokens ten in a row, so that none is beyond the edge: an id is the row's number plus the column's."""
    tokens = [display_token(token) for token in vocabulary.tokens[:_MAX_LISTED]]
    rows = range(0, len(tokens), _COLUMNS)
    table = pd.DataFrame([tokens[first : first + _COLUMNS] for first in rows], index=rows).fillna("")
    st.dataframe(table.rename_axis("id").rename(columns=str), row_height=36)
    if len(vocabulary) > len(tokens):
        st.caption(text("tensors.first_tokens", shown=f"{len(tokens):,}"))


def _show_translations(pair: Pair, trained: TrainingState, numberings: tuple[Lesson, Lesson]) -> None:
    """Shows what trained weights output with the ids of their training, and with others."""
    translators = [Translator(replace(trained, lesson=numbered)) for numbered in numberings]
    outputs = [translator.translate(pair.source, trained.lesson.prefix(pair.target)) for translator in translators]
    table = {
        text("tensors.numbering"): [text("tensors.numbered_sorted"), text("tensors.numbered_as_a_set")],
        text("pairs.source"): [pair.source] * 2,
        text("tensors.weights_output"): [display_text(output) or text("questions.nothing") for output in outputs],
    }
    _show_table(table)


def _show_table(columns: dict[str, list], **options) -> None:
    st.dataframe(pd.DataFrame(columns), hide_index=True, row_height=36, **options)
