"""Every text on the screen, in two languages: `ko.toml` and `en.toml` beside this file."""

import tomllib
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import streamlit as st

from pages.parts.state import FrameState, remembered

LANGUAGES = {"ko": "한국어", "en": "English"}
_SPOKEN: ContextVar[str | None] = ContextVar("spoken", default=None)  # where there is no tab to ask


def language() -> str:
    """Returns the language of this tab: the one chosen, else the browser's if we speak it, else English."""
    if spoken := _SPOKEN.get():
        return spoken
    state = remembered(FrameState)
    if state.language is None:
        browser = (st.context.locale or "")[:2]
        state.language = browser if browser in LANGUAGES else "en"
    return state.language


def in_this_language(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Returns what makes a file on the click, when Streamlit knows no tab, in the language that this tab has now."""
    of_language = language()

    def made() -> bytes:
        before = _SPOKEN.set(of_language)
        try:
            return make()
        finally:
            _SPOKEN.reset(before)

    return made


@cache
def catalogue(of_language: str) -> dict[str, str]:
    """Returns the texts of one language by their dotted keys, such as "pairs.title"."""
    tables = tomllib.loads((Path(__file__).parent / f"{of_language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, texts in tables.items() for key, text in texts.items()}


def text(key: str, **values: object) -> str:
    """Returns a text in the student's language with its braces filled in."""
    return catalogue(language())[key].format(**values)
