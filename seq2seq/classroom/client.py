"""The engine's side of Dask: its connection to a cluster, what workers are asked to run, and errors in words."""

from __future__ import annotations

import logging
import pickle
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seq2seq.classroom.run import LOST, Run

if TYPE_CHECKING:  # it is loaded where it is used, when there is a cluster: 0.3 s in which the first page would wait
    from distributed import Client, Future

DASK_CONFIG = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # states travel with slices on purpose
    "distributed.admin.low-level-log-length": 0,  # else the last 1000 messages are kept, and the states in them
}
FIRST_SHARE = 5  # a run's first slice is so many times shorter: when a whole class begins, all soon see a first loss


def connect(address: str, certificate: dict[str, str] | None) -> Client:
    """Returns a connection to the scheduler at an address, to be entered with `async with`.

    Args:
        address: of the scheduler.
        certificate: what the embedded cluster asks for, as arguments of `Security`; None for a cluster of one's own,
            for which Dask's configuration has them, if any.
    """
    import dask  # noqa: PLC0415
    from distributed import Client, Security  # noqa: PLC0415

    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # the engine tells of a lost cluster in one line
    dask.config.set(DASK_CONFIG)
    # Results straight from a worker come twice as quickly, but a remote cluster may show its scheduler only.
    return Client(
        address,
        security=Security(**certificate) if certificate else None,
        asynchronous=True,
        set_as_default=False,
        direct_to_workers=certificate is not None,
    )


def send_slice(client: Client, run: Run, seconds: float, topic: str) -> Future:
    """Sends a run's next slice to the worker that was chosen for it, and before its first slice its lesson.

    Args:
        client: the connection.
        run: what to train on.
        seconds: how long; its first slice is shorter.
        topic: where the slice tells how far it is.
    """
    start = run._begin_slice()
    if run._slice == 1:
        seconds /= FIRST_SHARE
    if run._lesson is None:  # a task, not data put there: when its worker dies, the scheduler repeats it
        key = f"lesson-{run.id}-{run._slice}"  # for a changed one Dask would else give the earlier
        run._lesson = client.submit(pickle.loads, pickle.dumps(run.state.lesson), key=key)
    return client.submit(
        train_slice_there,
        run._lesson,
        start,
        None if run.has_rules else run.target_epoch,
        seconds,
        topic,
        {"run": run.id, "slice": run._slice},
        key=f"slice-{run.id}-{run._slice}",
        workers=[run._worker],
    )


def train_slice_there(*args):
    """Is what workers run to train. The import happens there, not in the web process."""
    from seq2seq.classroom.worker import train_slice  # noqa: PLC0415

    return train_slice(*args)


async def call(client: Client, function: Callable, args: tuple) -> Any:
    """Has a worker call a function.

    Raises:
        RuntimeError: what went wrong, in words.
    """
    try:
        return await client.submit(call_there, function, *args, key=f"call-{secrets.token_hex(8)}")
    except Exception as error:
        raise RuntimeError(explain(error)) from error


def call_there(function: Callable, *args: Any) -> Any:
    """Is what workers run for `Engine.call`.

    Raises:
        RuntimeError: anything went wrong. TensorFlow's own exceptions could not be unpickled without TensorFlow.
    """
    try:
        return function(*args)
    except Exception as error:
        logging.getLogger(__name__).exception("a call failed")
        problem = f"{type(error).__name__}: {error}"
    raise RuntimeError(problem)  # out of the handler, or the original would travel along


def explain(error: Exception) -> str:
    """Returns in one line what an error that came back from the cluster means."""
    from distributed import KilledWorker  # noqa: PLC0415

    if isinstance(error, KilledWorker):
        return LOST
    return first_line(error)


def first_line(error: Exception) -> str:
    """Returns the beginning of what an error says."""
    return (str(error) or type(error).__name__).splitlines()[0][:200]
