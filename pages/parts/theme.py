"""How things look on every page: colours, faces and the size of type.

One visual language: source blue, context purple, target orange, right green, wrong vermilion, padding grey with zeros
in it (its one-hot row). The colours are Okabe and Ito's, which colour-blind people can tell apart. What students typed
appears as chart data, never as markup.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import streamlit as st

from pages.parts.texts import catalogue, language

SOURCE, CONTEXT, TARGET, RIGHT, WRONG, PADDING = "#0072B2", "#CC79A7", "#E69F00", "#009E73", "#D55E00", "#9A9A9A"
LIGHT_SOURCE = "#56B4E9"  # of an encoder's second LSTM
RUNS = [WRONG, SOURCE, RIGHT, CONTEXT, TARGET, LIGHT_SOURCE, "#F0E442", "#999999"]  # compared, the current one first
FAINT = "#808080"  # of what was considered and not taken
NEGATIVE, ZERO, POSITIVE = "#5E3C99", "#F4F4F4", "#E66101"  # of states; told apart by colour-blind people too
DARK_VIOLET = -0.75  # of −1…1: what is below bears white letters, all else black ones
OPEN_GATE = "#00204C"  # a gate goes from `ZERO`, closed, to this
MONOSPACE = st.get_option("theme.codeFont")  # said once, in .streamlit/config.toml, for code as well as for tokens
LARGE, LARGE_TYPE = 1.3, 1.2  # times the usual size, for the projector: pictures, and the words around them


@dataclass(frozen=True)
class Theme:
    """What decides how a picture looks, apart from its data. Pictures get it passed and ask no session."""

    language: str = "en"
    size: float = 1.0  # how many times as large as usual type is
    is_dark: bool = False  # light letters on a dark ground

    @classmethod
    def current(cls, is_large: bool) -> Self:
        """Returns the theme of the student whose page this is."""
        return cls(language(), LARGE if is_large else 1.0, st.context.theme.type == "dark")

    @property
    def ink(self) -> str:
        """The colour of texts."""
        return "#FAFAFA" if self.is_dark else "#31333F"

    @property
    def ground(self) -> str:
        """What they are written on."""
        return "#0E1117" if self.is_dark else "#FFFFFF"

    def text(self, key: str, **values: object) -> str:
        """Returns a text of the catalogue with its braces filled in."""
        return catalogue(self.language)[key].format(**values)


@cache
def style_sheet(theme: Theme, **labels: str) -> str:
    """Returns the style sheets, with colours, faces and the size of type as variables: also the stepper's.

    Args:
        theme: of the page.
        labels: texts of buttons that Streamlit has in English only.
    """
    quoted = {name.replace("_", "-"): json.dumps(label, ensure_ascii=False) for name, label in labels.items()}
    files = ["streamlit.css", "style.css", *["large.css"] * (theme.size > 1)]
    rules = [(Path(__file__).parent / "styles" / file).read_text("utf-8") for file in files]
    return f"<style>:root {{ {_declared(_variables(theme) | quoted)} }}\n{''.join(rules)}</style>"


def variables_alone(theme: Theme) -> str:
    """Returns the variables of the style sheets where there is no Streamlit, with those that are its own."""
    values = _variables(theme)
    raised, border = ("#262730", "#4A4B50") if theme.is_dark else ("#F0F2F6", "#D5D6D8")
    colours = {"text": theme.ink, "background": theme.ground, "secondary-background": raised, "border": border}
    colours = {f"st-{name}-color": colour for name, colour in (colours | {"primary": values["focus"]}).items()}
    return _declared(values | colours | {"st-font": st.get_option("theme.font")})


def _variables(theme: Theme) -> dict[str, str]:
    values = {"source": SOURCE, "context": CONTEXT, "target": TARGET}
    values |= {"right": RIGHT, "wrong": WRONG, "padding": PADDING}
    values |= {"mono": MONOSPACE, "type-size": f"{LARGE_TYPE if theme.size > 1 else 1:.0%}"}
    values |= {"on-primary": "black" if theme.is_dark else "white"}  # white on the dark theme's light blue is 2.3:1
    return values | {"focus": st.get_option(f"theme.{'dark' if theme.is_dark else 'light'}.primaryColor")}


def _declared(values: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def end_of_scale(largest: float) -> float:
    """Returns the end of a symmetric scale that is as good for many pictures: 1, 2, 5, 10, 20, 50 …; 1 for NaN."""
    ends = (end for power in range(10) for end in (10**power, 2 * 10**power, 5 * 10**power))
    return next((end for end in ends if end >= largest), 1)
