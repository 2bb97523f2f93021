"""Translate: one character at a time, with the probabilities that decided it."""

import streamlit as st

from pages.parts import charts, frame
from pages.parts.texts import text
from seq2seq import Translator
from seq2seq.pairs import MAX_CHARACTERS, normalise

_MOST_PICKED = 1000  # sentences to pick from; typing finds the others


def take_picked() -> None:
    """Puts a picked sentence where one is typed."""
    if st.session_state["picked"] is not None:
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
targets = {}  # a source may have several translations
for pair in lesson.pairs:
    targets.setdefault(pair.source, []).append(pair.target)

if "sentence" not in st.session_state:
    st.session_state["sentence"] = lesson.pairs[0].source if session.sentence is None else session.sentence
typing, picking = st.columns(2)
picking.selectbox(
    text("translate.pick"),
    [None, *targets][: _MOST_PICKED + 1],
    format_func=lambda source: source or text("translate.pick_none"),
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

seen = sentence in targets
if unknown := translator.unknown(sentence):
    names = " ".join(charts.shown(character) for character in unknown)
    if len(unknown) == len(set(sentence)):
        st.error(text("translate.all_unknown"), icon=":material/error:")
        st.text(names)
        st.stop()
    st.warning(text("translate.unknown"), icon=":material/warning:")
    st.text(names)

prefix = ""
if not lesson.model.markers:
    st.info(text("translate.no_marker"), icon=":material/info:")
    starts = sorted({pair.target[0] for pair in lesson.pairs})
    first = targets[sentence][0][0] if seen else starts[0]
    prefix = st.selectbox(
        text("translate.first"), ["", *starts], starts.index(first) + 1, format_func=charts.shown_text
    )

steps = list(translator.steps(sentence, prefix))
translation = translator.spoken(steps)
with st.container(border=True):
    st.caption(text("translate.seen" if seen else "translate.unseen"))
    st.text(sentence)
    if translation:
        with st.container(key="translation"):
            st.text(translation)
    else:
        st.caption(text("translate.nothing_said"))
    if seen and translation in targets[sentence]:
        st.markdown(f":green[**✓ {text('translate.right')}**]")
    elif seen:
        st.markdown(f":orange[**✗ {text('translate.wrong')}**]")
        st.text(" / ".join(targets[sentence]))
    st.caption(text("translate.model", epoch=session.trained.epoch, pairs=f"{len(lesson.pairs):,}"))

st.subheader(text("translate.steps_title"), anchor=False)
st.markdown(text("translate.how"))
charts.decoding_steps(steps, lesson.target_vocabulary)
ended = steps[-1].ended_by if lesson.model.markers else "without_eos"
st.success(text(f"translate.ended_{ended}", steps=len(steps)), icon=":material/flag:")
frame.close_page("translate")
