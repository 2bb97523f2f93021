"""A class at once: `python -m benchmarks.load [students ...] [--minutes 5] [--webs 2]`.

Each student is a tab without a browser (tab.py) with pairs of their own: all open the app within a second, edit, change
pages, press Train together, watch, translate and look at Share; how long they wait is printed as a table. Then one
begins twenty trainings while another wants to train as well, and a class does this and that for some minutes. In the
end the database is opened: every edit must be there, and every training must be, to the last bit, what the same lesson
is that was trained alone. Nobody may ever be sent a text of somebody else.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import psutil

from benchmarks.machines import Machines
from benchmarks.measure import Side, amount, machine
from benchmarks.server import Server
from benchmarks.student import TEXTS, Student
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import Sessions
from seq2seq import TrainingState, Translator
from seq2seq.classroom.engine import SLICE_SECONDS
from seq2seq.classroom.stopping import stop_reason

AT_ONCE = 20  # trainings of one student

# --- What a class does -----------------------------------------------------------------------------------------------


async def together(students: Sequence[Student], *stories: Awaitable) -> None:
    """Lets each student play a story, all at once."""
    await asyncio.gather(*(student.plays(story) for student, story in zip(students, stories, strict=True)))


async def lesson(students: Sequence[Student]) -> list[float]:
    """A class has a lesson; returns how long the redraws took while all trained."""

    async def opens(student):
        await student.thinks(1)
        await student.opens()

    async def edits_and_looks(student):
        await student.thinks(5)
        await student.goes_to("pairs")
        await student.edits()
        for page in ("tensors", "model", "train"):
            await student.thinks(2)
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
            await student.thinks(3)
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
    processor: list[float]  # seconds, of all students: for their pages, and for their trainings
    problems: list[str]


@contextmanager
def one_web_process(folder: Path, url: str) -> Iterator[tuple[str, list[int], list[int]]]:
    """Starts the app as the README says; gives its address, the processes that draw pages, and others of their own."""
    server = Server(folder, SEQ2SEQ_DATABASE_URL=url)
    try:
        yield server.start(), [server.process.pid], []
        server.process.terminate()
        server.process.wait(60)
    finally:
        server.kill()


@contextmanager
def two_web_processes(folder: Path, url: str) -> Iterator[tuple[str, list[int], list[int]]]:
    """Starts what compose.yaml does, with a worker for each core; gives the same."""
    machines = Machines(folder, url, workers=os.cpu_count())
    try:
        address, pids = machines.wait(), {name: process.pid for name, process in machines.processes.items()}
        yield address, [pids.pop("web1"), pids.pop("web2")], list(pids.values())
    finally:
        machines.end()


def measured(students: int, play, app=one_web_process) -> Measured:
    """Starts the app, lets a class play, and judges.

    Args:
        students: how many.
        play: takes them; what it returns are redraws.
        app: starts it.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lab.db"
        with app(Path(folder), url) as (address, web, others):
            class_ = [Student(n, address) for n in range(students)]
            redraws, web_bytes, processor = asyncio.run(_played(class_, play, address, web, others))
        logged = [line for log in Path(folder).glob("*log") for line in log.read_text().splitlines()]
        log = [f"the log: {line}" for line in logged if re.search(_TROUBLE, line)]
        opened = [student for student in class_ if "lesson" in student.tab.query]
        alone, found = trained_alone(url, [student.workspace for student in opened])
    took = defaultdict(list, redraw=redraws)
    for student in class_:
        for what, seconds in student.took.items():
            took[what] += seconds
    wrong = [problem for student in opened for problem in judge(student, found[student.workspace])]
    wrong += [problem for student in class_ if student not in opened for problem in student.problems]
    return Measured(students, took, alone, web_bytes, processor, wrong + log)


_TROUBLE = r"^(?![IWE]\d{4} ).*(Traceback|ERROR|CRITICAL)"  # but TensorFlow's own, of graphics cards that are not there


def _processor_seconds(web: list[int], others: list[int]) -> np.ndarray:
    """Returns how many seconds processors have spent on pages, and on trainings."""
    family = {process for pid in (*web, *others) for process in psutil.Process(pid).children(recursive=True)}
    family |= {psutil.Process(pid) for pid in others}
    spent = ([psutil.Process(pid).cpu_times() for pid in web], [process.cpu_times() for process in family])
    return np.array([sum(times.user + times.system for times in each) for each in spent])


async def _played(students: Sequence[Student], play, address: str, web: list[int], others: list[int]) -> tuple:
    """Warms the workers up, and plays.

    Returns:
        What was played, the most memory that the web processes had, and the processor's seconds.
    """
    first = Student(len(students), address)
    await first.opens()
    await first.goes_to("train")
    await first.trains()
    await first.tab.close()
    most = 0

    async def watch():
        nonlocal most
        while True:
            most = max(most, sum(psutil.Process(pid).memory_info().rss for pid in web))
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    before = _processor_seconds(web, others)
    redraws = await play(students)
    seconds = _processor_seconds(web, others) - before
    watching.cancel()
    await asyncio.gather(*(student.tab.close() for student in students))
    return redraws, most, seconds.tolist()


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
    for n, what in enumerate(("pages", "training")):
        spent = (amount(each.processor[n] / each.students, "s") for each in classes)
        rows.append([f"processor time of the {what} of a student", *spent])
    rows.append(["web process at its largest", *(amount(each.web_bytes, "B") for each in classes)])
    rows.append(["errors, lost edits, foreign texts, other results", *(str(len(each.problems)) for each in classes)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Prints the figures as they come, and what was wrong; ends with 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", type=int, nargs="*", default=[30, 60, 120], help="how many, once for each class")
    parser.add_argument("--minutes", type=float, default=5.0, help="that the first class does this and that")
    parser.add_argument("--webs", type=int, choices=(1, 2), default=1, help="2: two web processes behind nginx")
    asked = parser.parse_args()
    print(f"{date.today()}, {machine()}\n", flush=True)
    app = {1: one_web_process, 2: two_web_processes}[asked.webs]
    classes = [measured(students, lesson, app) for students in asked.students]
    print(table(classes), flush=True)
    many = measured(AT_ONCE + 1, many_at_once, app)
    *_, alone, behind = many.took["first loss"]  # those of the last one
    print(
        f"\nOne student trains in {AT_ONCE} tabs at once; another's first loss comes after {amount(behind, 's')}, "
        f"alone after {amount(alone, 's')}. {AT_ONCE} slices of {SLICE_SECONDS} s on {os.cpu_count()} cores take "
        f"{amount(AT_ONCE * SLICE_SECONDS / os.cpu_count(), 's')}.",
        flush=True,
    )
    classes.append(many)
    if asked.minutes:
        free = measured(asked.students[0], lambda students: this_and_that(students, 60 * asked.minutes), app)
        print(f"\n{free.students} students did this and that for {asked.minutes:g} minutes:")
        print("\n".join(f"- {what}: {len(took):,} times, {spread(took)}" for what, took in free.took.items() if took))
        classes.append(free)
    problems = [problem for each in classes for problem in each.problems]
    print("\n" + "\n".join(problems or ["No error, no lost edit, no foreign text; every training ended as alone."]))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
