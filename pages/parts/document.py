"""The document around a page: its language, and what its keys and links do beyond Streamlit's; see document.js."""

from pathlib import Path

import streamlit as st

from pages.parts.texts import language

_document = st.components.v2.component("document", js=Path(__file__).with_suffix(".js").read_text("utf-8"))


def set_up() -> None:
    """Tells the browser about the page; draws nothing."""
    _document(key="document", data={"language": language()})
