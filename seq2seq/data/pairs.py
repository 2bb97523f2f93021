"""Sentence pairs: cleaning them, checking them, reading and writing files of them."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from seq2seq.limits import MAX_CHARACTERS, MAX_FILE_BYTES, MAX_PAIRS

csv.field_size_limit(MAX_FILE_BYTES)  # a longer cell than Python's 128 kB is over-long, not a fault of the file


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


NOTEBOOK_PAIRS: tuple[Pair, ...] = (
    Pair("Hello.", "안녕하세요."),
    Pair("How are you?", "잘 지내니?"),
    Pair("What is your name?", "너의 이름이 뭐니?"),
    Pair("I'm hungry.", "나 배고파."),
    Pair("How old are you?", "너는 몇 살이니?"),
)

# Every kind of problem and what it says. The pages translate by kind; `Problem.details` fills in the braces.
PROBLEM_MESSAGES: dict[str, str] = {
    # A row that is left out of training
    "empty_row": "there is nothing in this row; write a pair or delete the row",
    "empty_source": "the source is empty; write a sentence or delete the row",
    "empty_target": "the target is empty; write a translation or delete the row",
    "too_long": "the {side} has {length} characters and at most {limit} are allowed; shorten it or split the pair",
    "forbidden_character": "the {side} contains {character}, which no sentence can contain; delete or retype it",
    "too_many_rows": "there are more than {limit} rows; delete the rest or take a part of them",
    # A note on a row that is used
    "duplicate": "the same pair is in row {first_row}; it is used once",
    "composed": "the {side} was typed in {typed} characters; it is used in its composed form of {composed}",
    "joined_characters": "the {side} contains {characters}, which looks like one character and counts as {tokens}",
    "invisible_character": "the {side} contains {character}, which cannot be seen but counts as a character",
    # A line of a file that cannot be read
    "one_column": "there is only one column; a line needs a source, a tab or comma, and a target",
    "other_columns": "there are {columns} columns where other lines have {expected}; "
    'a text that contains a comma needs "quotes" around it',
    "open_quote": "the quote that opens here is not closed where the cell ends, so nothing up to line {last_line} can "
    'be read; put "quotes" around whole cells only, and write a quote inside a cell twice',
    # A file that cannot be read at all
    "empty_file": "the file is empty; it needs a line with a source, a tab or comma, and a target for every pair",
    "file_too_large": "the file has more than {limit_mb} MB; take a part of it",
    "no_delimiter": "there is neither a tab nor a comma between source and target; save the file from the "
    'spreadsheet as "CSV UTF-8"',
    "not_text": 'this is not a text file in UTF-8; save it from the spreadsheet as "CSV UTF-8"',
}

_NOTES = frozenset({"duplicate", "composed", "joined_characters", "invisible_character"})


@dataclass(frozen=True)
class Problem:
    """Something to say about one row, one line of a file, or a whole file.

    Args:
        kind: a key of `PROBLEM_MESSAGES`.
        details: what fills the braces of the message, ready to be shown: rows and lines count from 1. `side` is
            "source" or "target".
        row: index of the pair, from 0; None for a problem with a file.
        line: line of the file, from 1; None for a row, and for a problem with the whole file.
    """

    kind: str
    details: dict[str, Any] = field(default_factory=dict)
    row: int | None = None
    line: int | None = None

    @property
    def is_error(self) -> bool:
        """True: the row is left out of training. False: the row is used, this is a note."""
        return self.kind not in _NOTES

    def __str__(self) -> str:
        message = PROBLEM_MESSAGES[self.kind].format(**self.details)
        if self.row is not None:
            return f"row {self.row + 1}: {message}"
        return message if self.line is None else f"line {self.line}: {message}"


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


# --- Cleaning and checking -------------------------------------------------------------------------------------------


_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")


def normalise(text: str) -> str:
    """Returns the text composed (NFC), without outer white space, tabs and line breaks inside turned into one space.

    Composed, because Hangul typed on a Mac can arrive jamo by jamo: it looks the same and would be other tokens.
    Other kinds of space stay, such as the narrow one (U+202F) before a French question mark.
    """
    return _BREAKS.sub(" ", unicodedata.normalize("NFC", text).strip())


def check_pairs(pairs: Sequence[tuple[Any, Any]]) -> list[Problem]:
    """Finds everything there is to say about some pairs.

    Args:
        pairs: (source, target) as typed; a cell that is not a string counts as empty.

    Returns:
        Errors and notes in the order of the rows. A row with an error gets no notes.
    """
    cleaned = [_cleaned(pair) for pair in pairs[:MAX_PAIRS]]
    characters = _Characters.of(cleaned)
    first_rows: dict[Pair, int] = {}
    problems = []
    for row, pair in enumerate(cleaned):
        found = list(_errors(pair, characters))
        if not found:
            first_row = first_rows.setdefault(pair, row)
            if first_row < row:
                found.append(("duplicate", {"first_row": first_row + 1}))
            found.extend(_notes(pairs[row], pair, characters))
        problems.extend(Problem(kind, details, row=row) for kind, details in found)
    if len(pairs) > MAX_PAIRS:
        problems.append(Problem("too_many_rows", {"limit": MAX_PAIRS}, row=MAX_PAIRS))
    return problems


def usable_pairs(pairs: Sequence[tuple[Any, Any]]) -> tuple[Pair, ...]:
    """Returns the pairs to train on: normalised, rows with errors left out, the same pair only once."""
    left_out = {problem.row for problem in check_pairs(pairs) if problem.is_error}
    return tuple(dict.fromkeys(_cleaned(pair) for row, pair in enumerate(pairs[:MAX_PAIRS]) if row not in left_out))


def _cleaned(pair: tuple[Any, Any]) -> Pair:
    source, target = (normalise(cell) if isinstance(cell, str) else "" for cell in pair)
    return Pair(source, target)


_LOST = "\ufffd\ufffe\uffff"  # they stand where a program could not read a character
_ZERO_WIDTH_JOINER = "\u200d"
_FLAG_LETTERS = ("\U0001f1e6", "\U0001f1ff")  # two of them are drawn as one flag
_MODIFIERS = (
    ("\u1160", "\u11ff"),  # vowels and finals of old Hangul: what is left of jamo after composing
    ("\ud7b0", "\ud7ff"),
    ("\U0001f3fb", "\U0001f3ff"),  # skin tones
    ("\U000e0020", "\U000e007f"),  # the letters inside the flags of England, Scotland and Wales
)


@dataclass(frozen=True)
class _Characters:
    """The troublesome ones among the characters of some pairs.

    80,000 pairs have five million characters, but only some hundred different ones: each is judged once, and most
    pairs need no closer look.

    Args:
        forbidden: control characters, halves of characters, and what marks a character that got lost.
        invisible: they take no room on the screen.
        joining: they are drawn together with the character before or after.
        joined: finds what is drawn as one character and is several; slow, so look for `joining` first.
    """

    forbidden: frozenset[str]
    invisible: frozenset[str]
    joining: frozenset[str]
    joined: re.Pattern[str]

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> _Characters:
        alphabet = set().union(*(text for pair in pairs for text in pair))
        modifiers = {c for c in alphabet if unicodedata.category(c)[0] == "M" or _is_in(c, *_MODIFIERS)}
        joining = modifiers | {c for c in alphabet if c == _ZERO_WIDTH_JOINER or _is_in(c, _FLAG_LETTERS)}
        after_first = "|".join([f"{_ZERO_WIDTH_JOINER}.", *map(re.escape, sorted(modifiers))])
        return cls(
            forbidden=frozenset(c for c in alphabet if unicodedata.category(c) in ("Cc", "Cs") or c in _LOST),
            invisible=frozenset(c for c in alphabet if unicodedata.category(c) == "Cf") - joining,
            joining=frozenset(joining),
            joined=re.compile(f"[{'-'.join(_FLAG_LETTERS)}]{{2}}|.(?:{after_first})+"),
        )


def _is_in(character: str, *ranges: tuple[str, str]) -> bool:
    return any(first <= character <= last for first, last in ranges)


def _errors(pair: Pair, characters: _Characters) -> Iterator[tuple[str, dict[str, Any]]]:
    if not pair.source or not pair.target:
        yield ("empty_source" if pair.target else "empty_target" if pair.source else "empty_row"), {}
    for side, text in zip(Pair._fields, pair, strict=True):
        if len(text) > MAX_CHARACTERS:
            yield "too_long", {"side": side, "length": len(text), "limit": MAX_CHARACTERS}
        if character := _first_of(characters.forbidden, text):
            yield "forbidden_character", {"side": side, "character": _code_point(character)}


def _notes(typed: tuple[str, str], pair: Pair, characters: _Characters) -> Iterator[tuple[str, dict[str, Any]]]:
    for side, cell, text in zip(Pair._fields, typed, pair, strict=True):
        if not unicodedata.is_normalized("NFC", cell):
            yield "composed", {"side": side, "typed": len(cell.strip()), "composed": len(text)}
        if _first_of(characters.joining, text) and (match := characters.joined.search(text)):
            yield "joined_characters", {"side": side, "characters": match[0], "tokens": len(match[0])}
        if character := _first_of(characters.invisible, text):
            yield "invisible_character", {"side": side, "character": _code_point(character)}


def _first_of(wanted: frozenset[str], text: str) -> str | None:
    if not wanted or wanted.isdisjoint(text):
        return None
    return next(character for character in text if character in wanted)


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


# --- Files -----------------------------------------------------------------------------------------------------------

_Row = tuple[int, list[str]]  # line of the file, from 1, and its cells


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
    lines = _decode(_content(file))
    problems: list[Problem] = []
    rows = (_tab_rows if _delimiter(lines) == "\t" else _comma_rows)(lines, problems)
    if len(rows) + len(problems) > MAX_PAIRS:
        problems.append(Problem("too_many_rows", {"limit": MAX_PAIRS}))
        del rows[MAX_PAIRS:]
    numbered = [(line, _cleaned((cells[0], cells[1]))) for line, cells in rows]
    characters = _Characters.of(pair for _, pair in numbered)
    pairs = []
    for line, pair in numbered:
        if errors := list(_errors(pair, characters)):
            problems.extend(Problem(kind, details, line=line) for kind, details in errors)
        else:
            pairs.append(pair)
    if problems:
        raise PairsFileError(sorted(problems, key=lambda problem: problem.line or 0), tuple(pairs))
    return tuple(pairs)


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
    csv.writer(text).writerows(_cleaned(pair) for pair in pairs)
    return text.getvalue().encode("utf-8-sig")


def _content(file: str | os.PathLike | bytes) -> bytes:
    if not isinstance(file, bytes):
        with open(file, "rb") as opened:
            file = opened.read(MAX_FILE_BYTES + 1)
    if len(file) > MAX_FILE_BYTES:
        raise PairsFileError([Problem("file_too_large", {"limit_mb": MAX_FILE_BYTES // 1024**2})])
    return file


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


def _tab_rows(lines: Iterable[str], problems: list[Problem]) -> list[_Row]:
    """A line is a row, whatever quotes are in it: a sentence may begin with one and must not swallow the next lines.

    So a line break inside a cell, which a spreadsheet would quote, is reported as a line with one column.
    """
    split = ((number, line.rstrip("\r\n").split("\t")) for number, line in enumerate(lines, 1) if line.strip())
    rows = _unquoted(list(islice(split, MAX_PAIRS + 1)))
    problems.extend(Problem("one_column", line=line) for line, cells in rows if len(cells) < 2)
    return [(line, cells) for line, cells in rows if len(cells) >= 2]


_QUOTED = re.compile('"(?:[^"]|"")*"')


def _unquoted(rows: list[_Row]) -> list[_Row]:
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
        (line, [cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell for cell in cells])
        for line, cells in rows
    ]


def _comma_rows(lines: Iterable[str], problems: list[Problem]) -> list[_Row]:
    """Quotes mean what they mean in CSV; every row must have as many columns as most rows have."""
    reader = csv.reader(lines, skipinitialspace=True, strict=True)
    rows: list[_Row] = []
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
            rows.append((line, cells))
    counts = Counter(len(cells) for _, cells in rows if len(cells) >= 2)
    expected = max(counts, key=lambda columns: (counts[columns], -columns), default=2)  # in doubt, the fewer
    for line, cells in rows:
        if len(cells) < 2:
            problems.append(Problem("one_column", line=line))
        elif len(cells) != expected:
            problems.append(Problem("other_columns", {"columns": len(cells), "expected": expected}, line=line))
    return [(line, cells) for line, cells in rows if len(cells) == expected]
