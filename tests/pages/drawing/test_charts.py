"""What the charts of all pages share."""

import altair as alt
import pytest

from pages.parts.drawing.charts import look


@pytest.mark.parametrize("channel", [alt.Color, alt.StrokeWidth, alt.Size])
def test_each_value_looks_as_was_said(channel):
    """Vega-Lite lets widths and sizes go evenly from the first to the last, unless the scale is told otherwise."""
    scale = look(channel, "way", {"pruned": 1, "best": 5, "usual": 1.5}).to_dict()["scale"]
    assert scale == {"type": "ordinal", "domain": ["pruned", "best", "usual"], "range": [1, 5, 1.5]}
