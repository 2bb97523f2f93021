"""The runs that wait for a worker, and whose turn it is.

Students take turns, and the runs of each take turns among themselves: who begins twenty trainings at once holds up the
others no longer than who begins one. Who has had no turn yet comes first, so everybody sees a first loss soon.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from seq2seq.classroom.run import Run


class Line:
    """Waiting runs. Iterating over it gives them in the order in which they will be sent, as things stand."""

    def __init__(self):
        self._runs: list[Run] = []  # in the order in which they came
        self._turns: dict[str, int] = {}  # student → number of their last turn
        self._count = itertools.count(1)

    def __bool__(self) -> bool:
        return bool(self._runs)

    def __contains__(self, run: Run) -> bool:
        return run in self._runs

    def __iter__(self) -> Iterator[Run]:
        rounds: dict[str, list[Run]] = {}  # student → their runs; students in the order in which they came
        for run in self._runs:
            rounds.setdefault(run.student, []).append(run)
        in_turn = sorted(rounds, key=lambda student: self._turns.get(student, 0))
        in_rounds = itertools.zip_longest(*(rounds[student] for student in in_turn))
        return iter([run for round in in_rounds for run in round if run is not None])

    def add(self, run: Run) -> None:
        """Adds a run, behind all others of its student."""
        self._runs.append(run)

    def remove(self, run: Run) -> None:
        """Takes a run out that need not wait any more."""
        self._runs.remove(run)

    def send(self, run: Run) -> None:
        """Takes a run out whose turn has come."""
        self._runs.remove(run)
        self._turns[run.student] = next(self._count)
        if not self._runs:
            self._turns.clear()  # nobody has waited longer than anybody else

    def put_back(self, runs: list[Run]) -> None:
        """Takes runs in again whose turns came to nothing: they are the first."""
        self._runs = [*runs, *self._runs]
        for run in runs:
            self._turns.pop(run.student, None)
