"""The pages in their order, and the links between them, which keep the session."""

from functools import cache

import streamlit as st

from pages.parts.door import address
from pages.parts.texts import text

PAGES = {  # name: (file, icon), in the order of the story
    "start": ("streamlit_app.py", ":material/door_open:"),
    "pairs": ("pages/1_pairs.py", ":material/table_rows:"),
    "tensors": ("pages/2_tensors.py", ":material/grid_on:"),
    "model": ("pages/3_model.py", ":material/account_tree:"),
    "train": ("pages/4_train.py", ":material/model_training:"),
    "translate": ("pages/5_translate.py", ":material/translate:"),
    "share": ("pages/6_share.py", ":material/share:"),
}


def links() -> None:
    """Draws the menu."""
    for page in PAGES:
        link(page)


def following(page: str) -> str | None:
    """Returns the next page that the session shows; None after the last one."""
    names = list(PAGES)
    session = st.session_state["session"]
    return next((name for name in names[names.index(page) + 1 :] if session.shows(name)), None)


def go_to(page: str) -> None:
    """Leaves for another page."""
    st.switch_page(PAGES[page][0], query_params=address.parameters())


def link(page: str, label: str | None = None) -> None:
    """Draws a link to another page, if the session shows that."""
    if not st.session_state["session"].shows(page):
        return
    _, icon = PAGES[page]
    st.page_link(_page(page), label=label or text(f"{page}.menu"), icon=icon, query_params=address.parameters())


@cache
def _page(page: str) -> st.Page:
    """Returns a page for its links. By its file name Streamlit would look for it on the disk for each link."""
    return st.Page(PAGES[page][0], default=page == "start")
