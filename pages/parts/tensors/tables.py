"""One token, one sentence and the memory of all, as tables and in words, which the tests compare with `vectorize`."""

import numpy as np
import pandas as pd

from pages.parts.drawing.tokens import display_token
from pages.parts.theme import DARK_VIOLET, Theme
from seq2seq import Lesson
from seq2seq.tensors import dense_shapes, id_type, one_hot
from seq2seq.vocabulary import PAD_ID, Vocabulary

KERNELS = {"encoder_inputs": "encoder_kernel", "decoder_inputs": "decoder_kernel"}  # what a tensor is multiplied with
LAPTOP = 8 * 10**9  # bytes
_MAX_COLUMNS = 80  # of a vocabulary that can be told apart
_KERNEL_ROWS, _KERNEL_COLUMNS = 7, 7  # that are drawn with their numbers
_PRODUCT = "x @ kernel"


def printed(tensor: str, n: int, t: int, row: np.ndarray) -> list[tuple[str, str]]:
    """Returns lines of NumPy that look at step t of pair n, whose one-hot row is (tokens,), and what each prints."""
    here, token_id = f"{tensor}[{n}, {t}]", row.argmax()
    lines = [(f"{here}.sum()", row.sum()), (f"{here}.argmax()", token_id)]
    if row.any():
        lines.insert(0, (f"{tensor}[{n}, {t}, {token_id}]", row[token_id]))
    return [(line, str(value)) for line, value in lines]


def printed_product(tensor: str, n: int, t: int, row: np.ndarray, kernel: np.ndarray) -> tuple[str, str]:
    """Returns the line that compares the product of such a row and a kernel, (tokens, 4 · hidden), with its row."""
    product, name = f"{tensor}[{n}, {t}] @ {KERNELS[tensor]}", KERNELS[tensor]
    if not row.any():
        return f"np.any({product})", str(np.any(row @ kernel))
    return f"np.array_equal({product}, {name}[{row.argmax()}])", str(np.array_equal(row @ kernel, kernel[row.argmax()]))


def window(size: int, at: int, most: int) -> range:
    """Returns at most so many neighbouring places of a row, with one of them as near to the middle as can be."""
    first = max(0, min(at - most // 2, size - most))
    return range(first, min(size, first + most))


def row_in_short(row: np.ndarray) -> str:
    """Writes a one-hot row: its numbers around the 1."""
    places = window(len(row), int(row.argmax()), 9)
    numbers = [f"{row[place]:g}" for place in places]
    return " ".join(["…"] * (places[0] > 0) + numbers + ["…"] * (places[-1] < len(row) - 1))


def one_hot_table(ids: np.ndarray, vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns the ids of a sentence, (time,), one-hot: a row for each time step, a column "id token" for each token.

    Of a large vocabulary only the columns that this sentence uses can be told apart, so only they are returned.
    """
    columns = range(len(vocabulary))
    if len(vocabulary) > _MAX_COLUMNS:
        columns = sorted(set(ids.tolist()) - {PAD_ID})
    names = [f"{token_id} {display_token(vocabulary.tokens[token_id])}" for token_id in columns]
    return pd.DataFrame(one_hot(ids, len(vocabulary))[:, list(columns)].astype(int), columns=names)


def one_hot_marks(table: pd.DataFrame, step: int) -> dict[str, pd.DataFrame]:
    """Returns what is drawn of an `one_hot_table`: its rows and columns, ones, rows of zeros, and the row at `step`."""
    steps, places = np.nonzero(table.to_numpy())
    return {
        "steps": pd.DataFrame({"step": range(len(table))}),
        "tokens": pd.DataFrame({"token": table.columns, "place": range(table.shape[1])}),
        "zeros": pd.DataFrame({"step": np.flatnonzero(~table.to_numpy().any(axis=1))}),
        "ones": pd.DataFrame({"step": steps, "token": table.columns[places], "place": places}),
        "now": pd.DataFrame({"step": [step]}),
    }


def product_table(row: np.ndarray, kernel: np.ndarray, vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns a window of a one-hot row, the kernel it is multiplied with, and their product as the last row.

    Args:
        row: x: (tokens,).
        kernel: (tokens, 4 · hidden).
        vocabulary: its tokens name the rows "id token" of the kernel; the columns are "x" and the kernel's numbers.
    """
    rows = window(len(row), int(row.argmax()), _KERNEL_ROWS)
    columns = range(min(_KERNEL_COLUMNS, kernel.shape[1]))
    names = [f"{token_id} {display_token(vocabulary.tokens[token_id])}" for token_id in rows]
    table = pd.DataFrame(kernel[rows.start : rows.stop, : len(columns)], index=names, columns=map(str, columns))
    table.loc[_PRODUCT] = (row @ kernel)[: len(columns)]
    table.insert(0, "x", [*row[rows.start : rows.stop], np.nan])
    return table


def product_cells(table: pd.DataFrame, largest: float) -> pd.DataFrame:
    """Returns the cells of a product as they are drawn, with a gap after x and one before the product.

    Returns:
        Columns "row" and "column" with their places, "down" and "across"; "value"; "part" ("x", "kernel", "gap");
        "counts", which is whether it is multiplied by 1; "shade" from -1 to 1, of the largest; "written" and its "ink".
    """
    numbers = table.to_dict()  # column → row → number
    is_multiplied = {row: x > 0 for row, x in numbers["x"].items()} | {_PRODUCT: True}
    cells = []
    for across, column in enumerate(["x", " ", *table.columns[1:]]):
        for down, row in enumerate([*table.index[:-1], " ", _PRODUCT]):
            value, counts = numbers.get(column, {}).get(row, np.nan), is_multiplied.get(row, False)
            part, shade = "gap" if np.isnan(value) else "x" if column == "x" else "kernel", value / largest
            digits = f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
            cells.append(
                {"row": row, "column": column, "value": value, "down": down, "across": across}
                | {"part": part, "counts": counts, "shade": shade}
                | {"written": {"gap": "", "x": f"{value:.0f}"}.get(part, digits)}
                | {"ink": "ink" if part == "x" or not counts else "white" if shade < DARK_VIOLET else "black"}
            )
    return pd.DataFrame(cells)


def memory_table(lesson: Lesson, longer: int = 1, larger: int = 1) -> pd.DataFrame:
    """Returns the bytes of the three tensors, one-hot ("dense") and as ids ("ids"), for 1 to a million pairs.

    The lesson's own number of pairs is among the rows. Its sentences are taken so many times as long as they are, and
    its vocabularies so many times as large.
    """
    shapes = [(steps * longer, tokens * larger) for _, steps, tokens in dense_shapes(lesson)]
    dense = 4 * sum(steps * tokens for steps, tokens in shapes)
    ids = sum(steps * np.dtype(id_type(tokens)).itemsize for steps, tokens in shapes)
    pairs = sorted({*(10**power for power in range(7)), len(lesson.pairs)})
    return pd.DataFrame({"dense": [n * dense for n in pairs], "ids": [n * ids for n in pairs]}, index=pairs)


def memory_tables(theme: Theme, table: pd.DataFrame, own: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Returns what is drawn of a `memory_table`: both lines, points for this lesson's own row, labels, the limit."""
    names = {"dense": theme.text("tensors.dense"), "ids": theme.text("tensors.as_ids")}
    lines, points = (
        part.rename_axis("pairs").reset_index().melt("pairs", var_name="kind", value_name="bytes")
        for part in (table, own)
    )
    lines, points = (
        part.assign(name=part["kind"].map(names), written=part["bytes"].map(size)) for part in (lines, points)
    )
    words = [  # not by colour alone: the lines' patterns as well
        f"● {pattern} {name} · {theme.text('tensors.this_lesson', size=written)}"
        for pattern, name, written in zip("━╌", points["name"], points["written"], strict=True)
    ]
    return {
        "lines": lines,
        "own": points,
        "labels": pd.DataFrame({"pairs": 10**6, "bytes": [20_000, 150], "label": words}),  # no line ever comes there
        "limit": pd.DataFrame({"bytes": [LAPTOP], "label": [theme.text("tensors.laptop", size=size(LAPTOP))]}),
    }


def size(number_of_bytes: float) -> str:
    """Writes a size in the unit that suits it."""
    for unit in ("B", "kB", "MB", "GB"):
        if number_of_bytes < 999.5:
            return f"{number_of_bytes:.3g} {unit}"
        number_of_bytes /= 1000
    return f"{number_of_bytes:,.0f} TB" if number_of_bytes >= 100 else f"{number_of_bytes:.3g} TB"
