"""A class at once: `python -m benchmarks.load [students ...] [--minutes 5]`.

Each student is a tab without a browser (tab.py) with pairs of their own: all open the app within a second, edit, change
pages, press Train together, watch, translate and look at Share; how long they wait is printed as a table. Then one
begins twenty trainings while another wants to train as well, and a class does this and that for some minutes. In the
end the database is opened: every edit must be there, and every training must be, to the last bit, what the same lesson
is that was trained alone. Nobody may ever be sent a text of somebody else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import numpy as np
import psutil
import pyarrow as pa
from streamlit.proto.RootContainer_pb2 import RootContainer

from benchmarks.measure import Side, amount, machine
from benchmarks.server import Server
from benchmarks.tab import PATIENCE, Change, Tab
from pages.parts.texts import catalogue
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import Sessions
from seq2seq import NOTEBOOK_PAIRS, Pair, TrainingState, Translator
from seq2seq.classroom.engine import SLICE_SECONDS
from seq2seq.classroom.stopping import stop_reason

TEXTS = catalogue("en")
EPOCHS_DONE = re.compile(re.escape(TEXTS["run.epochs"]).replace(r"\{done\}", r"(\d+)").replace(r"\{epochs\}", r"\d+"))
ENDED = tuple(words for key, words in TEXTS.items() if key.startswith("train.ended_"))
SAVED = TEXTS["frame.kept"].partition("{")[0]
AT_ONCE = 20  # trainings of one student
THINKING = 1.0  # 0 leaves out what students think between two clicks

# Each student has a character of their own, which neither the app nor anybody else's model has, three times in a row.
FIRST_CHARACTER = 0x4E00
_WRITTEN = re.compile(rb"(?:\xe4[\xb8-\xbb][\x80-\xbf]){3}")
_ESCAPED = re.compile(rb"(?:\\u4e[0-9a-f]{2})+")  # in JSON


def canaries(message: bytes) -> set[str]:
    """Returns the characters that belong to students, as far as a message has any."""
    written = "".join(each.decode() for each in _WRITTEN.findall(message))
    return {*written, *"".join(json.loads(b'"%b"' % each) for each in _ESCAPED.findall(message))}


# --- A student -------------------------------------------------------------------------------------------------------


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
            self.tab.problems.append(f"{type(error).__name__} on the page {titles[:1]}, {self._line!r}: {error}")

    async def opens(self) -> None:
        self.took["first page"].append(await self.tab.open())

    async def goes_to(self, page: str, what: str = "page") -> None:
        link = self.tab.labelled("page_link", TEXTS[f"{page}.menu"])
        title = TEXTS[f"{page}.title"]
        self.took[what].append(
            await self.tab.follow(link, lambda: title in [h.body for h in self.tab.shown("heading")])
        )
        if page == "pairs" and (shown := self._shown_rows()) != self.rows:
            self.tab.problems.append(f"the table has {shown}, not {self.rows}")

    async def edits(self, row: int = 0) -> None:
        """Writes something of their own into a row of the table on the page Pairs."""
        self._edits += 1
        words = f"{self._own * 3} {self._edits}."
        table = self._table()
        self._cells[row] = {"source": f"I am {words}", "target": f"저는 {words}"}
        edited = {"edited_rows": self._cells, "added_rows": [], "deleted_rows": []}
        self.took["page"].append(await self.tab.act(Change(table.id, "string_value", json.dumps(edited))))
        self._before.append(self.rows)
        self.rows = [*self.rows[:row], tuple(self._cells[row].values()), *self.rows[row + 1 :]]

    async def undoes(self) -> None:
        if self._before:
            await self.tab.act(self._press("frame.undo"))
            self.rows = self._before.pop()

    async def trains(self, to_the_end: bool = True) -> None:
        """Trains on the page Train until the first loss, or the end."""
        began = time.perf_counter()
        await self.tab.act(self._press("train.start"))
        await self.tab.wait(self._has_a_loss)
        self.took["first loss"].append(time.perf_counter() - began)
        if to_the_end:
            await self.tab.wait(lambda: self._line.startswith(ENDED) and self._shows_button("train.resume"))
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
            await _think(1)
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

    def _shows_button(self, key: str) -> bool:
        return TEXTS[key] in [button.label for button in self.tab.shown("button")]

    @property
    def _line(self) -> str:
        """What the page Train says of the training in a line."""
        bars = {path: one for path, one in self.tab.elements.items() if one.WhichOneof("type") == "progress"}
        return next((bar.progress.text for (root, *_), bar in bars.items() if root == RootContainer.MAIN), "")

    def _has_a_loss(self) -> bool:
        return (done := EPOCHS_DONE.search(self._line)) is not None and int(done[1]) > 0

    def _shown_rows(self) -> list[tuple[str, str]]:
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


# --- What a class does -----------------------------------------------------------------------------------------------


async def _think(most: float) -> None:
    await asyncio.sleep(most * THINKING * random.random())


async def together(students: Sequence[Student], *stories: Awaitable) -> None:
    """Lets each student play a story, all at once."""
    await asyncio.gather(*(student.plays(story) for student, story in zip(students, stories, strict=True)))


async def lesson(students: Sequence[Student]) -> list[float]:
    """A class has a lesson; returns how long the redraws took while all trained."""

    async def opens(student):
        await _think(1)
        await student.opens()

    async def edits_and_looks(student):
        await _think(5)
        await student.goes_to("pairs")
        await student.edits()
        for page in ("tensors", "model", "train"):
            await _think(2)
            await student.goes_to(page)
        student.tab.redraws.clear()

    async def translates_and_shares(student):
        await student.translates_all()
        await student.goes_to("share", "page Share")
        await student.saves()

    await together(students, *map(opens, students))
    await together(students, *map(edits_and_looks, students))
    await together(students, *(student.trains() for student in students))
    redraws = [seconds for student in students for seconds in student.tab.redraws]
    await together(students, *map(translates_and_shares, students))
    return redraws


async def this_and_that(students: Sequence[Student], seconds: float) -> list[float]:
    """A class does this and that for a while, and then trains once more, each to the end; returns as `lesson`."""

    async def edits(student, rng):
        await student.goes_to("pairs")
        for _ in range(rng.randrange(1, 3)):
            await student.edits(rng.randrange(len(student.rows)))

    async def looks(student, rng):
        await student.goes_to(rng.choice(["start", "tensors", "model", "share", "train"]))

    async def trains(student, rng):
        await student.goes_to("train")
        await student.trains(to_the_end=rng.random() < 0.3)

    async def translates(student, rng):
        await student.goes_to("translate")
        if student.took["first loss"]:
            await student.translates(rng.choice(student.rows)[0])

    async def undoes(student, rng):
        await student.undoes()

    async def lives(student, rng):
        await student.opens()
        while time.monotonic() < until:
            await rng.choice([edits, looks, trains, translates, undoes])(student, rng)
            await _think(3)
        await student.goes_to("pairs")
        await student.goes_to("train")
        await student.trains()
        await student.translates_all()
        await student.saves()

    until = time.monotonic() + seconds
    await together(students, *(lives(student, random.Random(n)) for n, student in enumerate(students)))
    return [seconds for student in students for seconds in student.tab.redraws]


async def many_at_once(students: Sequence[Student]) -> list[float]:
    """Somebody trains in many tabs at once, and another one, the last, wants to train as well; returns as `lesson`."""
    *busy, other = students

    async def comes(student):
        await student.opens()
        await student.goes_to("train")

    async def trains(student):
        await student.trains()
        await student.saves()

    async def comes_later():
        await asyncio.sleep(SLICE_SECONDS)
        await trains(other)

    await together(students, *map(comes, students))
    await together([other], other.trains())  # alone
    await together(students, *map(trains, busy), comes_later())
    return other.tab.redraws


# --- What has to be true ---------------------------------------------------------------------------------------------


class Alone:
    """Opens what students kept, and trains the same lessons alone; a side of a comparison, see measure.py.

    Args:
        url: of the database.
    """

    def __init__(self, url: str):
        self._sessions = Sessions(url)

    def train(self, workspaces: Sequence[str]) -> dict[str, dict | None]:
        """Returns what is there of each workspace, and what should be; None where there is nothing."""
        found = {workspace: self._sessions.find(workspace) for workspace in workspaces}
        return {workspace: session and _compared(session) for workspace, session in found.items()}


def _compared(session: Session) -> dict:
    from seq2seq.training import advance  # noqa: PLC0415  (it loads TensorFlow)

    found = {"rows": session.rows, "unlike": [], "unfinished": ["nothing was trained"], "best": "", "translations": {}}
    for named in session.runs:
        run, there = named.run, named.run.state
        if not there.step:
            continue
        there = advance(there, epochs=1) if there.batch else there  # to the end of the epoch in which it was paused
        alone = advance(TrainingState.new(there.lesson), epochs=there.epoch)
        is_same = all(np.array_equal(alone.weights[name], there.weights[name]) for name in alone.weights)
        if not is_same or alone.history != there.history:
            found["unlike"].append(named.name)
        if run is session.run:  # which was trained to the end
            rule = stop_reason(alone.history, there.lesson.training)
            is_finished = run.status == "finished" and run.stop_reason == rule
            found["unfinished"] = [] if is_finished else [f"{named.name} is {run.status} after {there.epoch} epochs"]
            best = min(alone.history, key=lambda record: record["loss"])
            found["best"] = TEXTS["train.best_epoch"].format(epoch=best["epoch"], loss=f"{best['loss']:.4f}")
            translator = Translator(alone)
            found["translations"] = {pair.source: translator.translate(pair.source) for pair in there.lesson.pairs}
    return found


def judge(student: Student, found: dict | None) -> list[str]:
    """Returns what is wrong with what one student was shown, or with what is kept; see `Alone`."""
    if found is None:
        return [f"{student.name}: nothing of {student.workspace} is kept"]
    wrong = [f"the same lesson, trained alone, is another: {name}" for name in found["unlike"]] + found["unfinished"]
    if (kept := [tuple(row) for row in found["rows"]]) != student.rows:
        wrong.append(f"kept are {kept}, not {student.rows}")
    for sentence, translation in student.translations.items():
        if found["translations"].get(sentence) != translation:
            wrong.append(f"{sentence!r} was {translation!r}, alone {found['translations'].get(sentence)!r}")
    if not any(found["best"] in words for words in student.summary):
        wrong.append(f"{found['best']!r} was not shown")
    return [*student.problems, *(f"{student.name}: {each}" for each in wrong)]


def trained_alone(url: str, workspaces: Sequence[str]) -> tuple[float, dict[str, dict | None]]:
    """Trains what is kept once more, in a process for each core; returns how long the last one took, and `Alone`'s."""
    with ExitStack() as stack:
        cores = range(os.cpu_count())
        sides = [stack.enter_context(Side("load:Alone", like="worker", url=url)) for _ in cores]
        with ThreadPoolExecutor(len(sides)) as pool:
            turns = list(pool.map(lambda n: sides[n].call("train", workspaces=workspaces[n :: len(sides)]), cores))
    return max(turn.seconds for turn in turns), {id: found for turn in turns for id, found in turn.result.items()}


# --- The app, and the table ------------------------------------------------------------------------------------------


class Measured(NamedTuple):
    """What a class of some size waited for."""

    students: int
    took: dict[str, list[float]]  # seconds
    alone: float  # seconds that the same trainings take without the app
    web_bytes: int
    problems: list[str]


def measured(students: int, play) -> Measured:
    """Starts the app, lets a class play, and judges.

    Args:
        students: how many.
        play: takes them; what it returns are redraws.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lab.db"
        server = Server(Path(folder), SEQ2SEQ_DATABASE_URL=url)
        try:
            address = server.start()
            class_ = [Student(n, address) for n in range(students)]
            redraws, web_bytes = asyncio.run(_played(class_, play, address, server.process.pid))
            server.process.terminate()
            server.process.wait(60)
        finally:
            server.kill()
        log = [f"the log: {line}" for line in server.log.read_text().splitlines() if re.search(_TROUBLE, line)]
        opened = [student for student in class_ if "lesson" in student.tab.query]
        alone, found = trained_alone(url, [student.workspace for student in opened])
    took = defaultdict(list, redraw=redraws)
    for student in class_:
        for what, seconds in student.took.items():
            took[what] += seconds
    wrong = [problem for student in opened for problem in judge(student, found[student.workspace])]
    wrong += [problem for student in class_ if student not in opened for problem in student.problems]
    return Measured(students, took, alone, web_bytes, wrong + log)


_TROUBLE = r"^(?![IWE]\d{4} ).*(Traceback|ERROR|CRITICAL)"  # but TensorFlow's own, of graphics cards that are not there


async def _played(students: Sequence[Student], play, address: str, pid: int) -> tuple[list[float], int]:
    """Warms the workers up, plays, and returns what was played and the most memory that the web process had."""
    first = Student(len(students), address)
    await first.opens()
    await first.goes_to("train")
    await first.trains()
    await first.tab.close()
    most = 0

    async def watch():
        nonlocal most
        while True:
            most = max(most, psutil.Process(pid).memory_info().rss)
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    redraws = await play(students)
    watching.cancel()
    await asyncio.gather(*(student.tab.close() for student in students))
    return redraws, most


def spread(seconds: Sequence[float]) -> str:
    """Writes the median, and what 95% are below."""
    if not seconds:
        return "–"
    return f"{amount(median(seconds), 's')} · {amount(float(np.quantile(seconds, 0.95)), 's')}"


ROWS = {  # what: in which list of seconds
    "all open the app within a second: first page": "first page",
    "a page (Pairs, Tensors, Model, Train) while others open theirs": "page",
    "a redraw while all train": "redraw",
    "Train pressed together → first loss": "first loss",
    "a translation": "translation",
}


def table(classes: Sequence[Measured]) -> str:
    """Returns the table of some classes."""
    rows = [["median · 95%", *(f"{each.students} students" for each in classes)], ["---", *("--:" for _ in classes)]]
    rows += [[what, *(spread(each.took[name]) for each in classes)] for what, name in ROWS.items()]
    lasts = [max(each.took["end"], default=float("nan")) for each in classes]
    ratios = [last / each.alone for last, each in zip(lasts, classes, strict=True)]
    ends = [f"{amount(last, 's')}, {ratio:.1f} ×" for last, ratio in zip(lasts, ratios, strict=True)]
    rows.append(["→ the last one's end, against the same lessons alone, a process a core", *ends])
    rows.append(["web process at its largest", *(amount(each.web_bytes, "B") for each in classes)])
    rows.append(["errors, lost edits, foreign texts, other results", *(str(len(each.problems)) for each in classes)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Prints the figures as they come, and what was wrong; ends with 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", type=int, nargs="*", default=[30, 60, 120], help="how many, once for each class")
    parser.add_argument("--minutes", type=float, default=5.0, help="that the first class does this and that")
    asked = parser.parse_args()
    print(f"{date.today()}, {machine()}\n", flush=True)
    classes = [measured(students, lesson) for students in asked.students]
    print(table(classes), flush=True)
    many = measured(AT_ONCE + 1, many_at_once)
    *_, alone, behind = many.took["first loss"]  # those of the last one
    print(
        f"\nOne student trains in {AT_ONCE} tabs at once; another's first loss comes after {amount(behind, 's')}, "
        f"alone after {amount(alone, 's')}. {AT_ONCE} slices of {SLICE_SECONDS} s on {os.cpu_count()} cores take "
        f"{amount(AT_ONCE * SLICE_SECONDS / os.cpu_count(), 's')}.",
        flush=True,
    )
    classes.append(many)
    if asked.minutes:
        free = measured(asked.students[0], lambda students: this_and_that(students, 60 * asked.minutes))
        print(f"\n{free.students} students did this and that for {asked.minutes:g} minutes:")
        print("\n".join(f"- {what}: {len(took):,} times, {spread(took)}" for what, took in free.took.items() if took))
        classes.append(free)
    problems = [problem for each in classes for problem in each.problems]
    print("\n" + "\n".join(problems or ["No error, no lost edit, no foreign text; every training ended as alone."]))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
