"""The store, on SQLite and on a real PostgreSQL: what is written is there, and nobody writes over another."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from seq2seq.classroom.store import MIGRATIONS, ConflictError, Store, blobs, connect, metadata, upgrade, workspaces
from tests.classroom.databases import postgres

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


@pytest.fixture(scope="module")
def postgres_url():
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'lab.db'}"
    url = request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def store(url):
    store = Store(url)
    yield store
    store.close()


def test_what_was_written_is_there_when_it_is_opened_again(store, url):
    assert store.load("me") is None
    assert store.save("me", 0, b"first", {"a": b"\x00\xff", "b": b"B"}) == 1
    assert store.save("me", 1, b"second", {"c": b""}, ["a"]) == 2
    again = Store(url)
    assert again.load("me") == (2, b"second", {"b": b"B", "c": b""})
    assert again.load("you") is None
    again.close()


def test_who_has_read_an_earlier_version_is_told(store):
    store.save("me", 0, b"mine", {"a": b"A"})
    for version in (0, 2):
        with pytest.raises(ConflictError):
            store.save("me", version, b"over it", {"b": b"B"}, ["a"])
    assert store.load("me") == (1, b"mine", {"a": b"A"})
    store.delete("me")
    with pytest.raises(ConflictError):
        store.save("me", 1, b"again", {})
    assert store.load("me") is None


def test_one_of_many_who_write_the_same_version_wins(store):
    store.save("me", 0, b"0", {})
    ready = threading.Barrier(8)

    def write(n):
        ready.wait()
        try:
            return store.save("me", 1, str(n).encode(), {str(n): b"blob"})
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(8)))
    assert sorted(filter(None, written)) == [2]
    winner = str(written.index(2))
    assert store.load("me") == (2, winner.encode(), {winner: b"blob"})


def test_many_can_write_at_once(url):
    """From connections of their own, as two servers do."""
    stores = [Store(url) for _ in range(4)]

    def write(n):
        version = 0
        for _ in range(10):
            version = stores[n].save(f"student {n}", version, b"document", {f"{version}": b"x" * 10_000})
        return version

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(4))) == [10] * 4
    assert all(len(stores[0].load(f"student {n}").blobs) == 10 for n in range(4))
    for store in stores:
        store.close()


def test_workspaces_that_nobody_has_used_are_deleted(store):
    for id in ("old", "new"):
        store.save(id, 0, b"", {"a": b"A"})
    lesson = store.share(b"a lesson file")
    with store.engine.begin() as connection:
        was = time.time() - 91 * 24 * 3600
        connection.execute(sa.update(workspaces).where(workspaces.c.id == "old").values(touched_at=was))
    assert store.delete_untouched(90) == 1
    assert store.load("old") is None and store.load("new") == (1, b"", {"a": b"A"})
    assert store.shared(lesson) == b"a lesson file"
    assert store.delete_untouched(-1) == 2
    assert store.load("new") is None and store.shared(lesson) is None


def test_looking_at_a_workspace_keeps_it(store):
    store.save("me", 0, b"", {})
    with store.engine.begin() as connection:
        connection.execute(sa.update(workspaces).values(touched_at=0.0))
    store.load("me")
    assert store.delete_untouched(1) == 0


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_schema_there_ever_was_becomes_todays(url, revision):
    engine = connect(url)
    upgrade(engine, revision)
    with engine.begin() as connection:
        connection.execute(sa.insert(workspaces).values(id="me", version=7, touched_at=0.0, document=b"{}"))
        connection.execute(sa.insert(blobs).values(workspace="me", digest="a", content=b"A"))
    store = Store(url)
    assert store.load("me") == (7, b"{}", {"a": b"A"})
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()
    engine.dispose()


def test_servers_that_start_at_once_make_one_schema(url):
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(Store, [url] * 8))
    stores[0].save("me", 0, b"", {})
    assert stores[3].load("me")
    for store in stores:
        store.close()


def test_workspaces_that_are_open_are_noted_as_used(store):
    for id in ("open", "closed"):
        store.save(id, 0, b"", {"a": b"A"})
    with store.engine.begin() as connection:
        connection.execute(sa.update(workspaces).values(touched_at=0.0))
    store.touch(["open"])
    assert store.delete_untouched(1) == 1
    assert store.load("closed") is None and store.load("open").blobs == {"a": b"A"}


# --- A file of SQLite that is damaged, full, locked or not to be written


@pytest.fixture
def file(tmp_path):
    """A database of two workspaces, closed."""
    file = tmp_path / "lab.db"
    store = Store(f"sqlite:///{file}")
    for id in ("me", "you"):
        store.save(id, 0, b"document", {"a": b"x" * 100_000})
    store.close()
    return file


def damage_as_garbage(file):
    file.write_bytes(b"not a database" * 1000)


def damage_as_cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])


@pytest.mark.parametrize("damage", [damage_as_garbage, damage_as_cut])
def test_a_damaged_file_is_set_aside_under_a_name_that_is_told(file, damage, caplog):
    damage(file)
    damaged = file.read_bytes()
    file.with_name("lab.db-wal").write_bytes(b"its journal")
    store = Store(f"sqlite:///{file}")
    assert store.load("me") is None and store.save("me", 0, b"", {}) == 1
    aside = file.with_name(store.aside)
    assert aside.read_bytes() == damaged
    assert [record.levelname for record in caplog.records if store.aside in record.getMessage()] == ["ERROR"]
    store.close()
    again = Store(f"sqlite:///{file}")
    assert again.aside is None and again.load("me")
    again.close()


def test_what_cannot_be_opened_is_not_taken_for_damaged(file):
    folder = file.with_name("folder.db")
    folder.mkdir()
    with pytest.raises(sa.exc.OperationalError):
        Store(f"sqlite:///{folder}")
    assert {path.name for path in file.parent.iterdir()} == {"lab.db", "folder.db"}
