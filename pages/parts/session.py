"""What one student has at hand: a lesson and its trainings. Several tabs may look at it and change it at once."""

import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Self

import streamlit as st

from pages.parts.questions.question import Given
from pages.parts.rows import Row, Table
from pages.parts.theme import Theme
from seq2seq import Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.engine import shared_engine
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import stop_reason
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS, suggested_settings
from seq2seq.data.checks import Problem
from seq2seq.data.pairs import Pair
from seq2seq.limits import MAX_RESTING_CHECKPOINT_BYTES, MAX_RUNS, MAX_UNDO

_LIVE_SETTINGS = ("epochs", "learning_rate", "patience", "stop_when_right")  # that a run takes over when it is resumed


@dataclass(eq=False)
class NamedRun:
    """A training as it stands in the table of runs."""

    run: Run
    name: str  # as the student calls it
    # The pairs and the model that the lesson had when it, or what it is compared with, was started.
    lesson_key: tuple[tuple[Pair, ...], ModelConfig]
    baseline: str | None = None  # the id of the run that it is compared with, one thing being changed
    is_shown: bool = False  # whether its curves are drawn beside those of the current run
    lesson: tuple[str, tuple[Row, ...]] = ("own", ())  # that it belongs to: its name, and the rows that it began with

    @property
    def is_empty(self) -> bool:
        """Whether nothing is lost with it: it is paused and was never trained."""
        return not (self.run.is_active or self.run.state.step)

    @property
    def checkpoint_bytes(self) -> int:
        """What its checkpoints take; each has as many numbers as the latest weights."""
        state = self.run.state
        return len(state.checkpoints) * sum(weights.nbytes for weights in state.weights.values())


@dataclass(eq=False)
class Session:
    """A student's lesson and trainings."""

    lesson_name: str  # of the supplied lesson it began with, or "own" after an upload
    table: Table  # the pairs as the student left them, faulty rows included; `edit`, `replace` and `undo` change it
    start: Table  # what `restart` brings back
    model: ModelConfig  # as set on the page Model, for the next run
    training: TrainingConfig  # the same of the page Train
    runs: list[NamedRun] = field(default_factory=list)  # each keeps the lesson that it belongs to
    run: Run | None = None  # the current one, which Train shows and Translate uses
    look_at: int | None = None  # the checkpoint of it to look at; None is the latest epoch
    undo_stack: tuple[Table, ...] = ()  # earlier tables, the latest last
    chosen: int = 0  # the row that the page Tensors shows
    sentence: str | None = None  # typed on the page Translate; None before
    sentence_of: tuple[Pair, ...] | None = None  # the pairs of the lesson that it was typed for
    asks: bool = True  # whether the pages ask questions before they show the answers
    answers: dict[str, Given] = field(default_factory=dict)  # by the id of the question; what was earned stays
    is_large: bool = False  # large type, for the projector
    has_shortcuts: bool = True  # whether single keys press buttons; a voice or a shaking hand may press them unasked
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))  # in the address bar
    _lesson: Lesson | None = field(default=None, init=False, repr=False)
    _changing: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)  # the table

    @classmethod
    def new(cls, name: str) -> Self:
        """Returns a session that begins with a supplied lesson."""
        supplied = SUPPLIED_LESSONS[name]
        table = Table.of(supplied.pairs)
        return cls(name, table, table, supplied.model, supplied.training)

    @property
    def theme(self) -> Theme:
        """How this page looks."""
        return Theme.current(self.is_large)

    def shortcut(self, key: str) -> str | None:
        """Returns the key on the keyboard that presses a button; None where such keys are switched off."""
        return key if self.has_shortcuts else None

    # --- The lesson ------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.table.rows

    @property
    def is_at_start(self) -> bool:
        """Whether the table is as the lesson began."""
        return self.rows == self.start.rows

    def edit(self, before: Table, after: Table) -> int:
        """Does to the table what was done in an editor; returns how many changed rows are gone. See `with_changes`."""
        with self._changing:
            table, gone = self.table.with_changes(before, after)
            self._set_table(table)
        return gone

    def replace(self, table: Table) -> None:
        """Puts another table in the place of this one; can be undone."""
        with self._changing:
            self._set_table(table)

    def restart(self) -> None:
        """Goes back to how the lesson began; can be undone."""
        self.replace(self.start)

    def undo(self) -> None:
        """Undoes the latest edit or replacement."""
        with self._changing:
            if self.undo_stack:
                *earlier, self.table = self.undo_stack
                self.undo_stack, self.chosen = tuple(earlier), 0

    def open(self, rows: Iterable[Row], name: str = "own") -> None:
        """Begins a lesson with the settings that suit it; what was in the table can be brought back."""
        self.lesson_name, self.start = name, Table.of(rows)
        self.restart()
        self.use_suggested_settings()

    def use_settings_of(self, lesson: Lesson) -> None:
        """Sets the model and the training to those of another lesson."""
        self.model, self.training = lesson.model, lesson.training

    def use_suggested_settings(self) -> None:
        """Sets the model and the training to what suits this lesson."""
        if self.lesson_name in SUPPLIED_LESSONS:
            supplied = SUPPLIED_LESSONS[self.lesson_name]
            self.model, self.training = supplied.model, supplied.training
        else:
            self.model, self.training = suggested_settings(len(self.rows))

    @property
    def problems(self) -> list[Problem]:
        return self.table.checked.problems

    @property
    def lesson(self) -> Lesson | None:
        """The lesson as it stands: the usable rows with the model and the training; None without a usable row."""
        pairs, model, training = self.table.checked.usable, self.model, self.training
        if not pairs:
            return None
        lesson = self._lesson
        if lesson is None or lesson.pairs is not pairs or (lesson.model, lesson.training) != (model, training):
            lesson = self._lesson = Lesson(pairs, model, training)
        return lesson

    def _set_table(self, table: Table) -> None:
        if table.rows != self.rows:
            self.undo_stack = (*self.undo_stack[1 - MAX_UNDO :], self.table)
            self.table, self.chosen = table, 0

    # --- The trainings ---------------------------------------------------------------------------------------------

    @property
    def trained(self) -> TrainingState | None:
        """The model that Translate uses, as it was at the epoch to look at; None before any training."""
        if self.run is None or not self.run.state.step:
            return None
        state = self.run.state
        return state if self.look_at not in dict(state.checkpoints) else state.at(self.look_at)

    @property
    def is_outdated(self) -> bool:
        """Whether the pairs or the model were changed after the current run had been started."""
        lesson_key = next((named.lesson_key for named in self.runs if named.run is self.run), None)
        return lesson_key is not None and (self.lesson is None or lesson_key != (self.lesson.pairs, self.model))

    @property
    def can_train(self) -> bool:
        """Whether the training processes are ready; until then runs wait."""
        return shared_engine().ready

    @property
    def redraw_key(self) -> tuple:
        """What pages draw of the runs, but for the figures of those that train; if it changed, they are drawn anew."""
        runs = [(n.run, None if n.run.is_active else n.run.state.step, n.name, n.is_shown) for n in self.runs]
        return self.run, self.look_at, tuple(runs)

    @property
    def is_active(self) -> bool:
        """Whether any run trains or waits for its turn."""
        return any(named.run.is_active for named in self.runs)

    @property
    def runs_by_lesson(self) -> tuple[list[NamedRun], list[NamedRun]]:
        """The runs of the lesson that the current one belongs to, and those of others."""
        lesson = next((named.lesson for named in self.runs if named.run is self.run), None)
        return [n for n in self.runs if n.lesson == lesson], [n for n in self.runs if n.lesson != lesson]

    @property
    def baseline(self) -> NamedRun:
        """What is to be compared with: the current run, or the one that this is compared with itself."""
        by_id = {named.run.id: named for named in self.runs}
        current = by_id[self.run.id]
        return by_id.get(current.baseline, current)

    def gives_way(self, baseline: NamedRun | None = None) -> list[NamedRun]:
        """Returns the runs that are dropped for a new one: an empty current one, and what is more than `MAX_RUNS`.

        What trains stays, and the baseline of the new one; of the others untrained ones go first, then the oldest.
        """
        empty = [named for named in self.runs if named.run is self.run and named.is_empty and named is not baseline]
        resting = [n for n in self.runs if not (n.run.is_active or n.run is self.run or n is baseline)]
        resting.sort(key=lambda named: not named.is_empty)
        return empty + resting[: max(0, len(self.runs) - len(empty) + 1 - MAX_RUNS)]

    def new_run(self, lesson: Lesson, baseline: NamedRun | None = None) -> NamedRun:
        """Makes an untrained run the current one, named by its number; some others give way to it.

        The others are paused, but for a baseline that it is to be compared with.
        """
        dropped = self.gives_way(baseline)
        runs = [named for named in self.runs if named not in dropped]
        number = next(n for n in count(len(runs) + 1) if not any(named.name.startswith(f"{n}.") for named in runs))
        if baseline is None:
            belongs = {"lesson_key": (lesson.pairs, lesson.model), "lesson": (self.lesson_name, self.start.rows)}
            self.pause()
        else:
            belongs = {"lesson_key": baseline.lesson_key, "lesson": baseline.lesson, "baseline": baseline.run.id}
        new = NamedRun(Run(TrainingState.new(lesson)), f"{number}.", **belongs)
        self.runs = [*runs, new]
        self.choose(new.run)
        forget_checkpoints(reversed(self.runs), MAX_RESTING_CHECKPOINT_BYTES)
        return new

    def choose(self, run: Run | None) -> None:
        """Makes a run the current one; the live settings become its own again.

        Runs of other lessons are not drawn beside it any longer, unless they are chosen again.
        """
        self.run, self.look_at = run, None
        if run is not None:
            self.training = _with_live_settings(self.training, run.state.lesson.training)
            for named in self.runs_by_lesson[1]:
                named.is_shown = False

    def resume(self, epochs: int | None = None) -> None:
        """Resumes the current run with the live settings as they are now; a changed learning rate from the next batch.

        Args:
            epochs: how many more, whatever the rules say; None trains until a rule ends it, or, where one has done so
                already, by as many epochs as are set.
        """
        if self.run.is_active:
            return
        state = self.run.state
        training = _with_live_settings(state.lesson.training, self.training)
        if training != state.lesson.training:
            self.run.state = replace(state, lesson=replace(state.lesson, training=training))
        if epochs is None and stop_reason(state.history, training):
            epochs = training.epochs
        self.look_at = None
        shared_engine().resume(self.run, epochs)

    def pause(self) -> None:
        """Pauses all runs, so that none trains unseen."""
        for named in self.runs:
            shared_engine().pause(named.run)

    def watch(self) -> None:
        """Says that somebody looks at the runs, or they would be paused."""
        for named in self.runs:
            named.run.watch()

    def delete(self, run: Run) -> None:
        """Takes a run out of the table; after the current one the last of the others is current."""
        shared_engine().pause(run)
        self.runs = [named for named in self.runs if named.run is not run]
        if self.run is run:
            self.choose(self.runs[-1].run if self.runs else None)


def forget_checkpoints(runs: Iterable[NamedRun], limit: int) -> None:
    """Keeps the checkpoints of the first of some runs, as many as fit into a number of bytes.

    The others lose theirs, unless they train. The latest weights stay.
    """
    for named in runs:
        limit -= named.checkpoint_bytes
        if limit < 0 and not named.run.is_active:  # asked first: of one that has just ended the state is the last
            named.run.state = replace(named.run.state, checkpoints=())


def _with_live_settings(training: TrainingConfig, by: TrainingConfig) -> TrainingConfig:
    """Returns a training with the live settings of another."""
    return replace(training, **{name: getattr(by, name) for name in _LIVE_SETTINGS})


def untrained(lesson: Lesson) -> TrainingState:
    """Returns a lesson's model before any training; drawing its weights takes a while, so the last is kept."""
    kept = st.session_state.get("untrained")
    if kept is None or kept.lesson is not lesson:
        kept = st.session_state["untrained"] = TrainingState.new(lesson)
    return kept
