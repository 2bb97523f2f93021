"""The charts of a page as files to take home.

`draw` in charts.py leaves here what it draws, which costs nothing; a file is made when somebody asks for it, of the
numbers that are on the screen then.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from pages.parts.drawing.tokens import display_text
from pages.parts.state import Drawn, PicturesState, remembered
from pages.parts.texts import text
from pages.parts.theme import Theme
from seq2seq.takeaway.pictures import draw_picture

_KINDS = {"png": "image/png", "svg": "image/svg+xml"}


def begin(theme: Theme) -> None:
    """Begins a page, which has no charts yet."""
    page = remembered(PicturesState)
    page.theme, page.drawn = theme, {}


def keep(key: str, drawn: Drawn) -> None:
    """Keeps what a chart draws; the same key is the same chart, with other numbers."""
    remembered(PicturesState).drawn[key] = drawn


def downloads() -> None:
    """Offers each chart of the page as PNG and as SVG."""
    page = remembered(PicturesState)
    theme, drawn = page.theme, page.drawn
    if not drawn:
        return
    expander = st.expander(text("pictures.title"), icon=":material/image:", on_change="rerun", key="pictures")
    if not expander.open:
        return
    with expander:
        for key in drawn:
            with st.container(horizontal=True, vertical_alignment="center"):
                for kind, mime in _KINDS.items():
                    file = {
                        "data": _maker(drawn, key, kind, theme),
                        "file_name": f"{key}.{kind}",
                        "mime": mime,
                        "on_click": "ignore",
                    }
                    label = text(f"pictures.{kind}")
                    st.download_button(label, icon=":material/download:", key=f"picture-{key}-{kind}", **file)
                st.text(display_text(drawn[key].alt))


def _maker(drawn: Mapping[str, Drawn], key: str, kind: str, theme: Theme):
    return lambda: draw_picture(drawn[key].spec, rows_of(drawn[key].tables), look(theme), kind)


def rows_of(tables: Mapping[str, Any]) -> dict[str, Iterable[Mapping[str, Any]]]:
    """Returns the rows of named tables, which are Pandas or Arrow ones."""
    return {name: t.to_pylist() if hasattr(t, "to_pylist") else t.to_dict("records") for name, t in tables.items()}


def look(theme: Theme) -> dict[str, Any]:
    """Returns how a chart looks where it says nothing: in the app Streamlit sees to that, much in this way."""
    words = {"labelColor": theme.ink, "titleColor": theme.ink, "titleFontWeight": "normal"}
    line = "#31353F" if theme.is_dark else "#E6E9EF"
    return {
        "background": theme.ground,
        "font": st.get_option("theme.font"),
        "axis": words | {"ticks": False, "domain": False, "gridColor": line, "labelPadding": 8, "titlePadding": 12},
        "legend": words,
        "view": {"stroke": None},
        "text": {"color": theme.ink},
        "rule": {"color": theme.ink},
    }
