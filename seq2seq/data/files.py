"""Files of pairs: a file → what is understood of it → pairs, and pairs → a file for a spreadsheet.

Nothing is guessed in silence. `understand` says how it reads a file and what it doubts; the page Pairs shows that
before anything counts, `read_pairs` refuses a file in doubt. Another kind of file needs a function that makes a `Table`
of it; what is a pair and what is wrong with it is decided after that, the same for all kinds.
"""

from __future__ import annotations

import codecs
import html
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from seq2seq.data.checks import Problem, check_pairs
from seq2seq.data.columns import Column, describe, guess_columns, is_heading
from seq2seq.data.delimited import DELIMITERS, Preamble, Row, Table, guess_delimiter, preamble, read_rows
from seq2seq.data.encodings import cut_line, detect, lines_of
from seq2seq.data.pairs import Pair, to_pair
from seq2seq.data.tables import are_escaped, unescaped, write_table
from seq2seq.data.workbooks import is_workbook, packed, read_workbook
from seq2seq.limits import MAX_COLUMNS, MAX_FILE_BYTES, MAX_PAIRS


class PairsFileError(ValueError):
    """A file of pairs cannot be read, or not all of it, or not without a guess.

    Attributes:
        problems: what is wrong or in doubt, in the order of the lines.
        pairs: the lines that are fine, for a caller who wants to go on without the rest.
    """

    def __init__(self, problems: Sequence[Problem], pairs: tuple[Pair, ...] = ()):
        shown = [str(problem) for problem in problems[:5]]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        super().__init__("\n".join(shown))
        self.problems = list(problems)
        self.pairs = pairs


@dataclass(frozen=True)
class Reading:
    """How a file of pairs is read. What is None is found out from the file.

    Args:
        encoding: of a text file, as Python calls it.
        delimiter: between the columns of a text file.
        sheet: of a workbook.
        header: the first row names the columns and is no pair.
        source, target: columns, from 0.
        html: the cells are HTML, as in Anki's exports: their tags go, and "&amp;" becomes "&".
        escaped: an apostrophe before = + - @ was put there so that a spreadsheet runs nothing, and goes.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header: bool | None = None
    source: int | None = None
    target: int | None = None
    html: bool | None = None
    escaped: bool | None = None


class Understood(NamedTuple):
    """What is understood of a file."""

    reading: Reading  # as it was asked for, or found out
    doubts: list[Problem]  # what of it is a guess
    sheets: list[str]  # of a workbook
    headings: list[str]  # the first row, where it names the columns
    columns: list[Column]  # what they hold
    pairs: tuple[Pair, ...]  # normalised, of the rows that are fine
    problems: list[Problem]  # of the other rows, in the order of the lines
    notes: list[Problem]  # on the file


def read_pairs(
    file: str | os.PathLike | bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header: bool | None = None,
    columns: tuple[int, int] | None = None,
    html: bool | None = None,
    escaped: bool | None = None,
) -> tuple[Pair, ...]:
    """Reads a file of pairs: a text file or a workbook.

    What is not given is found out, where it is certain: UTF-8 or UTF-16; tabs or commas or another delimiter; two
    columns, or the first two where the others hold numbers or an attribution. Blank lines and further columns are left
    out; words stay as they are written ("NA", "007"). The same pair may come twice: `check_pairs` says so.

    Args:
        file: a path, or the content of a file.
        encoding, delimiter, sheet, header, html, escaped: see `Reading`.
        columns: of source and target, from 0.

    Returns:
        The normalised pairs in the order of the file.

    Raises:
        ValueError: the columns are not two, or there is no such delimiter.
        PairsFileError: a line is wrong, or the whole file, or something would have to be guessed; `problems` says what
            and which argument tells it, `pairs` has the rest.
        LookupError: Python knows no such encoding.
        OSError: there is no such file, or it may not be read.
    """
    if columns is not None and (len(set(columns)) != 2 or min(columns) < 0):
        raise ValueError(f"columns are two different numbers from 0, not {columns}")
    if delimiter is not None and len(delimiter) != 1 and delimiter not in DELIMITERS:
        raise ValueError(f"a delimiter is one character, or one of {DELIMITERS}, not {delimiter!r}")
    source, target = columns or (None, None)
    found = understand(_content(file), Reading(encoding, delimiter, sheet, header, source, target, html, escaped))
    if not found.pairs and not found.problems:
        raise PairsFileError([*found.doubts, Problem("empty_file")])  # nothing but a heading
    if found.doubts or found.problems:
        raise PairsFileError([*found.doubts, *found.problems], found.pairs)
    return found.pairs


def understand(content: bytes, asked: Reading = Reading()) -> Understood:
    """Reads a file as it is asked for, finds out the rest, and says what of that is a guess.

    Raises:
        PairsFileError: nothing of the file can be read.
        LookupError: Python knows no such encoding.
    """
    if len(content) > MAX_FILE_BYTES:
        raise PairsFileError([Problem("file_too_large", {"limit_mb": MAX_FILE_BYTES // 1024**2})])
    reading, doubts, sheets, first, table = (_from_workbook if is_workbook(content) else _from_text)(content, asked)
    rows, problems = table
    if not rows and not problems:
        raise PairsFileError([Problem("empty_file")])
    if any(len(row.cells) > MAX_COLUMNS for row in rows):
        raise PairsFileError([Problem("too_many_columns", {"limit": MAX_COLUMNS})])
    reading, rows, notes = _with_escapes(reading, rows)
    doubt_header = asked.header is None and is_heading(rows)
    reading = replace(reading, header=doubt_header if asked.header is None else asked.header)
    headings = rows.pop(0).cells if reading.header and rows else []
    if doubt_header:
        doubts.append(Problem("doubt_header", {"headings": " · ".join(headings)}))
    reading, is_doubtful = _with_html(reading, first, rows)
    if is_doubtful:
        doubts.append(Problem("doubt_html"))
    if reading.html:
        rows = [Row(line, list(map(_without_tags, cells))) for line, cells in rows]
    described = describe(rows)
    if reading.source is None or reading.target is None:
        guess = guess_columns(rows, described, first.not_text)
        source, target = guess.columns
        reading = replace(reading, source=source, target=target)
        doubts += [] if guess.is_certain else _doubts_of_columns(guess.columns, described)
    pairs, wrong = _pairs(rows, reading, len(problems))
    problems = sorted([*problems, *wrong], key=lambda problem: problem.line or 0)
    joined = content.find(b"\n" + codecs.BOM_UTF8)
    is_joined = joined >= 0 and reading.encoding is not None
    notes += [Problem("joined_files", line=content.count(b"\n", 0, joined + 1) + 1)] if is_joined else []
    return Understood(reading, doubts, sheets, headings, described, pairs, problems, notes)


def write_pairs(pairs: Iterable[tuple[Any, Any]], kind: str = "csv") -> bytes:
    """Writes pairs for a spreadsheet; see `write_table`.

    Args:
        pairs: (source, target); they are normalised, and those with problems are written too.
        kind: "csv", "tsv" or "xlsx".

    Returns:
        The content of a file that `read_pairs` reads back.

    Raises:
        UnicodeEncodeError: a text has half of a character (a lone surrogate), which no file can hold.
    """
    return write_table((to_pair(*pair) for pair in pairs), kind)


def _content(file: str | os.PathLike | bytes) -> bytes:
    if isinstance(file, bytes):
        return file
    with open(file, "rb") as opened:
        return opened.read(MAX_FILE_BYTES + 1)


# --- The two kinds of files ------------------------------------------------------------------------------------------

_Read = tuple[Reading, list[Problem], list[str], Preamble, Table]  # with doubts and sheets


def _from_workbook(content: bytes, asked: Reading) -> _Read:
    book = read_workbook(content, asked.sheet)
    if isinstance(book, Problem):
        raise PairsFileError([book])
    doubts = [Problem("doubt_sheet", {"sheet": book.sheet})] if len(book.sheets) > 1 and asked.sheet is None else []
    reading = replace(asked, sheet=book.sheet, encoding=None, delimiter=None)
    return reading, doubts, book.sheets, Preamble(), book.table


def _from_text(content: bytes, asked: Reading) -> _Read:
    doubts = []
    if problem := packed(content):
        raise PairsFileError([problem])
    encoding = asked.encoding
    if encoding is None:
        if (detected := detect(content)) is None:
            raise PairsFileError([Problem("not_text")])
        encoding = detected.name
        if not detected.is_certain:
            doubts.append(Problem("doubt_encoding", {"encoding": encoding}))
    first = preamble(lines_of(content, encoding))
    delimiter = asked.delimiter or first.delimiter
    if delimiter is None:
        likely = guess_delimiter(islice(lines_of(content, encoding), first.lines, None))
        if not likely:
            raise PairsFileError([Problem("no_delimiter" if content.strip(b"\xef\xbb\xbf\r\n\t ") else "empty_file")])
        delimiter = likely[0]
        if len(likely) > 1:
            doubts.append(Problem("doubt_delimiter", {"delimiter": delimiter, "other": likely[1]}))
    table = read_rows(lines_of(content, encoding), delimiter, first)
    if cut := cut_line(content, encoding):
        table = Table([row for row in table.rows if row.line != cut], [*table.problems, Problem("file_cut", line=cut)])
    return replace(asked, encoding=encoding, delimiter=delimiter, sheet=None), doubts, [], first, table


# --- Cells -----------------------------------------------------------------------------------------------------------

_BREAK = re.compile(r"<br\b[^<>]*>|</(?:div|p|li)>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:a|b|br|div|em|font|h[1-6]|i|img|li|ol|p|r[pt]|ruby|span|strong|su[bp]|ul?)\b[^<>]*>", re.I)
_ENTITY = re.compile("&(?:nbsp|amp|lt|gt|quot|#[0-9]+|#x[0-9a-fA-F]+);")
_SAMPLE = 1000  # rows that decide whether cells are HTML


def _with_escapes(reading: Reading, rows: list[Row]) -> tuple[Reading, list[Row], list[Problem]]:
    """Returns the reading with what it says of apostrophes found out, the rows without those, and a note on them.

    A workbook says itself that a cell is text, so there an apostrophe is one that somebody wrote.
    """
    if reading.escaped is None:
        is_escaped = reading.sheet is None and are_escaped(cell for row in rows for cell in row.cells)
        reading = replace(reading, escaped=is_escaped)
    if not reading.escaped:
        return reading, rows, []
    plain = [Row(line, list(map(unescaped, cells))) for line, cells in rows]
    lines = [row.line for row, before in zip(plain, rows, strict=True) if row != before]
    notes = [Problem("escaped_cells", {"rows": len(lines)}, line=lines[0])] if lines else []
    return reading, plain, notes


def _with_html(reading: Reading, first: Preamble, rows: Sequence[Row]) -> tuple[Reading, bool]:
    """Returns the reading with what it says of HTML found out, and whether that is a guess."""
    if reading.html is not None:
        return reading, False
    has_tags = any(_TAG.search(cell) or _ENTITY.search(cell) for row in rows[:_SAMPLE] for cell in row.cells)
    return replace(reading, html=first.is_html or has_tags), has_tags and not first.is_html


def _without_tags(cell: str) -> str:
    if "<" not in cell and "&" not in cell:
        return cell
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", cell)).replace("&nbsp;", " "))


def _doubts_of_columns(columns: tuple[int, int], described: Sequence[Column]) -> Iterable[Problem]:
    source, target = columns
    for n in range(target):
        if described[n].kind == "index" or (described[n].kind == "numbers" and n not in columns):
            yield Problem("doubt_numbers", {"column": n + 1})
    taken = {"columns": len(described), "source": source + 1, "target": target + 1}
    yield Problem("doubt_columns", taken | {"call": f"columns=({source}, {target})"})


def _pairs(rows: list[Row], reading: Reading, others: int) -> tuple[tuple[Pair, ...], list[Problem]]:
    """Returns the pairs of the rows that are fine, and the problems of the others, with their lines.

    Args:
        rows: without a heading.
        reading: which columns are the pair.
        others: lines of the file that are no rows.
    """
    problems = []
    if len(rows) + others > MAX_PAIRS:
        problems.append(Problem("too_many_rows", {"limit": MAX_PAIRS}))
        rows = rows[:MAX_PAIRS]
    counts = Counter(len(row.cells) for row in rows if len(row.cells) >= 2)
    usual = max(counts, key=lambda columns: (counts[columns], -columns), default=2)  # in doubt, the fewer
    needed, exactly = max(reading.source, reading.target) + 1, reading.delimiter not in ("\t", "|||", None)
    whole = []
    for row in rows:
        cells = len(row.cells)
        if cells < 2:
            problems.append(Problem("one_column", line=row.line))
        elif cells < needed or (exactly and cells != usual):
            problems.append(Problem("other_columns", {"columns": cells, "expected": max(usual, needed)}, line=row.line))
        else:
            whole.append(row)
    cells = [(row.cells[reading.source], row.cells[reading.target]) for row in whole]
    errors = [problem for problem in check_pairs(cells).problems if problem.is_error]
    problems += [replace(error, row=None, line=whole[error.row].line) for error in errors]
    left_out = {error.row for error in errors}
    return tuple(to_pair(*both) for n, both in enumerate(cells) if n not in left_out), problems
