"""What one student has at hand. The pages keep it nowhere else, so that it can move into a database in one place.

A session lives in the memory of the server behind an unguessable id in the address bar: reloading the page, or opening
the address in a second tab, finds the same session. It ends with the server.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from itertools import count
from urllib.parse import parse_qsl

import streamlit as st

from pages.parts.questions.question import Answer
from pages.parts.theme import Theme
from seq2seq import Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.engine import shared_engine
from seq2seq.classroom.lessons import SUPPLIED_LESSONS, suggested_settings
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import stop_reason
from seq2seq.data.checks import Checked, Problem, check_pairs
from seq2seq.data.pairs import Pair
from seq2seq.limits import MAX_RESTING_CHECKPOINT_BYTES, MAX_RUNS, MAX_SESSIONS, MAX_UNDO

Rows = tuple[tuple[str, str], ...]  # the table of pairs as the student left it, faulty rows included
ID = "lesson"  # its name in the address bar
_LIVE_SETTINGS = (
    "epochs",
    "learning_rate",
    "patience",
    "stop_when_right",
)  # settings that a run takes over when it goes on


@dataclass(eq=False)
class NamedRun:
    """A training as it stands in the table of runs.

    Args:
        run: the training.
        name: as the student calls it.
        lesson_key: the pairs and the model that the lesson had when it, or what it is compared with, was started.
        baseline: the id of the run that it is compared with, one thing being changed; None if it stands for itself.
        is_shown: whether its curves are drawn beside those of the current run.
    """

    run: Run
    name: str
    lesson_key: tuple[tuple[Pair, ...], ModelConfig]
    baseline: str | None = None
    is_shown: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is lost with it: it rests and was never trained."""
        return not (self.run.is_active or self.run.state.step)


@dataclass
class Session:
    """A student's lesson and trainings.

    Args:
        lesson_name: of the supplied lesson it began with, or "own" after an upload.
        rows: the table of pairs.
        start: what `back to the start` brings back.
        model, training: as set on the pages Model and Train, for the next run.
        runs: the trainings; each keeps the lesson that it belongs to.
        run: the current one, which Train shows and Translate uses.
        look_at: its kept epoch to look at; None is the latest.
        undo_stack: earlier tables, the latest last.
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
    look_at: int | None = None
    undo_stack: list[Rows] = field(default_factory=list)
    table_version: int = 0
    chosen: int = 0
    sentence: str | None = None
    asks: bool = True
    answers: dict[str, Answer | None] = field(default_factory=dict)
    is_large: bool = False
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def theme(self) -> Theme:
        """How this page looks."""
        return Theme.current(self.is_large)

    # --- The lesson ------------------------------------------------------------------------------------------------

    def edit(self, rows: Rows) -> None:
        """Takes over what was typed into the table."""
        if rows != self.rows:
            self.undo_stack = [*self.undo_stack[1 - MAX_UNDO :], self.rows]
            self._set_rows(rows)

    def replace(self, rows: Rows) -> None:
        """Puts other rows into the table; can be undone."""
        self.edit(rows)
        self.table_version += 1

    def undo(self) -> None:
        """Undoes the latest edit or replacement."""
        self._set_rows(self.undo_stack.pop())
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
        return self._check().problems

    @property
    def lesson(self) -> Lesson | None:
        """The lesson as it stands: the usable rows with the model and the training; None without a usable row."""
        pairs = self._check().usable
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

    def _check(self) -> Checked:
        if "_checked" not in self.__dict__:  # 80,000 rows take half a second, so once per edit
            self._checked = check_pairs(self.rows)
        return self._checked

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
        """What pages draw, but for the figures of runs that train; where it has changed, a page is drawn anew."""
        runs = [(n.run, None if n.run.is_active else n.run.state.step, n.name, n.is_shown) for n in self.runs]
        return self.run, self.look_at, tuple(runs)

    @property
    def is_active(self) -> bool:
        """Whether any run trains or waits for its turn."""
        return any(named.run.is_active for named in self.runs)

    @property
    def baseline(self) -> NamedRun:
        """What is to be compared with: the current run, or the one that this is compared with itself."""
        by_id = {named.run.id: named for named in self.runs}
        current = by_id[self.run.id]
        return by_id.get(current.baseline, current)

    def new_run(self, lesson: Lesson, baseline: NamedRun | None = None) -> NamedRun:
        """Makes an untrained run the current one, named by its number.

        The others stay in the table and rest; only what is compared trains on. An empty current run gives up its row.

        Args:
            lesson: to be trained.
            baseline: the run that it is to be compared with.
        """
        runs = [named for named in self.runs if named is baseline or named.run is not self.run or not named.is_empty]
        number = next(n for n in count(len(runs) + 1) if not any(named.name.startswith(f"{n}.") for named in runs))
        lesson_key = (lesson.pairs, lesson.model) if baseline is None else baseline.lesson_key
        new = NamedRun(Run(TrainingState.new(lesson)), f"{number}.", lesson_key, baseline and baseline.run.id)
        if baseline is None:
            self.pause()
        resting = [named for named in runs if not (named.run.is_active or named.run is self.run or named is baseline)]
        resting.sort(key=lambda named: not named.is_empty)
        dropped = resting[: max(0, len(runs) + 1 - MAX_RUNS)]
        self.runs = [*(named for named in runs if named not in dropped), new]
        self.choose(new.run)
        self._forget_checkpoints()
        return new

    def choose(self, run: Run | None) -> None:
        """Makes a run the current one; the settings that it takes over when it goes on become its own again."""
        self.run, self.look_at = run, None
        if run is not None:
            self.training = _with_live_settings(self.training, run.state.lesson.training)

    def resume(self, epochs: int | None = None) -> None:
        """Trains the current run on, by the learning rate and the rules as they are set now.

        A changed learning rate holds from the next batch on.

        Args:
            epochs: how many more, whatever the rules say; None goes on until a rule ends it, or, where one has done so
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
        """Lets all runs rest, so that none trains on unseen."""
        for named in self.runs:
            shared_engine().pause(named.run)

    def watch(self) -> None:
        """Says that somebody looks at the runs, so that they go on."""
        for named in self.runs:
            named.run.watch()

    def delete(self, run: Run) -> None:
        """Takes a run out of the table; after the current one the last of the others is current."""
        shared_engine().pause(run)
        self.runs = [named for named in self.runs if named.run is not run]
        if self.run is run:
            self.choose(self.runs[-1].run if self.runs else None)

    def _forget_checkpoints(self) -> None:
        """Keeps the earlier epochs of the latest runs that fit into `MAX_RESTING_CHECKPOINT_BYTES`."""
        room = MAX_RESTING_CHECKPOINT_BYTES
        for named in reversed(self.runs):
            state = named.run.state
            room -= sum(weights.nbytes for _, kept in state.checkpoints for weights in kept.values())
            if room < 0 and not named.run.is_active:
                named.run.state = replace(state, checkpoints=())


def _with_live_settings(training: TrainingConfig, by: TrainingConfig) -> TrainingConfig:
    """Returns a training with those settings of another that a run takes over when it goes on."""
    return replace(training, **{name: getattr(by, name) for name in _LIVE_SETTINGS})


@st.cache_resource
def _sessions() -> OrderedDict[str, Session]:
    return OrderedDict()


def current() -> Session:
    """Returns the session that the address bar names; a new one begins with the notebook's lesson."""
    if "session" not in st.session_state:
        first = SUPPLIED_LESSONS["notebook"]
        rows = tuple(first.pairs)
        new = Session(first.name, rows, rows, first.model, first.training)
        # Whoever adds "?large=on" to an address that has a "?" already means another parameter.
        id, _, more = st.query_params.get(ID, new.id).partition("?")
        given = st.query_params.to_dict() | dict(parse_qsl(more))
        new.id = id[:64] or new.id
        opened = st.session_state["session"] = _sessions().setdefault(new.id, new)
        # A teacher can pass on an address without questions, or in large type; the switches are in the sidebar.
        opened.asks = given.get("questions", "on" if opened.asks else "off") != "off"
        opened.is_large = given.get("large", "on" if opened.is_large else "off") == "on"
    session = st.session_state["session"]
    sessions = _sessions()
    sessions[session.id] = session
    sessions.move_to_end(session.id)
    while len(sessions) > MAX_SESSIONS:
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
