"""The embedded cluster: `python -m seq2seq.classroom.cluster [workers]`, a child process of the app.

It starts a warm Dask worker on this machine, prints the scheduler's address and the certificate that every connection
asks for, as one line of JSON, starts the other workers, and ends when its standard input does. The certificate is made
anew each time and told to nobody else, so that no other user of this machine can have the workers run code of theirs.
The operating system closes that pipe however the app ends, and the workers end with this process, so even `kill -9`
leaves nothing behind. It is a process of its own because Streamlit replaces `__main__`: workers spawned from there
would run the app again.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path

import dask
import distributed.scheduler
import psutil
from dask.system import CPU_COUNT
from distributed import LocalCluster, Status
from distributed.system import MEMORY_LIMIT

WORKER_BYTES = 600e6  # a worker with TensorFlow loaded and room for a lesson
HEARTBEAT_SECONDS = 30  # Dask removes a worker that it has not heard of for 300; one that ends is noticed at once
CONFIG = Path(__file__).with_name("dask.yaml")
CERTIFICATE = ("tls_ca_file", "tls_client_cert", "tls_client_key", "require_encryption")  # of `Security`
ALIVE = (Status.init, Status.starting, Status.running)


def worker_count() -> int:
    """Returns how many workers to start: as many as are asked for, or one per core as far as free memory goes.

    Raises:
        SystemExit: what is asked for is no number of them; the message says so to whoever started this.
    """
    if asked := os.environ.get("SEQ2SEQ_WORKERS"):
        if not (asked.isdecimal() and int(asked) > 0):
            raise SystemExit(f"SEQ2SEQ_WORKERS must be a whole number from 1, not {asked!r}")
        return int(asked)
    memory = min(psutil.virtual_memory().available, MEMORY_LIMIT)  # Dask's figure knows a container's limit
    return max(1, min(CPU_COUNT, int(memory / WORKER_BYTES)))


def main(workers: int) -> None:
    """Runs the cluster until standard input ends."""
    address_line = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads what workers print; a full pipe would stop them
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")  # of a hard end
    dask.config.refresh(paths=[str(CONFIG)])
    distributed.scheduler.heartbeat_interval = lambda _: HEARTBEAT_SECONDS  # twice a second, and no setting for it
    started, ended = threading.Event(), threading.Event()
    threading.Thread(target=_wait_for_end, args=(started, ended), daemon=True).start()
    # Its handler says why a process was ended at its memory limit; all else that Dask would log, the engine does.
    logging.getLogger("distributed.nanny.memory").addHandler(logging.StreamHandler())
    with LocalCluster(
        n_workers=1,  # and the others then: side by side, no training could begin before all are ready
        threads_per_worker=1,
        host="127.0.0.1",
        security=True,  # TLS with a temporary certificate
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},  # else it asks for port 8787
        silence_logs=logging.CRITICAL,
        preload="seq2seq.classroom.worker",
    ) as cluster:
        started.set()
        certificate = {name: getattr(cluster.security, name) for name in CERTIFICATE}
        print(json.dumps([cluster.scheduler_address, certificate]), file=address_line, flush=True)
        cluster.scale(workers)
        # A nanny starts a worker that died again. If that fails, ending lets the engine start a whole new cluster.
        while not ended.wait(timeout=1) and all(nanny.status in ALIVE for nanny in cluster.workers.values()):
            pass


def _wait_for_end(started: threading.Event, ended: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not `sys.stdin.read`, whose lock Python wants when it ends
        pass
    if not started.is_set():
        os._exit(0)  # starting takes seconds and cannot be interrupted; the workers notice and end as well
    ended.set()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else worker_count())
