"""The embedded cluster: `python -m seq2seq.classroom.cluster [workers]`, a child process of the app.

It starts warm Dask workers on this machine, prints the scheduler's address as one line and ends when its standard
input does. The operating system closes that pipe however the app ends, and the workers end with this process, so even
`kill -9` leaves nothing behind. It is a process of its own because Streamlit replaces `__main__`: workers spawned from
there would run the app again.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

import dask
import distributed.scheduler
import psutil
from dask.system import CPU_COUNT
from distributed import LocalCluster, Status
from distributed.system import MEMORY_LIMIT

WORKER_BYTES = 600e6  # a worker with TensorFlow loaded and room for a lesson
HEARTBEAT_SECONDS = 30  # Dask removes a worker that it has not heard of for 300; one that ends is noticed at once
CONFIG = {
    "distributed.deploy.lost-worker-timeout": "1000h",  # else it gives up on one that is not back in 15 s
    "distributed.scheduler.active-memory-manager.start": False,  # would take a lesson from the second worker using it
    "distributed.scheduler.work-stealing": False,  # the engine sends each slice to a free worker
    # Only the nanny's limit stays, at which a worker is ended; one that paused would keep its slice for ever.
    **{f"distributed.worker.memory.{level}": False for level in ("target", "spill", "pause")},
    # Dask's own MALLOC_TRIM_THRESHOLD_ has memory handed back and asked for again all the time: large models train 4%
    # slower, and a worker has 30 of 900 MB less. What else Dask sets here is set below, or of no use to TensorFlow.
    "distributed.nanny.pre-spawn-environ": {},
    # What Dask measures for its dashboard, which is not there: it would take a tenth of a core while nobody trains.
    "distributed.admin.low-level-log-length": 0,  # else the last 1000 messages are kept, and the states in them
    "distributed.admin.system-monitor.interval": "1h",
    "distributed.admin.tick.cycle": "1h",
    "distributed.admin.tick.interval": "1h",
    "distributed.worker.memory.monitor-interval": "1s",  # the nanny's
    "distributed.worker.profile.enabled": False,
}
ALIVE = (Status.init, Status.starting, Status.running)


def worker_count() -> int:
    """Returns how many workers suit this machine: one per core, as far as free memory goes, and at least one."""
    memory = min(psutil.virtual_memory().available, MEMORY_LIMIT)  # Dask's figure knows a container's limit
    return max(1, min(CPU_COUNT, int(memory / WORKER_BYTES)))


def main(workers: int) -> None:
    """Runs the cluster until standard input ends."""
    address_line = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads what workers print; a full pipe would stop them
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # NumPy's; on a busy machine two threads took eight times as long
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # large models train 15% quicker; on newer Intel it is the rule
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")  # of a hard end
    dask.config.set(CONFIG)
    distributed.scheduler.heartbeat_interval = lambda _: HEARTBEAT_SECONDS  # twice a second, and no setting for it
    started, ended = threading.Event(), threading.Event()
    threading.Thread(target=_wait_for_end, args=(started, ended), daemon=True).start()
    # Its handler says why a process was ended at its memory limit; all else that Dask would log, the engine does.
    logging.getLogger("distributed.nanny.memory").addHandler(logging.StreamHandler())
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},  # else it asks for port 8787
        silence_logs=logging.CRITICAL,
        preload="seq2seq.classroom.worker",
    ) as cluster:
        started.set()
        print(cluster.scheduler_address, file=address_line, flush=True)
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
