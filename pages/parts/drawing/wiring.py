"""Boxes and arrows. On a narrow screen they stand below each other, which a drawing could not.

Only our own texts and numbers stand here: what students type never becomes HTML.
"""

import streamlit as st

from pages.parts.texts import text


def story() -> None:
    """Draws what an encoder–decoder does, with one sentence."""
    parts = (
        box("source", text("picture.encoder"), text("picture.encoder_input"), "<code>H e l l o .</code>"),
        arrow("right", "h, c"),
        box("context", text("picture.context"), text("picture.context_is")),
        arrow("right", "h, c"),
        box("target", text("picture.decoder"), text("picture.decoder_output"), "<code>안 녕 하 세 요 .</code>"),
    )
    st.html(f'<div class="flow">{"".join(parts)}</div>')


def box(role: str, title: str, *lines: str) -> str:
    """Returns a box in the colour of a role: "source", "context" or "target"."""
    return f'<div class="box {role}"><b>{title}</b>{"<br>".join(lines)}</div>'


def arrow(direction: str, *labels: str) -> str:
    """Returns an arrow, "right" or "up" (beside its first label), with labels."""
    return f'<div class="arrow {direction}">{"<br>".join(labels)}</div>'
