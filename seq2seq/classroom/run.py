"""One training in class, as the pages see it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from seq2seq.analysis.checkpoints import thinned
from seq2seq.classroom.stopping import epochs_without_improvement, stop_reason
from seq2seq.limits import UNWATCHED_SECONDS
from seq2seq.state import TrainingState

if TYPE_CHECKING:
    from distributed import Future

_PACE_SLICES = 20  # the time left is judged from this many slices: classmates come and go
_LEAST_SAMPLES = 4  # before anything is said
_EARLY_EPOCHS = 15  # all of them are evaluated, most of the later ones are not: quick epochs are much slower at first
# A slice tells of every batch and epoch. How long that takes is known only once it was heard.
QUIET_SECONDS = 2  # at least so long nothing is heard before that is said
HANGING_SECONDS = 15  # and before the slice is given up
MAX_LOSSES = 3  # so often in a row a slice is sent again that its process did not survive


LOST = "The training process was ended several times, or told nothing any more; the server may have too little memory."
KEPT = ("id", "status", "target_epoch", "has_rules", "stop_reason", "error", "seconds_trained")  # besides the state


class Run:
    """One training, as the pages see it. Read it at any time, from any thread.

    Only the engine writes: `Engine.resume` begins a run that is not active, and it belongs to the engine's thread until
    it is not active again. Values are replaced instead of changed, so who reads needs no lock: a list or state that was
    read stays as it was. `status` is written last; where it says that the run is not active, all is final.

    Args:
        state: where to begin.

    Attributes:
        id: unguessable.
        student: whose it is: students take turns.
        state: the latest whole state.
        history: every epoch so far, also those of a slice under way.
        outputs: epoch → source → output, as far as sentences were evaluated here; nobody else need translate them.
        status: "queued" before the first slice and where one was lost, else "training"; "paused" by the student,
            "finished" by a rule, or "failed". From each of these three `Engine.resume` trains on.
        stop_reason: the rule that finished it (see `seq2seq.classroom.stopping`), or None.
        target_epoch: the epoch that it is training up to.
        has_rules: whether its lesson's rules may end it before; else it trains up to there whatever they say.
        queue_position: 0 while a slice of it is with a worker; else its place in the queue, 1 being the next.
        epoch_progress: how much of the epoch under way is done, 0 to 1.
        seconds_trained: time that workers spent on this run.
        is_whole: whether all of it was trained in this process, from the first batch on.
        error: what went wrong, for the teacher, or None.
    """

    def __init__(self, state: TrainingState):
        self.id = self.student = secrets.token_hex(16)
        self.state = state
        self.history = list(state.history)
        self.outputs: dict[int, dict[str, str]] = {}
        self.status = "paused"
        self.stop_reason: str | None = None
        self.target_epoch = state.lesson.training.epochs
        self.has_rules = True
        self.queue_position = 0
        self.epoch_progress = _epoch_progress(state)
        self.seconds_trained = 0.0
        self.is_whole = not state.step
        self.error: str | None = None
        self._pace_samples: tuple[tuple[float, float], ...] = ()  # (time, epochs done) when a slice ended
        self._watched_at = time.monotonic()
        self._stop = False  # once the slice under way is done
        self._slice = 0  # number of the last slice sent
        self._slice_began = False
        self._silence = self._longest_silence = 0.0  # seconds between two messages: since the last one, and at most
        self._losses = 0  # slices in a row that did not come back
        self._task: asyncio.Task | None = None  # waits for it
        self._worker: str | None = None  # where it was sent
        self._lesson: Future | None = None  # on the cluster

    @classmethod
    def kept(cls, state: TrainingState, **attributes: object) -> Run:
        """Returns a run as it was kept; one that was active is paused, for `Engine.resume` to go on with.

        Args:
            state: the latest whole state.
            attributes: those of `KEPT`.
        """
        run = cls(state)
        for name, value in attributes.items():
            setattr(run, name, value)
        if run.is_active:
            run.status = "paused"
        return run

    @property
    def is_active(self) -> bool:
        """Whether it trains or waits for its turn."""
        return self.status in ("queued", "training")

    @property
    def seconds_left(self) -> float | None:
        """How long the remaining epochs will take at the recent pace, waiting for others included.

        None where it cannot be said well: at the beginning, when a worker gets ready and every epoch is evaluated.
        Patience may end the run sooner.
        """
        if not self.is_active or self.silent_seconds:
            return None
        samples = self._pace_samples
        if samples and samples[-1][1] - samples[0][1] > len(samples) / 4:  # an epoch takes less than four slices
            samples = tuple(sample for sample in samples if sample[1] > _EARLY_EPOCHS)
        if len(samples) < _LEAST_SAMPLES or samples[-1][1] <= samples[0][1]:
            return None
        (first_at, first), (last_at, last) = samples[0], samples[-1]
        left = (self.target_epoch - last) * (last_at - first_at) / (last - first)
        return max(0.0, left - (time.monotonic() - last_at))

    @property
    def silent_seconds(self) -> float | None:
        """How long the slice under way has told nothing; None as long as that may well be."""
        is_long = self._silence >= max(QUIET_SECONDS, 2 * self._longest_silence)
        return self._silence if is_long else None

    def watch(self) -> None:
        """Says that somebody is looking. A run that nobody looks at for long is paused."""
        self._watched_at = time.monotonic()

    # What follows is for the engine.

    @property
    def _is_unwatched(self) -> bool:
        return time.monotonic() - self._watched_at > UNWATCHED_SECONDS

    @property
    def _reached_rule(self) -> str | None:
        """The rule that ends this run now, if any."""
        return stop_reason(self.state.history, self.state.lesson.training) if self.has_rules else None

    @property
    def _is_hanging(self) -> bool:
        """Whether the slice under way is to be given up; later each time, for its batches may be that slow."""
        return self._silence >= max(HANGING_SECONDS, 10 * self._longest_silence) * 4**self._losses

    def _begin(self, epochs: int | None) -> None:
        self.has_rules = epochs is None
        self.target_epoch = self.state.lesson.training.epochs if epochs is None else self.state.epoch + epochs
        self._stop, self._pace_samples, self.queue_position, self._losses = False, (), 1, 0
        self.watch()
        self.stop_reason, self.error, self.status = None, None, "queued"

    def _begin_slice(self) -> TrainingState:
        """Counts a new slice; returns the state to send: without its lesson and what else need not travel."""
        self._slice, self._slice_began = self._slice + 1, False
        return replace(self.state, lesson=None, history=_watched_history(self.state), checkpoints=())

    def _follow_slice(
        self, records: list[dict[str, float]], outputs: list[tuple[int, dict[str, str]]], progress: float
    ) -> None:
        """Takes over what a slice under way tells. One that is sent again, its worker having died, tells it again."""
        if not self._slice_began:
            self._slice_began, self.status = True, "training"
        self._longest_silence, self._silence = max(self._longest_silence, self._silence), 0.0
        self.history = [*self.history, *(record for record in records if record["epoch"] > len(self.history))]
        self.outputs = self.outputs | dict(outputs)
        self.epoch_progress = progress

    def _end_slice(self, later: TrainingState, seconds: float) -> None:
        """Takes over what a slice came back with: the later state, with its own epochs and checkpoints alone."""
        before = self.state
        self.state = replace(
            later,
            lesson=before.lesson,
            history=before.history + later.history,
            checkpoints=thinned(before.checkpoints + later.checkpoints),
        )
        self.seconds_trained += seconds
        self._silence, self._losses = 0.0, 0
        self._show_state()
        self._sample_pace()

    def _lose_slice(self) -> None:
        """Notes that the slice under way will not come back. Pages keep what it told: the next one tells the same."""
        self._task.cancel()
        self._losses += 1
        self._slice_began, self._silence, self._pace_samples = False, 0.0, ()
        self._lesson = None  # it may be where the slice was
        if self._stop:
            self._finish("paused")
        elif self._losses > MAX_LOSSES:
            self._finish("failed", error=LOST)
        else:
            self.status = "queued"

    def _finish(self, status: str, rule: str | None = None, error: str | None = None) -> None:
        self._show_state()
        self.queue_position, self._lesson = 0, None  # the cluster may forget the lesson
        self._silence = 0.0
        self.stop_reason, self.error = rule, error
        self.status = status

    def _show_state(self) -> None:
        """Sets what is shown live to what the state says."""
        self.history = list(self.state.history)
        self.outputs = {epoch: said for epoch, said in self.outputs.items() if epoch <= self.state.epoch}
        self.epoch_progress = _epoch_progress(self.state)

    def _sample_pace(self) -> None:
        sample = time.monotonic(), self.state.epoch + _epoch_progress(self.state)
        self._pace_samples = (*self._pace_samples[-_PACE_SLICES:], sample)


def given_up(in_flight: Collection[Run], seconds: float) -> list[Run]:
    """Counts how long slices have told nothing; returns those that will not come back.

    One that has not begun may wait for its lesson, which lies in the process of another that hangs. It gets that once
    the process is replaced, so it is not given up together with the other.

    Args:
        in_flight: the runs whose slices are under way.
        seconds: since they were counted last.
    """
    for run in in_flight:
        run._silence += seconds
    hanging = [run for run in in_flight if run._is_hanging]
    begun = [run for run in hanging if run._slice_began]
    if begun:
        for run in in_flight:
            run._silence = run._silence if run._slice_began else 0.0
    return begun or hanging


def _epoch_progress(state: TrainingState) -> float:
    return state.batch / state.lesson.steps_per_epoch


def _watched_history(state: TrainingState) -> tuple[dict[str, float], ...]:
    """Returns as much of the history as patience looks at: from the best epoch on."""
    if not state.lesson.training.patience:
        return ()
    return state.history[-1 - epochs_without_improvement(state.history) :]
