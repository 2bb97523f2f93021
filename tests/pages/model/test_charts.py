"""The pictures of a cell: a pixel, or a row of a table, for each number."""

import base64
import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pages.parts.model.charts import heat_map
from pages.parts.theme import NEGATIVE, POSITIVE, ZERO


def pixels(address):
    return np.array(Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,")))))


def test_a_heat_map_has_a_pixel_for_each_number():
    low, middle, high = ([int(c[n : n + 2], 16) for n in (1, 3, 5)] for c in (NEGATIVE, ZERO, POSITIVE))
    drawn = pixels(heat_map(np.array([[-2.0, 0.0, 2.0, np.nan], [0.0, 1.0, 9.0, 0.0]]), end=2))
    assert drawn[0].tolist() == [low, middle, high, middle]
    assert drawn[1, 0].tolist() == middle
    assert drawn[1, 1].tolist() == np.round((np.array(middle) + high) / 2).astype(int).tolist()
    assert drawn[1, 2].tolist() == high


@given(st.integers(1, 400), st.integers(1, 70), st.integers(0, 99))
def test_heat_maps_of_any_size(rows, columns, seed):
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    assert pixels(heat_map(values, 1)).shape == (rows, columns, 3)
