"""Where workspaces are kept: a file of SQLite by default, or PostgreSQL.

A workspace is a document and the blobs that it names (see `seq2seq.takeaway.document`), behind an unguessable id. Every
write is one transaction and raises the workspace's version: who has read an earlier one is told instead of writing over
what another did.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DatabaseError

from seq2seq.takeaway.document import Blobs

logger = logging.getLogger(__name__)
DATA_FOLDER = Path(__file__).parents[2] / "data"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 3  # so long another writer is waited for: a page waits as well
_MIGRATING = 5_352_531  # any number: of the lock under which one server at a time changes the schema

metadata = sa.MetaData()
workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("touched_at", sa.Float, nullable=False, index=True),  # seconds since 1970
    sa.Column("document", sa.LargeBinary, nullable=False),
)
blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("workspace", sa.String(64), sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
shared = sa.Table(
    "shared",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("touched_at", sa.Float, nullable=False, index=True),
    sa.Column("content", sa.LargeBinary, nullable=False),  # a lesson file
)


class ConflictError(Exception):
    """Somebody else has written the workspace, or deleted it, since it was read."""


class Kept(NamedTuple):
    """A workspace as it is in the database."""

    version: int
    document: bytes
    blobs: Blobs


class Store:
    """A database of workspaces; its schema is brought up to date when it is opened, a damaged file set aside.

    Args:
        url: as SQLAlchemy wants it; None takes `SEQ2SEQ_DATABASE_URL`, else a file in the folder `data`.

    Attributes:
        aside: the name that a damaged file of SQLite has got, or None.
    """

    def __init__(self, url: str | None = None):
        self.engine = connect(
            url or os.environ.get("SEQ2SEQ_DATABASE_URL") or f"sqlite:///{DATA_FOLDER / 'seq2seq.db'}"
        )
        self.aside: str | None = None
        try:
            upgrade(self.engine)
        except DatabaseError as error:
            if not is_damage(error):
                raise
            self.set_aside()

    def set_aside(self) -> None:
        """Renames a damaged file of SQLite, with what belongs to it, and begins a new one."""
        self.engine.dispose()
        file = Path(self.engine.url.database)
        aside = f"{file.stem}-damaged-{datetime.now():%Y-%m-%d-%H%M%S}{file.suffix}"
        for ending in ("", "-wal", "-shm"):
            if (part := file.with_name(file.name + ending)).exists():
                part.rename(file.with_name(aside + ending))
        self.aside = aside  # said once it is true
        logger.error("the database %s was damaged; it is set aside as %s, and a new one begun", file, aside)
        upgrade(self.engine)

    def is_damaged(self) -> bool:
        """Whether a file of SQLite is damaged anywhere; reads all of it."""
        try:
            with self.engine.connect() as connection:
                return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok"
        except DatabaseError as error:
            return is_damage(error)

    def close(self) -> None:
        """Closes the connections."""
        self.engine.dispose()

    # --- Workspaces --------------------------------------------------------------------------------------------------

    def load(self, id: str) -> Kept | None:
        """Returns a workspace, and notes that it was used; None if there is none of this id."""
        mine = workspaces.c.id == id
        with self.engine.begin() as connection:
            # First, for it keeps others from writing between the two questions.
            if not connection.execute(sa.update(workspaces).where(mine).values(touched_at=time.time())).rowcount:
                return None
            found = connection.execute(sa.select(workspaces.c.version, workspaces.c.document).where(mine)).one()
            contents = connection.execute(sa.select(blobs.c.digest, blobs.c.content).where(blobs.c.workspace == id))
            return Kept(*found, dict(contents.all()))

    def save(self, id: str, version: int, document: bytes, new: Blobs, gone: Collection[str] = ()) -> int:
        """Writes what has changed in a workspace.

        Args:
            id: of the workspace.
            version: that was read or written last; 0 for a new one.
            document: the whole document.
            new: blobs that it did not name before.
            gone: digests of those that it names no longer.

        Returns:
            The new version.

        Raises:
            ConflictError: there is another version by now.
        """
        values = {"version": version + 1, "document": document, "touched_at": time.time()}
        with self.engine.begin() as connection:
            if version:
                known = (workspaces.c.id == id) & (workspaces.c.version == version)
                if not connection.execute(sa.update(workspaces).where(known).values(values)).rowcount:
                    raise ConflictError(id)
            else:
                try:
                    connection.execute(sa.insert(workspaces).values(id=id, **values))
                except sa.exc.IntegrityError as error:
                    raise ConflictError(id) from error
            if gone:
                named = sa.bindparam("name")
                forgotten = sa.delete(blobs).where(blobs.c.workspace == id, blobs.c.digest == named)
                connection.execute(forgotten, [{"name": digest} for digest in gone])
            if new:
                rows = [{"workspace": id, "digest": digest, "content": content} for digest, content in new.items()]
                connection.execute(sa.insert(blobs), rows)
        return version + 1

    def touch(self, ids: Collection[str]) -> None:
        """Notes that some workspaces are used."""
        used = sa.update(workspaces).where(workspaces.c.id == sa.bindparam("used")).values(touched_at=time.time())
        if ids:
            with self.engine.begin() as connection:
                connection.execute(used, [{"used": id} for id in ids])

    def delete(self, id: str) -> None:
        """Deletes a workspace with all that belongs to it."""
        self._delete(workspaces.c.id == id)

    def delete_untouched(self, days: float) -> int:
        """Deletes the workspaces and the shared lessons that nobody has used for so long; returns how many."""
        before = time.time() - days * 24 * 3600
        with self.engine.begin() as connection:
            lessons = connection.execute(sa.delete(shared).where(shared.c.touched_at < before)).rowcount
        return lessons + self._delete(workspaces.c.touched_at < before)

    def _delete(self, which: sa.ColumnElement[bool]) -> int:
        with self.engine.begin() as connection:  # the blobs go with them
            return connection.execute(sa.delete(workspaces).where(which)).rowcount

    # --- Lessons that are handed on, where they are too large for a link ---------------------------------------------

    def share(self, content: bytes) -> str:
        """Keeps a lesson file for others; returns its id."""
        id = secrets.token_urlsafe(12)
        with self.engine.begin() as connection:
            connection.execute(sa.insert(shared).values(id=id, touched_at=time.time(), content=content))
        return id

    def shared(self, id: str) -> bytes | None:
        """Returns a lesson file that was handed on; None if there is none, or no longer."""
        with self.engine.begin() as connection:
            used = sa.update(shared).where(shared.c.id == id).values(touched_at=time.time())
            connection.execute(used)
            return connection.execute(sa.select(shared.c.content).where(shared.c.id == id)).scalar()


def is_damage(error: Exception) -> bool:
    """Whether an error of the database says that a file of SQLite is damaged, or is none."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Brings the schema of a database to a revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's own lock is taken by then
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def connect(url: str) -> sa.Engine:
    """Opens a database; a file of SQLite so that what was written survives a crash, and writers wait for each other."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)  # errors go into the log, ids do not
    if file := sa.make_url(url).database:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def set_up(connection, _):
        connection.isolation_level = None  # or Python would begin transactions, too late to wait for other writers
        _write_ahead(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turns the file to write-ahead logging, once for all: for this lock SQLite itself would not wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
