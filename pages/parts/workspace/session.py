"""What one student has at hand: a lesson and its trainings. Several tabs may look at it and change it at once."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from time import monotonic
from typing import Any, Self

import streamlit as st

from pages.parts.questions.question import Given
from pages.parts.theme import Theme
from pages.parts.workspace.lesson import EditedLesson, Moment
from pages.parts.workspace.rows import Table
from pages.parts.workspace.runs import NamedRun, forget_checkpoints
from seq2seq import Lesson, TrainingConfig, TrainingState
from seq2seq.classroom.run import Run
from seq2seq.classroom.shared import shared_engine
from seq2seq.classroom.stopping import stop_reason
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.data.pairs import Pair
from seq2seq.limits import MAX_RESTING_CHECKPOINT_BYTES, MAX_RUNS

_LIVE_SETTINGS = ("epochs", "learning_rate", "patience", "stop_when_right")  # that a run takes over when it is resumed


@dataclass(eq=False)
class Session(EditedLesson):
    """A student's lesson and trainings."""

    runs: list[NamedRun] = field(default_factory=list)  # each keeps the lesson that it belongs to
    run: Run | None = None  # the current one, which Train shows and Translate uses
    look_at: int | None = None  # the checkpoint of it to look at; None is the latest epoch
    sentence: str | None = None  # typed on the page Translate; None before
    sentence_of: tuple[Pair, ...] | None = None  # the pairs of the lesson that it was typed for
    asks: bool = True  # whether the pages ask questions before they show the answers
    answers: dict[str, Given] = field(default_factory=dict)  # by the id of the question; what was earned stays
    is_large: bool = False  # large type, for the projector
    has_shortcuts: bool = True  # whether single keys press buttons; a voice or a shaking hand may press them unasked
    language: str | None = None  # that was chosen last; None: none was
    hidden: frozenset[str] = frozenset()  # pages and controls that whoever handed the lesson on has left out
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))  # in the address bar
    kept: Any = field(default=None, repr=False)  # how much of it is in the database: see sessions.py
    is_deleted: bool = False  # with all that was kept of it
    was_overtaken: bool = False  # somebody changed it elsewhere, and this page has not said so yet
    seen_at: float = field(default_factory=monotonic, repr=False)  # when somebody looked at it last

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

    def shows(self, name: str) -> bool:
        """Whether there is a page or a control here, or whoever handed the lesson on left it out; see handing_on.py."""
        return name not in self.hidden

    # --- The trainings ---------------------------------------------------------------------------------------------

    def _go_to(self, moment: Moment) -> None:
        back = [named for named in self.deleted if named not in moment.deleted]
        again = [named.run for named in self.runs if named in moment.deleted]
        super()._go_to(moment)
        resting = [n for n in self.runs if not (n.run.is_active or n.run is self.run)]
        dropped = resting[: max(0, len(self.runs) + len(back) - MAX_RUNS)]  # for what was begun after the deletion
        self.runs = [*(named for named in self.runs if named not in dropped), *back]
        for run in again:
            self._delete(run)
        if self.run is None and back:
            self.choose(back[-1].run)

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
        if baseline is None:
            belongs = {"lesson_key": (lesson.pairs, lesson.model), "lesson": (self.lesson_name, self.start.rows)}
        else:
            belongs = {"lesson_key": baseline.lesson_key, "lesson": baseline.lesson, "baseline": baseline.run.id}
        run = Run(TrainingState.new(lesson))
        with self._changing:
            dropped = self.gives_way(baseline)  # what trains is no empty run, though it is paused now
            if baseline is None:
                self.pause()
            runs = [named for named in self.runs if named not in dropped]
            number = next(n for n in count(len(runs) + 1) if not any(named.name.startswith(f"{n}.") for named in runs))
            new = NamedRun(run, f"{number}.", **belongs)
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
        if self.run is None or self.run.is_active:
            return  # the button was older than what another tab did
        state = self.run.state
        training = _with_live_settings(state.lesson.training, self.training)
        if training != state.lesson.training:
            self.run.state = replace(state, lesson=replace(state.lesson, training=training))
        if epochs is None and stop_reason(state.history, training):
            epochs = training.epochs
        self.look_at = None
        shared_engine().resume(self.run, epochs, self.id)

    def pause(self) -> None:
        """Pauses all runs, so that none trains unseen."""
        for named in self.runs:
            shared_engine().pause(named.run)

    def snapshot(self) -> tuple[Moment, tuple[Moment, ...], tuple[Moment, ...], list[NamedRun], Run | None]:
        """Returns what belongs together at one moment: it, Undo, Redo, all runs with the deleted ones, the current."""
        with self._changing:
            runs = [*self.runs, *self.deleted]
            return self.moment, self.undo_stack, self.redo_stack, runs, self.run

    def go_on(self, unfinished: Iterable[tuple[Run, int | None]]) -> None:
        """Trains on what was interrupted, by so many epochs each; see `keeping.unfinished`."""
        for run, epochs in unfinished:
            shared_engine().resume(run, epochs, self.id)

    def take_over(self, theirs: Self) -> None:
        """Goes on from what was written elsewhere; the own pairs and settings are one Undo back, and all runs stay."""
        with self._changing:
            mine, moment = self.moment, theirs.moment
            known = {named.run.id: named.run for named in (*self.runs, *self.deleted)}
            self.runs = [*self.runs, *(named for named in theirs.runs if named.run.id not in known)]
            for named in theirs.runs:
                run, state = known.get(named.run.id, named.run), named.run.state
                if state.step > run.state.step and not run.is_active:
                    run.state, run.history = state, list(state.history)
            self.answers = theirs.answers | self.answers
            if (mine.table.rows, mine.model, mine.training) != (moment.table.rows, moment.model, moment.training):
                self._remember()
                self._go_to(replace(moment, deleted=self.deleted))
                self.was_overtaken = True

    def watch(self) -> None:
        """Says that somebody looks at the lesson and its runs, or they would be put away, and paused."""
        self.seen_at = monotonic()
        for named in self.runs:
            named.run.watch()

    def delete(self, run: Run) -> None:
        """Takes a run out of the table; can be undone. After the current one the last of the others is current."""
        with self._changing:
            self._remember()
            self._delete(run)
            forget_checkpoints([*reversed(self.runs), *reversed(self.deleted)], MAX_RESTING_CHECKPOINT_BYTES)

    def _delete(self, run: Run) -> None:
        shared_engine().pause(run)
        self.deleted = (*self.deleted, *(named for named in self.runs if named.run is run))
        self.runs = [named for named in self.runs if named.run is not run]
        if self.run is run:
            self.choose(self.runs[-1].run if self.runs else None)


def _with_live_settings(training: TrainingConfig, by: TrainingConfig) -> TrainingConfig:
    """Returns a training with the live settings of another."""
    return replace(training, **{name: getattr(by, name) for name in _LIVE_SETTINGS})


def untrained(lesson: Lesson) -> TrainingState:
    """Returns a lesson's model before any training; drawing its weights takes a while, so the last is kept."""
    kept = st.session_state.get("untrained")
    if kept is None or kept.lesson is not lesson:
        kept = st.session_state["untrained"] = TrainingState.new(lesson)
    return kept
