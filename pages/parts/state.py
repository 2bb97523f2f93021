"""What each page remembers of its student in one tab, and how a widget and a field are kept the same.

What belongs to the lesson and its trainings is in session.py, where other tabs find it too. Here is what a tab alone
needs: which step is looked at, which table is open. `remembered(TensorsState)` returns a page's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from pages.parts.workspace.rows import Table
from seq2seq.data.checks import Problem
from seq2seq.data.files import PairsFileError, Reading, Understood
from seq2seq.takeaway.link import SharedLesson

State = TypeVar("State")


@dataclass
class FrameState:
    """What stands around every page."""

    language: str | None = None  # of all texts; None until the browser was asked
    link_problem: Problem | None = None  # why a link to a lesson could not be opened, until it was read
    deleted: str | None = None  # the id of a session that was here, and is deleted
    knows_of: str | None = None  # the damaged database of which it was read that it was set aside


class Drawn(NamedTuple):
    """A chart as it is on the screen."""

    spec: dict
    tables: dict[str, Any]  # by their names
    alt: str  # what it shows


@dataclass
class PicturesState:
    """The charts of a page, which can be taken home."""

    theme: Any = None  # how the page looks
    drawn: dict[str, Drawn] = field(default_factory=dict)  # by their keys, as the page was drawn last


@dataclass
class TourState:
    """The tour over all pages."""

    left: list[tuple[Any, list]] | None = None  # its steps that are not done, each with what was before; None: no tour


@dataclass
class QuestionsState:
    """The questions before answers, on every page."""

    page: str | None = None  # where the student is; another page begins with what is unanswered there
    is_open: bool = False  # whether they have opened the card, which is one line before
    question: str = ""  # the id of the question shown
    computed: tuple[Any, Any, dict[str, list]] | None = None  # the lesson, the model, and the questions about them


@dataclass
class StartState:
    """The page Start."""

    refused: Problem | None = None  # what is wrong with the lesson file that was chosen last


@dataclass
class TableEditor:
    """An editor of the table of pairs. It keeps what is changed in it apart from the rows that it began with."""

    start: Table  # it began with
    language: str  # of its headings
    key: str  # of its widget
    shown: Table  # with what was changed in this editor, as far as the session knows of it
    added: Table = field(default_factory=Table)  # the rows at the end of it that were written in this editor


@dataclass
class OpenedFile:
    """A file of pairs that was chosen and is neither taken over nor given up."""

    name: str
    content: bytes
    asked: Reading = field(default_factory=Reading)  # what the student decided of how it is read
    found: Understood | None = None  # what is understood of it like that; None: nothing yet, or nothing can be read
    refused: PairsFileError | None = None  # what is wrong with it as it was asked for last; `found` is as before then


@dataclass
class PairsState:
    """The page Pairs."""

    editor: TableEditor | None = None
    opened: OpenedFile | None = None  # a file that was chosen
    uploads: int = 0  # how many were taken over or given up


@dataclass
class TensorsState:
    """The page Tensors."""

    section: str = "steps"  # or another one of 2_tensors.py
    tensor: str = "encoder_inputs"  # of the box that is followed: a field of `Tensors`
    step: int = 0  # of that box
    clicks: int = 0  # how often a box was clicked, so that the same one can be clicked once more
    longer: int = 1  # how many times as long as they are the sentences would be, to compare the memory
    larger: int = 1  # and how many times as large the vocabularies
    numbering_seed: int | None = None  # of the order in which `set()` would number the tokens; None: they are sorted


@dataclass
class ModelState:
    """The page Model."""

    asked: str | None = None  # the question about the wirings that their bright parts answer
    side: str = "encoder"  # whose cell is looked into, see `trace.SIDES`
    row: int = 0  # of the lesson's pairs
    taken_over: tuple[Any, int] | None = None  # the pairs, and the row that Tensors showed when `row` became it
    step: int = 0
    unit: int = 0
    clicks: int = 0  # how often a unit was clicked, so that the same one can be clicked once more


@dataclass
class TrainState:
    """The page Train."""

    measure: str = "accuracy"  # of the second chart
    is_log: bool = False  # whether the loss is drawn on a logarithmic scale
    sentences: int = 1  # which of the sentences are translated, from 1: so many at once
    lines: tuple[tuple, dict[int, list]] | None = None  # a run with some sentences, and their translations by step
    aligned_source: str | None = None  # the source of the sentence whose alignment is drawn
    alignments: tuple[tuple, dict[int, dict]] | None = None  # a run with that source, and its alignments by step
    without: str | None = None  # the source of a pair without which is to be trained
    step_row: int = 0  # of the pair whose update is looked at
    step_view: str = "difference"  # or another one of one_step.py
    # Run, or run and sentences → the step of its model, and what that makes of them.
    outputs: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    drawn_runs: tuple[str, Any] | None = None  # the key of the editor of runs, and the table that it began with
    runs_version: int = 0  # of that editor; changes whenever something was done in it


@dataclass
class TranslateState:
    """The page Translate."""

    sentence: str | None = None  # that stands there; None before any
    sentence_of: tuple | None = None  # the pairs of the lesson that it is for; None before the page has looked
    is_typed: bool = True  # or it is the lesson's first one, as none was typed
    picked: None = None  # always: a sentence that is chosen is put where one is typed
    looked_at: None = None  # the same
    prefix: str = ""  # what a model without ⟨bos⟩ is given
    prefix_of: tuple[str, str] | None = None  # the run and the sentence that it is given for
    section: str = "steps"  # or "search" or "contexts"
    stepper: Any = None  # what is changed in the decoding of a sentence
    shows_numbers: bool = False  # the tables of the stepper are open
    stepped_through: str | None = None  # the version of the translation whose last step was seen, during the tour
    way: str = "beam"  # or "greedy" or "sampling"
    num_beams: int = 3
    length_penalty: float = 0.0
    temperature: float = 1.0
    sampling_seed: int = 0
    found: tuple | None = None  # the weights and the settings of a beam search, and where it was found to differ
    second: str | None = None  # the sentence to compare with; None is the nearest one
    outputs: tuple[tuple, dict[str, str]] | None = None  # a run, the step of its model, and its outputs by source
    encoded: Any = None  # the context vectors of the lesson's sentences


@dataclass
class HandedOn:
    """A lesson that this server keeps for others."""

    of: tuple[SharedLesson, Any]  # what was handed on, and the run with it
    id: str
    epoch: int | None  # of the run


@dataclass
class ShareState:
    """The page Share: what goes along with a link, and the one that was made last."""

    page: str = "start"  # to begin with
    language: str = "browser"  # or one of ours
    is_large: bool = False
    asks: bool = True
    with_model: bool = False
    hidden: list[str] = field(default_factory=list)  # pages and controls
    handed: HandedOn | None = None


def remembered(kind: type[State]) -> State:
    """Returns what this tab remembers of a kind; at first its defaults."""
    if kind.__name__ not in st.session_state:
        st.session_state[kind.__name__] = kind()
    return st.session_state[kind.__name__]


def bound(
    owner: object,
    name: str,
    take: Callable[[Any], None] | None = None,
    shows: Callable[[Any], Any] = lambda value: value,
    starts: str = "value",
    options: Sequence | None = None,
) -> dict[str, Any]:
    """Keeps a widget and a field the same: `st.toggle("Mask", **bound(state, "is_masked"))`.

    The page reads the field, never the widget: reruns come from timers, other tabs and other people as well, and what
    a widget shows may be old by then. Only what this user changes is taken over, once, in the widget's callback.

    Args:
        owner: has the field: one of this file's states, or the session.
        name: of the field.
        take: takes over what was changed, where it is more than setting the field.
        shows: returns what the widget shows for a value of the field, where it is another.
        starts: the widget's argument for what it shows at first.
        options: of a `selectbox`, which starts with the number of one of them.

    Returns:
        The widget's arguments `key`, `on_change`, and the one for what it shows at first.
    """
    key = key_of(owner, name)
    value = shows(getattr(owner, name))
    # The widget is told only where it shows something else: to be told in every run would undo what is being typed.
    if key in st.session_state and st.session_state[key] != value:
        st.session_state[key] = value
    # At first it is not told but made so. The browser may get its code only after another run, which knows no longer
    # that it has to be told; it would show nothing then, and say that this is what was chosen.
    start = {starts: value} if options is None else {"index": options.index(value) if value in options else None}

    def take_over() -> None:
        if key not in st.session_state:
            return  # a run that was cut short may have lost the widget, and is told that it changed
        value = st.session_state[key]
        take(value) if take else setattr(owner, name, value)

    return {"key": key, "on_change": take_over, **start}


def key_of(owner: object, name: str) -> str:
    """Returns the key of the widget that is kept the same as a field."""
    return f"{type(owner).__name__}-{name}"


def bound_setting(session: object, settings: str, name: str, options: Sequence | None = None) -> dict[str, Any]:
    """Keeps a widget and a setting the same, which may have widgets on several pages; see `bound`.

    The `settings` are "model" or "training", the session's field that has the setting, and are replaced as a whole.
    """

    def take(value: object) -> None:
        session.change_setting(settings, name, value)

    return bound(getattr(session, settings), name, take, options=options)
