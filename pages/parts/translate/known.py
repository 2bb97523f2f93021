"""The translation, whether it is right, and what the model knows of the sentence."""

from __future__ import annotations

import streamlit as st

from pages.parts.session import Session
from pages.parts.texts import text
from pages.parts.theme import display_text
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.contexts.section import say_how_many_were_searched
from pages.parts.translate.query import Query

_LONG = 25  # characters of a translation that would push the picture off the screen in large type


def show(session: Session, query: Query, around: Neighbourhood | None) -> None:
    """Shows the translation of a sentence.

    Args:
        session: for the run.
        query: the sentence.
        around: the sentences near to it; needed where the model was not trained on it.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(query.sentence)
        st.markdown("→", width="content")
        if query.translation:
            with st.container(key="long" if len(query.translation) > _LONG else "short", width="content"):
                st.container(key="translation").text(query.translation)
        else:
            st.caption(text("translate.nothing_said"))
        if query.translation in query.targets:
            st.markdown(f":green[**✓ {text('translate.right')}**]", width="content")
        elif query.targets:
            st.markdown(f":orange[**✗ {text('translate.wrong')}**]", width="content")
            st.text(" / ".join(query.targets))
    about = text("translate.model", epoch=session.trained.epoch, pairs=f"{len(query.lesson.training_rows):,}")
    st.caption(f"{text(f'translate.{query.kind}')} {about}")
    if query.kind != "trained":
        nearest = around.encoded.sources[around.nearest[0]]
        target = query.lesson.targets[nearest][0]
        st.text(text("translate.nearest", source=display_text(nearest), target=display_text(target)))
        say_how_many_were_searched(around)
