"""What the pictures and tables of the context vectors show, as tables of numbers."""

import numpy as np
import pandas as pd

from pages.parts.drawing.tokens import display_text
from pages.parts.texts import text
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.query import Query, kind_of
from seq2seq.limits import MAX_MAPPED

NEAREST = 5  # sentences that are named
STRIPS = ("h A", "h B", "h A−B", "c A", "c B", "c A−B")


def mapped(around: Neighbourhood) -> list[int]:
    """Returns which of the encoded sentences are on the map: as many as can be told apart, and the nearest ones."""
    return sorted({*range(min(len(around.encoded.sources), MAX_MAPPED)), *around.nearest[:NEAREST]})


def map_table(around: Neighbourhood, marked: dict[str, tuple[str, np.ndarray]]) -> pd.DataFrame:
    """Returns the points of the map, a row each, at the end "a", the typed sentence, and "b", the other one.

    Returns:
        "source"; "kind", see `query.kind_of`; "form": the same, or "a" or "b"; "x", "y"; "distance" to the sentence
        "a" over all numbers; "label": its letter, or its rank among the nearest; "side": where that stands, "beside"
        the point, or "above" or "below" it.
    """
    encoded, shown = around.encoded, mapped(around)
    sources = [*(encoded.sources[n] for n in shown), *(source for source, _ in marked.values())]
    vectors = np.stack([*encoded.vectors[shown], *(vector for _, vector in marked.values())])  # (points, 2 · hidden)
    kinds = [kind_of(encoded.lesson, source) for source in sources]
    ranks = {n: str(rank) for rank, n in enumerate(around.nearest[:NEAREST], start=1)}
    x, y = encoded.pca.project(vectors).T
    sides = ("above", "below") if y[-2] >= y[-1] else ("below", "above")  # apart, as A and B may lie close together
    return pd.DataFrame(
        {
            "source": [display_text(source) for source in sources],
            "kind": kinds,
            "form": [*kinds[: len(shown)], *marked],
            "x": x,
            "y": y,
            "distance": np.linalg.norm(vectors - marked["a"][1], axis=1),
            "label": [*(ranks.get(n, "") for n in shown), *(name.upper() for name in marked)],
            "side": ["beside"] * len(shown) + list(sides),
        }
    )


def nearest_table(query: Query, around: Neighbourhood) -> pd.DataFrame:
    """Returns the nearest sentences of the training, and further ones whose translation is what the model outputs."""
    sources, targets = around.encoded.sources, query.lesson.targets
    ranked = [(rank, n, targets[sources[n]]) for rank, n in enumerate(around.nearest, start=1)]
    return pd.DataFrame(
        {
            text("contexts.rank"): rank,
            text("contexts.sentence"): sources[n],
            text("contexts.table_says"): " / ".join(right),
            text("contexts.says"): "✓" if query.translation in right else "",
            text("contexts.distance"): f"{around.distances[n]:.3f}",
        }
        for rank, n, right in ranked
        if rank <= NEAREST or query.translation in right
    )


def strips_table(vector_a: np.ndarray, vector_b: np.ndarray) -> pd.DataFrame:
    """Returns two context vectors and their difference: "state" of `STRIPS`, "unit", "value", edges "left", "right"."""
    (h_a, c_a), (h_b, c_b) = np.split(vector_a, 2), np.split(vector_b, 2)
    values = np.stack([h_a, h_b, h_a - h_b, c_a, c_b, c_a - c_b])  # (strips, hidden)
    units = np.tile(np.arange(len(h_a)), len(STRIPS))
    table = pd.DataFrame({"state": np.repeat(STRIPS, len(h_a)), "unit": units, "value": values.ravel().astype(float)})
    return table.assign(left=units - 0.48, right=units + 0.48)
