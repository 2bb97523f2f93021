"""The lesson at hand: its pairs and settings, how they are changed, and how a change is undone."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pages.parts.workspace.rows import Row, Table
from pages.parts.workspace.runs import NamedRun
from seq2seq import Lesson, ModelConfig, TrainingConfig
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS, suggested_settings
from seq2seq.data.checks import Problem
from seq2seq.limits import MAX_UNDO, MAX_UNDO_ROWS


@dataclass(frozen=True, eq=False)
class Moment:
    """The pairs and the settings at one moment, and which runs had been deleted by then."""

    lesson_name: str
    table: Table
    start: Table
    model: ModelConfig
    training: TrainingConfig
    deleted: tuple[NamedRun, ...] = ()

    def differs_by(self, other: "Moment") -> str:
        """Names what is undone or done again between two moments: "lesson", "pairs", "settings" or "runs"."""
        if self.start is not other.start:
            return "lesson"
        if self.table.rows is not other.table.rows:
            return "pairs"
        return "settings" if (self.model, self.training) != (other.model, other.training) else "runs"


@dataclass(eq=False)
class EditedLesson:
    """A lesson that several tabs may change at once."""

    lesson_name: str  # of the supplied lesson it began with, or "own" after an upload
    table: Table  # the pairs as the student left them, faulty rows included; `edit` and `replace` change it
    start: Table  # what `restart` brings back
    model: ModelConfig  # as set on the page Model, for the next run
    training: TrainingConfig  # the same of the page Train
    undo_stack: tuple[Moment, ...] = ()  # the moments before each change, the latest last
    redo_stack: tuple[Moment, ...] = ()  # those after what was undone, the next one last
    deleted: tuple[NamedRun, ...] = ()  # runs that Undo can bring back
    chosen: int = 0  # the row that the page Tensors shows
    _lesson: Lesson | None = field(default=None, init=False, repr=False)
    _changing: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)  # what Undo brings back
    _setting: tuple[str, str] | None = field(default=None, init=False, repr=False)  # changed last, and nothing since

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

    def open(self, rows: Iterable[Row], name: str = "own") -> None:
        """Begins a lesson with the settings that suit it; can be undone."""
        with self._changing:
            self._remember()
            self.lesson_name, self.start = name, Table.of(rows)
            self.table, self.chosen = self.start, 0
            self.model, self.training = self._suggested_settings()

    def change_setting(self, settings: str, name: str, value: object) -> None:
        """Changes one setting of "model" or "training"; can be undone. Turned up and up it is one change."""
        with self._changing:
            changed = replace(getattr(self, settings), **{name: value})
            if changed != getattr(self, settings):
                if self._setting != (settings, name):
                    self._remember()
                setattr(self, settings, changed)
                self._setting = settings, name

    def use_settings_of(self, lesson: Lesson) -> None:
        """Sets the model and the training to those of another lesson; can be undone."""
        self._use_settings(lesson.model, lesson.training)

    def use_suggested_settings(self) -> None:
        """Sets the model and the training to what suits this lesson; can be undone."""
        self._use_settings(*self._suggested_settings())

    def _use_settings(self, model: ModelConfig, training: TrainingConfig) -> None:
        with self._changing:
            if (model, training) != (self.model, self.training):
                self._remember()
                self.model, self.training = model, training

    def _suggested_settings(self) -> tuple[ModelConfig, TrainingConfig]:
        if self.lesson_name in SUPPLIED_LESSONS:
            supplied = SUPPLIED_LESSONS[self.lesson_name]
            return supplied.model, supplied.training
        return suggested_settings(len(self.rows))

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
            self._remember()
            self.table, self.chosen = table, 0

    # --- Undo and Redo ---------------------------------------------------------------------------------------------

    @property
    def moment(self) -> Moment:
        """What Undo would bring back if something were changed now."""
        return Moment(self.lesson_name, self.table, self.start, self.model, self.training, self.deleted)

    def undo(self) -> None:
        """Takes back the latest change of pairs or settings, or brings back the run that was deleted last."""
        with self._changing:
            if self.undo_stack:
                *self.undo_stack, moment = self.undo_stack
                self.redo_stack = (*self.redo_stack, self.moment)
                self._go_to(moment)

    def redo(self) -> None:
        """Does again what was undone last."""
        with self._changing:
            if self.redo_stack:
                *self.redo_stack, moment = self.redo_stack
                self.undo_stack = (*self.undo_stack, self.moment)
                self._go_to(moment)

    def _remember(self) -> None:
        """Puts the present moment where Undo finds it, before it is changed."""
        self.undo_stack, self.redo_stack, self._setting = _bounded((*self.undo_stack, self.moment)), (), None
        moments = (*self.undo_stack, *self.redo_stack)
        self.deleted = tuple(named for named in self.deleted if any(named not in then.deleted for then in moments))

    def _go_to(self, moment: Moment) -> None:
        self.undo_stack, self.redo_stack, self._setting = tuple(self.undo_stack), tuple(self.redo_stack), None
        if moment.table.rows is not self.table.rows:
            self.chosen = 0
        self.lesson_name, self.table, self.start = moment.lesson_name, moment.table, moment.start
        self.model, self.training = moment.model, moment.training
        self.deleted = tuple(named for named in self.deleted if named in moment.deleted)


def _bounded(moments: tuple[Moment, ...]) -> tuple[Moment, ...]:
    """Keeps the latest moments: at most `MAX_UNDO`, and of large tables fewer, for each is kept with all its rows."""
    tables, kept = {}, []
    for moment in reversed(moments[-MAX_UNDO:]):
        tables |= {id(table.rows): len(table.rows) for table in (moment.table, moment.start)}
        if kept and sum(tables.values()) > MAX_UNDO_ROWS:
            break
        kept.append(moment)
    return tuple(reversed(kept))
