"""A server that is killed again and again while somebody works: `python -m benchmarks.chaos [kills]`.

A process edits pairs, changes settings, starts and deletes trainings as a page does, tells what it did and what was
saved, and is killed (SIGKILL, with all training processes) at a random moment. Then the database is opened: whatever
had been called saved must be there, the workspace must be as it was after one whole act, and in the end the training
that went through all of it must have the weights of one that was never interrupted, to the last bit.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from pages.parts.workspace.rows import Table
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import Sessions
from seq2seq import NOTEBOOK_PAIRS, TrainingState

WORKSPACE = "chaos"
LONGEST_SECONDS = 12.0  # that the process lives on after it has begun; the training processes come up within
_THE_ONE = "through all of it"  # the run that is never deleted


class LostError(Exception):
    """Something that had been called saved is not there, or not as it was."""


# --- The process that works until it is killed -----------------------------------------------------------------------


def work(url: str, seed: int) -> None:
    """Works for ever; tells what it did, and what was saved, a line of JSON each."""
    rng, sessions = random.Random(seed), Sessions(url)
    session = sessions.find(WORKSPACE)
    if session is None:
        session = Session.new("notebook")
        session.id = WORKSPACE
        session.training = replace(session.training, epochs=10_000, stop_when_right=False)
    session = sessions.use(session)
    if not session.runs:
        session.new_run(session.lesson).name = _THE_ONE
        session.resume()
    number = counted(session)
    while True:
        number += 1
        _act(session, rng)
        rows = ((str(number), "문장"), *NOTEBOOK_PAIRS)
        session.replace(Table.of(rows))
        _say("did", session)
        sessions.use(session)
        if sessions.is_written(session, patience=60):
            _say("saved", session)
        time.sleep(rng.random() / 20)


def _act(session: Session, rng: random.Random) -> None:
    others = [named for named in session.runs if named.name != _THE_ONE]
    act = rng.choice(["units", "epochs", "begin", "delete", "undo", "nothing"])
    if act == "units":
        session.change_setting("model", "hidden_size", rng.randrange(1, 40))
    elif act == "epochs":
        session.change_setting("training", "seed", rng.randrange(1000))
    elif act == "begin" and len(others) < 4:
        the_one = next(named for named in session.runs if named.name == _THE_ONE)
        session.new_run(session.lesson, baseline=the_one)
    elif act == "delete" and others:
        session.delete(rng.choice(others).run)
    elif act == "undo":
        session.undo()


def _say(what: str, session: Session) -> None:
    print(json.dumps([what, *seen(session)]), flush=True)


def counted(session: Session) -> int:
    """Returns the number of the act after which a session is as it is; 0 before any."""
    number = session.rows[0][0]
    return int(number) if number.isdigit() else 0


def seen(session: Session) -> list:
    """Returns what a page would show of a session, but for how far its runs are."""
    runs = [[named.run.id, named.name] for named in (*session.runs, *session.deleted)]
    return [counted(session), session.rows, repr(session.model), repr(session.training), sorted(runs)]


# --- What kills it, and looks ----------------------------------------------------------------------------------------


def chaos(url: str, kills: int, longest: float = LONGEST_SECONDS) -> Iterator[tuple[int, int]]:
    """Kills a process at work again and again; yields how many acts were saved by then, and how many epochs trained.

    Raises:
        LostError: see above.
    """
    for kill in range(kills):
        lines = _killed(url, kill, random.Random(kill).uniform(0, longest))
        did = [line for what, *line in lines if what == "did"]
        saved = [line for what, *line in lines if what == "saved"]
        session = _opened(url)
        there = json.loads(json.dumps(seen(session)))
        if saved and there[0] < saved[-1][0]:
            raise LostError(f"act {saved[-1][0]} was saved, and {there[0]} is there")
        if there not in did and did and there[0] <= did[-1][0]:  # of the very last act no line may have come through
            raise LostError(f"act {there[0]} is there, but not as it was")
        yield there[0], _the_one(session).epoch


def assert_as_if_never_killed(url: str) -> None:
    """Trains the same lesson in one go as far, and compares.

    Raises:
        LostError: the weights differ.
    """
    from seq2seq.training import advance  # noqa: PLC0415  (it loads TensorFlow, which the killed process must not)

    there = advance(_the_one(_opened(url)), epochs=1)  # to the end of the epoch in which it was killed
    alone = advance(TrainingState.new(there.lesson), epochs=there.epoch)
    if not all(np.array_equal(alone.weights[name], there.weights[name]) for name in alone.weights):
        raise LostError(f"after {there.epoch} epochs the weights are others")


def _killed(url: str, seed: int, seconds: float) -> list[list]:
    command = [sys.executable, "-m", "benchmarks.chaos", "--work", url, str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as process:
        first = _line(process.stdout)  # it has begun
        time.sleep(seconds)
        process.kill()
        whole = [line for line in process.stdout.read().split(b"\n")[:-1] if line]  # the last may be cut
    return [json.loads(line) for line in (first, *whole)]


def _line(output: IO[bytes]) -> bytes:
    line = output.readline()
    if not line:
        raise LostError("it could not begin")
    return line


def _opened(url: str) -> Session:
    sessions = Sessions(url)
    session = sessions.find(WORKSPACE)
    sessions.close()
    if session is None:
        raise LostError("nothing was saved at all")
    return session


def _the_one(session: Session) -> TrainingState:
    return next(named.run.state for named in session.runs if named.name == _THE_ONE)


def main() -> None:
    """Prints a line for each kill."""
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], int(sys.argv[3]))
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lab.db"
        for kill, (acts, epochs) in enumerate(chaos(url, kills), start=1):
            print(
                f"kill {kill}: {acts} acts and {epochs} epochs are there, nothing that was saved is missing", flush=True
            )
        assert_as_if_never_killed(url)
    print("the training has the weights of one that was never interrupted")


if __name__ == "__main__":
    main()
