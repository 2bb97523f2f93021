"""What one student has at hand. The pages keep it nowhere else, so that it can move into a database in one place.

A session lives in the memory of the server behind an unguessable id in the address bar: reloading the page, or opening
the address in a second tab, finds the same session. It ends with the server.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace

import streamlit as st

from seq2seq import Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.engine import shared_engine
from seq2seq.classroom.run import Run
from seq2seq.config import suggested_settings
from seq2seq.lessons import SUPPLIED_LESSONS
from seq2seq.pairs import Pair, Problem, check_pairs, usable_pairs
from seq2seq.questions import Answer

Rows = tuple[tuple[str, str], ...]  # the table of pairs as the student left it, faulty rows included
ID = "lesson"  # its name in the address bar
_MOST_UNDO = 50
_MOST_RUNS = 12  # kept in a session; the oldest one that rests is dropped
_MOST_SESSIONS = 300  # ten classes; the one that was not used for longest is dropped


@dataclass
class NamedRun:
    """A training as it stands in the table of runs.

    Args:
        run: the training.
        name: as the student calls it.
        basis: the pairs and the model that the lesson had when it was started.
        is_shown: whether its curves are drawn beside those of the current run.
    """

    run: Run
    name: str
    basis: tuple[tuple[Pair, ...], ModelConfig]
    is_shown: bool = False


@dataclass
class Session:
    """A student's lesson and trainings.

    Args:
        lesson_name: of the supplied lesson it began with, or "own" after an upload.
        rows: the table of pairs.
        start: what `back to the start` brings back.
        model, training: as set on the pages Model and Train, for the next run.
        runs: the trainings; each keeps the lesson that it belongs to.
        run: the current one, which Train shows.
        used: the one that Translate uses.
        look_at: the kept epoch of `used` to look at; None is the latest.
        undo: earlier tables, the latest last.
        table_version: changes whenever the table is replaced by something other than typing into it.
        chosen: the row that the page Tensors shows.
        sentence: typed on the page Translate; None before.
        asks: whether the pages ask questions before they show the answers.
        answers: question → what was answered, None if it was shown without answering.
        is_large: large type, for the projector.
        id: in the address bar.
    """

    lesson_name: str
    rows: Rows
    start: Rows
    model: ModelConfig
    training: TrainingConfig
    runs: list[NamedRun] = field(default_factory=list)
    run: Run | None = None
    used: Run | None = None
    look_at: int | None = None
    undo: list[Rows] = field(default_factory=list)
    table_version: int = 0
    chosen: int = 0
    sentence: str | None = None
    asks: bool = True
    answers: dict[str, Answer | None] = field(default_factory=dict)
    is_large: bool = False
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    # --- The lesson ------------------------------------------------------------------------------------------------

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

    @property
    def problems(self) -> list[Problem]:
        return self._check()[0]

    @property
    def lesson(self) -> Lesson | None:
        """The lesson as it stands: the usable rows with the model and the training; None without a usable row."""
        _, pairs = self._check()
        if not pairs:
            return None
        lesson = self.__dict__.get("_lesson")
        if lesson is None or (lesson.model, lesson.training) != (self.model, self.training):
            lesson = self._lesson = Lesson(pairs, self.model, self.training)
        return lesson

    def _set_rows(self, rows: Rows) -> None:
        self.rows, self.chosen = rows, 0
        self.__dict__.pop("_checked", None)
        self.__dict__.pop("_lesson", None)

    def _check(self) -> tuple[list[Problem], tuple]:
        if "_checked" not in self.__dict__:  # 80,000 rows take half a second, so once per edit
            self._checked = check_pairs(self.rows), usable_pairs(self.rows)
        return self._checked

    # --- The trainings ---------------------------------------------------------------------------------------------

    @property
    def trained(self) -> TrainingState | None:
        """The model that Translate uses, as it was at the epoch to look at; None before any training."""
        if self.used is None or not self.used.state.step:
            return None
        state = self.used.state
        return state if self.look_at not in dict(state.snapshots) else state.at(self.look_at)

    @property
    def is_outdated(self) -> bool:
        """Whether the pairs or the model were changed after the run that Translate uses had been started."""
        basis = next((named.basis for named in self.runs if named.run is self.used), None)
        return basis is not None and (self.lesson is None or basis != (self.lesson.pairs, self.model))

    @property
    def can_train(self) -> bool:
        """Whether the training processes are ready; until then runs wait."""
        return shared_engine().ready

    def new_run(self, lesson: Lesson, name: str) -> Run:
        """Makes an untrained run the current one; the one before rests and stays in the table."""
        if self.run is not None:
            shared_engine().pause(self.run)
        self.run = self.used = Run(TrainingState.new(lesson))
        self.look_at = None
        resting = [named for named in self.runs if not named.run.is_active]
        if len(self.runs) >= _MOST_RUNS and resting:
            self.runs.remove(resting[0])
        self.runs.append(NamedRun(self.run, name, (self.lesson.pairs, self.model)))
        return self.run

    def go_on(self, epochs: int | None = None) -> None:
        """Trains the current run on; see `Engine.go_on`. A changed learning rate holds from the next epoch on."""
        state = self.run.state
        training = replace(state.lesson.training, learning_rate=self.training.learning_rate)
        if training != state.lesson.training and not self.run.is_active:
            self.run.state = replace(state, lesson=replace(state.lesson, training=training))
        self.look_at = None
        shared_engine().go_on(self.run, epochs)

    def pause(self) -> None:
        shared_engine().pause(self.run)

    def delete(self, run: Run) -> None:
        """Takes a run out of the table."""
        shared_engine().pause(run)
        self.runs = [named for named in self.runs if named.run is not run]
        left = self.runs[-1].run if self.runs else None
        self.run = left if self.run is run else self.run
        self.used = self.run if self.used is run else self.used


@st.cache_resource
def _sessions() -> OrderedDict[str, Session]:
    return OrderedDict()


def current() -> Session:
    """Returns the session that the address bar names; a new one begins with the notebook's lesson."""
    if "session" not in st.session_state:
        first = SUPPLIED_LESSONS["notebook"]
        rows = tuple(first.pairs)
        new = Session(first.name, rows, rows, first.model, first.training)
        new.id = st.query_params.get(ID, new.id)[:64]
        opened = st.session_state["session"] = _sessions().setdefault(new.id, new)
        # A teacher can pass on an address without questions, or in large type; the switches are in the sidebar.
        opened.asks = st.query_params.get("questions", "on" if opened.asks else "off") != "off"
        opened.is_large = st.query_params.get("large", "on" if opened.is_large else "off") == "on"
    session = st.session_state["session"]
    sessions = _sessions()
    sessions[session.id] = session
    sessions.move_to_end(session.id)
    while len(sessions) > _MOST_SESSIONS:
        sessions.popitem(last=False)
    if st.query_params.get(ID) != session.id:  # each write is a message to the browser, and every link asks here
        st.query_params[ID] = session.id
    return session


def untrained(lesson: Lesson) -> TrainingState:
    """Returns a lesson's model before any training; drawing its weights takes a while, so the last is kept."""
    kept = st.session_state.get("untrained")
    if kept is None or kept.lesson is not lesson:
        kept = st.session_state["untrained"] = TrainingState.new(lesson)
    return kept
