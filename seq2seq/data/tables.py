"""Rows → a file for a spreadsheet, in which no cell is a formula.

A spreadsheet runs what begins with one of a few characters, and so a sentence that a student wrote could ask another
computer for something. In a text file an apostrophe goes before such a cell; in a workbook each cell says that it is
text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

_FORMULA = r"[=+\-@\t\r\n＝＋－＠]"  # what a formula begins with; the wide ones in East Asian versions
_IN_DANGER = re.compile(f"'*{_FORMULA}")  # with the apostrophes before it, or "'=1" would come back as "=1"
_ESCAPED = re.compile(f"'+{_FORMULA}")
_MAX_CELL = 32_767  # characters of a cell in Excel
TEXT_FILES = {"csv": ",", "tsv": "\t"}  # the delimiter of each kind


def write_table(rows: Iterable[Sequence[Any]], kind: str) -> bytes:
    """Writes rows as a file for a spreadsheet: the same rows give the same bytes.

    Text is UTF-8 with a byte order mark, without which Excel garbles Hangul. In CSV every text stands in quotes, so
    that nothing in it can be taken for a delimiter or for what a file says of itself.

    Args:
        rows: of cells; in a text file a number stays as it is, and None is empty.
        kind: "csv", "tsv" or "xlsx".

    Raises:
        UnicodeEncodeError: a text has half of a character (a lone surrogate), which no file can hold.
    """
    if kind == "xlsx":
        return _workbook(rows)
    quoting = csv.QUOTE_NONNUMERIC if kind == "csv" else csv.QUOTE_MINIMAL  # by tabs many cut lines without quotes
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=TEXT_FILES[kind], quoting=quoting)
    writer.writerows([escaped(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def escaped(cell: str) -> str:
    """Returns a cell with an apostrophe before it, if a spreadsheet would run it."""
    return f"'{cell}" if _IN_DANGER.match(cell) else cell


def unescaped(cell: str) -> str:
    """Returns a cell without the apostrophe of `escaped`."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def are_escaped(cells: Iterable[str]) -> bool:
    """Tells whether the cells of a file went through `escaped`: some have its apostrophe, and none lacks it."""
    found = False
    for cell in cells:
        if _IN_DANGER.match(cell):
            if not cell.startswith("'"):
                return False
            found = True
    return found


def _workbook(rows: Iterable[Sequence[Any]]) -> bytes:
    from xlsxwriter import Workbook  # noqa: PLC0415 it takes a while, and few ask for it

    content = io.BytesIO()
    with Workbook(content, {"constant_memory": True}) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # it would be now
        sheet = book.add_worksheet()
        for n, row in enumerate(rows):
            for column, cell in enumerate(row):
                cell.encode()  # or half a character would be written as a "?"
                sheet.write_string(n, column, cell[:_MAX_CELL])
    return content.getvalue()
