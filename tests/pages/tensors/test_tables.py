"""One token, one sentence and the memory: what the tables and the lines of NumPy say is what stands in the tensors."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.drawing.tokens import display_token
from pages.parts.tensors import tables
from pages.parts.tensors.over_time import vocabulary_of
from pages.parts.theme import Theme
from seq2seq import NOTEBOOK_PAIRS, Lesson, Pair, vectorize
from seq2seq.state import initial_weights
from seq2seq.tensors import Tensors, dense_bytes, token_ids


def test_numpy_prints_what_the_page_says(notebook_lesson):
    for lesson in (notebook_lesson, Lesson(NOTEBOOK_PAIRS)):
        dense, weights = vectorize(lesson), initial_weights(lesson)
        names = {"np": np, **dense._asdict(), **weights}
        for tensor in Tensors._fields:
            values = getattr(dense, tensor)
            for n, t in np.ndindex(values.shape[:2]):
                lines = tables.printed(tensor, n, t, values[n, t])
                assert len(lines) == (3 if values[n, t].any() else 2)
                if tensor in tables.KERNELS:
                    kernel = weights[tables.KERNELS[tensor]]
                    line = tables.printed_product(tensor, n, t, values[n, t], kernel)
                    assert line[1] == str(bool(values[n, t].any()))
                    lines.append(line)
                assert [printed for _, printed in lines] == [str(eval(line, names)) for line, _ in lines]


@given(st.integers(1, 60), st.data())
def test_a_window_holds_its_place(size, data):
    at, most = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, 20))
    places = tables.window(size, at, most)
    assert at in places
    assert len(places) == min(size, most)
    assert set(places) <= set(range(size))


def test_a_row_in_short():
    assert tables.row_in_short(np.eye(3, dtype=np.float32)[1]) == "0 1 0"
    assert tables.row_in_short(np.eye(30, dtype=np.float32)[15]) == "… 0 0 0 0 1 0 0 0 0 …"
    assert tables.row_in_short(np.zeros(3, np.float32)) == "0 0 0"


def test_the_one_hot_table_is_the_tensor(lesson):
    for n, tensor in product(range(len(lesson.pairs)), Tensors._fields):
        ids, vocabulary = getattr(token_ids(lesson, [n]), tensor)[0], vocabulary_of(lesson, tensor)
        table = tables.one_hot_table(ids, vocabulary)
        np.testing.assert_array_equal(table, getattr(vectorize(lesson), tensor)[n])
        assert list(table.columns) == [f"{i} {display_token(token)}" for i, token in enumerate(vocabulary.tokens)]
        drawn = tables.one_hot_marks(table, 1)
        ones = table.stack()
        assert list(map(tuple, drawn["ones"][["step", "token"]].to_numpy())) == list(ones[ones == 1].index)
        assert (table.columns[drawn["ones"]["place"]] == drawn["ones"]["token"]).all()
        assert sorted([*drawn["ones"]["step"], *drawn["zeros"]["step"]]) == list(drawn["steps"]["step"])


def test_of_a_large_vocabulary_the_columns_that_are_used():
    lesson = Lesson(tuple(Pair(chr(0xAC00 + n), chr(0x4E00 + n) * 2) for n in range(100)))
    ids = token_ids(lesson, [7]).decoder_inputs[0]
    table = tables.one_hot_table(ids, lesson.target_vocabulary)
    assert [name.split()[0] for name in table.columns] == ["0", "9"]  # ⟨bos⟩ and the one character
    np.testing.assert_array_equal(table, vectorize(lesson).decoder_inputs[7][:, [0, 9]])


def test_the_product_is_the_row_that_was_picked(lesson):
    weights = initial_weights(lesson)
    for tensor, name in tables.KERNELS.items():
        vocabulary = vocabulary_of(lesson, tensor)
        for row in np.unique(getattr(vectorize(lesson), tensor)[-1], axis=0):
            table = tables.product_table(row, weights[name], vocabulary)
            numbers, x = table.drop(columns="x"), table["x"].iloc[:-1].to_numpy(float)
            np.testing.assert_array_equal(numbers.loc["x @ kernel"], x @ numbers.iloc[:-1].to_numpy())
            assert x.sum() == row.any()
            rows = [int(label.split()[0]) for label in numbers.index[:-1]]
            np.testing.assert_array_equal(numbers.iloc[:-1], weights[name][rows, : numbers.shape[1]])


def test_what_is_picked_stands_out(notebook_lesson):
    vocabulary, weights = notebook_lesson.source_vocabulary, initial_weights(notebook_lesson)
    kernel = weights["encoder_kernel"]
    for row in (np.eye(len(vocabulary))[4], np.zeros(len(vocabulary))):
        table = tables.product_table(row, kernel, vocabulary)
        cells = tables.product_cells(table, np.abs(kernel).max())
        own = cells[cells["part"] != "gap"]
        by_place = own.pivot(index="row", columns="column", values="value")
        np.testing.assert_array_equal(by_place.loc[table.index, table.columns], table)
        in_order = [
            list(dict.fromkeys(cells.sort_values(by)[of])) for by, of in (("down", "row"), ("across", "column"))
        ]
        assert in_order == [[*table.index[:-1], " ", "x @ kernel"], ["x", " ", *table.columns[1:]]]
        picked = [name for name in table.index if name.startswith("4 ") and row.any()]
        assert set(own["row"][own["counts"]]) == {*picked, "x @ kernel"}
        assert own["shade"][own["part"] == "kernel"].between(-1, 1).all()
        shown = own["written"].str.replace("−", "-").astype(float)
        np.testing.assert_allclose(shown, own["value"], atol=0.005001)


def test_the_memory_is_that_of_the_arrays(lesson):
    table = tables.memory_table(lesson)
    kept, dense = token_ids(lesson), vectorize(lesson)
    assert table["dense"][len(lesson.pairs)] == dense_bytes(lesson) == sum(array.nbytes for array in dense)
    assert table["ids"][len(lesson.pairs)] == sum(array.nbytes for array in kept)
    grown = tables.memory_table(lesson, 10, 5)
    assert (grown["dense"] == 50 * table["dense"]).all()
    assert (grown["ids"] == 10 * table["ids"]).all()


def test_the_lines_of_the_memory_run_through_this_lesson(notebook_lesson):
    table = tables.memory_table(notebook_lesson)
    drawn = tables.memory_tables(Theme(), table, table.loc[[5]])
    points = ["pairs", "kind", "bytes"]
    assert set(map(tuple, drawn["own"][points].to_numpy())) <= set(map(tuple, drawn["lines"][points].to_numpy()))
    assert [list(drawn["own"]["bytes"])] == table.loc[[5]].to_numpy().tolist()
    for written, label in zip(drawn["own"]["written"], drawn["labels"]["label"], strict=True):
        assert written in label
    # Whatever the sliders say, a label's place is under the lines.
    assert drawn["labels"]["bytes"].max() < table["ids"][10**6]


def test_ids_of_very_large_vocabularies_take_more():
    lesson = Lesson(tuple(Pair(chr(0xAC00 + n), "a") for n in range(400)))
    assert tables.memory_table(lesson)["ids"][1] == 2 * (1 + 2 + 2)
    assert tables.memory_table(lesson, larger=100)["ids"][1] == 4 + 2 * (2 + 2)  # 40,000 sources, 300 targets


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0 B"), (999, "999 B"), (999.9, "1 kB"), (19_700, "19.7 kB"), (8 * 10**9, "8 GB"), (2.5e15, "2,500 TB")],
)
def test_sizes_are_written_in_a_unit_that_suits(number, written):
    assert tables.size(number) == written
