"""What each page remembers of its student in one tab, and how a widget and a field are kept the same.

What belongs to the lesson and its trainings is in session.py, where other tabs find it too. Here is what a tab alone
needs: which step is looked at, which table is open. `remembered(TensorsState)` returns a page's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from pages.parts.rows import Table
from seq2seq.data.files import PairsFileError

State = TypeVar("State")


@dataclass
class FrameState:
    """What stands around every page.

    Args:
        language: of all texts; None until the browser was asked.
    """

    language: str | None = None


@dataclass
class QuestionsState:
    """The questions before answers, on every page.

    Args:
        page: where the student is; whoever comes to another page begins with what is unanswered there.
        is_open: whether something was unanswered when they came; it stays, or an answer would fold the card.
        question: the id of the question shown.
        computed: the lesson and the model that the questions are about, and the questions; None before the first.
    """

    page: str | None = None
    is_open: bool = False
    question: str = ""
    computed: tuple[Any, Any, dict[str, list]] | None = None


@dataclass
class TableEditor:
    """An editor of the table of pairs. It keeps what is changed in it apart from the rows that it began with.

    Args:
        start: it began with.
        language: of its headings.
        key: of its widget.
        shown: the table with what was changed in this editor, as far as the session knows of it.
        added: the rows at the end of it that were written in this editor.
    """

    start: Table
    language: str
    key: str
    shown: Table
    added: Table = field(default_factory=Table)


@dataclass
class PairsState:
    """The page Pairs.

    Args:
        editor: of the table.
        refused: what is wrong with the file that was uploaded last.
    """

    editor: TableEditor | None = None
    refused: PairsFileError | None = None


@dataclass
class TensorsState:
    """The page Tensors.

    Args:
        tensor, step: the box that is followed: a field of `Tensors`, and its time step.
        clicks: how often a box was clicked, so that the same one can be clicked once more.
        numbering_seed: of the order in which `set()` would number the tokens; None while they are sorted.
    """

    tensor: str = "encoder_inputs"
    step: int = 0
    clicks: int = 0
    numbering_seed: int | None = None


@dataclass
class ModelState:
    """The page Model.

    Args:
        asked: the question about the wirings that their bright parts answer; None if none.
        side: of the model whose cell is looked into: "encoder" or "decoder".
        row: of the lesson's pairs.
        chosen: the row that the page Tensors showed when `row` was taken over from it; another one there is, too.
        step, unit: of the cell.
        clicks: how often a unit was clicked, so that the same one can be clicked once more.
    """

    asked: str | None = None
    side: str = "encoder"
    row: int = 0
    chosen: int = 0
    step: int = 0
    unit: int = 0
    clicks: int = 0


@dataclass
class TrainState:
    """The page Train.

    Args:
        refused: setting → what was typed for it and is out of its range.
        measure: of the second chart.
        is_log: whether the loss is drawn on a logarithmic scale.
        sentences: which of the sentences are translated, from 1: so many at once.
        drawn_runs: the table of runs as its editor was begun with, after the key of the editor.
        runs_version: of that editor; changes whenever something was done in it.
    """

    refused: dict[str, float] = field(default_factory=dict)
    measure: str = "accuracy"
    is_log: bool = False
    sentences: int = 1
    drawn_runs: tuple[str, Any] | None = None
    runs_version: int = 0


@dataclass
class TranslateState:
    """The page Translate.

    Args:
        sentence: typed; None before.
        picked, looked_at: always None: a sentence that is chosen is put where one is typed.
        prefix: what a model without ⟨bos⟩ is given.
        prefix_of: the run and the sentence that it is given for.
        section: "steps", "search" or "contexts".
        stepper: what is changed in the decoding of a sentence.
        shows_numbers: the tables of the stepper are open.
        way: "greedy", "beam" or "sampling".
        num_beams, length_penalty: of the beam search.
        temperature, sampling_seed: of the samples.
        found: the sentences on which the beam was found to differ.
        second: the sentence to compare with; None is the nearest one.
        encoded: the context vectors of the lesson's sentences.
    """

    sentence: str | None = None
    picked: None = None
    looked_at: None = None
    prefix: str = ""
    prefix_of: tuple[str, str] | None = None
    section: str = "steps"
    stepper: Any = None
    shows_numbers: bool = False
    way: str = "beam"
    num_beams: int = 3
    length_penalty: float = 0.0
    temperature: float = 1.0
    sampling_seed: int = 0
    found: Any = None
    second: str | None = None
    encoded: Any = None


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
    key = f"{type(owner).__name__}-{name}"
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


def bound_setting(session: object, settings: str, name: str, options: Sequence | None = None) -> dict[str, Any]:
    """Keeps a widget and a setting the same, which may have widgets on several pages.

    Args:
        session: the student's.
        settings: "model" or "training": the session's field that has the setting, and is replaced as a whole.
        name: of the setting.
        options: of a `selectbox`.

    Returns:
        See `bound`.
    """

    def take(value: object) -> None:
        setattr(session, settings, replace(getattr(session, settings), **{name: value}))

    return bound(getattr(session, settings), name, take, options=options)
