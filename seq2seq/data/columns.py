"""Which columns of a table are source and target, what the others hold, and whether the first row is a heading."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from seq2seq.data.delimited import Row

_SAMPLE = 1000  # rows that decide what a column holds
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")
# What stands above columns of pairs; also the usual names of languages.
_HEADINGS = frozenset(
    """
    source src target tgt trg input output question answer q a front back text text1 text2 sentence sentence1 sentence2
    translation original english korean french german spanish japanese chinese hindi arabic russian persian italian
    portuguese vietnamese thai turkish bengali en ko kr fr de es ja zh hi ar ru fa it pt vi th tr bn eng kor fra deu spa
    jpn cmn hin ara rus fas ita por id no number index label category tag tags date word meaning term definition
    원문 번역 번역문 원본 입력 출력 질문 답변 답 문장 영어 한국어 국어 단어 뜻 의미 번호 라벨 한글 영문 대분류 소분류
    """.split()  # noqa: SIM905 a list would take a hundred lines
)


class Column(NamedTuple):
    """What a column holds."""

    kind: str  # "text"; "numbers"; "index": 1, 2, 3 …; "alike": much the same in all rows; "few": mostly nothing
    example: str  # its first cell that is not empty


class Guess(NamedTuple):
    """Which columns are the pair."""

    columns: tuple[int, int]
    is_certain: bool


def is_heading(rows: Sequence[Row]) -> bool:
    """Tells whether the first row seems to name the columns: by words that are used for it, or above numbers."""
    if len(rows) < 2:
        return False
    first, others = rows[0].cells, rows[1:_SAMPLE]
    names = [cell.strip().casefold() for cell in first if cell.strip()]
    if len(names) >= 2 and len(set(names)) == len(names) and _HEADINGS.issuperset(names):
        return True
    above = [cell for n, cell in enumerate(first) if _kind(others, n) in ("numbers", "index")]
    return len(names) > 2 and not _HEADINGS.isdisjoint(names) and any(not _NUMBER.fullmatch(cell) for cell in above)


def describe(rows: Sequence[Row]) -> list[Column]:
    """Returns what each column holds."""
    rows = rows[:_SAMPLE]
    width = max((len(row.cells) for row in rows), default=0)
    return [Column(_kind(rows, n), next(iter(_filled(rows, n)), "")) for n in range(width)]


def guess_columns(rows: Sequence[Row], columns: Sequence[Column], not_text: Collection[int]) -> Guess:
    """Finds source and target: the two columns of sentences.

    Args:
        rows: without a heading.
        columns: what they hold.
        not_text: columns of which the file itself says that they hold something else.
    """
    possible = [n for n in range(len(columns)) if n not in not_text]
    texts = [n for n in possible if columns[n].kind == "text"]
    if len(possible) < 2:
        return Guess((0, 1), True)  # no row has a pair, which is what there is to say
    if len(possible) == 2 or texts == possible[:2]:
        return Guess((possible[0], possible[1]), columns[possible[0]].kind != "index")
    if len(texts) < 2:
        return Guess((possible[0], possible[1]), False)
    longest = sorted(texts, key=lambda n: -sum(map(len, _filled(rows[:_SAMPLE], n))))[:2]
    return Guess((min(longest), max(longest)), False)


def _filled(rows: Sequence[Row], column: int) -> list[str]:
    cells = (row.cells[column].strip() for row in rows if column < len(row.cells))
    return [cell for cell in cells if cell]


def _kind(rows: Sequence[Row], column: int) -> str:
    filled = _filled(rows, column)
    if 2 * len(filled) <= len(rows):
        return "few"
    if all(map(_NUMBER.fullmatch, filled)):
        return "index" if len(filled) > 2 and _counts(filled) else "numbers"
    is_same = len(filled) > 1 and (len(set(filled)) == 1 or len({cell[:6] for cell in filled}) == 1)
    is_label = len(filled) >= 20 and 10 * len(set(filled)) <= len(filled)
    is_licence = all("CC-BY" in cell or "CC BY" in cell for cell in filled)  # Tatoeba's, in the public files
    return "alike" if is_same or is_label or is_licence else "text"


def _counts(numbers: Sequence[str]) -> bool:
    """Tells whether some numbers are an index: each is one more than the one before."""
    return all(before.isdigit() and now == str(int(before) + 1) for before, now in pairwise(numbers))
