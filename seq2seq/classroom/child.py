"""The child process that holds the embedded cluster: starting it, learning its address, ending it."""

from __future__ import annotations

import asyncio
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path


def start_cluster(workers: int | None) -> subprocess.Popen:
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


async def read_address(process: subprocess.Popen) -> str:
    """Returns the address that the cluster prints when its workers are ready.

    Raises:
        ChildProcessError: it ended before that.
    """
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    # A daemon thread, for a thread of the loop's executor would keep the app from ending while the cluster starts.
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    while lines.empty():
        await asyncio.sleep(0.05)
    if address := lines.get().strip():
        return address
    raise ChildProcessError(f"python -m seq2seq.classroom.cluster ended with exit status {process.wait()}")


def end_cluster(process: subprocess.Popen) -> None:
    process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
    process.stdout.close()
