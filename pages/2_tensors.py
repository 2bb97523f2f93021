"""Tensors: how sentences become the numbers that the model reads."""

import random
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import frame, theme
from pages.parts.questions import card as questions
from pages.parts.session import untrained
from pages.parts.tensors import pictures as tensor_pictures
from pages.parts.tensors.tables import numbered_as_a_set
from pages.parts.texts import text
from seq2seq import Lesson, Translator
from seq2seq.tensors import Tensors, dense_shapes
from seq2seq.vocabulary import LEVELS, split


def vocabulary_table(name: str, vocabulary) -> None:
    st.caption(text(f"tensors.{name}_vocabulary", tokens=f"{len(vocabulary):,}"))
    tokens = [theme.display_token(token) for token in vocabulary.tokens[:_MAX_LISTED]]
    table = pd.DataFrame({"id": range(len(tokens)), text("tensors.token"): tokens})
    st.dataframe(table.set_index("id").T, width="stretch", row_height=36)
    if len(vocabulary) > len(tokens):
        st.caption(text("tensors.first_tokens", shown=f"{len(tokens):,}"))


def switch(setting: str, label: str, about: str) -> None:
    """Offers a setting of the model that changes the tensors; it is the same one as on the page Model."""

    def take_over() -> None:
        session.model = replace(session.model, **{setting: st.session_state[setting]})

    st.session_state[setting] = getattr(session.model, setting)
    st.toggle(label, key=setting, on_change=take_over, help=about)


def token_levels(side: str, sentence: str, chosen: str) -> None:
    """Shows a sentence as characters, as jamo and as words; the level that this lesson uses is marked."""
    tokens = [[theme.display_token(token) for token in split(sentence, level)] for level in LEVELS]
    table = {
        text(f"pairs.{side}"): [text(f"tokens.{level}") + " ✓" * (level == chosen) for level in LEVELS],
        text("tensors.count"): [len(row) for row in tokens],
        text("tensors.tokens"): tokens,
    }
    narrow = {column: st.column_config.Column(width=90) for column in list(table)[:2]}
    st.dataframe(pd.DataFrame(table), column_config=narrow, hide_index=True, width="stretch", row_height=36)


def choose_numbering() -> Lesson:
    """Offers to number the tokens as a `set` does, in another order at every click; returns the lesson so numbered."""
    with st.container(horizontal=True):
        renumber = {"on_click": lambda: st.session_state.update({"set-seed": random.randrange(2**32)})}
        st.button(text("tensors.as_a_set"), icon=":material/shuffle:", key="as-a-set", **renumber)
        seed = st.session_state.get("set-seed")
        sort = {"on_click": lambda: st.session_state.pop("set-seed"), "disabled": seed is None}
        st.button(text("tensors.sort_again"), icon=":material/sort:", key="sort-again", **sort)
    return lesson if seed is None else numbered_as_a_set(lesson, seed)


def say_with(renumbered: Lesson) -> None:
    """Shows what the trained weights say for the chosen sentence with the ids of their training, and with others."""
    if trained is None:
        st.info(text("tensors.train_first"), icon=":material/info:")
        frame.link("train")
        return
    translators = [Translator(replace(trained, lesson=numbered)) for numbered in (lesson, renumbered)]
    said = [translator.translate(pair.source, lesson.prefix(pair.target)) for translator in translators]
    table = {
        text("tensors.numbering"): [text("tensors.numbered_sorted"), text("tensors.numbered_as_a_set")],
        text("pairs.source"): [pair.source] * 2,
        text("tensors.weights_say"): [theme.display_text(words) or text("questions.nothing") for words in said],
    }
    st.dataframe(pd.DataFrame(table), hide_index=True, width="stretch", row_height=36)


_MAX_LISTED = 1000  # pairs in a list, more are chosen by number; tokens in a table, more would not be read


session = frame.open_page("tensors")
lesson = frame.need_lesson(session)
shapes = dense_shapes(lesson)

last = len(lesson.pairs) - 1
choosing, switches = st.columns([3, 2], vertical_alignment="bottom")
if last < _MAX_LISTED:
    session.chosen = choosing.selectbox(
        text("tensors.choose_pair"),
        range(len(lesson.pairs)),
        index=min(session.chosen, last),
        format_func=lambda n: f"[{n}] {lesson.pairs[n].source} → {lesson.pairs[n].target}",
    )
else:
    number = text("tensors.choose_number", last=last)
    session.chosen = choosing.number_input(number, 0, last, min(session.chosen, last))
    choosing.text(" → ".join(lesson.pairs[session.chosen]))
with switches:
    switch("markers", text("model.markers"), text("model.markers_help"))
    switch("mask_padding", text("model.mask_padding"), text("model.mask_padding_help"))

pair, trained = lesson.pairs[session.chosen], session.trained
if trained is not None and (trained.lesson.pairs, trained.lesson.model) != (lesson.pairs, lesson.model):
    trained = None  # it belongs to another lesson
if not session.chosen or questions.may_show_pair(session, "tensors", pair.source):  # the page begins with the first
    weights = (trained or untrained(lesson)).weights
    tensor_pictures.follow(lesson, session.chosen, weights, trained and trained.epoch)

st.subheader(text("tensors.levels_title"), anchor=False)
token_levels("source", pair.source, lesson.model.source_tokens)
token_levels("target", pair.target, lesson.model.target_tokens)
st.markdown(text("tensors.levels"))

st.subheader(text("tensors.shapes_title"), anchor=False)
questions.ask(session, "tensors")
if questions.may_show(session, "shape"):
    for column, name, shape, side in zip(
        st.columns(3), Tensors._fields, shapes, ("source", "target", "target"), strict=True
    ):
        pairs, steps, tokens = shape
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{text(f'tensors.{name}')}**  \n`{name}.shape`")
            st.markdown(f"### `({pairs}, {steps}, {tokens})`")
            plus = "_plus" if lesson.model.markers and side == "target" else ""
            longest = steps - bool(plus)
            different = tokens - 2 * bool(plus)
            kinds = text(f"tokens.{getattr(lesson.model, f'{side}_tokens')}_many")
            st.markdown(text("tensors.axis_pairs", n=f"{pairs:,}"))
            st.markdown(text(f"tensors.axis_time_{side}{plus}", n=steps, longest=longest, kinds=kinds))
            st.markdown(text(f"tensors.axis_tokens_{side}{plus}", n=tokens, different=different, kinds=kinds))

st.subheader(text("tensors.memory_title"), anchor=False)
tensor_pictures.memory(lesson)

st.subheader(text("tensors.vocabularies"), anchor=False)
st.markdown(text("tensors.sorted"))
numbered = choose_numbering()
vocabulary_table("source", numbered.source_vocabulary)
vocabulary_table("target", numbered.target_vocabulary)
if numbered is not lesson:
    say_with(numbered)
frame.close_page("tensors")
