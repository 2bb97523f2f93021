"""The web process is killed while a student works, and started again: `python -m benchmarks.restarts [kills]`.

A student edits pairs while a training goes on (a tab without a browser, see student.py); at a random moment the web
process is killed (SIGKILL). Its training processes must end by themselves. It is started again, the student opens the
address once more: whatever had been called saved must be there, and the training must go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import psutil

from benchmarks.measure import amount, machine
from benchmarks.server import Server
from benchmarks.student import ENDED, TEXTS, Student
from benchmarks.tab import Change

LONGEST_SECONDS = 5.0  # that the student works until the next kill
END_SECONDS = 15.0  # in which training processes that lost their web process have to end
EPOCHS = 10_000  # more than are done by then

Rows = list[tuple[str, str]]


class LostError(Exception):
    """Something that had been called saved is not there, or something was left behind."""


async def begin(student: Student) -> None:
    """Opens a workspace, and lets a training begin that goes on for long."""
    await student.opens()
    await student.goes_to("train")
    epochs = student.tab.labelled("number_input", TEXTS["train.epochs"])
    ends_early = student.tab.labelled("checkbox", TEXTS["train.stop_when_right"])
    await student.tab.act(Change(epochs.id, "int_value", EPOCHS), Change(ends_early.id, "bool_value", False))
    await student.trains(to_the_end=False)
    await student.saves()
    await student.goes_to("pairs")


async def come_back(student: Student, query: str, may_be: Sequence[Rows]) -> None:
    """Opens the address again, and looks at what is there.

    Raises:
        LostError: the pairs are as they never were since they had been called saved, or the training does not go on.
    """
    await student.tab.open(query)
    await student.goes_to("train")
    if student.line.startswith(ENDED):
        await student.trains(to_the_end=False)
    await student.tab.wait(lambda: student.has_a_loss() and student.shows_button("train.pause"))
    for student.rows in reversed(may_be):  # whichever it is, it is no problem
        student.tab.problems.clear()
        await student.goes_to("pairs")
        if not student.tab.problems:
            return
    raise LostError(student.tab.problems)


async def work(student: Student, may_be: list[Rows], rng: random.Random) -> None:
    """Edits for ever, one cell after the other; at times waits until it is saved."""
    while True:
        try:
            await student.edits(rng.randrange(len(student.rows)))
        finally:  # also where the kill comes in between
            may_be.append(student.rows)
        if rng.random() < 0.5:
            await student.saves()
            may_be[:] = [student.rows]


async def one_life(server: Server, query: str, may_be: list[Rows], rng: random.Random) -> tuple[Student, list[float]]:
    """Starts the server and kills it while somebody works; returns who that was, and what it took."""
    began = time.perf_counter()
    student = Student(0, server.start())
    answered = time.perf_counter() - began
    if query:
        await come_back(student, query, may_be)
    else:
        await begin(student)
        may_be[:] = [student.rows]
    there = time.perf_counter() - began
    working = asyncio.create_task(work(student, may_be, rng))
    await asyncio.sleep(rng.random() * LONGEST_SECONDS)
    left = psutil.Process(server.process.pid).children(recursive=True)
    server.kill()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError, ConnectionError, OSError):
        await working
    await student.tab.close()
    _, alive = psutil.wait_procs(left, timeout=END_SECONDS)
    if alive:
        raise LostError(f"{alive} did not end")
    return student, [answered, there]


async def lives(kills: int, folder: Path) -> dict[str, list[float]]:
    """Returns how many seconds it took in all lives, by what."""
    server, rng = Server(folder, SEQ2SEQ_DATABASE_URL=f"sqlite:///{folder}/lab.db"), random.Random(0)
    query, may_be, took = "", [], defaultdict(list)
    for _ in range(kills + 1):
        student, (answered, there) = await one_life(server, query, may_be, rng)
        query = student.tab.query
        took["the server answers"].append(answered)
        took["the student is on the page Pairs again, and the training goes on"].append(there)
    return took


def main(kills: int = 100) -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(lives(kills, Path(folder)))
    print(f"{date.today()}, {machine()}\n\nAfter {kills} kills of the web process, from its start, median and worst:")
    for what, seconds in took.items():
        ordered = sorted(seconds[1:])  # the first start was no restart
        print(f"- {what}: {amount(ordered[len(ordered) // 2], 's')}, {amount(ordered[-1], 's')}")
    print("Nothing that had been called saved was missing, and no process was left behind.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
