"""The map: where the context vector of a sentence lies among those of the lesson."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import table_behind
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.contexts import charts
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.contexts.tables import map_table, mapped

_LEAST_MAPPED = 3  # two points lie on a line, whatever they are


def show(theme: Theme, around: Neighbourhood, marked: dict[str, tuple[str, np.ndarray]]) -> None:
    """Draws the map; `marked` are the two sentences, see `map_table`."""
    shown, everything = len(mapped(around)), len(around.encoded.lesson.targets)
    if shown < _LEAST_MAPPED:
        st.info(text("contexts.too_few", least=_LEAST_MAPPED), icon=":material/info:")
        return
    points, pca = map_table(around, marked), around.encoded.pca
    kinds = tuple(points["kind"][-2:])
    points["name"] = points["form"].map(charts.form_names(theme, kinds))
    labels = {side: points[(points["side"] == side) & (points["label"] != "")] for side in ("beside", "above", "below")}
    shares = tuple(f"{share:.0%}" for share in pca.explained_variance_ratio)
    spec = charts.context_map(theme, kinds, shares)
    draw(spec, {"points": points} | labels, key="context-map", alt=text("contexts.map_alt"))
    share, numbers = f"{pca.explained_variance_ratio.sum():.0%}", len(around.vector)
    st.caption(text("contexts.how", share=share, numbers=numbers))
    if shown < everything:
        st.caption(text("contexts.shown_of", shown=shown, all=f"{everything:,}"))
    if (behind := table_behind("map-numbers", text("contexts.table"))) is not None:
        readable = points[["source", "name", "x", "y", "distance"]].round(3)
        titles = [charts.axis_title(theme, n, share) for n, share in enumerate(shares, start=1)]
        readable.columns = [text("contexts.sentence"), text("contexts.kind"), *titles, text("contexts.distance")]
        behind.dataframe(readable, hide_index=True, width="stretch", alt=text("contexts.map_alt"))
