"""The sentence to translate, typed or chosen, with what a model without ⟨bos⟩ needs to begin; and its translation."""

import streamlit as st
from rapidfuzz.distance import Levenshtein

from pages.parts import frame
from pages.parts.drawing.choosing import choose_sentence
from pages.parts.drawing.tokens import display_text, display_token
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.query import Query, kind_of
from pages.parts.workspace.session import Session
from seq2seq import Lesson, Translator
from seq2seq.analysis.metrics import nearest
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS

_LONG = 25  # characters of a translation that would push the picture off the screen in large type


def choose(session: Session, state: TranslateState, translator: Translator) -> Query:
    """Lets the student type a sentence or choose one of the lesson's; ends the page if it cannot be translated."""
    lesson = translator.lesson
    _keep_or_offer(session, state, lesson)
    marks = {kind: text(f"translate.mark_{kind}") for kind in ("trained", "held_out")}

    def take(sentence: str | None) -> None:
        set_sentence(session, state, sentence)

    def marked(source: str) -> str:
        return f"{display_text(source)} · {marks[kind_of(lesson, source)]}"

    typing, choosing = st.columns(2)
    # Both say what they are for in themselves: lines above them would push the picture down.
    words = {"placeholder": text("translate.type"), "label_visibility": "collapsed", "icon": ":material/edit:"}
    typing.text_input(text("translate.type"), **words, **bound(state, "sentence", take))
    words = {"placeholder": text("translate.pick"), "label_visibility": "collapsed"}
    with choosing:
        choose_sentence(text("translate.pick"), lesson.targets, state, "picked", take, format_func=marked, **words)
    sentence = normalise(state.sentence)
    if not sentence:
        st.info(text("translate.type_something"), icon=":material/info:")
        frame.stop()
    if len(sentence) > MAX_CHARACTERS:
        too_long = text("translate.too_long", length=f"{len(sentence):,}", limit=MAX_CHARACTERS)
        st.error(too_long, icon=":material/error:")
        frame.stop()
    if (unknown := translator.unknown(sentence)) and len(unknown) == len(set(lesson.source_vocabulary.split(sentence))):
        kinds = text(f"tokens.{lesson.model.source_tokens}_many")
        st.error(text("translate.all_unknown", kinds=kinds), icon=":material/error:")
        st.text(_names(unknown))
        frame.stop()
    warn_of_unknown(translator, sentence)
    return Query(translator, sentence, "" if lesson.model.markers else _choose_prefix(session, state, lesson, sentence))


def _keep_or_offer(session: Session, state: TranslateState, lesson: Lesson) -> None:
    """Keeps the sentence that was typed as long as the lesson has a pair of those that it was typed for.

    Otherwise the first one of the lesson is offered: what was typed for another lesson would be nonsense here.
    """
    if state.sentence is None and session.sentence is not None:
        state.sentence, state.sentence_of = session.sentence, session.sentence_of
    if state.sentence is None or state.sentence_of is not lesson.pairs:
        is_same = state.sentence_of is None or not set(state.sentence_of).isdisjoint(lesson.pairs)
        if state.sentence is None or not (state.is_typed and is_same):
            state.sentence, state.is_typed = lesson.pairs[0].source, False
        state.sentence_of = lesson.pairs


def set_sentence(session: Session, state: TranslateState, sentence: str | None) -> None:
    """Takes over a sentence: for this tab, and for whoever opens the address next. Other tabs keep theirs."""
    if sentence is not None:
        state.sentence, state.is_typed = sentence, True
        session.sentence, session.sentence_of = sentence, state.sentence_of


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

    Where the lesson has none it begins `otherwise`, or as the first of the lesson's.
    """
    if sentence in lesson.targets:
        return lesson.prefix(lesson.targets[sentence][0])
    return lesson.prefixes[0] if otherwise is None else otherwise


def show(query: Query, epoch: int, around: Neighbourhood | None) -> None:
    """Shows the translation after an epoch, whether it is right, and, if it was not trained on, what is around it."""
    with st.container(key="translated", horizontal=True, vertical_alignment="center"):
        st.text(query.sentence, width="content")
        st.markdown("→", width="content")
        if query.translation:
            with st.container(key="long" if len(query.translation) > _LONG else "short", width="content"):
                st.container(key="translation").text(query.translation)
        else:
            st.caption(text("translate.nothing_said"), width="content")
        if query.translation in query.targets:
            st.markdown(f":green[**✓ {text('translate.right')}**]", width="content")
        elif query.targets:
            st.markdown(f":orange[**✗ {text('translate.wrong')}**]", width="content")
            st.text(" / ".join(map(display_text, query.targets)), width="content")
        about = text("translate.model", epoch=epoch, pairs=f"{len(query.lesson.training_rows):,}")
        st.caption(f"{text(f'translate.{query.kind}')} {about}")
    if query.kind != "trained":
        _beside_nearest(query, around)
        say_how_many_were_searched(around)


def _beside_nearest(query: Query, around: Neighbourhood) -> None:
    """Names the nearest training sentence, how near it is, and how its translation differs from the output."""
    first, last = around.nearest[0], around.nearest[-1]
    source = around.encoded.sources[first]
    target = nearest(query.translation, query.lesson.targets[source])
    values = {"distance": f"{around.distances[first]:.2f}", "farthest": f"{around.distances[last]:.2f}"}
    values |= {"source": display_text(source), "target": display_text(target)}
    st.text(text("translate.nearest", **values, edits=Levenshtein.distance(query.translation, target)))


def say_how_many_were_searched(around: Neighbourhood) -> None:
    """Says so where the nearest sentence was looked for among some of the training sentences only."""
    lesson, searched = around.encoded.lesson, len(around.nearest)
    everything = len(lesson.targets) - len(lesson.held_out_sources)
    if searched < everything:
        st.caption(text("contexts.searched_of", searched=f"{searched:,}", all=f"{everything:,}"))
