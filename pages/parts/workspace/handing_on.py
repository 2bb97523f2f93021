"""Lessons that are handed on: what can be left out of them, and the copy that whoever opens a link gets."""

from collections.abc import Mapping
from dataclasses import replace

from pages.parts.workspace.keeping import document_of, restored
from pages.parts.workspace.rows import Table
from pages.parts.workspace.runs import NamedRun
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import Written, shared_sessions
from seq2seq.classroom.run import KEPT, Run
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.takeaway.document import DamagedError
from seq2seq.takeaway.lesson_file import as_copy, read_lesson_file, write_lesson_file
from seq2seq.takeaway.link import SharedLesson, read_link
from seq2seq.takeaway.packing import Packer

# What can be left out beside pages, in the order of the story: `session.shows("upload")` is asked where it is drawn.
CONTROLS = (
    *("lessons", "editing", "upload", "model_settings", "cell", "training_settings", "replay", "runs"),
    *("what_if", "search", "contexts", "answers"),
)
OPEN, SHARED = "open", "shared"  # in an address: the lesson itself, or the id under which this server keeps it
MAX_CHECKPOINT_BYTES = 4 * 2**20  # that each of a class gets with a model, enough for 40 of the small ones


def copy_of(shared: SharedLesson) -> Session:
    """Returns a new session that begins with a lesson that was handed on."""
    supplied, table = SUPPLIED_LESSONS.get(shared.name), Table.of(shared.rows)
    copy = Session(
        shared.name if supplied and supplied.pairs == shared.rows else "own",
        table,
        table,
        shared.model,
        shared.training,
        is_large=shared.is_large,
        language=shared.language,
        asks=shared.asks,
        hidden=frozenset(shared.hidden),
    )
    return _unwritten(copy)


def copy_of_file(content: bytes) -> Session:
    """Returns a new session that begins as a lesson file says.

    Raises:
        DamagedError: it is no lesson file, or not whole.
    """
    document, blobs = read_lesson_file(content)
    return _unwritten(restored(as_copy(document), blobs))


def _unwritten(session: Session) -> Session:
    """Has a new session written though nothing was changed in it yet: a refresh finds it by its own id."""
    session.kept = Written(marks=())
    return session


def file_of(shared: SharedLesson, named: NamedRun | None = None, look_at: int | None = None) -> bytes:
    """Returns a lesson as a lesson file, with the epoch to look at of a run if there is one to go along.

    A run whose checkpoints are too large for a class goes without them and at its latest epoch: no earlier one can be
    trained on.

    Raises:
        DamagedError: it is too large.
    """
    copy, packer = copy_of(shared), Packer()
    if named is not None:
        state = named.run.state
        if named.checkpoint_bytes > MAX_CHECKPOINT_BYTES:
            state, look_at = replace(state, checkpoints=()), None
        run = Run.kept(state, **{name: getattr(named.run, name) for name in KEPT})
        copy.runs = [NamedRun(run, named.name, named.lesson_key, lesson=(copy.lesson_name, copy.rows))]
        copy.run, copy.look_at = run, look_at
    return write_lesson_file(document_of(copy, packer), packer.blobs)


def opened(given: Mapping[str, str]) -> Session | None:
    """Returns a copy of the lesson that the parameters of an address hand on; None if they do not.

    Raises:
        DamagedError: the link is damaged, or too old or too new for this server.
        NotThereError: the database cannot be read.
    """
    if OPEN in given:
        return copy_of(read_link(given[OPEN]))
    return _kept(given[SHARED][:64]) if SHARED in given else None


def _kept(id: str) -> Session:
    content = shared_sessions().handed_on(id)
    if content is None:
        raise DamagedError(id, "link_gone")
    return copy_of_file(content)
