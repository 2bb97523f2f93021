"""The form with the settings of the training."""

import streamlit as st

from pages.parts.state import bound, bound_setting, key_of
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq.limits import SETTING_RANGES

# By how much the field of each setting goes up and down.
_STEPS = {"epochs": 1, "batch_size": 1, "learning_rate": 0.001, "patience": 1, "seed": 1, "held_out": 5}
_PERCENT = {"held_out"}  # a share, but typed in percent


def form(session: Session) -> bool:
    """Shows the settings of the session; returns whether all are in range."""
    columns = dict(zip(_STEPS, st.columns(len(_STEPS)), strict=True))
    for name, column in columns.items():
        with column:
            _field(session, name)
    training, refused = session.training, [name for name in _STEPS if _is_refused(session, name)]
    if training.held_out and not len(session.lesson.held_out_rows):
        with columns["held_out"]:
            share, pairs = f"{training.held_out:.0%}", len(session.lesson.pairs)
            st.caption(text("train.held_out_none", pairs=pairs, share=share))
    for name in refused:
        least, most = _range(name)
        fault = text("train.out_of_range", name=text(f"train.{name}"), least=least, most=f"{most:,}")
        st.error(fault, icon=":material/error:")
    st.toggle(
        text("train.stop_when_right"),
        help=text("train.stop_when_right_help"),
        **bound_setting(session, "training", "stop_when_right"),
    )
    return not refused


def _field(session: Session, name: str) -> None:
    """Shows the field of a setting. What is typed and out of range stays in it until the page is left."""

    def take(typed: float | None) -> None:
        if not _is_refused(session, name):
            value = typed / 100 if name in _PERCENT else typed
            session.change_setting("training", name, value)

    def shows(value: float) -> float | None:
        if _is_refused(session, name):
            return st.session_state[key_of(session.training, name)]
        return round(100 * value) if name in _PERCENT else value

    # Without Streamlit's own limits, which refuse a number in English and only in a tooltip.
    st.number_input(
        text(f"train.{name}"),
        step=_STEPS[name],
        format="%.4f" if name == "learning_rate" else None,
        help=text(f"train.{name}_help"),
        disabled=name == "learning_rate" and session.run is not None and session.run.is_active,
        **bound(session.training, name, take, shows),
    )


def _is_refused(session: Session, name: str) -> bool:
    """Tells whether what stands in a field is nothing, or out of range; the setting is as it was then."""
    key, (least, most) = key_of(session.training, name), _range(name)
    typed = st.session_state.get(key, least)
    return typed is None or not least <= typed <= most


def _range(name: str) -> tuple[float, float]:
    """Returns the least and the most that can be typed."""
    least, most = SETTING_RANGES[name]
    return (round(100 * least), round(100 * most)) if name in _PERCENT else (least, most)
