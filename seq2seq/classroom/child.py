"""The child process that holds the embedded cluster: starting it, learning its address, ending it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil


def start_cluster(workers: int | None) -> subprocess.Popen:
    """Starts the embedded cluster with so many workers; None leaves their number to it."""
    package_parent = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-m", "seq2seq.classroom.cluster", *([] if workers is None else [str(workers)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([package_parent, os.environ.get("PYTHONPATH", "")])},
        # Ctrl-C in the terminal is for the app, which then ends the cluster by closing its input.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


async def read_address(process: subprocess.Popen) -> tuple[str, dict[str, str]]:
    """Returns what the cluster prints when its workers are ready: its address, and the certificate that it asks for.

    Raises:
        ChildProcessError: it ended before that.
    """
    if line := await _in_a_thread(process.stdout.readline):
        address, certificate = json.loads(line)
        return address, certificate
    raise ChildProcessError(f"python -m seq2seq.classroom.cluster ended with exit status {process.wait()}")


def when_ended(process: subprocess.Popen) -> asyncio.Future:
    """Returns what is done when the cluster has ended, for whatever reason."""
    return _in_a_thread(process.wait)


def end_cluster(process: subprocess.Popen, is_lost: bool) -> None:
    """Asks the cluster to end, and makes it end if it does not within ten seconds, or at once where it is lost."""
    process.stdin.close()
    try:
        process.wait(timeout=0 if is_lost else 10)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            workers = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            for worker in workers:  # one that hangs would not see that
                with contextlib.suppress(psutil.NoSuchProcess):
                    worker.kill()
    process.stdout.close()


def _in_a_thread(call: Callable) -> asyncio.Future:
    """Calls what may take long; returns a future with its result.

    The thread is a daemon, for one of the loop's own would keep the app from ending while it waits.
    """
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def work() -> None:
        result = call()
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(lambda: future.done() or future.set_result(result))

    threading.Thread(target=work, daemon=True).start()
    return future
