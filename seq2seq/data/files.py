"""Files of pairs: bytes → text → rows of cells → pairs, and pairs → a file for a spreadsheet.

Another kind of file needs a function that makes a `Table` of it; what is a pair and what is wrong with it is decided
after that, the same for all kinds.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from seq2seq.data.checks import Problem, check_pairs
from seq2seq.data.pairs import Pair, to_pair
from seq2seq.limits import MAX_FILE_BYTES, MAX_PAIRS

csv.field_size_limit(MAX_FILE_BYTES)  # a longer cell than Python's 128 kB is over-long, not a fault of the file


class PairsFileError(ValueError):
    """A file of pairs cannot be read, or not all of it.

    Attributes:
        problems: what is wrong, in the order of the lines.
        pairs: the lines that are fine, for a caller who wants to go on without the rest.
    """

    def __init__(self, problems: Sequence[Problem], pairs: tuple[Pair, ...] = ()):
        shown = [str(problem) for problem in problems[:5]]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        super().__init__("\n".join(shown))
        self.problems = list(problems)
        self.pairs = pairs


class Row(NamedTuple):
    """A row of a file."""

    line: int  # where it begins, from 1
    cells: list[str]


class Table(NamedTuple):
    """What a file holds, before anything is known of sentences."""

    rows: list[Row]  # each with two cells or more
    problems: list[Problem]  # of the lines that are no rows


def read_pairs(file: str | os.PathLike | bytes) -> tuple[Pair, ...]:
    """Reads a file of pairs: tab- or comma-separated, source and target in the first two columns.

    Text is UTF-8, with or without a byte order mark, or UTF-16 with one. Blank lines and further columns are left
    out; words stay as they are written ("NA", "007"). The same pair may come twice: `check_pairs` says so.

    Args:
        file: a path, or the content of a file.

    Returns:
        The normalised pairs in the order of the file.

    Raises:
        PairsFileError: a line is wrong, or the whole file; `problems` says which and why, `pairs` has the rest.
        OSError: there is no such file, or it may not be read.
    """
    rows, problems = _read_table(_content(file))
    if len(rows) + len(problems) > MAX_PAIRS:
        problems.append(Problem("too_many_rows", {"limit": MAX_PAIRS}))
        del rows[MAX_PAIRS:]
    cells = [(row.cells[0], row.cells[1]) for row in rows]
    errors = [problem for problem in check_pairs(cells).problems if problem.is_error]
    problems.extend(replace(error, row=None, line=rows[error.row].line) for error in errors)
    left_out = {error.row for error in errors}
    pairs = tuple(to_pair(*both) for row, both in enumerate(cells) if row not in left_out)
    if problems:
        raise PairsFileError(sorted(problems, key=lambda problem: problem.line or 0), pairs)
    return pairs


def write_pairs(pairs: Iterable[tuple[Any, Any]]) -> bytes:
    """Writes pairs as comma-separated UTF-8 with a byte order mark, without which Excel garbles Hangul.

    Args:
        pairs: (source, target); they are normalised, and those with problems are written too.

    Returns:
        The content of a file that `read_pairs` reads back.

    Raises:
        UnicodeEncodeError: a text has half of a character (a lone surrogate), which no file can hold.
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows(to_pair(*pair) for pair in pairs)
    return text.getvalue().encode("utf-8-sig")


def _content(file: str | os.PathLike | bytes) -> bytes:
    if not isinstance(file, bytes):
        with open(file, "rb") as opened:
            file = opened.read(MAX_FILE_BYTES + 1)
    if len(file) > MAX_FILE_BYTES:
        raise PairsFileError([Problem("file_too_large", {"limit_mb": MAX_FILE_BYTES // 1024**2})])
    return file


# --- Text files ------------------------------------------------------------------------------------------------------


def _read_table(content: bytes) -> Table:
    """Reads a text file, by whichever delimiter it has."""
    lines = _decode(content)
    return _tab_rows(lines) if _delimiter(lines) == "\t" else _comma_rows(lines)


def _decode(content: bytes) -> io.TextIOWrapper:
    """Returns the lines. Other encodings are refused: nothing in a file tells Korean from Japanese or Russian ones."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_utf16 else "utf-8-sig"
    try:
        is_text = "\0" not in content.decode(encoding)  # it is in a workbook, an image, or UTF-16 without its mark
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise PairsFileError([Problem("not_text", line=line)]) from None
    if not is_text:
        raise PairsFileError([Problem("not_text")])
    # Line by line from here, to save memory; with newline="" the line breaks inside quotes stay as they are.
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline="")


def _delimiter(lines: io.TextIOWrapper) -> str:
    """Whichever more of the first lines have; tab if as many, since a sentence may contain a comma but no tab."""
    first = list(islice((line for line in lines if line.strip()), 20))
    lines.seek(0)
    if not first:
        raise PairsFileError([Problem("empty_file")])
    counts = {delimiter: sum(delimiter in line for line in first) for delimiter in "\t,"}
    if not any(counts.values()):
        raise PairsFileError([Problem("no_delimiter")])
    return max(counts, key=counts.get)


def _tab_rows(lines: Iterable[str]) -> Table:
    """A line is a row, whatever quotes are in it: a sentence may begin with one and must not swallow the next lines.

    So a line break inside a cell, which a spreadsheet would quote, is reported as a line with one column.
    """
    split = (Row(number, line.rstrip("\r\n").split("\t")) for number, line in enumerate(lines, 1) if line.strip())
    rows = _unquoted(list(islice(split, MAX_PAIRS + 1)))
    problems = [Problem("one_column", line=row.line) for row in rows if len(row.cells) < 2]
    return Table([row for row in rows if len(row.cells) >= 2], problems)


_QUOTED = re.compile('"(?:[^"]|"")*"')


def _unquoted(rows: list[Row]) -> list[Row]:
    """Takes off the quotes that a spreadsheet put around cells, and leaves those that somebody wrote.

    One cell alone cannot tell: "Hello, Tom." may be either. The whole file can. Spreadsheets quote every cell that
    has a quote inside, and double that; Excel also quotes every cell with a comma; some programs quote all cells.
    """
    cells = [cell for _, cells in rows for cell in cells]
    quoted = [cell for cell in cells if _QUOTED.fullmatch(cell)]
    others = [cell for cell in cells if not _QUOTED.fullmatch(cell)]
    if not quoted or any('"' in cell for cell in others):
        return rows
    doubled = any('""' in cell[1:-1] for cell in quoted)
    commas = all("," in cell for cell in quoted) and not any("," in cell for cell in others)
    if not doubled and not commas and others:
        return rows
    return [
        Row(line, [cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell for cell in cells])
        for line, cells in rows
    ]


def _comma_rows(lines: Iterable[str]) -> Table:
    """Quotes mean what they mean in CSV; every row must have as many columns as most rows have."""
    reader = csv.reader(lines, skipinitialspace=True, strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    while len(rows) + len(problems) <= MAX_PAIRS:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            problems.append(Problem("open_quote", {"last_line": reader.line_num}, line=line))
            continue
        if any(cell.strip() for cell in cells):
            rows.append(Row(line, cells))
    counts = Counter(len(cells) for _, cells in rows if len(cells) >= 2)
    expected = max(counts, key=lambda columns: (counts[columns], -columns), default=2)  # in doubt, the fewer
    for line, cells in rows:
        if len(cells) < 2:
            problems.append(Problem("one_column", line=line))
        elif len(cells) != expected:
            problems.append(Problem("other_columns", {"columns": len(cells), "expected": expected}, line=line))
    return Table([row for row in rows if len(row.cells) == expected], problems)
