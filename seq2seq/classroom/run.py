"""One training in class, as the pages see it."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from seq2seq.classroom.stopping import stop_reason
from seq2seq.limits import UNWATCHED_SECONDS
from seq2seq.state import TrainingState

if TYPE_CHECKING:
    from distributed import Future

_PACE_SLICES = 20  # the time left is judged from this many slices: classmates come and go


class Run:
    """One training, as the pages see it. Read it at any time, from any thread.

    Only the engine writes: `Engine.resume` begins one that rests, and from then on it belongs to the engine's thread
    until it rests again. Values are replaced instead of changed, so who reads needs no lock: a list or state that was
    read stays as it was. `status` is written last; where it says that the run rests, all is final.

    Args:
        state: where to begin.

    Attributes:
        id: unguessable.
        state: the latest whole state.
        history: every epoch so far, also those of a slice under way.
        status: "queued" before the first slice, "training" until it rests: then "paused" by the student, "finished" by
            a rule, or "failed". Whatever it is, `Engine.resume` trains on from there.
        stop_reason: the rule that finished it (see `seq2seq.classroom.stopping`), or None.
        target_epoch: the epoch it is training up to.
        place: 0 while a slice of it is with a worker; else its place in the queue, 1 being the next.
        epoch_progress: how much of the epoch under way is done, 0 to 1.
        seconds_trained: time that workers spent on this run.
        error: what went wrong, for the teacher, or None.
    """

    def __init__(self, state: TrainingState):
        self.id = secrets.token_hex(16)
        self.state = state
        self.history = list(state.history)
        self.status = "paused"
        self.stop_reason: str | None = None
        self.target_epoch = state.lesson.training.epochs
        self.queue_position = 0
        self.epoch_progress = _epoch_progress(state)
        self.seconds_trained = 0.0
        self.error: str | None = None
        self._pace_samples: tuple[tuple[float, float], ...] = ()  # (time, epochs done) when a slice began or ended
        self._watched_at = time.monotonic()
        self._has_rules = True  # or it trains up to its target_epoch whatever they say
        self._stop = False  # once the slice under way is done
        self._slice = 0  # number of the last slice sent
        self._slice_began = False
        self._task: asyncio.Task | None = None  # waits for it
        self._worker: str | None = None  # where it was sent
        self._lesson: Future | None = None  # on the cluster

    @property
    def is_active(self) -> bool:
        return self.status in ("queued", "training")

    @property
    def seconds_left(self) -> float | None:
        """How long the remaining epochs will take at the recent pace, waiting for others included; None if unknown.

        Patience may end the run sooner.
        """
        marks = self._pace_samples
        if not self.is_active or len(marks) < 2 or marks[-1][1] <= marks[0][1]:
            return None
        (first_at, first), (last_at, last) = marks[0], marks[-1]
        left = (self.target_epoch - last) * (last_at - first_at) / (last - first)
        return max(0.0, left - (time.monotonic() - last_at))

    def _follow_state(self) -> None:
        """Sets what is shown live to what the state says."""
        self.history = list(self.state.history)
        self.epoch_progress = _epoch_progress(self.state)

    def _sample_pace(self) -> None:
        self._pace_samples = (
            *self._pace_samples[-_PACE_SLICES:],
            (time.monotonic(), self.state.epoch + _epoch_progress(self.state)),
        )

    def watch(self) -> None:
        """Says that somebody is looking, so that it goes on."""
        self._watched_at = time.monotonic()

    @property
    def _is_unwatched(self) -> bool:
        return time.monotonic() - self._watched_at > UNWATCHED_SECONDS

    def _begin(self, epochs: int | None) -> None:
        self._has_rules = epochs is None
        self.target_epoch = self.state.lesson.training.epochs if epochs is None else self.state.epoch + epochs
        self._stop, self._pace_samples, self.queue_position = False, (), 1
        self.watch()
        self.stop_reason, self.error, self.status = None, None, "queued"

    def _rule(self) -> str | None:
        """Returns the rule that ends this run now, if any."""
        return stop_reason(self.state.history, self.state.lesson.training) if self._has_rules else None

    def _finish(self, status: str, rule: str | None = None, error: str | None = None) -> None:
        self._follow_state()
        self.queue_position, self._lesson = 0, None  # the cluster may forget the lesson
        self.stop_reason, self.error = rule, error
        self.status = status


def _epoch_progress(state: TrainingState) -> float:
    return state.batch / state.lesson.steps_per_epoch
