"""Translate: a sentence, what the model makes of it, and three rooms to look at how."""

import streamlit as st

from pages.parts import frame, theme
from pages.parts.questions import card as questions
from pages.parts.texts import text
from pages.parts.translate import context_map, searches
from pages.parts.translate.stepper import stepper
from seq2seq import Translator
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS

_LONG = 25  # characters of a translation that would push the picture off the screen in large type
_MAX_PICKED = 1000  # sentences to pick from; typing finds the others


def take_picked() -> None:
    """Puts a picked sentence where one is typed."""
    if st.session_state.get("picked") is not None:
        st.session_state["sentence"] = st.session_state["picked"]
        st.session_state["picked"] = None


session = frame.open_page("translate")
if session.trained is None:
    st.info(text("translate.empty"), icon=":material/info:")
    frame.link("train")
    st.stop()

translator = Translator(session.trained)
lesson = translator.lesson
frame.outdated_warning(session)
questions.ask(session, "translate")
rows_of = {}  # a source may have several translations
for row, pair in enumerate(lesson.pairs):
    rows_of.setdefault(pair.source, []).append(row)
held_out = set(lesson.held_out_rows.tolist())


def kind(source: str) -> str:
    """Tells what the model knows of a sentence: "trained", "held_out" or "unseen"."""
    if source not in rows_of:
        return "unseen"
    return "held_out" if rows_of[source][0] in held_out else "trained"


if "sentence" not in st.session_state:
    st.session_state["sentence"] = lesson.pairs[0].source if session.sentence is None else session.sentence
typing, picking = st.columns(2)
picking.selectbox(
    text("translate.pick"),
    [None, *rows_of][: _MAX_PICKED + 1],
    format_func=lambda source: (
        f"{source} · {text(f'translate.mark_{kind(source)}')}" if source else text("translate.pick_none")
    ),
    key="picked",
    on_change=take_picked,
)
session.sentence = typing.text_input(text("translate.type"), key="sentence")
sentence = normalise(session.sentence)
if not sentence:
    st.info(text("translate.type_something"), icon=":material/info:")
    st.stop()
if len(sentence) > MAX_CHARACTERS:
    st.error(text("translate.too_long", length=f"{len(sentence):,}", limit=MAX_CHARACTERS), icon=":material/error:")
    st.stop()

if unknown := translator.unknown(sentence):
    names = " ".join(theme.display_token(token) for token in unknown)
    kinds = text(f"tokens.{lesson.model.source_tokens}_many")
    if len(unknown) == len(set(lesson.source_vocabulary.split(sentence))):
        st.error(text("translate.all_unknown", kinds=kinds), icon=":material/error:")
        st.text(names)
        st.stop()
    st.warning(text("translate.unknown", kinds=kinds), icon=":material/warning:")
    st.text(names)

rows = rows_of.get(sentence, [])
prefix = ""
if not lesson.model.markers:
    name = text(f"tokens.{lesson.model.target_tokens}")
    st.info(text("translate.no_marker", kind=name), icon=":material/info:")
    starts = sorted({lesson.prefix(pair.target) for pair in lesson.pairs})
    first = lesson.prefix(lesson.pairs[rows[0]].target) if rows else starts[0]
    prefix = st.selectbox(
        text("translate.first", kind=name), ["", *starts], starts.index(first) + 1, format_func=theme.display_token
    )

steps = list(translator.steps(sentence, prefix))
translation = translator.text_of(steps)
targets = [lesson.pairs[row].target for row in rows]
with st.container(border=True):
    plain, changed = st.columns(2)
with plain.container(gap="xsmall"):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(sentence)
        st.markdown("→", width="content")
        if translation:
            with st.container(key="long" if len(translation) > _LONG else "short", width="content"):
                st.container(key="translation").text(translation)
        else:
            st.caption(text("translate.nothing_said"))
        if translation in targets:
            st.markdown(f":green[**✓ {text('translate.right')}**]", width="content")
        elif targets:
            st.markdown(f":orange[**✗ {text('translate.wrong')}**]", width="content")
            st.text(" / ".join(targets))
    about = text("translate.model", epoch=session.trained.epoch, pairs=f"{len(lesson.training_rows):,}")
    st.caption(f"{text(f'translate.{kind(sentence)}')} {about}")
    if kind(sentence) != "trained":
        nearest = context_map.nearest_trained(translator, sentence)
        st.text(text("translate.nearest", source=nearest, target=lesson.pairs[rows_of[nearest][0]].target))

room = st.segmented_control(
    text("translate.room"),
    ("steps", "search", "contexts"),
    default="steps",
    required=True,
    format_func=lambda name: text(f"translate.room_{name}"),
    label_visibility="collapsed",
    key="room",
)
if room == "steps":
    row = next((row for row in rows if lesson.pairs[row].target == translation), rows[0] if rows else None)
    of = (session.run.id, sentence, prefix)
    stepper.show(translator, sentence, prefix, steps, row, of, changed)
elif room == "search":
    searches.show(translator, sentence, prefix)
else:
    context_map.show(translator, sentence, prefix)
frame.close_page("translate")
