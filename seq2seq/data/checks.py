"""What there is to say about the rows of a table of pairs, and which of them a model can be trained on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seq2seq.data.pairs import Pair, to_pair
from seq2seq.limits import MAX_CHARACTERS, MAX_PAIRS

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
    "other_space": "the {side} contains {character} ({count} times), which looks like the usual space but is not",
    # A line of a file that cannot be read
    "one_column": "there is only one column; a line needs a source, a delimiter such as a tab, and a target",
    "other_columns": "there are {columns} columns where {expected} are needed; "
    'a text that contains the delimiter needs "quotes" around it',
    "open_quote": "the quote that opens here is not closed where the cell ends, so nothing up to line {last_line} can "
    'be read; put "quotes" around whole cells only, and write a quote inside a cell twice',
    "file_cut": "the file ends here in the middle of a character; get it once more, or go on without this line",
    # A file that cannot be read at all
    "empty_file": "the file is empty; it needs a line with a source, a delimiter such as a tab, and a target a pair",
    "file_too_large": "the file has more than {limit_mb} MB; take a part of it",
    "too_many_columns": "there are more than {limit} columns; keep those that are needed",
    "no_delimiter": "no tab, comma, semicolon or | is between source and target; put the two in columns of a "
    "spreadsheet and save that",
    "not_text": "this is neither a text file nor a workbook; put the pairs in two columns of a spreadsheet",
    "archive": "this is a packed file (zip); unpack it and take the file inside: {file}",
    "archive_unreadable": "this is a packed or damaged file; unpack it, or get it once more",
    "document": "this is a document, no table; copy its table into a spreadsheet and save that",
    "workbook_unreadable": "this workbook cannot be read: it may be damaged, too large, or have a password; save it "
    'from the spreadsheet once more, or as "CSV UTF-8"',
    # A lesson file that cannot be opened, or what a server has kept
    "no_lesson_file": "this is no lesson file; it needs one that was downloaded from the page Share, unchanged",
    "lesson_cut": "the lesson file ends too soon; get it once more",
    "lesson_damaged": "the lesson is damaged, or was changed or packed by another program; get it once more",
    "lesson_later": "a later version of this app wrote the lesson; open it there, or update this app",
    "lesson_too_large": "the lesson has more than {limit_mb} MB, or too many rows or runs; delete some of its runs",
    # A link to a lesson
    "link_damaged": "the link is not whole, or was changed on the way; copy all of it once more",
    "link_too_long": "the link has more than {limit} characters; get a short one from whoever made it",
    "link_gone": "this server has no such lesson, or no longer; get another link from whoever made it",
    # What would have to be guessed
    "doubt_encoding": "nothing in the file says for sure that it is in {encoding}; if so, give encoding={encoding!r}",
    "doubt_delimiter": "both {delimiter!r} and {other!r} may separate the columns; give delimiter=",
    "doubt_header": "the first row looks like headings ({headings}); give header=True or header=False",
    "doubt_numbers": "column {column} holds only numbers",
    "doubt_columns": "of {columns} columns, {source} and {target} may be source and target; if so, give {call}",
    "doubt_html": "some cells look like HTML; give html=True to take its tags off, or html=False",
    "doubt_sheet": "there are several sheets with something in them; give sheet={sheet!r} or another",
    # A note on a file
    "joined_files": "a byte order mark stands here: two files were put together; it is left out",
    "escaped_cells": "an apostrophe before = + - or @, put there so that a spreadsheet runs nothing, is left out here "
    "and wherever one is, in {rows} rows; give escaped=False if it belongs to the text",
}

FILE_NOTES = frozenset({"joined_files", "escaped_cells"})
NOTES = FILE_NOTES | {"duplicate", "composed", "joined_characters", "invisible_character", "other_space"}


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
        return self.kind not in NOTES

    def __str__(self) -> str:
        message = PROBLEM_MESSAGES[self.kind].format(**self.details)
        if self.row is not None:
            return f"row {self.row + 1}: {message}"
        return message if self.line is None else f"line {self.line}: {message}"


class UsablePairs(tuple[Pair, ...]):
    """Pairs that were checked: normalised and without errors. A `Lesson` takes them without checking them again."""

    __slots__ = ()


class Checked(NamedTuple):
    """What `check_pairs` found."""

    usable: UsablePairs  # to train on: rows with errors left out, the same pair only once
    problems: list[Problem]  # errors and notes in the order of the rows


def check_pairs(rows: Sequence[tuple[Any, Any]]) -> Checked:
    """Finds the usable pairs among some rows, and everything there is to say about the rows.

    Args:
        rows: (source, target) as typed; a cell that is not a string counts as empty.

    Returns:
        The usable pairs and the problems. A row with an error gets no notes.
    """
    pairs = [to_pair(*row) for row in rows[:MAX_PAIRS]]
    characters = SpecialCharacters.of(pairs)
    first_rows: dict[Pair, int] = {}
    problems = []
    for row, pair in enumerate(pairs):
        found = list(errors(pair, characters))
        if not found:
            first_row = first_rows.setdefault(pair, row)
            if first_row < row:
                found.append(("duplicate", {"first_row": first_row + 1}))
            found.extend(_notes(rows[row], pair, characters))
        problems.extend(Problem(kind, details, row=row) for kind, details in found)
    if len(rows) > MAX_PAIRS:
        problems.append(Problem("too_many_rows", {"limit": MAX_PAIRS}, row=MAX_PAIRS))
    return Checked(UsablePairs(first_rows), problems)


# --- Characters ------------------------------------------------------------------------------------------------------

_LOST = "\ufffd\ufffe\uffff"  # they stand where a program could not read a character
_ZERO_WIDTH_JOINER = "\u200d"
_FLAG_LETTERS = ("\U0001f1e6", "\U0001f1ff")  # two of them are drawn as one flag
_ARABIC = "".join(c for c in map(chr, range(0x600, 0x10000)) if unicodedata.bidirectional(c) == "AL")  # letters
_VIRAMAS = "".join(c for c in map(chr, range(0x600, 0x10000)) if unicodedata.combining(c) == 9)  # "no vowel", in India
# Joiners that can be seen by what they do: between emoji, after Arabic letters, beside Indic letters without a vowel.
WORKING_JOINERS = re.compile(
    rf"(?<=[^\w\s])\u200d(?=\S)|(?<=[{_ARABIC}{_VIRAMAS}])(?:\u200d|\u200c(?=\w))|[\u200c\u200d](?=[{_VIRAMAS}])"
)
_MODIFIERS = (
    ("\u1160", "\u11ff"),  # vowels and finals of old Hangul: what is left of jamo after composing
    ("\ud7b0", "\ud7ff"),
    ("\U0001f3fb", "\U0001f3ff"),  # skin tones
    ("\U000e0020", "\U000e007f"),  # the letters inside the flags of England, Scotland and Wales
)


@dataclass(frozen=True)
class SpecialCharacters:
    """The troublesome ones among the characters of some pairs.

    80,000 pairs have five million characters, but only some hundred different ones: each is judged once, and most
    pairs need no closer look.

    Args:
        forbidden: control characters, halves of characters, and what marks a character that got lost.
        invisible: they take no room on the screen; joiners may do so, see `WORKING_JOINERS`.
        joining: they are drawn together with the character before or after.
        joined: finds what is drawn as one character and is several; slow, so look for `joining` first.
        spaces: other ones than the usual, which look much like it.
    """

    forbidden: frozenset[str]
    invisible: frozenset[str]
    joining: frozenset[str]
    joined: re.Pattern[str]
    spaces: frozenset[str]

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> SpecialCharacters:
        alphabet = set().union(*(text for pair in pairs for text in pair))
        modifiers = {c for c in alphabet if unicodedata.category(c)[0] == "M" or _is_in(c, *_MODIFIERS)}
        joining = modifiers | {c for c in alphabet if c == _ZERO_WIDTH_JOINER or _is_in(c, _FLAG_LETTERS)}
        joiner = rf"(?<!\w){_ZERO_WIDTH_JOINER}.|{_ZERO_WIDTH_JOINER}(?=[{_VIRAMAS}])"  # a letter alone it only shapes
        after_first = "|".join([joiner, *map(re.escape, sorted(modifiers))])
        return cls(
            forbidden=frozenset(c for c in alphabet if unicodedata.category(c) in ("Cc", "Cs") or c in _LOST),
            invisible=frozenset(c for c in alphabet if unicodedata.category(c) == "Cf") - modifiers,
            joining=frozenset(joining),
            joined=re.compile(f"[{'-'.join(_FLAG_LETTERS)}]{{2}}|.(?:{after_first})+"),
            spaces=frozenset(c for c in alphabet if unicodedata.category(c) == "Zs" and c != " "),
        )


def _is_in(character: str, *ranges: tuple[str, str]) -> bool:
    return any(first <= character <= last for first, last in ranges)


def errors(pair: Pair, characters: SpecialCharacters) -> Iterator[tuple[str, dict[str, Any]]]:
    if not pair.source or not pair.target:
        yield ("empty_source" if pair.target else "empty_target" if pair.source else "empty_row"), {}
    for side, text in zip(Pair._fields, pair, strict=True):
        if len(text) > MAX_CHARACTERS:
            yield "too_long", {"side": side, "length": len(text), "limit": MAX_CHARACTERS}
        if character := _first_of(characters.forbidden, text):
            yield "forbidden_character", {"side": side, "character": _code_point(character)}


def _notes(typed: tuple[str, str], pair: Pair, characters: SpecialCharacters) -> Iterator[tuple[str, dict[str, Any]]]:
    for side, cell, text in zip(Pair._fields, typed, pair, strict=True):
        length = len(cell.strip())
        if len(text) < length and not unicodedata.is_normalized("NFC", cell):
            yield "composed", {"side": side, "typed": length, "composed": len(text)}
        if _first_of(characters.joining, text) and (match := characters.joined.search(text)):
            yield "joined_characters", {"side": side, "characters": match[0], "tokens": len(match[0])}
        if character := _first_of(characters.invisible, text, WORKING_JOINERS):
            yield "invisible_character", {"side": side, "character": _code_point(character)}
        if space := _first_of(characters.spaces, text):
            yield "other_space", {"side": side, "character": _code_point(space), "count": text.count(space)}


def _first_of(wanted: frozenset[str], text: str, but_for: re.Pattern[str] | None = None) -> str | None:
    if not wanted or wanted.isdisjoint(text):
        return None
    text = but_for.sub("", text) if but_for else text
    return next((character for character in text if character in wanted), None)


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"
