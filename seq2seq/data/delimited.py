"""Lines of text → rows of cells: what separates them, and what quotes mean.

Python's `csv` reads them; what `csv.Sniffer` and clevercsv make of a file was tried and not kept: both take one of
` ||| ` for a `|`, know nothing of what a file says of itself in its first lines, and never say that they are in doubt.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from seq2seq.data.checks import Problem
from seq2seq.limits import MAX_COLUMNS, MAX_FILE_BYTES, MAX_PAIRS

csv.field_size_limit(MAX_FILE_BYTES)  # a longer cell than Python's 128 kB is over-long, not a fault of the file

DELIMITERS = ("\t", "|||", ",", ";", "|")  # the first two are in no sentence
_SAMPLE = 200  # lines that decide which it is
_BYTE_ORDER_MARK = "\ufeff"


class Row(NamedTuple):
    """A row of a file."""

    line: int  # where it begins, from 1
    cells: list[str]


class Table(NamedTuple):
    """What a file holds, before anything is known of sentences."""

    rows: list[Row]
    problems: list[Problem]  # of the lines that are no rows


class Preamble(NamedTuple):
    """What a file says of itself in its first lines: Excel's `sep=;`, and Anki's `#separator:tab` and others."""

    delimiter: str | None = None
    is_html: bool = False
    not_text: frozenset[int] = frozenset()  # columns of an Anki file that hold its deck, tags …; from 0
    lines: int = 0  # how many they are
    is_anki: bool = False


# --- What the first lines say ----------------------------------------------------------------------------------------

_ANKI = re.compile("#(separator|html|columns|(?:(?:tags|deck|notetype|guid)(?: column)?)):([^\t]*)", re.IGNORECASE)
_ANKI_NAMES = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " "}
_ANKI_NAMES |= {delimiter: delimiter for delimiter in _ANKI_NAMES.values()}  # it may write either


def preamble(lines: Iterable[str]) -> Preamble:
    """Reads the first lines as far as they speak of the file; a sentence that begins with # is left alone."""
    found = Preamble()
    for number, line in enumerate(line.strip(f"{_BYTE_ORDER_MARK}\r\n") for line in lines):
        if number == 0 and (excel := re.fullmatch("sep=([\t,;|:])", line, re.IGNORECASE)):
            return Preamble(excel[1], lines=1)
        if not (anki := _ANKI.fullmatch(line)):
            break
        key, value = anki[1].lower(), anki[2].strip()
        found = found._replace(lines=number + 1, is_anki=True)
        if key == "separator":
            found = found._replace(delimiter=_ANKI_NAMES.get(value.lower(), "\t"))
        elif key == "html":
            found = found._replace(is_html=value.lower() == "true")
        elif key.endswith("column") and value.isdigit():
            found = found._replace(not_text=found.not_text | {int(value) - 1})
    return found


# --- Which delimiter -------------------------------------------------------------------------------------------------


def guess_delimiter(lines: Iterable[str]) -> list[str]:
    """Finds what may separate the cells of some lines, the most probable first; empty if nothing does.

    In a table all rows have as many cells. A tab that fits as well as any is one for sure; a comma or semicolon may be
    part of the sentences, in each of them perhaps: then there are several.
    """
    sample = [line for line in islice(lines, _SAMPLE) if line.strip()]
    fits = {delimiter: _fit(sample, delimiter) for delimiter in DELIMITERS}
    best = max(fits.values())
    likely = [delimiter for delimiter, fit in fits.items() if fit and fit >= 0.9 * best]
    if likely and likely[0] in ("\t", "|||"):
        return likely[:1]
    return sorted(likely, key=lambda delimiter: -fits[delimiter])


def _fit(lines: Sequence[str], delimiter: str) -> float:
    """Returns the share of lines that have as many cells as most of them; two or more of them are not empty."""
    rows = _rows(lines, delimiter, quotes=delimiter in ",;|")
    counts = Counter(len(row.cells) for row in rows if isinstance(row, Row) and sum(map(bool, row.cells)) >= 2)
    return max(counts.values(), default=0) / max(len(lines), 1)


# --- Rows ------------------------------------------------------------------------------------------------------------


def read_rows(lines: Iterable[str], delimiter: str, first: Preamble) -> Table:
    """Reads the rows after a file's preamble.

    In a tab file a line is a row, whatever quotes are in it: a sentence may begin with one and must not swallow the
    next lines. Elsewhere, and in Anki's files, quotes mean what they mean in CSV.
    """
    has_quotes = len(delimiter) == 1 and (first.is_anki or delimiter != "\t")
    following = islice(lines, first.lines, None)
    rows, problems = [], []
    for row in _rows(following, delimiter, has_quotes, first.lines):
        if isinstance(row, Problem):
            problems.append(row)
        elif any(cell.strip() for cell in row.cells):
            rows.append(row)
        if len(rows) + len(problems) > MAX_PAIRS + 1:  # with a heading
            break
    if not has_quotes:
        return Table(_unquoted(rows), problems)
    return Table(rows, problems)


def _rows(lines: Iterable[str], delimiter: str, quotes: bool, before: int = 0) -> Iterator[Row | Problem]:
    lines = (line.removeprefix(_BYTE_ORDER_MARK) for line in lines)  # of a file, or of one that was put behind another
    if not quotes:
        for number, line in enumerate(lines, before + 1):
            cells = line.rstrip("\r\n").split(delimiter, MAX_COLUMNS)
            yield Row(number, cells if delimiter == "\t" else [cell.strip() for cell in cells])
        return
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            yield Row(line, next(reader))
        except StopIteration:
            return
        except csv.Error:
            yield Problem("open_quote", {"last_line": before + reader.line_num}, line=line)


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
