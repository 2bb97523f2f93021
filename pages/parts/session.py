"""What one student has at hand. The pages keep it nowhere else, so that it can move into a database in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from seq2seq import Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.engine import Run, shared_engine
from seq2seq.config import suggested_settings
from seq2seq.lessons import SUPPLIED_LESSONS
from seq2seq.pairs import Problem, check_pairs, usable_pairs

Rows = tuple[tuple[str, str], ...]  # the table of pairs as the student left it, faulty rows included
_MOST_UNDO = 50


@dataclass
class Session:
    """A student's lesson and training.

    Args:
        lesson_name: of the supplied lesson it began with, or "own" after an upload.
        rows: the table of pairs.
        start: what `back to the start` brings back.
        model, training: as set on the pages Model and Train.
        run: the latest training; it keeps the lesson that it belongs to.
        undo: earlier tables, the latest last.
        table_version: changes whenever the table is replaced by something other than typing into it.
        chosen: the row that the page Tensors shows.
    """

    lesson_name: str
    rows: Rows
    start: Rows
    model: ModelConfig
    training: TrainingConfig
    run: Run | None = None
    undo: list[Rows] = field(default_factory=list)
    table_version: int = 0
    chosen: int = 0

    def edit(self, rows: Rows) -> None:
        """Takes over what was typed into the table."""
        if rows != self.rows:
            self.undo = [*self.undo[1 - _MOST_UNDO :], self.rows]
            self._set_rows(rows)

    def replace(self, rows: Rows) -> None:
        """Puts other rows into the table; can be undone."""
        self.edit(rows)
        self.table_version += 1

    def take_back(self) -> None:
        """Undoes the latest edit or replacement."""
        self._set_rows(self.undo.pop())
        self.table_version += 1

    def open_supplied(self, name: str) -> None:
        """Begins a supplied lesson; what was in the table can be brought back."""
        self.lesson_name, self.start = name, tuple(SUPPLIED_LESSONS[name].pairs)
        self.replace(self.start)
        self.use_suggested_settings()

    def open_own(self, rows: Rows) -> None:
        """Begins a lesson of the student's own, with settings that suit its size."""
        self.lesson_name, self.start = "own", rows
        self.replace(rows)
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

    def _set_rows(self, rows: Rows) -> None:
        self.rows, self.chosen = rows, 0
        self.__dict__.pop("_checked", None)

    @property
    def problems(self) -> list[Problem]:
        return self._check()[0]

    @property
    def lesson(self) -> Lesson | None:
        """The lesson as it stands: the usable rows with the model and the training; None without a usable row."""
        _, pairs = self._check()
        return Lesson(pairs, self.model, self.training) if pairs else None

    def _check(self):
        if "_checked" not in self.__dict__:  # 80,000 rows take half a second, so once per edit
            self._checked = check_pairs(self.rows), usable_pairs(self.rows)
        return self._checked

    @property
    def trained(self) -> TrainingState | None:
        """The latest training that has anything to show."""
        return self.run.state if self.run and self.run.state.step else None

    @property
    def is_outdated(self) -> bool:
        """Whether the trained model belongs to other pairs or another model than the lesson now has."""
        trained = self.run and self.run.state.lesson
        return bool(trained) and (
            self.lesson is None or (trained.pairs, trained.model) != (self.lesson.pairs, self.model)
        )

    def start_training(self) -> None:
        self.run = shared_engine().submit(TrainingState.new(self.lesson))

    def stop_training(self) -> None:
        shared_engine().stop(self.run)


def current() -> Session:
    """Returns the session of the student whose page is running; it begins with the notebook's lesson."""
    if "session" not in st.session_state:
        first = SUPPLIED_LESSONS["notebook"]
        rows = tuple(first.pairs)
        st.session_state["session"] = Session(first.name, rows, rows, first.model, first.training)
    return st.session_state["session"]
