"""Every text on the screen, in two languages: `ko.toml` and `en.toml` beside this file."""

import tomllib
from functools import cache
from pathlib import Path

import streamlit as st

from pages.parts.state import FrameState, remembered

LANGUAGES = {"ko": "한국어", "en": "English"}


def language() -> str:
    """Returns the language of this tab: the one chosen, else the browser's if we speak it, else English."""
    state = remembered(FrameState)
    if state.language is None:
        browser = (st.context.locale or "")[:2]
        state.language = browser if browser in LANGUAGES else "en"
    return state.language


@cache
def catalogue(of_language: str) -> dict[str, str]:
    """Returns the texts of one language by their dotted keys, such as "pairs.title"."""
    tables = tomllib.loads((Path(__file__).parent / f"{of_language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in tables.items() for key, text in texts.items()}


def text(key: str, **values: object) -> str:
    """Returns a text in the student's language with its braces filled in."""
    return catalogue(language())[key].format(**values)
