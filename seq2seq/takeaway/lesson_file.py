"""A whole workspace as one file, `.seq2seq.zip`, that any server of this app opens.

Anybody can look into it: the document is `lesson.json`, and each blob a file that is named by its digest, weights as
safetensors. What is read is not trusted: nothing of it is executed, every size is checked before memory is taken, and
all must fit together as in what this app has written itself.

What Undo and Redo know stays at home, and so do the rows that a table once began with: who takes a name out of a lesson
means it to be gone. Only the pairs that a run was trained on go along with it, for without them it is none.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.limits import MAX_LESSON_FILE_BYTES, MAX_LESSON_ROWS, MAX_LESSON_TEXT_BYTES, MAX_RUNS
from seq2seq.state import TrainingState
from seq2seq.takeaway.archive import DOCUMENT, TEXT, WEIGHTS, read_zip, write_zip
from seq2seq.takeaway.document import (
    MAX_DOCUMENT_BYTES,
    Blobs,
    DamagedError,
    MomentDocument,
    RunDocument,
    WorkspaceDocument,
    digest,
    digests_of,
    read_document,
    write_document,
)
from seq2seq.takeaway.packing import Packer, Unpacker, read_rows

ENDING = ".seq2seq.zip"


def write_lesson_file(document: WorkspaceDocument, blobs: Blobs) -> bytes:
    """Returns a workspace as a file; the same one gives the same bytes. It begins with its pairs as they are.

    Args:
        document: what is kept of a student.
        blobs: by digest; those that it needs, and others.

    Raises:
        DamagedError: it could not be read again, most likely because it is too large.
    """
    document = _without_what_is_gone(document)
    _check(document, blobs)
    parts = {name: blobs[blob] for name, blob in sorted(_names(document).items())}
    _check_text(sum(len(blob) for name, blob in parts.items() if name.endswith(TEXT)))
    content = write_zip({DOCUMENT: write_document(document)} | parts)
    _check_size(content)
    return content


def _without_what_is_gone(document: WorkspaceDocument) -> WorkspaceDocument:
    """Leaves out what was undone or deleted; runs that began with the same rows still do so."""
    now = replace(document.now, start=document.now.table, deleted=())
    runs = [run for run in document.runs if run.id not in document.now.deleted]
    starts = {document.now.start: now.start}
    for run in runs:
        starts.setdefault(run.start, run.pairs)
    runs = tuple(replace(run, start=starts[run.start]) for run in runs)
    document = replace(document, now=now, undo=(), redo=(), runs=runs)
    if document.sentence_of in {now.table, *(run.state.pairs for run in runs)}:
        return document
    return replace(document, sentence_of=None, sentence=None if document.sentence_of else document.sentence)


def read_lesson_file(content: bytes) -> tuple[WorkspaceDocument, dict[str, bytes]]:
    """Returns the document of a file that nobody has looked at yet, and its blobs by their digests.

    Raises:
        DamagedError: it is no lesson file, or not whole, or holds what this app would not have written.
    """
    _check_size(content)
    members = read_zip(content)
    _check_text(sum(member.size for member in members.values() if member.is_text))
    if members[DOCUMENT].size > MAX_DOCUMENT_BYTES:  # asked here as well, before it is unpacked
        raise DamagedError(f"the document has {members[DOCUMENT].size:,} bytes")
    document = read_document(members.pop(DOCUMENT).unpacked())
    names = _names(document)
    if members.keys() != names.keys():
        raise DamagedError("it has other parts than its document asks for")
    blobs = {names[name]: member.unpacked() for name, member in members.items()}
    for name, blob in blobs.items():
        if digest(blob) != name:
            raise DamagedError(f"what is called {name} is something else")
    _check(document, blobs)
    return _with_known_names(document), {name: bytes(blob) for name, blob in blobs.items()}


def as_copy(document: WorkspaceDocument) -> WorkspaceDocument:
    """Returns a workspace for somebody else: its runs have ids of their own, and none of them trains."""
    ids = {run.id: secrets.token_hex(16) for run in document.runs}
    runs = []
    for run in document.runs:
        status = "paused" if run.status in ("queued", "training") else run.status
        runs.append(replace(run, id=ids[run.id], baseline=ids.get(run.baseline), status=status))
    return replace(document, runs=tuple(runs), run=ids.get(document.run))


# --- From Python -----------------------------------------------------------------------------------------------------


def save_state(state: TrainingState, path: str | os.PathLike) -> None:
    """Writes a lesson file with one run. A file that was there is replaced in one moment, or left as it was.

    Raises:
        DamagedError: it could not be read again: it is too large, or the parts of the state do not fit together.
        OSError: it cannot be written.
    """
    packer, lesson = Packer(), state.lesson
    rows, epochs = packer.rows(lesson.pairs), lesson.training.epochs
    run = RunDocument("1", "1.", packer.state(state), "own", rows, rows, lesson.model, target_epoch=epochs)
    now = MomentDocument("own", rows, rows, lesson.model, lesson.training)
    document = WorkspaceDocument(now, runs=(run,), run=run.id)
    path = Path(path)
    written = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with open(written, "xb") as file:
            file.write(write_lesson_file(document, packer.blobs))
            file.flush()
            os.fsync(file.fileno())
        os.replace(written, path)
    finally:
        written.unlink(missing_ok=True)


def load_state(path: str | os.PathLike) -> TrainingState:
    """Returns the current run of a lesson file.

    Raises:
        DamagedError: see `read_lesson_file`.
        ValueError: there is no run in it.
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        document, blobs = read_lesson_file(file.read(MAX_LESSON_FILE_BYTES + 1))
    for run in document.runs:
        if run.id == document.run:
            return Unpacker(blobs).state(run.state)
    raise ValueError("there is no run in this lesson file")


# --- What must be so -------------------------------------------------------------------------------------------------


def _check_size(content: bytes) -> None:
    if len(content) > MAX_LESSON_FILE_BYTES:
        raise _too_large(f"{len(content):,} bytes")


def _check_text(size: int) -> None:
    if size > MAX_LESSON_TEXT_BYTES:
        raise _too_large(f"{size:,} bytes of rows and epochs")


def _too_large(why: str) -> DamagedError:
    return DamagedError(why, "lesson_too_large", limit_mb=MAX_LESSON_FILE_BYTES // 2**20)


def _names(document: WorkspaceDocument) -> dict[str, str]:
    """Returns the digest of each blob by its name in the zip."""
    weights = _weights(document)
    return {blob + (WEIGHTS if blob in weights else TEXT): blob for blob in digests_of(document)}


def _weights(document: WorkspaceDocument) -> set[str]:
    states = [run.state for run in document.runs]
    return {name for state in states for name in (state.latest, *(name for _, name in state.checkpoints))}


def _check(document: WorkspaceDocument, blobs: Blobs) -> None:
    """Raises an error unless a document and its blobs fit together; what is made of them for that is forgotten."""
    ids = [run.id for run in document.runs]
    if len(ids) > MAX_RUNS:
        raise _too_large(f"{len(ids)} runs")
    if document.undo or document.redo or document.now.deleted or len(set(ids)) < len(ids):
        raise DamagedError("it tells of runs that are not there")
    if document.run not in (None, *ids):
        raise DamagedError("its current run is not there")
    tables = {document.now.table, document.now.start, document.sentence_of} - {None}
    tables |= {name for run in document.runs for name in (run.start, run.pairs, run.state.pairs)}
    if _weights(document) & (tables | {name for run in document.runs for name in run.state.history}):
        raise DamagedError("weights are said to be text")
    if sum(blobs[name].count(b"\n") for name in tables) > MAX_LESSON_ROWS:
        raise _too_large("too many rows")
    for name in tables:
        read_rows(blobs[name])
    unpacker = Unpacker(blobs)
    for run in document.runs:
        unpacker.check(run.state)


def _with_known_names(document: WorkspaceDocument) -> WorkspaceDocument:
    """Calls a lesson the student's own that another version supplies and this one does not."""

    def known(name: str) -> str:
        return name if name in SUPPLIED_LESSONS else "own"

    runs = tuple(replace(run, lesson_name=known(run.lesson_name)) for run in document.runs)
    return replace(document, now=replace(document.now, lesson_name=known(document.now.lesson_name)), runs=runs)
