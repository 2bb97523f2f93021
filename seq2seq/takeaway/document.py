"""What is kept of a student's work, as data: in the database, and in a lesson file.

A workspace is one document, small JSON, and blobs that never change: the rows of a table, some epochs of a history, the
weights of a checkpoint. The document names blobs by the digests of their contents. So whatever is not new is neither
written nor sent again, and a blob that was damaged is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from seq2seq.data.checks import Problem
from seq2seq.lesson import ModelConfig, TrainingConfig
from seq2seq.limits import MAX_NAME, MAX_TYPED

FORMAT = 1  # of documents and blobs; whoever changes what they mean counts it up
MAX_DOCUMENT_BYTES = 2 * 2**20  # of one with all that a student may keep there are about 300 kB

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Blobs = Mapping[str, bytes]  # by digest
Short = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]  # a name, or the id of something
Typed = Annotated[str, msgspec.Meta(max_length=MAX_TYPED)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]  # whole numbers that a float holds as well
Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Number = Whole | float | Literal["nan", "inf", "-inf"]  # JSON has no words for a loss that went astray


class DamagedError(ValueError):
    """What should be a workspace is none, or not whole; the message says what is wrong.

    Args:
        why: what is wrong, in the terms of the format.
        kind: what that is to a person, a key of `PROBLEM_MESSAGES`; the pages translate `problem`.
        details: what fills the braces of its message.
    """

    def __init__(self, why: str, kind: str = "lesson_damaged", **details: object):
        self.problem = Problem(kind, details)
        super().__init__(f"{self.problem} ({why})")


@dataclass(frozen=True)
class StateDocument:
    """A `TrainingState`; its pairs, weights and epochs are in blobs."""

    pairs: Digest
    model: ModelConfig
    training: TrainingConfig
    latest: Digest  # weights and Adam's means
    step: Count = 0
    epoch: Count = 0
    batch: Count = 0
    sums: tuple[Number, ...] = ()
    evaluation: tuple[dict[Short, Number], ...] = ()
    history: tuple[Digest, ...] = ()
    checkpoints: tuple[tuple[Count, Digest], ...] = ()


@dataclass(frozen=True)
class RunDocument:
    """A training in the table of runs."""

    id: Short
    name: Short
    state: StateDocument
    # The lesson that it belongs to: its name, the rows that it began with, and its pairs and model at the start.
    lesson_name: Short
    start: Digest
    pairs: Digest
    model: ModelConfig
    baseline: Short | None = None
    is_shown: bool = False
    status: Literal["queued", "training", "paused", "finished", "failed"] = "paused"
    target_epoch: Count = 0
    has_rules: bool = True
    stop_reason: Literal["right", "patience", "epochs"] | None = None
    error: Typed | None = None
    seconds_trained: float = 0.0


@dataclass(frozen=True)
class MomentDocument:
    """What Undo and Redo go back to: the pairs, the settings, and which runs had been deleted."""

    lesson_name: Short
    table: Digest
    start: Digest
    model: ModelConfig
    training: TrainingConfig
    deleted: tuple[Short, ...] = ()  # ids of runs


@dataclass(frozen=True)
class GivenDocument:
    """An answer to a question."""

    answer: Typed | Whole | float | tuple[Whole, ...] | None
    is_right: bool


@dataclass(frozen=True)
class WorkspaceDocument:
    """All that is kept of a student."""

    now: MomentDocument
    format: int = FORMAT
    undo: tuple[MomentDocument, ...] = ()
    redo: tuple[MomentDocument, ...] = ()
    runs: tuple[RunDocument, ...] = ()  # also the deleted ones, as long as Undo can bring them back
    run: Short | None = None  # the id of the current one
    look_at: Count | None = None
    chosen: Count = 0
    sentence: Typed | None = None
    sentence_of: Digest | None = None
    asks: bool = True
    answers: dict[Short, GivenDocument] = field(default_factory=dict)
    is_large: bool = False
    has_shortcuts: bool = True
    language: Literal["ko", "en"] | None = None
    hidden: tuple[Short, ...] = ()  # pages and controls that whoever handed the lesson on has left out


def digest(content: bytes) -> str:
    """Names a blob by its content."""
    return hashlib.sha256(content).hexdigest()[:32]


def digests_of(document: WorkspaceDocument) -> set[str]:
    """Returns the names of all blobs that a document needs."""
    names = {document.sentence_of} - {None}
    for moment in (document.now, *document.undo, *document.redo):
        names |= {moment.table, moment.start}
    for run in document.runs:
        names |= {run.start, run.pairs} | digests_of_state(run.state)
    return names


def digests_of_state(document: StateDocument) -> set[str]:
    """Returns the names of all blobs that a training needs."""
    return {document.pairs, document.latest, *document.history, *(name for _, name in document.checkpoints)}


def write_document(document: WorkspaceDocument) -> bytes:
    """Returns a document as JSON."""
    return msgspec.json.encode(document, enc_hook=float)  # a NumPy number


def read_document(content: bytes) -> WorkspaceDocument:
    """Returns the document of some JSON that nobody has looked at yet.

    Raises:
        DamagedError: it is none, or of a later format; every setting is checked as where it is typed.
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise DamagedError(f"the document has {len(content):,} bytes; at most {MAX_DOCUMENT_BYTES:,} are read")
    try:
        written = msgspec.json.decode(content, type=_Format).format
        if written > FORMAT:
            raise DamagedError(f"format {written}; this app reads up to {FORMAT}", "lesson_later")
        return msgspec.json.decode(content, type=WorkspaceDocument)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise DamagedError(str(error)) from error


class _Format(msgspec.Struct):
    format: int
