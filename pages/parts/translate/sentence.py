"""The sentence to translate: typed or chosen, with what a model without ⟨bos⟩ needs to begin."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from pages.parts.drawing.choosing import MAX_LISTED, choose_sentence
from pages.parts.session import Session
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.theme import display_text, display_token
from pages.parts.translate.query import Query, kind_of
from seq2seq import Lesson, Translator
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS


def choose(session: Session, state: TranslateState, translator: Translator) -> Query:
    """Lets the student type a sentence or choose one of the lesson's; ends the page if it cannot be translated."""
    lesson = translator.lesson
    if state.sentence is None:
        state.sentence = lesson.pairs[0].source if session.sentence is None else session.sentence
    marks = {kind: text(f"translate.mark_{kind}") for kind in ("trained", "held_out")}
    typing, choosing = st.columns(2)
    with typing:
        st.text_input(
            text("translate.type"), **bound(state, "sentence", lambda typed: set_sentence(session, state, typed))
        )
    with choosing:
        choose_sentence(
            text("translate.pick"),
            list(islice(lesson.targets, MAX_LISTED)),
            state,
            "picked",
            lambda picked: set_sentence(session, state, picked),
            format_func=lambda source: f"{display_text(source)} · {marks[kind_of(lesson, source)]}",
        )
    sentence = normalise(state.sentence)
    if not sentence:
        st.info(text("translate.type_something"), icon=":material/info:")
        st.stop()
    if len(sentence) > MAX_CHARACTERS:
        too_long = text("translate.too_long", length=f"{len(sentence):,}", limit=MAX_CHARACTERS)
        st.error(too_long, icon=":material/error:")
        st.stop()
    if (unknown := translator.unknown(sentence)) and len(unknown) == len(set(lesson.source_vocabulary.split(sentence))):
        kinds = text(f"tokens.{lesson.model.source_tokens}_many")
        st.error(text("translate.all_unknown", kinds=kinds), icon=":material/error:")
        st.text(_names(unknown))
        st.stop()
    warn_of_unknown(translator, sentence)
    return Query(translator, sentence, "" if lesson.model.markers else _choose_prefix(session, state, lesson, sentence))


def set_sentence(session: Session, state: TranslateState, sentence: str | None) -> None:
    """Takes over a sentence: for this tab, and for whoever opens the address next. Other tabs keep theirs."""
    if sentence is not None:
        state.sentence = session.sentence = sentence


def warn_of_unknown(translator: Translator, sentence: str) -> None:
    """Names the tokens that the model never saw."""
    if unknown := translator.unknown(sentence):
        kinds = text(f"tokens.{translator.lesson.model.source_tokens}_many")
        st.warning(text("translate.unknown", kinds=kinds), icon=":material/warning:")
        st.text(_names(unknown))


def _names(tokens: list[str]) -> str:
    return " ".join(display_token(token) for token in tokens)


def _choose_prefix(session: Session, state: TranslateState, lesson: Lesson, sentence: str) -> str:
    """Lets the student choose the first token; each sentence begins with that of its own translation."""
    kind = text(f"tokens.{lesson.model.target_tokens}")
    st.info(text("translate.no_marker", kind=kind), icon=":material/info:")
    if state.prefix_of != (session.run.id, sentence):
        state.prefix_of, state.prefix = (session.run.id, sentence), first_prefix(lesson, sentence)
    prefixes = ["", *lesson.prefixes]
    choice = bound(state, "prefix", options=prefixes)
    st.selectbox(text("translate.first", kind=kind), prefixes, format_func=display_token, **choice)
    return state.prefix


def first_prefix(lesson: Lesson, sentence: str, otherwise: str | None = None) -> str:
    """Returns how the translation of a sentence begins, for a model without ⟨bos⟩.

    Args:
        lesson: of the model.
        sentence: the source.
        otherwise: what to begin with where the lesson has no translation; None is the lesson's first.
    """
    if sentence in lesson.targets:
        return lesson.prefix(lesson.targets[sentence][0])
    return lesson.prefixes[0] if otherwise is None else otherwise
