"""What all pages offer alike: a sentence to choose, a step forward and back, the numbers behind a picture."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import streamlit as st

from pages.parts.drawing.tokens import display_text
from pages.parts.state import bound, bound_setting
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson

MAX_LISTED = 1000  # in a list; of more pairs one is chosen by its number, and of more sentences by typing it


def choose_pair(lesson: Lesson, owner: object, name: str, where=st) -> int:
    """Offers the pairs of a lesson; returns the row that is chosen, which is kept in a field; see `state.bound`."""
    last = len(lesson.pairs) - 1
    setattr(owner, name, min(getattr(owner, name), last))
    if last < MAX_LISTED:
        where.selectbox(
            text("choosing.pair"),
            range(last + 1),
            format_func=lambda n: f"[{n}] {' → '.join(map(display_text, lesson.pairs[n]))}",
            **bound(owner, name, options=range(last + 1)),
        )
    else:
        where.number_input(text("choosing.pair_number", last=last), 0, last, **bound(owner, name))
        where.text(" → ".join(map(display_text, lesson.pairs[getattr(owner, name)])))
    return getattr(owner, name)


def switch(
    label: str,
    options: Mapping[str, str],
    owner: object,
    name: str,
    where=st,
    take: Callable[[str], None] | None = None,
) -> None:
    """Offers to switch between some things, each named as it is mapped to; see `state.bound` for `name` and `take`."""
    where.segmented_control(
        label,
        list(options),
        required=True,
        format_func=options.get,
        label_visibility="collapsed",
        **bound(owner, name, take, starts="default"),
    )


def choose_section(label: str, sections: Mapping[str, str], owner: object) -> str:
    """Offers the sections of a page, of which one is open: the one that the address names, so that it can be passed on.

    Returns:
        Its name, which the owner keeps in its field "section".
    """

    def open_section(name: str) -> None:
        owner.section = st.query_params["section"] = name

    asked = (st.query_params.get("section"), owner.section, *sections)
    open_section(next(name for name in asked if name in sections))
    switch(label, sections, owner, "section", take=open_section)
    return owner.section


def switch_markers_and_mask(session: Session) -> None:
    """Offers the settings of the model that change the tensors as well."""
    if not session.shows("model_settings"):
        return
    for setting in ("markers", "mask_padding"):
        about = text(f"model.{setting}_help")
        st.toggle(text(f"model.{setting}"), help=about, **bound_setting(session, "model", setting))


def choose_sentence(
    label: str,
    sentences: Iterable[str],
    owner: object,
    name: str,
    take: Callable[[str | None], None] | None = None,
    **options,
) -> str | None:
    """Offers some sentences; returns the one that is chosen, None if none is, which is kept in a field.

    See `state.bound` for the field and `take`; `options` are those of the selectbox.
    """
    chosen = getattr(owner, name)
    listed = list(islice(sentences, MAX_LISTED))
    if chosen is not None and chosen not in listed:
        listed.append(chosen)
    options = {"format_func": display_text, "placeholder": text("choosing.choose"), **options}
    st.selectbox(label, listed, **options, **bound(owner, name, take, options=listed))
    return getattr(owner, name)


def step_through(session: Session, label: str, last: int, owner: object, name: str) -> int:
    """Offers to go back and forward, and a slider; returns the step, from 0 to the last, that a field keeps."""
    setattr(owner, name, min(getattr(owner, name), last))

    def move(by: int) -> None:
        setattr(owner, name, max(0, min(last, getattr(owner, name) + by)))

    with st.container(horizontal=True, vertical_alignment="bottom"):
        for way, by, key in (("back", -1, "Left"), ("forward", 1, "Right")):
            icon = f":material/chevron_{key.lower()}:"
            st.button(text(f"choosing.{way}"), icon=icon, shortcut=session.shortcut(key), on_click=move, args=(by,))
        if last:
            # Not `slider`, which would be another one with another last step, and begin at 0 again.
            st.select_slider(label, range(last + 1), **bound(owner, name))
    return getattr(owner, name)


def table_behind(key: str, label: str | None = None):
    """Offers the numbers behind a picture. Returns where they belong, once that is opened: nothing is made before."""
    expander = st.expander(label or text("choosing.as_table"), icon=":material/table:", on_change="rerun", key=key)
    return expander if expander.open else None
