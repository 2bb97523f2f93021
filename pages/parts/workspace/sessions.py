"""The sessions of this server: found by their ids, written as they change, put away when nobody looks at them.

A thread compares each session with what it wrote last, a few times a second and whenever a page is drawn, and writes
what is new into the database. So whatever changes a session need not think of it, and no page waits for a disk.
"""

import atexit
import contextlib
import logging
import math
import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from pages.parts.workspace.keeping import document_of, marks_of, restored, unfinished
from pages.parts.workspace.session import Session
from seq2seq.classroom.memory import give_back
from seq2seq.classroom.run import Run
from seq2seq.takeaway.document import DamagedError, digests_of, read_document, write_document
from seq2seq.takeaway.packing import Packer

if TYPE_CHECKING:  # loaded by the thread: 0.4 s in which the first page would wait
    from seq2seq.classroom.store import Store

logger = logging.getLogger(__name__)
KEEP_DAYS = float(os.environ.get("SEQ2SEQ_KEEP_DAYS", "90"))  # that nobody has used; a setting of whoever runs this
LOOK_SECONDS = 0.25  # as long as a slice of a training
IDLE_SECONDS = 1  # nothing trains; pages that are drawn say so
REST_SECONDS = 150  # a page that is open looks every 5 seconds, in a hidden tab once a minute
RETRY_SECONDS = 5
_SHARE = 20  # times as long as writing a session took its trainings are not written again
_DAY = 24 * 3600


class NotThereError(Exception):
    """A session may be in the database, which cannot be read."""


@dataclass
class Written:
    """How much of a session is in the database."""

    marks: tuple  # when it was written last; () before
    version: int = 0
    at: float = 0.0  # seconds since 1970
    digests: set[str] = field(default_factory=set)  # of its blobs that are there
    packer: Packer = field(default_factory=Packer)
    error: str | None = None  # why it could not be written
    next_at: float = 0.0  # when that is tried again
    slice_at: float = 0.0  # when the progress of trainings may be written again
    unfinished: Iterable[tuple[Run, int | None]] = ()  # runs that trained when it was written


class Sessions:
    """Sessions by their ids.

    Args:
        url: of the database; see `Store`.
    """

    def __init__(self, url: str | None = None):
        self._url = url
        self._used: dict[str, Session] = {}  # those that are looked at, train, or are not written yet
        # And those that something else holds, such as a tab whose laptop sleeps: there must never be two of one id.
        self._alive: weakref.WeakValueDictionary[str, Session] = weakref.WeakValueDictionary()
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._wake, self._tried = threading.Event(), threading.Event()
        self._store: Store | None = None
        self._opened_at, self._cleaned_at = 0.0, -math.inf
        self._fails = self._may_be_damaged = self._is_closed = False
        threading.Thread(target=self._work, name="session writer", daemon=True).start()

    # --- For pages ---------------------------------------------------------------------------------------------------

    def find(self, id: str) -> Session | None:
        """Returns a session that there is; None if there is none of this id.

        Raises:
            NotThereError: the database cannot be read, or holds something else.
        """
        with self._lock:
            session = self._alive.get(id)
        if session is not None and not session.is_deleted:
            return session
        with self._database() as store:
            kept = store.load(id)
        return None if kept is None else _loaded(id, kept)

    def use(self, session: Session) -> Session:
        """Returns the session of this one's id, which is this one if there is no other, and keeps it."""
        if session.is_deleted:  # and another tab still looks at it
            return session
        with self._lock:  # pages of other students are drawn in other threads
            session = self._alive.setdefault(session.id, session)
            self._used[session.id] = session
            written = session.kept = session.kept or Written(marks_of(session))  # a new one is written once it changes
            going_on, written.unfinished = written.unfinished, ()
        session.watch()
        session.go_on(going_on)
        self._wake.set()
        return session

    def looked_at(self) -> set[str]:
        """Returns the ids of the sessions that somebody looks at."""
        return {id for id, session in list(self._used.items()) if _is_seen(session)}

    def is_written(self, session: Session, patience: float = 0.0) -> bool:
        """Whether all of a session is in the database, but for what trains at this moment; waits a little if not."""
        until = time.monotonic() + patience
        while not (is_written := session.kept.marks[:-1] == marks_of(session)[:-1]) and time.monotonic() < until:
            time.sleep(0.005)
        return is_written

    def can_write(self, session: Session) -> bool:
        """Whether what is not written yet will be soon."""
        return not (self._fails or session.kept.error)

    @property
    def aside(self) -> str | None:
        """The name of a damaged database that was set aside, if any."""
        return self._store and self._store.aside

    def delete(self, session: Session) -> None:
        """Deletes a session and all that is kept of it.

        Raises:
            NotThereError: the database cannot be written; nothing is deleted.
        """
        with self._writing, self._database() as store:
            store.delete(session.id)
            session.is_deleted = True
        session.pause()
        with self._lock:
            self._used.pop(session.id, None)
            self._alive.pop(session.id, None)

    def hand_on(self, content: bytes) -> str:
        """Keeps a lesson file for others; returns its id.

        Raises:
            NotThereError: the database cannot be written.
        """
        with self._database() as store:
            return store.share(content)

    def handed_on(self, id: str) -> bytes | None:
        """Returns a lesson file that was handed on; None if there is none, or no longer.

        Raises:
            NotThereError: the database cannot be read.
        """
        with self._database() as store:
            return store.shared(id)

    @contextlib.contextmanager
    def _database(self) -> Iterator["Store"]:
        """Lends the database to a page."""
        self._tried.wait()
        if self._store is None:
            self._wake.set()  # to try again
            raise NotThereError
        try:
            yield self._store
        except Exception as error:  # whatever its driver says
            self._note(error, "the database does not answer")
            raise NotThereError from error

    def _note(self, error: Exception, message: str) -> None:
        """Notes that the database fails, in the log once; the thread looks whether it is damaged."""
        from seq2seq.classroom.store import is_damage  # noqa: PLC0415

        if not self._fails:
            logger.error(message, exc_info=error)
        self._fails = True
        if is_damage(error):
            self._may_be_damaged = True
            self._wake.set()

    def close(self) -> None:
        """Writes what is not written yet, and ends."""
        self._is_closed = True
        self._write_all()
        if self._store:
            self._store.close()

    # --- The thread that writes --------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._is_closed:
            with _logged("sessions cannot be written"):  # whatever it is: there is no other thread that writes
                self._open_store()
                self._write_all()
                self._put_away()
            trains = any(session.is_active for session in list(self._used.values()))
            waits = self._store is None or self._used
            self._wake.wait(LOOK_SECONDS if trains else IDLE_SECONDS if waits else _DAY)
            self._wake.clear()

    def _open_store(self) -> None:
        if self._store is None and time.monotonic() >= self._opened_at:
            try:
                from seq2seq.classroom.store import Store  # noqa: PLC0415

                self._store, self._fails = Store(self._url), False
            except Exception as error:
                self._note(error, "the database cannot be opened; nothing is kept")
                self._opened_at = time.monotonic() + RETRY_SECONDS
            self._tried.set()
        if self._may_be_damaged and self._store:
            self._begin_anew()
        if self._store and time.monotonic() - self._cleaned_at > _DAY:
            self._cleaned_at = time.monotonic()
            with _logged("what nobody has used cannot be deleted"):
                self._store.touch(list(self._used))
                self._store.delete_untouched(KEEP_DAYS)

    def _begin_anew(self) -> None:
        """Sets a database aside that was damaged while it was open; what is at hand is written into a new one."""
        self._may_be_damaged = False
        with self._writing:
            if not self._store.is_damaged():
                return
            self._store.set_aside()
            self._fails = False
            for session in list(self._alive.values()):
                session.kept = Written(())

    def _write_all(self) -> None:
        if self._store is None:
            return
        with self._writing:
            # What somebody did comes before how far trainings are.
            for session in sorted(self._used.values(), key=self.is_written):
                if not session.is_deleted and time.monotonic() >= session.kept.next_at:
                    self._write(session)

    def _write(self, session: Session) -> None:
        """Writes what is new in a session."""
        from seq2seq.classroom.store import ConflictError, DatabaseError  # noqa: PLC0415

        written, marks, began = session.kept, marks_of(session), time.monotonic()
        if marks == written.marks:  # asked before the rest: what changes from now on is written next time
            return
        if marks[:-1] == written.marks[:-1] and began < written.slice_at:
            return
        try:
            content = write_document(document_of(session, written.packer))
            digests = digests_of(read_document(content))  # what could not be read again is not called saved
            new = {name: blob for name, blob in written.packer.blobs.items() if name in digests - written.digests}
            written.version = self._store.save(session.id, written.version, content, new, written.digests - digests)
        except ConflictError:
            self._overtake(session)
        except Exception as error:
            if isinstance(error, DatabaseError):  # likely no session can be written
                self._note(error, "sessions cannot be written")
            elif not written.error:
                logger.exception("a session cannot be written")
            # The blobs are made again: a state for each attempt would fill the memory.
            written.error, written.packer = type(error).__name__, Packer()
            written.next_at = time.monotonic() + RETRY_SECONDS
        else:
            written.packer.forget(digests)
            written.digests, written.marks, written.error, written.at = digests, marks, None, time.time()
            self._fails = False
            # The slices of a large model take a while to be written: as much as leaves the disk to others.
            now = time.monotonic()
            written.slice_at = now + _SHARE * (now - began)

    def _overtake(self, session: Session) -> None:
        """Goes on from what another server wrote meanwhile, or deleted."""
        with _logged("a session that was changed elsewhere cannot be read"):
            kept = self._store.load(session.id)
            if kept is None:
                session.is_deleted = True
                return
            theirs = _loaded(session.id, kept)
            session.take_over(theirs)
            session.kept = theirs.kept
            session.kept.marks = ()  # what both have is written next time
            session.kept.unfinished = ()  # the runs of this session go on themselves

    def _put_away(self) -> None:
        with self._lock:
            used = {id: session for id, session in self._used.items() if _is_used(session)}
            is_less, self._used = len(used) < len(self._used), used
        if is_less:
            give_back()


def _is_used(session: Session) -> bool:
    """Whether somebody looks at a session, it trains, or not all of it is written."""
    if session.is_deleted:
        return False
    return _is_seen(session) or session.is_active or marks_of(session) != session.kept.marks


def _is_seen(session: Session) -> bool:
    return time.monotonic() - session.seen_at < REST_SECONDS


def _loaded(id: str, kept) -> Session:
    try:
        document = read_document(kept.document)
        session = restored(document, kept.blobs)
    except DamagedError as error:
        logger.exception("a session cannot be read")
        raise NotThereError from error
    session.id = id
    session.kept = Written(marks_of(session), version=kept.version, digests=set(kept.blobs))
    session.kept.unfinished = list(unfinished(session, document))
    return session


@contextlib.contextmanager
def _logged(message: str):
    try:
        yield
    except Exception:
        logger.exception(message)


@cache
def shared_sessions() -> Sessions:
    """Returns the sessions that all pages of this server share; what is not written yet is written when it ends."""
    sessions = Sessions()
    atexit.register(sessions.close)
    return sessions
