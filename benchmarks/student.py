"""A student without a browser: what they do on which page, in words of the app, and what they see there."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import defaultdict, deque
from collections.abc import Awaitable
from typing import Any
from urllib.parse import parse_qs

import pyarrow as pa
from streamlit.proto.RootContainer_pb2 import RootContainer

from benchmarks.tab import PATIENCE, Change, Tab
from pages.parts.texts import catalogue
from seq2seq import NOTEBOOK_PAIRS, Pair

TEXTS = catalogue("en")
EPOCHS_DONE = re.compile(re.escape(TEXTS["run.epochs"]).replace(r"\{done\}", r"(\d+)").replace(r"\{epochs\}", r"\d+"))
ENDED = tuple(words for key, words in TEXTS.items() if key.startswith("train.ended_"))
THINKING = 1.0  # 0 leaves out what students think between two clicks
SAVED = TEXTS["frame.kept"].partition("{")[0]


# Each student has a character of their own, which neither the app nor anybody else's model has, three times in a row.
FIRST_CHARACTER = 0x4E00
_WRITTEN = re.compile(rb"(?:\xe4[\xb8-\xbb][\x80-\xbf]){3}")
_ESCAPED = re.compile(rb"(?:\\u4e[0-9a-f]{2})+")  # in JSON


def canaries(message: bytes) -> set[str]:
    """Returns the characters that belong to students, as far as a message has any."""
    written = "".join(each.decode() for each in _WRITTEN.findall(message))
    return {*written, *"".join(json.loads(b'"%b"' % each) for each in _ESCAPED.findall(message))}


class Student:
    """Somebody with pairs of their own in front of a tab.

    Attributes:
        took: seconds, by what was waited for.
        rows: the pairs as they ought to be.
        translations: what the page made of the sentences, once the last training had ended.
        problems: what must not happen.
    """

    def __init__(self, number: int, address: str):
        self.name = f"student {number}"
        self._own = chr(FIRST_CHARACTER + number)
        self.tab = Tab(address, self._see)
        self.took: dict[str, list[float]] = defaultdict(list)
        self.rows: list[tuple[str, str]] = [tuple(pair) for pair in NOTEBOOK_PAIRS]
        self.translations: dict[str, str] = {}
        self.summary: list[str] = []  # what the page Train said when the last training had ended
        self._before: deque[list] = deque(maxlen=20)  # fewer than Undo goes back
        self._edits, self._editor, self._cells = 0, "", {}
        self._foreign: set[str] = set()

    @property
    def workspace(self) -> str:
        """The id in the address bar."""
        return parse_qs(self.tab.query)["lesson"][0]

    @property
    def problems(self) -> list[str]:
        foreign = [f"was sent what belongs to student {ord(one) - FIRST_CHARACTER}" for one in self._foreign]
        return [f"{self.name}: {problem}" for problem in [*foreign, *self.tab.problems]]

    async def plays(self, story: Awaitable) -> None:
        """Does something; what keeps them from it is a problem."""
        try:
            await story
        except Exception as error:  # whatever it is, the others go on
            titles = [heading.body for heading in self.tab.shown("heading")]
            self.tab.problems.append(f"{type(error).__name__} on the page {titles[:1]}, {self.line!r}: {error}")

    async def thinks(self, most: float) -> None:
        await asyncio.sleep(most * THINKING * random.random())

    async def opens(self) -> None:
        self.took["first page"].append(await self.tab.open())

    async def goes_to(self, page: str, what: str = "page") -> None:
        link = self.tab.labelled("page_link", TEXTS[f"{page}.menu"])
        title = TEXTS[f"{page}.title"]
        self.took[what].append(
            await self.tab.follow(link, lambda: title in [h.body for h in self.tab.shown("heading")])
        )
        if page == "pairs" and (shown := self.shown_rows()) != self.rows:
            self.tab.problems.append(f"the table has {shown}, not {self.rows}")

    async def edits(self, row: int = 0) -> None:
        """Writes something of their own into a row of the table on the page Pairs."""
        self._edits += 1
        words = f"{self._own * 3} {self._edits}."
        table = self._table()
        self._cells[row] = {"source": f"I am {words}", "target": f"저는 {words}"}
        edited = {"edited_rows": self._cells, "added_rows": [], "deleted_rows": []}
        self._before.append(self.rows)
        self.rows = [*self.rows[:row], tuple(self._cells[row].values()), *self.rows[row + 1 :]]
        self.took["page"].append(await self.tab.act(Change(table.id, "string_value", json.dumps(edited))))

    async def undoes(self) -> None:
        if self._before:
            await self.tab.act(self._press("frame.undo"))
            self.rows = self._before.pop()

    async def trains(self, to_the_end: bool = True) -> None:
        """Trains on the page Train until the first loss, or the end."""
        began = time.perf_counter()
        await self.tab.act(self._press("train.start"))
        await self.tab.wait(self.has_a_loss)
        self.took["first loss"].append(time.perf_counter() - began)
        if to_the_end:
            await self.tab.wait(lambda: self.line.startswith(ENDED) and self.shows_button("train.resume"))
            self.took["end"].append(time.perf_counter() - began)
            await self.tab.act()  # the buttons come first, and what is below them may not have come yet
            self.summary = [words.body for words in self.tab.shown("markdown")]

    async def translates(self, sentence: str) -> str:
        """Types a sentence on the page Translate; returns the translation."""
        field = self.tab.labelled("text_input", TEXTS["translate.type"])
        typed = Change(field.id, "string_value", sentence)
        seconds = await self.tab.act(typed, until=lambda: sentence in [words.body for words in self.tab.shown("text")])
        self.took["translation"].append(seconds)
        places = {path: one.text.body for path, one in self.tab.elements.items() if one.WhichOneof("type") == "text"}
        *line, _ = next(path for path, words in places.items() if words == sentence)
        # The sentence, an arrow, and in a box of its own what the model outputs, if that is anything.
        return next((words for path, words in places.items() if path[: len(line) + 1] == (*line, 2)), "")

    async def translates_all(self) -> None:
        await self.goes_to("translate", "page Translate")
        for sentence, _ in self.rows:
            await self.thinks(1)
            self.translations[sentence] = await self.translates(sentence)

    async def saves(self) -> None:
        """Waits until the page says that all is saved."""
        async with asyncio.timeout(PATIENCE):
            while not any(words.body.startswith(SAVED) for words in self.tab.shown("markdown")):
                await self.tab.act()

    def _see(self, message: bytes) -> None:
        self._foreign |= canaries(message) - {self._own}

    def _press(self, key: str) -> Change:
        return Change(self.tab.labelled("button", TEXTS[key]).id, "trigger_value", True)

    def shows_button(self, key: str) -> bool:
        return TEXTS[key] in [button.label for button in self.tab.shown("button")]

    @property
    def line(self) -> str:
        """What the page Train says of the training in a line."""
        bars = {path: one for path, one in self.tab.elements.items() if one.WhichOneof("type") == "progress"}
        return next((bar.progress.text for (root, *_), bar in bars.items() if root == RootContainer.MAIN), "")

    def has_a_loss(self) -> bool:
        return (done := EPOCHS_DONE.search(self.line)) is not None and int(done[1]) > 0

    def shown_rows(self) -> list[tuple[str, str]]:
        table = self._table()
        frame = pa.ipc.open_stream(table.arrow_data.data).read_pandas()
        rows = list(frame[list(Pair._fields)].itertuples(index=False, name=None))
        for row, cells in self._cells.items():  # the browser draws over the rows what is changed in them
            rows[row] = tuple(cells.values())
        return rows

    def _table(self) -> Any:
        """Returns the table of pairs; another one than before has no changed cells yet."""
        table = next(table for table in self.tab.shown("dataframe") if table.id)
        if table.id != self._editor:
            self._editor, self._cells = table.id, {}
        return table
