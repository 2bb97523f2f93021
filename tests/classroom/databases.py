"""A SQLite file and a real PostgreSQL, the same to whoever tests with them."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

NO_POSTGRES = "no PostgreSQL here: install Debian's `postgresql`, or put `initdb` on the PATH"


def postgres_programs():
    """Returns the folder of `initdb` and `postgres`, None if there are none."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda folder: float(folder.parent.name))


@contextmanager
def postgres():
    """Starts a PostgreSQL of its own on a free port; yields the address of a database for SQLAlchemy."""
    programs = postgres_programs()
    if programs is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_POSTGRES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="seq2seq-postgres-"))
    user = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root; Debian's package brings somebody else
        user = {"user": "postgres", "group": "postgres"}
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, **user}
    data = folder / "data"
    control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        subprocess.run([programs / "initdb", "-D", data, "-U", "lab", "-A", "trust", "-N"], check=True, **quiet)
        subprocess.run([*control, "-o", options, "start"], check=True, **quiet)
        yield f"postgresql+psycopg://lab@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, stderr=subprocess.DEVNULL, **quiet)
        shutil.rmtree(folder, ignore_errors=True)
